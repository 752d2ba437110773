/** One provider's answer for another's: RFC 9700 section 4.4, and codes and states that change places. */
import { describe, expect, test } from "vitest";
import { Browser, createLink, expectSafePage, newUser, notConnected, stranger } from "../support/client.ts";
import { connectedAt, GITHUB, GOOGLE, type Provider } from "../support/providers.ts";
import { ALICE, BOB } from "../support/world.ts";

/** A browser that was sent back by the provider, and has not followed yet. */
async function sentBack(provider: Provider, browser = new Browser()) {
  const { integration } = provider;
  const who = await stranger(integration);
  const link = await createLink(who.key, who.user, { integration });
  return { who, browser, callback: new URL(await browser.upToCallback(link.url, ALICE)) };
}

const asked = async (...providers: Provider[]) =>
  (await Promise.all(providers.map(({ world }) => world.tokenRequests()))).reduce((sum, n) => sum + n);

describe("a callback", () => {
  test.each([
    ["GitHub", "/callback/google", GITHUB],
    ["GitHub", "/callback/azure", GITHUB],
    ["GitHub", "/callback", GITHUB],
    ["Google", "/callback/github", GOOGLE],
    ["Google", "/callback/azure", GOOGLE],
    ["Google", "/callback", GOOGLE],
  ])("of %s that comes to another integration's %s is refused", async (_, path, provider) => {
    const { who, browser, callback } = await sentBack(provider);
    callback.pathname = path;
    const answer = await browser.open(callback.href);
    expectSafePage(answer, 403, "answer_mismatch");
    expect(answer.text).toContain("wrong_integration");
    expect(await asked(GITHUB, GOOGLE)).toBe(0);
    await notConnected(who);
    await notConnected({ ...who, integration: path.slice("/callback/".length) || "azure" });
  });

  test("of Google that names another issuer is refused, and one that names none is not", async () => {
    for (const issuer of [GITHUB.origin(), `${GOOGLE.origin()}.evil.example`, `${GOOGLE.origin()}/`]) {
      const { who, browser, callback } = await sentBack(GOOGLE);
      expect(callback.searchParams.get("iss")).toBe(GOOGLE.origin());
      callback.searchParams.set("iss", issuer);
      const answer = await browser.open(callback.href);
      expectSafePage(answer, 403, "answer_mismatch");
      expect(answer.text).toContain("wrong_issuer");
      await notConnected(who);
    }
    expect(await asked(GOOGLE)).toBe(0);
    const { browser, callback } = await sentBack(GOOGLE);
    callback.searchParams.delete("iss");
    expectSafePage(await browser.open(callback.href), 200, "connected");
  });

  test("with the other provider's state, in the browser that holds both attempts, belongs to the state's own", async () => {
    const browser = new Browser();
    const [github, google] = [await sentBack(GITHUB, browser), await sentBack(GOOGLE, browser)];
    const code = google.callback.searchParams.get("code") ?? "";
    github.callback.searchParams.set("code", code);
    // GitHub does not know Google's code, and Google is not asked.
    const answer = await browser.open(github.callback.href);
    expectSafePage(answer, 410, "code_refused");
    expect(answer.text).toContain("bad_verification_code");
    expect(await asked(GOOGLE)).toBe(0);
    await notConnected(github.who);
    // The other attempt is nobody's loss.
    expectSafePage(await browser.open(google.callback.href), 200, "connected");
    await notConnected({ ...google.who, integration: "github" });
  });
});

test.each([GITHUB, GOOGLE])("at $name a code of another session is refused: PKCE", async (provider) => {
  const { integration } = provider;
  const victim = new Browser();
  const who = await stranger(integration);
  const link = await createLink(who.key, newUser(), { integration });
  const stolen = new URL(await victim.upToCallback(link.url, BOB));
  const { who: attacker, browser, callback } = await sentBack(provider);
  callback.searchParams.set("code", stolen.searchParams.get("code") ?? "");
  expectSafePage(await browser.open(callback.href), 410, "code_refused");
  await notConnected(attacker);
  await connectedAt(provider, ALICE, attacker);
});
