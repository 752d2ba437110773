/** What a world remembers: every secret it gave out, what was asked of it, and what was sent to it by mistake. */
import type { Call } from "./http.ts";

export type Status = number | "silent" | "drop";

export interface LoggedRequest<Api extends string = string> {
  readonly at: string;
  readonly origin: "login" | Api;
  readonly method: string;
  readonly path: string;
  readonly grantType?: string;
  readonly scope?: string;
  /** Of a token request, as it was asked for. */
  readonly claims?: string;
  /** Of a call of Graph. */
  readonly consistencyLevel?: string;
  readonly status: Status;
}

const SECRET_KINDS = [
  "access_tokens",
  "refresh_tokens",
  "id_tokens",
  "codes",
  "states",
  "nonces",
  "code_verifiers",
  "client_secrets",
  "client_assertions",
] as const;
export type SecretKind = (typeof SECRET_KINDS)[number];

const KEPT_REQUESTS = 2000;

/** `Api`: what is counted besides the token endpoint. */
export class Ledger<Api extends string> {
  readonly requests: LoggedRequest<Api>[] = [];
  readonly #apis: readonly Api[];
  readonly #secrets = new Map<SecretKind, Set<string>>();
  readonly #authorizations = new Map<string, Set<string>>();
  readonly #strangers = new Set<string>();
  readonly #strays: string[] = [];
  #counts: Counts<Api>;
  #inFlight = 0;

  constructor(apis: readonly Api[]) {
    this.#apis = apis;
    this.#counts = emptyCounts(apis);
  }

  remember(kind: SecretKind, value: string | null | undefined): void {
    if (value === undefined || value === null || value === "") return;
    const known = this.#secrets.get(kind) ?? new Set();
    this.#secrets.set(kind, known.add(value));
  }

  secrets(): Record<string, string[]> {
    return Object.fromEntries(SECRET_KINDS.map((kind) => [kind, [...(this.#secrets.get(kind) ?? [])]]));
  }

  /** Of every call, also of those that nobody answers. */
  arrived(call: Call): void {
    const { origin, pathname } = call.url;
    const { authorization } = call.headers;
    if (authorization !== undefined)
      this.#authorizations.set(origin, (this.#authorizations.get(origin) ?? new Set()).add(authorization));
    if (this.#strangers.size === 0) return;
    const parts: Record<string, Uint8Array> = { body: call.bytes, URL: Buffer.from(call.url.href) };
    for (const [name, value] of Object.entries(call.headers)) parts[name] = Buffer.from(String(value));
    for (const [place, bytes] of Object.entries(parts))
      for (const stranger of this.#strangers)
        if (Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(stranger))
          this.#strays.push(`${call.method} ${origin}${pathname}: ${place}`);
  }

  /** The values of Authorization headers, by the origin that they came to. */
  authorizations(): Record<string, string[]> {
    return Object.fromEntries([...this.#authorizations].map(([origin, values]) => [origin, [...values]]));
  }

  /** From now on it is remembered where this text comes: a key of somebody's that is none of a provider's business. */
  watchFor(text: string): void {
    this.#strangers.add(text);
  }

  /** In which calls, and where in them, a text came that was watched for. */
  strays(): readonly string[] {
    return this.#strays;
  }

  log(entry: Omit<LoggedRequest<Api>, "at">): void {
    this.requests.push({ at: new Date().toISOString(), ...entry });
    if (this.requests.length > KEPT_REQUESTS) this.requests.shift();
    const api = this.#apis.find((one) => one === entry.origin);
    if (api === undefined) return;
    const counts: ApiCounts = this.#counts[api];
    counts.requests += 1;
    bump(counts.by_status, String(entry.status));
  }

  tokenRequest(grantType: string, refreshToken: string | null): void {
    const counts = this.#counts.token;
    counts.requests += 1;
    bump(counts.by_grant_type, grantType);
    if (refreshToken !== null) bump(counts.by_refresh_token, refreshToken);
    this.#inFlight += 1;
    counts.most_at_once = Math.max(counts.most_at_once, this.#inFlight);
  }

  tokenAnswered(status: Status): void {
    this.#inFlight -= 1;
    bump(this.#counts.token.by_status, String(status));
  }

  stats(): Counts<Api> {
    return structuredClone(this.#counts);
  }

  resetStats(): void {
    this.#counts = emptyCounts(this.#apis);
    this.requests.length = 0;
  }
}

export interface ApiCounts {
  requests: number;
  by_status: Record<string, number>;
}

export interface TokenCounts extends ApiCounts {
  by_grant_type: Record<string, number>;
  by_refresh_token: Record<string, number>;
  most_at_once: number;
}

export type Counts<Api extends string> = { token: TokenCounts } & { [api in Api]: ApiCounts };

function emptyCounts<Api extends string>(apis: readonly Api[]): Counts<Api> {
  const token = { requests: 0, by_status: {}, by_grant_type: {}, by_refresh_token: {}, most_at_once: 0 };
  const others = apis.map((api) => [api, { requests: 0, by_status: {} }]);
  return { token, ...Object.fromEntries(others) } as Counts<Api>;
}

function bump(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}
