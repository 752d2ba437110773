/** What lies in people's drives, and the URLs by which it comes and goes without a token. */
import { createHash, randomBytes } from "node:crypto";
import type { Person } from "./people.ts";

export interface DriveFile {
  readonly id: string;
  readonly owner: Person;
  /** Below the root, without a slash at its beginning. */
  readonly path: string;
  bytes: Uint8Array;
  version: number;
}

export interface UploadSession {
  readonly id: string;
  readonly owner: Person;
  readonly path: string;
  readonly expires: number;
  /** From the first range on. */
  total: number | undefined;
  readonly chunks: Uint8Array[];
  received: number;
}

const HOUR = 3_600_000;

export class Files {
  readonly #files = new Map<string, DriveFile>();
  readonly #sessions = new Map<string, UploadSession>();
  /** Of whom a secret in a URL lets read what. */
  readonly #tickets = new Map<string, DriveFile>();

  byId(owner: Person, id: string): DriveFile | undefined {
    const file = this.#files.get(id);
    return file?.owner === owner ? file : undefined;
  }

  all(owner: Person): DriveFile[] {
    return [...this.#files.values()].filter((file) => file.owner === owner);
  }

  byPath(owner: Person, path: string): DriveFile | undefined {
    return [...this.#files.values()].find(
      (file) => file.owner === owner && file.path.toLowerCase() === path.toLowerCase(),
    );
  }

  /** Answers whether there was none yet. */
  write(owner: Person, path: string, bytes: Uint8Array): { file: DriveFile; isNew: boolean } {
    const there = this.byPath(owner, path);
    if (there !== undefined) {
      there.bytes = bytes;
      there.version += 1;
      return { file: there, isNew: false };
    }
    const id = `01${randomBytes(16).toString("hex").toUpperCase()}`;
    const file = { id, owner, path, bytes, version: 1 };
    this.#files.set(id, file);
    return { file, isNew: true };
  }

  remove(file: DriveFile): void {
    this.#files.delete(file.id);
  }

  open(owner: Person, path: string, now: number): UploadSession {
    const id = randomBytes(24).toString("base64url");
    const expires = now + HOUR;
    const session = { id, owner, path, expires, total: undefined, chunks: [], received: 0 };
    this.#sessions.set(id, session);
    return session;
  }

  session(id: string, now: number): UploadSession | undefined {
    const session = this.#sessions.get(id);
    return session !== undefined && session.expires > now ? session : undefined;
  }

  close(session: UploadSession): void {
    this.#sessions.delete(session.id);
  }

  ticketFor(file: DriveFile): string {
    const ticket = randomBytes(24).toString("base64url");
    this.#tickets.set(ticket, file);
    return ticket;
  }

  byTicket(ticket: string): DriveFile | undefined {
    return this.#tickets.get(ticket);
  }
}

/** A driveItem (learn.microsoft.com/graph/api/resources/driveitem) without what is Graph's alone. */
export function itemOf(file: DriveFile) {
  return {
    id: file.id,
    name: file.path.split("/").at(-1),
    size: file.bytes.length,
    eTag: `"{${file.id}},${file.version}"`,
    parentReference: { driveId: `b!${file.owner.oid}`, path: "/drive/root:" },
    file: {
      mimeType: "application/octet-stream",
      hashes: { sha256Hash: createHash("sha256").update(file.bytes).digest("hex").toUpperCase() },
    },
  };
}
