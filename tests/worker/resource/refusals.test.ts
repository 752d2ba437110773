/** An API's refusals: its codes and ids, our words for those that are known, never its text. */
import { describe, expect, test } from "vitest";
import { connected, expectProblem, get, rpc } from "../support/client.ts";
import { eventsLogged } from "../support/logs.ts";
import { world } from "../support/world.ts";

describe("a refusal", () => {
  test.each([
    [404, "MailboxNotEnabledForRESTAPI", 403, "provider_forbidden", "administrator"],
    [403, "Authorization_RequestDenied", 403, "provider_forbidden", "administrator"],
    [403, "ErrorAccessDenied", 403, "provider_forbidden", "operator"],
    [404, "ResourceNotFound", 404, "provider_not_found", "caller"],
    [403, "SomethingNew", 403, "provider_forbidden", undefined],
  ])("of %i %s says so, and who can change it", async (status, error, answered, code, fix) => {
    const who = await connected();
    await world.control({ graph: { kind: "status", status, error } });
    const answer = await get(`/mail?user_id=${who.user}`, who.key);
    expectProblem(answer, answered, code);
    expect(answer.json).toMatchObject({
      provider_code: error,
      reference: expect.stringMatching(/^[0-9a-f-]{36}$/),
      client_request_id: expect.any(String),
      timestamp: expect.any(String),
    });
    expect(answer.json.fix).toBe(fix);
    expect(answer.text).not.toContain("An error that a test asked for");
    expect(answer.text).not.toMatch(/more scopes/);
    const line = eventsLogged("provider_refused").at(-1);
    expect(line).toMatchObject({
      api: "graph",
      status: `${status}`,
      provider_code: error,
      reference: answer.json.reference,
    });
  });

  test("of ARM has its ids, over RPC too", async () => {
    const who = await connected();
    await world.control({ arm: { kind: "status", status: 403, error: "AuthorizationFailed" } });
    expect(await rpc(who.org).listSubscriptions({ userId: who.user })).toMatchObject({
      success: false,
      code: "provider_forbidden",
      provider_code: "AuthorizationFailed",
      fix: "administrator",
      reference: expect.any(String),
      correlation_id: expect.any(String),
    });
  });

  test("with 401 for another directory's subscription costs no token", async () => {
    const who = await connected();
    expect((await get(`/subscriptions?user_id=${who.user}`, who.key)).status).toBe(200);
    await world.control({
      arm: { kind: "status", status: 401, error: "InvalidAuthenticationTokenTenant" },
      reset_stats: true,
    });
    const answer = await get(`/subscriptions?user_id=${who.user}`, who.key);
    expectProblem(answer, 403, "provider_forbidden");
    expect([answer.json.fix, await world.tokenRequests()]).toEqual(["user", 0]);
  });
});
