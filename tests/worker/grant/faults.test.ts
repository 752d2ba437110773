/** What a provider can answer, at each place where Postern asks it. */
import { runDurableObjectAlarm } from "cloudflare:test";
import { describe, expect, test, vi } from "vitest";
import type { Fault } from "../../world/faults.ts";
import { navigationOf } from "../../world/sign-in.ts";
import {
  Browser,
  type Connected,
  connect,
  connected,
  createKey,
  describeConnection,
  get,
  nearExpiry,
  newestToken,
  newOrg,
  newUser,
  pageCode,
  readToken,
  refreshNow,
  rpc,
} from "../support/client.ts";
import { authorityOf, forget, inD1, later, storedKeys } from "../support/stores.ts";
import { ALICE, world } from "../support/world.ts";

function hurry(): void {
  const real = globalThis.setTimeout;
  vi.stubGlobal("setTimeout", (work: () => void, ms?: number) => real(work, (ms ?? 0) / 40));
}

const status = async (who: Connected) => (await describeConnection(who)).json.status;

/** None of these says anything about the grant, and none of them used it up. */
const PASSING: Record<string, Fault> = {
  "503": { kind: "status", status: 503 },
  "503 with Retry-After": { kind: "status", status: 503, retry_after: 7 },
  "429 with Retry-After": { kind: "status", status: 429, retry_after: 9 },
  "500 with invalid_grant": { kind: "error", status: 500, error: "invalid_grant" },
  temporarily_unavailable: { kind: "error", status: 400, error: "temporarily_unavailable" },
  "HTML with 200": { kind: "html" },
  "HTML with 502": { kind: "html", status: 502 },
  "JSON cut off": { kind: "malformed" },
  "JSON with a raw tab": { kind: "control-character" },
  "10 MB": { kind: "huge" },
  "a closed connection": { kind: "drop-before" },
  silence: { kind: "silent" },
};

describe("a refresh that meets", () => {
  test.each(Object.entries(PASSING))(
    "%s: the live token is served, the grant is kept",
    async (name, fault) => {
      if (name === "silence") hurry();
      const { who, old } = await nearExpiry();
      await world.control({ token: fault });
      const answer = await readToken(who);
      expect([answer.status, answer.json.access_token]).toEqual([200, old]);
      expect(await status(who)).toBe("connected");
      expect(await world.tokenRequests()).toBe(1);
      // Until the time to try again no second request leaves, however many ask.
      await Promise.all(Array.from({ length: 5 }, () => readToken(who)));
      expect(await world.tokenRequests()).toBe(1);
      later(30_000);
      const fresh = (await readToken(who)).json.access_token;
      expect(fresh).toBe(await newestToken());
      expect(fresh).not.toBe(old);
      expect(await world.tokenRequests()).toBe(2);
      expect(await storedKeys(await authorityOf(who))).not.toContain("journal");
    },
  );

  test.each(Object.entries(PASSING))(
    "%s after the token died: 503 with Retry-After, nothing lost",
    async (name, fault) => {
      if (name === "silence") hurry();
      const { who } = await nearExpiry();
      later(201_000);
      await world.control({ token: fault });
      const answer = await readToken(who);
      expect([answer.status, answer.json.code]).toEqual([503, "provider_unavailable"]);
      const wait = Number(answer.headers.get("retry-after"));
      expect(wait).toBeGreaterThanOrEqual(1);
      if (typeof fault.retry_after === "number") expect(wait).toBe(fault.retry_after);
      expect(answer.text).not.toContain("AADSTS");
      expect(await status(who)).toBe("connected");
      later(30_000);
      expect((await readToken(who)).json.access_token).toBe(await newestToken());
    },
  );

  test("a fault, and nobody comes again: the alarm finishes it", async () => {
    const { who, old } = await nearExpiry();
    await world.control({ token: { kind: "drop-before" } });
    expect((await readToken(who)).json.access_token).toBe(old);
    later(30_000);
    expect(await runDurableObjectAlarm(await authorityOf(who))).toBe(true);
    expect(await world.tokenRequests()).toBe(2);
    expect((await readToken(who)).json.access_token).toBe(await newestToken());
    expect(await world.tokenRequests()).toBe(2);
  });

  const LOST: Record<string, Fault> = {
    "an answer that is lost": { kind: "drop-after" },
    "an answer that never comes": { kind: "silent", when: "after" },
  };

  test.each(Object.entries(LOST))("%s recovers where old tokens stay good", async (name, fault) => {
    if (name.endsWith("never comes")) hurry();
    await world.control({ rotation: "reusable" });
    const { who, old } = await nearExpiry();
    await world.control({ token: fault });
    expect((await readToken(who)).json.access_token).toBe(old);
    later(30_000);
    const fresh = (await readToken(who)).json.access_token;
    expect(fresh).toBe(await newestToken());
    expect(fresh).not.toBe(old);
    expect(await status(who)).toBe("connected");
  });

  test.each(Object.entries(LOST))("%s under strict single use is told honestly", async (name, fault) => {
    if (name.endsWith("never comes")) hurry();
    const { who, old } = await nearExpiry();
    await world.control({ token: fault });
    expect((await readToken(who)).json.access_token).toBe(old);
    expect(await status(who)).toBe("connected");
    later(30_000);
    // The access token still lives; only the grant is gone.
    expect((await refreshNow(who)).json).toMatchObject({
      code: "needs_reauth",
      cause: "refresh_outcome_unknown",
    });
    later(200_000);
    const answer = await readToken(who);
    expect(answer.json).toMatchObject({ code: "needs_reauth", cause: "refresh_outcome_unknown" });
    expect(await status(who)).toBe("needs_reauth");
    // The link in the refusal is all that the person needs.
    const browser = new Browser();
    const callback = await browser.upToCallback(String(answer.json.connect_url), ALICE);
    expect(pageCode(await browser.open(callback))).toBe("connected");
    expect(await status(who)).toBe("connected");
    expect((await readToken(who)).json.access_token).toBe(await newestToken());
  });

  test.each(["invalid_grant", "interaction_required", "consent_required"])(
    "%s: only a person helps, and nobody asks the provider again",
    async (error) => {
      const { who } = await nearExpiry();
      later(201_000);
      await world.control({ token: { kind: "error", error, times: "always" } });
      const answers = await Promise.all(Array.from({ length: 5 }, () => readToken(who)));
      for (const answer of answers) {
        expect(answer.json).toMatchObject({ success: false, code: "needs_reauth", status: 409 });
        expect(answer.json.connect_url).toMatch(/^https:\/\/postern\.example\/connect\/[\w-]{43}$/);
      }
      expect(await world.tokenRequests()).toBe(1);
      expect(await status(who)).toBe("needs_reauth");
      const over = await rpc(who.org).getToken({ integration: "azure", userId: who.user });
      expect(over).toMatchObject({ success: false, code: "needs_reauth" });
    },
  );

  test("a revoked grant: the live token is served to its end", async () => {
    const { who, old } = await nearExpiry();
    await world.control({ revoke: ALICE });
    expect((await refreshNow(who)).json.code).toBe("needs_reauth");
    forget();
    expect((await readToken(who)).json.access_token).toBe(old);
    later(201_000);
    expect((await readToken(who)).json.code).toBe("needs_reauth");
  });

  test("a claims challenge: the link carries the claims to the provider", async () => {
    const { who } = await nearExpiry();
    const claims = '{"access_token":{"capolids":{"essential":true,"values":["c1"]}}}';
    await world.control({ token: { kind: "error", error: "interaction_required", claims } });
    const answer = await refreshNow(who);
    const pressed = await new Browser().press(String(answer.json.connect_url));
    expect(new URL(navigationOf(pressed.text)).searchParams.get("claims")).toBe(claims);
  });

  test.each([
    ["invalid_client", "the integration's", 502, "integration_fault"],
    ["unauthorized_client", "this connection's refusal", 403, "resource_refused"],
    ["no_such_error", "this connection's refusal", 403, "resource_refused"],
  ])("%s is %s, and ends no grant", async (error, _, code, word) => {
    const { who, old } = await nearExpiry();
    await world.control({ token: { kind: "error", status: 401, error } });
    expect((await readToken(who)).json.access_token).toBe(old);
    // For half a minute everybody is told, and the provider is not asked.
    const forced = await refreshNow(who);
    expect([forced.status, forced.json.code]).toEqual([code, word]);
    for (let n = 0; n < 20; n += 1) await readToken(who);
    expect(await world.tokenRequests()).toBe(1);
    expect(await status(who)).toBe("connected");
    later(31_000);
    expect((await refreshNow(who)).status).toBe(200);
    expect((await readToken(who)).json.access_token).toBe(await newestToken());
  });

  test("an error with HTTP 200 is never stored as a token", async () => {
    const { who, old } = await nearExpiry();
    await world.control({ token: { kind: "error", status: 200, error: "server_error" } });
    expect((await readToken(who)).json.access_token).toBe(old);
    later(30_000);
    await world.control({ token: { kind: "error", status: 200, error: "invalid_grant" } });
    expect((await refreshNow(who)).json.code).toBe("needs_reauth");
  });

  test.each([
    ["missing", null],
    ["a word", "soon"],
    ["negative", -5],
    ["absurd", 1e15],
    ["an object", {}],
  ])("expires_in that is %s is unknown: served until the resource refuses it", async (_, value) => {
    const { who, old } = await nearExpiry();
    await world.control({ token: { kind: "patch", value: { expires_in: value } } });
    const answer = await readToken(who);
    expect(answer.json.access_token).not.toBe(old);
    expect(answer.json.expires_at).toBeNull();
    expect(await world.tokenRequests()).toBe(1);
    forget();
    later(86_400_000);
    expect((await readToken(who)).json.access_token).toBe(answer.json.access_token);
    await world.control({ expire_access_tokens: true, reset_stats: true });
    expect((await get(`/user?user_id=${who.user}`, who.key)).json.mail).toBe(ALICE);
    expect(await world.tokenRequests()).toBe(1);
  });

  test("expires_in as a string of digits is a number", async () => {
    const { who } = await nearExpiry();
    await world.control({ token: { kind: "patch", value: { expires_in: "3600" } } });
    const { json } = await readToken(who);
    const left = Date.parse(String(json.expires_at)) - Date.now();
    expect(left).toBeGreaterThan(3_590_000);
    expect(left).toBeLessThanOrEqual(3_600_000);
  });

  test.each([
    ["no access token", { access_token: null }],
    ["an empty access token", { access_token: "" }],
    ["another type of token", { token_type: "mac" }],
  ])("%s in a good answer is never stored", async (_, value) => {
    const { who, old } = await nearExpiry();
    await world.control({ rotation: "reusable", token: { kind: "patch", value } });
    expect((await readToken(who)).json.access_token).toBe(old);
    expect(await status(who)).toBe("connected");
    later(30_000);
    expect((await refreshNow(who)).status).toBe(200);
  });
});

describe("a code exchange that meets", () => {
  const PAGES: [string, Fault, string][] = [
    ["503", { kind: "status", status: 503 }, "provider_unavailable"],
    ["429", { kind: "status", status: 429, retry_after: 3 }, "provider_unavailable"],
    ["HTML", { kind: "html" }, "provider_unavailable"],
    ["JSON cut off", { kind: "malformed" }, "provider_unavailable"],
    ["JSON with a raw tab", { kind: "control-character" }, "provider_unavailable"],
    ["10 MB", { kind: "huge" }, "provider_unavailable"],
    ["a closed connection", { kind: "drop-before" }, "provider_unavailable"],
    ["a lost answer", { kind: "drop-after" }, "provider_unavailable"],
    ["silence", { kind: "silent" }, "provider_unavailable"],
    ["invalid_grant", { kind: "error", error: "invalid_grant" }, "code_refused"],
    ["invalid_client", { kind: "error", status: 401, error: "invalid_client" }, "integration_fault"],
    ["an error with HTTP 200", { kind: "error", status: 200, error: "invalid_grant" }, "code_refused"],
  ];

  test.each(PAGES)("%s: a page, nothing stored, and the next attempt works", async (name, fault, page) => {
    if (name === "silence") hurry();
    const org = newOrg();
    const who: Connected = { org, key: (await createKey(org)).key, user: newUser() };
    await world.control({ token: fault });
    const answer = await connect(who.key, who.user);
    expect(pageCode(answer)).toBe(page);
    expect(answer.text).not.toContain("AADSTS");
    expect(await world.tokenRequests()).toBe(1);
    expect((await readToken(who)).json.code).toBe("not_connected");
    expect(await inD1(who)).toBeNull();
    // What tells of the attempt is gone once it is told.
    later(10_000);
    await runDurableObjectAlarm(await authorityOf(who));
    expect(await storedKeys(await authorityOf(who))).toEqual([]);
    expect(pageCode(await connect(who.key, who.user))).toBe("connected");
  });

  test("a failure leaves the connection that is there as it is", async () => {
    const who = await connected();
    const before = (await readToken(who)).json.access_token;
    await world.control({ token: { kind: "error", error: "invalid_grant" } });
    expect(pageCode(await connect(who.key, who.user))).toBe("code_refused");
    expect((await readToken(who)).json.access_token).toBe(before);
    expect((await refreshNow(who)).status).toBe(200);
  });

  test("a profile that cannot be read costs its names only", async () => {
    await world.control({ graph: { kind: "status", status: 503 } });
    const who = await connected();
    expect(await status(who)).toBe("connected");
    expect((await readToken(who)).status).toBe(200);
  });
});

describe("Graph or ARM that answers", () => {
  const ANSWERS: [string, Fault, number, string][] = [
    ["429", { kind: "status", status: 429, retry_after: 11 }, 429, "rate_limited"],
    ["503", { kind: "status", status: 503, retry_after: 11 }, 503, "provider_unavailable"],
    ["403", { kind: "status", status: 403 }, 403, "provider_forbidden"],
    ["404", { kind: "status", status: 404 }, 404, "provider_not_found"],
    ["400", { kind: "status", status: 400 }, 400, "invalid_request"],
    // Asked for once more each.
    ["HTML", { kind: "html", times: 2 }, 502, "provider_rejected"],
    ["JSON cut off", { kind: "malformed", times: 2 }, 502, "provider_rejected"],
    ["10 MB", { kind: "huge" }, 502, "answer_too_large"],
    ["nothing, and closes", { kind: "drop-before" }, 503, "provider_unavailable"],
    ["nothing", { kind: "silent" }, 504, "timeout"],
  ];

  test.each(ANSWERS)(
    "%s: a problem of ours, never its body, and the next request works",
    async (name, fault, code, word) => {
      const who = await connected();
      if (name === "nothing") hurry();
      for (const [place, path, member] of [
        ["graph", "/user", "mail"],
        ["arm", "/subscriptions", "subscriptions"],
      ] as const) {
        await world.control({ [place]: fault });
        const answer = await get(`${path}?user_id=${who.user}`, who.key);
        expect([answer.status, answer.json.code]).toEqual([code, word]);
        expect(answer.headers.get("content-type")).toMatch(/^application\/problem\+json/);
        expect(answer.text.length).toBeLessThan(1000);
        if (fault.retry_after !== undefined) expect(answer.headers.get("retry-after")).toBe("11");
        expect((await get(`${path}?user_id=${who.user}`, who.key)).json).toHaveProperty(member);
      }
    },
  );
});
