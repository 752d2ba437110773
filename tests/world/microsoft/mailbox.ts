/** What lies in people's mailboxes: folders, messages and their attachments. Each world has mailboxes of its own. */
import { randomUUID } from "node:crypto";
import { displayName, messagesOf, type Person } from "./people.ts";
import { exchangeId } from "./topic.ts";

/** Well-known names, which stand for ids (learn.microsoft.com/graph/api/resources/mailfolder). */
export const FOLDERS = {
  inbox: "Inbox",
  drafts: "Drafts",
  sentitems: "Sent Items",
  deleteditems: "Deleted Items",
  archive: "Archive",
  junkemail: "Junk Email",
  outbox: "Outbox",
} as const;
export type FolderName = keyof typeof FOLDERS;

export interface Recipient {
  readonly emailAddress: { readonly name?: string; readonly address?: string };
}

export interface Attachment {
  readonly id: string;
  readonly name: string;
  readonly contentType: string;
  readonly isInline: boolean;
  readonly contentId: string | null;
  readonly contentBytes: string;
}

/** A message as Graph answers it; what is not named is taken as it came. */
export interface MailItem {
  readonly id: string;
  readonly subject: string;
  readonly parentFolderId: string;
  readonly isRead: boolean;
  readonly from: Recipient;
  readonly toRecipients: readonly Recipient[];
  readonly ccRecipients: readonly Recipient[];
  readonly [member: string]: unknown;
}

interface Kept {
  item: MailItem;
  readonly attachments: readonly Attachment[];
}

export const recipientOf = (who: Person): Recipient => ({
  emailAddress: { name: displayName(who), address: who.email },
});

export const folderId = (who: Person, name: FolderName) => exchangeId(`folder ${name} of ${who.email}`);

export class Mailbox {
  readonly #owner: Person;
  #kept: Kept[];

  constructor(owner: Person) {
    this.#owner = owner;
    this.#kept = messagesOf(owner).map((message, n) => {
      const attachments = n % 5 === 0 ? [noteFor(owner, n)] : [];
      const { receivedDateTime: at, from } = message;
      const more = { ...stamped(at), from, sender: from, toRecipients: [recipientOf(owner)] };
      const item = { ...filled(message.id, this.#id("inbox")), ...message, ...more };
      return { item: { ...item, hasAttachments: attachments.length > 0 }, attachments };
    });
  }

  #id(name: FolderName): string {
    return folderId(this.#owner, name);
  }

  /** By its id or its well-known name. */
  folder(name: string): string | undefined {
    const known = Object.keys(FOLDERS) as FolderName[];
    return known
      .map((one) => ({ one, id: this.#id(one) }))
      .find(({ one, id }) => id === name || one === name.toLowerCase())?.id;
  }

  folders() {
    return (Object.keys(FOLDERS) as FolderName[]).map((name) => {
      const inside = this.messages(this.#id(name));
      return {
        id: this.#id(name),
        displayName: FOLDERS[name],
        parentFolderId: exchangeId(`root of ${this.#owner.email}`),
        childFolderCount: 0,
        unreadItemCount: inside.filter(({ isRead }) => !isRead).length,
        totalItemCount: inside.length,
        sizeInBytes: inside.length * 1000,
        isHidden: false,
      };
    });
  }

  /** Of one folder, or of all. */
  messages(folder?: string): MailItem[] {
    const all = this.#kept.map(({ item }) => item);
    return folder === undefined ? all : all.filter(({ parentFolderId }) => parentFolderId === folder);
  }

  find(id: string): MailItem | undefined {
    return this.#kept.find(({ item }) => item.id === id)?.item;
  }

  attachments(id: string): readonly Attachment[] {
    return this.#kept.find(({ item }) => item.id === id)?.attachments ?? [];
  }

  /** `message`: as a client wrote it, with what the server says of it. */
  keep(name: FolderName, message: Record<string, unknown>, at: string): MailItem {
    const { attachments: sent = [], ...rest } = message;
    const id = exchangeId(randomUUID());
    const attachments = (sent as Record<string, unknown>[]).map((one) => attached(id, one));
    const body = (rest.body ?? { contentType: "text", content: "" }) as { content?: string };
    const item = {
      ...filled(id, this.#id(name)),
      ...stamped(at),
      bodyPreview: (body.content ?? "").slice(0, 255),
      from: recipientOf(this.#owner),
      sender: recipientOf(this.#owner),
      ...rest,
      body,
      id,
      isRead: true,
      hasAttachments: attachments.length > 0,
    };
    this.#kept.push({ item, attachments });
    return item;
  }

  change(id: string, members: Record<string, unknown>): MailItem | undefined {
    const there = this.#kept.find(({ item }) => item.id === id);
    if (there === undefined) return undefined;
    there.item = { ...there.item, ...members, id };
    return there.item;
  }

  remove(id: string): void {
    this.#kept = this.#kept.filter(({ item }) => item.id !== id);
  }

  /** "This creates a new copy of the message in the destination folder and removes the original message." */
  move(id: string, folder: string): MailItem | undefined {
    const there = this.#kept.find(({ item }) => item.id === id);
    if (there === undefined) return undefined;
    const item = { ...there.item, id: exchangeId(randomUUID()), parentFolderId: folder };
    this.#kept = [...this.#kept.filter((one) => one !== there), { ...there, item }];
    return item;
  }
}

const stamped = (at: string) => ({
  receivedDateTime: at,
  sentDateTime: at,
  createdDateTime: at,
  lastModifiedDateTime: at,
});

/** The members that every message has. */
function filled(id: string, parentFolderId: string) {
  const changeKey = exchangeId(`change key of ${id}`, "CQAAAB").slice(0, 32);
  return {
    id,
    "@odata.etag": `W/"${changeKey}"`,
    changeKey,
    parentFolderId,
    subject: "",
    importance: "normal",
    conversationId: exchangeId(`conversation of ${id}`, "AAQkAD"),
    internetMessageId: `<${changeKey}@mail.example.com>`,
    isDraft: false,
    isRead: false,
    categories: [] as string[],
    toRecipients: [] as Recipient[],
    ccRecipients: [] as Recipient[],
    bccRecipients: [] as Recipient[],
    replyTo: [] as Recipient[],
    flag: { flagStatus: "notFlagged" },
    webLink: `https://outlook.example.com/owa/?ItemID=${encodeURIComponent(id)}`,
  };
}

function noteFor(owner: Person, n: number): Attachment {
  const contentBytes = Buffer.from(`Note ${n} for ${displayName(owner)} only.`).toString("base64");
  return attached(`msg-${owner.email}-${n}`, {
    name: `note ${n}.txt`,
    contentType: "text/plain",
    contentBytes,
  });
}

function attached(message: string, one: Record<string, unknown>): Attachment {
  return {
    id: exchangeId(`attachment ${String(one.name)} of ${message}`, "AAMkAT"),
    name: String(one.name ?? "unnamed"),
    contentType: String(one.contentType ?? "application/octet-stream"),
    isInline: one.isInline === true,
    contentId: typeof one.contentId === "string" ? one.contentId : null,
    contentBytes: String(one.contentBytes ?? ""),
  };
}

export class Mailboxes {
  readonly #all = new Map<Person, Mailbox>();

  of(who: Person): Mailbox {
    const known = this.#all.get(who) ?? new Mailbox(who);
    this.#all.set(who, known);
    return known;
  }
}
