import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Microsoft, startMicrosoft } from "./microsoft.ts";
import { type Ask, codeIn, DAVE, graphAs, itemsIn, pagesOf } from "./testing.ts";

let microsoft: Microsoft;
let ask: Ask;
before(async () => {
  microsoft = await startMicrosoft();
  ask = await graphAs(microsoft, "Group.Read.All");
});
after(() => microsoft.close());

const eventual = { consistencylevel: "eventual" };
const group = async (name: string) =>
  String(itemsIn(await ask("GET", `/groups?$filter=displayName eq '${name}'`))[0]?.id);

test("groups are listed, filtered, sorted and counted", async () => {
  const all = itemsIn(await ask("GET", "/groups"));
  assert.equal(all.length, 5);
  assert.deepEqual(
    itemsIn(await ask("GET", "/groups?$orderby=displayName desc&$top=2&$select=displayName")).map(
      (one) => one.displayName,
    ),
    ["Printer Users", "Marketing"],
  );
  assert.equal((await pagesOf(ask, "/groups?$top=2")).length, 3);
  const counted = await ask("GET", "/groups?$count=true", undefined, eventual);
  assert.equal(counted.body["@odata.count"], 5);
  assert.equal((await ask("GET", "/groups?$count=true")).body["@odata.count"], undefined);
  const found = await ask("GET", '/groups?$search="displayName:admin"', undefined, eventual);
  assert.deepEqual(
    itemsIn(found).map((one) => one.displayName),
    ["Azure Administrators"],
  );
  assert.equal(codeIn(await ask("GET", '/groups?$search="displayName:x"')), "Request_UnsupportedQuery");
  assert.equal(codeIn(await ask("GET", "/groups?$search=x", undefined, eventual)), "Request_BadRequest");
});

test("a group is read, and its members come in pages", async () => {
  const id = await group("All Company");
  assert.equal((await ask("GET", `/groups/${id}`)).body.displayName, "All Company");
  const members = await pagesOf(ask, `/groups/${id}/members`);
  assert.deepEqual(
    members.map(({ length }) => length),
    [100, 100, 32],
  );
  assert.equal(members[0]?.[0]?.["@odata.type"], "#microsoft.graph.user");
  const few = await pagesOf(ask, `/groups/${await group("Engineering")}/members?$top=20`);
  assert.deepEqual(
    few.map(({ length }) => length),
    [20, 5],
  );
  const missing = await ask("GET", "/groups/none");
  assert.deepEqual([missing.status, codeIn(missing)], [404, "Request_ResourceNotFound"]);
  assert.equal((await ask("GET", "/groups/none/members")).status, 404);
  assert.equal((await ask("POST", "/groups", {})).status, 405);
  assert.equal((await ask("GET", `/groups/${id}/nothing`)).status, 404);
});

test("who may not is refused, and who may see groups alone sees no users", async () => {
  const denied = await (await graphAs(microsoft, "User.Read"))("GET", "/groups");
  assert.deepEqual([denied.status, codeIn(denied)], [403, "Authorization_RequestDenied"]);
  assert.equal((await (await graphAs(microsoft, "Group.Read.All", DAVE))("GET", "/groups")).status, 403);
  const members = await graphAs(microsoft, "GroupMember.Read.All");
  const [one] = itemsIn(await members("GET", `/groups/${await group("Marketing")}/members`));
  assert.match(String(one?.id), /^[0-9a-f-]{36}$/);
  assert.equal(one?.displayName, null);
});

test("users are searched and sorted, too", async () => {
  const users = await graphAs(microsoft, "User.Read.All");
  const found = await users("GET", '/users?$search="displayName:alice"', undefined, eventual);
  assert.deepEqual(
    itemsIn(found).map((one) => one.displayName),
    ["Alice Anders"],
  );
  const last = await users("GET", "/users?$orderby=displayName desc&$top=1");
  assert.equal(itemsIn(last)[0]?.displayName, "User 99");
});
