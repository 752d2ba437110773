/** What large answers may take of an isolate's memory together. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { endTurn, Lease, turn } from "../../../worker-shim/src/room.ts";

const MIB = 1024 * 1024;
const leases: Lease[] = [];
const lease = (letGo = () => {}) => {
  const made = new Lease(letGo);
  leases.push(made);
  return made;
};
afterEach(() => {
  for (const one of leases.splice(0)) one.end();
  endTurn();
  vi.useRealTimers();
});

test("together they have 40 MiB, and a small one has always room", () => {
  const [first, second, third, small] = [lease(), lease(), lease(), lease()];
  expect([first.resize(16 * MIB), second.resize(16 * MIB), third.resize(16 * MIB)]).toEqual([
    true,
    true,
    false,
  ]);
  expect([third.bytes, small.resize(MIB / 4), small.bytes]).toEqual([0, true, 0]);
  // What it had it keeps.
  expect([first.resize(40 * MIB), first.bytes]).toEqual([false, (16 - 1 / 4) * MIB]);
  first.end();
  expect(third.resize(16 * MIB)).toBe(true);
});

test("several that grow in step end: one without room is refused, and does not wait for the others", () => {
  let growing = [lease(), lease(), lease(), lease(), lease()];
  for (let size = 1; size <= 16; size += 1)
    growing = growing.filter((one) => {
      if (one.resize(size * MIB)) return true;
      one.end();
      return false;
    });
  expect(growing.length).toBeGreaterThanOrEqual(2);
});

test("what stands still for half a minute is let go", () => {
  vi.useFakeTimers();
  const letGo = vi.fn();
  const [gone, slow] = [lease(letGo), lease()];
  expect([gone.resize(16 * MIB), slow.resize(16 * MIB)]).toEqual([true, true]);
  vi.advanceTimersByTime(20_000);
  slow.resize(16 * MIB);
  vi.advanceTimersByTime(11_000);
  expect(lease().resize(16 * MIB)).toBe(true);
  expect([letGo.mock.calls.length, gone.bytes, slow.bytes > 0]).toEqual([1, 0, true]);
});

describe("a turn", () => {
  const { signal } = new AbortController();

  test("is one's own until its end", async () => {
    expect(await turn(signal)).toBe(true);
    const second = turn(signal);
    let came = false;
    void second.then(() => {
      came = true;
    });
    await scheduler.wait(60);
    expect(came).toBe(false);
    endTurn();
    expect(await second).toBe(true);
  });

  test("that its owner never ends passes on after five seconds", async () => {
    const now = Date.now();
    const clock = vi.spyOn(Date, "now").mockReturnValue(now);
    expect(await turn(signal)).toBe(true);
    clock.mockReturnValue(now + 5_000);
    expect(await turn(signal)).toBe(true);
    clock.mockRestore();
  });
});
