/**
 * What the native core did in the stories of these folders, the wasm must do byte for byte: each
 * transcript that the native test wrote is played to an instance, as worker-shim/src/core.ts does it.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { test } from "node:test";

/** Node has it; its types leave it to the DOM's, which do not belong here. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { exports: unknown };
};

interface CoreExports {
  memory: { buffer: ArrayBuffer };
  _initialize(): void;
  postern_allocate(size: number): number;
  postern_start(input: number, length: number): number;
  postern_resume(replies: number, length: number): number;
  postern_output(): number;
  postern_output_length(): number;
}

interface Crossing {
  isStart: boolean;
  input: Buffer;
  step: number;
  output: Buffer;
}

const STEPS_WITH_OUTPUT = [0, 1];
const transcripts = new URL("../../build/transcripts/", import.meta.url);
const module = new WebAssembly.Module(readFileSync(new URL("../../dist/postern.wasm", import.meta.url)));

/** u32 length, bytes, repeated (core/base/fields.h); four fields make a crossing. */
function crossingsOf(bytes: Buffer): Crossing[] {
  const fields: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt32LE(at);
    assert.ok(end <= bytes.length, "the transcript is cut");
    fields.push(bytes.subarray(at + 4, end));
    at = end;
  }
  const crossings: Crossing[] = [];
  for (let i = 0; i < fields.length; i += 4) {
    const [kind, input, step, output] = fields.slice(i, i + 4);
    assert.ok(kind && input && step && output, "the transcript is cut");
    crossings.push({
      isStart: kind.toString() === "start",
      input,
      step: Number(step.toString()),
      output,
    });
  }
  return crossings;
}

function newInstance(): CoreExports {
  const core = new WebAssembly.Instance(module, {}).exports as CoreExports;
  core._initialize();
  return core;
}

function cross(core: CoreExports, { isStart, input }: Crossing): { step: number; output: Buffer } {
  const pointer = core.postern_allocate(input.length);
  new Uint8Array(core.memory.buffer, pointer, input.length).set(input);
  const entry = isStart ? core.postern_start : core.postern_resume;
  const step = entry(pointer, input.length);
  if (!STEPS_WITH_OUTPUT.includes(step)) return { step, output: Buffer.alloc(0) };
  const output = Buffer.from(core.memory.buffer, core.postern_output(), core.postern_output_length());
  return { step, output: Buffer.from(output) };
}

const files = readdirSync(transcripts).filter((name) => name.endsWith(".bin"));
const documents = readdirSync(new URL(".", import.meta.url), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".md"))
  .map((path) => basename(path));

test("there is a transcript for every document", () => {
  assert.deepEqual(
    files.map((name) => name.replace(/\.bin$/, "")).sort(),
    documents.map((name) => name.replace(/\.md$/, "")).sort(),
  );
});

for (const name of files) {
  test(`wasm does the same as native: ${name}`, () => {
    const crossings = crossingsOf(readFileSync(new URL(name, transcripts)));
    assert.ok(crossings.length > 0 && crossings[0]?.isStart);
    let core = newInstance();
    for (const [index, crossing] of crossings.entries()) {
      // One flow in one instance: what is left of an earlier one must not matter.
      if (crossing.isStart) core = newInstance();
      const got = cross(core, crossing);
      const where = `crossing ${index}`;
      assert.equal(got.step, crossing.step, where);
      assert.equal(got.output.compare(crossing.output), 0, `${where}: the output differs`);
    }
  });
}
