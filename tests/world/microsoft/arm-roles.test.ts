import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Microsoft, startMicrosoft } from "./microsoft.ts";
import { oidOf } from "./people.ts";
import { ALICE, type Ask, armAs, at, codeIn, type Item, pagesOf, textIn } from "./testing.ts";

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

const path = (scope: string, filter = "") => {
  const query = filter === "" ? "" : `?$filter=${encodeURIComponent(filter)}`;
  return at(
    `${subscription}${scope}/providers/Microsoft.Authorization/roleAssignments${query}`,
    "2022-04-01",
  );
};
const found = async (scope: string, filter = "") =>
  (await pagesOf(ask, path(scope, filter), "nextLink")).flat().map(({ properties }) => properties as Item);

test("assignments are found at, above and below a scope, and by principal", async () => {
  assert.equal((await pagesOf(ask, path(""), "nextLink")).length, 2);
  assert.equal((await found("")).length, 4);
  assert.equal((await found("", "atScope()")).length, 2);
  assert.equal((await found("/resourceGroups/rg-0")).length, 4);
  assert.equal((await found("/resourcegroups/RG-0", "atScope()")).length, 3);
  assert.equal((await found("/resourceGroups/rg-1")).length, 2);
  const mine = await found("", `principalId eq '${oidOf(ALICE)}'`);
  assert.equal(mine.length, 2);
  assert.ok(mine.every(({ principalId }) => principalId === oidOf(ALICE)));
  assert.equal((await found("", `assignedTo('${oidOf(ALICE)}')`)).length, 3);
  assert.equal((await found("", `atScope() and assignedTo('${oidOf(ALICE)}')`)).length, 2);
});

test("one assignment is read by its name", async () => {
  const [one] = (await ask("GET", path(""))).body.value as Item[];
  const read = await ask("GET", at(String(one?.id), "2022-04-01"));
  assert.deepEqual(read.body, one);
  const missing = await ask("GET", at(String(one?.id).slice(0, -4), "2022-04-01"));
  assert.deepEqual([missing.status, codeIn(missing)], [404, "RoleAssignmentNotFound"]);
});

test("other filters, versions, scopes and methods are refused", async () => {
  const filtered = await ask("GET", path("", `principalId eq '${oidOf(ALICE)}' and atScope()`));
  assert.deepEqual([filtered.status, codeIn(filtered)], [400, "UnsupportedQuery"]);
  assert.match(textIn(filtered), /is not supported\. Supported filters are either 'atScope\(\)'/);
  assert.equal(codeIn(await ask("GET", path("").replace("2022", "2015"))), "InvalidApiVersionParameter");
  assert.equal((await ask("GET", path("/resourceGroups/none"))).status, 404);
  assert.equal((await ask("PUT", path(""), {})).status, 405);
});
