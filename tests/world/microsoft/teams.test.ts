import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Microsoft, startMicrosoft } from "./microsoft.ts";
import { type Ask, CAROL, codeIn, graphAs, type Item, itemsIn, pagesOf, textIn } from "./testing.ts";

const SCOPES = "Team.ReadBasic.All Channel.ReadBasic.All ChannelMessage.Read.All ChannelMessage.Send";

let microsoft: Microsoft;
let ask: Ask;
let team = "";
let messages = "";
before(async () => {
  microsoft = await startMicrosoft();
  ask = await graphAs(microsoft, SCOPES);
  team = String(itemsIn(await ask("GET", "/me/joinedTeams"))[0]?.id);
  const [channel] = itemsIn(await ask("GET", `/teams/${team}/channels`));
  messages = `/teams/${team}/channels/${encodeURIComponent(String(channel?.id))}/messages`;
});
after(() => microsoft.close());

test("joined teams and their channels are listed", async () => {
  const joined = await ask("GET", "/me/joinedTeams");
  assert.deepEqual(
    itemsIn(joined).map(({ displayName }) => displayName),
    ["Engineering", "Marketing"],
  );
  assert.equal(joined.body["@odata.count"], 2);
  const channels = itemsIn(await ask("GET", `/teams/${team}/channels?$select=displayName`));
  assert.deepEqual(
    channels.map(({ displayName }) => displayName),
    ["General", "Releases", "Random"],
  );
  assert.match(String(channels[0]?.id), /^19:[0-9a-f]{32}@thread\.tacv2$/);
  assert.equal((await ask("POST", "/me/joinedTeams", {})).status, 405);
  assert.equal((await ask("DELETE", messages)).status, 405);
});

test("messages of a channel come in pages, newest first, and are written", async () => {
  assert.deepEqual(
    (await pagesOf(ask, messages)).map(({ length }) => length),
    [20, 5],
  );
  assert.equal((await ask("GET", `${messages}?$top=51`)).status, 400);
  const body = { body: { content: "Hello World" }, subject: "News" };
  const written = await ask("POST", messages, body);
  assert.equal(written.status, 201, written.text);
  assert.deepEqual(written.body.body, { contentType: "text", content: "Hello World" });
  assert.equal((written.body.channelIdentity as Item).teamId, team);
  const again = await ask("POST", messages, body);
  assert.notEqual(again.body.id, written.body.id);
  assert.deepEqual(
    itemsIn(await ask("GET", `${messages}?$top=2`)).map(({ id }) => id),
    [again.body.id, written.body.id],
  );
});

test("messages that Graph would refuse are refused", async () => {
  assert.equal(codeIn(await ask("POST", messages, { content: "x" })), "RequestBodyRead");
  assert.equal(codeIn(await ask("POST", messages, { body: { text: "x" } })), "RequestBodyRead");
  assert.equal(codeIn(await ask("POST", messages, { subject: "x" })), "BadRequest");
});

test("other people's teams and channels that are none are not found", async () => {
  const carol = await graphAs(microsoft, SCOPES, CAROL);
  const missing = await carol("GET", `/teams/${team}/channels`);
  assert.deepEqual([missing.status, textIn(missing)], [404, `No team found with Group Id ${team}`]);
  assert.equal((await carol("POST", messages, { body: { content: "x" } })).status, 404);
  assert.equal((await ask("GET", `/teams/${team}/channels/none/messages`)).status, 404);
});

test("each permission opens its own calls", async () => {
  const other = await graphAs(microsoft, "User.Read");
  const reader = await graphAs(microsoft, "ChannelMessage.Read.All");
  for (const [by, method, path] of [
    [other, "GET", "/me/joinedTeams"],
    [other, "GET", `/teams/${team}/channels`],
    [other, "GET", messages],
    [reader, "POST", messages],
  ] as const) {
    const answer = await by(method, path, method === "POST" ? { body: { content: "x" } } : undefined);
    assert.deepEqual([answer.status, codeIn(answer)], [403, "Forbidden"]);
    assert.match(textIn(answer), /^Missing scope permissions on the request\. API requires one of '/);
  }
  assert.equal((await reader("GET", messages)).status, 200);
});
