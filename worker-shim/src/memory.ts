/**
 * The isolate's memory: what was just opened or checked, at most 30 seconds, and bounded in number and bytes.
 *
 * Each kind of key (what stands before the first colon) has room of its own, and marks, which say only that
 * something was looked at, have theirs apart from values: a flood of one kind evicts nothing of another, and a
 * flood of what does not exist nothing that does. Bytes are those of keys and values.
 */
const LONGEST_MS = 30_000;
/** A value of at most so many bytes is a mark. */
const MARK_BYTES = 8;

interface Entry {
  readonly value: Uint8Array;
  readonly expiresAt: number;
  readonly room: Room;
  /** Read since it was put, or since it was last spared. */
  used: boolean;
}

/** What one kind may have. Maps keep the order of insertion: the oldest comes first. */
class Room {
  readonly entries = new Map<string, Entry>();
  bytes = 0;
}

const sizeOf = (key: string, value: Uint8Array) => key.length + value.length;

export interface MemoryLimits {
  /** Of each room. */
  entries: number;
  bytes: number;
}

export class IsolateMemory {
  readonly #all = new Map<string, Entry>();
  readonly #rooms = new Map<string, Room>();
  readonly #limits: MemoryLimits;

  constructor(limits: Partial<MemoryLimits> = {}) {
    this.#limits = { entries: 2_000, bytes: 4 * 1024 * 1024, ...limits };
  }

  get(key: string, now: number): Uint8Array | undefined {
    const entry = this.#all.get(key);
    if (!entry) return undefined;
    // Later than anything may be remembered until: it is of a clock that was ahead.
    if (entry.expiresAt <= now || entry.expiresAt > now + LONGEST_MS) {
      this.#forget(key, entry);
      return undefined;
    }
    entry.used = true;
    return entry.value;
  }

  /** An empty value forgets the key. `expiresAt` in milliseconds since the epoch. */
  put(key: string, value: Uint8Array, expiresAt: number, now: number): void {
    const before = this.#all.get(key);
    if (before) this.#forget(key, before);
    const size = sizeOf(key, value);
    if (value.length === 0 || size > this.#limits.bytes) return;
    const room = this.#roomFor(key, value);
    while (room.entries.size >= this.#limits.entries || room.bytes + size > this.#limits.bytes) {
      this.#evict(room, now);
    }
    const entry = { value, expiresAt: Math.min(expiresAt, now + LONGEST_MS), room, used: false };
    this.#all.set(key, entry);
    room.entries.set(key, entry);
    room.bytes += size;
  }

  #roomFor(key: string, value: Uint8Array): Room {
    const kind = key.slice(0, Math.max(0, key.indexOf(":")));
    const name = value.length <= MARK_BYTES ? `${kind} marks` : kind;
    const known = this.#rooms.get(name);
    if (known) return known;
    const room = new Room();
    this.#rooms.set(name, room);
    return room;
  }

  /** The oldest goes; one that was read meanwhile is spared once. */
  #evict(room: Room, now: number): void {
    for (const [key, entry] of room.entries) {
      if (!entry.used || entry.expiresAt <= now) {
        this.#forget(key, entry);
        return;
      }
      entry.used = false;
      room.entries.delete(key);
      room.entries.set(key, entry);
    }
  }

  #forget(key: string, entry: Entry): void {
    this.#all.delete(key);
    entry.room.entries.delete(key);
    entry.room.bytes -= sizeOf(key, entry.value);
  }
}
