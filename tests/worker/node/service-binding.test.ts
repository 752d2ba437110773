/** A second Worker with service bindings, on the bundle that would be deployed. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { signIn } from "../../world/sign-in.ts";
import { findSecrets } from "../support/secrets.ts";
import { CALLER_REDIRECT, ORIGIN, RETURN_TO } from "../support/variables.ts";
import { Postern } from "./postern.ts";

const ALICE = "alice.anders@contoso.example";
const BOB = "bob.brandt@contoso.example";

let postern: Postern;
before(async () => {
  postern = await Postern.start();
});
after(() => postern.stop());

const tokenRequests = () => postern.microsoft.world.ledger.stats().token.requests;

async function until(what: () => Promise<boolean>): Promise<void> {
  for (let n = 0; n < 100; n += 1) {
    if (await what()) return;
    await sleep(30);
  }
  assert.fail("it did not come to that");
}

describe("a second Worker calls", () => {
  test("every method, for one connection from its beginning to its end", async () => {
    const userId = "rpc-user";
    const azure = { integration: "azure", userId };

    const link = await postern.call("createConnectLink", { userId, returnTo: RETURN_TO, confirm: "backend" });
    assert.ok(String(link.auth_url).startsWith(`${ORIGIN}/connect/`));
    const { callback, cookie } = await postern.upToCallback(String(link.auth_url), ALICE);
    const returned = await postern.http(callback, { headers: { cookie } });
    const target = new URL(returned.location ?? "");
    assert.equal((await postern.call("getToken", azure)).code, "connection_pending");
    const confirmed = await postern.call("confirmConnection", {
      attempt: target.searchParams.get("attempt"),
      code: target.searchParams.get("code"),
      userId,
    });
    assert.equal(confirmed.status, "connected");

    const token = await postern.call("getToken", azure);
    assert.equal(token.token_type, "Bearer");
    assert.ok(postern.microsoft.world.ledger.accessTokens.has(String(token.access_token)));
    const arm = await postern.call("getToken", { ...azure, resource: "arm", minTtl: 60 });
    assert.notEqual(arm.access_token, token.access_token);
    assert.equal((await postern.call("getUser", { userId })).mail, ALICE);
    const subscriptions = (await postern.call("listSubscriptions", { userId })) as unknown as {
      subscriptionId: string;
    }[];
    assert.equal(subscriptions.length, 7);
    const subscriptionId = subscriptions[0]?.subscriptionId ?? "";
    const groups = await postern.call("listResourceGroups", { userId, subscriptionId });
    assert.equal(groups.length, 5);
    assert.equal((await postern.call("listResources", { userId, subscriptionId })).length, 15);
    const some = { userId, subscriptionId, resourceGroup: "rg-1" };
    assert.equal((await postern.call("listResources", some)).length, 3);
    const mail = (await postern.call("getMail", { userId, top: 3 })) as unknown as {
      receivedDateTime: string;
    }[];
    assert.equal(mail.length, 3);
    const times = mail.map((message) => message.receivedDateTime);
    assert.deepEqual(times, times.toSorted().reverse());
    const events = await postern.call("getCalendarEvents", {
      userId,
      start: "2026-01-01T00:00:00Z",
      end: "2026-02-01T00:00:00Z",
    });
    assert.ok(Number(events.length) > 0);

    assert.equal((await postern.call("getConnection", azure)).status, "connected");
    const listed = (await postern.call("listConnections", { userId })).connections as { user_id: string }[];
    assert.deepEqual(
      listed.map((connection) => connection.user_id),
      [userId],
    );
    assert.equal((await postern.call("refresh", azure)).status, "connected");
    assert.notEqual((await postern.call("getToken", azure)).access_token, token.access_token);
    const consent = await postern.call("adminConsentUrl", {
      integration: "azure",
      tenantId: "organizations",
    });
    assert.match(String(consent.url), /\/organizations\/adminconsent\?/);
    assert.match(
      String((await postern.call("logoutUrl", { integration: "azure" })).url),
      /\/oauth2\/v2\.0\/logout/,
    );

    const ended = await postern.call("disconnect", azure);
    assert.deepEqual([ended.success, ended.disconnected], [true, true]);
    assert.equal((await postern.call("getToken", azure)).code, "not_connected");
  });

  test("connectAccount, because a binding has a connect of its own: the types say so", async () => {
    const types = readFileSync(
      new URL("../../../worker-shim/src/generated/rpc.gen.ts", import.meta.url),
      "utf8",
    );
    const commentOf = (method: string) =>
      new RegExp(String.raw`/\*\*((?:(?!\*/)[\s\S])*)\*/\n {2}${method}\(`).exec(types)?.[1] ?? "";
    assert.match(commentOf("connect"), /@deprecated .*`connectAccount`.*Fetcher/);
    assert.match(commentOf("connectAccount"), /`connect` of its own/);
    assert.doesNotMatch(commentOf("connectAccount"), /@deprecated/);
    const verifier = "a-second-workers-own-verifier-a-second-workers-own";
    const link = await postern.call("createConnectLink", {
      userId: "caller-user",
      mode: "caller",
      redirectUri: CALLER_REDIRECT,
      codeChallenge: createHash("sha256").update(verifier).digest("base64url"),
    });
    const back = new URL(await signIn({ authorizeUrl: String(link.auth_url), email: BOB }));
    const redeem = {
      userId: "caller-user",
      code: back.searchParams.get("code"),
      codeVerifier: verifier,
      state: back.searchParams.get("state"),
    };
    // docs/decisions/0003-rpc-connect.md; when this no longer throws, the runtime has changed.
    await assert.rejects(postern.call("connect", redeem), /TypeError/);
    assert.equal((await postern.call("connectAccount", redeem)).status, "connected");
    assert.equal((await postern.call("getUser", { userId: "caller-user" })).mail, BOB);
  });

  test("without props, with empty ones, without the permission, for another organization: refused", async () => {
    await postern.connect("props-user", ALICE);
    const azure = { integration: "azure", userId: "props-user" };
    assert.equal((await postern.call("getToken", azure, "EMPTY")).code, "unauthenticated");
    assert.equal((await postern.call("getToken", azure, "NONE")).code, "unauthenticated");
    assert.equal((await postern.call("getToken", azure, "READER")).code, "permission_denied");
    assert.equal((await postern.call("getConnection", azure, "READER")).status, "connected");
    assert.equal((await postern.call("getToken", azure, "OTHER")).code, "not_connected");
    assert.equal(
      (await postern.call("getToken", { ...azure, org: "acme" }, "OTHER")).code,
      "invalid_request",
    );
    assert.equal((await postern.http("/user?user_id=props-user")).status, 401);
  });

  test("and is answered, not thrown at, where a person is needed", async () => {
    await postern.connect("reauth-user", BOB);
    postern.microsoft.control({ revoke: BOB });
    const azure = { integration: "azure", userId: "reauth-user" };
    const first = await postern.call("refresh", azure);
    const second = await postern.call("refresh", azure);
    for (const answer of [first, second]) {
      assert.deepEqual([answer.success, answer.code, answer.status], [false, "needs_reauth", 409]);
      assert.match(String(answer.connect_url), /^https:\/\/postern\.example\/connect\/[\w-]{43}$/);
    }
    // Who asks again at once gets the same link (core/flow/grant/reauth.cpp).
    assert.equal(first.connect_url, second.connect_url);
    const { callback, cookie } = await postern.upToCallback(String(second.connect_url), BOB);
    assert.equal((await postern.http(callback, { headers: { cookie } })).status, 200);
    assert.equal((await postern.call("getUser", { userId: "reauth-user" })).mail, BOB);
  });
});

/** With a token that is to be refreshed, and a provider that takes its time. */
async function slowRefresh(userId: string): Promise<{ key: string; before: number }> {
  postern.microsoft.control({ expires_in: 200 });
  await postern.connect(userId, ALICE);
  postern.microsoft.control({ expires_in: 3600, token: { kind: "delay", ms: 400 } });
  return { key: await postern.key(), before: tokenRequests() };
}
const newest = () => [...postern.microsoft.world.ledger.accessTokens.keys()].at(-1);

describe("a second Worker follows what happens", () => {
  test("from where it stopped, in order, and what failed comes again", async () => {
    const userId = "followed";
    await postern.connect(userId, BOB);
    const followed = { userId, seconds: 20 };
    const first = await postern.subscribe({ parameters: followed, stopAt: 1 });
    assert.deepEqual(
      first.batches.flatMap(({ events }) => events.map(({ type }) => type)),
      ["connection.connected"],
    );
    const { cursor } = first.answer as { cursor: string };
    assert.equal(cursor, first.batches[0]?.cursor);

    // It waits; then two things happen, and it fails over the first of them.
    const waiting = postern.subscribe({ parameters: { ...followed, cursor }, failAt: 1 });
    await sleep(300);
    await postern.call("refresh", { integration: "azure", userId });
    const failed = await waiting;
    assert.match(String(failed.answer), /the subscriber failed/);
    await postern.call("disconnect", { integration: "azure", userId });
    const again = await postern.subscribe({ parameters: { ...followed, cursor }, stopAt: 1 });
    assert.deepEqual(
      again.batches.flatMap(({ events }) => events.map(({ type }) => type)),
      ["connection.refreshed", "connection.disconnected"],
    );
    assert.equal(again.batches[0]?.events[0]?.id, failed.batches[0]?.events[0]?.id);
  });

  test("a call that does not come back ends it, and what it was called with comes again", async () => {
    const userId = "stayed";
    await postern.connect(userId, BOB);
    const wish = { userId, seconds: 1 };
    const stayed = await postern.subscribe({ parameters: wish, stayAt: 1 });
    assert.deepEqual(stayed.answer, { cursor: "0" });
    const again = await postern.subscribe({ parameters: wish, stopAt: 1 });
    assert.deepEqual(again.batches[0]?.events, stayed.batches[0]?.events);
    assert.equal(again.batches[0]?.events.length, 1);
  });

  test("only with the permission, only its own organization's, and not for ever", async () => {
    const reader = await postern.subscribe({ parameters: {}, binding: "READER" });
    assert.equal((reader.answer as { code: string }).code, "permission_denied");
    const other = await postern.subscribe({ parameters: { seconds: 1 }, binding: "OTHER" });
    assert.deepEqual(other, { answer: { cursor: "0" }, batches: [] });
    const long = await postern.subscribe({ parameters: { seconds: 901 } });
    assert.equal((long.answer as { code: string }).code, "invalid_request");
    const badCursor = await postern.subscribe({ parameters: { cursor: "then" } });
    assert.equal((badCursor.answer as { code: string }).code, "invalid_request");
  });
});

describe("a subrequest that its caller cancels", () => {
  const path = (userId: string) => `/v1/connections/azure/token?user_id=${userId}`;

  for (const [when, milliseconds] of [
    ["at once", 0],
    ["before the exchange", 5],
    ["during the exchange", 150],
    ["just before its answer", 395],
  ] as const) {
    test(`${when}, during a refresh: the token is not lost, and one request leaves`, async () => {
      const userId = `cancel-refresh-${milliseconds}`;
      const { key, before: requests } = await slowRefresh(userId);
      const headers = { authorization: `Bearer ${key}` };
      const cancelled = await postern.http(path(userId), { headers }, milliseconds);
      assert.match(cancelled.thrown ?? "", /abort/i);
      const next = await postern.http(path(userId), { headers });
      const token = (JSON.parse(next.text ?? "") as { access_token: string }).access_token;
      assert.equal(token, newest());
      assert.equal(tokenRequests() - requests, 1);
      assert.equal((await postern.call("refresh", { integration: "azure", userId })).status, "connected");
      await until(async () => (await postern.figures()).live === 0);
    });

    test(`${when}, during a callback: connected, or free to try again; nothing half`, async () => {
      const userId = `cancel-callback-${milliseconds}`;
      const link = await postern.call("createConnectLink", { userId });
      const { callback, cookie } = await postern.upToCallback(String(link.auth_url), ALICE);
      postern.microsoft.control({ clear_faults: true, token: { kind: "delay", ms: 400 } });
      const requests = tokenRequests();
      const cancelled = await postern.http(callback, { headers: { cookie } }, milliseconds);
      assert.match(cancelled.thrown ?? "", /abort/i);
      await sleep(700);
      const azure = { integration: "azure", userId };
      if (tokenRequests() > requests) {
        // The code was sent: the authority finished, although nobody waited.
        assert.equal((await postern.call("getToken", azure)).access_token, newest());
        const again = await postern.http(callback, { headers: { cookie } });
        assert.equal(again.status, 200, "a reload is told that it is connected");
        assert.equal(tokenRequests() - requests, 1);
      } else {
        assert.equal((await postern.call("getToken", azure)).code, "not_connected");
        postern.microsoft.control({ clear_faults: true });
        await postern.connect(userId, ALICE);
      }
      if (milliseconds >= 150) assert.equal(tokenRequests() - requests, 1);
      postern.microsoft.control({ clear_faults: true });
      assert.equal((await postern.call("refresh", azure)).status, "connected");
      await until(async () => (await postern.figures()).live === 0);
    });
  }

  test("while Graph takes its time: the instance comes back at once", async () => {
    postern.microsoft.control({ clear_faults: true });
    await postern.connect("cancel-graph", ALICE);
    const headers = { authorization: `Bearer ${await postern.key()}` };
    assert.equal((await postern.http("/user?user_id=cancel-graph", { headers })).status, 200);
    postern.microsoft.control({ graph: Array.from({ length: 20 }, () => ({ kind: "delay", ms: 8000 })) });
    const calls = Array.from({ length: 20 }, () =>
      postern.http("/user?user_id=cancel-graph", { headers }, 400),
    );
    await until(async () => (await postern.figures()).live > 10);
    await Promise.all(calls);
    await until(async () => (await postern.figures()).live === 0);
    postern.microsoft.control({ clear_faults: true });
    assert.equal((await postern.http("/user?user_id=cancel-graph", { headers })).status, 200);
  });

  test("a hundred at once: every instance comes back, and the next request works", async () => {
    const userId = "cancel-many";
    const { key } = await slowRefresh(userId);
    const headers = { authorization: `Bearer ${key}` };
    const calls = Array.from({ length: 100 }, (_, n) => postern.http(path(userId), { headers }, n % 20));
    await Promise.all(calls);
    await until(async () => (await postern.figures()).live === 0);
    assert.equal((await postern.http(path(userId), { headers })).status, 200);
  });
});

describe("a method call whose caller", () => {
  for (const [how, dispose] of [
    ["ends its own request", false],
    ["lets go of the promise", true],
  ] as const) {
    test(`${how} while Graph takes its time: the instance comes back, and the next call works`, async () => {
      const userId = `gone-graph-${dispose}`;
      postern.microsoft.control({ clear_faults: true });
      await postern.connect(userId, ALICE);
      assert.equal((await postern.call("getUser", { userId })).mail, ALICE);
      postern.microsoft.control({ graph: Array.from({ length: 10 }, () => ({ kind: "delay", ms: 1500 })) });
      const leave = { after: 300, dispose };
      await Promise.all(Array.from({ length: 10 }, () => postern.leave("getUser", { userId }, leave)));
      assert.ok((await postern.figures()).live > 0);
      await until(async () => (await postern.figures()).live === 0);
      postern.microsoft.control({ clear_faults: true });
      assert.equal((await postern.call("getUser", { userId })).mail, ALICE);
    });

    for (const after of [0, 150]) {
      test(`${how} ${after} ms into a refresh: the token is not lost, and one request leaves`, async () => {
        const userId = `gone-refresh-${dispose}-${after}`;
        const azure = { integration: "azure", userId };
        postern.microsoft.control({ clear_faults: true });
        const { before: requests } = await slowRefresh(userId);
        await postern.leave("getToken", azure, { after, dispose });
        assert.equal((await postern.call("getToken", azure)).access_token, newest());
        assert.equal(tokenRequests() - requests, 1);
        assert.equal((await postern.call("refresh", azure)).status, "connected");
        await until(async () => (await postern.figures()).live === 0);
      });
    }
  }
});

describe("on disk, once the runtime has ended", () => {
  test("no byte of a file says a secret, and no line of the log", async () => {
    await postern.halt();
    const secrets = new Map(postern.secrets);
    for (const [kind, values] of Object.entries(postern.microsoft.world.ledger.secrets())) {
      // A nonce is no secret: it stands in the URL of the sign-in, and whoever knows it can do nothing.
      if (kind !== "nonces") for (const value of values) secrets.set(value, kind);
    }
    for (const kind of [
      "access_tokens",
      "refresh_tokens",
      "id_tokens",
      "codes",
      "states",
      "API key",
      "cookie",
    ]) {
      assert.ok([...secrets.values()].includes(kind), kind);
    }
    const files = readdirSync(postern.data, { recursive: true, withFileTypes: true }).filter((file) =>
      file.isFile(),
    );
    assert.ok(files.some((file) => /sqlite/.test(file.name)));
    const hay = files.map((file) => ({
      where: file.name,
      bytes: readFileSync(join(file.parentPath, file.name)),
    }));
    assert.ok(hay.some(({ bytes }) => bytes.includes("props-user")));
    assert.deepEqual(findSecrets(secrets, hay), []);
    assert.ok(postern.log.some((line) => line.includes("connected")));
    assert.deepEqual(findSecrets(secrets, [{ where: "log", bytes: postern.log.join("\n") }]), []);
  });
});
