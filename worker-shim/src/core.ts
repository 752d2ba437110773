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

type FaultCode = "core_trap" | "out_of_memory" | "answer_too_large" | "overloaded" | "timeout";

/** Only what a provider answers is as large as this; what callers send is capped long before. */
const LARGE_BYTES = 128 * 1024;

export class CoreFault extends Error {
  readonly code: FaultCode;
  constructor(code: FaultCode, cause: unknown) {
    super(code, { cause });
    this.code = code;
  }
}

export class CoreInstance {
  readonly exports: CoreExports;
  /** A trap or a cancelled flow leaves memory that nobody may use again. */
  usable = true;
  #view: Uint8Array;
  /** What its flow has been given. */
  #given = 0;

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
      this.#given += bytes.length;
      const pointer = this.exports.postern_allocate(bytes.length);
      this.memory().set(bytes, pointer);
      return entry(pointer, bytes.length);
    } catch (cause) {
      this.usable = false;
      if (this.exports.postern_out_of_memory() !== 1) throw new CoreFault("core_trap", cause);
      throw new CoreFault(this.#given > LARGE_BYTES ? "answer_too_large" : "out_of_memory", cause);
    }
  }

  /** As new, for the next flow. */
  wipe(snapshot: Uint8Array): void {
    this.memory().set(snapshot);
    this.#given = 0;
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
  /** Linear memory of the live and the idle ones, as of their last step. */
  bytes: number;
}

export interface Share {
  live: number;
  bytes: number;
}

/**
 * What a flow does with its instance. A front flow that ends at once is `brief`; it becomes `waiting` when it has to
 * wait for one of our own stores, `calling` when it has to wait for somebody else, and keeps that to its end.
 */
export type Standing = "brief" | "waiting" | "calling" | "aside" | "authority";

export interface PoolLimits {
  all: Share;
  /** Of fronts that wait, for whatever; those that call are among them. */
  waiting: Share;
  calling: Share;
  /** Of authorities that wait for others' servers beside their queues. */
  aside: Share;
  /** What is left to brief ones alone. One of them runs at a time. */
  brief: Share;
}

const MIB = 1024 * 1024;
/**
 * Of the isolate's 128 MiB. Memory grows while a flow runs, where nobody can stop it; but one runs at a time,
 * so the pool is over by one instance's 16 MiB (wasm/CMakeLists.txt) at most, and only until its step is done.
 * What is not counted: an answer on its way into an instance, 1 MiB at most (core/flow/resource/session.h).
 *
 * Who is slow takes nothing from who is not: whatever waits in front leaves 16 instances to authorities and webhooks,
 * webhooks leave 8 of those to authorities, whatever calls leaves 12 to who reads a store, and all of them leave 4 to who
 * needs nothing but the isolate's memory.
 */
const LIMITS: PoolLimits = {
  all: { live: 64, bytes: 32 * MIB },
  waiting: { live: 44, bytes: 22 * MIB },
  calling: { live: 32, bytes: 18 * MIB },
  aside: { live: 8, bytes: 4 * MIB },
  brief: { live: 4, bytes: 2 * MIB },
};
/** Idle instances that are kept warm. */
const KEPT = 16;

/**
 * Longer than any flow runs. A front has a deadline (flow-runner.ts). An authority must not be cut short in the middle of an
 * exchange and is not, but all that it asks for has a deadline: at its longest it reads D1 (5 s), settles what an earlier
 * exchange left (20 s for keys, 5 s for a profile, 10 s for KV and D1), exchanges a code (20 s), and settles that: 95 s. An alarm
 * settles both exchanges and refreshes what is due: 130 s.
 */
const LONGEST_FLOW_MS = 180_000;

const NOTHING: Share = { live: 0, bytes: 0 };

interface Use {
  /** When it was taken. */
  readonly since: number;
  standing: Standing;
  /** Its memory at the last look. */
  bytes: number;
}

const sum = (a: Share, b: Share): Share => ({ live: a.live + b.live, bytes: a.bytes + b.bytes });
const within = (used: Share, limit: Share) => used.live <= limit.live && used.bytes <= limit.bytes;

export class CorePool {
  readonly #module: WebAssembly.Module;
  readonly #limits: PoolLimits;
  readonly #keep: number;
  readonly #free: CoreInstance[] = [];
  /** In the order in which they were taken. */
  readonly #live = new Map<CoreInstance, Use>();
  /** What each of them holds together. */
  readonly #used: Record<Standing, Share> = {
    brief: { ...NOTHING },
    waiting: { ...NOTHING },
    calling: { ...NOTHING },
    aside: { ...NOTHING },
    authority: { ...NOTHING },
  };
  #snapshot: Uint8Array | undefined;
  #created = 0;
  #dropped = 0;
  #bytes = 0;

  constructor(module: WebAssembly.Module, limits: Partial<PoolLimits> = {}, keep = KEPT) {
    this.#module = module;
    this.#limits = { ...LIMITS, ...limits };
    this.#keep = keep;
  }

  /** undefined: too much is in use. Nobody is queued here: no promise is shared between requests. */
  acquire(standing: "brief" | "aside" | "authority" = "brief"): CoreInstance | undefined {
    const room = () => {
      const more = this.#free.length > 0 ? 0 : (this.#snapshot?.length ?? 0);
      const used = { live: this.#live.size + 1, bytes: this.#bytes + more };
      const beside = sum(this.#used.aside, { live: 1, bytes: this.#snapshot?.length ?? 0 });
      if (standing === "aside" && !within(beside, this.#limits.aside)) return false;
      return within(used, standing === "brief" ? this.#limits.all : this.#long());
    };
    if (!room() && !(this.#reclaim() && room())) return undefined;
    const idle = this.#free.pop();
    const instance = idle ?? this.#create();
    const bytes = instance.memory().length;
    if (!idle) this.#bytes += bytes;
    this.#live.set(instance, { since: Date.now(), standing, bytes });
    this.#count(standing, 1, bytes);
    return instance;
  }

  /** Whether it is lent: what was taken back meanwhile must not go on. */
  isLive(instance: CoreInstance): boolean {
    return this.#live.has(instance);
  }

  /** Before its flow waits: whether it may. Asked again, it is no more than it was. */
  mayWait(instance: CoreInstance, standing: "waiting" | "calling"): boolean {
    const use = this.#live.get(instance);
    if (!use) return false;
    if (use.standing !== "brief" && (use.standing !== "waiting" || standing === "waiting")) return true;
    const before = use.standing;
    this.#move(use, standing);
    if (this.#fits(standing) || (this.#reclaim() && this.#fits(standing))) return true;
    this.#move(use, before);
    return false;
  }

  /** Whether one more could wait. */
  hasRoomTo(standing: "waiting" | "calling"): boolean {
    const more: Share = { live: 1, bytes: this.#snapshot?.length ?? 0 };
    return this.#fits(standing, more) || (this.#reclaim() && this.#fits(standing, more));
  }

  /** After a step: false when it grew, and what all like it hold is now more than they may; or when it is nobody's. */
  fits(instance: CoreInstance): boolean {
    const use = this.#live.get(instance);
    if (!use) return false;
    const grown = instance.memory().length - use.bytes;
    if (grown === 0) return true;
    use.bytes += grown;
    this.#bytes += grown;
    this.#count(use.standing, 0, grown);
    return this.#fits(use.standing);
  }

  /** Takes it back, once; a second call for the same flow does nothing. */
  release(instance: CoreInstance): void {
    const use = this.#live.get(instance);
    if (!use) return;
    this.#live.delete(instance);
    this.#count(use.standing, -1, -use.bytes);
    const memory = instance.memory();
    const snapshot = this.#snapshot;
    if (
      !instance.usable ||
      !snapshot ||
      memory.length !== snapshot.length ||
      this.#free.length >= this.#keep
    ) {
      this.#dropped += 1;
      this.#bytes -= use.bytes;
      return;
    }
    instance.wipe(snapshot);
    this.#free.push(instance);
  }

  /** What all but brief ones may have. */
  #long(): Share {
    const { all, brief } = this.#limits;
    return { live: all.live - brief.live, bytes: all.bytes - brief.bytes };
  }

  #fits(standing: Standing, more: Share = NOTHING): boolean {
    const { all, waiting, calling, aside } = this.#limits;
    const used = { live: this.#live.size + more.live, bytes: this.#bytes + more.bytes };
    if (!within(used, standing === "brief" ? all : this.#long())) return false;
    if (standing === "aside") return within(sum(this.#used.aside, more), aside);
    if (standing === "brief" || standing === "authority") return true;
    const calls = sum(this.#used.calling, more);
    return (
      within(sum(this.#used.waiting, calls), waiting) && (standing === "waiting" || within(calls, calling))
    );
  }

  #move(use: Use, to: Standing): void {
    this.#count(use.standing, -1, -use.bytes);
    use.standing = to;
    this.#count(to, 1, use.bytes);
  }

  #count(standing: Standing, live: number, bytes: number): void {
    const used = this.#used[standing];
    used.live += live;
    used.bytes += bytes;
  }

  /** The runtime may end a request without a word; what it held is nobody's after a while. */
  #reclaim(): boolean {
    const before = Date.now() - LONGEST_FLOW_MS;
    let reclaimed = false;
    for (const [instance, { since }] of this.#live) {
      if (since > before) break;
      instance.usable = false;
      this.release(instance);
      reclaimed = true;
    }
    return reclaimed;
  }

  figures(): PoolFigures {
    return {
      created: this.#created,
      live: this.#live.size,
      free: this.#free.length,
      dropped: this.#dropped,
      bytes: this.#bytes,
    };
  }

  #create(): CoreInstance {
    const instance = new CoreInstance(this.#module);
    this.#snapshot ??= instance.memory().slice();
    this.#created += 1;
    return instance;
  }
}
