/** `npm start` and `npm run dev`: bring what is needed, then go on in TypeScript under the project's own Node. */
import { at, become, options, run } from "./lib.mjs";

const HELP = `npm start, npm run dev: Postern on this machine, with emulated providers; prints what to try. Ctrl-C ends it, data stays

  --port N     Postern's port (8787)
  --reset      forget all local data first, and the secrets in .dev.vars where they are of its own making
  --no-build   take the wasm that is there
  --watch      build the wasm anew when the core changes (npm run dev); the Worker is reloaded in any case`;

const given = options("start", HELP, {
  port: { type: "string" },
  reset: { type: "boolean" },
  "no-build": { type: "boolean" },
  watch: { type: "boolean" },
});
const status = run(process.execPath, [
  at("scripts", "setup.mjs"),
  ...(given["no-build"] ? ["--no-build"] : []),
]);
if (status !== 0) process.exit(status);
become(at("node_modules", ".bin", "node"), [
  "--disable-warning=ExperimentalWarning",
  at("scripts", "start.ts"),
  ...(given.port === undefined ? [] : ["--port", given.port]),
  ...(given.reset ? ["--reset"] : []),
  ...(given.watch ? ["--watch"] : []),
]);
