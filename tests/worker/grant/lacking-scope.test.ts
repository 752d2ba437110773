/** A call that its API refuses for want of a scope: who is told what, and the way to it. */
import { describe, expect, test } from "vitest";
import {
  type Answer,
  Browser,
  type Connected,
  describeConnection,
  expectProblem,
  expectSafePage,
  frontWith,
  http,
  readToken,
} from "../support/client.ts";
import { configure } from "../support/stores.ts";
import { playGraph, proxied } from "../support/upstream.ts";
import { ALICE, world } from "../support/world.ts";

const ALLOWED = { AZURE_ALLOWED_SCOPES: "Mail.Send Files.ReadWrite" };
const front = frontWith(ALLOWED);
const PERMISSIONS = ["mail:write", "files:write", "tokens:read", "connections:read", "graph:read"];

const message = { subject: "Scopes", toRecipients: [{ emailAddress: { address: ALICE } }] };
const sendMail = (who: Connected, through = front) =>
  through(`/mail?user_id=${who.user}`, {
    method: "POST",
    body: JSON.stringify({ message }),
    headers: { authorization: `Bearer ${who.key}`, "content-type": "application/json" },
  });
const upload = (who: Connected) =>
  front(`/files/by-path/content?user_id=${who.user}&path=scopes.txt`, {
    method: "PUT",
    body: "text",
    headers: { authorization: `Bearer ${who.key}`, "content-type": "text/plain" },
  });

async function allowing(): Promise<Connected> {
  const who = await proxied(PERMISSIONS);
  await configure(who, ALLOWED);
  return who;
}

/** What the person is asked for on the way. */
async function followLink(refused: Answer): Promise<string[]> {
  const browser = new Browser(front);
  const callback = await browser.upToCallback(String(refused.json.connect_url), ALICE);
  expectSafePage(await browser.open(callback), 200, "connected");
  return (new URL(browser.authorizeUrl ?? "").searchParams.get("scope") ?? "").split(" ");
}

describe("a call that lacks a scope", () => {
  test.each([
    ["typed", sendMail, "Mail.Send"],
    ["streamed", upload, "Files.ReadWrite"],
  ] as const)(
    "(%s) leads to a link that asks for it, and succeeds after the sign-in",
    async (_, call, scope) => {
      const who = await allowing();
      const refused = await call(who);
      expectProblem(refused, 409, "needs_reauth");
      expect(refused.json).toMatchObject({ lacking_scope: scope, fix: "user" });
      expect((await describeConnection(who)).json.status).toBe("connected");
      expect((await readToken(who)).status).toBe(200);
      const asked = await followLink(refused);
      expect(asked).toContain(scope);
      expect(asked).toContain("User.Read");
      expect((await call(who)).status).toBeLessThan(300);
    },
  );

  test("is the operator's where no link may ask for it", async () => {
    const who = await proxied(PERMISSIONS);
    const plain = await sendMail(who, http);
    expectProblem(plain, 403, "provider_forbidden");
    const words = { provider_code: "ErrorAccessDenied", reference: expect.any(String) };
    expect(plain.json).toMatchObject({ lacking_scope: "Mail.Send", fix: "operator", ...words });
    // Also where the authority alone knows it.
    const refused = await sendMail(who);
    expectProblem(refused, 403, "provider_forbidden");
    expect(refused.json).toMatchObject({ lacking_scope: "Mail.Send", fix: "operator" });
    expect(refused.json.connect_url).toBeUndefined();
  });

  test("that the connection has is the API's own refusal, and costs no token", async () => {
    const who = await allowing();
    await followLink(await sendMail(who));
    await world.control({ reset_stats: true });
    playGraph(() => Response.json({ error: { code: "ErrorAccessDenied" } }, { status: 403 }));
    expectProblem(await sendMail(who), 403, "provider_forbidden");
    expect(await world.tokenRequests()).toBe(0);
  });
});
