import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { type Microsoft, startMicrosoft } from "./microsoft.ts";
import { type Ask, armAs, at, codeIn, endOf } from "./testing.ts";

let microsoft: Microsoft;
let ask: Ask;
let [subscription, other] = ["", ""];
before(async () => {
  microsoft = await startMicrosoft();
  const arm = await armAs(microsoft);
  ask = arm.ask;
  [subscription = "", other = ""] = arm.subscriptions;
});
after(() => microsoft.close());
afterEach(() => microsoft.control({ reset: true }));

const group = (name: string, of = subscription) => `${of}/resourceGroups/${name}`;
const store = (name: string, inside: string) =>
  `${inside}/providers/Microsoft.Storage/storageAccounts/${name}`;
const move = (from: string, resources: string[], targetResourceGroup: string) =>
  ask("POST", at(`${from}/moveResources`), { resources, targetResourceGroup });
const statusOf = async (id: string) => (await ask("GET", at(id, "2023-05-01"))).status;

test("resources are moved to another group, and to another subscription", async () => {
  for (const [name, target] of [
    ["store00", group("rg-1")],
    ["store01", group("rg-1", other)],
  ] as const) {
    const from = store(name, group("rg-0"));
    const begun = await move(group("rg-0"), [from], target);
    assert.equal(begun.status, 202);
    assert.match(String(begun.headers.get("location")), /\/operationresults\//);
    assert.equal(await statusOf(from), 200);
    assert.equal((await endOf(ask, begun)).status, 204);
    assert.deepEqual([await statusOf(from), await statusOf(store(name, target))], [404, 200]);
  }
});

test("a move that fails leaves all where it was", async () => {
  microsoft.control({ operations: "fail", polling: "Azure-AsyncOperation" });
  const from = store("store20", group("rg-2"));
  const failed = await endOf(ask, await move(group("rg-2"), [from], group("rg-1")));
  assert.deepEqual([failed.status, await statusOf(from)], [409, 200]);
});

test("a move that ARM would refuse is refused", async () => {
  const from = store("store30", group("rg-3"));
  assert.equal(codeIn(await move(group("rg-3"), [], group("rg-1"))), "InvalidRequestContent");
  assert.equal(codeIn(await move(group("rg-3"), [from], group("none"))), "ResourceGroupNotFound");
  assert.equal(codeIn(await move(group("rg-3"), [from], "/elsewhere")), "ResourceGroupNotFound");
  assert.equal(codeIn(await move(group("rg-3"), [from], group("rg-3"))), "InvalidMoveTargetResourceGroup");
  assert.equal(codeIn(await move(group("rg-2"), [from], group("rg-1"))), "ResourceNotFound");
  assert.equal(codeIn(await move(group("none"), [from], group("rg-1"))), "ResourceGroupNotFound");
  const more = { resources: [from], targetResourceGroup: group("rg-1"), force: true };
  assert.equal((await ask("POST", at(`${group("rg-3")}/moveResources`), more)).status, 400);
  assert.equal((await ask("GET", at(`${group("rg-3")}/moveResources`))).status, 405);
});
