/** A recorded moment, brought back: its bytes in the stores, its clock, and a provider that knows its tokens. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, vi } from "vitest";
import type { KnownAccess, KnownGrant } from "../../world/microsoft/grants.ts";
import { connect, get, rpc } from "../support/client.ts";
import { MINUTE, pass, SECOND, setClock } from "../support/clock.ts";
import { logLines } from "../support/logs.ts";
import type { Moment } from "../support/stored-moment.ts";
import { loadState, type StoredState } from "../support/stored-state.ts";
import { authorityOf, configure, connectionKey, forget, inD1, inKv, storedKeys } from "../support/stores.ts";
import { CALLER_REDIRECT } from "../support/variables.ts";
import { world } from "../support/world.ts";

/** Of a refresh that is settled nothing else is left. */
const AT_REST = /^(record|version:\d+|pending|told|pauses|events?|event:\d+|delivery)$/;
const VERIFIER = "a-verifier-of-whoever-takes-over-the-grants-of-before";

export class OldMoment {
  readonly moment: Moment;
  readonly who: Moment["who"];
  readonly #given: number;
  readonly #logged = logLines().length;

  private constructor(moment: Moment, given: number) {
    this.moment = moment;
    this.who = moment.who;
    this.#given = given;
  }

  /** A second after it was recorded, in a fresh isolate. */
  static async begin(moment: Moment, stores: StoredState = moment.stores): Promise<OldMoment> {
    const old = await OldMoment.alone(moment, stores);
    const { grants, access } = moment.provider;
    for (const grant of grants) if (grant.live.length > 0) await takeOver(grant, access);
    await world.control({ reset_stats: true });
    return old;
  }

  /** The same, where the provider is not to be asked: it knows of nothing. */
  static async alone(moment: Moment, stores: StoredState = moment.stores): Promise<OldMoment> {
    const { provider, variables, who, clock } = moment;
    setClock(clock + SECOND);
    await loadState(stores);
    const login = provider.keys === undefined ? {} : oldLogin(provider.login, provider.keys);
    await configure(who, { ...variables, ...login });
    await world.control({ rotation: provider.rotation, clock: Date.now() });
    forget();
    return new OldMoment(moment, ((await world.secrets()).refresh_tokens ?? []).length);
  }

  /** The provider's time goes on with ours. */
  async pass(milliseconds: number): Promise<void> {
    await pass(milliseconds, this.who);
    await world.control({ clock: Date.now() });
  }

  /** All that was open and owed is over. */
  settle = () => this.pass(20 * MINUTE);

  // By RPC: a request over HTTP takes the longer the more of them a file of tests has made.
  read = (more: Record<string, string> = {}) =>
    answered(rpc(this.who.org).getToken({ ...this.#whose(), ...more }));
  refresh = () => answered(rpc(this.who.org).refresh(this.#whose()));
  describe = async () => (await answered(rpc(this.who.org).getConnection(this.#whose()))).json;
  get = (path: string) => get(path, this.who.key);
  #whose = () => ({ integration: "azure", userId: this.who.user });

  /** The person signs in once more. */
  async connect(): Promise<void> {
    const { key, user } = this.who;
    expect((await connect(key, user, this.moment.email)).status).toBe(200);
    await this.pass(SECOND);
  }

  keys = async () => storedKeys(await authorityOf(this.who));

  /** The newest access token of that time, if it lives. */
  accessOf(resource: string): KnownAccess | undefined {
    return this.moment.provider.access.findLast(
      (access) => access.resource === resource && access.expires_at > Date.now(),
    );
  }

  get newestVersionThen(): number {
    const rows = this.moment.stores.d1.tables.oauth_connections ?? [];
    return Math.max(0, ...rows.map(({ version }) => Number(version)));
  }

  async told(): Promise<string[]> {
    const page = (await rpc(this.who.org).listEvents({ userId: this.who.user })) as {
      events: { type: string }[];
    };
    return page.events.map(({ type }) => type.replace(/^connection\./, ""));
  }

  async idsTold(): Promise<string[]> {
    const page = (await rpc(this.who.org).listEvents({ userId: this.who.user })) as {
      events: { id: string }[];
    };
    return page.events.map(({ id }) => id);
  }

  /** What is served is good, where it is to be used. */
  async expectServed(answer: Answered): Promise<void> {
    expect([answer.status, answer.json.code]).toEqual([200, undefined]);
    const user = await this.get(`/user?user_id=${this.who.user}`);
    expect([user.status, user.json.mail]).toEqual([200, this.moment.email]);
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
    const { grants } = this.moment.provider;
    const good = grants.flatMap(({ live, spent }) => (mayBeSpent ? [...live, ...spent] : live));
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

/** The person signs in anew, without Postern; what that brings the provider calls by the names of before. */
async function takeOver(grant: KnownGrant, access: readonly KnownAccess[]): Promise<void> {
  const base = `${env.AZURE_LOGIN_ORIGIN}/common/oauth2/v2.0`;
  const client = { client_id: env.AZURE_CLIENT_ID, redirect_uri: CALLER_REDIRECT };
  // Long as real ones: the world remembers them as secrets, and other tests look for those everywhere.
  const [state, nonce] = [crypto.randomUUID(), crypto.randomUUID()];
  const asked = { ...client, response_type: "code", scope: grant.scope, state, nonce };
  const challenge = { code_challenge: VERIFIER, code_challenge_method: "plain" };
  const back = await world.signIn(
    `${base}/authorize?${new URLSearchParams({ ...asked, ...challenge })}`,
    grant.email,
  );
  const response = await fetch(`${base}/token`, {
    method: "POST",
    body: new URLSearchParams({
      ...client,
      client_secret: env.AZURE_CLIENT_SECRET,
      grant_type: "authorization_code",
      code: back.searchParams.get("code") ?? "",
      code_verifier: VERIFIER,
      // One resource for each token request.
      scope: grant.scope
        .split(" ")
        .filter((word) => !word.includes("://"))
        .join(" "),
    }),
  });
  const answer = (await response.json()) as Record<string, unknown>;
  if (!response.ok) throw new Error(`nothing to take over with: ${JSON.stringify(answer)}`);
  const own = access.filter(({ email }) => email === grant.email);
  await world.control({ adopt: { refresh_token: answer.refresh_token, as: grant.live, access: own } });
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
