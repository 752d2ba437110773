/** Plays up to a moment and writes down what is stored then. */
import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import {
  type Connected,
  connect,
  createKey,
  describeConnection,
  get,
  newUser,
  refreshNow,
} from "../support/client.ts";
import { DAY, MINUTE, pass, SECOND, setClock } from "../support/clock.ts";
import type { Judgement, Moment } from "../support/stored-moment.ts";
import { dumpState, emptyStores } from "../support/stored-state.ts";
import { configure, connectionKey } from "../support/stores.ts";
import { ALICE, type Order, world } from "../support/world.ts";

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
}

export class Stage {
  readonly name: string;
  readonly #about: About;
  readonly #earlier: ReadonlySet<string>;
  who: Connected = { org: "", key: "", user: "" };
  told: readonly string[] = [];
  readonly extra: Record<string, string> = {};
  variables: Record<string, string>;
  snapped = false;

  constructor(name: string, about: About, earlier: ReadonlySet<string>) {
    this.name = name;
    this.#about = about;
    this.variables = about.variables ?? {};
    this.#earlier = earlier;
  }

  /** An organization with a key and a user who has connected nothing. */
  async begin(): Promise<void> {
    const org = this.#about.org ?? `org-${this.name}`;
    this.who = { org, key: (await createKey(org)).key, user: newUser() };
    await configure(this.who, this.variables);
  }

  async connect(): Promise<void> {
    expect((await connect(this.who.key, this.who.user, ALICE)).status).toBe(200);
    this.tell("connected");
    await this.pass(SECOND);
  }

  tell(...types: readonly string[]): void {
    this.told = [...this.told, ...types];
  }

  /** The provider's time goes on with ours. */
  async pass(milliseconds: number): Promise<void> {
    await pass(milliseconds, this.who);
    await world.control({ clock: Date.now() });
  }

  async refresh(): Promise<void> {
    expect((await refreshNow(this.who)).status).toBe(200);
    this.tell("refreshed");
    await this.pass(SECOND);
  }

  order = (order: Order) => world.control(order);

  /** What is stored now is what is recorded, whatever happens afterwards. */
  async snap(): Promise<void> {
    if (this.snapped) throw new Error("one moment, one record");
    this.snapped = true;
    const clock = Date.now();
    const { about, judgements, rotation = "strict" } = this.#about;
    const shown = judgements.includes("as before") ? await this.#shown() : undefined;
    const stores = await dumpState([await connectionKey(this.who)]);
    const known = await world.known();
    const isOurs = (token: string | undefined) => !this.#earlier.has(token ?? "");
    const keys = stores.objects.some(({ entries }) => "sign_in_kept" in entries)
      ? await publicKeys()
      : undefined;
    const moment: Moment = {
      about,
      judgements,
      clock,
      who: this.who,
      email: ALICE,
      variables: this.variables,
      provider: {
        rotation,
        login: env.AZURE_LOGIN_ORIGIN,
        ...(keys === undefined ? {} : { keys }),
        grants: known.grants.filter(({ live, spent }) => isOurs(live[0] ?? spent[0])),
        access: known.access.filter(({ token, expires_at }) => isOurs(token) && expires_at > clock),
      },
      told: this.told,
      ...(shown === undefined ? {} : { shown }),
      extra: this.extra,
      stores,
    };
    await shelve(this.name, moment);
  }

  async #shown(): Promise<NonNullable<Moment["shown"]>> {
    const { user, key } = this.who;
    const versions = await get(`/v1/connections/azure/versions?user_id=${user}`, key);
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

async function tokensSoFar(): Promise<Set<string>> {
  const { grants, access } = await world.known();
  return new Set([
    ...grants.flatMap(({ live, spent }) => [...live, ...spent]),
    ...access.map(({ token }) => token),
  ]);
}

/** `play` goes up to the moment; what it does after `snap` lets what it began end. */
export function moment(name: string, about: About, play: (stage: Stage) => Promise<void>): void {
  test(name, async () => {
    moments += 1;
    await emptyStores();
    setClock(START + moments * 400 * DAY);
    await world.control({ rotation: about.rotation ?? "strict", clock: Date.now() });
    const stage = new Stage(name, about, await tokensSoFar());
    await stage.begin();
    await play(stage);
    if (!stage.snapped) await stage.snap();
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
  });
}

/** Nothing is open: what was owed to the other stores is delivered. */
export const settled = (stage: Stage) => stage.pass(2 * MINUTE);
