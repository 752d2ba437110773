/** What a link asks for within what the integration allows, and what a connection does without. */
import { describe, expect, test } from "vitest";
import {
  Browser,
  connect,
  connected,
  createLink,
  describeConnection,
  expectProblem,
  expectSafePage,
  frontWith,
  get,
  newUser,
  readToken,
  stranger,
} from "../support/client.ts";
import { configure, later } from "../support/stores.ts";
import { ALICE, world } from "../support/world.ts";

const SEND = "Mail.Send";
const allowing = frontWith({ AZURE_ALLOWED_SCOPES: `${SEND} Calendars.ReadWrite` });

/** What the person is asked for. */
const asked = (browser: Browser) =>
  new URL(browser.authorizeUrl ?? "").searchParams.get("scope")?.split(" ") ?? [];

describe("scopes of a link", () => {
  test("that ALLOWED_SCOPES names are asked for by the links that name them, and by no other", async () => {
    const who = await stranger();
    const scopes = `openid User.Read ${SEND}`;
    expectProblem(
      await get(`/connect?${new URLSearchParams({ user_id: who.user, scopes })}`, who.key),
      400,
      "invalid_request",
    );
    const browser = new Browser(allowing);
    const link = await createLink(who.key, who.user, { scopes }, allowing);
    const callback = await browser.upToCallback(link.url, ALICE);
    expect(asked(browser)).toEqual(["openid", "User.Read", SEND, "offline_access"]);
    expectSafePage(await browser.open(callback), 200, "connected");
    expect((await describeConnection(who)).json.scopes).toMatchObject({
      asked: ["openid", "User.Read", SEND, "offline_access"],
      granted: expect.arrayContaining([SEND]),
      missing: [],
    });
    const plain = new Browser(allowing);
    await plain.upToCallback((await createLink(who.key, newUser(), {}, allowing)).url, ALICE);
    expect(asked(plain)).toContain("Mail.Read");
    expect(asked(plain)).not.toContain(SEND);
  });

  test.each([
    [{}, ["openid", "User.Read", "offline_access"]],
    [{ AZURE_ALLOWED_SCOPES: SEND }, ["openid", "User.Read", SEND, "offline_access"]],
  ])(
    "that the integration allows no more are not asked for again: by now %o",
    async (variables, expected) => {
      const who = await stranger();
      const link = await createLink(who.key, who.user, { scopes: `openid User.Read ${SEND}` }, allowing);
      const browser = new Browser(allowing);
      await browser.open(await browser.upToCallback(link.url, ALICE));
      await configure(who, variables);
      later(3_590_000);
      await world.control({ token: { kind: "error", error: "invalid_grant" } });
      const refused = await readToken(who);
      expectProblem(refused, 409, "needs_reauth");
      const again = new Browser(allowing);
      await again.upToCallback(String(refused.json.connect_url), ALICE);
      expect(asked(again)).toEqual(expected);
    },
  );
});

describe("scopes that the provider left out", () => {
  test("are named on the page, and only there where some are", async () => {
    const { key } = await connected();
    await world.control({ token: { kind: "patch", value: { scope: "User.Read openid" } } });
    const page = await connect(key, newUser());
    expectSafePage(page, 200, "connected");
    expect(page.text).toMatch(/Not all that .* asked for was given/);
    for (const scope of ["Mail.Read", "Calendars.Read"])
      expect(page.text).toContain(`<code><bdi>${scope}</bdi></code>`);
    expect(page.text).not.toContain("<bdi>User.Read</bdi>");
    expect((await connect(key, newUser())).text).not.toContain("was given");
  });
});

describe("an API that was never asked for", () => {
  test("is not called: lists say so as the token does", async () => {
    const who = { ...(await connected()), user: newUser() };
    await connect(who.key, who.user, ALICE, { scopes: "openid User.Read" });
    await world.control({ reset_stats: true });
    const subscription = "/subscriptions/11111111-1111-4111-8111-111111111111";
    for (const path of ["/subscriptions", "/tenants", `${subscription}/resources`]) {
      const answer = await get(`${path}?user_id=${who.user}`, who.key);
      expectProblem(answer, 403, "resource_not_granted");
    }
    expect(await world.tokenRequests()).toBe(0);
    expect((await world.stats()).arm.requests).toBe(0);
    expect((await get(`/user?user_id=${who.user}`, who.key)).json.mail).toBe(ALICE);
  });
});
