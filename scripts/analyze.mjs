/** `npm run analyze`: clang's static analyzer over the core. It takes four fifths of clang-tidy's time: `npm test` has the rest of it. */
import { runSteps, stepOptions } from "./steps.mjs";

const HELP = "npm run analyze: clang's static analyzer over all of core/, some five minutes on two cores\n";
const CHECKS = "-*,clang-analyzer-*,-clang-analyzer-optin.performance.Padding";

await runSteps(
  "analyze",
  [
    { name: "configure", command: "cmake --preset asan $CMAKE_LLVM" },
    {
      name: "clang-analyzer",
      command: `git ls-files -z 'core/*.cpp' | xargs -0 -P 2 -n 4 clang-tidy-$LLVM -p build/asan --quiet --checks='${CHECKS}' --warnings-as-errors='*'`,
    },
  ],
  stepOptions("analyze", HELP),
);
