/**
 * The transcripts that the native test wrote, and a way to play one to an instance of the module, as
 * worker-shim/src/core.ts does it. POSTERN_WASM names another module than the one that is deployed.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";

/** Node has it; its types leave it to the DOM's, which do not belong here. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { exports: unknown };
};

export interface CoreExports {
  memory: { buffer: ArrayBuffer };
  _initialize(): void;
  postern_allocate(size: number): number;
  postern_start(input: number, length: number): number;
  postern_resume(replies: number, length: number): number;
  postern_output(): number;
  postern_output_length(): number;
  postern_out_of_memory(): number;
}

export interface Crossing {
  isStart: boolean;
  input: Buffer;
  step: number;
  output: Buffer;
}

const STEPS_WITH_OUTPUT = [0, 1];
const root = new URL("../../", import.meta.url);
const folder = new URL("build/transcripts/", root);
export const moduleName = process.env.POSTERN_WASM ?? "dist/postern.wasm";

export const moduleBytes = (): Uint8Array => readFileSync(new URL(moduleName, root));
export const compile = (): object => new WebAssembly.Module(moduleBytes());
export const transcripts: readonly string[] = readdirSync(folder).filter((name) => name.endsWith(".bin"));

/** u32 length, bytes, repeated (core/base/fields.h); four fields make a crossing. */
export function crossingsOf(name: string): Crossing[] {
  const bytes = readFileSync(new URL(name, folder));
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

export function newInstance(module: object): CoreExports {
  const core = new WebAssembly.Instance(module, {}).exports as CoreExports;
  core._initialize();
  return core;
}

export function cross(core: CoreExports, { isStart, input }: Crossing): { step: number; output: Buffer } {
  const pointer = core.postern_allocate(input.length);
  new Uint8Array(core.memory.buffer, pointer, input.length).set(input);
  const entry = isStart ? core.postern_start : core.postern_resume;
  const step = entry(pointer, input.length);
  if (!STEPS_WITH_OUTPUT.includes(step)) return { step, output: Buffer.alloc(0) };
  const output = Buffer.from(core.memory.buffer, core.postern_output(), core.postern_output_length());
  return { step, output: Buffer.from(output) };
}

/** Plays a transcript, each flow in an instance of its own, and holds every answer against the native one. */
export function play(crossings: readonly Crossing[], instance: () => CoreExports): void {
  assert.ok(crossings[0]?.isStart, "a transcript begins with a flow");
  let core: CoreExports | undefined;
  for (const [index, crossing] of crossings.entries()) {
    // One flow in one instance: what is left of an earlier one must not matter.
    if (crossing.isStart || core === undefined) core = instance();
    const got = cross(core, crossing);
    const where = `crossing ${index}`;
    assert.equal(got.step, crossing.step, where);
    assert.equal(got.output.compare(crossing.output), 0, `${where}: the output differs`);
  }
}
