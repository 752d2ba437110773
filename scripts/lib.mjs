/** What the commands share. Plain JavaScript for Node 20, because it runs before anything is installed. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
export const at = (...parts) => join(root, ...parts);

export function say(text) {
  console.log(text);
}

/** An end that the reader can act on: no stack trace. */
export function fail(text) {
  console.error(`\n${text}`);
  process.exit(1);
}

/** Runs a command to its end; its output goes to ours. Answers the exit code. */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: "inherit", ...options });
  if (error) {
    console.error(`${command}: ${error.message}`);
    return 127;
  }
  return status ?? 1;
}

/** Quiet when it works: the output of such a command matters only when it fails, and then we end with it. */
export function quietly(what, command, args, options = {}) {
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    cwd: root,
    encoding: "utf8",
    env: ownNodeEnv(),
    maxBuffer: 1 << 28,
    ...options,
  });
  if (status !== 0)
    fail(`${what} failed${error ? `: ${error.message}` : ""}\n${stdout ?? ""}${stderr ?? ""}`);
}

/** What a command prints, or undefined when it is not there or fails. */
export function read(command, args) {
  const { status, stdout } = spawnSync(command, args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 });
  return status === 0 ? stdout : undefined;
}

/** Our own Node first: npm puts it on the path, a direct call does not. */
export function ownNodeEnv(extra = {}) {
  return {
    ...process.env,
    PATH: `${at("node_modules", ".bin")}${delimiter}${process.env.PATH ?? ""}`,
    ...extra,
  };
}

/**
 * Reads a command's options, as parseArgs describes them; tells of them for --help, and refuses others. Words without dashes
 * are refused too, but where `words` is a list of those that there are, or judges one.
 */
export function options(command, help, known = {}, words = [], args = process.argv.slice(2)) {
  let given;
  try {
    given = parseArgs({
      args,
      options: { ...known, help: { type: "boolean", short: "h" } },
      allowPositionals: true,
    });
  } catch (error) {
    // The first sentence says what is wrong; the rest is about positional arguments.
    return fail(`${command}: ${error.message.split(". ")[0]}; --help tells what there is`);
  }
  if (given.values.help) {
    say(help);
    process.exit(0);
  }
  const isKnown = Array.isArray(words) ? (word) => words.includes(word) : words;
  const unknown = given.positionals.find((word) => !isKnown(word));
  if (unknown !== undefined)
    return fail(`${command}: ${unknown} is nothing that it takes; --help tells what there is`);
  return { ...given.values, words: given.positionals };
}

const END_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

/** Calls back when somebody wants our end: with the signal, and the exit code that tells of it. */
export function onEnd(callback) {
  for (const [signal, code] of Object.entries(END_CODES)) process.on(signal, () => callback(signal, code));
  // npm ended by SIGTERM passes nothing on to us: its shell dies and we are handed to another parent.
  const parent = process.ppid;
  if (process.env.npm_lifecycle_event !== undefined)
    setInterval(() => process.ppid === parent || callback("SIGTERM", END_CODES.SIGTERM), 500).unref();
}

/** Starts a command that we outlive: it gets our signals, and we end with its code. */
export function become(command, args) {
  // The channel tells the child that we are gone, even when we were killed in a way that nobody can catch.
  const child = spawn(command, args, {
    cwd: root,
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: ownNodeEnv(),
  });
  onEnd((signal) => child.kill(signal));
  child.on("error", (error) => fail(`${command}: ${error.message}`));
  child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 143)));
}

const TOOLCHAIN = at("build", "toolchain.json");

/** Which LLVM the build uses, as `scripts/setup.mjs` found it. */
export function llvmVersion() {
  if (process.env.POSTERN_LLVM_VERSION) return process.env.POSTERN_LLVM_VERSION;
  return existsSync(TOOLCHAIN) ? String(JSON.parse(readFileSync(TOOLCHAIN, "utf8")).llvm) : "22";
}

export { TOOLCHAIN };
