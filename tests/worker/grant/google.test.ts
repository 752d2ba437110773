/** Google's own: one refresh token for life, fewer scopes than were asked for, a revocation that ends all that an account granted. */
import { beforeEach, describe, expect, test } from "vitest";
import {
  Browser,
  type Connected,
  createLink,
  describeConnection,
  disconnect,
  expectProblem,
  expectSafePage,
  frontWith,
  notConnected,
  readToken,
  refreshNow,
  stranger,
} from "../support/client.ts";
import { pass, SECOND } from "../support/clock.ts";
import { connectAt, connectedAt, GOOGLE, given, ownerOf, startAlone } from "../support/providers.ts";
import { configure, later } from "../support/stores.ts";
import { ALICE, BOB, google } from "../support/world.ts";

const EMAIL = "https://www.googleapis.com/auth/userinfo.email";

beforeEach(() => startAlone(GOOGLE));

const token = async (who: Connected) => (await readToken(who)).json.access_token;
const status = async (who: Connected) => (await describeConnection(who)).json.status;

describe("an account that two connections share", () => {
  test("the end of the first leaves Google's grant, the end of the last ends it; organizations do not matter", async () => {
    const [one, two] = [await connectedAt(GOOGLE), await connectedAt(GOOGLE)];
    expect(one.org).not.toBe(two.org);
    const [left, held] = [await token(one), await token(two)];
    expect((await disconnect(one)).json).toMatchObject({ disconnected: true, provider_revocation: "shared" });
    await notConnected(one);
    expect((await google.stats()).revocation.requests).toBe(0);
    expect(await ownerOf(GOOGLE, held)).toBe(ALICE);
    await pass(SECOND);
    expect((await refreshNow(two)).status).toBe(200);
    // Nothing is owed: no alarm ends the other one's grant later.
    await pass(24 * 3600 * SECOND, one);
    expect((await google.stats()).revocation.requests).toBe(0);
    expect((await disconnect(two)).json.provider_revocation).toBe("revoked");
    for (const dead of [left, held]) expect(await ownerOf(GOOGLE, dead)).toBeUndefined();
  });

  test("other accounts are not shared with it", async () => {
    const who = await connectedAt(GOOGLE);
    const other = await connectedAt(GOOGLE, BOB);
    expect((await disconnect(who)).json.provider_revocation).toBe("revoked");
    expect(await ownerOf(GOOGLE, await token(other))).toBe(BOB);
    expect((await disconnect(other)).json.provider_revocation).toBe("revoked");
  });
});

describe("scopes", () => {
  const [DRIVE, MAIL] = ["drive.readonly", "gmail.readonly"].map(
    (name) => `https://www.googleapis.com/auth/${name}`,
  );
  const front = frontWith({ GOOGLE_SCOPES: `email ${DRIVE} ${MAIL}` });
  const scope = async (who: Connected) =>
    String((await readToken(who)).json.scope)
      .split(" ")
      .sort();

  async function connectAsking(who: Connected): Promise<void> {
    const browser = new Browser(front);
    const { url } = await createLink(who.key, who.user, { integration: "google" }, front);
    const consent = await browser.open(url);
    for (const words of ["Know who you are", "Read all your files in Drive", "Read your mail"])
      expect(consent.text).toContain(words);
    expectSafePage(await browser.open(await browser.upToCallback(url, ALICE)), 200, "connected");
  }

  test("that people leave unticked are not said to be granted, neither now nor after a refresh", async () => {
    const who = await stranger("google");
    await google.control({ declined: [MAIL] });
    await connectAsking(who);
    const granted = [DRIVE, EMAIL, "openid"].sort();
    expect(await scope(who)).toEqual(granted);
    expect((await describeConnection(who)).json).toMatchObject({
      status: "connected",
      resources: [{ scope: expect.not.stringContaining("gmail") }],
    });
    await pass(SECOND);
    expect((await refreshNow(who)).status).toBe(200);
    expect(await scope(who)).toEqual(granted);
    // Whoever is asked again may grant them.
    await google.control({ declined: [] });
    await connectAsking(who);
    expect(await scope(who)).toEqual([...granted, MAIL].sort());
  });
});

describe("a refresh whose answer is lost", () => {
  test("is done again with the same refresh token at once: the provider takes it for life", async () => {
    await google.control({ expires_in: 200 });
    const who = await connectedAt(GOOGLE);
    await configure(who, { GOOGLE_REPLAY: "not_rotated" });
    const old = (await given(GOOGLE, "access_tokens")).at(-1);
    const refreshTokens = await given(GOOGLE, "refresh_tokens");
    await google.control({ expires_in: 3599, reset_stats: true, token: { kind: "drop-after" } });
    expect(await token(who)).toBe(old);
    expect(await status(who)).toBe("connected");
    // Within the time in which the first might still be on its way, were it of single use.
    later(5_000);
    const fresh = await token(who);
    expect(fresh).not.toBe(old);
    expect(await ownerOf(GOOGLE, fresh)).toBe(ALICE);
    expect(await google.tokenRequests("refresh_token")).toBe(2);
    expect(await given(GOOGLE, "refresh_tokens")).toEqual(refreshTokens);
    expect(await status(who)).toBe("connected");
  });
});

describe("a refusal with a reason of its own", () => {
  test("(error_subtype) wants the person, and does not end the grant", async () => {
    await google.control({ expires_in: 200 });
    const who = await connectedAt(GOOGLE);
    later(201_000);
    await google.control({
      expires_in: 3599,
      token: { kind: "error", error: "invalid_grant", suberror: "invalid_rapt" },
    });
    const refused = await readToken(who);
    expectProblem(refused, 409, "needs_reauth");
    expect(refused.json).toMatchObject({
      cause: "needs_person",
      provider_error: "invalid_grant",
      suberror: "invalid_rapt",
      meaning: "The organization asks for signing in again",
      fix: "user",
    });
    expect(await status(who)).toBe("needs_reauth");
    // The grant is alive: when Google wants nobody any more, it works again.
    later(31_000);
    expect(await ownerOf(GOOGLE, await token(who))).toBe(ALICE);
    expect(await status(who)).toBe("connected");
  });
});

describe("a sign-in", () => {
  test("whose profile endpoint is down costs nothing: the ID token says who it is", async () => {
    await google.control({ api: { kind: "status", status: 503, times: "always" } });
    const who = await connectedAt(GOOGLE);
    expect((await describeConnection(who)).json).toMatchObject({
      account: { name: "Alice Anders", username: ALICE },
    });
  });

  test("without an ID token, or with another person's nonce, is refused", async () => {
    const who = await stranger("google");
    await google.control({ token: { kind: "patch", value: { id_token: null } } });
    expectSafePage(await connectAt(GOOGLE, who), 403, "id_token_refused");
    await google.control({ token: { kind: "id-token", bad: "wrong-nonce" } });
    expectSafePage(await connectAt(GOOGLE, who), 403, "answer_mismatch");
    await notConnected(who);
    expectSafePage(await connectAt(GOOGLE, who), 200, "connected");
  });
});
