/** Long bodies through the proxy and through a bare pass-through Worker: their speed, and what workerd holds meanwhile. */
import { readFileSync } from "node:fs";
import { type Contestant, compare, median, type Results } from "./compare.ts";
import { Connection, encode } from "./load.ts";
import { openStream, upload } from "./proxy-streams.ts";
import { startUpstream } from "./proxy-upstream.ts";
import { callBy, type ProxyWorker, startProxyWorkers } from "./proxy-workers.ts";

const MIB = 1024 ** 2;
const DOWN_BYTES = 1024 * MIB;
const UP_BYTES = 256 * MIB;
/** One after the other: what a caller waits for, not how many are served at once. */
const FIRST_BYTES = {
  "at once": { path: "/v1.0/bytes/1", count: 300 },
  "after 20 ms": { path: "/v1.0/after/20", count: 50 },
};
const SAMPLE_MS = 10;
const KINDS: readonly ProxyWorker[] = ["postern", "pass"];

export interface ProxyBytes {
  /** "down …", "up …": microseconds for a MiB; "first … at once", "first … after 20 ms": to the first byte, by when the API answers. */
  readonly results: Results;
  /** By "down …" and "up …": how much more workerd had at most than before, in bytes; medians of the rounds. */
  readonly grown: ReadonlyMap<string, number>;
}

export async function measureProxyBytes(rounds: number): Promise<ProxyBytes> {
  const upstream = await startUpstream();
  // A workerd for each: what one of them holds is not the other's.
  const postern = await startProxyWorkers(["postern"], upstream.origin, 1);
  const pass = await startProxyWorkers(["pass"], upstream.origin, 1);
  const of = { postern, pass };
  const growths = new Map<string, number[]>();
  const watched = (name: string, kind: ProxyWorker, work: () => Promise<void>) => async () => {
    const { pid } = of[kind];
    const before = residentBytes(pid);
    let most = before;
    const timer = setInterval(() => {
      most = Math.max(most, residentBytes(pid));
    }, SAMPLE_MS);
    await work().finally(() => clearInterval(timer));
    growths.set(name, [...(growths.get(name) ?? []), most - before]);
  };
  const contestants = KINDS.flatMap((kind): Contestant[] => {
    const port = of[kind].port(kind);
    const person = of[kind].people[0];
    let connection: Connection | undefined;
    const call = (path: string) => callBy(kind, person, path);
    return [
      {
        name: `down ${kind}`,
        count: DOWN_BYTES / MIB,
        run: watched(`down ${kind}`, kind, async () => {
          const stream = await openStream(port, call(`/v1.0/bytes/${DOWN_BYTES}`));
          await stream.end();
          stream.close();
        }),
      },
      {
        name: `up ${kind}`,
        count: UP_BYTES / MIB,
        run: watched(`up ${kind}`, kind, () => upload(port, call("/v1.0/sink"), UP_BYTES)),
      },
      ...Object.entries(FIRST_BYTES).map(([when, { path, count }]) => ({
        name: `first ${kind} ${when}`,
        count,
        prepare: async () => {
          connection?.close();
          connection = await Connection.open(port);
        },
        run: async () => {
          for (let n = 0; n < count; n += 1) await connection?.ask(encode(call(path), `127.0.0.1:${port}`));
        },
      })),
    ];
  });
  try {
    const results = await compare(contestants, { rounds });
    const grown = new Map([...growths].map(([name, values]) => [name, median(values)]));
    return { results, grown };
  } finally {
    await postern.close();
    await pass.close();
    await upstream.close();
  }
}

/** NaN where the system does not tell. */
function residentBytes(pid: number | undefined): number {
  if (pid === undefined) return Number.NaN;
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib) * 1024;
}
