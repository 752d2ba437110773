import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Microsoft, startMicrosoft } from "./microsoft.ts";
import { type Ask, armAs, at, codeIn, type Item, pagesOf } from "./testing.ts";

let microsoft: Microsoft;
let ask: Ask;
let base = "";
before(async () => {
  microsoft = await startMicrosoft();
  const arm = await armAs(microsoft);
  ask = arm.ask;
  base = `${arm.subscriptions[0] ?? ""}/providers`;
});
after(() => microsoft.close());

test("providers are listed in pages", async () => {
  const pages = await pagesOf(ask, at(base), "nextLink");
  assert.deepEqual(
    pages.flat().map(({ namespace }) => namespace),
    ["Microsoft.Cache", "Microsoft.Compute", "Microsoft.KeyVault", "Microsoft.Storage", "Microsoft.Web"],
  );
  assert.equal(pages.length, 2);
});

test("a provider says which versions its types have, previews among them", async () => {
  const { body } = await ask("GET", at(`${base}/microsoft.keyvault`));
  assert.deepEqual([body.namespace, body.registrationState], ["Microsoft.KeyVault", "Registered"]);
  const [vaults] = body.resourceTypes as Item[];
  assert.deepEqual([vaults?.resourceType, vaults?.defaultApiVersion], ["vaults", "2024-11-01"]);
  assert.ok((vaults?.apiVersions as string[] | undefined)?.includes("2024-12-01-preview"));
  assert.equal(vaults?.aliases, undefined);
  const more = await ask("GET", at(`${base}/Microsoft.Web?$expand=resourceTypes/aliases`));
  assert.ok(Array.isArray((more.body.resourceTypes as Item[])[0]?.aliases));
});

test("what is no provider is not found, and nothing is written", async () => {
  const missing = await ask("GET", at(`${base}/Microsoft.Nothing`));
  assert.deepEqual([missing.status, codeIn(missing)], [404, "InvalidResourceNamespace"]);
  assert.equal((await ask("PUT", at(`${base}/Microsoft.Web`), {})).status, 405);
  assert.equal((await ask("GET", at(`${base}/Microsoft.Web/sites`))).status, 404);
});
