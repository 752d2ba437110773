/**
 * `npm run record -- [name [FILE…]]`: writes down what this commit stores, moment by moment, into tests/data/stored/<name>
 * (tests/data/stored/README.md). The name is the commit's own where none is given. FILE: the moments of these files of
 * the recorder alone.
 */
import { existsSync } from "node:fs";
import { at, fail, ownNodeEnv, read, root, run } from "./lib.mjs";

const CODE = ["core", "wasm", "worker-shim", "package-lock.json"];

const [given, ...files] = process.argv.slice(2);
const name = given ?? read("git", ["-C", root, "rev-parse", "--short=7", "HEAD"])?.trim() ?? "";
if (!/^[\w.-]+$/.test(name)) fail("record: name the commit whose code this is");
// What is recorded is told by its commit: nobody could say later what else has written it.
if (!given && read("git", ["-C", root, "status", "--porcelain", "--", ...CODE])?.trim() !== "")
  fail("record: there are changes besides the commit; name what you record");
if (existsSync(at("tests", "data", "stored", name)))
  fail(`record: tests/data/stored/${name} is there already; what a release wrote does not change`);

const ready = run(process.execPath, [at("scripts", "setup.mjs"), "--tests"]);
if (ready !== 0) process.exit(ready);
const vitest = at("node_modules", "vitest", "vitest.mjs");
const config = at("tests", "worker", "recorder", "vitest.config.ts");
const env = ownNodeEnv({ RECORD_AS: name, WRANGLER_SEND_METRICS: "false" });
process.exit(run(at("node_modules", ".bin", "node"), [vitest, "run", "--config", config, ...files], { env }));
