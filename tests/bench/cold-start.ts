/**
 * What a new isolate pays: compile the module, make an instance, run a first flow. Each in a process of its own, since
 * an engine keeps what it has compiled. `against`: another module, measured in the same rounds.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "../../scripts/local-postern.ts";
import type { ColdStart } from "./cold-start-child.ts";
import { median } from "./compare.ts";

const child = fileURLToPath(new URL("cold-start-child.ts", import.meta.url));

function start(module: string): ColdStart {
  const args = ["--disable-warning=ExperimentalWarning", child, module];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })) as ColdStart;
}

export interface ColdStarts {
  /** Medians in microseconds. */
  readonly ours: ColdStart;
  /** The median of the rounds' own ratios, ours to the other's; absent where there is no other. */
  readonly ratio?: number;
}

const total = ({ compile, instance, flow }: ColdStart) => compile + instance + flow;

export function measureColdStart(rounds: number, against?: string): ColdStarts {
  const module = join(root, "dist", "postern.wasm");
  const ours: ColdStart[] = [];
  const ratios: number[] = [];
  // The first round warms the file cache, and is thrown away.
  for (let round = -1; round < rounds * 3; round += 1) {
    const mine = start(module);
    const theirs = against === undefined ? undefined : start(against);
    if (round < 0) continue;
    ours.push(mine);
    if (theirs) ratios.push(total(mine) / total(theirs));
  }
  const middle = (part: keyof ColdStart) => median(ours.map((each) => each[part]));
  return {
    ours: { compile: middle("compile"), instance: middle("instance"), flow: middle("flow") },
    ...(ratios.length > 0 ? { ratio: median(ratios) } : {}),
  };
}
