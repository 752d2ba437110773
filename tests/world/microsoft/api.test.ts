import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Microsoft, startMicrosoft } from "./microsoft.ts";
import { ALICE, ARM_SCOPE, BOB, get, redeem } from "./testing.ts";

let microsoft: Microsoft;
const tokens: Record<string, unknown> = {};
before(async () => {
  microsoft = await startMicrosoft();
  for (const [name, email] of [
    ["alice", ALICE],
    ["bob", BOB],
  ] as const) {
    tokens[name] = (await redeem(microsoft, email)).body.access_token;
    tokens[`${name}-arm`] = (await redeem(microsoft, email, ARM_SCOPE)).body.access_token;
  }
});
after(() => microsoft.close());

type Item = Record<string, unknown>;

const graph = (who: string, path: string) => get(`${microsoft.graphOrigin}/v1.0/me${path}`, tokens[who]);
const items = (body: Record<string, unknown>) => body.value as Item[];

async function allPages(url: string, token: unknown, link: string): Promise<{ all: Item[]; pages: number }> {
  const all: Item[] = [];
  let pages = 0;
  for (let next: unknown = url; typeof next === "string"; pages += 1) {
    const { status, body, text } = await get(next, token);
    assert.equal(status, 200, text);
    all.push(...items(body));
    next = body[link];
  }
  return { all, pages };
}

test("each person has mail of their own, newest first, in pages", async () => {
  const { all, pages } = await allPages(
    `${microsoft.graphOrigin}/v1.0/me/messages`,
    tokens.alice,
    "@odata.nextLink",
  );
  assert.deepEqual([all.length, pages], [47, 5]);
  const times = all.map((message) => String(message.receivedDateTime));
  assert.deepEqual(times, times.toSorted().reverse());
  assert.ok(all.every((message) => String(message.subject).endsWith("Alice")));
  const bob = await graph("bob", "/messages?$top=100");
  assert.deepEqual([items(bob.body).length, bob.body["@odata.nextLink"]], [12, undefined]);
});

test("mail is cut and filtered; a filter that the order does not fit is refused", async () => {
  const cut = await graph("alice", "/messages?$top=3&$skip=2");
  assert.deepEqual(
    items(cut.body).map((message) => message.id),
    ["msg-alice-44", "msg-alice-43", "msg-alice-42"],
  );
  const unread = await graph("alice", "/messages?$top=50&$filter=isRead eq false");
  assert.equal(items(unread.body).length, 16);
  const recent =
    "$filter=receivedDateTime ge 2026-01-18T00:00:00Z and isRead eq false&$orderby=receivedDateTime desc";
  assert.equal(items((await graph("alice", `/messages?${recent}`)).body).length, 1);
  const bad = await graph("alice", "/messages?$filter=isRead eq false&$orderby=receivedDateTime desc");
  assert.equal((bad.body.error as Item).code, "InefficientFilter");
  assert.equal((await graph("alice", "/messages?$filter=nonsense")).status, 400);
  assert.equal((await graph("alice", "/messages?$top=0")).status, 400);
});

test("the calendar answers events and a view of a time window", async () => {
  assert.equal(items((await graph("alice", "/calendar/events?$top=5")).body).length, 5);
  const window = "startDateTime=2026-01-05T00:00:00Z&endDateTime=2026-01-18T00:00:00Z";
  const view = await graph("alice", `/calendarView?${window}`);
  assert.deepEqual(
    items(view.body).map((event) => event.id),
    ["event-alice-0", "event-alice-1", "event-alice-2"],
  );
  assert.equal((await graph("alice", "/calendarView")).status, 400);
  const filter = "$filter=start/dateTime ge '2026-01-11T00:00:00Z' and end/dateTime le '2026-01-18T00:00:00'";
  assert.equal(items((await graph("bob", `/calendar/events?${filter}`)).body).length, 2);
});

test("a token without the scope is refused", async () => {
  const { body } = await redeem(microsoft, ALICE, "User.Read");
  assert.equal((await get(`${microsoft.graphOrigin}/v1.0/me/messages`, body.access_token)).status, 403);
});

test("subscriptions, groups and resources come in pages, per person", async () => {
  const at = `${microsoft.armOrigin}/subscriptions`;
  const alice = await allPages(`${at}?api-version=2020-01-01`, tokens["alice-arm"], "nextLink");
  assert.deepEqual([alice.all.length, alice.pages], [7, 3]);
  const bob = await allPages(`${at}?api-version=2020-01-01`, tokens["bob-arm"], "nextLink");
  assert.equal(bob.all.length, 2);
  const one = `${at}/${alice.all[0]?.subscriptionId}`;
  const version = "api-version=2021-04-01";
  const groups = await allPages(`${one}/resourcegroups?${version}`, tokens["alice-arm"], "nextLink");
  assert.deepEqual([groups.all.length, groups.pages], [5, 3]);
  const resources = await allPages(`${one}/resources?${version}`, tokens["alice-arm"], "nextLink");
  assert.deepEqual([resources.all.length, resources.pages], [15, 4]);
  const inGroup = await allPages(
    `${one}/resourceGroups/RG-1/resources?${version}`,
    tokens["alice-arm"],
    "nextLink",
  );
  assert.deepEqual([inGroup.all.length, inGroup.pages], [3, 2]);
  assert.equal((await get(`${one}/resourcegroups?${version}`, tokens["bob-arm"])).status, 404);
  assert.equal(
    (await get(`${one}/resourceGroups/none/resources?${version}`, tokens["alice-arm"])).status,
    404,
  );
  assert.equal((await get(at, tokens["alice-arm"])).status, 400);
});

test("odd content and odd links come where they are ordered, and the links can be followed", async () => {
  const at = (path: string) => get(`${microsoft.graphOrigin}/v1.0/me${path}`, tokens.alice);
  await microsoft.control({ content: "odd" });
  const headers = { authorization: `Bearer ${String(tokens.alice)}` };
  const odd = await (await fetch(`${microsoft.graphOrigin}/v1.0/me/messages?$top=1`, { headers })).text();
  assert.ok(odd.includes('"twice":1,"twice":2') && odd.includes("odd \\u0000 \\ud83d "));
  await microsoft.control({ content: "plain", links: "raw" });
  const link = String((await at("/messages?$top=40")).body["@odata.nextLink"]);
  assert.match(link, /\/\/v1\.0.*\[\{"compositeToken".*\|.*#RT:1/);
  // As a browser would send it, without what stands behind the first #.
  assert.equal((await get(link, tokens.alice)).status, 400);
  const encoded = link.replaceAll("%N", "%25N").replaceAll("#", "%23").replaceAll(" ", "%20");
  assert.equal(items((await get(encoded, tokens.alice)).body).length, 7);
  await microsoft.control({ links: "loop" });
  const first = String((await at("/messages?$top=10")).body["@odata.nextLink"]);
  assert.equal((await get(first, tokens.alice)).body["@odata.nextLink"], first);
  await microsoft.control({ links: "elsewhere" });
  assert.match(String((await at("/messages")).body["@odata.nextLink"]), /^http:\/\/api\.example\.com@/);
  await microsoft.control({ links: "plain" });
});

test("a challenge names its claims beside another error at each API", async () => {
  await microsoft.control({ step_up: "s" });
  const challenge = async (url: string, token: unknown) =>
    String((await get(url, token)).headers.get("www-authenticate"));
  const [graph, arm] = [
    await challenge(`${microsoft.graphOrigin}/v1.0/me/messages`, tokens.alice),
    await challenge(`${microsoft.armOrigin}/subscriptions?api-version=2020-01-01`, tokens["alice-arm"]),
  ];
  await microsoft.control({
    step_up: null,
    graph: { kind: "claims-challenge", claims: '{"access_token":{}}' },
  });
  const told = await challenge(`${microsoft.graphOrigin}/v1.0/me`, tokens.alice);
  assert.ok(told.endsWith(`claims="${btoa('{"access_token":{}}')}"`), told);
  assert.match(graph, /error="insufficient_claims", claims="[\w=]+"/);
  assert.match(arm, /error="invalid_token", claims="[\w=]+"/);
});

test("members are selected, and every answer has its ids", async () => {
  const { body, headers } = await graph("alice", "/messages?$top=1&$select=subject");
  assert.deepEqual(Object.keys(items(body)[0] ?? {}), ["id", "subject"]);
  assert.match(String(headers.get("request-id")), /^[0-9a-f-]{36}$/);
  const missing = await graph("alice", "/nothing");
  const { innerError } = missing.body.error as { innerError: Item };
  assert.equal(missing.headers.get("request-id"), innerError["request-id"]);
  const arm = await get(`${microsoft.armOrigin}/subscriptions`, tokens["alice-arm"]);
  assert.match(String(arm.headers.get("x-ms-correlation-request-id")), /^[0-9a-f-]{36}$/);
});
