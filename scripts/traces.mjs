/**
 * `npm run traces`: plays every golden trace (tests/flows) to the wasm, which must answer as the native core did, byte for
 * byte. Builds what it needs.
 *   --toolchain NAME  the module of that one (docs/toolchains.md)
 *   --compare         measures it against the usual one: size, start, speed
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { buildWasm } from "./build.mjs";
import { at, fail, llvmVersion, ownNodeEnv, quietly, run, say } from "./lib.mjs";
import { readToolchain, refuseOthers, TOOLCHAINS, usualToolchain } from "./toolchains.mjs";

const ROUNDS = 5;
const toolchain = readToolchain("traces", process.argv.slice(2));
refuseOthers("traces", toolchain.rest, ["--compare"]);
const compare = toolchain.rest.includes("--compare");
if (compare && toolchain.module === TOOLCHAINS[usualToolchain()].module)
  fail("traces: --compare takes the --toolchain of another module, as in: --toolchain emscripten --compare");

/** The native test writes what the core was told and what it answered. */
function writeTranscripts() {
  // `npm test` leaves a sanitized build: then there is nothing to compile.
  const preset = existsSync(at("build", "asan", "CMakeCache.txt")) ? "asan" : "native";
  const llvm = `-DPOSTERN_LLVM_VERSION=${llvmVersion()}`;
  quietly("traces: cmake configure", "cmake", ["--preset", preset, llvm]);
  quietly("traces: native build", "cmake", ["--build", "--preset", preset, "--target", "flow_traces"]);
  quietly("traces: the native core's own run", at("build", preset, "tests", "flows", "flow_traces"), []);
}

/** Each in a process of its own, because V8 knows a module again; in turn, because the machine is never the same. */
function measure(modules) {
  const times = new Map(modules.map((module) => [module, []]));
  for (let round = 0; round < ROUNDS; round += 1)
    for (const module of modules) {
      const { status, stdout, stderr } = spawnSync(
        at("node_modules", ".bin", "node"),
        [at("tests", "flows", "timing.ts")],
        { encoding: "utf8", env: ownNodeEnv({ POSTERN_WASM: module }) },
      );
      if (status !== 0) fail(`traces: ${module} could not be measured\n${stderr}`);
      times.get(module).push(JSON.parse(stdout));
    }
  const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
  for (const module of modules) {
    const gzip = spawnSync("gzip", ["-9c", at(module)], { maxBuffer: 1 << 26 }).stdout.length;
    say(`\n${module}: ${readFileSync(at(module)).length} bytes, ${gzip} gzip -9; medians of ${ROUNDS}:`);
    for (const what of Object.keys(times.get(module)[0]))
      say(`  ${what.padEnd(36)} ${median(times.get(module).map((one) => one[what])).toFixed(2)} ms`);
  }
}

const ready = run(process.execPath, [at("scripts", "setup.mjs"), "--tests", "--no-build"]);
if (ready !== 0) process.exit(ready);
buildWasm(toolchain.name);
writeTranscripts();
const tests = ["--test", "tests/flows/*.test.ts"];
const played = run(at("node_modules", ".bin", "node"), tests, {
  env: ownNodeEnv({ POSTERN_WASM: toolchain.module }),
});
if (played !== 0) process.exit(played);
if (compare) {
  buildWasm();
  measure([TOOLCHAINS[usualToolchain()].module, toolchain.module]);
}
