import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { type Microsoft, startMicrosoft } from "./microsoft.ts";
import { type Ask, armAs, at, codeIn, endOf, type Item, pagesOf } from "./testing.ts";

let microsoft: Microsoft;
let ask: Ask;
let groups = "";
before(async () => {
  microsoft = await startMicrosoft();
  const arm = await armAs(microsoft);
  ask = arm.ask;
  groups = `${arm.subscriptions[0] ?? ""}/resourcegroups`;
});
after(() => microsoft.close());
afterEach(() => microsoft.control({ reset: true }));

const deployment = (name: string, group = "rg-0") =>
  at(`${groups}/${group}/providers/Microsoft.Resources/deployments/${name}`);
const account = (name: string, more: object = {}) => ({
  type: "Microsoft.Storage/storageAccounts",
  apiVersion: "2023-05-01",
  name,
  location: "westeurope",
  ...more,
});
const body = (resources: object[], mode = "Incremental") => ({
  properties: { mode, template: { resources }, parameters: {} },
});
const state = (item: Item) => (item.properties as Item).provisioningState;
const isThere = async (name: string, group = "rg-0") => {
  const path = `${groups}/${group}/providers/Microsoft.Storage/storageAccounts/${name}`;
  return (await ask("GET", at(path, "2023-05-01"))).status === 200;
};

test("a deployment is accepted, runs and has made its resources", async () => {
  const made = await ask("PUT", deployment("first"), body([account("made")]));
  assert.deepEqual([made.status, state(made.body)], [201, "Accepted"]);
  assert.ok(made.headers.has("azure-asyncoperation"));
  assert.equal(await isThere("made"), false);
  assert.equal((await endOf(ask, made)).body.status, "Succeeded");
  const { body: done } = await ask("GET", deployment("first"));
  assert.equal(state(done), "Succeeded");
  assert.equal(((done.properties as Item).outputResources as Item[]).length, 1);
  assert.equal(await isThere("made"), true);
  assert.equal((await ask("PUT", deployment("first"), body([]))).status, 200);
  assert.equal((await ask("HEAD", deployment("first"))).status, 204);
});

test("a complete deployment deletes what its template does not name", async () => {
  await endOf(ask, await ask("PUT", deployment("whole", "rg-1"), body([account("store10")], "Complete")));
  assert.deepEqual([await isThere("store10", "rg-1"), await isThere("store11", "rg-1")], [true, false]);
});

test("a deployment that fails says why, and has made nothing", async () => {
  microsoft.control({ operations: "fail" });
  const failed = await endOf(ask, await ask("PUT", deployment("failing"), body([account("unmade")])));
  assert.equal(failed.body.status, "Failed");
  const { body: item } = await ask("GET", deployment("failing"));
  assert.deepEqual([state(item), await isThere("unmade")], ["Failed", false]);
  assert.equal(((item.properties as Item).error as Item).code, "ResourceOperationFailure");
});

test("deployments are listed in pages and deleted", async () => {
  for (const name of ["a", "b", "c"]) await endOf(ask, await ask("PUT", deployment(name, "rg-2"), body([])));
  const pages = await pagesOf(ask, deployment("", "rg-2"), "nextLink");
  assert.deepEqual(
    pages.map((page) => page.map(({ name }) => name)),
    [["a", "b"], ["c"]],
  );
  const gone = await ask("DELETE", deployment("a", "rg-2"));
  assert.deepEqual([gone.status, (await endOf(ask, gone)).status], [202, 204]);
  const missing = await ask("GET", deployment("a", "rg-2"));
  assert.deepEqual([missing.status, codeIn(missing)], [404, "DeploymentNotFound"]);
  assert.equal((await ask("HEAD", deployment("a", "rg-2"))).status, 404);
  assert.equal((await ask("POST", deployment("", "rg-2"), {})).status, 405);
  assert.equal((await ask("PATCH", deployment("b", "rg-2"), {})).status, 405);
});

test("what a deployment would change is told, and nothing is changed", async () => {
  const url = deployment("what/whatIf", "rg-3");
  const changes = async (mode: string) => {
    const begun = await ask(
      "POST",
      url,
      body([account("store30", { tags: { a: "b" } }), account("new")], mode),
    );
    assert.equal(begun.status, 202);
    assert.ok(begun.headers.has("location"));
    const { status, body: result } = await endOf(ask, begun);
    assert.deepEqual([status, result.status], [200, "Succeeded"]);
    return (result.properties as Item).changes as Item[];
  };
  const kinds = (all: Item[]) => all.map(({ changeType }) => changeType);
  const incremental = await changes("Incremental");
  assert.deepEqual(kinds(incremental), ["Modify", "Create", "Ignore", "Ignore"]);
  assert.ok((incremental[0]?.delta as Item[] | undefined)?.some(({ path }) => path === "tags.a"));
  assert.deepEqual(kinds(await changes("Complete")), ["Modify", "Create", "Delete", "Delete"]);
  assert.equal(await isThere("new", "rg-3"), false);
  const { tags } = (await ask("GET", at(`${groups}/rg-3`))).body;
  const same = account("store40", { tags });
  const unchanged = await endOf(ask, await ask("POST", deployment("x/whatIf", "rg-4"), body([same])));
  assert.equal(((unchanged.body.properties as Item).changes as Item[])[0]?.changeType, "NoChange");
  assert.equal((await ask("GET", url)).status, 405);
});

test("a deployment that ARM would refuse is refused", async () => {
  const { properties } = body([]);
  for (const [sent, code] of [
    [{}, "InvalidRequestContent"],
    [{ ...body([]), nothing: 1 }, "InvalidRequestContent"],
    [{ properties: { ...properties, nothing: 1 } }, "InvalidRequestContent"],
    [{ properties: { ...properties, mode: "Partial" } }, "InvalidRequestContent"],
    [{ properties: { mode: "Incremental" } }, "InvalidTemplate"],
    [{ properties: { ...properties, templateLink: { uri: "https://example.com" } } }, "InvalidTemplate"],
  ] as const)
    for (const [method, path] of [
      ["PUT", "bad"],
      ["POST", "bad/whatIf"],
    ] as const)
      assert.equal(codeIn(await ask(method, deployment(path), sent)), code, JSON.stringify(sent));
  assert.equal((await ask("PUT", deployment("x", "none"), body([]))).status, 404);
});
