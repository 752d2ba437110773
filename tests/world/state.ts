/** What a world of any provider is: what it remembers, the faults that wait, its settings, its clock, its emulator. */
import { type FaultKind, Faults, type Place } from "./faults.ts";
import type { Handler } from "./http.ts";
import type { BadIdToken } from "./id-token.ts";
import type { Ledger } from "./ledger.ts";

export interface Client {
  readonly id: string;
  readonly secret: string;
  readonly name: string;
}

/** What tests may order of a world; anything else is refused. */
export interface Rules {
  readonly places: readonly Place[];
  readonly kinds: readonly FaultKind[];
  readonly badIdTokens: readonly BadIdToken[];
  readonly people: readonly { readonly email: string }[];
  readonly defaults: object;
  /** For each of the settings, which values it takes. */
  readonly settings: Readonly<Record<string, (value: unknown) => boolean>>;
}

export abstract class World {
  readonly rules: Rules;
  readonly faults: Faults;
  abstract readonly settings: object;
  abstract readonly ledger: Ledger<string>;
  readonly #emulator: string;
  #forwarded = 0;
  #ahead = 0;

  constructor(rules: Rules, emulator: string) {
    this.rules = rules;
    this.faults = new Faults(rules.places);
    this.#emulator = emulator;
  }

  /** What would be taken at this moment, in the words in which another world can adopt it. */
  abstract known(): unknown;
  /** What an earlier world gave out is from now on what this one gave out. Emulators forget all when they end; stored bytes do not. */
  abstract adopt(order: unknown): void;
  abstract expireAccessTokens(): void;
  /** As when a person, or everybody, takes back what applications were granted. */
  abstract revoke(email: string | undefined): void;

  /** The world's own time: what its tokens live by and its ID tokens say. */
  now(): number {
    return Date.now() + this.#ahead;
  }

  /** It is so late now; without a time it is what the machine says. */
  setClock(now = Date.now()): void {
    this.#ahead = now - Date.now();
  }

  /**
   * The emulator counts requests by bearer and refuses after 5000 in an hour: a load test would find that, not us.
   * `bearer`: a token that the emulator gave out, where it is to answer for a person.
   */
  forward(path: string, init: RequestInit = {}, bearer?: string): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set("authorization", `Bearer ${bearer ?? `world-${Math.floor(this.#forwarded++ / 2000)}`}`);
    return fetch(`${this.#emulator}${path}`, { ...init, headers, redirect: "manual" });
  }

  /** The emulator knows itself by another address than its callers do. */
  asSeenFrom(origin: string, text: string): string {
    return text.replaceAll(this.#emulator, origin);
  }
}

/** A listener's handler, of whose calls the ledger is told. */
export function noted(world: World, handler: Handler): Handler {
  return (call) => {
    world.ledger.arrived(call);
    return handler(call);
  };
}
