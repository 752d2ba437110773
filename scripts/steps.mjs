/**
 * Runs the steps of a command (`npm test`, `npm run check`, …) and tells how each ended; the first that fails ends all.
 * A step is {name, command, beside}. The command is bash's; `$LLVM` is the compiler's version, `$CMAKE_LLVM` tells CMake.
 * Steps run in turn. One with a lane's name in `beside` runs while the later ones do: those of one lane in turn again.
 */
import { spawn } from "node:child_process";
import { createWriteStream, mkdirSync, readFileSync } from "node:fs";
import { at, fail, llvmVersion, onEnd, options, ownNodeEnv, root, run, say } from "./lib.mjs";

const STEP_MINUTES = 20;
const TAIL_LINES = 120;
/** Tests end what they started, for which they give it five seconds. */
const GRACE_MS = 8_000;
/** The process groups that run; each ends with its step. */
const groups = new Set();
let stopped = false;
let interrupted = false;

function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch {
    // it has ended
  }
}

/** Whether anybody of the group is left who could still clean up. */
function isAlive(pid) {
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Asks all that run to end, and ends them when they have had their time. */
function stopAll() {
  stopped = true;
  for (const pid of groups) signalGroup(pid, "SIGTERM");
  setTimeout(() => {
    for (const pid of groups) signalGroup(pid, "SIGKILL");
  }, GRACE_MS).unref();
}

/** Resolves when the group is empty, or after the grace. */
async function emptied(pid) {
  const end = performance.now() + GRACE_MS;
  while (isAlive(pid) && performance.now() < end)
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
}

/** Ctrl-C, or the end of npm: every step's processes end, then we do. */
export function endWithUs() {
  onEnd((_signal, code) => {
    if (interrupted) return;
    interrupted = true;
    stopAll();
    setTimeout(() => process.exit(code), GRACE_MS + 1_000);
    const waiting = setInterval(() => {
      if (groups.size > 0) return;
      clearInterval(waiting);
      process.exit(code);
    }, 20);
  });
}

export function stepEnvironment() {
  const llvm = llvmVersion();
  return ownNodeEnv({
    LLVM: llvm,
    CMAKE_LLVM: `-DPOSTERN_LLVM_VERSION=${llvm}`,
    WRANGLER_SEND_METRICS: "false",
    FORCE_COLOR: "0",
  });
}

/** Runs a command, with its output in a file or as ours; in a group of its own, so that a timeout or Ctrl-C ends all of it. */
export function runGroup(command, env, log = undefined) {
  if (stopped) return Promise.resolve(130);
  return new Promise((resolve) => {
    const output = log === undefined ? "inherit" : "pipe";
    const child = spawn("bash", ["-euo", "pipefail", "-c", command], {
      cwd: root,
      env,
      detached: true,
      stdio: ["ignore", output, output],
    });
    groups.add(child.pid);
    const sink = log === undefined ? undefined : createWriteStream(log);
    if (sink !== undefined)
      for (const stream of [child.stdout, child.stderr]) stream.pipe(sink, { end: false });
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      signalGroup(child.pid, "SIGKILL");
    }, STEP_MINUTES * 60_000);
    child.on("close", async (code) => {
      clearTimeout(timer);
      // Who was asked to end may still be at it: a browser's tests stop their servers last.
      if (stopped) await emptied(child.pid);
      signalGroup(child.pid, "SIGKILL"); // what a step left running
      groups.delete(child.pid);
      const end = late ? 124 : (code ?? 1);
      if (sink === undefined) {
        if (late) say(`stopped after ${STEP_MINUTES} minutes`);
        return resolve(end);
      }
      if (late) sink.write(`\nstopped after ${STEP_MINUTES} minutes\n`);
      sink.end(() => resolve(end));
    });
  });
}

function tail(log) {
  return readFileSync(log, "utf8").trimEnd().split("\n").slice(-TAIL_LINES).join("\n");
}

const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/** Runs one step and tells how it ended. Answers whether it passed; undefined when it was stopped. */
export async function tellStep({ name, command }, folder, env) {
  const start = performance.now();
  const log = `${folder}/${name.replace(/\W+/g, "-")}.log`;
  const code = await runGroup(command, env, log);
  if (stopped) {
    say(`  --    ${name} (${seconds(start)}, not finished)`);
    return undefined;
  }
  if (code === 0) say(`  ok    ${name} (${seconds(start)})`);
  else say(`  FAIL  ${name} (${seconds(start)}, exit ${code}): ${command}\n\n${tail(log)}\n`);
  return code === 0;
}

/** Where the steps of a command leave their output. */
export function logFolder(command) {
  const folder = at("build", "logs", command);
  mkdirSync(folder, { recursive: true });
  return folder;
}

function chosen(command, steps, only) {
  if (only === undefined) return steps;
  const names = only.split(",").map((name) => name.trim());
  const unknown = names.find((wanted) => !steps.some(({ name }) => name === wanted));
  if (unknown !== undefined) fail(`${command}: no step is called "${unknown}"; --list names them`);
  return steps.filter(({ name }) => names.includes(name));
}

/** Brings what the steps need: compilers, node_modules. The builds are steps, with their names in the report. */
export function setup() {
  const ready = run(process.execPath, [at("scripts", "setup.mjs"), "--tests", "--no-build"]);
  if (ready !== 0) process.exit(ready);
}

/** What every command that runs steps understands, besides its own options. */
export function stepOptions(command, help, known = {}, words = []) {
  const own = { only: { type: "string" }, list: { type: "boolean" } };
  const text = `${help}
  --only a,b   these steps alone
  --list       names the steps`;
  return options(command, text, { ...known, ...own }, words);
}

/** `given` is stepOptions' answer. `summary` is printed when all went well, before the last two lines. Ends the process. */
export async function runSteps(command, steps, given, summary = () => "") {
  if (given.list) {
    for (const { name, command: line } of steps) say(`${name.padEnd(24)} ${line}`);
    process.exit(0);
  }
  const wanted = chosen(command, steps, given.only);
  setup();
  endWithUs();
  const folder = logFolder(command);
  const env = stepEnvironment();
  const started = performance.now();
  const ends = [];
  const count = (end) => ends.filter((one) => one === end).length;
  /** The end of what each lane has been given so far. */
  const lanes = new Map();
  const tell = async (step) => {
    if (stopped) return;
    ends.push(await tellStep(step, folder, env));
    if (count(false) > 0) stopAll();
  };
  for (const step of wanted) {
    if (stopped) break;
    if (step.beside === undefined) await tell(step);
    else
      lanes.set(
        step.beside,
        Promise.resolve(lanes.get(step.beside)).then(() => tell(step)),
      );
  }
  await Promise.all(lanes.values());
  if (interrupted) return;
  const failed = count(false);
  say(failed === 0 ? await summary() : "");
  say(`${((performance.now() - started) / 1000).toFixed(0)} s`);
  say(`${count(true)} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}
