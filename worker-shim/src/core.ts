/**
 * Instances of the wasm core: one flow at a time in each, wiped between two flows.
 *
 * An instance that ended well gets its linear memory back from a snapshot that was taken right after
 * `_initialize`, so nothing of one request, its secrets least of all, is there for the next. One that
 * trapped, grew, was cancelled or timed out is dropped.
 */
import type { FieldWriter } from "./fields.ts";

export const STEP = { effects: 0, done: 1, malformed: 2, stuck: 3 } as const;

interface CoreExports {
  memory: WebAssembly.Memory;
  _initialize(): void;
  postern_allocate(size: number): number;
  postern_start(input: number, length: number): number;
  postern_resume(replies: number, length: number): number;
  postern_output(): number;
  postern_output_length(): number;
  postern_out_of_memory(): number;
}

export class CoreFault extends Error {
  readonly code: "core_trap" | "out_of_memory";
  constructor(code: "core_trap" | "out_of_memory", cause: unknown) {
    super(code, { cause });
    this.code = code;
  }
}

export class CoreInstance {
  readonly exports: CoreExports;
  /** A trap or a cancelled flow leaves memory that nobody may use again. */
  usable = true;
  #view: Uint8Array;

  constructor(module: WebAssembly.Module) {
    this.exports = new WebAssembly.Instance(module, {}).exports as unknown as CoreExports;
    this.exports._initialize();
    this.#view = new Uint8Array(this.exports.memory.buffer);
  }

  /** All of its memory: another view once it has grown. */
  memory(): Uint8Array {
    const { buffer } = this.exports.memory;
    if (this.#view.buffer !== buffer) this.#view = new Uint8Array(buffer);
    return this.#view;
  }

  start(input: FieldWriter): number {
    return this.#call(input, this.exports.postern_start);
  }

  resume(replies: FieldWriter): number {
    return this.#call(replies, this.exports.postern_resume);
  }

  #call(message: FieldWriter, entry: (pointer: number, length: number) => number): number {
    try {
      const bytes = message.bytes();
      const pointer = this.exports.postern_allocate(bytes.length);
      this.memory().set(bytes, pointer);
      return entry(pointer, bytes.length);
    } catch (cause) {
      this.usable = false;
      throw new CoreFault(this.exports.postern_out_of_memory() === 1 ? "out_of_memory" : "core_trap", cause);
    }
  }

  /** A copy: the memory under it is wiped or used again before the caller is done. */
  output(): Uint8Array {
    const pointer = this.exports.postern_output();
    return this.memory().slice(pointer, pointer + this.exports.postern_output_length());
  }
}

export interface PoolFigures {
  created: number;
  live: number;
  free: number;
  dropped: number;
}

/** Longer than any flow runs: every effect has a deadline. */
const LONGEST_FLOW_MS = 120_000;

export class CorePool {
  readonly #module: WebAssembly.Module;
  readonly #limit: number;
  readonly #keep: number;
  readonly #free: CoreInstance[] = [];
  /** In use, with the time at which each was taken. */
  readonly #live = new Map<CoreInstance, number>();
  #snapshot: Uint8Array | undefined;
  #created = 0;
  #dropped = 0;

  /** `limit`: instances in use at once. `keep`: how many idle ones are kept warm. */
  constructor(module: WebAssembly.Module, limit = 64, keep = 16) {
    this.#module = module;
    this.#limit = limit;
    this.#keep = keep;
  }

  /** `reserve`: how many to leave for others. undefined: too many are in use. Nobody is queued here: no promise is shared between requests. */
  acquire(reserve = 0): CoreInstance | undefined {
    const limit = this.#limit - reserve;
    if (this.#live.size >= limit && !this.#reclaim(limit)) return undefined;
    const instance = this.#free.pop() ?? this.#create();
    this.#live.set(instance, Date.now());
    return instance;
  }

  /** Takes it back, once; a second call for the same flow does nothing. */
  release(instance: CoreInstance): void {
    if (!this.#live.delete(instance)) return;
    const memory = instance.memory();
    const snapshot = this.#snapshot;
    if (
      !instance.usable ||
      !snapshot ||
      memory.length !== snapshot.length ||
      this.#free.length >= this.#keep
    ) {
      this.#dropped += 1;
      return;
    }
    memory.set(snapshot);
    this.#free.push(instance);
  }

  /** The runtime may end a request without a word; what it held is nobody's after a while. */
  #reclaim(limit: number): boolean {
    const before = Date.now() - LONGEST_FLOW_MS;
    for (const [instance, since] of this.#live) {
      if (since > before) continue;
      instance.usable = false;
      this.release(instance);
    }
    return this.#live.size < limit;
  }

  figures(): PoolFigures {
    return { created: this.#created, live: this.#live.size, free: this.#free.length, dropped: this.#dropped };
  }

  #create(): CoreInstance {
    const instance = new CoreInstance(this.#module);
    this.#snapshot ??= instance.memory().slice();
    this.#created += 1;
    return instance;
  }
}
