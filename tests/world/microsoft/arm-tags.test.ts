import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Microsoft, startMicrosoft } from "./microsoft.ts";
import { type Ask, armAs, at, codeIn, type Item, itemsIn } from "./testing.ts";

let microsoft: Microsoft;
let ask: Ask;
let subscription = "";
before(async () => {
  microsoft = await startMicrosoft();
  const arm = await armAs(microsoft);
  ask = arm.ask;
  subscription = arm.subscriptions[0] ?? "";
});
after(() => microsoft.close());

const tagsAt = (scope: string) => at(`${subscription}${scope}/providers/Microsoft.Resources/tags/default`);
const tagsOf = ({ body }: { body: Item }) => (body.properties as Item | undefined)?.tags;
const STORE = "/resourceGroups/rg-0/providers/Microsoft.Storage/storageAccounts/store00";

for (const scope of ["", "/resourcegroups/RG-2", STORE])
  test(`tags are put, merged, replaced and deleted at ${scope || "the subscription"}`, async () => {
    const change = (operation: string, tags: object) =>
      ask("PATCH", tagsAt(scope), { operation, properties: { tags } });
    const put = await ask("PUT", tagsAt(scope), { properties: { tags: { a: "1", b: "2" } } });
    assert.deepEqual([put.status, put.body.name, tagsOf(put)], [200, "default", { a: "1", b: "2" }]);
    assert.deepEqual(tagsOf(await change("Merge", { b: "3", c: "4" })), { a: "1", b: "3", c: "4" });
    assert.deepEqual(tagsOf(await change("Delete", { a: "1", b: "2" })), { b: "3", c: "4" });
    assert.deepEqual(tagsOf(await change("Delete", { b: "" })), { c: "4" });
    assert.deepEqual(tagsOf(await change("Replace", { d: "5" })), { d: "5" });
    assert.deepEqual(tagsOf(await ask("GET", tagsAt(scope))), { d: "5" });
    assert.equal((await ask("DELETE", tagsAt(scope))).status, 200);
    assert.deepEqual(tagsOf(await ask("GET", tagsAt(scope))), {});
  });

test("tags of a scope are those of what is there", async () => {
  await ask("PUT", tagsAt(STORE), { properties: { tags: { seen: "yes" } } });
  assert.deepEqual((await ask("GET", at(`${subscription}${STORE}`, "2023-05-01"))).body.tags, {
    seen: "yes",
  });
  for (const scope of ["/resourceGroups/none", `${STORE}x`])
    assert.equal((await ask("GET", tagsAt(scope))).status, 404);
});

test("tags that ARM would refuse are refused", async () => {
  for (const [method, body] of [
    ["PUT", {}],
    ["PUT", { properties: { tags: { a: 1 } } }],
    ["PUT", { tags: {} }],
    ["PATCH", { operation: "Add", properties: { tags: {} } }],
    ["PATCH", { properties: { tags: {} } }],
    ["PATCH", { operation: "Merge", properties: { tags: {} }, more: 1 }],
  ] as const)
    assert.equal(codeIn(await ask(method, tagsAt(""), body)), "InvalidRequestContent", JSON.stringify(body));
  assert.equal((await ask("POST", tagsAt(""), {})).status, 405);
});

test("the names of tags are counted", async () => {
  await ask("PUT", tagsAt("/resourceGroups/rg-4"), { properties: { tags: { team: "blue" } } });
  await ask("PUT", tagsAt(""), { properties: { tags: { team: "red" } } });
  const names = itemsIn(await ask("GET", at(`${subscription}/tagNames`)));
  const team = names.find(({ tagName }) => tagName === "team");
  assert.deepEqual(team?.count, { type: "Total", value: 2 });
  assert.deepEqual((team?.values as Item[] | undefined)?.map(({ tagValue }) => tagValue).sort(), [
    "blue",
    "red",
  ]);
  assert.equal((await ask("PUT", at(`${subscription}/tagNames`), {})).status, 405);
  assert.equal((await ask("GET", at(`${subscription}/tagNames/team`))).status, 404);
});
