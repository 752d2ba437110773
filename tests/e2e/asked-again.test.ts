/** A call that only a person can help: from its refusal over the link that it offers to the call that succeeds. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask } from "../../scripts/local-postern.ts";
import { ALICE } from "../world/microsoft/testing.ts";
import { closeBrowser, goOn, Person, pick } from "./browser.ts";
import { type Answer, closeStack, ORGANIZATION, type Stack, sharedStack } from "./local.ts";

let stack: Stack;
let person: Person;
let key: string;
before(async () => {
  stack = await sharedStack();
  person = await Person.enter();
  const made = await ask(`${stack.origin}/v1/api-keys`, stack.demo.admin, {
    org_id: ORGANIZATION,
    name: "asked again",
    permissions: ["*", "mail:write"],
  });
  key = String(made.key);
});
after(async () => {
  try {
    await person.leave();
  } finally {
    await closeBrowser();
    await closeStack();
  }
});

const CONNECTED = "Your account at Microsoft is connected";

async function connect(userId: string): Promise<void> {
  await follow(await stack.link(userId));
}

async function follow(link: string): Promise<string> {
  const page = await person.open(link);
  await goOn(page);
  const asked = page.url();
  await pick(page, ALICE);
  await person.sees(page, CONNECTED, 200);
  await page.close();
  return asked;
}

async function call(method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(`${stack.origin}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

/** The link that a refused call offers, followed; what Microsoft is asked then. */
async function followOffer({ status, body }: Answer): Promise<URLSearchParams> {
  assert.deepEqual([status, body.code], [409, "needs_reauth"]);
  return new URL(await follow(String(body.connect_url))).searchParams;
}

test("a claims challenge of Azure", async () => {
  await connect("challenged");
  stack.microsoft.control({ step_up: "/subscriptions" });
  const subscriptions = () => call("GET", "/subscriptions?user_id=challenged");
  const asked = await followOffer(await subscriptions());
  assert.match(asked.get("claims") ?? "", /acrs/);
  const answer = await subscriptions();
  assert.deepEqual([answer.status, Array.isArray(answer.body.subscriptions)], [200, true]);
  stack.microsoft.control({ step_up: null });
});

test("a scope that the connection lacks", async () => {
  await connect("lacking");
  const message = { subject: "Hello", toRecipients: [{ emailAddress: { address: ALICE } }] };
  const send = () => call("POST", "/mail?user_id=lacking", { message });
  const refused = await send();
  assert.equal(refused.body.lacking_scope, "Mail.Send");
  // What the connection has is not in doubt.
  assert.equal((await call("GET", "/user?user_id=lacking")).status, 200);
  const asked = await followOffer(refused);
  assert.ok(asked.get("scope")?.split(" ").includes("Mail.Send"));
  assert.equal((await send()).status, 200);
});

test("a consent that was withdrawn", async () => {
  await connect("withdrawn");
  stack.microsoft.control({ revoke: ALICE });
  // Azure has no token yet: the refresh token is asked for one, and is good no more.
  const subscriptions = () => call("GET", "/subscriptions?user_id=withdrawn");
  await followOffer(await subscriptions());
  assert.equal((await subscriptions()).status, 200);
  assert.equal((await call("GET", "/user?user_id=withdrawn")).status, 200);
});
