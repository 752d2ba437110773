/** GitHub and Google in a real browser, from the link to the end of the grant at the provider; both for one user at once, one of them twice. */
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { ALICE, BOB } from "../world/testing.ts";
import { cancel, closeBrowser, goOn, Person, photograph, pick } from "./browser.ts";
import { closeStack, type Stack, sharedStack } from "./local.ts";

interface Provider {
  readonly integration: "github" | "google";
  readonly name: string;
  /** Where its API says whose a token is, and by which member. */
  readonly profile: string;
  readonly member: string;
  /** How that member names the two people. */
  readonly people: Readonly<Record<string, string>>;
  /** What the consent page says of the default scopes. */
  readonly words: readonly string[];
  readonly prompt: string;
}

const GITHUB: Provider = {
  integration: "github",
  name: "GitHub",
  profile: "/user",
  member: "login",
  people: { [ALICE]: "alice-anders", [BOB]: "bob-brandt" },
  words: ["Read your profile read:user"],
  prompt: "select_account",
};
const GOOGLE: Provider = {
  integration: "google",
  name: "Google",
  profile: "/v1/userinfo",
  member: "email",
  people: { [ALICE]: ALICE, [BOB]: BOB },
  words: ["Know who you are openid, email, profile"],
  prompt: "consent select_account",
};

let stack: Stack;
before(async () => {
  stack = await sharedStack();
});
after(async () => {
  await closeBrowser();
  await closeStack();
});
afterEach(() => {
  for (const world of [stack.github, stack.google]) world.control({ reset: true });
});

const connected = ({ name }: Provider) => `Your account at ${name} is connected`;
const of = ({ integration }: Provider, below: string, user: string) =>
  `/v1/connections/${integration}${below}?user_id=${user}`;
const describe = (provider: Provider, user: string) => stack.call("GET", of(provider, "", user));
const refresh = (provider: Provider, user: string) => stack.call("POST", of(provider, "/refresh", user));
const disconnect = (provider: Provider, user: string) => stack.call("DELETE", of(provider, "", user));

async function token(provider: Provider, user: string): Promise<string> {
  const { status, body } = await stack.call("GET", of(provider, "/token", user));
  assert.deepEqual([status, body.resource], [200, provider.integration]);
  return String(body.access_token);
}

/** Whose the provider says that an access token is; nothing where it is dead. */
async function ownerOf({ integration, profile, member }: Provider, token: string) {
  const headers = { authorization: `Bearer ${token}`, "user-agent": "the caller" };
  const response = await fetch(`${stack[integration].origin}${profile}`, { headers });
  const body = (await response.json()) as Record<string, unknown>;
  return response.status === 200 ? body[member] : undefined;
}

/** From the link to whatever page comes last. */
async function connect(person: Person, provider: Provider, user: string, email: string) {
  const { integration, name } = provider;
  const page = await person.open(await stack.link(user, { integration }));
  await person.sees(page, `Give demo access to your ${name} account?`, 200);
  await goOn(page, name);
  await pick(page, email);
  return page;
}

/** `rotates`: whether a refresh token is good once. */
async function wholeLife(provider: Provider, rotates: boolean): Promise<void> {
  const { integration, name, people, words, prompt } = provider;
  const user = `whole-life-${integration}`;
  const person = await Person.enter();
  const page = await person.open(await stack.link(user, { integration }));
  await person.sees(page, `Give demo access to your ${name} account?`, 200);
  assert.deepEqual(await page.locator("ul.scopes li").allTextContents(), words);
  await photograph(page, `consent-${integration}`);
  assert.equal((await describe(provider, user)).status, 404, "showing the page connects nobody");
  await goOn(page, name);
  const asked = new URL(page.url());
  assert.equal(asked.origin, stack[integration].origin);
  assert.deepEqual(
    [asked.searchParams.get("prompt"), asked.searchParams.get("code_challenge_method")],
    [prompt, "S256"],
  );
  await pick(page, ALICE);
  await person.sees(page, connected(provider), 200);
  assert.ok((await page.locator("main").textContent())?.includes(people[ALICE] ?? "?"));
  await photograph(page, `connected-${integration}`);

  const first = await token(provider, user);
  assert.equal(await ownerOf(provider, first), people[ALICE]);
  const { status, body } = await refresh(provider, user);
  assert.deepEqual([status, body.status, body.version], [200, "connected", 2]);
  const second = await token(provider, user);
  assert.notEqual(second, first);
  assert.equal(await ownerOf(provider, second), people[ALICE]);
  assert.equal(await ownerOf(provider, first), rotates ? undefined : people[ALICE]);
  assert.equal((await refresh(provider, user)).body.version, 3, "with the refresh token of the refresh");

  const again = await connect(person, provider, user, ALICE);
  await person.sees(again, connected(provider), 200);
  const third = await token(provider, user);
  assert.equal(await ownerOf(provider, third), people[ALICE]);
  const refused = await connect(person, provider, user, BOB);
  await person.sees(refused, "That is a different account", 409);
  assert.equal(await token(provider, user), third, "what was there stays");

  const ended = await disconnect(provider, user);
  assert.deepEqual(ended.body, {
    success: true,
    disconnected: true,
    propagation: "complete",
    provider_revocation: "revoked",
  });
  assert.equal(await ownerOf(provider, third), undefined, "the token is dead at the provider");
  assert.equal((await describe(provider, user)).body.code, "not_connected");
  const cookies = await person.context.cookies(stack.origin);
  assert.equal(cookies.length, 3, "one for each attempt: a reload is told how it ended");
  for (const { expires } of cookies)
    assert.ok(expires > 0 && expires <= Date.now() / 1000 + 20 * 60, "and each ends by itself");
  await person.leave();
}

test("GitHub, whose tokens expire and whose refresh tokens rotate, from the link to the disconnect", async () => {
  stack.github.control({ tokens: "expiring" });
  await wholeLife(GITHUB, true);
});

test("Google, whose refresh token stays, from the link to the disconnect", () => wholeLife(GOOGLE, false));

for (const provider of [GITHUB, GOOGLE])
  test(`who declines at ${provider.name} is told so, and nothing is connected`, async () => {
    const { integration, name } = provider;
    const user = `decliner-${integration}`;
    const person = await Person.enter();
    const page = await person.open(await stack.link(user, { integration }));
    await goOn(page, name);
    await cancel(page);
    await person.sees(page, "No access was given", 403);
    assert.match((await page.locator("main").textContent()) ?? "", new RegExp(`${name} says`));
    assert.equal((await describe(provider, user)).body.code, "not_connected");
    await person.leave();
  });

test("one user at both, with two accounts at one: tokens that do not mix, and the end of one leaves the others", async () => {
  const user = "both";
  const person = await Person.enter();
  const open = async ({ integration }: Provider, more = {}) =>
    person.open(await stack.link(user, { integration, ...more }));
  // Three attempts in one browser, the last one first.
  const [github, google, work] = [
    await open(GITHUB),
    await open(GOOGLE),
    await open(GITHUB, { account: "work" }),
  ];
  await goOn(github, "GitHub");
  await goOn(google, "Google");
  await goOn(work, "GitHub");
  await pick(work, BOB);
  await person.sees(work, connected(GITHUB), 200);
  await pick(google, BOB);
  await person.sees(google, connected(GOOGLE), 200);
  await pick(github, ALICE);
  await person.sees(github, connected(GITHUB), 200);

  const atWork = `${user}&account=work`;
  const held = [await token(GITHUB, user), await token(GITHUB, atWork), await token(GOOGLE, user)] as const;
  const owners = async () => [
    await ownerOf(GITHUB, held[0]),
    await ownerOf(GITHUB, held[1]),
    await ownerOf(GOOGLE, held[2]),
  ];
  assert.deepEqual(await owners(), ["alice-anders", "bob-brandt", BOB]);
  const listed = async () => {
    const { body } = await stack.call("GET", `/v1/connections?user_id=${user}`);
    const connections = body.connections as { integration: string; account: { label: string } }[];
    return connections.map(({ integration, account }) => `${integration} ${account.label}`).sort();
  };
  assert.deepEqual(await listed(), ["github default", "github work", "google default"]);
  assert.equal((await disconnect(GITHUB, user)).body.provider_revocation, "revoked");
  assert.deepEqual(await owners(), [undefined, "bob-brandt", BOB]);
  assert.deepEqual(await listed(), ["github work", "google default"]);
  assert.equal(await token(GITHUB, atWork), held[1]);
  assert.equal(await token(GOOGLE, user), held[2]);
  assert.equal((await refresh(GOOGLE, user)).status, 200);
  assert.equal(await ownerOf(GOOGLE, await token(GOOGLE, user)), BOB);
  await person.leave();
});
