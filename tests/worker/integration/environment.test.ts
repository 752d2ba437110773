/** Integrations from the environment: what one that is not set up says, and what is asked of one that has not got it. */
import { describe, expect, test } from "vitest";
import { navigationOf } from "../../world/sign-in.ts";
import {
  type Answer,
  Browser,
  createLink,
  describeConnection,
  disconnect,
  expectProblem,
  expectSafePage,
  frontWith,
  get,
  readToken,
  refreshNow,
  rpc,
  type Send,
  stranger,
} from "../support/client.ts";
import { pass, SECOND } from "../support/clock.ts";
import { connectedAt, GITHUB, GOOGLE, ownerOf, startAlone } from "../support/providers.ts";
import { configure } from "../support/stores.ts";
import { ALICE } from "../support/world.ts";

describe.each([GITHUB, GOOGLE])("without its client id, $name", (provider) => {
  const { integration } = provider;
  const variable = `${integration.toUpperCase()}_CLIENT_ID`;

  function expectNotConfigured(answer: Answer): void {
    expectProblem(answer, 503, "integration_not_configured");
    expect(answer.json.detail).toBe(`${variable} is missing or not valid`);
  }

  test("is not configured, and the answer names the variable; the others work on", async () => {
    const front = frontWith({ [variable]: undefined });
    const who = await stranger();
    for (const path of [
      `/connect?user_id=${who.user}&integration=${integration}`,
      `/v1/integrations/${integration}`,
    ])
      expectNotConfigured(await get(path, who.key, {}, front));
    for (const other of ["azure", "github", "google"].filter((name) => name !== integration))
      expect((await createLink(who.key, who.user, { integration: other }, front)).url).toContain("/connect/");
  });

  test("that it has lost since: a link from before says so to the person, who is at no fault", async () => {
    const who = await stranger(integration);
    const { url } = await createLink(who.key, who.user, { integration });
    const page = await new Browser(frontWith({ [variable]: undefined })).open(url);
    expectSafePage(page, 500, "integration_fault");
    expect(page.text).toContain("integration_not_configured");
    // Nothing was consumed.
    const browser = new Browser();
    expectSafePage(await browser.open(await browser.upToCallback(url, ALICE)), 200, "connected");
  });

  test("in its authority: the token that lives is served, nothing is ended, and all works on with it again", async () => {
    await startAlone(provider);
    if (provider === GITHUB) await provider.world.control({ tokens: "expiring" });
    const who = await connectedAt(provider);
    const held = (await readToken(who)).json.access_token;
    await configure(who, { [variable]: "" });
    await pass(SECOND);
    expectNotConfigured(await refreshNow(who));
    expect((await readToken(who)).json.access_token).toBe(held);
    expect((await describeConnection(who)).json.status).toBe("connected");
    expect(await provider.world.tokenRequests("refresh_token")).toBe(0);
    // What is to be ended at the provider waits for it.
    expect((await disconnect(who)).json).toMatchObject({
      disconnected: true,
      provider_revocation: "pending",
    });
    expect(await ownerOf(provider, held)).toBe(provider.called(ALICE));
    await configure(who, {});
    await pass(10 * 60 * SECOND, who);
    expect(await ownerOf(provider, held)).toBeUndefined();
  });
});

describe.each([GITHUB, GOOGLE])("$name refuses", (provider) => {
  const { integration } = provider;
  const INVALID: [string, (user: string) => string, RegExp][] = [
    [
      "a directory",
      (user) => `/connect?user_id=${user}&integration=${integration}&tenant_id=contoso.example`,
      /^`tenant_id` is not for this provider$/,
    ],
    [
      "another provider's API",
      (user) => `/v1/connections/${integration}/token?user_id=${user}&resource=graph`,
      new RegExp(`^\`resource\` must be one of ${integration}(?:, |$)`),
    ],
    [
      "a call to another provider's API",
      (user) => `/user?user_id=${user}&integration=${integration}`,
      /has not got this API$/,
    ],
    [
      "a list of another provider's API",
      (user) => `/subscriptions?user_id=${user}&integration=${integration}`,
      /has not got this API$/,
    ],
    [
      "an administrator's consent",
      () => `/v1/integrations/${integration}/admin-consent-url`,
      /admin consent$/,
    ],
    ["a sign-out page", () => `/v1/integrations/${integration}/logout-url`, /sign-out page$/],
  ];

  test.each(INVALID)("%s, whether a user is connected or not", async (_, pathFor, detail) => {
    const who = await stranger(integration);
    for (const connect of [false, true]) {
      if (connect) await connectedAt(provider, ALICE, who);
      const answer = await get(pathFor(who.user), who.key);
      expectProblem(answer, 400, "invalid_request");
      expect(answer.json.detail).toMatch(detail);
    }
  });

  test("the same over RPC", async () => {
    const who = await stranger(integration);
    const service = rpc(who.org);
    const refused = { success: false, code: "invalid_request", status: 400 };
    const of = { userId: who.user, integration };
    expect(await service.createConnectLink({ ...of, tenantId: "common" })).toMatchObject(refused);
    expect(await service.getToken({ ...of, resource: "arm" })).toMatchObject(refused);
    expect(await service.getUser(of)).toMatchObject(refused);
    expect(await service.listSubscriptions(of)).toMatchObject(refused);
  });
});

test("an integration that no provider has is unknown, whatever it is called", async () => {
  const who = await stranger();
  for (const name of ["github_app", "GitHub", "slack", "microsoft"])
    expectProblem(await get(`/connect?user_id=x&integration=${name}`, who.key), 404, "unknown_integration");
});

describe("a cloud of Microsoft's", () => {
  /** No origin of the emulated Microsoft: those of the cloud. */
  const inCloud = (cloud: string, more: Record<string, string> = {}) =>
    frontWith({ AZURE_CLOUD: cloud, AZURE_LOGIN_ORIGIN: "", GRAPH_ORIGIN: "", ARM_ORIGIN: "", ...more });

  test.each([
    ["usgov", "https://login.microsoftonline.us", "https://management.usgovcloudapi.net"],
    ["china", "https://login.partner.microsoftonline.cn", "https://management.chinacloudapi.cn"],
    ["public", "https://login.microsoftonline.com", "https://management.azure.com"],
  ])("%s: people are sent to its sign-in, and asked for its resources", async (cloud, login, arm) => {
    const who = await stranger();
    const front = inCloud(cloud);
    const { url } = await createLink(who.key, who.user, {}, front);
    const browser = new Browser(front);
    const page = await browser.open(url);
    expect(page.text).toContain("Act as you in Azure");
    const location = new URL(navigationOf((await browser.press(url)).text));
    expect(location.origin).toBe(login);
    const scopes = location.searchParams.get("scope")?.split(" ");
    expect(scopes).toContain(`${arm}/user_impersonation`);
    expect(scopes?.filter((scope) => scope.includes("://"))).toHaveLength(1);
    const { replay } = (await get("/v1/integrations/azure", who.key, {}, front)).json;
    expect(replay).toBe("old_stays_valid");
  });

  test("that there is not, or that the sign-in origin is not of, is refused by name", async () => {
    const who = await stranger();
    const link = (front: Send) => get(`/connect?user_id=${who.user}`, who.key, {}, front);
    const unknown = await link(inCloud("germany"));
    expectProblem(unknown, 503, "integration_not_configured");
    expect(unknown.json.detail).toBe("AZURE_CLOUD must be one of public, usgov, usgov_dod, china");
    const mixed = await link(inCloud("china", { AZURE_LOGIN_ORIGIN: "https://login.microsoftonline.us" }));
    expectProblem(mixed, 503, "integration_not_configured");
    const plain = await link(inCloud("", { AZURE_LOGIN_ORIGIN: "http://login.example" }));
    expect(plain.json.detail).toBe("AZURE_LOGIN_ORIGIN is missing or not valid");
  });
});

describe("a link's tenant", () => {
  const CONTOSO = "11111111-1111-4111-8111-111111111111";

  test.each([
    ["organizations", ["organizations", CONTOSO, "contoso.example"], ["common", "consumers"]],
    [CONTOSO, [CONTOSO, CONTOSO.toUpperCase()], ["common", "organizations", "contoso.example"]],
    ["contoso.example", ["contoso.example"], ["common", "fabrikam.example", CONTOSO]],
    ["consumers", ["consumers"], ["common", "organizations", CONTOSO]],
  ])("of an integration of %s narrows it, and never widens it", async (own, allowed, refused) => {
    const who = await stranger();
    const front = frontWith({ AZURE_TENANT_ID: own });
    for (const tenant of allowed)
      expect((await createLink(who.key, who.user, { tenant_id: tenant }, front)).url).toContain("/connect/");
    for (const tenant of refused)
      for (const path of [
        `/connect?user_id=${who.user}&tenant_id=${tenant}`,
        `/v1/integrations/azure/admin-consent-url?tenant_id=${tenant}`,
        `/v1/integrations/azure/logout-url?tenant_id=${tenant}`,
      ]) {
        const answer = await get(path, who.key, {}, front);
        expectProblem(answer, 400, "invalid_request");
        expect(answer.json.detail).toContain(own);
      }
    expect((await createLink(who.key, who.user, {}, front)).url).toContain("/connect/");
  });
});
