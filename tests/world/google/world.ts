/** Google's state: what people have granted its one client. */
import { KINDS } from "../faults.ts";
import { BAD_ID_TOKENS, IdTokenSigner } from "../id-token.ts";
import { Ledger } from "../ledger.ts";
import { type Client, type Rules, World } from "../state.ts";
import { adopt, known } from "./grants.ts";
import { PEOPLE, type Person } from "./people.ts";
import type { Upload } from "./resumable.ts";

/** What one person lets one client do, until it is revoked. */
export interface Grant {
  readonly person: Person;
  readonly clientId: string;
  revoked: boolean;
}

export interface Code {
  readonly grant: Grant;
  readonly scopes: readonly string[];
  readonly redirectUri: string;
  readonly nonce: string | undefined;
  /** Whether it is exchanged for a refresh token too. */
  readonly offline: boolean;
}

export interface AccessToken {
  readonly grant: Grant;
  readonly scopes: readonly string[];
  /** As the emulator knows it. */
  readonly emulated: string;
  expiresAt: number;
}

export interface RefreshToken {
  readonly grant: Grant;
  readonly scopes: readonly string[];
  readonly emulated: string;
  usedAt: number;
  ended: boolean;
}

/** "There is currently a limit of 100 refresh tokens per Google Account per OAuth 2.0 client ID": the oldest ends without a word. */
const MOST_REFRESH_TOKENS = 100;

export class GoogleLedger extends Ledger<"api" | "revocation"> {
  readonly grants: Grant[] = [];
  readonly codes = new Map<string, Code>();
  readonly accessTokens = new Map<string, AccessToken>();
  /** Oldest first. */
  readonly refreshTokens = new Map<string, RefreshToken>();

  addAccess(name: string, token: AccessToken): void {
    this.remember("access_tokens", name);
    this.accessTokens.set(name, token);
  }

  addRefresh(name: string, token: RefreshToken): void {
    this.remember("refresh_tokens", name);
    this.refreshTokens.set(name, token);
    const { person, clientId } = token.grant;
    const alike = [...this.refreshTokens.values()].filter(
      (one) => !one.ended && one.grant.person === person && one.grant.clientId === clientId,
    );
    for (const one of alike.slice(0, -MOST_REFRESH_TOKENS)) one.ended = true;
  }
}

export interface Settings {
  /** Seconds that the next access tokens live. */
  expires_in: number;
  /** "The refresh token has not been used for six months." */
  refresh_idle_seconds: number;
  /** Scopes that people leave unticked: they may grant fewer than were asked for. */
  declined: readonly string[];
  /** Who ID tokens say they are from: the world's own origin while this is empty, as Google itself "https://accounts.google.com". */
  issuer: string;
  /** Access tokens are padded to this length: Google's are up to two kilobytes. */
  access_token_bytes: number;
}

const DEFAULTS: Settings = {
  expires_in: 3599,
  refresh_idle_seconds: 15_811_200,
  declined: [],
  issuer: "",
  access_token_bytes: 0,
};

const SETTINGS: { [K in keyof Settings]: (value: unknown) => boolean } = {
  expires_in: (value) => typeof value === "number",
  refresh_idle_seconds: (value) => typeof value === "number",
  declined: (value) => Array.isArray(value) && value.every((one) => typeof one === "string"),
  issuer: (value) => typeof value === "string",
  access_token_bytes: (value) => Number.isInteger(value),
};

const RULES: Rules = {
  places: ["token", "keys", "api", "revocation"],
  kinds: KINDS.filter((kind) => kind !== "claims-challenge"),
  badIdTokens: BAD_ID_TOKENS.filter((bad) => bad !== "wrong-tid"),
  people: PEOPLE,
  defaults: DEFAULTS,
  settings: SETTINGS,
};

export class GoogleWorld extends World {
  readonly settings: Settings = { ...DEFAULTS };
  readonly ledger = new GoogleLedger(["api", "revocation"]);
  readonly signer = new IdTokenSigner();
  readonly uploads = new Map<string, Upload>();
  readonly client: Client;
  readonly origin: string;

  constructor(client: Client, origin: string, emulator: string) {
    super(RULES, emulator);
    this.client = client;
    this.origin = origin;
    this.ledger.remember("client_secrets", client.secret);
  }

  issuer(): string {
    return this.settings.issuer || this.origin;
  }

  grantOf(person: Person, clientId: string): Grant | undefined {
    return this.ledger.grants.find(
      (grant) => !grant.revoked && grant.person === person && grant.clientId === clientId,
    );
  }

  isAlive(token: AccessToken | RefreshToken): boolean {
    if (token.grant.revoked) return false;
    if ("expiresAt" in token) return token.expiresAt > this.now();
    return !token.ended && token.usedAt + this.settings.refresh_idle_seconds * 1000 > this.now();
  }

  known() {
    return known(this);
  }

  adopt(order: unknown): void {
    adopt(this, order);
  }

  expireAccessTokens(): void {
    const now = this.now();
    for (const token of this.ledger.accessTokens.values()) token.expiresAt = Math.min(token.expiresAt, now);
  }

  /** As when a person takes back the access of an application in the account's settings. */
  revoke(email: string | undefined): void {
    for (const grant of this.ledger.grants)
      if (email === undefined || grant.person.email === email) grant.revoked = true;
  }
}
