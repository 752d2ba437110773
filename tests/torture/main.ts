/**
 * `npm run torture`: real processes against real providers. workerd is killed while grants are being renewed, the way
 * to the provider is cut, and no grant may be lost whose tokens Postern had.
 *   --kills N         200 unless told, half with each provider
 *   --connections N   12 for each provider
 *   --seed TEXT       of all choices; random unless told
 *   --only emulate,oidc
 */
import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { startOidcProvider } from "./oidc.ts";
import { startEmulator } from "./provider.ts";
import { report } from "./report.ts";
import { Run } from "./run.ts";

const STARTS = { emulate: startEmulator, oidc: startOidcProvider } as const;
type Name = keyof typeof STARTS;

const SETTLING_MS = 6 * 60_000;
const A_KILL_MS = 15_000;

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    connections: { type: "string", default: "12" },
    seed: { type: "string", default: randomBytes(4).toString("hex") },
    only: { type: "string", default: "emulate,oidc" },
  },
});

function wholeNumber(name: "kills" | "connections"): number {
  const number = Number(values[name]);
  if (!Number.isInteger(number) || number < 1) throw new Error(`--${name} takes a number from 1`);
  return number;
}

function names(): Name[] {
  return values.only.split(",").map((name) => {
    if (name in STARTS) return name as Name;
    throw new Error(`--only takes ${Object.keys(STARTS).join(",")}`);
  });
}

let current: Run | undefined;
let ending: Promise<never> | undefined;

function end(code: number, message?: string): Promise<never> {
  ending ??= (async () => {
    if (message !== undefined) console.error(`\n${message}`);
    await current?.stop();
    process.exit(code);
  })();
  return ending;
}

async function main(): Promise<void> {
  const kills = wholeNumber("kills");
  const connections = wholeNumber("connections");
  const chosen = names();
  const started = performance.now();
  console.log(`torture: ${kills} kills, seed ${values.seed}`);
  const limit = 2 * SETTLING_MS + kills * A_KILL_MS;
  setTimeout(() => void end(1, `stopped: longer than ${limit / 60_000} minutes`), limit).unref();
  let good = true;
  for (const [at, name] of chosen.entries()) {
    const share = Math.floor(kills / chosen.length) + (at < kills % chosen.length ? 1 : 0);
    const seed = `${values.seed}/${name}`;
    const start = STARTS[name];
    current = new Run({ kills: share, connections, seed, start, say: (text) => console.log(text) });
    const title = await current.run();
    const told = report(title, current, share);
    console.log(`\n${told.text}\n`);
    good &&= told.good;
    await current.stop();
  }
  const minutes = ((performance.now() - started) / 60_000).toFixed(1);
  console.log(`${good ? "torture: no grant was wrongly lost" : "torture: FAILED"} (${minutes} minutes)`);
  await end(good ? 0 : 1);
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void end(130));
// The parent is gone without a word (killed): nobody else would end our children.
process.on("disconnect", () => void end(1));

main().catch((error: unknown) => end(1, error instanceof Error ? String(error.stack) : String(error)));
