/** Faults that a test orders in advance; each is used up by the next requests that it fits. */
import { setTimeout as sleep } from "node:timers/promises";
import { html, json, type Outcome } from "./http.ts";
import { BAD_ID_TOKENS, type BadIdToken } from "./id-token.ts";

/** Of all providers; each has some. `api` is that of a provider which has one, `revocation` the end of a grant at the client's wish. */
export const PLACES = ["token", "keys", "graph", "arm", "vault", "storage", "api", "revocation"] as const;
export type Place = (typeof PLACES)[number];

export const KINDS = [
  "status", // `status`, optional `retry_after`, with a JSON error body
  "error", // an OAuth error: `error`, optional `status` (otherwise the provider's own for errors), `suberror`, `claims`, `number`
  "html", // an HTML page, `status` 200 unless told
  "malformed", // JSON cut off half-way
  "control-character", // JSON with a raw tab in a text
  "huge", // a JSON body of `bytes` (10 MB unless told)
  "silent", // never answers; `when: "after"` only once it is done
  "drop-before", // closes the connection and forwards nothing
  "drop-after", // closes the connection once it is done: a lost response
  "delay", // `ms`, before forwarding or `when: "after"`
  "omit-refresh-token", // no new refresh token in the answer; the one presented stays good
  "patch", // overwrites members of a good answer with `value`; null removes one
  "id-token", // a `bad` ID token
  "claims-challenge", // Graph and ARM: 401 that asks for more claims: a second factor, or `claims`
] as const;
export type FaultKind = (typeof KINDS)[number];

export interface Fault {
  readonly kind: FaultKind;
  /** How many requests it spoils: 1 unless told. */
  readonly times?: number | "always";
  /** Token endpoint: only this grant type. */
  readonly grant?: string;
  /** APIs: only paths that contain this, parts of a `$batch` among them. */
  readonly path?: string;
  readonly when?: "before" | "after";
  readonly status?: number;
  readonly retry_after?: number | string;
  readonly error?: string;
  readonly suberror?: string;
  /** Entra: the AADSTS number, where it is another than the error usually has. */
  readonly number?: number;
  readonly claims?: string;
  readonly ms?: number;
  readonly bytes?: number;
  readonly bad?: BadIdToken;
  readonly value?: Record<string, unknown>;
}

const MEMBERS: Record<keyof Fault, (value: unknown) => boolean> = {
  kind: (v) => KINDS.includes(v as FaultKind),
  times: (v) => v === "always" || (Number.isInteger(v) && (v as number) > 0),
  grant: isString,
  path: isString,
  when: (v) => v === "before" || v === "after",
  status: (v) => Number.isInteger(v),
  retry_after: (v) => isString(v) || Number.isInteger(v),
  error: isString,
  suberror: isString,
  number: (v) => Number.isInteger(v),
  claims: isString,
  ms: (v) => Number.isInteger(v),
  bytes: (v) => Number.isInteger(v),
  bad: (v) => BAD_ID_TOKENS.includes(v as BadIdToken),
  value: isRecord,
};

function isString(value: unknown): value is string {
  return typeof value === "string";
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export interface Orderable {
  readonly kinds: readonly FaultKind[];
  readonly badIdTokens: readonly BadIdToken[];
}

/** Strict, because a misspelt fault that does nothing would let a test pass for the wrong reason. */
export function parseFault(value: unknown, { kinds, badIdTokens }: Orderable): Fault {
  if (!isRecord(value) || !isString(value.kind)) throw new Error("a fault is an object with a kind");
  for (const [name, member] of Object.entries(value)) {
    const check = Object.hasOwn(MEMBERS, name) ? MEMBERS[name as keyof Fault] : undefined;
    if (check === undefined) throw new Error(`a fault has no member ${name}`);
    if (!check(member)) throw new Error(`bad ${name} in a fault: ${JSON.stringify(member)}`);
  }
  const fault = value as unknown as Fault;
  if (!kinds.includes(fault.kind)) throw new Error(`no fault ${fault.kind} at this provider`);
  if (fault.kind === "id-token" && (fault.bad === undefined || !badIdTokens.includes(fault.bad)))
    throw new Error("id-token needs a bad that this provider's ID tokens can be");
  return fault;
}

export class Faults {
  readonly #queues: ReadonlyMap<Place, { fault: Fault; left: number }[]>;

  constructor(places: readonly Place[]) {
    this.#queues = new Map(places.map((place) => [place, []]));
  }

  add(place: Place, fault: Fault): void {
    const left = fault.times === "always" ? Infinity : (fault.times ?? 1);
    this.#queue(place).push({ fault, left });
  }

  clear(): void {
    for (const queue of this.#queues.values()) queue.length = 0;
  }

  #queue(place: Place) {
    const queue = this.#queues.get(place);
    if (queue === undefined) throw new Error(`no place ${place} at this provider`);
    return queue;
  }

  /** `isNamed`: only of those that say which path they spoil. */
  take(place: Place, about: { grant?: string; path?: string; isNamed?: true }): Fault | undefined {
    const queue = this.#queue(place);
    const at = queue.findIndex(
      ({ fault }) =>
        (about.isNamed === undefined || fault.path !== undefined) &&
        (fault.grant === undefined || fault.grant === about.grant) &&
        (fault.path === undefined || about.path?.includes(fault.path) === true),
    );
    const entry = queue[at];
    if (entry === undefined) return undefined;
    entry.left -= 1;
    if (entry.left <= 0) queue.splice(at, 1);
    return entry.fault;
  }
}

/** What a fault does before anything is forwarded; undefined to go on. `errorStatus` is the provider's for OAuth errors. */
export async function applyBefore(
  fault: Fault | undefined,
  errorBody: (fault: Fault) => unknown,
  errorStatus = 400,
): Promise<Outcome | undefined> {
  if (fault === undefined) return undefined;
  const retry: Record<string, string> =
    fault.retry_after === undefined ? {} : { "retry-after": String(fault.retry_after) };
  switch (fault.kind) {
    case "status":
      return json(fault.status ?? 500, errorBody(fault), retry);
    case "error":
      return json(fault.status ?? errorStatus, errorBody(fault), retry);
    case "html":
      return html(fault.status ?? 200, "<!DOCTYPE html><title>Sorry</title><h1>Our services are down</h1>");
    case "malformed":
      return { status: 200, headers: { "content-type": "application/json" }, body: '{"access_token":"half' };
    case "control-character":
      return {
        status: 200,
        headers: { "content-type": "application/json" },
        body: '{"access_token":"a\tb"}',
      };
    case "huge":
      return json(fault.status ?? 200, { filler: "x".repeat(fault.bytes ?? 10_000_000) });
    case "drop-before":
      return "drop";
    case "silent":
      return fault.when === "after" ? undefined : "silent";
    case "delay":
      if (fault.when !== "after") await sleep(fault.ms ?? 0);
      return undefined;
    default:
      return undefined;
  }
}

/** What a fault does once the emulator has answered; undefined to go on. */
export async function applyAfter(fault: Fault | undefined): Promise<Outcome | undefined> {
  if (fault?.kind === "drop-after") return "drop";
  if (fault?.kind === "silent") return "silent";
  if (fault?.kind === "delay" && fault.when === "after") await sleep(fault.ms ?? 0);
  return undefined;
}

/** A good answer, as a `patch` wants it. */
export function patched(body: Record<string, unknown>, fault: Fault | undefined): Record<string, unknown> {
  const value = fault?.kind === "patch" ? (fault.value ?? {}) : {};
  return Object.fromEntries(Object.entries({ ...body, ...value }).filter(([, member]) => member !== null));
}
