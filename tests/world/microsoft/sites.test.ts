import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Microsoft, startMicrosoft } from "./microsoft.ts";
import { type Ask, codeIn, graphAs, itemsIn } from "./testing.ts";

let microsoft: Microsoft;
let ask: Ask;
before(async () => {
  microsoft = await startMicrosoft();
  ask = await graphAs(microsoft, "Sites.Read.All");
});
after(() => microsoft.close());

test("sites are searched", async () => {
  assert.equal(itemsIn(await ask("GET", "/sites?search=*")).length, 4);
  assert.equal(itemsIn(await ask("GET", "/sites")).length, 4);
  const found = itemsIn(await ask("GET", "/sites?search=engineer&$select=webUrl"));
  assert.deepEqual(
    found.map(({ webUrl }) => webUrl),
    ["https://contoso.sharepoint.example/sites/Engineering"],
  );
  assert.deepEqual(itemsIn(await ask("GET", "/sites?search=nothing")), []);
  assert.equal((await ask("POST", "/sites", {})).status, 405);
});

test("a site is read by its id, its path and as the root", async () => {
  const [site] = itemsIn(await ask("GET", "/sites?search=engineering"));
  assert.match(String(site?.id), /^contoso\.sharepoint\.example,[0-9a-f-]{36},[0-9a-f-]{36}$/);
  const host = "contoso.sharepoint.example";
  assert.equal((await ask("GET", `/sites/${String(site?.id)}`)).body.id, site?.id);
  assert.equal((await ask("GET", `/sites/${host}:/sites/engineering`)).body.id, site?.id);
  const root = (await ask("GET", "/sites/root")).body;
  assert.deepEqual([root.root, (await ask("GET", `/sites/${host}`)).body.id], [{}, root.id]);
  const missing = await ask("GET", "/sites/none");
  assert.deepEqual([missing.status, codeIn(missing)], [404, "itemNotFound"]);
});

test("who may not is refused", async () => {
  const answer = await (await graphAs(microsoft, "Files.Read"))("GET", "/sites?search=*");
  assert.deepEqual([answer.status, codeIn(answer)], [403, "accessDenied"]);
});
