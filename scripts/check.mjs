/** `npm run check`: what is quick, before a commit. `npm test` has the rest. */
import {
  NATIVE_BUILD,
  NATIVE_TESTS,
  STRUCTURE,
  STYLE,
  TRACES,
  TYPES,
  WASM,
  WASM_CHECKS,
} from "./step-list.mjs";
import { runSteps, stepOptions } from "./steps.mjs";

const HELP = `npm run check: style, types, unit tests, golden traces natively and in wasm, structure; stops at the first that fails
`;

await runSteps(
  "check",
  [...STYLE, NATIVE_BUILD, NATIVE_TESTS, WASM, ...WASM_CHECKS, ...TYPES, TRACES, STRUCTURE],
  stepOptions("check", HELP),
);
