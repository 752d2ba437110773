/** The options of the commands that build: what is not known is refused, with what there is instead. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { read } from "./files.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

function refusal(script: string, args: string[], env: Record<string, string> = {}): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
  assert.notEqual(status, 0, `${script} ${args.join(" ")} did not fail`);
  assert.equal(stdout, "", "nothing was begun");
  return stderr.trim();
}

const COMMANDS = { build: "scripts/build.mjs", traces: "scripts/traces.mjs", check: "wasm/check.mjs" };

for (const [command, script] of Object.entries(COMMANDS)) {
  test(`${command} refuses a toolchain that there is not`, () => {
    const text = `${command}: no toolchain is called msvc; there are debian, wasi-sdk, emscripten`;
    assert.equal(refusal(script, ["--toolchain", "msvc"]), text);
    assert.equal(refusal(script, ["--toolchain=msvc"]), text);
    assert.match(refusal(script, ["--toolchain"]), /--toolchain takes a name; there are debian/);
    assert.match(refusal(script, ["--toolchain", "toString"]), /no toolchain is called toString/);
  });
  test(`${command} refuses an option that it does not know`, () => {
    assert.match(
      refusal(script, ["--tolchain", "emscripten"]),
      /unknown option --tolchain; there are --toolchain/,
    );
  });
}

test("a wasi-sdk must be named, and be there", () => {
  const without = refusal(COMMANDS.build, ["--toolchain", "wasi-sdk"], { WASI_SDK_PATH: "" });
  assert.match(without, /Set it to the folder of an unpacked wasi-sdk/);
  const wrong = refusal(COMMANDS.build, [], { WASI_SDK_PATH: `${root}docs` });
  assert.match(wrong, /there is no bin\/clang\+\+ in it/);
});

test("an Emscripten SDK that is named must be there", () => {
  // Told by the module that brings it: the command would first look for compilers.
  const script = `import("./scripts/emscripten.mjs").then(({ bringEmscripten }) => bringEmscripten())`;
  const text = refusal("--input-type=module", ["-e", script], { EMSDK: `${root}docs` });
  assert.match(text, /there is no upstream\/emscripten\/em\+\+ below it/);
});

test("docs/toolchains.md and CMakePresets.json know every toolchain", async () => {
  const { TOOLCHAINS } = (await import(`${root}scripts/toolchains.mjs`)) as {
    TOOLCHAINS: Record<string, { preset: string; module: string }>;
  };
  const presets = (JSON.parse(read("CMakePresets.json")) as { configurePresets: { name: string }[] })
    .configurePresets;
  for (const [name, { preset }] of Object.entries(TOOLCHAINS)) {
    assert.ok(
      presets.some((one) => one.name === preset),
      preset,
    );
    assert.ok(read("docs/toolchains.md").includes(`--toolchain ${name}`), name);
  }
});
