/** What the world remembers: every secret it gave out, who holds which grant, and what was asked of it. */
import type { Person } from "./microsoft/people.ts";
import type { Resource, ScopeSet } from "./microsoft/scopes.ts";

export interface AccessToken {
  /** Absent for client credentials: an application, not a person. */
  readonly person: Person | undefined;
  readonly resource: Resource;
  readonly scopes: string[];
  expiresAt: number;
}

/** One consent of one person; every refresh token that descends from it points here. */
export interface Grant {
  readonly person: Person;
  readonly consented: ScopeSet;
  readonly clientId: string;
  readonly nonce: string | undefined;
  /** The refresh token that the emulator knows now. */
  current: string;
  revoked: boolean;
}

export interface Code {
  readonly person: Person;
  readonly clientId: string;
  readonly consented: ScopeSet;
  readonly scope: string;
  readonly nonce: string | undefined;
}

export interface LoggedRequest {
  readonly at: string;
  readonly origin: "login" | "graph" | "arm";
  readonly method: string;
  readonly path: string;
  readonly grantType?: string;
  readonly scope?: string;
  readonly status: number | "silent" | "drop";
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

export class Ledger {
  readonly accessTokens = new Map<string, AccessToken>();
  readonly grants = new Map<string, Grant>();
  readonly codes = new Map<string, Code>();
  /** A refresh token that stays good although the emulator has rotated it, and what the emulator knows it as now. */
  readonly aliases = new Map<string, string>();
  readonly requests: LoggedRequest[] = [];
  readonly #secrets = new Map<SecretKind, Set<string>>();
  #counts = emptyCounts();
  #inFlight = 0;

  remember(kind: SecretKind, value: string | null | undefined): void {
    if (value === undefined || value === null || value === "") return;
    const known = this.#secrets.get(kind) ?? new Set();
    this.#secrets.set(kind, known.add(value));
  }

  secrets(): Record<string, string[]> {
    return Object.fromEntries(SECRET_KINDS.map((kind) => [kind, [...(this.#secrets.get(kind) ?? [])]]));
  }

  log(entry: LoggedRequest): void {
    this.requests.push(entry);
    if (this.requests.length > KEPT_REQUESTS) this.requests.shift();
    if (entry.origin === "login") return;
    const counts = this.#counts[entry.origin];
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

  tokenAnswered(status: LoggedRequest["status"]): void {
    this.#inFlight -= 1;
    bump(this.#counts.token.by_status, String(status));
  }

  stats(): Counts {
    return structuredClone(this.#counts);
  }

  resetStats(): void {
    this.#counts = emptyCounts();
    this.requests.length = 0;
  }

  expireAccessTokens(now: number): void {
    for (const token of this.accessTokens.values()) token.expiresAt = Math.min(token.expiresAt, now);
  }

  /** As when a password changes or an administrator revokes sessions: every refresh token of that person dies. */
  revoke(email: string | undefined): void {
    for (const grant of this.grants.values())
      if (email === undefined || grant.person.email === email) grant.revoked = true;
  }
}

export interface ApiCounts {
  requests: number;
  by_status: Record<string, number>;
}

export interface Counts {
  token: ApiCounts & {
    by_grant_type: Record<string, number>;
    by_refresh_token: Record<string, number>;
    most_at_once: number;
  };
  graph: ApiCounts;
  arm: ApiCounts;
}

function emptyCounts(): Counts {
  return {
    token: { requests: 0, by_status: {}, by_grant_type: {}, by_refresh_token: {}, most_at_once: 0 },
    graph: { requests: 0, by_status: {} },
    arm: { requests: 0, by_status: {} },
  };
}

function bump(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}
