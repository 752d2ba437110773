/** A simulated clock: alarms ring when they would, however far ahead that is. */
import { runDurableObjectAlarm } from "cloudflare:test";
import { expect, vi } from "vitest";
import { type Connected, refreshNow } from "./client.ts";
import { alarmOf, authorityOf, type Whose } from "./stores.ts";

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** More rings than any test here has reason for: an alarm that is due again and again would never end. */
const MOST_RINGS = 1_000;

export function setClock(now: number): void {
  vi.useRealTimers();
  vi.useFakeTimers({ toFake: ["Date"], now });
}

/** So far ahead that no alarm that is set from here on rings by itself while the test runs. */
export const leaveRealTime = () => setClock(Date.now() + 20 * MINUTE);

/**
 * So much time passes. Each alarm that comes due on the way rings at its time, the earliest first. Answers at
 * which times one rang.
 */
export async function pass(milliseconds: number, ...whose: readonly Whose[]): Promise<number[]> {
  const end = Date.now() + milliseconds;
  const objects = await Promise.all(whose.map(authorityOf));
  const alarms = await Promise.all(objects.map(alarmOf));
  const rang: number[] = [];
  for (;;) {
    const due = alarms.flatMap((at, n) => (at !== 0 && at <= end ? [{ at, n }] : []));
    const next = due.sort((a, b) => a.at - b.at)[0];
    const object = objects[next?.n ?? -1];
    if (!next || !object) break;
    setClock(Math.max(next.at, Date.now()));
    rang.push(Date.now());
    expect(await runDurableObjectAlarm(object)).toBe(true);
    alarms[next.n] = await alarmOf(object);
    if (rang.length > MOST_RINGS) throw new Error("the alarm rings for ever");
  }
  setClock(end);
  return rang;
}

/** Rings the alarm that is due now, and no other. */
export const ring = async (whose: Whose) => runDurableObjectAlarm(await authorityOf(whose));

/** The clock stands still between two calls, and who came before a token was minted is content with it. */
export async function refreshAgain(who: Connected): Promise<void> {
  await pass(SECOND);
  expect((await refreshNow(who)).status).toBe(200);
}

/** Deadlines come a hundred times sooner. */
export function hurry(): void {
  const real = globalThis.setTimeout;
  vi.stubGlobal("setTimeout", (work: () => void, ms?: number) => real(work, (ms ?? 0) / 100));
}
