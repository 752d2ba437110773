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
import type { ObjectPlace } from "./env.ts";
import { FieldWriter } from "./fields.ts";
import { carryOut, type Hands, isRepeatable, isWrite, waitFor } from "./interpreter.ts";
import { problemOutcome } from "./problems.ts";

export const pool = new CorePool(module);

/** The flow goes on in the connection's authority; its instance has been given back. */
export interface AuthorityCall {
  kind: "authority";
  place: ObjectPlace;
  operation: string;
  payload: Uint8Array;
  restart: boolean;
  note: string;
}

const LONGEST_WAIT_MS = 2_000;
/** The longer one waits the less often it asks, and no two in step: ten thousand who wait must leave time for the work. */
const waitStepMs = (waited: number) => Math.min(5 + waited / 4, 100) * (0.5 + Math.random());

/** A front may ask a hundred times for what has a deadline each: all of it together has one too. */
const LONGEST_FRONT_MS = 60_000;

/** Bytes on their way into an instance; used between two awaits only, so one for the isolate will do. */
const message = new FieldWriter(8 * 1024);

/** A request: its signal is an object that costs something to make, so only who waits asks for it. */
export interface Cancellable {
  readonly signal: AbortSignal;
}

export type Ended = Outcome | AuthorityCall;

/** It would have to wait, and there is no room to; all that was done for it is reads, so it may begin again. */
interface Later {
  readonly kind: "later";
  readonly to: "waiting" | "calling";
}

/** One run, in its instance. */
interface Flow {
  readonly instance: CoreInstance;
  readonly input: FlowInput;
  readonly hands: Hands;
  readonly waiting: Map<number, Promise<Settled>>;
  /** Whether all that was carried out for it may be carried out again. */
  repeatable: boolean;
  /** It sent a request that may have changed something at an API: who ends it does not know whether it was done. */
  wrote: boolean;
}

export async function runFlow(input: FlowInput, hands: Hands, request?: Cancellable): Promise<Ended> {
  return startFlow(input, hands, request);
}

/** Ends at once where nothing has to be waited for, which a warm read never has. */
export function startFlow(input: FlowInput, hands: Hands, request?: Cancellable): Ended | Promise<Ended> {
  const instance = pool.acquire(standingOf(input));
  if (!instance) return beginLater(input, hands, request);
  const ended = begin(instance, input, hands, request);
  return "kind" in ended && ended.kind !== "later" ? ended : endLater(ended, input, hands, request);
}

async function endLater(
  run: Later | Promise<Ended | Later>,
  input: FlowInput,
  hands: Hands,
  request: Cancellable | undefined,
): Promise<Ended> {
  const ended = await run;
  return ended.kind === "later" ? beginLater(input, hands, request, ended.to) : ended;
}

function standingOf(input: FlowInput): "brief" | "aside" | "authority" {
  if (input.aside === true) return "aside";
  return input.entry === "authority" || input.entry === "alarm" ? "authority" : "brief";
}

/** Asks again, in this request's own time: a waiter that another request wakes would hang with it. */
async function beginLater(
  input: FlowInput,
  hands: Hands,
  request: Cancellable | undefined,
  to?: Later["to"],
): Promise<Ended> {
  let needed = to;
  for (let waited = 0; waited < LONGEST_WAIT_MS; ) {
    const step = waitStepMs(waited);
    await scheduler.wait(step);
    waited += step;
    request?.signal.throwIfAborted();
    if (needed && !pool.hasRoomTo(needed)) continue;
    const instance = pool.acquire(standingOf(input));
    if (!instance) continue;
    const ended = await begin(instance, input, hands, request);
    if (ended.kind !== "later") return ended;
    needed = ended.to;
  }
  return problemOutcome("overloaded", { retryAfterSeconds: 1 });
}

function begin(
  instance: CoreInstance,
  input: FlowInput,
  hands: Hands,
  request: Cancellable | undefined,
): Ended | Later | Promise<Ended | Later> {
  const flow: Flow = { instance, input, hands, waiting: new Map(), repeatable: true, wrote: false };
  let ended: Ended | Later | undefined;
  try {
    // Whatever another flow left when it trapped is not this one's to send.
    message.clear();
    writeInput(message, input, Date.now());
    ended = advance(flow, instance.start(message));
  } catch (error) {
    instance.usable = false;
    pool.release(instance);
    return failed(error, flow);
  }
  if (!ended) return finish(flow, request?.signal);
  pool.release(instance);
  return ended;
}

function failed(error: unknown, { input, wrote }: Flow): Outcome {
  if (!(error instanceof CoreFault)) throw error;
  console.error(JSON.stringify({ level: "error", event: error.code, operation: input.operation }));
  if (wrote) return problemOutcome("call_outcome_unknown");
  return problemOutcome(error.code, error.code === "overloaded" ? { retryAfterSeconds: 1 } : {});
}

/** Steps, for as long as something has been answered; undefined when all that is left has to be waited for. */
function advance(flow: Flow, reached: number): Ended | Later | undefined {
  const { instance, input, hands, waiting } = flow;
  let step = reached;
  message.clear();
  while (step === STEP.effects) {
    // Before anything is carried out: what was refused its memory or its place leaves nothing running.
    if (!pool.fits(instance)) throw new CoreFault("overloaded", "memory");
    const effects = readEffects(instance.output());
    const to = waitFor(effects);
    if (to !== "nothing" && standingOf(input) === "brief" && !pool.mayWait(instance, to)) {
      if (!flow.repeatable) throw new CoreFault("overloaded", to);
      return { kind: "later", to };
    }
    let answered = false;
    for (const effect of effects) {
      if (effect.name === "authority") return authorityCall(effect);
      flow.repeatable &&= isRepeatable(effect);
      flow.wrote ||= standingOf(input) === "brief" && isWrite(effect);
      const answer = carryOut(effect, hands);
      if (!(answer instanceof Uint8Array)) {
        waiting.set(effect.id, named(effect.id, answer));
        continue;
      }
      if (!answered) message.add(Date.now());
      answered = true;
      message.add(effect.id, answer);
    }
    if (!answered) return undefined;
    step = instance.resume(message);
    message.clear();
  }
  if (step !== STEP.done) throw new CoreFault("core_trap", `step ${step}`);
  return readOutcome(instance.output());
}

async function finish(flow: Flow, signal: AbortSignal | undefined): Promise<Ended | Later> {
  const { instance, input, waiting } = flow;
  // A cancelled request may never reach its `finally`: the event gives the instance back at once.
  const giveBack = () => {
    instance.usable = false;
    pool.release(instance);
  };
  signal?.addEventListener("abort", giveBack, { once: true });
  const { promise: late, reject: expire } = Promise.withResolvers<never>();
  // An authority goes on to its end, which is near: what it has begun nobody else may finish.
  let timer: ReturnType<typeof setTimeout> | null = null;
  if (standingOf(input) !== "authority")
    timer = setTimeout(() => expire(new CoreFault("timeout", "deadline")), LONGEST_FRONT_MS);
  try {
    let ended: Ended | Later | undefined;
    while (!ended) {
      const { id, answer } = await untilAborted(Promise.race([...waiting.values(), late]), signal);
      if (!pool.isLive(instance)) throw new CoreFault("timeout", "taken back");
      waiting.delete(id);
      message.clear();
      ended = advance(flow, instance.resume(message.add(Date.now(), id, answer)));
    }
    return ended;
  } catch (error) {
    instance.usable = false;
    return failed(error, flow);
  } finally {
    if (timer !== null) clearTimeout(timer);
    signal?.removeEventListener("abort", giveBack);
    pool.release(instance);
  }
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
    place: { binding: f.text(), jurisdiction: f.text(), locationHint: f.text(), name: f.text() },
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
