/** Drives one flow from its input to its outcome, in an instance of its own. */
import module from "../../dist/postern.wasm";
import { CoreFault, type CoreInstance, CorePool, STEP } from "./core.ts";
import {
  type FlowInput,
  type Outcome,
  type PendingEffect,
  readEffects,
  readOutcome,
  writeInput,
} from "./effects.ts";
import { FieldWriter } from "./fields.ts";
import { carryOut, type Hands } from "./interpreter.ts";
import { problemOutcome } from "./problems.ts";

export const pool = new CorePool(module);

/** The flow goes on in the connection's authority; its instance has been given back. */
export interface AuthorityCall {
  kind: "authority";
  name: string;
  operation: string;
  payload: Uint8Array;
  restart: boolean;
  note: string;
}

const WAIT_STEP_MS = 5;
const LONGEST_WAIT_MS = 2_000;
/** Instances that only authorities may take. */
const RESERVED = 16;

/** Bytes on their way into an instance; used between two awaits only, so one for the isolate will do. */
const message = new FieldWriter(8 * 1024);

export async function runFlow(
  input: FlowInput,
  hands: Hands,
  signal?: AbortSignal,
): Promise<Outcome | AuthorityCall> {
  // Slow reads in front must not keep the authorities from finishing what they began.
  const reserve = input.entry === "authority" || input.entry === "alarm" ? 0 : RESERVED;
  const instance = pool.acquire(reserve) ?? (await waitForInstance(reserve, signal));
  if (!instance) return problemOutcome("overloaded", { retryAfterSeconds: 1 });
  // A cancelled request may never reach its `finally`: the event gives the instance back at once.
  const giveBack = () => {
    instance.usable = false;
    pool.release(instance);
  };
  signal?.addEventListener("abort", giveBack, { once: true });
  try {
    return await drive(instance, input, hands, signal);
  } catch (error) {
    instance.usable = false;
    if (error instanceof CoreFault) {
      console.error(JSON.stringify({ level: "error", event: error.code, operation: input.operation }));
      return problemOutcome(error.code);
    }
    throw error;
  } finally {
    signal?.removeEventListener("abort", giveBack);
    pool.release(instance);
  }
}

/** Asks again, in this request's own time: a waiter that another request wakes would hang with it. */
async function waitForInstance(
  reserve: number,
  signal: AbortSignal | undefined,
): Promise<CoreInstance | undefined> {
  for (let waited = 0; waited < LONGEST_WAIT_MS; waited += WAIT_STEP_MS) {
    await scheduler.wait(WAIT_STEP_MS);
    signal?.throwIfAborted();
    const instance = pool.acquire(reserve);
    if (instance) return instance;
  }
  return undefined;
}

async function drive(
  instance: CoreInstance,
  input: FlowInput,
  hands: Hands,
  signal: AbortSignal | undefined,
): Promise<Outcome | AuthorityCall> {
  message.clear();
  writeInput(message, input, Date.now());
  let step = instance.start(message);
  message.clear();
  const waiting = new Map<number, Promise<Settled>>();
  while (step === STEP.effects) {
    const settled: Settled[] = [];
    for (const effect of readEffects(instance.output())) {
      if (effect.name === "authority") return authorityCall(effect);
      const answer = carryOut(effect, hands);
      if (answer instanceof Uint8Array) settled.push({ id: effect.id, answer });
      else waiting.set(effect.id, named(effect.id, answer));
    }
    if (settled.length === 0) {
      const first = await untilAborted(Promise.race(waiting.values()), signal);
      waiting.delete(first.id);
      settled.push(first);
    }
    // Whatever another flow left when it trapped is not this one's to send.
    message.clear();
    message.add(Date.now());
    for (const { id, answer } of settled) message.add(id, answer);
    step = instance.resume(message);
    message.clear();
  }
  if (step !== STEP.done) throw new CoreFault("core_trap", `step ${step}`);
  return readOutcome(instance.output());
}

interface Settled {
  id: number;
  answer: Uint8Array;
}

async function named(id: number, answer: Promise<Uint8Array>): Promise<Settled> {
  return { id, answer: await answer };
}

function authorityCall(effect: PendingEffect): AuthorityCall {
  const f = effect.fields;
  return {
    kind: "authority",
    name: f.text(),
    operation: f.text(),
    payload: f.bytes(),
    restart: f.flag(),
    note: f.text(),
  };
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  signal.throwIfAborted();
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
