/** Builds the wasm anew whenever the core changes. `wrangler dev` looks at the file and reloads, as after a change of the Worker. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { startChild, stopChild } from "./children.ts";
import { lastLines, root } from "./local-postern.ts";
import { watchSources } from "./watching.mjs";

const FOLDERS = ["core", "wasm"];

/** Answers what ends a build that is under way. */
export async function rebuildOnChange(logFile: string): Promise<() => Promise<void>> {
  let building: ChildProcess | undefined;
  let ended = false;
  const close = await watchSources(FOLDERS, async (paths) => {
    if (ended) return;
    const start = performance.now();
    console.log(`\n${paths.join(", ")}: building …`);
    const log = openSync(logFile, "w", 0o600);
    building = startChild(process.execPath, [join(root, "scripts", "setup.mjs")], {
      cwd: root,
      env: process.env,
      log,
    });
    const [code] = await once(building, "exit");
    closeSync(log);
    building = undefined;
    if (ended) return;
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    if (code === 0) console.log(`Built in ${seconds} s; Postern reloads.`);
    else console.error(`The build failed; what was built before goes on.\n${lastLines(logFile, 60)}`);
  });
  console.log(`\nWaiting for changes in ${FOLDERS.join(", ")}, which are built, and in worker-shim/src.`);
  return async () => {
    ended = true;
    await close();
    if (building !== undefined) await stopChild(building);
  };
}
