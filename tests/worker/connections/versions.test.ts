/** The versions of a connection that are kept: sealed, looked at, and gone back to. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import {
  type Answer,
  type Connected,
  connect,
  connected,
  createKey,
  expectProblem,
  get,
  newestToken,
  newOrg,
  newUser,
  readToken,
  refreshNow,
  rpc,
  send,
} from "../support/client.ts";
import { leaveRealTime, MINUTE, pass, refreshAgain, SECOND } from "../support/clock.ts";
import { everySecret, everyStoredByte } from "../support/hay.ts";
import { findSecrets } from "../support/secrets.ts";
import { authorityOf, configure, forget, inD1, storedKeys } from "../support/stores.ts";
import { ALICE, BOB, world } from "../support/world.ts";

beforeEach(leaveRealTime);

interface Version {
  readonly version: number;
  readonly status: string;
  readonly account: { username: string };
}

const versionsPath = ({ user }: Connected) => `/v1/connections/azure/versions?user_id=${user}`;
const listed = (who: Connected) =>
  rpc(who.org).listVersions({ integration: "azure", userId: who.user }) as Promise<unknown> as Promise<
    Version[]
  >;
const numbers = async (who: Connected) => (await listed(who)).map(({ version }) => version);
const rollback = (who: Connected, version: number | string, key = who.key): Promise<Answer> =>
  send("POST", `/v1/connections/azure/rollback?user_id=${who.user}&version=${version}`, key);
const disconnect = (who: Connected) => send("DELETE", `/v1/connections/azure?user_id=${who.user}`, who.key);

async function refreshed(who: Connected, times: number): Promise<void> {
  for (let n = 0; n < times; n += 1) await refreshAgain(who);
}

const stored = async (who: Connected, key: string) =>
  runInDurableObject(await authorityOf(who), (_, state) => state.storage.kv.get<Uint8Array>(key));

/** As a fresh isolate would read it. */
async function freshToken(who: Connected): Promise<unknown> {
  forget();
  return (await readToken(who)).json.access_token;
}

describe("the versions", () => {
  test("are the connection and the last three before it, newest first, over HTTP and RPC", async () => {
    const who = await connected();
    expect(await numbers(who)).toEqual([1]);
    await refreshed(who, 5);
    const versions = await listed(who);
    expect(versions.map(({ version, status, account }) => [version, status, account.username])).toEqual(
      [6, 5, 4, 3].map((version) => [version, "connected", ALICE]),
    );
    expect((await get(versionsPath(who), who.key)).json).toEqual({ versions });
    // Only what is there now is refreshed, and ends.
    expect(versions.map((version) => "refreshes_at" in version)).toEqual([true, false, false, false]);
    const secrets = await everySecret(new Map());
    expect(findSecrets(secrets, [{ where: "answer", bytes: JSON.stringify(versions) }])).toEqual([]);
  });

  test("show what a person was needed for, and what was before", async () => {
    const who = await connected();
    await world.control({ token: { kind: "error", error: "invalid_grant" } });
    await pass(SECOND);
    await refreshNow(who);
    expect((await listed(who)).map(({ version, status }) => [version, status])).toEqual([
      [2, "needs_reauth"],
      [1, "connected"],
    ]);
  });

  test.each([
    ["0", []],
    ["1", [11]],
    ["10", [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]],
    ["11", [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]],
    ["many", [11, 10, 9]],
  ])("that are kept are at most TOKEN_VERSIONS_KEPT, of %j", async (most, kept) => {
    const who = await connected();
    await configure(who, { TOKEN_VERSIONS_KEPT: most });
    await refreshed(who, 11);
    expect(await numbers(who)).toEqual([12, ...kept]);
    const keys = await storedKeys(await authorityOf(who));
    expect(keys.filter((key) => key !== "record").sort()).toEqual(
      kept.map((version) => `version:${version}`).sort(),
    );
  });

  test("of before go with the next change where none are to be kept any more", async () => {
    const who = await connected();
    await refreshed(who, 4);
    expect(await numbers(who)).toEqual([5, 4, 3, 2]);
    await configure(who, { TOKEN_VERSIONS_KEPT: "0" });
    await refreshed(who, 1);
    expect(await numbers(who)).toEqual([6]);
    expect(await storedKeys(await authorityOf(who))).toEqual(["record"]);
  });

  test("of before are nobody's to see where fewer are to be kept, and go one by one", async () => {
    const who = await connected();
    await configure(who, { TOKEN_VERSIONS_KEPT: "10" });
    await refreshed(who, 10);
    await configure(who, { TOKEN_VERSIONS_KEPT: "2", AZURE_REPLAY: "old_stays_valid" });
    expect(await numbers(who)).toEqual([11, 10, 9]);
    expectProblem(await rollback(who, 8), 404, "version_not_kept");
    await refreshed(who, 10);
    expect(await numbers(who)).toEqual([21, 20, 19]);
    expect(await storedKeys(await authorityOf(who))).toEqual(["record", "version:19", "version:20"]);
  });

  test("are sealed, each for its place", async () => {
    const alice = await connected(ALICE);
    await refreshed(alice, 3);
    const secrets = await everySecret(new Map());
    const hay = (await everyStoredByte()).filter(({ where }) => where.startsWith("authority version:"));
    expect(hay.length).toBeGreaterThanOrEqual(3);
    expect(findSecrets(secrets, hay)).toEqual([]);
    const version = await stored(alice, "version:1");
    expect(new TextDecoder("latin1").decode(version).match(/s1\.k2\.[\w-]+/g)).toHaveLength(2);

    // In another's storage they are nobody's.
    const bob: Connected = { ...alice, user: newUser() };
    expect((await connect(bob.key, bob.user, BOB)).status).toBe(200);
    await refreshed(bob, 1);
    await runInDurableObject(await authorityOf(bob), (_, state) =>
      state.storage.kv.put("version:1", version),
    );
    expectProblem(await rollback(bob, 1), 500, "stored_data_unreadable");
    expect((await get(versionsPath(bob), bob.key)).json.versions).toMatchObject([
      { version: 2 },
      { version: 1, can_refresh: false, unreadable: true },
    ]);
    expect((await get(`/user?user_id=${bob.user}`, bob.key)).json.mail).toBe(BOB);
  });
});

describe("going back", () => {
  /** For as long as the provider takes an old refresh token again. */
  const again = { AZURE_REPLAY: "old_stays_valid" };

  test("is a new version with the token of the old one, in every store, and is told", async () => {
    const who = await connected();
    await configure(who, again);
    const tokens = [await newestToken()];
    for (let n = 0; n < 3; n += 1) {
      await refreshAgain(who);
      tokens.push(await newestToken());
    }
    await readToken(who);
    expect((await rollback(who, 2)).json).toMatchObject({ status: "connected", version: 5 });
    // Not from this isolate's memory either.
    expect((await readToken(who)).json.access_token).toBe(tokens[1]);
    expect(await freshToken(who)).toBe(tokens[1]);
    expect((await inD1(who))?.version).toBe(5);
    expect(await numbers(who)).toEqual([5, 4, 3, 2]);
    const { events } = (await rpc(who.org).listEvents({ type: "connected" })) as {
      events: { data: Record<string, unknown> }[];
    };
    expect(events.map(({ data }) => [data.version, data.reason])).toEqual([
      [1, undefined],
      [5, "rolled_back"],
    ]);
  });

  test("brings the account of before back, after another was connected by mistake", async () => {
    const who = await connected(ALICE);
    await pass(SECOND);
    expect((await connect(who.key, who.user, BOB, { allow_other_account: "true" })).status).toBe(200);
    expect((await get(`/user?user_id=${who.user}`, who.key)).json.mail).toBe(BOB);
    expect((await listed(who)).map(({ account }) => account.username)).toEqual([BOB, ALICE]);
    const service = rpc(who.org, ["connections:write"]);
    const back = await service.rollback({ integration: "azure", userId: who.user, version: 1 });
    expect(back).toMatchObject({ version: 3, account: { username: ALICE } });
    expect((await get(`/user?user_id=${who.user}`, who.key)).json.mail).toBe(ALICE);
    // Its refresh token was never used: even where each is good once it is good.
    await refreshAgain(who);
    expect((await get(`/user?user_id=${who.user}`, who.key)).json.mail).toBe(ALICE);
    expect(await numbers(who)).toEqual([4, 3, 2, 1]);
  });

  test("to a refresh token that was used is refused where each is good once, and changes nothing", async () => {
    const who = await connected();
    await refreshed(who, 2);
    await world.control({ reset_stats: true });
    for (const version of [1, 2]) expectProblem(await rollback(who, version), 409, "version_spent");
    expect(await world.tokenRequests()).toBe(0);
    expect(await numbers(who)).toEqual([3, 2, 1]);
    await refreshAgain(who);
    expect(await freshToken(who)).toBe(await newestToken());
  });

  test("to a refresh token that was used before another grant took its place is refused too", async () => {
    const who = await connected();
    await refreshed(who, 1);
    await pass(SECOND);
    expect((await connect(who.key, who.user, ALICE)).status).toBe(200);
    expect(await numbers(who)).toEqual([3, 2, 1]);
    expectProblem(await rollback(who, 1), 409, "version_spent");
    expect((await rollback(who, 2)).status).toBe(200);
  });

  test("says nothing of a fault that it did not mend", async () => {
    const who = await connected();
    await refreshed(who, 1);
    await pass(SECOND);
    expect((await connect(who.key, who.user, BOB, { allow_other_account: "true" })).status).toBe(200);
    await world.control({ token: { kind: "error", status: 401, error: "invalid_client" } });
    await pass(SECOND);
    expect((await refreshNow(who)).status).toBe(502);
    expect((await rollback(who, 2)).status).toBe(200);
    const types = async () =>
      (
        (await rpc(who.org).listEvents({ userId: who.user })) as unknown as { events: { type: string }[] }
      ).events.map(({ type }) => type.replace(/^connection\./, ""));
    await pass(MINUTE, who);
    expect((await types()).slice(-2)).toEqual(["refresh_failed", "connected"]);
    await refreshAgain(who);
    await pass(MINUTE, who);
    expect((await types()).slice(-2)).toEqual(["refreshed", "recovered"]);
  });

  test("to a refresh token that does not work again says honestly that nobody can know, and back again", async () => {
    const who = await connected();
    // What the operator declares is not so.
    await configure(who, { AZURE_REPLAY: "not_rotated" });
    await refreshed(who, 1);
    expect((await rollback(who, 1)).status).toBe(200);
    await pass(SECOND);
    expect((await refreshNow(who)).json.code).toBe("needs_reauth");
    expect((await listed(who)).map(({ version, status }) => [version, status])).toEqual([
      [4, "needs_reauth"],
      [3, "connected"],
      [2, "connected"],
      [1, "connected"],
    ]);
    // The grant lives on in the version between.
    expect((await rollback(who, 2)).json).toMatchObject({ status: "connected", version: 5 });
    await refreshAgain(who);
    expect(await freshToken(who)).toBe(await newestToken());
  });

  test("to what is not kept is refused, and changes nothing", async () => {
    const who = await connected();
    await configure(who, again);
    await refreshed(who, 4);
    const before = await freshToken(who);
    for (const version of [0, 1, 5, 6, 99]) {
      expectProblem(await rollback(who, version), 404, "version_not_kept");
    }
    for (const version of ["", "-1", "two", "1.5"]) {
      expect((await rollback(who, version)).json.code).toMatch(/^(invalid_request|version_not_kept)$/);
    }
    const without = `/v1/connections/azure/rollback?user_id=${who.user}`;
    expectProblem(await send("POST", without, who.key), 400, "invalid_request");
    expect(await numbers(who)).toEqual([5, 4, 3, 2]);
    expect(await freshToken(who)).toBe(before);
  });

  test("while a refresh waits to be tried again is not done beside it", async () => {
    const who = await connected();
    await refreshed(who, 1);
    await pass(SECOND);
    await world.control({ token: { kind: "status", status: 503, retry_after: 30 } });
    expect((await refreshNow(who)).status).toBe(503);
    expectProblem(await rollback(who, 1), 503, "provider_unavailable");
    expect(await numbers(who)).toEqual([2, 1]);
    await pass(MINUTE, who);
    expect(await numbers(who)).toEqual([3, 2, 1]);
  });

  test("needs the permission to write, and looking the one to read", async () => {
    const who = await connected();
    await configure(who, again);
    await refreshed(who, 1);
    for (const [permission, reads, writes] of [
      ["connections:read", 200, 403],
      ["connections:write", 403, 200],
      ["tokens:read", 403, 403],
    ] as const) {
      const { key } = await createKey(who.org, [permission]);
      const answers = [await get(versionsPath(who), key), await rollback(who, 1, key)];
      expect([permission, ...answers.map(({ status }) => status)]).toEqual([permission, reads, writes]);
    }
    const stranger = await createKey(newOrg());
    expectProblem(await rollback(who, 1, stranger.key), 404, "not_connected");
    expectProblem(await get(versionsPath(who), stranger.key), 404, "not_connected");
  });
});

describe("after a disconnect", () => {
  const sealedIn = (bytes: Uint8Array | string | undefined) =>
    (typeof bytes === "string" ? bytes : new TextDecoder("latin1").decode(bytes)).match(/s1\.k2\.[\w-]+/g) ??
    [];

  test("nothing is kept: not in a list, not to go back to, and not in any byte", async () => {
    const who = await connected();
    await refreshed(who, 3);
    const keys = ["record", "version:1", "version:2", "version:3"];
    const sealed = (await Promise.all(keys.map((key) => stored(who, key)))).flatMap(sealedIn);
    expect(new Set(sealed).size).toBe(2 * 4);
    await disconnect(who);
    expect(await storedKeys(await authorityOf(who))).toEqual(["record"]);
    expectProblem(await get(versionsPath(who), who.key), 404, "not_connected");
    for (const version of [1, 2, 3, 4, 5]) expectProblem(await rollback(who, version), 404, "not_connected");
    const all = new Map(sealed.map((text) => [text, "a sealed token"]));
    expect(findSecrets(all, await everyStoredByte())).toEqual([]);
    expect(await freshToken(who)).toBeUndefined();

    expect((await connect(who.key, who.user)).status).toBe(200);
    expect(await numbers(who)).toEqual([6]);
    expectProblem(await rollback(who, 4), 404, "version_not_kept");
    await refreshed(who, 1);
    expect(await numbers(who)).toEqual([7, 6]);
  });

  test("that comes while versions are turned off, likewise", async () => {
    const who = await connected();
    await refreshed(who, 2);
    await configure(who, { TOKEN_VERSIONS_KEPT: "0" });
    await disconnect(who);
    expect(await storedKeys(await authorityOf(who))).toEqual(["record"]);
    const row = await env.DB.prepare("SELECT count(*) AS n FROM oauth_connections WHERE org_id = ?")
      .bind(who.org)
      .first<number>("n");
    expect(row).toBe(1);
  });
});
