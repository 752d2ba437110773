/**
 * `npm run sim -- --seeds N [--from N] [--jobs 2] [--seed N] [--trace] [--mutation NAME|every] [--killers] [--record] [--asan]`
 * Brings what is needed, builds the simulator (tests/sim) without sanitizers, or with them, and runs it;
 * docs/simulation.md.
 */
import { at, become, fail, llvmVersion, ownNodeEnv, run } from "./lib.mjs";

const ready = run(process.execPath, [at("scripts", "setup.mjs"), "--tests", "--no-build"]);
if (ready !== 0) process.exit(ready);
const given = process.argv.slice(2);
const preset = given.includes("--asan") ? "sim-asan" : "sim";
const env = ownNodeEnv();
const quiet = { env, stdio: ["ignore", "ignore", "inherit"] };
const options = [`-DPOSTERN_LLVM_VERSION=${llvmVersion()}`];
if (run("cmake", ["--preset", preset, ...options], quiet) !== 0) fail("sim: cmake could not configure");
if (run("cmake", ["--build", "--preset", preset], { env }) !== 0) fail("sim: the build failed");
const jobs = given.includes("--jobs") ? [] : ["--jobs", "2"];
become(at("build", preset, "tests", "sim", "sim"), [...given.filter((word) => word !== "--asan"), ...jobs]);
