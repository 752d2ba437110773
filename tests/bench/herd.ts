/** Ten thousand callers at once for one connection whose token has expired, over several front isolates. */
import { setTimeout as sleep } from "node:timers/promises";
import { median } from "./compare.ts";
import { type Herd, type Outcome, setOff } from "./herd-callers.ts";
import type { Call } from "./herd-calls.ts";
import { bundleWithFigures, FRONTS, frontsOf } from "./herd-cast.ts";
import { type InUse, inUse, MemoryWatch, type Peaks } from "./herd-memory.ts";
import { HerdWorkers, type Who } from "./herd-workers.ts";

export const CALLERS = 10_000;
const FEW = 1_000;
/** What the token endpoint takes. */
const ENDPOINT_MS = 400;
/** What it takes where all callers are to be waiting before there is an answer; a refresh gives up after 20 s. */
const HELD_MS = 15_000;
/** Seconds, more than any token lives: the isolate's memory never has what is asked for. */
const MOST_MIN_TTL = 1_000_000;

/** Half of the callers have a socket each, half call from a Worker. */
const half = (callers: number) => ({ http: callers / 2, rpc: callers / 2 });
const ALONE = { http: 0, rpc: 1 };

export interface Told extends Outcome {
  readonly tokenRequests: number;
}

export interface Round {
  /** One caller, who waits for a refresh. */
  readonly alone: Told;
  /** The callers, to all of whom the authority gives a token that it has. */
  readonly queue: Told;
  /** The callers, who read a token that the authority has: each isolate asks once, and remembers it. */
  readonly remembered: Told;
  /** As many calls to Workers and to an object that do nothing. */
  readonly plain: Told;
  readonly herd: Told;
}

export interface Held {
  readonly told: Told;
  /** Instances in use while all wait, and once all have been answered. */
  readonly waiting: InUse;
  readonly afterwards: InUse;
  readonly peaks: Peaks;
}

export interface HerdResults {
  readonly rounds: readonly Round[];
  /** Callers of other kinds, once each: they are counted, not timed. */
  readonly minTtl: Told;
  readonly forced: Told;
  readonly mixed: Told;
  readonly held: Held;
  /** The same through one front. */
  readonly oneFront: Held;
}

const slowEndpoint = (workers: HerdWorkers, ms: number) =>
  workers.control({
    clear_faults: true,
    token: { kind: "delay", ms, times: "always", grant: "refresh_token" },
  });

async function tell(workers: HerdWorkers, herd: Herd): Promise<Told> {
  await workers.control({ reset_stats: true });
  const outcome = await setOff(workers, herd);
  return { ...outcome, tokenRequests: await workers.tokenRequests() };
}

/** Somebody whose token has expired. */
async function expired(workers: HerdWorkers): Promise<Who> {
  const who = await workers.connect(1);
  await sleep(1_100);
  return who;
}

/**
 * KV shows a copy that is too old, as it may for a minute: whoever reads it goes on to the authority. Which heals it
 * once in half a minute, so that is done before.
 */
async function letKvFallBehind(workers: HerdWorkers, who: Who, copy: ArrayBuffer): Promise<void> {
  await workers.putInKv(who, copy);
  await setOff(workers, { who, ...ALONE, calls: [{ minTtl: MOST_MIN_TTL }] });
  await workers.putInKv(who, copy);
}

async function round(workers: HerdWorkers, number: number): Promise<Round> {
  const [first, second] = [await expired(workers), await expired(workers)];
  const copy = await workers.inKv(first);
  const callers = half(CALLERS);
  const alone = await tell(workers, { who: first, ...ALONE });
  await letKvFallBehind(workers, first, copy);
  const remembered = await tell(workers, { who: first, ...callers });
  await workers.putInKv(first, copy);
  const told = new Map<string, Told>();
  const turns: [string, Herd][] = [
    // What the isolates remember by now is not enough for them.
    ["queue", { who: first, ...callers, calls: [{ minTtl: MOST_MIN_TTL }] }],
    ["herd", { who: second, ...callers }],
    ["plain", { who: second, ...callers, contestant: "plain" }],
  ];
  for (let n = 0; n < turns.length; n += 1) {
    const [name, herd] = turns[(n + number + turns.length) % turns.length] ?? ["", { who: first, ...ALONE }];
    told.set(name, await tell(workers, herd));
  }
  const of = (name: string): Told => {
    const one = told.get(name);
    if (one === undefined) throw new Error(`nobody measured ${name}`);
    return one;
  };
  return { alone, remembered, queue: of("queue"), herd: of("herd"), plain: of("plain") };
}

async function kinds(workers: HerdWorkers) {
  const ask = async (callers: number, calls: readonly Call[]) =>
    tell(workers, { who: await expired(workers), ...half(callers), calls });
  return {
    minTtl: await ask(FEW, [{ minTtl: MOST_MIN_TTL }]),
    forced: await ask(FEW, [{ forced: true }]),
    mixed: await ask(CALLERS, [{}, { minTtl: MOST_MIN_TTL }, { forced: true }]),
  };
}

/** Looks at the instances until shortly before there is an answer: by then all callers have come in. */
async function lookWhileHeld(workers: HerdWorkers): Promise<InUse> {
  const end = performance.now() + HELD_MS - 1_500;
  let last = inUse(await workers.instances());
  while (performance.now() < end) {
    await sleep(500);
    last = inUse(await workers.instances());
  }
  return last;
}

/** The endpoint answers late, so that all callers wait at once; a tenth of them give up meanwhile. */
async function held(fronts: number): Promise<Held> {
  const workers = await HerdWorkers.start({ withFigures: bundleWithFigures(), inspectorPort: 0 });
  try {
    await slowEndpoint(workers, HELD_MS);
    const who = await expired(workers);
    const calls = [{ abortAfter: HELD_MS - 4_000 }, ...Array.from({ length: 9 }, () => ({}))];
    const watch = await MemoryWatch.open(workers, frontsOf("postern").slice(0, fronts));
    watch.start();
    const telling = tell(workers, { who, ...half(CALLERS), fronts, calls });
    const waiting = await lookWhileHeld(workers);
    const told = await telling;
    const peaks = await watch.stop();
    return { told, waiting, peaks, afterwards: inUse(await workers.instances()) };
  } finally {
    await workers.close();
  }
}

export async function measureHerd(rounds: number): Promise<HerdResults> {
  const workers = await HerdWorkers.start();
  const measured: Round[] = [];
  try {
    await slowEndpoint(workers, ENDPOINT_MS);
    // The first one warms up.
    for (let n = -1; n < rounds; n += 1) {
      const one = await round(workers, n);
      if (n >= 0) measured.push(one);
    }
    const others = await kinds(workers);
    await workers.close();
    return { rounds: measured, ...others, held: await held(FRONTS), oneFront: await held(1) };
  } catch (error) {
    await workers.close();
    throw error;
  }
}

export const medianOf = (rounds: readonly Round[], what: keyof Round): number =>
  median(rounds.map((round) => round[what].slowestMs));

/** The slowest caller's wait, in terms of one and a half refreshes and the queue's cost: the median of the rounds. */
export function timesAsLong(rounds: readonly Round[]): number {
  const refresh = medianOf(rounds, "alone");
  return median(rounds.map(({ herd, queue }) => herd.slowestMs / (1.5 * refresh + queue.slowestMs)));
}
