/** What `npm start` tells of: every line, pasted into a shell, and the application that `return_to` leads back to. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import { APP_USER, more, reads, type Step } from "../../scripts/demo.ts";
import { RETURN_PATH } from "../../scripts/demo-app.ts";
import { DEMO_ORG, demoKey } from "../../scripts/demo-key.ts";
import { ask } from "../../scripts/local-postern.ts";
import { ALICE, BOB } from "../world/microsoft/testing.ts";
import { closeBrowser, goOn, Person, photograph, pick } from "./browser.ts";
import { closeStack, type Stack, sharedStack } from "./local.ts";

let stack: Stack;
let folder: string;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "postern-start-"));
  stack = await sharedStack();
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await closeBrowser();
  await closeStack();
});

const run = promisify(execFile);

/** As a shell does it, where these variables are set. */
async function paste(command: string, variables = {}): Promise<Record<string, unknown>> {
  const { stdout } = await run("bash", ["-euo", "pipefail", "-c", command], {
    env: { ...process.env, ...variables },
  });
  return JSON.parse(stdout) as Record<string, unknown>;
}

const works = (answer: Record<string, unknown>) =>
  assert.equal(answer.success === false || answer.status === "degraded", false, JSON.stringify(answer));

const commandFor = (steps: readonly Step[], what: RegExp) =>
  steps.find((step) => what.test(step.what))?.command ?? assert.fail(String(what));

async function connect(link: string, email: string): Promise<{ person: Person; page: Page }> {
  const person = await Person.enter();
  const page = await person.open(link);
  await goOn(page);
  await pick(page, email);
  return { person, page };
}

test("every line works as it is pasted, and says what it is said to say", async () => {
  const { demo } = stack;
  const { person, page } = await connect(await stack.link("user_1"), ALICE);
  await person.sees(page, /is connected/, 200);
  await person.leave();
  const told: Record<string, (answer: Record<string, unknown>) => void> = {
    profile: ({ mail }) => assert.equal(mail, ALICE),
    mail: ({ messages }) => assert.equal((messages as unknown[]).length, 3),
    calendar: ({ events }) => assert.ok((events as unknown[]).length > 0),
    subscriptions: ({ subscriptions }) => assert.ok((subscriptions as unknown[]).length > 0),
    "fresh access token": ({ resource }) => assert.equal(resource, "graph"),
    "who is connected": ({ connections }) => assert.ok((connections as unknown[]).length > 0),
    happened: ({ events }) => assert.ok((events as unknown[]).length > 0),
    "call of Microsoft Graph": ({ mail }) => assert.equal(mail, ALICE),
    "new link": ({ auth_url }) => assert.match(String(auth_url), /\/connect\//),
    "another user": ({ auth_url }) => assert.match(String(auth_url), /\/connect\//),
    "comes back": ({ auth_url }) => assert.match(String(auth_url), /\/connect\//),
    "provider: github": ({ auth_url }) => assert.match(String(auth_url), /\/connect\//),
    "token: github": ({ code }) => assert.equal(code, "not_connected"),
    "another API key": ({ org_id }) => assert.equal(org_id, DEMO_ORG),
    "another organization": ({ org_id }) => assert.equal(org_id, "acme"),
    disconnect: ({ disconnected }) => assert.equal(disconnected, true),
  };
  const seen = new Set<string>();
  for (const { what, command } of [...reads(demo), ...more(demo)]) {
    assert.match(command, /^curl -sS -w '\\n' /, "the prompt stands in a line of its own");
    const answer = await paste(command);
    // Nobody has connected an account there.
    if (!what.startsWith("then its token")) works(answer);
    for (const [word, judge] of Object.entries(told))
      if (what.includes(word)) {
        judge(answer);
        seen.add(word);
      }
  }
  assert.deepEqual([...seen].sort(), Object.keys(told).sort());
  assert.match(
    String((await paste(commandFor(reads(demo), /profile/))).code),
    /not_connected/,
    "it was disconnected",
  );
});

test("the page at / is as every page has to be, and its lines work where both keys are set", async () => {
  const { origin, demo } = stack;
  const person = await Person.enter();
  const page = await person.open(`${origin}/`);
  await page.getByRole("heading", { level: 1, name: "This is Postern" }).waitFor();
  await photograph(page, "home");
  const lines = await page.locator("pre").allTextContents();
  assert.equal(lines.length, 2);
  const keys = { ADMIN_API_KEY: demo.admin, KEY: demo.key };
  const [made = {}, link = {}] = await Promise.all(lines.map((line) => paste(line, keys)));
  assert.match(String(made.key), /^pk_demo_/);
  assert.ok(String(link.auth_url).startsWith(`${origin}/connect/`));
  const health = (await page.getByRole("link", { name: "Is it up?" }).getAttribute("href")) ?? "";
  assert.equal((await fetch(new URL(health, page.url()))).status, 200);
  await person.leave();
});

test("a link with return_to ends at the application, which tells how to confirm, and that works", async () => {
  const { demo } = stack;
  const link = await paste(commandFor(more(demo), /comes back/));
  const { person, page } = await connect(String(link.auth_url), BOB);
  await page.waitForURL(`${demo.app}${RETURN_PATH}?**`);
  const { searchParams } = new URL(page.url());
  const shown = (await page.locator("dl").textContent()) ?? "";
  for (const name of ["attempt", "code"]) assert.ok(shown.includes(searchParams.get(name) ?? "?"), name);
  const profile = (await page.locator("#ask").textContent()) ?? "";
  assert.equal((await paste(profile)).code, "connection_pending");
  const confirmed = await paste((await page.locator("#confirm").textContent()) ?? "");
  assert.deepEqual([confirmed.status, confirmed.user_id], ["connected", APP_USER]);
  assert.equal((await paste(profile)).mail, BOB);
  await person.leave();
});

test("the application shows what came as text, and makes no command of it", async () => {
  const evil = `${stack.demo.app}${RETURN_PATH}?attempt=x&code=${encodeURIComponent("';touch <b>x</b>'")}&error=access_denied`;
  const text = await (await fetch(evil)).text();
  assert.doesNotMatch(text, /curl|<b>/);
  assert.match(text, /access_denied/);
  assert.match(text, /nothing to confirm/);
  assert.match(await (await fetch(`${stack.demo.app}${RETURN_PATH}`)).text(), /leads here/);
});

test("under another name the application tells nothing", async () => {
  const { port } = new URL(stack.demo.app ?? "");
  const status = await new Promise((resolve, reject) => {
    const headers = { host: `rebound.example:${port}` };
    request({ host: "localhost", port, path: RETURN_PATH, headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .once("error", reject)
      .end();
  });
  assert.equal(status, 421);
});

test("each start takes the key of the last one; what earlier ones left is revoked", async () => {
  const { origin, admin } = stack.demo;
  const file = join(folder, "key.json");
  const alive = async () => {
    const { api_keys } = await ask(`${origin}/v1/api-keys?org_id=${DEMO_ORG}`, admin);
    const keys = api_keys as { name: string; revoked_at?: string }[];
    return keys.filter(({ name, revoked_at }) => name === "local" && revoked_at === undefined).length;
  };
  for (let n = 0; n < 3; n += 1)
    await ask(`${origin}/v1/api-keys`, admin, { org_id: DEMO_ORG, name: "local", permissions: ["*"] });
  assert.equal(await alive(), 3);
  const first = await demoKey(origin, admin, file);
  assert.equal(await alive(), 1);
  assert.equal(statSync(file).mode & 0o077, 0);
  assert.equal(await demoKey(origin, admin, file), first);
  assert.equal(await alive(), 1);
  // Of other data, or cut off.
  for (const text of [JSON.stringify({ id: "key_x", key: "pk_demo_gone" }), '{"id"', "null"]) {
    writeFileSync(file, text);
    const next = await demoKey(origin, admin, file);
    assert.notEqual(next, first);
    assert.equal(await demoKey(origin, admin, file), next);
    assert.equal(await alive(), 1);
  }
  works(await ask(`${origin}/v1/connections`, stack.demo.key));
});
