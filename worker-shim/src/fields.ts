/**
 * The core's one binary form: byte strings, each behind its length (core/base/fields.h).
 * u32 little-endian length, bytes, repeated.
 */
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });
const LENGTH_BYTES = 4;

export type FieldValue = string | number | boolean | Uint8Array;

export class FieldWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(capacity = 1024) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  add(...values: FieldValue[]): this {
    for (const value of values) this.#one(value);
    return this;
  }

  #one(value: FieldValue): void {
    if (value instanceof Uint8Array) {
      this.#reserve(LENGTH_BYTES + value.length);
      this.#view.setUint32(this.#length, value.length, true);
      this.#bytes.set(value, this.#length + LENGTH_BYTES);
      this.#length += LENGTH_BYTES + value.length;
      return;
    }
    const text =
      typeof value === "string" ? value : typeof value === "boolean" ? (value ? "1" : "0") : `${value}`;
    // UTF-8 takes at most three bytes for a UTF-16 unit.
    this.#reserve(LENGTH_BYTES + text.length * 3);
    const start = this.#length + LENGTH_BYTES;
    const { written } = encoder.encodeInto(text, this.#bytes.subarray(start));
    this.#view.setUint32(this.#length, written, true);
    this.#length = start + written;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes.fill(0);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }

  /** A view, good until the next `add`. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Forgets the content, the secrets in it too, and keeps the room. */
  clear(): void {
    this.#bytes.fill(0, 0, this.#length);
    this.#length = 0;
  }
}

export class FieldReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** A view into the input. */
  bytes(): Uint8Array {
    const length = this.#view.getUint32(this.#at, true);
    const start = this.#at + LENGTH_BYTES;
    if (start + length > this.#bytes.length) throw new RangeError("field beyond the end");
    this.#at = start + length;
    return this.#bytes.subarray(start, start + length);
  }

  text(): string {
    return decoder.decode(this.bytes());
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
