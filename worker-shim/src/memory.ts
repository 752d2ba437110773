/** The isolate's memory: what was just opened or checked, at most 30 seconds and bounded in number. */
const LONGEST_MS = 30_000;

export class IsolateMemory {
  readonly #entries = new Map<string, { value: Uint8Array; expiresAt: number }>();
  readonly #limit: number;

  constructor(limit = 2_000) {
    this.#limit = limit;
  }

  get(key: string, now: number): Uint8Array | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    if (entry.expiresAt <= now) {
      this.#entries.delete(key);
      return undefined;
    }
    return entry.value;
  }

  /** An empty value forgets the key. `expiresAt` in milliseconds since the epoch. */
  put(key: string, value: Uint8Array, expiresAt: number, now: number): void {
    this.#entries.delete(key);
    if (value.length === 0) return;
    if (this.#entries.size >= this.#limit) {
      // Maps keep the order of insertion: the oldest goes.
      const oldest = this.#entries.keys().next();
      if (!oldest.done) this.#entries.delete(oldest.value);
    }
    this.#entries.set(key, { value, expiresAt: Math.min(expiresAt, now + LONGEST_MS) });
  }
}
