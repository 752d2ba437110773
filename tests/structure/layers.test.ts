/** Who may include whom, and where coroutines, globals and the outside world may be. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { files, offences, read } from "./files.ts";
import { codeOf } from "./source.ts";

const core = files(/\.(cpp|h)$/, "core");

/** What a layer may include besides itself; each line of the rule adds to what it stands on. */
const MAY_INCLUDE: Record<string, string[]> = {
  base: [],
  oauth: ["base"],
  provider: ["base", "oauth"],
  connection: ["base", "oauth", "provider"],
  effect: ["base"],
  page: ["base"],
};
/** The folders of core/flow stand on all of those; each may include the ones before it in this list. */
const FLOW_FOLDERS = [
  "frame",
  "store",
  "integration",
  "events",
  "token",
  "proxy",
  "access",
  "connect",
  "authority",
  "grant",
  "connections",
  "resource",
  "service",
];
for (const folder of FLOW_FOLDERS) MAY_INCLUDE[`flow/${folder}`] = Object.keys(MAY_INCLUDE);
MAY_INCLUDE.operation = Object.keys(MAY_INCLUDE);

/** "base", "flow/frame"; a file in core/flow itself is in no layer. */
function layerOf(path: string): string {
  const [, layer = "", folder = ""] = path.split("/");
  return layer === "flow" ? `flow/${folder}` : layer;
}

function includesOf(text: string): string[] {
  return [...text.matchAll(/^\s*#\s*include\s+"([^"]+)"/gm)].map(([, included]) => included ?? "");
}

test("base <- oauth <- provider <- connection <- flow <- operation, base <- effect, page <- flow", () => {
  const wrong: string[] = [];
  for (const { path, text } of core) {
    const layer = layerOf(path);
    const allowed = MAY_INCLUDE[layer];
    assert.ok(allowed, `${path} is in no layer`);
    for (const included of includesOf(text)) {
      const other = layerOf(included);
      if (!included.startsWith("core/") || (other !== layer && !allowed.includes(other)))
        wrong.push(`${path} includes ${included}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("docs/architecture.md has the folders in the order of their includes", () => {
  const told = [...read("docs/architecture.md").matchAll(/^\| `core\/([\w/]+)` \|/gm)].map(
    ([, layer]) => layer,
  );
  assert.deepEqual(
    told.filter((layer) => layer?.startsWith("flow/")),
    FLOW_FOLDERS.map((folder) => `flow/${folder}`),
  );
  for (const [layer, allowed] of Object.entries(MAY_INCLUDE))
    for (const other of allowed)
      assert.ok(told.indexOf(other) < told.indexOf(layer), `${other} above ${layer}`);
});

/** What runs in the authority: its storage, what is done with grants, and the operations of the one writer. */
const IN_THE_AUTHORITY =
  /^core\/flow\/(authority\/|grant\/|connections\/(writer|demand|ended|versions)\.(cpp|h)$)/;

test("a front reaches an authority only through the payloads in flow/store", () => {
  // The table of all operations names both.
  const outside = core.filter(
    ({ path }) => !IN_THE_AUTHORITY.test(path) && path !== "core/operation/table.cpp",
  );
  assert.ok(outside.length > 0 && outside.length < core.length);
  const wrong = outside.flatMap(({ path, text }) =>
    includesOf(text)
      .filter((included) => IN_THE_AUTHORITY.test(included))
      .map((included) => `${path} includes ${included}`),
  );
  assert.deepEqual(wrong, []);
});

/** A feature's, and those of many rows in several files. */
const DECLARATIONS = /^core\/flow\/\w+\/(\w+_)?operations\.h$/;

test("no front runs a flow of the authority's", () => {
  const outside = core.filter(({ path }) => !IN_THE_AUTHORITY.test(path) && !DECLARATIONS.test(path));
  assert.deepEqual(offences(outside, /\bauthority_\w+_flow\((?!FlowContext)/), []);
});

test("operations and variables are declared by features, in core/flow/*/operations.h, or in headers of such names beside it", () => {
  const declared = /\b(?:Operation|Variable)\s+k\w+\s*\[\]\s*=/;
  const declaring = core.filter(({ text }) => declared.test(codeOf(text))).map(({ path }) => path);
  assert.ok(declaring.length > 5);
  assert.deepEqual(
    declaring.filter((path) => !DECLARATIONS.test(path)),
    [],
  );
  const elsewhere = core.filter(({ path }) => !DECLARATIONS.test(path));
  assert.deepEqual(
    offences(elsewhere, /\.(?:flow|http)\s*=[^=]|\b(?:Operation|Variable)\s+k\w+\s*[[{=]/),
    [],
  );
  // What joins them knows no feature from elsewhere, but who may call.
  const joining = core.filter(({ path }) => path.startsWith("core/operation/"));
  assert.deepEqual(
    joining
      .flatMap(({ text }) => includesOf(text))
      .filter(
        (included) => included.startsWith("core/flow/") && !/\/(frame\/\w+|operations)\.h$/.test(included),
      ),
    ["core/flow/access/access.h"],
  );
});

test("wasm includes operation and itself, and nobody includes wasm or tests", () => {
  const wrong: string[] = [];
  for (const { path, text } of files(/\.(cpp|h)$/, "wasm")) {
    // The benchmark's module measures the functions of a lower layer by themselves.
    if (path === "wasm/bench_exports.cpp") continue;
    for (const included of includesOf(text)) {
      if (!/^(core\/operation|core\/base|wasm)\//.test(included)) wrong.push(`${path} includes ${included}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("coroutines are in effect, in flow and in operation/run.cpp only", () => {
  const elsewhere = core.filter(
    ({ path }) => !/^core\/(effect|flow)\//.test(path) && path !== "core/operation/run.cpp",
  );
  assert.deepEqual(offences(elsewhere, /\bco_(await|return|yield)\b/), []);
});

test("nothing in the core asks for the time, for chance, for the environment or for a log", () => {
  const outside = new RegExp(
    [
      String.raw`std::chrono::\w*clock`,
      String.raw`\b(random_device|mt19937|rand|srand|getenv|secure_getenv|gettimeofday|clock_gettime)\b`,
      String.raw`\b(time|clock)\s*\(\s*(NULL|nullptr|0|&\w+)?\s*\)`,
      String.raw`\b(f|s|sn|v|d)?printf\s*\(`,
      String.raw`\b(std::)?(cout|cerr|clog)\b`,
      String.raw`\b(puts|fputs|fopen|system)\s*\(`,
      String.raw`#\s*include\s+<(iostream|fstream|cstdio|random|ctime|thread|mutex|atomic|regex|locale|format)>`,
    ].join("|"),
  );
  assert.deepEqual(offences(core, outside), []);
});

/** The compiler that the build uses, as `npm run setup` found it. */
function llvmVersion(): string {
  const remembered = new URL("../../build/toolchain.json", import.meta.url);
  if (process.env.LLVM) return process.env.LLVM;
  if (!existsSync(remembered)) return "22";
  return String((JSON.parse(readFileSync(remembered, "utf8")) as { llvm: number }).llvm);
}

/** Symbols that can be written to, of the compiled core; function-local statics are among them. */
function writableSymbols(archive: URL): string[] {
  const objdump = `llvm-objdump-${llvmVersion()}`;
  const table = execFileSync(objdump, ["--syms", "--demangle", fileURLToPath(archive)], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  // address, flags, section, size, name; constants with pointers in them are in .data.rel.ro, what libFuzzer is told
  // of a switch in .data, and the marks by which ASan finds a constant that is defined twice in .bss.
  return table
    .split("\n")
    .map((line) => /^[0-9a-f]+ .{7} (\.(?:data|bss|tdata|tbss)\S*)\s+[0-9a-f]+ (.*)$/.exec(line))
    .filter((match) => match !== null)
    .filter(([, section, name]) => !section?.startsWith(".data.rel.ro") && !section?.startsWith(name ?? ""))
    .map(([, section, name]) => `${section} ${name?.trim()}`)
    .filter((symbol) => !/ __(?:sancov_gen_|odr_asan_gen_)/.test(symbol));
}

test("nothing in the core can be written to between two flows: only wasm holds globals", () => {
  const archives = ["asan", "native", "sim"]
    .map((preset) => new URL(`../../build/${preset}/libpostern_core.a`, import.meta.url))
    .filter((archive) => existsSync(archive));
  assert.ok(archives.length > 0, "build the preset `asan`, `native` or `sim` first");
  for (const archive of archives) assert.deepEqual(writableSymbols(archive), []);
});
