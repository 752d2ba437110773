/** Every way in which an attempt ends without a connection: a clear page, and nothing burnt that should live. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { ALICE } from "../world/microsoft/testing.ts";
import { signIn } from "../world/sign-in.ts";
import { audit } from "./audit.ts";
import { closeBrowser, goOn, Person, photograph, pick } from "./browser.ts";
import { closeStack, type Stack, sharedStack } from "./local.ts";

let stack: Stack;
let person: Person;
before(async () => {
  stack = await sharedStack();
  person = await Person.enter();
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
const mail = async (id: string) => (await stack.call("GET", `/user?user_id=${id}`)).body.mail;

/** A browser that waits at Microsoft, and the callback that Microsoft would send it to. */
async function halfWay(userId: string, who = person) {
  const page = await who.open(await stack.link(userId));
  await goOn(page);
  return { page, callback: await signIn({ authorizeUrl: page.url(), email: ALICE }) };
}

// The first sign-in of all: later ones find the keys in the isolate's memory.
test("a sign-in that nobody can vouch for yet is not called failed, and is finished later", async () => {
  const { page, callback } = await halfWay("patient");
  // Who it was cannot be checked without the provider's keys; the grant itself has arrived.
  stack.microsoft.control({ keys: { kind: "status", status: 503, times: "always" } });
  await page.goto(callback);
  await person.sees(page, "It is not known yet whether this worked", 503);
  await photograph(page, "outcome-unknown");
  assert.equal(await mail("patient"), undefined);
  stack.microsoft.control({ clear_faults: true });
  // Half a minute later its alarm asks for the keys again.
  const until = Date.now() + 60_000;
  while ((await mail("patient")) !== ALICE && Date.now() < until) await setTimeout(1_000);
  assert.equal(await mail("patient"), ALICE);
});

test("an expired link, before it is opened and while its page is open", async () => {
  const link = await stack.link("late");
  const page = await person.open(link);
  stack.database("UPDATE connect_links SET expires_at = 1 WHERE user_id = ?", "late");
  await page.getByRole("button", { name: "Continue to Microsoft" }).click();
  await person.sees(page, "This link has expired", 410);
  await page.goto(link);
  await person.sees(page, "This link has expired", 410);
  await photograph(page, "link-expired");
});

test("a link works once; in two tabs of one browser it is one sign-in", async () => {
  const link = await stack.link("twice");
  const stranger = await Person.enter();
  const [one, two, other] = [await person.open(link), await person.open(link), await stranger.open(link)];
  await goOn(one);
  await goOn(two);
  assert.equal(one.url(), two.url());
  await other.getByRole("button", { name: "Continue to Microsoft" }).click();
  await stranger.sees(other, "This link was already used", 410);
  await photograph(other, "link-used");
  await stranger.leave();
  await pick(one, ALICE);
  await person.sees(one, CONNECTED, 200);
  await pick(two, ALICE);
  await person.sees(two, CONNECTED, 200);
  await one.goto(link);
  await person.sees(one, CONNECTED, 200);
});

test("a link that nobody made, or that is damaged", async () => {
  const page = await person.open(`${stack.origin}/connect/${"A".repeat(43)}`);
  await person.sees(page, "This link does not exist", 404);
  await photograph(page, "link-unknown");
  await page.goto(`${stack.origin}/connect/half-a-link`);
  await person.sees(page, "This link does not exist", 404);
});

test("another browser cannot finish, and the right one still can", async () => {
  const { page, callback } = await halfWay("browsers");
  const stranger = await Person.enter();
  const elsewhere = await stranger.open(callback);
  await stranger.sees(elsewhere, "This sign-in began in another browser", 403);
  await photograph(elsewhere, "wrong-browser");
  assert.equal(await mail("browsers"), undefined);
  await stranger.leave();
  await page.goto(callback);
  await person.sees(page, CONNECTED, 200);
  assert.equal(await mail("browsers"), ALICE);
});

test("a callback works once, and only while the sign-in lives", async () => {
  const { page, callback } = await halfWay("repeater");
  await page.goto(callback);
  await person.sees(page, CONNECTED, 200);
  // Loaded again it says the same, and nothing is sent.
  await page.goto(callback);
  await person.sees(page, CONNECTED, 200);
  assert.equal(await mail("repeater"), ALICE);
  const slow = await halfWay("slow");
  stack.database("UPDATE oauth_states SET expires_at = 1 WHERE user_id = ?", "slow");
  await slow.page.goto(slow.callback);
  await person.sees(slow.page, "This sign-in is already over", 410);
  await photograph(slow.page, "attempt-over");
  assert.equal(await mail("slow"), undefined);
});

test("a callback that makes no sense", async () => {
  const page = await person.open(`${stack.origin}/callback?code=abc`);
  await person.sees(page, "This address cannot be understood", 400);
  await photograph(page, "bad-request");
});

test("the provider refuses the code, the client, or does not answer", async () => {
  const cases = [
    ["code-refused", "This sign-in took too long", 410, { kind: "error", error: "invalid_grant" }],
    [
      "integration-fault",
      "This connection is not set up correctly",
      500,
      { kind: "error", error: "invalid_client", status: 401 },
    ],
    [
      "provider-unavailable",
      "No answer from Microsoft",
      502,
      { kind: "status", status: 503, times: "always" },
    ],
  ] as const;
  for (const [name, heading, status, fault] of cases) {
    const { page, callback } = await halfWay(name);
    stack.microsoft.control({ token: fault });
    await page.goto(callback);
    stack.microsoft.control({ clear_faults: true });
    await person.sees(page, heading, status);
    await photograph(page, name);
    assert.equal(await mail(name), undefined);
    await page.close();
  }
});

test("a store that fails is said to be ours, and the link survives it", async () => {
  const link = await stack.link("unlucky");
  stack.database("ALTER TABLE connect_links RENAME TO connect_links_away");
  const page = await person.open(link);
  await person.sees(page, "This cannot be finished right now", 503);
  await photograph(page, "service-unavailable");
  stack.database("ALTER TABLE connect_links_away RENAME TO connect_links");
  await page.goto(link);
  await person.sees(page, "Give demo access to your Microsoft account?", 200);
});

test("the audit sees what it is there for", async () => {
  const page = await person.context.newPage();
  await page.setContent(
    '<!doctype html><html><body><p style="color: #999">pale</p><h3 id="a">deep</h3><button id="a"></button>' +
      '<img src="data:,"><a href="javascript:1" tabindex="3" onclick="1">x</a><div style="width:3000px">w</div>',
  );
  const faults = (await audit(page)).join("\n");
  for (const wanted of [
    "no language",
    "no title",
    "no viewport",
    "0 of h1",
    "0 of main",
    "skips a level",
    "id twice",
    "no name",
    "order of its own",
    "small target",
    "without alt",
    "inline style",
    "inline onclick",
    "inline href",
    "wider",
    "contrast 2.85",
  ])
    assert.ok(faults.includes(wanted), `${wanted} in:\n${faults}`);
  await page.close();
});
