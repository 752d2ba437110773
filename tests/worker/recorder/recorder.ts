/** Plays up to a moment and writes down what is stored then. */
import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import { navigationOf } from "../../world/sign-in.ts";
import {
  Browser,
  type Connected,
  connect,
  createKey,
  createLink,
  describeConnection,
  get,
  namedBesides,
  newUser,
  pathOf,
  refreshNow,
} from "../support/client.ts";
import { DAY, MINUTE, pass, SECOND, setClock } from "../support/clock.ts";
import { GITHUB, GOOGLE } from "../support/providers.ts";
import type { Judgement, Moment } from "../support/stored-moment.ts";
import { dumpState, emptyStores } from "../support/stored-state.ts";
import { configure, connectionKey } from "../support/stores.ts";
import { ALICE, github, google, type Order, world } from "../support/world.ts";

/**
 * Far ahead of every machine's clock: no alarm that is stored rings by itself, and nothing that is stored is over,
 * whenever the fixtures are read.
 */
const START = Date.UTC(2050, 0, 1);
let moments = 0;

export interface About {
  readonly about: string;
  readonly judgements: readonly Judgement[];
  readonly variables?: Record<string, string>;
  readonly rotation?: "strict" | "reusable";
  readonly org?: string;
  /** Microsoft's when absent; how the emulated provider is set. */
  readonly integration?: "github" | "google";
  readonly settings?: Order;
  readonly account?: string;
  /** Of the organization itself, and of no user. */
  readonly organization?: boolean;
}

export class Stage {
  readonly name: string;
  readonly #about: About;
  readonly #earlier: ReadonlySet<string>;
  readonly world: typeof world | typeof github | typeof google;
  who: Connected = { org: "", key: "", user: "" };
  told: readonly string[] = [];
  readonly extra: Record<string, string> = {};
  variables: Record<string, string>;
  snapped = false;

  constructor(name: string, about: About, earlier: ReadonlySet<string>) {
    this.name = name;
    this.#about = about;
    this.world = worldOf(about);
    this.variables = about.variables ?? {};
    this.#earlier = earlier;
  }

  /** An organization with a key and a user who has connected nothing. */
  async begin(): Promise<void> {
    const { organization, integration, account, org = `org-${this.name}` } = this.#about;
    const { key } = await createKey(org, organization ? ["*", "connections:organization"] : ["*"]);
    this.who = {
      org,
      key,
      user: organization ? "-" : newUser(),
      ...(integration === undefined ? {} : { integration }),
      ...(account === undefined ? {} : { account }),
    };
    await configure(this.who, this.variables);
  }

  async connect(email = ALICE): Promise<void> {
    const { key, user } = this.who;
    expect((await connect(key, user, email, namedBesides(this.who))).status).toBe(200);
    this.tell("connected");
    await this.pass(SECOND);
  }

  tell(...types: readonly string[]): void {
    this.told = [...this.told, ...types];
  }

  /** The provider's time goes on with ours. */
  async pass(milliseconds: number): Promise<void> {
    await pass(milliseconds, this.who);
    await this.world.control({ clock: Date.now() });
  }

  async refresh(): Promise<void> {
    expect((await refreshNow(this.who)).status).toBe(200);
    this.tell("refreshed");
    await this.pass(SECOND);
  }

  order = (order: Order) => this.world.control(order);

  /** What is stored now is what is recorded, whatever happens afterwards. */
  async snap(): Promise<void> {
    if (this.snapped) throw new Error("one moment, one record");
    this.snapped = true;
    const clock = Date.now();
    const { about, judgements } = this.#about;
    const shown = judgements.includes("as before") ? await this.#shown() : undefined;
    const stores = await dumpState([await connectionKey(this.who)]);
    const keepsIdToken = stores.objects.some(({ entries }) => "sign_in_kept" in entries);
    const moment: Moment = {
      about,
      judgements,
      clock,
      who: this.who,
      email: ALICE,
      variables: this.variables,
      provider: await this.#provider(clock, keepsIdToken),
      told: this.told,
      ...(shown === undefined ? {} : { shown }),
      extra: this.extra,
      stores,
    };
    await shelve(this.name, moment);
  }

  /** What it knows, but for what it gave out in earlier moments. */
  async #provider(clock: number, keepsIdToken: boolean): Promise<Moment["provider"]> {
    const { integration, settings = {}, rotation = "strict" } = this.#about;
    const isOurs = (token: string | undefined) => !this.#earlier.has(token ?? "");
    if (integration === "github") {
      const { sessions } = await github.known();
      const known = { sessions: sessions.filter(({ access_token }) => isOurs(access_token)) };
      return { login: GITHUB.origin(), settings, known };
    }
    if (integration === "google") {
      const { access, refresh } = await google.known();
      const known = {
        access: access.filter(({ token }) => isOurs(token)),
        refresh: refresh.filter(({ token }) => isOurs(token)),
      };
      return { login: GOOGLE.origin(), settings, known };
    }
    const known = await world.known();
    return {
      rotation,
      login: env.AZURE_LOGIN_ORIGIN,
      ...(keepsIdToken ? { keys: await publicKeys() } : {}),
      grants: known.grants.filter(({ live, spent }) => isOurs(live[0] ?? spent[0])),
      access: known.access.filter(({ token, expires_at }) => isOurs(token) && expires_at > clock),
    };
  }

  async #shown(): Promise<NonNullable<Moment["shown"]>> {
    const versions = await get(pathOf(this.who, "/versions"), this.who.key);
    return { connection: (await describeConnection(this.who)).json, versions: versions.json };
  }
}

async function publicKeys(): Promise<unknown> {
  return (await fetch(`${env.AZURE_LOGIN_ORIGIN}/common/discovery/v2.0/keys`)).json();
}

async function shelve(name: string, moment: Moment): Promise<void> {
  const { SHELF } = env as unknown as { SHELF: Fetcher };
  const body = `${JSON.stringify(moment, null, 1)}\n`;
  const response = await SHELF.fetch(`http://shelf/${name}`, { method: "POST", body });
  if (!response.ok) throw new Error(`not recorded: ${name}: ${await response.text()}`);
}

function worldOf({ integration }: About): Stage["world"] {
  if (integration === undefined) return world;
  return integration === "github" ? github : google;
}

async function tokensSoFar(of: Stage["world"]): Promise<Set<string>> {
  const { access_tokens = [], refresh_tokens = [] } = await of.secrets();
  return new Set([...access_tokens, ...refresh_tokens]);
}

/** `play` goes up to the moment; what it does after `snap` lets what it began end. */
export function moment(name: string, about: About, play: (stage: Stage) => Promise<void>): void {
  test(name, async () => {
    moments += 1;
    await emptyStores();
    setClock(START + moments * 400 * DAY);
    const provider = worldOf(about);
    const rotation = about.integration === undefined ? { rotation: about.rotation ?? "strict" } : {};
    await provider.control({ ...rotation, ...about.settings, clock: Date.now() });
    const stage = new Stage(name, about, await tokensSoFar(provider));
    await stage.begin();
    await play(stage);
    if (!stage.snapped) await stage.snap();
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
  });
}

/** Nothing is open: what was owed to the other stores is delivered. */
export const settled = (stage: Stage) => stage.pass(2 * MINUTE);

/** The button was pressed: the browser is at the provider. */
export async function press(stage: Stage, more: Record<string, string> = {}): Promise<void> {
  const browser = new Browser();
  const link = await createLink(stage.who.key, stage.who.user, { ...namedBesides(stage.who), ...more });
  const pressed = await browser.press(link.url);
  stage.extra.link = link.url;
  stage.extra.attempt = link.attempt;
  stage.extra.authorize_url = navigationOf(pressed.text);
  stage.extra.cookies = JSON.stringify([...browser.cookies]);
  await stage.pass(MINUTE);
}
