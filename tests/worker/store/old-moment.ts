/** A recorded moment, brought back: its bytes in the stores, its clock, and a provider that knows its tokens. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, vi } from "vitest";
import { connect, get, namedBesides, pathOf, rpc } from "../support/client.ts";
import { MINUTE, pass, SECOND, setClock } from "../support/clock.ts";
import { logLines } from "../support/logs.ts";
import type { Moment } from "../support/stored-moment.ts";
import { loadState, type StoredState } from "../support/stored-state.ts";
import { authorityOf, configure, connectionKey, forget, inD1, inKv, storedKeys } from "../support/stores.ts";
import { type AccessThen, type OldProvider, providerOf } from "./old-provider.ts";

/** Of a refresh that is settled nothing else is left. */
const AT_REST = /^(record|version:\d+|pending|told|pauses|events?|event:\d+|delivery)$/;
/** `*` does not name the organization's own connections. */
const PERMISSIONS = ["*", "connections:organization"];

export class OldMoment {
  readonly moment: Moment;
  readonly who: Moment["who"];
  readonly provider: OldProvider;
  readonly #given: number;
  readonly #logged = logLines().length;

  private constructor(moment: Moment, provider: OldProvider, given: number) {
    this.moment = moment;
    this.who = moment.who;
    this.provider = provider;
    this.#given = given;
  }

  /** A second after it was recorded, in a fresh isolate. */
  static async begin(moment: Moment, stores: StoredState = moment.stores): Promise<OldMoment> {
    const old = await OldMoment.alone(moment, stores);
    await old.provider.takeOver();
    await old.provider.world.control({ reset_stats: true });
    return old;
  }

  /** The same, where the provider is not to be asked: it knows of nothing. */
  static async alone(moment: Moment, stores: StoredState = moment.stores): Promise<OldMoment> {
    const { variables, who, clock } = moment;
    setClock(clock + SECOND);
    await loadState(stores);
    const { login } = moment.provider;
    const keys = "keys" in moment.provider ? moment.provider.keys : undefined;
    await configure(who, { ...variables, ...(keys === undefined ? {} : oldLogin(login, keys)) });
    const provider = providerOf(moment);
    const { world, settings } = provider;
    await world.control({ ...settings, clock: Date.now() });
    forget();
    return new OldMoment(moment, provider, ((await world.secrets()).refresh_tokens ?? []).length);
  }

  /** The provider's time goes on with ours. */
  async pass(milliseconds: number): Promise<void> {
    await pass(milliseconds, this.who);
    await this.provider.world.control({ clock: Date.now() });
  }

  /** All that was open and owed is over. */
  settle = () => this.pass(20 * MINUTE);

  // By RPC: a request over HTTP takes the longer the more of them a file of tests has made.
  read = (more: Record<string, string> = {}) =>
    answered(this.#service.getToken({ ...this.#whose(), ...more }));
  refresh = () => answered(this.#service.refresh(this.#whose()));
  describe = async () => (await answered(this.#service.getConnection(this.#whose()))).json;
  disconnect = async () => (await answered(this.#service.disconnect(this.#whose()))).json;
  get = (path: string) => get(path, this.who.key);
  path = (below = "", more: Record<string, string> = {}) => pathOf(this.who, below, more);
  #whose = () => ({ integration: "azure", ...namedBesides(this.who), userId: this.who.user });
  get #service() {
    return rpc(this.who.org, PERMISSIONS);
  }

  /** The person signs in once more. */
  async connect(): Promise<void> {
    expect((await this.signIn()).status).toBe(200);
    await this.pass(SECOND);
  }

  signIn = () => connect(this.who.key, this.who.user, this.moment.email, namedBesides(this.who));

  keys = async () => storedKeys(await authorityOf(this.who));

  /** The newest access token of that time, if it lives. */
  accessOf(resource: string): AccessThen | undefined {
    return this.provider.access.findLast(
      (access) => access.resource === resource && access.expires_at > Date.now(),
    );
  }

  get newestVersionThen(): number {
    const rows = this.moment.stores.d1.tables.oauth_connections ?? [];
    return Math.max(0, ...rows.map(({ version }) => Number(version)));
  }

  told = async () => (await this.#events()).map(({ type }) => type.replace(/^connection\./, ""));
  idsTold = async () => (await this.#events()).map(({ id }) => id);
  async #events(): Promise<{ id: string; type: string }[]> {
    const page = await this.#service.listEvents({ userId: this.who.user });
    return (page as { events: { id: string; type: string }[] }).events;
  }

  /** What is served is good, where it is to be used. */
  async expectServed(answer: Answered): Promise<void> {
    expect([answer.status, answer.json.code]).toEqual([200, undefined]);
    const { owner, called } = this.provider;
    const { email, who } = this.moment;
    if (owner) {
      expect(await owner(answer.json.access_token)).toBe(called(email));
      return;
    }
    const query = new URLSearchParams({ user_id: who.user, ...namedBesides(who) });
    const user = await this.get(`/user?${query}`);
    expect([user.status, user.json.mail]).toEqual([200, email]);
  }

  /** The three stores say the same, and nothing is open. */
  async expectAgreement(): Promise<void> {
    await this.pass(3 * MINUTE);
    expect((await this.keys()).filter((key) => !AT_REST.test(key))).toEqual([]);
    const object = await authorityOf(this.who);
    const record = await runInDurableObject(object, (_, { storage }) => storage.kv.get<Uint8Array>("record"));
    expect(await inKv(this.who)).toEqual(record);
    const version = Number((await inD1(this.who))?.version);
    expect(version).toBeGreaterThanOrEqual(this.newestVersionThen);
    expect([version, undefined]).toContain((await this.describe()).version);
  }

  /** The provider was shown nothing but what it takes, and what it gave out since; and nothing was found unreadable. */
  async expectNothingLost(mayBeSpent = false): Promise<void> {
    const { world, live, spent } = this.provider;
    const good = mayBeSpent ? [...live, ...spent] : live;
    const given = ((await world.secrets()).refresh_tokens ?? []).slice(this.#given);
    const { token } = await world.stats();
    const shown = Object.keys(token.by_refresh_token);
    expect(shown.filter((one) => !good.includes(one) && !given.includes(one))).toEqual([]);
    const lines = logLines().slice(this.#logged);
    expect(lines.filter((line) => /unreadable|core_trap|backup_is_newer/.test(line))).toEqual([]);
    expect((await this.told()).slice(0, this.moment.told.length)).toEqual(this.moment.told);
  }
}

/**
 * An ID token of that time names the login origin of that time and is signed with its keys: this connection's object
 * goes on with them. Whatever else it asks there, today's provider answers.
 */
function oldLogin(login: string, keys: unknown): Record<string, string> {
  const real = globalThis.fetch;
  vi.stubGlobal("fetch", (input: RequestInfo | URL, init?: RequestInit) => {
    const url = String(input instanceof Request ? input.url : input);
    if (!url.startsWith(`${login}/`)) return real(input, init);
    if (new URL(url).pathname.endsWith("/discovery/v2.0/keys")) return Promise.resolve(Response.json(keys));
    return real(`${env.AZURE_LOGIN_ORIGIN}${url.slice(login.length)}`, init);
  });
  const { ALLOW_INSECURE_ORIGINS } = env as unknown as Record<string, string>;
  return { AZURE_LOGIN_ORIGIN: login, ALLOW_INSECURE_ORIGINS: `${ALLOW_INSECURE_ORIGINS},${login}` };
}

interface Answered {
  readonly status: number;
  readonly json: Record<string, unknown>;
}

/** A problem says its status, as it would over HTTP. */
async function answered(result: Promise<unknown>): Promise<Answered> {
  const json = (await result) as Record<string, unknown>;
  return { status: json.success === false ? Number(json.status) : 200, json };
}

/** The same stores, but for one entry of the connection's object. */
export async function withEntry(moment: Moment, key: string, bytes: string): Promise<StoredState> {
  const name = await connectionKey(moment.who);
  const objects = moment.stores.objects.map((object) =>
    object.name === name ? { ...object, entries: { ...object.entries, [key]: bytes } } : object,
  );
  return { ...moment.stores, objects };
}
