import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Microsoft, startMicrosoft } from "./microsoft.ts";
import { type Ask, armAs, at, codeIn, type Item } from "./testing.ts";

const PATH = at("/providers/Microsoft.ResourceGraph/resources", "2021-03-01");

let microsoft: Microsoft;
let ask: Ask;
let ids: string[] = [];
before(async () => {
  microsoft = await startMicrosoft();
  const arm = await armAs(microsoft);
  ask = arm.ask;
  ids = arm.subscriptions.map((id) => id.split("/")[2] ?? "");
});
after(() => microsoft.close());

const query = (text: string, more: object = {}) =>
  ask("POST", PATH, { query: text, subscriptions: ids.slice(0, 1), ...more });
const rows = ({ body }: { body: Item }) => body.data as Item[];

test("resources are found, cut to what is projected", async () => {
  const all = await query("Resources");
  assert.equal(all.status, 200, all.text);
  assert.deepEqual([all.body.totalRecords, all.body.count, all.body.resultTruncated], [15, 15, "false"]);
  assert.equal(rows(all)[0]?.type, "microsoft.storage/storageaccounts");
  const cut = await query(
    "resources | where type =~ 'Microsoft.Storage/storageAccounts' | where resourceGroup == 'rg-1' | order by name desc | project id, name",
  );
  assert.deepEqual(
    rows(cut).map(({ name }) => name),
    ["store12", "store11", "store10"],
  );
  assert.deepEqual(Object.keys(rows(cut)[0] ?? {}), ["id", "name"]);
  assert.equal((await query("Resources | where name contains 'STORE0'")).body.count, 3);
  assert.equal((await query("Resources | where location != 'eastus'")).body.count, 9);
  assert.equal((await query("Resources | limit 3")).body.totalRecords, 3);
  const every = await ask("POST", PATH, { query: "Resources" });
  assert.equal(every.body.totalRecords, 15 * ids.length);
});

test("rows come in pages by $skipToken, to the end", async () => {
  const sizes: unknown[] = [];
  const seen = new Set<unknown>();
  for (let token: unknown; ; ) {
    const options = { $top: 2, ...(token === undefined ? {} : { $skipToken: token }) };
    const answer = await query("Resources | project id, name", { options });
    sizes.push(answer.body.count);
    for (const { id } of rows(answer)) seen.add(id);
    token = answer.body.$skipToken;
    if (token === undefined) break;
  }
  assert.deepEqual([sizes.length, sizes.at(-1), seen.size], [8, 1, 15]);
});

test("without ids there are no pages, and the result is said to be cut", async () => {
  const cut = await query("Resources | project name", { options: { $top: 2 } });
  assert.deepEqual([cut.body.resultTruncated, cut.body.$skipToken], ["true", undefined]);
  const skipped = await query("Resources | project id", { options: { $skip: 14 } });
  assert.equal(skipped.body.count, 1);
  const table = await query("Resources | project id, name | limit 1", { options: { resultFormat: "table" } });
  assert.equal((table.body.data as { columns: unknown[] }).columns.length, 2);
});

test("queries that nobody could answer are refused with details", async () => {
  const detail = ({ body, status }: { body: Item; status: number }) => {
    assert.equal(status, 400);
    return ((body.error as Item).details as Item[])[0]?.code;
  };
  assert.equal(detail(await query("Nothing")), "InvalidQuery");
  assert.equal(detail(await query("Resources | summarize count()")), "InvalidQuery");
  assert.equal(detail(await ask("POST", PATH, { subscriptions: ids })), "InvalidQuery");
  assert.equal(detail(await query("Resources", { options: { $top: 1001 } })), "InvalidOptions");
  assert.equal(detail(await query("Resources", { options: { $skipToken: "made up" } })), "InvalidOptions");
  const others = await query("Resources", { subscriptions: ["00000000-0000-4000-8000-000000000000"] });
  assert.equal(detail(others), "NoValidSubscriptionsInQueryRequest");
  assert.equal(codeIn(await query("Resources", { scope: "x" })), "InvalidRequestContent");
  assert.equal((await ask("GET", PATH)).status, 405);
  assert.equal(codeIn(await ask("POST", PATH.replace("2021", "2001"), {})), "InvalidApiVersionParameter");
  assert.equal((await ask("POST", at("/providers/Microsoft.Nothing/x"), {})).status, 404);
});
