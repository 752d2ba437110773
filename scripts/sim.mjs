/**
 * `npm run sim -- --seeds N [--jobs 2] [--from N] [--seed N] [--trace] [--mutation NAME|every] [--asan]`
 * Builds the simulator (tests/sim) without sanitizers, or with them, and runs it.
 */
import { at, become, fail, llvmVersion, ownNodeEnv, run } from "./lib.mjs";

const given = process.argv.slice(2);
const sanitized = given.includes("--asan");
const preset = sanitized ? "asan" : "sim";
const env = ownNodeEnv();
const quiet = { env, stdio: ["ignore", "ignore", "inherit"] };
const options = [`-DPOSTERN_LLVM_VERSION=${llvmVersion()}`, "-DPOSTERN_SIM=ON"];
if (run("cmake", ["--preset", preset, ...options], quiet) !== 0) fail("sim: cmake could not configure");
if (run("cmake", ["--build", "--preset", preset, "--target", "sim"], { env }) !== 0)
  fail("sim: the build failed");
const jobs = given.includes("--jobs") ? [] : ["--jobs", "2"];
become(at("build", preset, "tests", "sim", "sim"), [...given.filter((word) => word !== "--asan"), ...jobs]);
