/** Contestants in interleaved rounds: whatever the machine does meanwhile, it does to all of them. */

export interface Contestant {
  readonly name: string;
  /** Does `count` operations from number `from` on; the time is taken around it. */
  /** Not in the time. */
  prepare?(): Promise<void>;
  run(from: number, count: number): Promise<void> | void;
  readonly count: number;
}

export interface Result {
  readonly name: string;
  /** Microseconds for one operation, one entry a round. */
  readonly micros: readonly number[];
  /** Processor time of the server for one operation, where it is known. */
  readonly cpu: readonly number[];
}

export type Results = ReadonlyMap<string, Result>;

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = Number.NaN, high = Number.NaN] = [sorted[middle - 1], sorted[middle]];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
};

export async function compare(
  contestants: readonly Contestant[],
  options: { rounds: number; cpuMicros?: () => number | undefined },
): Promise<Results> {
  const results = new Map(
    contestants.map(({ name }) => [name, { name, micros: [] as number[], cpu: [] as number[] }]),
  );
  const next = new Map<string, number>();
  // The first round warms up, and is thrown away.
  for (let round = -1; round < options.rounds; round += 1) {
    // Another order each round: nobody is always the one after the heavy one.
    const turn = contestants.map((_, at) => (at + round + 1) % contestants.length);
    for (const at of turn) {
      const contestant = contestants[at];
      if (contestant === undefined) continue;
      const { name, count } = contestant;
      const from = next.get(name) ?? 0;
      next.set(name, from + count);
      await contestant.prepare?.();
      const cpu = options.cpuMicros?.();
      const start = performance.now();
      await contestant.run(from, count);
      const micros = ((performance.now() - start) * 1000) / count;
      const cpuAfter = options.cpuMicros?.();
      if (round < 0) continue;
      results.get(name)?.micros.push(micros);
      if (cpu !== undefined && cpuAfter !== undefined) results.get(name)?.cpu.push((cpuAfter - cpu) / count);
    }
  }
  return results;
}

function resultOf(results: Results, name: string): Result {
  const result = results.get(name);
  if (result === undefined) throw new Error(`nobody measured ${name}`);
  return result;
}

export const micros = (results: Results, name: string): number => median(resultOf(results, name).micros);
export const cpu = (results: Results, name: string): number => median(resultOf(results, name).cpu);

/** How many times as fast `name` is as `other`: the median of the rounds' own ratios. */
export function timesAsFast(results: Results, name: string, other: string): number {
  const [mine, theirs] = [resultOf(results, name).micros, resultOf(results, other).micros];
  return median(mine.map((value, round) => (theirs[round] ?? Number.NaN) / value));
}
