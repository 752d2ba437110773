/** An administrator's consent: asked for, answered in a browser of nobody's, and told of. */
import { describe, expect, test } from "vitest";
import {
  type Answer,
  Browser,
  createKey,
  createLink,
  expectProblem,
  expectSafePage,
  frontWith,
  get,
  http,
  send,
  stranger,
} from "../support/client.ts";
import { DAY, pass, SECOND } from "../support/clock.ts";
import { ALICE, world } from "../support/world.ts";

const CONTOSO = "11111111-1111-4111-8111-111111111111";
const FABRIKAM = "22222222-2222-4222-8222-222222222222";
const CONSENTS = "/v1/integrations/azure/admin-consents";

async function stateFor(key: string, query = "", through = http): Promise<string> {
  const answer = await get(`/v1/integrations/azure/admin-consent-url${query}`, key, {}, through);
  expect(answer.status, answer.text).toBe(200);
  return new URL(String(answer.json.url)).searchParams.get("state") ?? "";
}

const callback = (state: string, more: Record<string, string> = {}, through = http): Promise<Answer> =>
  new Browser(through).open(
    `/callback/azure?${new URLSearchParams({ admin_consent: "True", tenant: CONTOSO, state, ...more })}`,
  );

const claims = async (key: string) =>
  ((await get(CONSENTS, key)).json.admin_consents as { tenant_id: string }[]).map(
    ({ tenant_id }) => tenant_id,
  );

/** A front whose D1 fails whoever asks it anything but who the caller is. */
const withoutDatabase = () => frontWith({ DB: {} } as unknown as Record<string, string>);

describe("an administrator's consent", () => {
  test("is kept as a claim, for the organization that asked, and told of once", async () => {
    const [who, other] = [await stranger(), await stranger()];
    const state = await stateFor(who.key);
    expectSafePage(await callback(state, { scope: "openid User.Read" }), 200, "admin_consented");
    expectSafePage(await callback(state, { scope: "openid User.Read" }), 200, "admin_consented");
    expect((await get(`${CONSENTS}/${CONTOSO.toUpperCase()}`, who.key)).json).toMatchObject({
      tenant_id: CONTOSO,
      status: "claimed",
      scopes: "openid User.Read",
    });
    expect(await claims(who.key)).toEqual([CONTOSO]);
    expect(await claims(other.key)).toEqual([]);
    expectProblem(await get(`${CONSENTS}/${CONTOSO}`, other.key), 404, "not_found");
    const events = await get("/v1/events?type=admin_consent_claimed", who.key);
    expect(events.json.events).toHaveLength(1);
    expect(events.json.events).toMatchObject([
      { type: "integration.admin_consent_claimed", data: { tenant_id: CONTOSO, status: "claimed" } },
    ]);
    expect(await world.tokenRequests()).toBe(0);
    // Of no user, and no webhook is told.
    const ofDash = await get("/v1/events?user_id=-&subject=user", who.key);
    expect(ofDash.json.events).toEqual([]);
    const [event] = events.json.events as { id: string }[];
    const again = await send("POST", `/v1/events/${event?.id}/redeliver`, who.key);
    expectProblem(again, 400, "invalid_request");
  });

  test("of two directories from one request is one, and of the one that was asked", async () => {
    const who = await stranger();
    const any = await stateFor(who.key);
    expectSafePage(await callback(any), 200, "admin_consented");
    expectSafePage(await callback(any, { tenant: FABRIKAM }), 409, "admin_consent_elsewhere");
    // The directory has a row by now, and the request is its own all the same.
    const another = await stateFor(who.key);
    expectSafePage(await callback(another), 200, "admin_consented");
    expectSafePage(await callback(another, { tenant: FABRIKAM }), 409, "admin_consent_elsewhere");
    const fabrikams = await stateFor(who.key, `?tenant_id=${FABRIKAM}`);
    expectSafePage(await callback(fabrikams), 409, "admin_consent_elsewhere");
    expect(await claims(who.key)).toEqual([CONTOSO]);
    expectSafePage(await callback(fabrikams, { tenant: FABRIKAM }), 200, "admin_consented");
    expect(await claims(who.key)).toEqual([CONTOSO, FABRIKAM]);
  });

  test("that was declined, or that nobody can read, is none", async () => {
    const who = await stranger();
    const state = await stateFor(who.key);
    const declined = await callback(state, {
      error: "access_denied",
      error_description: "AADSTS65004: <script>alert(1)</script>",
    });
    expectSafePage(declined, 403, "admin_consent_denied");
    expect(declined.text).not.toContain("alert(1)");
    for (const [name, value] of [
      ["error", "server_error"],
      ["tenant", "contoso.example"],
      ["tenant", "9188040d-6c67-4c5b-b112-36a304b66dad"],
      ["admin_consent", "False"],
      ["code", "x"],
      ["iss", "https://login.evil.example/v2.0"],
    ] as const)
      expectSafePage(await callback(state, { [name]: value }), 400, "admin_consent_failed");
    expect(await claims(who.key)).toEqual([]);
  });

  test("with a state that was not made for it reaches no database", async () => {
    const [who, other] = [await stranger(), await stranger()];
    const state = await stateFor(who.key);
    const [prefix, , sealed = ""] = state.split("~");
    const [format, kid, body = ""] = sealed.split(".");
    const flipped = (body.startsWith("A") ? "B" : "A") + body.slice(1);
    const front = withoutDatabase();
    for (const forged of [
      `${prefix}~${other.org}~${sealed}`,
      `${prefix}~${who.org}~${format}.${kid}.${flipped}`,
      `${prefix}~${who.org}~${format}.k9.${body}`,
      `${prefix}~${who.org}~${sealed}x`,
      `${prefix}~${who.org}~`,
      `${prefix}~~${sealed}`,
      `${prefix}~${who.org}`,
      `${prefix}~${who.org}~${"A".repeat(4000)}`,
    ])
      expectSafePage(await callback(forged, {}, front), 410, "admin_consent_over");
    // The same front, for one that was: there the database is asked.
    expectSafePage(await callback(state, {}, front), 503, "service_unavailable");
    expectSafePage(await callback(state), 200, "admin_consented");
  });

  test("is over after a week, at another integration, and for another registered app", async () => {
    const who = await stranger();
    const state = await stateFor(who.key);
    const elsewhere = `/callback/github?${new URLSearchParams({ admin_consent: "True", tenant: CONTOSO, state })}`;
    expectSafePage(await new Browser().open(elsewhere), 410, "admin_consent_over");
    const registered = frontWith({ AZURE_CLIENT_ID: "another-app" });
    expectSafePage(await callback(state, {}, registered), 410, "admin_consent_over");
    await pass(7 * DAY - SECOND);
    expectSafePage(await callback(state), 200, "admin_consented");
    await pass(SECOND);
    expectSafePage(await callback(state), 410, "admin_consent_over");
    expect((await get(CONSENTS, who.key, {}, registered)).json.admin_consents).toEqual([]);
  });

  test("begins no sign-in, and a sign-in's state brings no consent", async () => {
    const who = await stranger();
    const browser = new Browser();
    const at = new URL(await browser.upToCallback((await createLink(who.key, who.user)).url, ALICE));
    const code = at.searchParams.get("code") ?? "";
    const state = await stateFor(who.key);
    const swapped = `/callback/azure?${new URLSearchParams({ code, state })}`;
    expectSafePage(await browser.open(swapped), 400, "admin_consent_failed");
    expect(await world.tokenRequests()).toBe(0);
    const signIns = at.searchParams.get("state") ?? "";
    expect((await callback(signIns)).status).toBeGreaterThanOrEqual(400);
    expect(await claims(who.key)).toEqual([]);
    // Neither was burnt.
    expectSafePage(await browser.open(at.href), 200, "connected");
  });

  test("is asked for and looked at with the permissions for it", async () => {
    const { org } = await stranger();
    const reads = (await createKey(org, ["connections:read"])).key;
    const asks = (await createKey(org, ["connect"])).key;
    expectProblem(await get("/v1/integrations/azure/admin-consent-url", reads), 403, "permission_denied");
    expectProblem(await get(CONSENTS, asks), 403, "permission_denied");
    expectProblem(await get(`${CONSENTS}/${CONTOSO}`, asks), 403, "permission_denied");
    expect((await get(CONSENTS, reads)).json).toEqual({ admin_consents: [] });
    for (const path of [`${CONSENTS}?cursor=x`, `${CONSENTS}/contoso.example`])
      expectProblem(await get(path, reads), 400, "invalid_request");
    expectProblem(await get("/v1/integrations/x/admin-consents", reads), 404, "unknown_integration");
  });
});
