/** `npm run bench`: brings what is needed, builds what is deployed, then measures under the project's own Node. */
import { buildUpload } from "./build.mjs";
import { at, become, run } from "./lib.mjs";

const status = run(process.execPath, [at("scripts", "setup.mjs")]);
if (status !== 0) process.exit(status);
buildUpload();
become(at("node_modules", ".bin", "node"), [at("tests", "bench", "main.ts"), ...process.argv.slice(2)]);
