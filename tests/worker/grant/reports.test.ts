/** What people who do this job reported in public, played: each test names its report. */
import { describe, expect, test } from "vitest";
import type { Fault } from "../../world/faults.ts";
import {
  Browser,
  connected,
  createKey,
  createLink,
  describeConnection,
  expectProblem,
  expectSafePage,
  get,
  nearExpiry,
  newestToken,
  newOrg,
  newUser,
  readToken,
} from "../support/client.ts";
import { later } from "../support/stores.ts";
import { ALICE, world } from "../support/world.ts";

async function person() {
  const org = newOrg();
  return { org, key: (await createKey(org)).key, user: newUser() };
}

/** Signs in; the code exchange meets this. */
async function exchangeThatMeets(token: Fault) {
  const who = await person();
  const browser = new Browser();
  const callback = await browser.upToCallback((await createLink(who.key, who.user)).url, ALICE);
  await world.control({ token });
  return browser.open(callback);
}

describe("the sign-in", () => {
  test("of an application that signs with a key of its own (AzureAD/passport-azure-ad#482)", async () => {
    await world.control({ signing: "application" });
    const who = await connected();
    expect((await describeConnection(who)).json.status).toBe("connected");
  });

  test("declined in Spanish is declined (microsoft-authentication-library-for-android#253)", async () => {
    const who = await person();
    const browser = new Browser();
    const link = await createLink(who.key, who.user);
    const denied = new URL(await browser.upToCallback(link.url));
    denied.searchParams.delete("error_description");
    const answer = await browser.open(`${denied.href}&error_description=AADSTS65004%3a+declin%u00f3`);
    expectSafePage(answer, 403, "access_denied");
    const attempt = await get(`/v1/connect-links/${link.attempt}`, who.key);
    expect(attempt.json).toMatchObject({ status: "failed", reason: "access_denied" });
  });

  test("where Azure has no principal goes on without it (PostHog/posthog#43486)", async () => {
    const who = await person();
    await world.control({ services: "no-azure" });
    const browser = new Browser();
    const refused = await browser.upToCallback((await createLink(who.key, who.user)).url, ALICE);
    expect(refused).toContain("error=invalid_client");
    const again = (await browser.open(refused)).headers.get("location") ?? "";
    expect(new URL(again).searchParams.get("scope")).not.toContain("management");
    expect((await browser.open((await world.signIn(again, ALICE)).href)).status).toBe(200);
    expect((await readToken(who)).status).toBe(200);
    expectProblem(await readToken(who, { resource: "arm" }), 403, "resource_not_granted");
  });

  const REGISTRATION: Record<string, [Fault, string]> = {
    "a single-page application's (sidebase/nuxt-auth#301)": [
      { kind: "error", error: "invalid_request", number: 9002327 },
      "register it as Web",
    ],
    "a public client's (Azure-Samples/ms-identity-python-webapp#113)": [
      { kind: "error", error: "invalid_client", number: 700025, status: 401 },
      "register the redirect URI as Web",
    ],
  };
  test.each(Object.entries(REGISTRATION))("with a registration that is %s", async (_, [fault, words]) => {
    const answer = await exchangeThatMeets(fault);
    expectSafePage(answer, 500, "integration_fault");
    expect(answer.text).toContain(words);
  });

  test("of a guest whose account is personal (AzureAD/microsoft-identity-web#2035)", async () => {
    const answer = await exchangeThatMeets({ kind: "error", error: "invalid_request", number: 500202 });
    expectSafePage(answer, 403, "provider_refused");
    expect(answer.text).toContain("has to name the directory");
  });
});

describe("a healthy grant", () => {
  test("outlives throttling that calls itself invalid_grant (msal-dotnet#1788)", async () => {
    const { who } = await nearExpiry();
    later(201_000);
    await world.control({ token: { kind: "error", error: "invalid_grant", number: 50196 } });
    expect((await readToken(who)).status).toBe(503);
    expect((await describeConnection(who)).json.status).toBe("connected");
    later(120_000);
    expect((await readToken(who)).json.access_token).toBe(await newestToken());
  });

  test("is not asked for a token at each call that is 401 anyway (Graph-Controls#143)", async () => {
    const who = await connected();
    const mail = () => get(`/mail?user_id=${who.user}`, who.key);
    expect((await mail()).status).toBe(200);
    const broken: Fault = {
      kind: "status",
      status: 401,
      error: "UnknownError",
      path: "messages",
      times: "always",
    };
    await world.control({ graph: broken, reset_stats: true });
    for (let i = 0; i < 5; i += 1) expectProblem(await mail(), 502, "provider_rejected");
    expect(await world.tokenRequests("refresh_token")).toBe(1);
    expect((await get(`/user?user_id=${who.user}`, who.key)).status).toBe(200);
  });
});
