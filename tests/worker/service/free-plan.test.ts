/** How many writes of KV a connection and a key take in a day: the scarcest thing of Cloudflare's free plan, with 1,000 (docs/deploy.md). */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { type Connected, connect, createKey, newOrg, newUser, readToken, rpc } from "../support/client.ts";
import { DAY, HOUR, leaveRealTime, MINUTE, pass } from "../support/clock.ts";
import { configure, forget } from "../support/stores.ts";
import { ALICE } from "../support/world.ts";

beforeEach(leaveRealTime);

/** Of keys that begin so: those of connections, those of API keys. */
const writesOf = async (work: () => Promise<unknown>, of = ""): Promise<number> => {
  const put = vi.spyOn(Object.getPrototypeOf(env.AZURE_TOKENS) as KVNamespace, "put");
  await work();
  const { length } = put.mock.calls.filter(([key]) => key.startsWith(of));
  put.mockRestore();
  return length;
};

async function user(variables: Record<string, string>): Promise<Connected> {
  const org = newOrg();
  const who = { org, key: (await createKey(org)).key, user: newUser() };
  await configure(who, variables);
  expect((await connect(who.key, who.user, ALICE)).status).toBe(200);
  return who;
}

/** Asked for its token over the service binding so often; tokens of the emulated provider live an hour. */
async function use(who: Connected, every: number, milliseconds: number): Promise<void> {
  for (let left = milliseconds; left > 0; left -= every) {
    await pass(every, who);
    const token = await rpc(who.org).getToken({ userId: who.user });
    expect(token).toHaveProperty("access_token");
  }
}

describe("in a day a connection writes to KV", () => {
  test("once for each hour in which it is used", async () => {
    const who = await user({});
    expect(await writesOf(() => use(who, HOUR / 4, DAY))).toBe(24);
  }, 120_000);

  test("once as it is made, not at all where nobody uses it, and once in 45 days to stay alive", async () => {
    const who = await user({});
    expect(await writesOf(() => user({}), "connection:")).toBe(1);
    expect(await writesOf(() => pass(40 * DAY, who))).toBe(0);
    expect(await writesOf(() => pass(5 * DAY, who))).toBe(1);
  });

  test("some hundred times where it is kept fresh", async () => {
    const who = await user({ AZURE_REFRESH_MODE: "keep_fresh" });
    const writes = await writesOf(() => pass(DAY, who));
    expect(writes).toBeGreaterThanOrEqual(100);
    expect(writes).toBeLessThanOrEqual(120);
  }, 120_000);
});

test("an API key writes to KV once a minute in which it is used, a service binding never", async () => {
  const who = await user({});
  const ask = async (read: () => Promise<unknown>) => {
    for (let minute = 0; minute < 10; minute += 1) {
      await pass(MINUTE + 1);
      const remembered = forget();
      await read();
      remembered();
    }
  };
  expect(await writesOf(() => ask(() => readToken(who)))).toBeLessThanOrEqual(10);
  expect(await writesOf(() => ask(() => rpc(who.org).getToken({ userId: who.user })))).toBe(0);
});
