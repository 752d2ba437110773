/**
 * Brings what the other commands need: node_modules, Debian's compilers, the wasm. Does nothing when nothing is missing.
 *   --tests     also what only the tests need (native and fuzz builds, clang-tidy, Chromium)
 *   --no-build  do not build
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter } from "node:path";
import { buildWasm } from "./build.mjs";
import { at, fail, read, run, say, TOOLCHAIN } from "./lib.mjs";

const PREFERRED_LLVM = 22;
const OLDEST_LLVM = 17; // older ones miscompile coroutines or lack std::expected
const NEWEST_LLVM = 40;

const packagesFor = (llvm, tests) => [
  `clang-${llvm}`,
  `lld-${llvm}`,
  `llvm-${llvm}`, // llvm-ar for the wasm, and readable traces from the sanitizers
  `libc++-${llvm}-dev`,
  `libc++abi-${llvm}-dev`,
  `libc++-${llvm}-dev-wasm32`,
  `libc++abi-${llvm}-dev-wasm32`,
  `libclang-rt-${llvm}-dev-wasm32`,
  "wasi-libc",
  "nlohmann-json3-dev",
  "ninja-build",
  "cmake",
  ...(tests
    ? [
        `libclang-rt-${llvm}-dev`,
        `clang-tidy-${llvm}`,
        `clang-format-${llvm}`,
        "doctest-dev",
        "libsqlite3-dev",
        "chromium",
      ]
    : []),
];

function nodeModules() {
  const stamp = at("node_modules", ".postern-setup");
  const wanted = createHash("sha256")
    .update(readFileSync(at("package-lock.json")))
    .digest("hex");
  if (
    existsSync(stamp) &&
    readFileSync(stamp, "utf8") === wanted &&
    existsSync(at("node_modules", ".bin", "node"))
  )
    return;
  say("setup: npm install, as package-lock.json has it");
  // npm removes what is there first, so it must not run under the Node that lives in node_modules.
  const own = at("node_modules", ".bin");
  const path = (process.env.PATH ?? "").split(delimiter).filter((entry) => entry !== own);
  const env = { ...process.env, PATH: path.join(delimiter) };
  // Not `npm ci`: it refuses a lock file without the optional packages of platforms that the registry in use lacks.
  // This takes the same versions with the same integrity, and leaves the lock file alone.
  const args = ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"];
  if (run("npm", args, { env }) !== 0) fail("setup: npm install failed; see above.");
  writeFileSync(stamp, wanted);
}

/** Names that are not installed, in one call: dpkg-query is not fast. */
function missing(names) {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholders are dpkg-query's own
  const listed = read("dpkg-query", ["-W", "-f", "${Package} ${db:Status-Status}\n"]) ?? "";
  const installed = new Set(
    listed
      .split("\n")
      .filter((line) => line.endsWith(" installed"))
      .map((line) => line.split(" ")[0]),
  );
  return names.filter((name) => !installed.has(name));
}

function candidates() {
  const versions = [PREFERRED_LLVM];
  for (let n = NEWEST_LLVM; n >= OLDEST_LLVM; n -= 1) if (n !== PREFERRED_LLVM) versions.push(n);
  return versions;
}

function offered() {
  const found = read("apt-cache", ["search", "--names-only", "^libc\\+\\+-[0-9]+-dev-wasm32$"]) ?? "";
  const versions = [...found.matchAll(/^libc\+\+-(\d+)-dev-wasm32\b/gm)].map((match) => Number(match[1]));
  return candidates().find((n) => versions.includes(n));
}

function packages(tests) {
  if (process.env.POSTERN_LLVM_VERSION) return process.env.POSTERN_LLVM_VERSION;
  if (read("dpkg-query", ["--version"]) === undefined) {
    say(
      `setup: not Debian; expecting clang-${PREFERRED_LLVM} and wasi-libc to be here (or set POSTERN_LLVM_VERSION)`,
    );
    return PREFERRED_LLVM;
  }
  const ready = candidates().find((n) => missing(packagesFor(n, tests)).length === 0);
  if (ready !== undefined) return ready;

  const isRoot = process.getuid?.() === 0;
  const apt = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=300"];
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const aptRun = (...args) =>
    run(apt[0], [...apt.slice(1), ...args], { env, stdio: ["ignore", "ignore", "inherit"] });
  if (isRoot) {
    say("setup: apt-get update");
    if (aptRun("update") !== 0) say("setup: apt-get update failed; trying with what is known");
  }
  const llvm = offered() ?? PREFERRED_LLVM;
  const names = missing(packagesFor(llvm, tests));
  if (!isRoot) {
    const command = `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${names.join(" ")}`;
    fail(`setup: Debian packages are missing. Run this, then try again:\n\n  ${command}\n`);
  }
  say(`setup: apt-get install ${names.join(" ")}`);
  if (aptRun("install", "-y", "--no-install-recommends", ...names) !== 0)
    fail("setup: apt-get install failed; see above.");
  return llvm;
}

function rememberToolchain(llvm) {
  const text = `${JSON.stringify({ llvm: Number(llvm) })}\n`;
  if (existsSync(TOOLCHAIN) && readFileSync(TOOLCHAIN, "utf8") === text) return;
  mkdirSync(at("build"), { recursive: true });
  writeFileSync(TOOLCHAIN, text);
}

const flags = new Set(process.argv.slice(2));
for (const flag of flags)
  if (!["--tests", "--no-build"].includes(flag)) fail(`setup: unknown option ${flag}`);
nodeModules();
rememberToolchain(packages(flags.has("--tests")));
if (!flags.has("--no-build")) buildWasm();
say("setup: ready");
