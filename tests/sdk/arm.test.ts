/** @azure/arm-resources and @azure/arm-resources-subscriptions, unchanged but for endpoint and token. */
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { ResourceManagementClient } from "@azure/arm-resources";
import { SubscriptionClient } from "@azure/arm-resources-subscriptions";
import { POLLING } from "../world/microsoft/azure.ts";
import { Stack } from "./stack.ts";

let stack: Stack;
let client: ResourceManagementClient;
let subscriptions: SubscriptionClient;
let subscription = "";
/** What the SDKs asked their credential for. */
const asked: { claims?: string }[] = [];
before(async () => {
  stack = await Stack.start("azure");
  const endpoint = stack.proxy("azure.arm");
  subscriptions = new SubscriptionClient(credential(stack.key), { endpoint });
  for await (const one of subscriptions.subscriptions.list()) subscription ||= one.subscriptionId ?? "";
  client = clientWith(stack.key);
});
after(() => stack.finish());
afterEach(() => {
  stack.worlds.microsoft.control({ reset: true });
  asked.length = 0;
});

const credential = (key: string) => ({
  getToken: async (_: string | string[], options?: { claims?: string }) => {
    asked.push(options?.claims === undefined ? {} : { claims: options.claims });
    return { token: key, expiresOnTimestamp: Date.now() + 3_600_000 };
  },
});

const clientWith = (key: string, user?: string) =>
  new ResourceManagementClient(credential(key), subscription, { endpoint: stack.proxy("azure.arm", user) });

async function all<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of pages) found.push(one);
  return found;
}

interface Refusal {
  readonly statusCode?: number;
  readonly code?: string;
  readonly message: string;
}

async function refusalOf(asking: Promise<unknown>): Promise<Refusal> {
  return await asking.then(
    () => assert.fail("it was not refused"),
    (error: unknown) => error as Refusal,
  );
}

test("lists are read to their ends", async () => {
  assert.equal((await all(subscriptions.subscriptions.list())).length, 7);
  assert.equal((await all(subscriptions.tenants.list())).length, 1);
  assert.equal((await subscriptions.subscriptions.get(subscription)).state, "Enabled");
  assert.equal((await all(client.resourceGroups.list())).length, 5);
  assert.equal((await all(client.resourceGroups.list({ top: 3 }))).length, 5);
  assert.equal((await all(client.resources.list())).length, 15);
  assert.equal((await all(client.resources.listByResourceGroup("rg-1"))).length, 3);
  const sizes: number[] = [];
  for await (const page of client.resources.list().byPage()) sizes.push(page.length);
  assert.deepEqual(sizes, [4, 4, 4, 3]);
});

const VERSION = "2024-11-01";
const named = (name: string) => ["rg-0", "Microsoft.Cache", "", "redis", name, VERSION] as const;

for (const polling of POLLING)
  test(`a resource and a group are created and deleted, polled by ${polling}`, async () => {
    stack.worlds.microsoft.control({ polling });
    const parameters = { location: "westeurope", properties: { sku: "x" } };
    const name = `cache-${POLLING.indexOf(polling)}`;
    const states: unknown[] = [];
    const poller = client.resources.createOrUpdate(...named(name), parameters, { updateIntervalInMs: 1 });
    poller.onProgress((state) => states.push(state.status));
    const made = await poller.pollUntilDone();
    assert.deepEqual([made.name, made.properties], [name, { sku: "x", provisioningState: "Succeeded" }]);
    assert.ok(states.includes("running") && states.at(-1) === "succeeded", states.join());
    assert.equal((await client.resources.get(...named(name))).name, name);
    await client.resources.delete(...named(name), { updateIntervalInMs: 1 }).pollUntilDone();
    assert.equal((await refusalOf(client.resources.get(...named(name)))).code, "ResourceNotFound");

    const group = `rg-${name}`;
    const created = await client.resourceGroups.createOrUpdate(group, {
      location: "eastus",
      tags: { a: "b" },
    });
    assert.deepEqual([created.name, created.properties?.provisioningState], [group, "Succeeded"]);
    assert.equal((await client.resourceGroups.checkExistence(group)).body, true);
    await client.resourceGroups.delete(group, { updateIntervalInMs: 1 }).pollUntilDone();
    assert.equal((await client.resourceGroups.checkExistence(group)).body, false);
    const polled = stack.worlds.microsoft.world.ledger.requests.filter(({ path }) =>
      /\/operation(status|result)/.test(path),
    );
    assert.ok(polled.length >= 9, `${polled.length}`);
  });

test("an operation that fails says so", async () => {
  stack.worlds.microsoft.control({ operations: "fail" });
  const failed = await refusalOf(
    client.resourceGroups.delete("rg-1", { updateIntervalInMs: 1 }).pollUntilDone(),
  );
  assert.match(failed.message, /as a test asked for/);
  assert.equal((await client.resourceGroups.get("rg-1")).name, "rg-1");
});

test("errors are shown by code and message: the API's and Postern's", async () => {
  const missing = await refusalOf(client.resourceGroups.get("none"));
  assert.deepEqual([missing.statusCode, missing.code], [404, "ResourceGroupNotFound"]);
  assert.match(missing.message, /'none' could not be found/);
  const unknown = await refusalOf(clientWith(stack.key, "nobody").resourceGroups.get("rg-1"));
  assert.deepEqual([unknown.statusCode, unknown.code], [404, "not_connected"]);
  assert.notEqual(unknown.message, "");
  const other = await stack.newKey("proxy:graph");
  const forbidden = await refusalOf(clientWith(other).resourceGroups.get("rg-1"));
  assert.deepEqual([forbidden.statusCode, forbidden.code], [403, "permission_denied"]);
});

test("after two answers 429 comes a good one", async () => {
  stack.worlds.microsoft.control({ arm: { kind: "status", status: 429, retry_after: 0, times: 2 } });
  assert.equal((await client.resourceGroups.get("rg-1")).name, "rg-1");
  const made = await client.resourceGroups.createOrUpdate("rg-429", { location: "eastus" });
  assert.equal(made.name, "rg-429");
});

test("a claims challenge that a new token meets is none for the client", async () => {
  // As after a revocation (learn.microsoft.com/entra/identity-platform/app-resilience-continuous-access-evaluation).
  const claims = '{"access_token":{"nbf":{"essential":true,"value":"1539249639"}}}';
  stack.worlds.microsoft.control({ arm: { kind: "claims-challenge", claims } });
  assert.equal((await client.resourceGroups.get("rg-1")).name, "rg-1");
  assert.ok(asked.every((one) => one.claims === undefined));
  const { requests } = stack.worlds.microsoft.world.ledger;
  assert.ok(requests.some((request) => request.claims?.includes('"nbf"')));
});

test("a claims challenge that only the person can meet is shown as that", async () => {
  stack.worlds.microsoft.control({ step_up: "/resourcegroups/rg-2" });
  const refused = await refusalOf(client.resourceGroups.get("rg-2"));
  assert.deepEqual([refused.statusCode, refused.code], [409, "needs_reauth"]);
  assert.match(refused.message, /connect the account again/);
});
