import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { type Microsoft, startMicrosoft } from "./microsoft.ts";
import { type Ask, BOB, codeIn, graphAs, type Item, itemsIn, textIn } from "./testing.ts";

let microsoft: Microsoft;
let ask: Ask;
before(async () => {
  microsoft = await startMicrosoft();
  ask = await graphAs(microsoft, "Mail.ReadWrite Mail.Send");
});
after(() => microsoft.close());
afterEach(() => microsoft.control({ reset: true }));

const to = (...all: string[]) => all.map((address) => ({ emailAddress: { address } }));
const draft = (more: object = {}) => ({
  subject: "Hello",
  body: { contentType: "Text", content: "A text." },
  toRecipients: to(BOB),
  ...more,
});
const sent = async () => itemsIn(await ask("GET", "/me/mailFolders/sentitems/messages?$top=100"));
const first = async (folder = "inbox") =>
  String(itemsIn(await ask("GET", `/me/mailFolders/${folder}/messages?$top=1`))[0]?.id);
const path = (id: string) => `/me/messages/${encodeURIComponent(id)}`;

test("a message is read by its id, whole or in parts", async () => {
  const { status, body } = await ask("GET", "/me/messages/msg-alice-3");
  assert.equal(status, 200);
  assert.deepEqual([body.id, body.subject, body.isDraft], ["msg-alice-3", "Message 3 for Alice", false]);
  assert.match(String(body["@odata.etag"]), /^W\/"/);
  const part = await ask("GET", "/me/messages/msg-alice-3?$select=subject");
  assert.deepEqual(
    Object.keys(part.body).filter((name) => !name.startsWith("@")),
    ["id", "subject"],
  );
  const missing = await ask("GET", "/me/messages/msg-bob-3");
  assert.deepEqual([missing.status, codeIn(missing)], [404, "ErrorItemNotFound"]);
  assert.equal((await ask("PUT", "/me/messages/msg-alice-3")).status, 405);
  assert.equal((await ask("GET", "/me/messages/msg-alice-3/nothing")).status, 404);
});

test("folders are listed, and go by id or by well-known name", async () => {
  const folders = itemsIn(await ask("GET", "/me/mailFolders"));
  const inbox = folders.find(({ displayName }) => displayName === "Inbox");
  assert.deepEqual([folders.length, inbox?.totalItemCount], [7, 47]);
  assert.match(String(inbox?.id), /^AAMkAD[\w-]+-_AAA=$/);
  const byId = await ask(
    "GET",
    `/me/mailFolders/${encodeURIComponent(String(inbox?.id))}/messages?$count=true`,
  );
  assert.deepEqual([byId.body["@odata.count"], itemsIn(byId).length], [47, 10]);
  assert.ok(itemsIn(byId).every(({ parentFolderId }) => parentFolderId === inbox?.id));
  assert.equal((await ask("GET", "/me/mailFolders/Inbox")).body.id, inbox?.id);
  assert.equal((await ask("GET", "/me/mailFolders/none/messages")).status, 404);
  assert.equal((await ask("POST", "/me/mailFolders", {})).status, 405);
});

test("mail is searched, but not sorted with it", async () => {
  const found = await ask("GET", '/me/messages?$search="Message 46"');
  assert.deepEqual(
    itemsIn(found).map(({ id }) => id),
    ["msg-alice-46"],
  );
  assert.equal(codeIn(await ask("GET", '/me/messages?$search="x"&$orderby=subject')), "SearchWithOrderBy");
});

test("what is sent lies in Sent Items, unless it is told not to", async () => {
  const answer = await ask("POST", "/me/sendMail", { message: draft() });
  assert.deepEqual([answer.status, answer.text], [202, ""]);
  const [message] = await sent();
  assert.deepEqual([message?.subject, message?.toRecipients], ["Hello", to(BOB)]);
  assert.match(String(message?.id), /[-_=]/);
  assert.equal((await ask("GET", path(String(message?.id)))).status, 200);
  await ask("POST", "/me/sendMail", { Message: draft(), SaveToSentItems: false });
  assert.equal((await sent()).length, 1);
  const attachment = {
    "@odata.type": "#microsoft.graph.fileAttachment",
    name: "a.txt",
    contentType: "text/plain",
    contentBytes: "aGVsbG8=",
  };
  await ask("POST", "/me/sendMail", { message: draft({ attachments: [attachment] }) });
  const withFile = (await sent()).find(({ hasAttachments }) => hasAttachments === true);
  const files = itemsIn(await ask("GET", `${path(String(withFile?.id))}/attachments`));
  assert.deepEqual(
    files.map(({ name, contentBytes, size }) => [name, contentBytes, size]),
    [["a.txt", "aGVsbG8=", 5]],
  );
});

test("mail that Graph would refuse is refused", async () => {
  const refused = async (body: unknown) => {
    const answer = await ask("POST", "/me/sendMail", body);
    assert.equal(answer.status, 400, answer.text);
    return `${String(codeIn(answer))}: ${textIn(answer)}`;
  };
  assert.match(
    await refused({ message: draft({ isJunk: true }) }),
    /^RequestBodyRead: The property 'isJunk' does/,
  );
  assert.match(
    await refused({ message: draft({ toRecipients: [{ name: "x" }] }) }),
    /'name' does not exist on type 'microsoft.graph.recipient'/,
  );
  assert.match(
    await refused({ message: draft(), x: 1 }),
    /'x' .* not a valid parameter for the operation 'sendMail'/,
  );
  assert.match(await refused({ message: draft({ body: "text" }) }), /Property body in payload/);
  assert.match(await refused({ message: draft({ toRecipients: {} }) }), /Property toRecipients in payload/);
  assert.match(await refused({}), /missing parameters are: Message/);
  assert.match(await refused({ message: draft({ toRecipients: [] }) }), /^ErrorInvalidRecipients/);
  assert.match(await refused({ message: draft({ toRecipients: to("nobody") }) }), /^ErrorInvalidRecipients/);
  assert.match(await refused([]), /^BadRequest: Unable to read/);
  assert.equal((await ask("GET", "/me/sendMail")).status, 405);
});

test("replies go to who wrote, forwards to whom they name", async () => {
  const id = await first();
  const original = (await ask("GET", path(id))).body;
  const before = (await sent()).length;
  assert.equal((await ask("POST", `${path(id)}/reply`)).status, 202);
  assert.equal((await ask("POST", `${path(id)}/replyAll`, { comment: "Yes." })).status, 202);
  assert.equal(
    (await ask("POST", `${path(id)}/forward`, { comment: "See.", toRecipients: to(BOB) })).status,
    202,
  );
  const written = await sent();
  assert.equal(written.length, before + 3);
  const reply = written.find(({ subject }) => subject === `RE: ${String(original.subject)}`);
  assert.deepEqual(reply?.toRecipients, [original.from]);
  assert.equal(reply?.conversationId, original.conversationId);
  const forward = written.find(({ subject }) => subject === `FW: ${String(original.subject)}`);
  assert.match(String((forward?.body as Item)?.content), /^See\./);
  const both = { comment: "x", message: { body: { contentType: "text", content: "y" } } };
  assert.equal((await ask("POST", `${path(id)}/reply`, both)).status, 400);
  assert.equal(codeIn(await ask("POST", `${path(id)}/forward`, { comment: "x" })), "ErrorInvalidRecipients");
  const twice = { toRecipients: to(BOB), message: { toRecipients: to(BOB) } };
  assert.equal((await ask("POST", `${path(id)}/forward`, twice)).status, 400);
  assert.equal((await ask("POST", `${path(id)}/reply`, { toRecipients: to(BOB) })).status, 400);
  assert.equal((await ask("POST", `${path("none")}/reply`, {})).status, 404);
  assert.equal((await ask("GET", `${path(id)}/reply`)).status, 405);
});

test("a message that is moved has another id", async () => {
  const id = await first();
  const moved = await ask("POST", `${path(id)}/move`, { destinationId: "deleteditems" });
  assert.equal(moved.status, 201);
  assert.notEqual(moved.body.id, id);
  assert.equal((await ask("GET", path(id))).status, 404);
  assert.equal((await ask("GET", path(String(moved.body.id)))).status, 200);
  assert.equal(await first("deleteditems"), moved.body.id);
  assert.equal((await ask("POST", `${path(id)}/move`, { destinationId: "archive" })).status, 404);
  const there = path(String(moved.body.id));
  assert.equal((await ask("POST", `${there}/move`, { destinationId: "none" })).status, 404);
  assert.equal((await ask("POST", `${there}/move`, {})).status, 400);
  assert.equal((await ask("POST", `${there}/move`, { destinationId: "archive", x: 1 })).status, 400);
});

test("attachments are listed and read", async () => {
  const [file] = itemsIn(await ask("GET", "/me/messages/msg-alice-5/attachments"));
  assert.equal(file?.["@odata.type"], "#microsoft.graph.fileAttachment");
  const one = await ask(
    "GET",
    `/me/messages/msg-alice-5/attachments/${encodeURIComponent(String(file?.id))}`,
  );
  assert.equal(atob(String(one.body.contentBytes)), "Note 5 for Alice Anders only.");
  assert.deepEqual(itemsIn(await ask("GET", "/me/messages/msg-alice-6/attachments")), []);
  assert.equal((await ask("GET", "/me/messages/msg-alice-5/attachments/none")).status, 404);
  assert.equal((await ask("GET", "/me/messages/none/attachments")).status, 404);
});

test("each permission opens its own calls", async () => {
  const [reader, sender, basic] = [
    await graphAs(microsoft, "Mail.Read"),
    await graphAs(microsoft, "Mail.Send"),
    await graphAs(microsoft, "Mail.ReadBasic"),
  ];
  const all = await graphAs(microsoft, "https://graph.microsoft.com/.default");
  const calls: [string, string, unknown?][] = [
    ["GET", "/me/messages/msg-alice-1"],
    ["GET", "/me/messages/msg-alice-1/attachments"],
    ["POST", "/me/sendMail", { message: draft(), saveToSentItems: false }],
    ["POST", "/me/messages/msg-alice-1/reply", {}],
    ["POST", "/me/messages/msg-alice-1/move", { destinationId: "inbox" }],
  ];
  const statuses = async (by: Ask) => {
    const seen: number[] = [];
    for (const [method, at, body] of calls) seen.push((await by(method, at, body)).status);
    return seen;
  };
  assert.deepEqual(await statuses(reader), [200, 200, 403, 403, 403]);
  assert.deepEqual(await statuses(basic), [200, 403, 403, 403, 403]);
  assert.deepEqual(await statuses(sender), [403, 403, 202, 202, 403]);
  assert.equal(codeIn(await reader("POST", "/me/sendMail", {})), "ErrorAccessDenied");
  assert.deepEqual(await statuses(all), [200, 200, 202, 202, 201]);
});

test("each world and each person has a mailbox of their own", async () => {
  const other = await startMicrosoft();
  const elsewhere = await graphAs(other, "Mail.ReadWrite");
  const bob = await graphAs(microsoft, "Mail.ReadWrite", BOB);
  for (const by of [elsewhere, bob])
    assert.deepEqual(itemsIn(await by("GET", "/me/mailFolders/sentitems/messages")), []);
  await other.close();
});

test("where there is no mailbox, mail is not found", async () => {
  microsoft.control({ mailbox: "missing" });
  for (const [method, at] of [
    ["GET", "/me/messages"],
    ["POST", "/me/sendMail"],
    ["GET", "/me/mailFolders/inbox/messages"],
  ] as const) {
    const answer = await ask(method, at);
    assert.deepEqual([answer.status, codeIn(answer)], [404, "MailboxNotEnabledForRESTAPI"]);
  }
  assert.throws(() => microsoft.control({ mailbox: "gone" as never }), /bad mailbox/);
});
