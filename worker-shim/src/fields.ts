/**
 * The core's one binary form: byte strings, each behind its length (core/base/fields.h).
 * u32 little-endian length, bytes, repeated.
 */
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });
const LENGTH_BYTES = 4;
/** Up to here a loop is faster than a call into the runtime; most fields are names and numbers. */
const SHORT = 48;
/** A writer that is used again stays at most this much larger than it began. */
const MOST_GROWTH = 8;

export type FieldValue = string | number | boolean | Uint8Array;

export class FieldWriter {
  readonly #capacity: number;
  #bytes: Uint8Array;
  #length = 0;

  constructor(capacity = 1024) {
    this.#capacity = capacity;
    this.#bytes = new Uint8Array(capacity);
  }

  add(...values: FieldValue[]): this {
    for (const value of values) this.#one(value);
    return this;
  }

  #one(value: FieldValue): void {
    if (typeof value === "string") this.#text(value);
    else if (value instanceof Uint8Array) this.#raw(value);
    else this.#text(typeof value === "boolean" ? (value ? "1" : "0") : `${value}`);
  }

  #raw(value: Uint8Array): void {
    this.#reserve(LENGTH_BYTES + value.length);
    const start = this.#length + LENGTH_BYTES;
    this.#bytes.set(value, start);
    this.#close(start, value.length);
  }

  #text(text: string): void {
    // UTF-8 takes at most three bytes for a UTF-16 unit.
    this.#reserve(LENGTH_BYTES + text.length * 3);
    const start = this.#length + LENGTH_BYTES;
    const bytes = this.#bytes;
    if (text.length <= SHORT) {
      let at = 0;
      for (; at < text.length; at += 1) {
        const code = text.charCodeAt(at);
        if (code > 0x7f) break;
        bytes[start + at] = code;
      }
      if (at === text.length) {
        this.#close(start, at);
        return;
      }
    }
    this.#close(start, encoder.encodeInto(text, bytes.subarray(start)).written);
  }

  #close(start: number, length: number): void {
    const bytes = this.#bytes;
    bytes[start - 4] = length;
    bytes[start - 3] = length >>> 8;
    bytes[start - 2] = length >>> 16;
    bytes[start - 1] = length >>> 24;
    this.#length = start + length;
  }

  /** One field whose content comes in pieces. */
  addPieces(pieces: readonly Uint8Array[]): this {
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    this.#reserve(LENGTH_BYTES + length);
    const start = this.#length + LENGTH_BYTES;
    let at = start;
    for (const piece of pieces) {
      this.#bytes.set(piece, at);
      at += piece.length;
    }
    this.#close(start, length);
    return this;
  }

  /** A nested field begins: what is added until {@link leave} is its content. Answers what `leave` needs. */
  enter(): number {
    this.#reserve(LENGTH_BYTES);
    this.#length += LENGTH_BYTES;
    return this.#length;
  }

  leave(start: number): this {
    this.#close(start, this.#length - start);
    return this;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes.fill(0);
    this.#bytes = grown;
  }

  /** A view, good until the next `add`. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** How much room it has. */
  get room(): number {
    return this.#bytes.length;
  }

  /** Forgets the content, the secrets in it too, and keeps the room, unless something large needed more. */
  clear(): void {
    this.#bytes.fill(0, 0, this.#length);
    this.#length = 0;
    if (this.#bytes.length > this.#capacity * MOST_GROWTH) this.#bytes = new Uint8Array(this.#capacity);
  }
}

export class FieldReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** Steps over the next field; answers where its content begins. It ends where the reader stands. */
  #next(): number {
    const bytes = this.#bytes;
    const start = this.#at + LENGTH_BYTES;
    if (start > bytes.length) throw new RangeError("field beyond the end");
    const low = (bytes[start - 4] ?? 0) | ((bytes[start - 3] ?? 0) << 8);
    const high = (bytes[start - 2] ?? 0) | ((bytes[start - 1] ?? 0) << 8);
    const end = start + low + high * 0x10000;
    if (end > bytes.length) throw new RangeError("field beyond the end");
    this.#at = end;
    return start;
  }

  /** The next text, which stays the next. */
  peekText(): string {
    const at = this.#at;
    const text = this.text();
    this.#at = at;
    return text;
  }

  /** A view into the input. */
  bytes(): Uint8Array {
    const start = this.#next();
    return this.#bytes.subarray(start, this.#at);
  }

  text(): string {
    const start = this.#next();
    const bytes = this.#bytes;
    if (this.#at - start <= SHORT) {
      let text = "";
      let at = start;
      for (; at < this.#at; at += 1) {
        const code = bytes[at] ?? 0;
        if (code > 0x7f) break;
        text += String.fromCharCode(code);
      }
      if (at === this.#at) return text;
    }
    return decoder.decode(bytes.subarray(start, this.#at));
  }

  number(): number {
    return Number(this.text());
  }

  flag(): boolean {
    return this.text() === "1";
  }

  /** name, value, repeated, in one nested field. */
  pairs(): [string, string][] {
    const inner = new FieldReader(this.bytes());
    const pairs: [string, string][] = [];
    while (!inner.done) pairs.push([inner.text(), inner.text()]);
    return pairs;
  }
}

/** The nested field that {@link FieldReader.pairs} reads. */
export function pairFields(pairs: Iterable<readonly [string, string]>): Uint8Array {
  const writer = new FieldWriter(256);
  for (const [name, value] of pairs) writer.add(name, value);
  return writer.bytes();
}
