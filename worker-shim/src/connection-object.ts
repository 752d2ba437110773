/**
 * The authority of one connection: its only writer. Flows run one after another in the order of their
 * arrival; a Durable Object interleaves wherever it awaits, so the queue is explicit.
 */
import { DurableObject } from "cloudflare:workers";
import type { Outcome } from "./effects.ts";
import { type Bindings, prepare } from "./env.ts";
import { type Ended, runFlow } from "./flow-runner.ts";
import type { Hands, ObjectStorage } from "./interpreter.ts";
import { memory } from "./isolate.ts";
import { operationNamed } from "./operations.ts";
import { problemOutcome } from "./problems.ts";

interface Wish {
  operation: string;
  entry: "authority" | "alarm";
  payload: Uint8Array;
  /** Of the latest caller who shares the job: a token that is minted after it satisfies them all. */
  arrivedAt: number;
}

interface Job extends Wish {
  result: Promise<Ended>;
  run(): Promise<void>;
}

/** Distinct jobs that wait; callers with the same wish share one and do not count. */
const LONGEST_QUEUE = 1_000;
const REPEAT_ALARM_MS = 60_000;
const MOST_DOUBLINGS = 4;
/** So that flows that hand on to one another for ever do not do so without a pause. */
const GO_ON_MS = 5_000;
const MOST_ALARM_RUNS = 20;
const latin1 = new TextDecoder("latin1");

export class ConnectionObject extends DurableObject<Bindings> {
  /** Of this life of the object: storage outlives it, and so may a request that it sent. */
  readonly #incarnation = crypto.randomUUID();
  /** In the order of arrival, by wish where callers may share a job. */
  readonly #queue = new Map<string | symbol, Job>();
  #running = false;
  /** Alarms in a row that did not end well. */
  #repeats = 0;

  /** Runs an operation of the authority; the payload is the core's own encoding. */
  async run(operation: string, payload: Uint8Array): Promise<Outcome> {
    const ended = await this.#enqueue(operation, "authority", payload);
    return ended.kind === "authority" ? problemOutcome("core_trap") : ended;
  }

  override async alarm(): Promise<void> {
    let operation = "authority.alarm";
    let ended: Ended | undefined;
    try {
      ended = await this.#enqueue(operation, "alarm", new Uint8Array(0));
      // What an alarm's flow goes on in, until nothing is due.
      for (let run = 0; ended.kind === "authority" && run < MOST_ALARM_RUNS; run += 1) {
        operation = ended.operation;
        ended = await this.#enqueue(operation, "alarm", ended.payload);
      }
    } finally {
      // The platform gives up after a few repetitions; what is owed here is owed until it is done.
      const pause = this.#pauseAfter(ended, operation);
      if (pause > 0) await this.#ringWithin(pause);
    }
  }

  #pauseAfter(ended: Ended | undefined, operation: string): number {
    if (ended?.kind === "json" || ended?.kind === "authority") {
      this.#repeats = 0;
      // All went well, and perhaps there is more of it.
      return ended.kind === "authority" ? GO_ON_MS : 0;
    }
    // Others are in the way of what runs beside the queue, and may be gone at any time.
    if (ended?.status === 503 && operation !== "authority.alarm") return REPEAT_ALARM_MS;
    this.#repeats += 1;
    return REPEAT_ALARM_MS * 2 ** Math.min(this.#repeats - 1, MOST_DOUBLINGS);
  }

  /** What is armed for a time before that stays: a caller's exchange may have armed it meanwhile, for its own end. */
  async #ringWithin(milliseconds: number): Promise<void> {
    const { storage } = this.ctx;
    const now = Date.now();
    const armed = await storage.getAlarm();
    if (armed === null || armed <= now || armed > now + milliseconds)
      await storage.setAlarm(now + milliseconds);
  }

  #enqueue(operation: string, entry: Job["entry"], payload: Uint8Array): Promise<Ended> {
    const declared = operationNamed(operation);
    if (declared?.access !== "authority") return Promise.resolve(problemOutcome("not_found"));
    // One alarm rings at a time, so one of them runs at a time; callers do not wait for it.
    if (declared.aside) {
      const aside = entry === "alarm";
      return aside
        ? this.#flow({ operation, entry, payload, arrivedAt: Date.now() }, declared.entropy_bytes, true)
        : Promise.resolve(problemOutcome("not_found"));
    }
    // Each byte is a character of its own: the same text is the same wish.
    const wish = declared.coalesced ? `${operation} ${latin1.decode(payload)}` : Symbol(operation);
    const shared = this.#queue.get(wish);
    if (shared) {
      shared.arrivedAt = Date.now();
      return shared.result;
    }
    if (this.#queue.size >= LONGEST_QUEUE) {
      return Promise.resolve(problemOutcome("overloaded", { retryAfterSeconds: 1 }));
    }
    const { promise, resolve, reject } = Promise.withResolvers<Ended>();
    const job: Job = {
      operation,
      entry,
      payload,
      arrivedAt: Date.now(),
      result: promise,
      run: () => this.#flow(job, declared.entropy_bytes).then(resolve, reject),
    };
    this.#queue.set(wish, job);
    // It runs on whoever hangs up: nothing of an object ends with its callers.
    if (!this.#running) void this.#work();
    return promise;
  }

  async #work(): Promise<void> {
    this.#running = true;
    try {
      do {
        for (const [wish, job] of this.#queue) {
          // Who comes from now on may have come after what the job brings.
          this.#queue.delete(wish);
          await job.run();
        }
        // All of a crowd who are at the door come in before the next one of them begins, and share it.
        await scheduler.wait(0);
      } while (this.#queue.size > 0);
    } finally {
      this.#running = false;
    }
  }

  async #flow(job: Wish, entropyBytes: number, aside = false): Promise<Ended> {
    const { withSecrets, ring } = prepare(this.env);
    const hands: Hands = {
      kv: this.env.AZURE_TOKENS,
      bindings: this.env,
      ring,
      memory,
      storage: storageOf(this.ctx.storage),
      logLevel: this.env.LOG_LEVEL,
    };
    return runFlow(
      {
        operation: job.operation,
        entry: job.entry,
        arrivedAt: job.arrivedAt,
        aside,
        entropyBytes,
        environment: withSecrets,
        payload: job.payload,
        incarnation: this.#incarnation,
      },
      hands,
    );
  }
}

function storageOf(storage: DurableObjectStorage): ObjectStorage {
  return {
    read: (key) => storage.kv.get<Uint8Array>(key),
    commit: (puts, deletes, alarmAt) => {
      storage.transactionSync(() => {
        for (const key of deletes) storage.kv.delete(key);
        for (const [key, value] of puts) storage.kv.put(key, value);
        // In the same turn as the writes, so in the same commit; the output gate waits for both.
        if (alarmAt === 0) void storage.deleteAlarm();
        else if (alarmAt !== undefined) void storage.setAlarm(alarmAt);
      });
    },
  };
}
