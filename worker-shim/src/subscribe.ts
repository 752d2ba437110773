/** Following the log of events over RPC: `listEvents` again and again, from where the last read ended. */

export interface SubscribeParameters {
  /** Where an earlier subscription ended; the beginning when absent. */
  cursor?: string;
  type?: string;
  userId?: string;
  /** `user`: `userId` is a user's even where it is `-`. */
  subject?: string;
  integration?: string;
  /** How long to follow, 1 to 900; 60 when absent. */
  seconds?: number;
}

/** Some events in their order. The cursor moves on once it has resolved; `false` ends the subscription. */
export type OnEvents = (events: unknown[], cursor: string) => unknown;

interface Page {
  events: unknown[];
  cursor: string;
}
/** A page, or a refusal as RPC answers it. */
export type ReadPage = (parameters: Record<string, unknown>) => Promise<unknown>;

const SECONDS = 60;
const MOST_SECONDS = 900;
const PAUSE_MS = 1000;
/** What a call of `onEvents` has at least, also where the subscription's time is nearly over. */
const LEAST_CALL_MS = 10_000;
const LATE = Symbol("late");

const isPage = (value: unknown): value is Page => Array.isArray((value as Partial<Page> | null)?.events);

/** What is wrong with a wish; undefined: nothing. */
export function refusedWish(parameters: SubscribeParameters, onEvents: unknown): string | undefined {
  if (typeof onEvents !== "function") return "subscribe needs a function that takes events";
  const seconds = parameters.seconds ?? SECONDS;
  return Number.isInteger(seconds) && seconds >= 1 && seconds <= MOST_SECONDS
    ? undefined
    : `\`seconds\` must be 1 to ${MOST_SECONDS}`;
}

async function called(onEvents: OnEvents, page: Page, end: number): Promise<unknown> {
  const timer = new AbortController();
  try {
    return await Promise.race([
      onEvents(page.events, page.cursor),
      scheduler.wait(Math.max(end - Date.now(), LEAST_CALL_MS), { signal: timer.signal }).then(() => LATE),
    ]);
  } finally {
    timer.abort();
  }
}

/**
 * At least once: an event counts as taken when `onEvents` has resolved, and whoever begins again with the
 * cursor that came last misses none. Answers that cursor, or the refusal of a read; so it does where `onEvents` has
 * not resolved by the subscription's end. Throws what `onEvents` throws, and where its Worker is gone.
 */
export async function follow(
  read: ReadPage,
  { seconds = SECONDS, ...wish }: SubscribeParameters,
  onEvents: OnEvents,
): Promise<unknown> {
  const end = Date.now() + seconds * 1000;
  let cursor = wish.cursor;
  for (;;) {
    const page = await read({ ...wish, ...(cursor === undefined ? {} : { cursor }) });
    if (!isPage(page)) return page;
    const goesOn = page.events.length === 0 || (await called(onEvents, page, end));
    if (goesOn === LATE) return { cursor: cursor ?? "0" };
    cursor = page.cursor;
    if (goesOn === false || Date.now() >= end) return { cursor };
    if (page.events.length === 0) await scheduler.wait(PAUSE_MS);
  }
}
