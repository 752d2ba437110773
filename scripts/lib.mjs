/** What the commands share. Plain JavaScript for Node 20, because it runs before anything is installed. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

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

/** Starts a command that we outlive: it gets our signals, and we end with its code. */
export function become(command, args) {
  // The channel tells the child that we are gone, even when we were killed in a way that nobody can catch.
  const child = spawn(command, args, {
    cwd: root,
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: ownNodeEnv(),
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  // npm ended by SIGTERM passes nothing on to us: its shell dies and we are handed to another parent.
  const parent = process.ppid;
  if (process.env.npm_lifecycle_event !== undefined)
    setInterval(() => process.ppid === parent || child.kill("SIGTERM"), 500).unref();
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
