/**
 * Graph's mail: learn.microsoft.com/graph/api/user-list-messages, message-get, user-list-mailfolders,
 * mailfolder-list-messages, user-sendmail, message-reply, message-replyall, message-forward, message-move,
 * message-list-attachments, attachment-get, user-post-messages, message-update, message-send, message-delete. Each page says which permissions are enough, and that sending answers 202.
 */
import { isRecord } from "../faults.ts";
import { type Call, json, type Reply } from "../http.ts";
import { apiError } from "./api.ts";
import { exchangeList, pathOfCall } from "./lists.ts";
import { type Attachment, type Mailbox, type MailItem, type Recipient, recipientOf } from "./mailbox.ts";
import { selected } from "./odata.ts";
import { ACTIONS, payload, WHOLE_MESSAGE } from "./payload.ts";
import { type Asked, exchangeDenied, holds, itemMissing, mailboxMissing, methodNotAllowed } from "./topic.ts";

const MAY_READ = [
  "Mail.ReadBasic",
  "Mail.Read",
  "Mail.Read.Shared",
  "Mail.ReadWrite",
  "Mail.ReadWrite.Shared",
];
/** Bodies and attachments are no basics. */
const MAY_OPEN = MAY_READ.slice(1);
const MAY_WRITE = ["Mail.ReadWrite", "Mail.ReadWrite.Shared"];
const MAY_SEND = ["Mail.Send", "Mail.Send.Shared"];

const ACCEPTED: Reply = { status: 202, body: "" };
const SENDING = ["reply", "replyAll", "forward"] as const;

export function mail(asked: Asked): Reply | undefined {
  const [me, kind, id, next, last] = asked.segments;
  if (me !== "me" || (kind !== "messages" && kind !== "mailFolders" && kind !== "sendMail")) return undefined;
  const missing = mailboxMissing(asked);
  if (missing !== undefined) return missing;
  const box = asked.world.mailboxes.of(asked.person);
  if (kind === "sendMail") return id === undefined ? send(asked, box) : undefined;
  if (kind === "mailFolders") return folders(asked, box, id, next);
  if (id === undefined) return asked.call.method === "POST" ? draft(asked, box) : list(asked, box.messages());
  if (asked.segments.length > 5) return undefined;
  if (next === undefined) return message(asked, box, id);
  if (next === "send" && last === undefined) return sendDraft(asked, box, id);
  if (next === "attachments") return read(asked, MAY_OPEN, () => attachments(asked, box, id, last));
  if (last !== undefined) return undefined;
  if (next === "move") return move(asked, box, id);
  const how = SENDING.find((name) => name === next);
  return how === undefined ? undefined : answer(asked, box, id, how);
}

function read({ call, token }: Asked, may: readonly string[], reply: () => Reply): Reply {
  if (call.method !== "GET") return methodNotAllowed("GET");
  return holds(token, may) ? reply() : exchangeDenied();
}

function message(asked: Asked, box: Mailbox, id: string): Reply {
  const { call, token } = asked;
  if (call.method !== "PATCH" && call.method !== "DELETE")
    return read(asked, MAY_READ, () => one(asked, box.find(id)));
  if (!holds(token, MAY_WRITE)) return exchangeDenied();
  const there = box.find(id);
  if (there === undefined) return itemMissing();
  if (call.method === "DELETE") {
    // "Recoverable items": it is in none of the folders any more.
    box.remove(id);
    return { status: 204, body: "" };
  }
  const given = payload(call, WHOLE_MESSAGE);
  if ("refused" in given) return given.refused;
  // "Updatable only if isDraft = true."
  const fixed = ["subject", "body", "replyTo", "internetMessageId"].filter((name) => name in given.body);
  if (there.isDraft !== true && fixed.length > 0)
    return apiError(400, "ErrorInvalidPropertySet", "The property can be set on draft items only.");
  return one(asked, box.change(id, given.body));
}

/** A message without recipients may be a draft. */
function draft(asked: Asked, box: Mailbox): Reply {
  const given = posted(asked, MAY_WRITE) ?? payload(asked.call, WHOLE_MESSAGE);
  if ("status" in given) return given;
  if ("refused" in given) return given.refused;
  const kept = box.keep("drafts", { ...given.body, isDraft: true }, nowOf(asked));
  const context = `${asked.world.origins.graph}/v1.0/$metadata#users('me')/messages/$entity`;
  return json(201, { "@odata.context": context, ...kept });
}

function sendDraft(asked: Asked, box: Mailbox, id: string): Reply {
  const refused = posted(asked, MAY_SEND);
  if (refused !== undefined) return refused;
  const there = box.find(id);
  if (there === undefined) return itemMissing();
  if (there.isDraft !== true) return apiError(400, "ErrorItemSave", "The message is no draft.");
  const bad = unsendable(there);
  if (bad !== undefined) return bad;
  box.remove(id);
  const { parentFolderId: _, ...written } = there;
  box.keep("sentitems", { ...written, isDraft: false }, nowOf(asked));
  return ACCEPTED;
}

const list = (asked: Asked, messages: readonly MailItem[]) =>
  read(asked, MAY_READ, () => {
    const { call, world } = asked;
    const text = call.url.searchParams.get("$search")?.replace(/^"|"$/g, "").toLowerCase();
    if (text === undefined) return exchangeList(call, world.origins.graph, messages, "receivedDateTime desc");
    // A search is neither filtered nor sorted (learn.microsoft.com/graph/search-query-parameter).
    if (["$filter", "$orderby"].some((name) => call.url.searchParams.has(name)))
      return apiError(
        400,
        "SearchWithOrderBy",
        "The query parameter '$orderBy' is not supported with '$search'.",
      );
    const found = messages.filter((message) => JSON.stringify(message).toLowerCase().includes(text));
    return exchangeList(call, world.origins.graph, found, "receivedDateTime desc");
  });

const entity = ({ world, call }: Asked, of: string, item: object) =>
  selected(
    call,
    json(200, {
      "@odata.context": `${world.origins.graph}/v1.0/$metadata#users('me')/${of}/$entity`,
      ...item,
    }),
  );

const one = (asked: Asked, message: MailItem | undefined) =>
  message === undefined ? itemMissing() : entity(asked, "messages", message);

function folders(asked: Asked, box: Mailbox, id: string | undefined, next: string | undefined) {
  if (asked.segments.length > 4) return undefined;
  if (id === undefined)
    return read(asked, MAY_READ, () =>
      exchangeList(asked.call, asked.world.origins.graph, box.folders(), "displayName asc"),
    );
  if (next !== undefined && next !== "messages") return undefined;
  const folder = box.folder(id);
  if (folder === undefined) return read(asked, MAY_READ, itemMissing);
  if (next === "messages") return list(asked, box.messages(folder));
  return read(asked, MAY_READ, () =>
    entity(asked, "mailFolders", box.folders().find((known) => known.id === folder) ?? {}),
  );
}

/** learn.microsoft.com/graph/api/resources/fileattachment. */
const asFile = ({ id, contentBytes, ...attachment }: Attachment) => ({
  id,
  "@odata.type": "#microsoft.graph.fileAttachment",
  "@odata.mediaContentType": attachment.contentType,
  lastModifiedDateTime: "2026-01-05T08:00:00Z",
  ...attachment,
  size: Buffer.from(contentBytes, "base64").length,
  contentLocation: null,
  contentBytes,
});

function attachments(asked: Asked, box: Mailbox, message: string, id: string | undefined): Reply {
  if (box.find(message) === undefined) return itemMissing();
  const { call, world } = asked;
  if (id === undefined)
    return exchangeList(call, world.origins.graph, box.attachments(message).map(asFile), "name asc");
  const found = box.attachments(message).find((attachment) => attachment.id === id);
  if (found === undefined) return itemMissing();
  return entity(asked, `messages('${encodeURIComponent(message)}')/attachments`, asFile(found));
}

const nowOf = ({ world }: Asked) => `${new Date(world.now()).toISOString().slice(0, 19)}Z`;

const addresses = (list: unknown): Recipient[] =>
  (Array.isArray(list) ? (list as Recipient[]) : []).filter(({ emailAddress }) =>
    (emailAddress?.address ?? "").includes("@"),
  );

const lists = (message: Record<string, unknown>) =>
  ["toRecipients", "ccRecipients", "bccRecipients"].flatMap((name) => (message[name] ?? []) as Recipient[]);

/** Exchange resolves every recipient, and sends to all or to none. */
function unsendable(message: Record<string, unknown>): Reply | undefined {
  const all = lists(message);
  if (all.length > 0 && addresses(all).length === all.length) return undefined;
  return apiError(400, "ErrorInvalidRecipients", "At least one recipient isn't valid.");
}

const parameterMissing = (name: string, operation: string) =>
  apiError(
    400,
    "RequestBodyRead",
    `One or more parameters of the operation '${operation}' are missing from the request payload. ` +
      `The missing parameters are: ${name}.`,
  );

function posted({ call, token }: Asked, may: readonly string[]): Reply | undefined {
  if (call.method !== "POST") return methodNotAllowed("POST");
  return holds(token, may) ? undefined : exchangeDenied();
}

function send(asked: Asked, box: Mailbox): Reply {
  const given = posted(asked, MAY_SEND) ?? payload(asked.call, ACTIONS.sendMail);
  if ("status" in given) return given;
  if ("refused" in given) return given.refused;
  const { message, saveToSentItems } = given.body;
  if (!isRecord(message)) return parameterMissing("Message", "sendMail");
  const refused = unsendable(message);
  if (refused !== undefined) return refused;
  if (saveToSentItems !== false) box.keep("sentitems", message, nowOf(asked));
  return ACCEPTED;
}

/** Reply, reply to all, forward: what is sent lands in the folder of what was sent. */
function answer(asked: Asked, box: Mailbox, id: string, how: (typeof SENDING)[number]): Reply {
  const refused = posted(asked, MAY_SEND);
  if (refused !== undefined) return refused;
  // All of its parameters are optional.
  const empty: Call = { ...asked.call, body: "{}" };
  const given = payload(asked.call.bytes.length === 0 ? empty : asked.call, ACTIONS[how]);
  if ("refused" in given) return given.refused;
  const original = box.find(id);
  if (original === undefined) return itemMissing();
  const { comment, toRecipients, message: written } = given.body;
  const message = isRecord(written) ? written : {};
  // A comment or the body of the message, and recipients once: both are refused (message-reply, message-forward).
  if (comment !== undefined && message.body !== undefined) return both("comment", "body");
  if (how === "forward" && toRecipients !== undefined && message.toRecipients !== undefined)
    return both("toRecipients", "message.toRecipients");
  const me = recipientOf(asked.person).emailAddress.address;
  const others = [original.from, ...original.toRecipients].filter(
    ({ emailAddress }) => emailAddress.address !== me,
  );
  const to = {
    reply: [original.from],
    replyAll: others,
    forward: toRecipients ?? [],
  }[how];
  const outgoing = {
    subject: `${how === "forward" ? "FW" : "RE"}: ${original.subject}`,
    body: { contentType: "text", content: `${String(comment ?? "")}\n\n> ${String(original.bodyPreview)}` },
    conversationId: original.conversationId,
    toRecipients: to,
    ...(how === "replyAll" ? { ccRecipients: original.ccRecipients } : {}),
    ...message,
  };
  const bad = unsendable(outgoing);
  if (bad !== undefined) return bad;
  box.keep("sentitems", outgoing, nowOf(asked));
  return ACCEPTED;
}

const both = (one: string, other: string) =>
  apiError(400, "ErrorInvalidRequest", `Specify either '${one}' or '${other}', but not both.`);

function move(asked: Asked, box: Mailbox, id: string): Reply {
  const given = posted(asked, MAY_WRITE) ?? payload(asked.call, ACTIONS.move);
  if ("status" in given) return given;
  if ("refused" in given) return given.refused;
  const { destinationId } = given.body;
  if (typeof destinationId !== "string") return parameterMissing("DestinationId", "move");
  const folder = box.folder(destinationId);
  const moved = folder === undefined ? undefined : box.move(id, folder);
  if (moved === undefined) return itemMissing();
  const context = `${asked.world.origins.graph}/v1.0/$metadata#${pathOfCall(asked.call).slice("/v1.0/".length)}`;
  return json(201, { "@odata.context": context.replace(/\/[^/]+\/move$/, "/$entity"), ...moved });
}
