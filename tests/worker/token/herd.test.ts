/** A crowd that wants the same token at once: one request leaves, nobody is refused, nobody holds an instance. */
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { pool } from "../../../worker-shim/src/flow-runner.ts";
import { AzureService } from "../../../worker-shim/src/rpc.ts";
import { payloadFor } from "../support/bench-hands.ts";
import { type Connected, connected, nearExpiry, newestToken, served } from "../support/client.ts";
import { nothingLeaks, onStart } from "../support/instances.ts";
import { authorityOf, deleteFromKv, later } from "../support/stores.ts";
import { ORIGIN } from "../support/variables.ts";
import { world } from "../support/world.ts";

const CROWD = 1_000;
/** Of KV's readers in front (WAITING in worker-shim/src/core.ts). */
const READERS = 44;

type Answer = Record<string, unknown>;

/**
 * The Worker's service in this very isolate. What makes one for each call in tests wraps its prototype once more each
 * time, so that a thousand calls would take minutes; `npm run bench` has ten thousand real ones.
 */
class Front {
  readonly #who: Connected;
  readonly #service: AzureService;

  constructor(who: Connected) {
    this.#who = who;
    const props = { org: who.org, permissions: ["*"] };
    this.#service = new AzureService(Object.assign(createExecutionContext(), { props }), env);
  }

  async getToken(minTtl?: number): Promise<Answer> {
    const { getToken } = this.#service as unknown as { getToken(parameters: unknown): Promise<Answer> };
    return getToken.call(this.#service, {
      integration: "azure",
      userId: this.#who.user,
      ...(minTtl === undefined ? {} : { minTtl }),
    });
  }

  async #ask(path: string, init: RequestInit = {}): Promise<Answer> {
    const headers = { authorization: `Bearer ${this.#who.key}` };
    const url = `${ORIGIN}/v1/connections/azure/${path}${path.includes("?") ? "&" : "?"}user_id=${this.#who.user}`;
    return (await this.#service.fetch(new Request(url, { headers, ...init }))).json();
  }

  readToken(minTtl?: number): Promise<Answer> {
    return this.#ask(minTtl === undefined ? "token" : `token?min_ttl=${minTtl}`);
  }

  refreshNow(): Promise<Answer> {
    return this.#ask("refresh", { method: "POST" });
  }
}

/** Half of them over HTTP, half over a binding. */
function crowd(who: Connected, minTtl?: number, size = CROWD): Promise<unknown[]> {
  const front = new Front(who);
  return Promise.all(
    Array.from({ length: size }, async (_, n) => {
      const answer = await (n % 2 === 0 ? front.readToken(minTtl) : front.getToken(minTtl));
      return answer.access_token;
    }),
  );
}

/** Connected, and the token's life is over. */
async function expired(): Promise<Connected> {
  const { who } = await nearExpiry();
  later(300_000);
  return who;
}

const slowEndpoint = (ms: number) => world.control({ token: { kind: "delay", ms }, reset_stats: true });

/** How often a flow of each operation began. */
function flows(): Map<string, number> {
  const begun = new Map<string, number>();
  onStart((_, operation) => void begun.set(operation, (begun.get(operation) ?? 0) + 1));
  return begun;
}

function slowKv(ms: number): { reads: () => number } {
  const store = Object.getPrototypeOf(env.AZURE_TOKENS) as { get(...all: unknown[]): Promise<unknown> };
  const real = store.get;
  const get = vi.spyOn(store, "get").mockImplementation(async function slow(this: unknown, ...all) {
    await scheduler.wait(ms);
    return real.apply(this, all);
  });
  return { reads: () => get.mock.calls.length };
}

describe("a thousand callers at once", () => {
  test("of an expired token: one token request, one token, and no instance is held meanwhile", async () => {
    const who = await expired();
    await slowEndpoint(5_000);
    const tokens = crowd(who);
    await vi.waitFor(async () => expect(await world.tokenRequests()).toBe(1), { timeout: 5_000 });
    await scheduler.wait(1_000);
    // The authority's own, which asks for the token.
    expect(pool.figures().live).toBe(1);
    expect(new Set(await tokens)).toEqual(new Set([await newestToken()]));
    const { token } = await world.stats();
    expect([token.requests, token.most_at_once]).toEqual([1, 1]);
    nothingLeaks();
  });

  test("who want more life than any token has: one token request", async () => {
    const who = await connected();
    await slowEndpoint(300);
    later(20 * 60_000);
    const tokens = await crowd(who, 1_000_000);
    expect(new Set(tokens)).toEqual(new Set([await newestToken()]));
    expect(await world.tokenRequests()).toBe(1);
    nothingLeaks();
  });

  test("who force a refresh: one token request", async () => {
    const who = await connected();
    await slowEndpoint(2_000);
    const front = new Front(who);
    const answers = await Promise.all(Array.from({ length: CROWD }, () => front.refreshNow()));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set(["connected"]));
    expect(await world.tokenRequests()).toBe(1);
    nothingLeaks();
  });

  test("of whom some read, some want more life and some force a refresh: one token request", async () => {
    const who = await expired();
    await slowEndpoint(2_000);
    const third = Math.floor(CROWD / 3);
    const front = new Front(who);
    const [, , forced] = await Promise.all([
      crowd(who, undefined, third),
      crowd(who, 1_000_000, third),
      Promise.all(Array.from({ length: third }, () => front.refreshNow())),
    ]);
    expect(new Set(forced.map(({ status }) => status))).toEqual(new Set(["connected"]));
    expect(await world.tokenRequests()).toBe(1);
    nothingLeaks();
  });

  test("a tenth of whom hang up half-way: all others are answered, by one token request", async () => {
    const who = await expired();
    await slowEndpoint(1_500);
    const front = new Front(who);
    const headers = { authorization: `Bearer ${who.key}` };
    const impatient = () =>
      served(`/v1/connections/azure/token?user_id=${who.user}`, {
        headers,
        signal: AbortSignal.timeout(700),
      });
    const answers = await Promise.all(
      Array.from({ length: CROWD }, (_, n) =>
        n % 10 === 0
          ? impatient().then(
              ({ json }) => json.access_token,
              () => "gave up",
            )
          : front.readToken().then((answer) => answer.access_token),
      ),
    );
    expect(answers.filter((answer) => answer === "gave up")).toHaveLength(CROWD / 10);
    expect(answers.filter((answer) => answer === answers[1])).toHaveLength(CROWD - CROWD / 10);
    expect([answers[1], await world.tokenRequests()]).toEqual([await newestToken(), 1]);
    nothingLeaks();
  });
});

describe("where KV is of no help", () => {
  test("few of a crowd read it, however slow it is, and nobody is refused", async () => {
    const who = await expired();
    const kv = slowKv(150);
    const tokens = await crowd(who);
    expect(new Set(tokens)).toEqual(new Set([await newestToken()]));
    // The key that HTTP callers showed, and the connection.
    expect(kv.reads()).toBeLessThan(3 * READERS);
    expect(await world.tokenRequests()).toBe(1);
  });

  test("it is asked again for another wish, and after five seconds", async () => {
    const { who, old } = await nearExpiry();
    // From here on time stands still but where it is moved.
    later(0);
    await world.control({ token: { kind: "error", error: "invalid_client", times: "always" } });
    const kv = slowKv(0);
    const front = new Front(who);
    const read = async (minTtl = 0) => {
      const before = kv.reads();
      const answer = await front.getToken(minTtl);
      expect(answer).toMatchObject({ access_token: old });
      return kv.reads() - before;
    };
    // The token that is near its end is served, and is not what the isolate's memory would answer with.
    expect([await read(), await read()]).toEqual([1, 0]);
    expect([await read(600), await read(600)]).toEqual([1, 0]);
    later(4_900);
    expect(await read()).toBe(0);
    later(200);
    expect(await read()).toBe(1);
  });
});

describe("in the authority", () => {
  test("a crowd that finds a fresh token shares a few runs", async () => {
    const who = await connected();
    await deleteFromKv(who);
    const call = await payloadFor("get_token", who.org, { userId: who.user });
    const stub = await authorityOf(who);
    const begun = flows();
    const outcomes = await Promise.all(
      Array.from({ length: 300 }, () => stub.run(call.operation, call.payload)),
    );
    expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(["data"]));
    expect(begun.get("authority.token")).toBeLessThan(200);
  });

  test("callers of a thousand different wishes are all answered, by one token request", async () => {
    const who = await expired();
    await slowEndpoint(1_000);
    const front = new Front(who);
    const answers = await Promise.all(Array.from({ length: CROWD }, (_, n) => front.getToken(n)));
    const tokens = answers.map((answer) => answer.access_token);
    expect(new Set(tokens)).toEqual(new Set([await newestToken()]));
    expect(await world.tokenRequests()).toBe(1);
    nothingLeaks();
  });
});
