/** What a world remembers: every secret it gave out, and what was asked of it. */
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
] as const;
export type SecretKind = (typeof SECRET_KINDS)[number];

const KEPT_REQUESTS = 2000;

/** `Api`: what is counted besides the token endpoint. */
export class Ledger<Api extends string> {
  readonly requests: LoggedRequest<Api>[] = [];
  readonly #apis: readonly Api[];
  readonly #secrets = new Map<SecretKind, Set<string>>();
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
