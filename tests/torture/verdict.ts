/**
 * Was a grant lost honestly? Postern says `needs_reauth`; what the provider, the proxy and the disk say decides.
 *
 * Under single use a grant is gone once the provider has rotated and nobody has the new refresh token. That is honest
 * where the answer that carried it never reached Postern, or reached a workerd that was killed before it could write.
 * It is wrong where Postern had the token: it had served what came with it, shown it, or stored it; where no answer was
 * lost at all; and where it tells another cause than this one.
 */
import { type Exchange, type Truth, wasSpent } from "./truth.ts";

/**
 * Between the last byte of an answer and the write lies work alone, some milliseconds of it; on a crowded machine that
 * may take a while. A workerd that had this long without work, and had not written, would not have written at all.
 */
const LONGEST_IDLE_MS = 100;
/** In time that went by, however much of it was work, or where the system does not tell. */
const LONGEST_WRITE_MS = 1000;

export interface Verdict {
  readonly honest: boolean;
  readonly reason: string;
  /** The exchange whose answer was the grant. */
  readonly exchange?: Exchange;
  /** How long before the kill the answer had been handed over, and for how much of it workerd had no work. */
  readonly handedOverMs?: number;
  readonly idleMs?: number | undefined;
}

const wrong = (reason: string, exchange?: Exchange): Verdict => ({
  honest: false,
  reason,
  ...(exchange === undefined ? {} : { exchange }),
});

export function judgeLoss(truth: Truth, user: string, cause: string): Verdict {
  const last = truth.of(user).findLast((exchange) => exchange.grantType === "refresh_token");
  if (last === undefined) return wrong("nothing of it was ever refreshed");
  if (last.error !== "invalid_grant") return wrong("the provider did not refuse it", last);
  const source = truth.issuerOf(last.presented);
  if (source === undefined) return wrong("it showed a refresh token that nobody gave out", last);
  const newest = truth.newestOf(source);
  if (newest === source) return wrong("the provider refused its newest refresh token", newest);
  if (newest.held !== undefined) return wrong(`the newer token was there: ${newest.held}`, newest);
  const lost = judgeAnswer(truth, newest);
  if (!lost.honest) return lost;
  return cause === "refresh_outcome_unknown" ? lost : wrong(`its cause is told as "${cause}"`, newest);
}

/** Of an answer that gave a new refresh token, which Postern is not known to have had: how it came to be lost. */
export function judgeAnswer(truth: Truth, exchange: Exchange): Verdict {
  if (!wasSpent(exchange)) return wrong("nothing was rotated", exchange);
  const lost = (reason: string): Verdict => ({ honest: true, reason, exchange });
  if (exchange.fate === "cut before answer") return lost("the connection was cut before the answer");
  if (exchange.fate === "cut in answer") return lost("the connection was cut in the middle of the answer");
  const kill = truth.killOf(exchange);
  if (kill === undefined) return wrong("its answer was handed over, and nobody was killed", exchange);
  if (exchange.delivered !== "all" || exchange.endedAt === undefined || exchange.endedAt >= kill.at)
    return lost("workerd was killed before the answer had been handed over");
  const handedOverMs = kill.at - exchange.endedAt;
  const { busyMs } = exchange;
  const idleMs =
    kill.busyMs === undefined || busyMs === undefined ? undefined : handedOverMs - (kill.busyMs - busyMs);
  if (handedOverMs > LONGEST_WRITE_MS || (idleMs ?? 0) > LONGEST_IDLE_MS)
    return wrong(
      `its answer had been handed over ${handedOverMs.toFixed(0)} ms before the kill, and workerd was idle for ${idleMs?.toFixed(0)} ms`,
      exchange,
    );
  const reason = "workerd was killed as it took the answer, before the first write";
  return { ...lost(reason), handedOverMs, idleMs };
}
