/** The core's instances, watched and made to fail. */
import { expect, vi } from "vitest";
import { CoreInstance } from "../../../worker-shim/src/core.ts";
import { FieldReader, type FieldWriter } from "../../../worker-shim/src/fields.ts";
import { pool } from "../../../worker-shim/src/flow-runner.ts";

/** Only dist/postern.fault.wasm has these. */
interface FaultExports {
  postern_fail_allocation(n: number): void;
  postern_allocations(): number;
}

export const faultsOf = (instance: CoreInstance) => instance.exports as unknown as FaultExports;

export const ALL_LEFT = 0xffffffff;

/** Calls `before` with each instance as a flow begins in it, and the flow's operation. */
export function onStart(before: (instance: CoreInstance, operation: string) => void): void {
  const start = CoreInstance.prototype.start;
  vi.spyOn(CoreInstance.prototype, "start").mockImplementation(function started(
    this: CoreInstance,
    input: FieldWriter,
  ) {
    before(this, new FieldReader(input.bytes().slice()).text());
    return start.call(this, input);
  });
}

/** Calls `before` with each message that a flow goes on with; what it answers goes in instead. */
export function onResume(before: (instance: CoreInstance, message: FieldWriter) => FieldWriter): void {
  const resume = CoreInstance.prototype.resume;
  vi.spyOn(CoreInstance.prototype, "resume").mockImplementation(function resumed(
    this: CoreInstance,
    message: FieldWriter,
  ) {
    return resume.call(this, before(this, message));
  });
}

export const nothingLeaks = () => expect(pool.figures().live).toBe(0);

export function memoryOf(instance: CoreInstance): Uint8Array {
  return new Uint8Array(instance.exports.memory.buffer);
}

/** Takes every idle instance out of the pool, looks at it, and gives it back. */
export function lookAtIdle<T>(look: (instance: CoreInstance) => T): T[] {
  const idle = Array.from({ length: pool.figures().free }, () => pool.acquire());
  return idle.flatMap((instance) => {
    if (!instance) return [];
    const seen = look(instance);
    pool.release(instance);
    return [seen];
  });
}

export function contains(memory: Uint8Array, text: string): boolean {
  return new TextDecoder("latin1").decode(memory).includes(text);
}
