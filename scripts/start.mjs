/** `npm start`: brings what is needed, then goes on in TypeScript under the project's own Node. */
import { at, become, run } from "./lib.mjs";

const args = process.argv.slice(2);
const setup = args.includes("--no-build") ? ["--no-build"] : [];
const status = run(process.execPath, [at("scripts", "setup.mjs"), ...setup]);
if (status !== 0) process.exit(status);
become(at("node_modules", ".bin", "node"), [
  "--disable-warning=ExperimentalWarning",
  at("scripts", "start.ts"),
  ...args.filter((arg) => arg !== "--no-build"),
]);
