/** One world's state, handed to each of its listeners. */
import { randomUUID } from "node:crypto";
import { Faults } from "./faults.ts";
import { json, type Reply } from "./http.ts";
import { Ledger } from "./ledger.ts";
import { IdTokenSigner } from "./microsoft/id-token.ts";
import type { Origins } from "./microsoft/scopes.ts";

export interface Settings {
  /** Seconds that the next access tokens live. */
  expires_in: number;
  /**
   * `strict`: a used refresh token is dead, as in the emulator. `reusable`: it stays valid, as in Entra itself.
   * Strict is the default, because it punishes every mistake.
   */
  rotation: "strict" | "reusable";
  /** Whether a token request may only ask for what was consented to at the authorize endpoint. */
  consent: "strict" | "any";
  /** Access tokens are padded to this length: Entra's are one to four kilobytes, the emulator's 37 bytes. */
  access_token_bytes: number;
}

export const DEFAULTS: Settings = {
  expires_in: 3600,
  rotation: "strict",
  consent: "strict",
  access_token_bytes: 0,
};

export interface Client {
  readonly id: string;
  readonly secret: string;
  readonly name: string;
}

export class World {
  readonly ledger = new Ledger();
  readonly faults = new Faults();
  readonly signer = new IdTokenSigner();
  readonly settings: Settings = { ...DEFAULTS };
  readonly client: Client;
  readonly origins: Origins;
  readonly emulator: string;
  #forwarded = 0;
  #ahead = 0;

  constructor(client: Client, origins: Origins, emulator: string) {
    this.client = client;
    this.origins = origins;
    this.emulator = emulator;
  }

  /** The world's own time: what its tokens live by and its ID tokens say. */
  now(): number {
    return Date.now() + this.#ahead;
  }

  /** It is so late now; without a time it is what the machine says. */
  setClock(now = Date.now()): void {
    this.#ahead = now - Date.now();
  }

  /** The emulator counts requests by bearer and refuses after 5000 in an hour: a load test would find that, not us. */
  forward(path: string, init: RequestInit = {}): Promise<Response> {
    const bearer = `world-${Math.floor(this.#forwarded++ / 2000)}`;
    const headers = new Headers(init.headers);
    headers.set("authorization", `Bearer ${bearer}`);
    return fetch(`${this.emulator}${path}`, { ...init, headers, redirect: "manual" });
  }
}

const stamp = () => `${new Date().toISOString().slice(0, 19).replace("T", " ")}Z`;

/** An error body as Entra's token endpoint writes it. */
export function entraErrorBody(
  error: string,
  number: number,
  text: string,
  extra: Record<string, string> = {},
) {
  const trace = randomUUID();
  const correlation = randomUUID();
  const timestamp = stamp();
  return {
    error,
    error_description: `AADSTS${number}: ${text} Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${timestamp}`,
    error_codes: [number],
    timestamp,
    trace_id: trace,
    correlation_id: correlation,
    error_uri: `https://login.microsoftonline.com/error?code=${number}`,
    ...extra,
  };
}

export function entraError(
  status: number,
  error: string,
  number: number,
  text: string,
  extra: Record<string, string> = {},
): Reply {
  return json(status, entraErrorBody(error, number, text, extra));
}
