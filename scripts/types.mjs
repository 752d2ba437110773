/** `npm run types`: generates the types, then checks everything against them. */
import { TYPES, WASM } from "./step-list.mjs";
import { runSteps, stepOptions } from "./steps.mjs";

const HELP = `npm run types: writes worker-shim/src/generated (of the operations' declarations, and of wrangler.jsonc by \`wrangler types\`),
then type-checks the Worker, its tests, the scripts and the benchmark
`;

await runSteps("types", [{ ...WASM, name: "generated types" }, ...TYPES], stepOptions("types", HELP));
