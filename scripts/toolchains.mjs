/** What can compile the core to WebAssembly, and how a command names it. docs/toolchains.md describes each. */
import { fail } from "./lib.mjs";

/**
 * CMake's preset, which also names the folder below build/, and the module that comes out. Two that make the same module
 * share a folder: in one of its own, neither would see that the other's lies there.
 */
export const TOOLCHAINS = {
  debian: { preset: "wasi", module: "dist/postern.wasm" },
  "wasi-sdk": { preset: "wasi", module: "dist/postern.wasm" },
  emscripten: { preset: "emscripten", module: "dist/postern.emscripten.wasm" },
};

/** Without a name: a wasi-sdk where WASI_SDK_PATH names one, Debian's packages elsewhere. */
export function usualToolchain(env = process.env) {
  return env.WASI_SDK_PATH ? "wasi-sdk" : "debian";
}

/** Reads `--toolchain NAME`, or ends with what is wrong. `rest` is what it did not read. */
export function readToolchain(command, args) {
  const rest = [];
  let named;
  for (let i = 0; i < args.length; i += 1) {
    const [option, joined] = args[i].split(/=(.*)/s);
    if (option !== "--toolchain") rest.push(args[i]);
    else if (joined !== undefined) named = joined;
    else named = args[++i] ?? "";
  }
  const valid = Object.keys(TOOLCHAINS);
  if (named !== undefined && !valid.includes(named))
    fail(
      `${command}: ${named === "" ? "--toolchain takes a name" : `no toolchain is called ${named}`}; there are ${valid.join(", ")}`,
    );
  const name = named ?? usualToolchain();
  return { name, named: named !== undefined, ...TOOLCHAINS[name], rest };
}

/** Ends the command when an argument is left that it does not know. */
export function refuseOthers(command, rest, known = []) {
  const other = rest.find((argument) => !known.includes(argument));
  if (other !== undefined)
    fail(`${command}: unknown option ${other}; there are ${["--toolchain NAME", ...known].join(", ")}`);
}
