import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Microsoft, startMicrosoft } from "./microsoft.ts";
import { type Ask, BOB, graphAs, type Item, itemsIn, pagesOf } from "./testing.ts";

let microsoft: Microsoft;
let ask: Ask;
before(async () => {
  microsoft = await startMicrosoft();
  ask = await graphAs(microsoft, "Files.ReadWrite");
  for (const path of ["a.txt", "docs/b.txt", "docs/deep/it's b.txt", "docs/deep/c.txt"])
    await ask("PUT", `/me/drive/root:/${encodeURI(path)}:/content`, { of: path });
});
after(() => microsoft.close());

/** By itself, because a path of a machine looks like it. */
const ROOT = "root";
const names = (items: Item[]) => items.map(({ name }) => name);

test("children are listed of the root, by id and by path", async () => {
  const root = itemsIn(await ask("GET", `/me/drive/${ROOT}/children`));
  assert.deepEqual(names(root), ["a.txt", "docs"]);
  const docs = root[1];
  assert.deepEqual(docs?.folder, { childCount: 2 });
  const byId = itemsIn(await ask("GET", `/me/drive/items/${String(docs?.id)}/children`));
  assert.deepEqual(names(byId), ["b.txt", "deep"]);
  assert.deepEqual((byId[0]?.parentReference as Item)?.path, "/drive/root:/docs");
  const byPath = await ask("GET", "/me/drive/root:/docs/deep:/children?$select=name");
  assert.deepEqual(names(itemsIn(byPath)), ["c.txt", "it's b.txt"]);
  assert.deepEqual(names(itemsIn(await ask("GET", `/me/drive/items/${ROOT}/children`))), ["a.txt", "docs"]);
  assert.deepEqual(itemsIn(await ask("GET", `/me/drive/items/${String(root[0]?.id)}/children`)), []);
  assert.equal((await ask("GET", "/me/drive/root:/none:/children")).status, 404);
  assert.equal((await ask("GET", "/me/drive/items/none/children")).status, 404);
});

test("folders are items, too", async () => {
  const root = (await ask("GET", "/me/drive/root")).body;
  assert.deepEqual([root.name, root.root], ["root", {}]);
  const docs = (await ask("GET", "/me/drive/root:/docs")).body;
  assert.equal((await ask("GET", `/me/drive/items/${String(docs.id)}`)).body.name, "docs");
  assert.equal((await ask("DELETE", "/me/drive/root")).status, 405);
});

test("names are searched, in pages", async () => {
  const found = (text: string) => pagesOf(ask, `/me/drive/${ROOT}/search(q='${text}')?$top=2`);
  assert.deepEqual((await found("txt")).map(names), [
    ["a.txt", "b.txt"],
    ["c.txt", "it's b.txt"],
  ]);
  assert.deepEqual((await found("it''s%20b")).map(names), [["it's b.txt"]]);
  assert.deepEqual(await found("nothing"), [[]]);
  assert.equal((await ask("GET", `/me/drive/${ROOT}/children?$top=0`)).status, 400);
  assert.equal((await ask("POST", `/me/drive/${ROOT}/search(q='x')`)).status, 405);
  const bob = await graphAs(microsoft, "Files.Read", BOB);
  assert.deepEqual(itemsIn(await bob("GET", `/me/drive/${ROOT}/search(q='txt')`)), []);
  const other = await graphAs(microsoft, "User.Read");
  assert.equal((await other("GET", `/me/drive/${ROOT}/children`)).status, 403);
});
