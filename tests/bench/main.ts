/**
 * `npm run bench`: the table of what Postern holds itself to, in one run, in interleaved rounds.
 *   --rounds N   7 unless told; at least 5
 *   --only tokens,functions,cold,sizes,operations,free,herd,proxy,bytes
 *   --against FILE   another module, for the cold start's row: what an earlier commit's build left in dist/postern.wasm
 */
import { parseArgs } from "node:util";
import { type ColdStarts, measureColdStart } from "./cold-start.ts";
import { cpu, micros, type Results, timesAsFast } from "./compare.ts";
import { freeRows, measureFree } from "./free-plan.ts";
import { measureFunctions } from "./functions.ts";
import { measureHerd } from "./herd.ts";
import { herdRows } from "./herd-rows.ts";
import { operationsOf, operationsText } from "./operations.ts";
import { measureProxy } from "./proxy.ts";
import { measureProxyBytes, type ProxyBytes } from "./proxy-bytes.ts";
import { upload, wasm } from "./sizes.ts";
import { measureTokens } from "./tokens.ts";
import { startWorkers } from "./workers.ts";

interface Row {
  readonly what: string;
  readonly measured: string;
  readonly bound: string;
  readonly holds: boolean | undefined;
}

const rows: Row[] = [];
const row = (what: string, measured: string, bound = "", holds?: boolean) =>
  rows.push({ what, measured, bound, holds });

const ratio = (value: number) => `${value.toFixed(2)}x`;
const time = (value: number) => (value < 10 ? `${value.toFixed(2)} µs` : `${value.toFixed(0)} µs`);
const kib = (bytes: number) => `${(bytes / 1024).toFixed(1)} KiB`;

function atLeast(results: Results, what: string, name: string, other: string, bound?: number): void {
  const value = timesAsFast(results, name, other);
  if (bound === undefined) row(what, ratio(value));
  else row(what, ratio(value), `>= ${bound}x`, value >= bound);
}

function tokenRows(results: Results): void {
  for (const [name] of results) {
    const each = micros(results, name);
    const load = cpu(results, name);
    const server = Number.isNaN(load) ? "" : `, ${time(load)} of workerd's CPU`;
    row(`  ${name}`, `${(1e6 / each).toFixed(0)}/s${server}`);
  }
  atLeast(results, "token read, warm, HTTP: against the plain Worker", "http warm postern", "http plain", 2);
  for (const kind of ["warm", "cold"])
    atLeast(
      results,
      `token read, ${kind}, HTTP: among 10,000 organizations, against alone`,
      `http ${kind} crowded`,
      `http ${kind} postern`,
      0.95,
    );
  atLeast(
    results,
    "token read, warm, HTTP: against Hono's constant",
    "http warm postern",
    "http constant",
    0.9,
  );
  atLeast(results, "token read, warm, RPC: against the plain Worker", "rpc warm postern", "rpc plain", 2);
  atLeast(results, "token read, warm, RPC: against a constant", "rpc warm postern", "rpc constant");
  atLeast(
    results,
    "token read, cold, HTTP: against the plain Worker",
    "http cold postern",
    "http cold plain",
    1,
  );
  atLeast(
    results,
    "token read, cold, RPC: against the plain Worker",
    "rpc cold postern",
    "rpc cold plain",
    1,
  );
}

function proxyRows(results: Results): void {
  for (const [name] of results) row(`  ${name}`, `${(1e6 / micros(results, name)).toFixed(0)}/s`);
  for (const [kind, said] of [
    ["token", "token reads"],
    ["proxy", "1 KiB GETs"],
  ]) {
    const quiet = `${kind} quiet`;
    atLeast(results, `${said} beside 500 calls that wait for the API`, `${kind} beside 500`, quiet, 0.9);
    atLeast(results, `${said} beside 200 streams and a slow reader`, `${kind} beside 200`, quiet, 0.9);
  }
  atLeast(results, "1 KiB GETs: against a bare pass-through Worker", "proxy quiet", "pass quiet", 0.7);
}

function proxyByteRows({ results, grown }: ProxyBytes): void {
  for (const [way, said] of [
    ["down", "1 GiB down"],
    ["up", "256 MiB up"],
  ]) {
    for (const kind of ["postern", "pass"])
      row(`  ${said}, ${kind}`, `${(1e6 / micros(results, `${way} ${kind}`)).toFixed(0)} MiB/s`);
    atLeast(results, `${said}: against a bare pass-through Worker`, `${way} postern`, `${way} pass`, 0.9);
    const more = (grown.get(`${way} postern`) ?? Number.NaN) - (grown.get(`${way} pass`) ?? Number.NaN);
    const mib = 1024 ** 2;
    row(`${said}: memory beyond its`, `${(more / mib).toFixed(1)} MiB`, "<= 16 MiB", more <= 16 * mib);
  }
  for (const when of ["at once", "after 20 ms"]) {
    const [ours, theirs] = [`first postern ${when}`, `first pass ${when}`];
    const times = 1 / timesAsFast(results, ours, theirs);
    const both = `${time(micros(results, theirs))}, ${time(micros(results, ours))}`;
    row(
      `first byte, of an API that answers ${when}: its time (${both}) times`,
      ratio(times),
      "<= 1.15x",
      times <= 1.15,
    );
  }
}

function functionRows(results: Results): void {
  const us = (name: string) => micros(results, name);
  const pair = `(${time(us("pkce postern"))}, ${time(us("pkce oauth4webapi"))})`;
  atLeast(results, `PKCE pair: against oauth4webapi ${pair}`, "pkce postern", "pkce oauth4webapi", 20);
  const claims = 1 / timesAsFast(results, "claims postern", "claims jose");
  row(`JWT claims: jose's time (${time(us("claims jose"))}) times`, ratio(claims), "<= 2.2x", claims <= 2.2);
  const crossing = us("crossing") - us("copies");
  row("crossing with 4 KiB, without the copies", time(crossing), "<= 2 µs", crossing <= 2);
  row("instance, made as good as new", time(us("instance restored")));
  row("instance, fresh", time(us("instance fresh")));
}

function sizeRows(): void {
  const core = wasm();
  row("wasm: imports", String(core.imports), "0", core.imports === 0);
  row("wasm: gzipped", `${kib(core.gzip)} (${kib(core.raw)})`, "<= 512 KiB", core.gzip <= 512 * 1024);
  const all = upload();
  row("upload: gzipped", `${kib(all.gzip)} (${kib(all.raw)})`, "<= 700 KiB", all.gzip <= 700 * 1024);
}

function coldStartRows({ ours, ratio: against }: ColdStarts): void {
  const total = ours.compile + ours.instance + ours.flow;
  const parts = `(compile ${time(ours.compile)}, instance ${time(ours.instance)}, first flow ${time(ours.flow)})`;
  row(`cold start ${parts}`, time(total), "<= 6 ms", total <= 6_000);
  if (against !== undefined)
    row("cold start: times the other module's", ratio(against), "<= 1.5x", against <= 1.5);
}

function operationRows(): void {
  const bill = (what: string, document: string, section: string, bound: string) => {
    const said = operationsText(operationsOf(document, section));
    row(`billable: ${what}`, said, bound, said === bound);
  };
  bill("token read, warm", "token/token-cold-and-warm", "Warm", "none");
  bill("token read, cold, RPC", "token/token-cold-and-warm", "", "1 KV read");
  bill("token read, cold, HTTP", "access/token-by-key", "", "2 KV read");
  // The read that finds the token near its end, and what it leads to.
  const refresh = "1 object, 1 KV read, 1 KV write, 1 D1 of 3, 8 rows, 3 alarms";
  bill("token read and refresh, RPC", "token/token-refresh", "", refresh);
}

function print(): void {
  const width = Math.max(...rows.map(({ what }) => what.length));
  const middle = Math.max(...rows.map(({ measured }) => measured.length));
  for (const { what, measured, bound, holds } of rows) {
    const verdict = holds === undefined ? "" : holds ? "holds" : "MISSED";
    console.log(
      `${what.padEnd(width)}  ${measured.padEnd(middle)}  ${bound.padEnd(10)} ${verdict}`.trimEnd(),
    );
  }
}

const { values } = parseArgs({
  options: { rounds: { type: "string" }, only: { type: "string" }, against: { type: "string" } },
});
const rounds = Math.max(5, Number(values.rounds ?? 7));
const wanted = new Set(
  values.only?.split(",") ?? [
    "tokens",
    "functions",
    "cold",
    "sizes",
    "operations",
    "free",
    "herd",
    "proxy",
    "bytes",
  ],
);

console.log(`Medians of ${rounds} interleaved rounds; Node ${process.versions.node}.\n`);
if (wanted.has("tokens")) {
  const workers = await startWorkers();
  try {
    tokenRows(await measureTokens(workers, rounds));
  } finally {
    await workers.close();
  }
}
if (wanted.has("functions")) functionRows(await measureFunctions(rounds));
if (wanted.has("cold")) coldStartRows(measureColdStart(rounds, values.against));
if (wanted.has("sizes")) sizeRows();
if (wanted.has("operations")) operationRows();
if (wanted.has("free")) freeRows(row, await measureFree());
if (wanted.has("proxy")) proxyRows(await measureProxy(rounds));
if (wanted.has("bytes")) proxyByteRows(await measureProxyBytes(rounds));
if (wanted.has("herd")) herdRows(row, await measureHerd(rounds));
print();
