/** `npm run torture`: brings what is needed, builds what is deployed, then kills it, under the project's own Node. */
import { buildUpload } from "./build.mjs";
import { at, become, run } from "./lib.mjs";

const status = run(process.execPath, [at("scripts", "setup.mjs")]);
if (status !== 0) process.exit(status);
buildUpload();
become(at("node_modules", ".bin", "node"), [
  "--disable-warning=ExperimentalWarning",
  at("tests", "torture", "main.ts"),
  ...process.argv.slice(2),
]);
