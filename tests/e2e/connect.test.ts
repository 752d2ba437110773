/** A person connects an account, in all the ways that end well. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { ALICE, BOB } from "../world/microsoft/testing.ts";
import { cancel, closeBrowser, goOn, Person, photograph, pick } from "./browser.ts";
import { closeStack, type Stack, sharedStack } from "./local.ts";

let stack: Stack;
before(async () => {
  stack = await sharedStack();
});
after(async () => {
  await closeBrowser();
  await closeStack();
});

const CONNECTED = "Your account at Microsoft is connected";
const CONSENT = "Give demo access to your Microsoft account?";

const user = (id: string) => stack.call("GET", `/user?user_id=${id}`);

/** From the link to whatever page comes last. */
async function connect(person: Person, userId: string, email: string, parameters = {}) {
  const page = await person.open(await stack.link(userId, parameters));
  await person.sees(page, CONSENT, 200);
  await goOn(page);
  await pick(page, email);
  return page;
}

test("a person connects, and the API answers as that person; a second user as the second", async () => {
  const alice = await Person.enter();
  const page = await alice.open(await stack.link("first"));
  await alice.sees(page, CONSENT, 200);
  assert.match((await page.locator("main").textContent()) ?? "", /For this user of demofirst/);
  await photograph(page, "consent");
  assert.equal((await user("first")).status, 404, "showing the page connects nobody");
  await goOn(page);
  assert.equal(new URL(page.url()).searchParams.get("prompt"), "select_account");
  await pick(page, ALICE);
  await alice.sees(page, CONNECTED, 200);
  await photograph(page, "connected");
  const bob = await Person.enter();
  const other = await connect(bob, "second", BOB);
  await bob.sees(other, CONNECTED, 200);

  assert.equal((await user("first")).body.mail, ALICE);
  assert.equal((await user("second")).body.mail, BOB);
  const [cookie, ...others] = await alice.context.cookies();
  assert.deepEqual(others, []);
  const left = (cookie?.expires ?? Infinity) - Date.now() / 1_000;
  assert.ok(left <= 600, "the attempt's cookie lives no longer than a sign-in may take");
  await Promise.all([alice.leave(), bob.leave()]);
});

test("two attempts in one browser both finish, the later one first", async () => {
  const person = await Person.enter();
  const early = await person.open(await stack.link("tab-1"));
  const late = await person.open(await stack.link("tab-2"));
  await goOn(early);
  await goOn(late);
  await pick(late, BOB);
  await person.sees(late, CONNECTED, 200);
  await pick(early, ALICE);
  await person.sees(early, CONNECTED, 200);
  assert.equal((await user("tab-1")).body.mail, ALICE);
  assert.equal((await user("tab-2")).body.mail, BOB);
  await person.leave();
});

test("another account is refused, unless the link allows it", async () => {
  const person = await Person.enter();
  await (await connect(person, "switcher", ALICE)).getByRole("heading", { name: CONNECTED }).waitFor();
  const refused = await connect(person, "switcher", BOB);
  await person.sees(refused, "That is a different account", 409);
  await photograph(refused, "other-account");
  assert.equal((await user("switcher")).body.mail, ALICE, "what was there stays");
  const allowed = await connect(person, "switcher", BOB, { allow_other_account: "1" });
  await person.sees(allowed, CONNECTED, 200);
  assert.equal((await user("switcher")).body.mail, BOB);
  await person.leave();
});

test("with return_to nothing works until the caller's backend confirms for its own user", async () => {
  const person = await Person.enter();
  const page = await person.open(
    await stack.link("returner", { return_to: stack.returnTo, confirm: "backend" }),
  );
  await person.sees(page, CONSENT, 200);
  await photograph(page, "consent-return-to");
  await goOn(page);
  await pick(page, ALICE);
  await page.getByRole("heading", { name: "Back in the demo app" }).waitFor();
  const url = new URL(page.url());
  const [attempt, code] = [url.searchParams.get("attempt"), url.searchParams.get("code")];
  assert.equal(`${url.origin}${url.pathname}?from=${url.searchParams.get("from")}`, stack.returnTo);
  assert.ok(attempt && code);
  assert.equal(await page.evaluate(() => document.referrer), "", "the code travels no further");

  const waiting = await user("returner");
  assert.deepEqual([waiting.status, waiting.body.code], [409, "connection_pending"]);
  const confirm = (userId: string, withCode = code) =>
    stack.call("POST", `/v1/connect-links/${attempt}/confirm`, { code: withCode, user_id: userId });
  assert.equal((await confirm("somebody-else")).body.code, "confirmation_refused");
  assert.equal((await user("returner")).status, 409);
  assert.equal((await confirm("returner")).status, 200);
  assert.equal((await user("returner")).body.mail, ALICE);
  await person.leave();
});

test("return_to without confirmation is a choice that the link makes", async () => {
  const person = await Person.enter();
  const page = await connect(person, "trusting", BOB, { return_to: stack.returnTo, confirm: "page" });
  await page.getByRole("heading", { name: "Back in the demo app" }).waitFor();
  assert.equal(new URL(page.url()).searchParams.get("status"), "connected");
  assert.equal((await user("trusting")).body.mail, BOB);
  const refused = await stack.call("GET", "/connect?user_id=x&return_to=https%3A%2F%2Fevil.example%2F");
  assert.equal(refused.body.code, "return_to_not_allowed");
  await person.leave();
});

test("Tab and Enter are enough, and what has the focus shows it", async () => {
  const person = await Person.enter();
  const page = await person.open(await stack.link("keys-only"));
  await page.keyboard.press("Tab");
  const button = page.getByRole("button", { name: "Continue to Microsoft" });
  assert.ok(await button.evaluate((element) => element === document.activeElement));
  const outline = await button.evaluate((element) => getComputedStyle(element).outlineWidth);
  assert.ok(Number.parseFloat(outline) >= 2, `an outline of ${outline}`);
  await photograph(page, "consent-focus");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/oauth2\/v2\.0\/authorize/);
  for (let presses = 0; presses < 20; presses += 1) {
    await page.keyboard.press("Tab");
    if (await page.evaluate((who) => document.activeElement?.textContent?.includes(who), ALICE)) break;
  }
  await page.keyboard.press("Enter");
  await person.sees(page, CONNECTED, 200);
  await person.leave();
});

test("who declines is told so, and nothing is connected", async () => {
  const person = await Person.enter();
  const page = await person.open(await stack.link("decliner"));
  await goOn(page);
  await cancel(page);
  await person.sees(page, "No access was given", 403);
  await photograph(page, "denied");
  assert.equal((await user("decliner")).body.code, "not_connected");
  await person.leave();
});

test("a provider that sends the browser through an origin on no list: the button works all the same", async () => {
  const elsewhere = createServer((request, response) => {
    const to = new URL(request.url ?? "", "http://localhost").searchParams.get("to") ?? "";
    response.writeHead(302, { location: to }).end();
  });
  await new Promise<void>((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
  const { port } = elsewhere.address() as AddressInfo;
  stack.microsoft.control({ sign_in_through: `http://127.0.0.1:${port}` });
  const person = await Person.enter();
  try {
    const page = await connect(person, "federated", ALICE);
    await person.sees(page, CONNECTED, 200);
  } finally {
    stack.microsoft.control({ sign_in_through: "" });
    elsewhere.close();
    elsewhere.closeAllConnections();
  }
  assert.equal((await user("federated")).body.mail, ALICE);
  await person.leave();
});

test("a double click on the button, and Back and the button again: one sign-in, and it finishes", async () => {
  const person = await Person.enter();
  const page = await person.open(await stack.link("twice-pressed"));
  await page.getByRole("button", { name: "Continue to Microsoft" }).dblclick();
  await page.waitForURL(/\/oauth2\/v2\.0\/authorize/);
  const first = page.url();
  await page.goBack();
  await person.sees(page, CONSENT, 200);
  await goOn(page);
  assert.equal(page.url(), first);
  await pick(page, ALICE);
  await person.sees(page, CONNECTED, 200);
  assert.match((await page.locator("dl").textContent()) ?? "", new RegExp(ALICE));
  await page.reload();
  await person.sees(page, CONNECTED, 200);
  assert.equal((await user("twice-pressed")).body.mail, ALICE);
  await person.leave();
});

test("who declines goes back to return_to, and the attempt says why", async () => {
  const person = await Person.enter();
  const page = await person.open(
    await stack.link("back-with-no", { return_to: stack.returnTo, confirm: "backend" }),
  );
  await goOn(page);
  await cancel(page);
  await page.getByRole("heading", { name: "Back in the demo app" }).waitFor();
  const { searchParams } = new URL(page.url());
  assert.equal(searchParams.get("error"), "access_denied");
  const { body } = await stack.call("GET", `/v1/connect-links/${searchParams.get("attempt")}`);
  assert.deepEqual([body.status, body.reason], ["failed", "access_denied"]);
  await person.leave();
});

test("a provider that is busy: Try again leads to the same sign-in", async () => {
  const person = await Person.enter();
  const page = await person.open(await stack.link("patient-person"));
  await goOn(page);
  const state = new URL(page.url()).searchParams.get("state") ?? "";
  await page.goto(
    `${stack.origin}/callback/azure?${new URLSearchParams({ error: "temporarily_unavailable", state })}`,
  );
  await person.sees(page, "Microsoft cannot sign you in right now", 503);
  await photograph(page, "try-again");
  await page.getByRole("link", { name: "Try again" }).click();
  await pick(page, ALICE);
  await person.sees(page, CONNECTED, 200);
  await person.leave();
});
