/** GitHub's state: its two apps, and the sessions that people have given them. */
import { KINDS } from "../faults.ts";
import { Ledger } from "../ledger.ts";
import { type Client, type Rules, World } from "../state.ts";
import { adopt, known } from "./grants.ts";
import { PEOPLE, type Person } from "./people.ts";
import { Renames } from "./renames.ts";

export interface App extends Client {
  /** Whether its access tokens expire and come with refresh tokens. */
  readonly expiring: boolean;
}

export interface Code {
  readonly person: Person;
  readonly clientId: string;
  readonly scopes: readonly string[];
  readonly redirectUri: string;
  /** PKCE, S256. */
  readonly challenge: string | undefined;
}

/** One access token, and the refresh token that came with it where its app's tokens expire. */
export interface Session {
  readonly person: Person;
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** The token under which the emulator knows it. */
  readonly emulated: string;
  readonly access: string;
  accessEnds: number;
  readonly refresh: string | undefined;
  readonly refreshEnds: number;
  ended: boolean;
}

export class GitHubLedger extends Ledger<"api" | "revocation" | "uploads"> {
  readonly codes = new Map<string, Code>();
  /** Oldest first. */
  readonly sessions: Session[] = [];
  readonly byAccess = new Map<string, Session>();
  readonly byRefresh = new Map<string, Session>();

  add(session: Session): void {
    this.sessions.push(session);
    this.byAccess.set(session.access, session);
    this.remember("access_tokens", session.access);
    if (session.refresh === undefined) return;
    this.byRefresh.set(session.refresh, session);
    this.remember("refresh_tokens", session.refresh);
  }
}

/** docs.github.com/apps: "Refreshing user access tokens". */
const ACCESS_SECONDS = 28_800;
const REFRESH_SECONDS = 15_811_200;

export interface Settings {
  /** Seconds that the next access tokens live, where they expire. */
  expires_in: number;
  refresh_token_expires_in: number;
  /** Whether the next tokens expire: as the app has it, or whatever it has. An app's owner can change it at any time. */
  tokens: "by-app" | "expiring" | "lasting";
  /** Access tokens are padded to this length. */
  access_token_bytes: number;
}

const DEFAULTS: Settings = {
  expires_in: ACCESS_SECONDS,
  refresh_token_expires_in: REFRESH_SECONDS,
  tokens: "by-app",
  access_token_bytes: 0,
};

const SETTINGS: { [K in keyof Settings]: (value: unknown) => boolean } = {
  expires_in: (value) => typeof value === "number",
  refresh_token_expires_in: (value) => typeof value === "number",
  tokens: (value) => value === "by-app" || value === "expiring" || value === "lasting",
  access_token_bytes: (value) => Number.isInteger(value),
};

const RULES: Rules = {
  places: ["token", "api", "revocation"],
  kinds: KINDS.filter((kind) => kind !== "id-token" && kind !== "claims-challenge"),
  badIdTokens: [],
  people: PEOPLE,
  defaults: DEFAULTS,
  settings: SETTINGS,
};

export class GitHubWorld extends World {
  readonly settings: Settings = { ...DEFAULTS };
  readonly ledger = new GitHubLedger(["api", "revocation", "uploads"]);
  readonly renames = new Renames();
  readonly apps: readonly App[];
  readonly origin: string;
  /** Of assets of releases. */
  readonly uploads: string;

  constructor(apps: readonly App[], origin: string, uploads: string, emulator: string) {
    super(RULES, emulator);
    this.apps = apps;
    this.origin = origin;
    this.uploads = uploads;
    for (const app of apps) this.ledger.remember("client_secrets", app.secret);
  }

  /** The app that proves to be this one. */
  app(id: string | null | undefined, secret: string | null | undefined): App | undefined {
    return this.apps.find((app) => app.id === id && app.secret === secret);
  }

  expires(app: App): boolean {
    const { tokens } = this.settings;
    return tokens === "by-app" ? app.expiring : tokens === "expiring";
  }

  isAlive(session: Session): boolean {
    return !session.ended && session.accessEnds > this.now();
  }

  known() {
    return known(this);
  }

  adopt(order: unknown): void {
    adopt(this, order);
  }

  /** Those that expire; the others end by revocation alone. */
  expireAccessTokens(): void {
    const now = this.now();
    for (const session of this.ledger.sessions)
      if (session.refresh !== undefined) session.accessEnds = Math.min(session.accessEnds, now);
  }

  /**
   * As when a person revokes an app's authorization: all its tokens end
   * (docs.github.com: "Token expiration and revocation", "Token revoked by the user").
   */
  revoke(email: string | undefined, clientId?: string): void {
    for (const session of this.ledger.sessions) {
      const isMeant = email === undefined || session.person.email === email;
      if (isMeant && (clientId === undefined || session.clientId === clientId)) session.ended = true;
    }
  }
}
