import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { POLLING } from "./azure.ts";
import { type Microsoft, startMicrosoft } from "./microsoft.ts";
import { type Ask, armAs, at, codeIn, endOf, type Item, itemsIn, textIn } from "./testing.ts";

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
afterEach(() => microsoft.control({ reset: true }));

const group = (name: string) => at(`${subscription}/resourcegroups/${name}`);
const store = (name: string, version = "2023-05-01") =>
  at(`${subscription}/resourceGroups/rg-0/providers/Microsoft.Storage/storageAccounts/${name}`, version);

test("tags of a resource group are changed at once", async () => {
  const changed = await ask("PATCH", group("rg-1"), { tags: { a: "b" } });
  assert.deepEqual([changed.status, changed.body.tags, changed.body.location], [200, { a: "b" }, "eastus"]);
  assert.deepEqual((await ask("GET", group("rg-1"))).body.tags, { a: "b" });
  const refused = await ask("PATCH", group("rg-1"), { location: "westus" });
  assert.deepEqual([refused.status, codeIn(refused)], [400, "InvalidRequestContent"]);
  assert.match(
    textIn(refused),
    /Could not find member 'location' on object of type 'ResourceGroupPatchable'/,
  );
  assert.equal((await ask("PATCH", group("rg-1"), { tags: { a: 1 } })).status, 400);
  assert.equal((await ask("PATCH", group("none"), { tags: {} })).status, 404);
});

for (const polling of POLLING)
  test(`a resource is changed by ${polling}`, async () => {
    microsoft.control({ polling });
    const before = (await ask("GET", store("store00"))).body;
    const tags = { by: polling };
    const begun = await ask("PATCH", store("store00"), { tags, properties: { tier: polling } });
    assert.deepEqual([begun.status, begun.text], [202, ""]);
    await endOf(ask, begun);
    const { body } = await ask("GET", store("store00"));
    assert.deepEqual([body.tags, body.id, body.location], [tags, before.id, before.location]);
    assert.deepEqual(body.properties, { tier: polling, provisioningState: "Succeeded" });
    microsoft.control({ operations: "fail" });
    assert.match(
      (await endOf(ask, await ask("PATCH", store("store00"), { tags: {} }))).text,
      /as a test asked for/,
    );
    assert.deepEqual((await ask("GET", store("store00"))).body.tags, tags);
  });

test("a change that ARM would refuse is refused", async () => {
  assert.equal(codeIn(await ask("PATCH", store("store00"), { nothing: 1 })), "InvalidRequestContent");
  assert.equal(codeIn(await ask("PATCH", store("store00"), { tags: "x" })), "InvalidRequestContent");
  assert.equal(codeIn(await ask("PATCH", store("store00"))), "InvalidRequestContent");
  assert.equal(codeIn(await ask("PATCH", store("none"), {})), "ResourceNotFound");
  assert.equal((await ask("POST", store("store00"), {})).status, 405);
});

test("a version that the type does not have is refused with those that it has", async () => {
  for (const method of ["GET", "PUT", "PATCH", "DELETE"] as const) {
    const answer = await ask(method, store("store00", "2030-01-01"), method === "GET" ? undefined : {});
    assert.deepEqual([answer.status, codeIn(answer)], [400, "NoRegisteredProviderFound"], method);
    assert.match(
      textIn(answer),
      /API version '2030-01-01' for type 'storageAccounts'.* api-versions are '2024-01-01, /,
    );
  }
  assert.equal((await ask("GET", store("store00", "2020-08-01-preview"))).status, 200);
  assert.equal(codeIn(await ask("GET", store("store00", "latest"))), "InvalidApiVersionParameter");
  const tagged = await ask("GET", at(`${subscription}/tagNames`, "2030-01-01"));
  assert.match(
    textIn(tagged),
    /^The api-version '2030-01-01' is invalid\. The supported versions are '2021-04-01,/,
  );
  const type = await ask("GET", store("x").replace("storageAccounts", "nothings"));
  assert.deepEqual([type.status, codeIn(type)], [404, "InvalidResourceType"]);
});

test("a child resource has the type of its whole path", async () => {
  const site = `${subscription}/resourceGroups/rg-0/providers/Microsoft.Web/sites/w1/slots/s1`;
  await endOf(ask, await ask("PUT", at(site, "2024-04-01"), { location: "northeurope" }));
  const { body } = await ask("GET", at(site, "2024-04-01"));
  assert.deepEqual([body.type, body.name], ["Microsoft.Web/sites/slots", "s1"]);
});

test("lists are filtered and say more of each where they are asked", async () => {
  const named = async (path: string, filter: string) => {
    const answer = await ask(
      "GET",
      at(`${subscription}/${path}?$top=100&$filter=${encodeURIComponent(filter)}`),
    );
    return answer.status === 200 ? itemsIn(answer).length : String(codeIn(answer));
  };
  await ask("PATCH", group("rg-3"), { tags: { team: "blue" } });
  assert.equal(await named("resourcegroups", "tagName eq 'team'"), 1);
  assert.equal(await named("resourcegroups", "tagName eq 'team' and tagValue eq 'red'"), 0);
  assert.equal(await named("resourcegroups", "name eq 'rg-3'"), "InvalidFilterInQueryString");
  assert.equal(await named("resources", "resourceType eq 'microsoft.storage/storageaccounts'"), 15);
  assert.equal(await named("resources", "resourceGroup eq 'rg-2' and name ne 'store20'"), 2);
  assert.equal(await named("resources", "substringof('store1', name)"), 3);
  assert.equal(await named("resources", "location eq 'eastus'"), 6);
  assert.equal(await named("resources", "size eq 'big'"), "InvalidFilterInQueryString");
  assert.equal(await named("resourceGroups/rg-1/resources", "name eq 'store10'"), 1);
  const [one] = itemsIn(
    await ask("GET", at(`${subscription}/resources?$expand=createdTime,provisioningState`)),
  );
  assert.deepEqual([one?.provisioningState, "changedTime" in (one as Item)], ["Succeeded", false]);
});
