/** The module's memory (wasm/arena.cpp): it grows when a flow needs more, to 16 MiB, and tells when it cannot. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type CoreExports, compile, crossingsOf, newInstance, play, transcripts } from "./transcripts.ts";

const MIB = 1 << 20;
const module = compile();

/** An instance whose next allocation of a page must grow the memory. */
function nearlyFull(): CoreExports {
  const core = newInstance(module);
  const left = core.memory.buffer.byteLength - core.postern_allocate(16) - 16;
  core.postern_allocate(left - 64);
  return core;
}

test("no recorded flow outgrows the memory that an instance begins with", () => {
  const begin = newInstance(module).memory.buffer.byteLength;
  for (const name of transcripts) {
    const used: CoreExports[] = [];
    play(crossingsOf(name), () => {
      const core = newInstance(module);
      used.push(core);
      return core;
    });
    for (const core of used) assert.equal(core.memory.buffer.byteLength, begin, name);
  }
});

test("a flow that needs more than the first memory gets it, and answers the same", () => {
  let grown = 0;
  for (const name of transcripts) {
    let core: CoreExports | undefined;
    let before = 0;
    const count = () => {
      if (core && core.memory.buffer.byteLength > before) grown += 1;
    };
    play(crossingsOf(name), () => {
      count();
      core = nearlyFull();
      before = core.memory.buffer.byteLength;
      return core;
    });
    count();
  }
  assert.ok(grown >= transcripts.length, `${grown} instances grew`);
});

test("what lies in the memory that was added is neither lost nor given twice", () => {
  const core = newInstance(module);
  const pieces: number[] = [];
  for (let i = 0; i < 100; i += 1) {
    const pointer = core.postern_allocate(100_000);
    assert.ok(pointer % 16 === 0 && pointer + 100_000 <= core.memory.buffer.byteLength);
    new Uint8Array(core.memory.buffer, pointer, 100_000).fill(i);
    pieces.push(pointer);
  }
  for (const [i, pointer] of pieces.entries())
    assert.ok(new Uint8Array(core.memory.buffer, pointer, 100_000).every((byte) => byte === i));
});

test("memory ends at 16 MiB: the allocation traps, and the module tells that it was memory", () => {
  for (const size of [17 * MIB, 0xffffffff, 65_536]) {
    const core = newInstance(module);
    assert.equal(core.postern_out_of_memory(), 0);
    let got = 0;
    assert.throws(
      () => {
        for (; got <= 16 * MIB; got += size) core.postern_allocate(size);
      },
      (error: Error) => error.constructor.name === "RuntimeError",
    );
    assert.equal(core.postern_out_of_memory(), 1);
    assert.ok(core.memory.buffer.byteLength <= 16 * MIB);
    if (size === 65_536) assert.ok(got > 15.5 * MIB, `${got} bytes in all`);
  }
});
