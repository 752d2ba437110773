/** Microsoft's state, handed to each of its listeners. */
import { isRecord, KINDS, PLACES } from "../faults.ts";
import { BAD_ID_TOKENS, IdTokenSigner } from "../id-token.ts";
import { type Counts, Ledger } from "../ledger.ts";
import { type Client, type Rules, World } from "../state.ts";
import { Azure, POLLING, type Polling } from "./azure.ts";
import { Directory } from "./directory.ts";
import { Agendas } from "./events.ts";
import { Files } from "./files.ts";
import { adopt, known } from "./grants.ts";
import { Mailboxes } from "./mailbox.ts";
import { PEOPLE, type Person } from "./people.ts";
import { type Origins, RESOURCES, type Resource, type ScopeSet } from "./scopes.ts";
import { Channels } from "./teams.ts";
import { Vault } from "./vault.ts";

export interface AccessToken {
  /** Absent for client credentials: an application, not a person. */
  readonly person: Person | undefined;
  readonly resource: Resource;
  readonly scopes: string[];
  /** Minted for a sign-in with a second factor. */
  readonly steppedUp: boolean;
  /** Of the directory that it is good for. */
  readonly tid: string | undefined;
  expiresAt: number;
}

/** One consent of one person; every refresh token that descends from it points here. */
export interface Grant {
  readonly person: Person;
  readonly consented: ScopeSet;
  readonly clientId: string;
  readonly nonce: string | undefined;
  /** The sign-in satisfied a claims challenge. */
  readonly steppedUp: boolean;
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
  readonly steppedUp: boolean;
}

/** What is counted besides the token endpoint: the APIs, and where content goes without a token. */
export type Counted = Resource | "content";
export type MicrosoftCounts = Counts<Counted>;

export class MicrosoftLedger extends Ledger<Counted> {
  readonly accessTokens = new Map<string, AccessToken>();
  readonly grants = new Map<string, Grant>();
  readonly codes = new Map<string, Code>();
  /** A refresh token that stays good although the emulator has rotated it, and what the emulator knows it as now. */
  readonly aliases = new Map<string, string>();
}

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
  /**
   * Calls of APIs whose path contains this want a second factor: a 401 with a claims challenge, and the token endpoint
   * refuses to mint such a token without the person (learn.microsoft.com, "Claims challenges, claims requests, and
   * client capabilities").
   */
  step_up: string | null;
  /** What third parties wrote into mail, calendar and names: `odd` is what strict JSON readers refuse (api.ts). */
  content: "plain" | "odd";
  /** How the APIs write the link to the next page (api.ts). */
  links: "plain" | "raw" | "long" | "loop" | "elsewhere";
  /**
   * An origin that the browser is sent through before the sign-in page, as Entra sends it to the identity provider that
   * an organization has of its own (home realm discovery). It gets `to`, where to send the browser on. Empty: none.
   */
  sign_in_through: string;
  /**
   * `application`: ID tokens are signed with a key that only `keys?appid=` lists, as where an application has a claims
   * mapping policy or SAML (learn.microsoft.com/entra/identity-platform/access-tokens, "Validate the signature").
   */
  signing: "shared" | "application";
  /**
   * `no-azure`: Azure's principal is missing in the directory, so that whoever asks for it is refused with AADSTS650052
   * (microsoft/GraphNotificationBroker#5, PostHog/posthog#43486).
   */
  services: "all" | "no-azure";
  /** By which header Azure says where a long-running operation is asked about (arm-operations.ts), and how it ends. */
  polling: Polling;
  operations: "succeed" | "fail";
  /** `missing`: nobody has a mailbox, so that mail, calendar and contacts are 404 (topic.ts). */
  mailbox: "present" | "missing";
  /** Whether files, groups and resources are locked against being deleted: 423 of a drive, 409 of ARM (locks.ts). */
  locked: boolean;
  /** What an application's access token says besides, or otherwise (application.ts). */
  app_claims: Record<string, unknown>;
  /** The certificate that is uploaded at the registration, as PEM (assertions.ts); empty: none. */
  certificate: string;
  /** `empty-first`: each list begins with a page that holds nothing and leads to the next (api.ts). */
  pages: "full" | "empty-first";
}

const DEFAULTS: Settings = {
  expires_in: 3600,
  rotation: "strict",
  consent: "strict",
  access_token_bytes: 0,
  content: "plain",
  links: "plain",
  step_up: null,
  sign_in_through: "",
  signing: "shared",
  services: "all",
  polling: "Azure-AsyncOperation",
  operations: "succeed",
  mailbox: "present",
  locked: false,
  pages: "full",
  app_claims: {},
  certificate: "",
};

const SETTINGS: { [K in keyof Settings]: (value: unknown) => boolean } = {
  expires_in: (value) => typeof value === "number",
  rotation: (value) => value === "strict" || value === "reusable",
  consent: (value) => value === "strict" || value === "any",
  access_token_bytes: (value) => Number.isInteger(value),
  step_up: (value) => value === null || typeof value === "string",
  content: (value) => value === "plain" || value === "odd",
  links: (value) => ["plain", "raw", "long", "loop", "elsewhere"].includes(value as string),
  sign_in_through: (value) => typeof value === "string",
  signing: (value) => value === "shared" || value === "application",
  services: (value) => value === "all" || value === "no-azure",
  polling: (value) => POLLING.includes(value as Polling),
  operations: (value) => value === "succeed" || value === "fail",
  mailbox: (value) => value === "present" || value === "missing",
  locked: (value) => typeof value === "boolean",
  app_claims: isRecord,
  certificate: (value) => typeof value === "string",
  pages: (value) => value === "full" || value === "empty-first",
};

const RULES: Rules = {
  places: PLACES.filter((place) => place !== "api" && place !== "revocation"),
  kinds: KINDS,
  badIdTokens: BAD_ID_TOKENS,
  people: PEOPLE,
  defaults: DEFAULTS,
  settings: SETTINGS,
};

export class MicrosoftWorld extends World {
  readonly settings: Settings = { ...DEFAULTS };
  readonly ledger = new MicrosoftLedger([...RESOURCES, "content"]);
  readonly directory = new Directory();
  readonly files = new Files();
  readonly mailboxes = new Mailboxes();
  readonly agendas = new Agendas();
  readonly channels = new Channels();
  readonly azure = new Azure();
  readonly vault = new Vault();
  readonly signer = new IdTokenSigner();
  /** States of authorization requests that carry claims: the emulator's form does not hand them on. */
  readonly stepUps = new Set<string>();
  /** `jti` of the assertions that were taken: each is good for once. */
  readonly assertions = new Set<string>();
  readonly client: Client;
  readonly origins: Origins;

  constructor(client: Client, origins: Origins, emulator: string) {
    super(RULES, emulator);
    this.client = client;
    this.origins = origins;
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

  /** As when a password changes or an administrator revokes sessions: every refresh token of that person dies. */
  revoke(email: string | undefined): void {
    for (const grant of this.ledger.grants.values())
      if (email === undefined || grant.person.email === email) grant.revoked = true;
  }
}
