/** What answers may take of an isolate's memory together. */
import { afterEach, expect, test, vi } from "vitest";
import { Lease } from "../../../worker-shim/src/room.ts";

const MIB = 1024 * 1024;
const leases: Lease[] = [];
const lease = () => {
  const made = new Lease();
  leases.push(made);
  return made;
};
afterEach(() => {
  for (const one of leases.splice(0)) one.end();
  vi.useRealTimers();
});

test("a large answer keeps a second one waiting, and no small one", () => {
  const [first, second, small] = [lease(), lease(), lease()];
  expect(first.resize(16 * MIB, 6)).toBe(true);
  expect(second.resize(2 * MIB, 6)).toBe(false);
  expect(small.resize(MIB / 4, 6)).toBe(true);
  // What it had it keeps.
  expect(first.resize(17 * MIB, 6)).toBe(false);
  expect(first.bytes).toBe((16 - 1 / 4) * MIB * 6);
  first.end();
  expect(second.resize(2 * MIB, 6)).toBe(true);
});

test("an answer that was rewritten takes less, until it is taken", () => {
  const [first, second] = [lease(), lease()];
  first.resize(16 * MIB, 6);
  expect(first.resize(16 * MIB, 1)).toBe(true);
  expect(second.resize(10 * MIB, 6)).toBe(true);
  expect(lease().resize(10 * MIB, 6)).toBe(false);
});

test("whose caller went away without a word is forgotten after half a minute", () => {
  vi.useFakeTimers();
  const [gone, alive] = [lease(), lease()];
  gone.resize(10 * MIB, 6);
  vi.advanceTimersByTime(20_000);
  expect(alive.resize(10 * MIB, 6)).toBe(false);
  vi.advanceTimersByTime(11_000);
  expect(alive.resize(10 * MIB, 6)).toBe(true);
});
