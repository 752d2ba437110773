/** `npm test -- FILE…`: the tests of a few files, with their output as it comes. */
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { at } from "./lib.mjs";
import { runGroup, stepEnvironment } from "./steps.mjs";

const KINDS = [
  // What is in tests/worker/node calls a Worker from outside; the others run in workerd.
  {
    is: (file) => /^tests\/worker\/(?!node\/).*\.test\.ts$/.test(file),
    needs: "wasm",
    command: "vitest run $FILES",
  },
  // They play what the native test writes.
  { is: (file) => /^tests\/flows\/.*\.test\.ts$/.test(file), needs: "traces", command: "node --test $FILES" },
  // One of them reads the symbols of the native library.
  {
    is: (file) => /^tests\/structure\/.*\.test\.ts$/.test(file),
    needs: "native",
    command: "node --test $FILES",
  },
  // They run what a deployment uploads.
  {
    is: (file) => /^tests\/sdk\/.*\.test\.ts$/.test(file),
    needs: "upload",
    command: "node --test --test-concurrency=2 $FILES",
  },
  {
    is: (file) => /\.test\.ts$/.test(file),
    needs: "wasm",
    command: "node --test --test-concurrency=1 $FILES",
  },
  {
    is: (file) => /^tests\/core\/.*_test\.cpp$/.test(file),
    needs: "native",
    command: "build/native/tests/core/core_tests --source-file=$NAMES",
  },
];

const NATIVE = "cmake --preset native $CMAKE_LLVM > /dev/null && cmake --build --preset native --target";

const BUILDS = {
  wasm: "node scripts/setup.mjs --tests",
  upload: "node scripts/build.mjs",
  native: `${NATIVE} core_tests`,
  traces: `node scripts/setup.mjs --tests && ${NATIVE} flow_traces && build/native/tests/flows/flow_traces`,
};

const kindOf = (file) => KINDS.find(({ is }) => is(file));
const plain = (file) => file.replace(/^\.\//, "");

/** Whether it is a file of tests that can run by itself. */
export const isTest = (file) => kindOf(plain(file)) !== undefined && existsSync(at(file));

/** Answers the exit code. The steps' setup comes before. */
export async function runAlone(words) {
  const kinds = new Map();
  for (const file of words.map(plain)) kinds.set(kindOf(file), [...(kinds.get(kindOf(file)) ?? []), file]);
  for (const [{ needs, command }, files] of kinds) {
    const names = files.map((file) => `*${basename(file)}`).join(",");
    const env = { ...stepEnvironment(), FILES: files.join(" "), NAMES: names };
    const status = await runGroup(`${BUILDS[needs]} && ${command}`, env);
    if (status !== 0) return status;
  }
  return 0;
}
