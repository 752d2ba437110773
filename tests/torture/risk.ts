/** Grants that were at risk: a token request was under way when workerd was killed or the connection was cut. */
import type { Stored } from "./stored.ts";
import { type Exchange, type Kill, type Truth, wasSpent } from "./truth.ts";
import { judgeAnswer } from "./verdict.ts";

export interface Risk {
  readonly user: string;
  readonly how: "cut" | "kill";
  readonly place: string;
  readonly at: number;
  /** Absent where the journal was open and no request had left yet. */
  readonly exchange?: Exchange;
  /** The refresh token or code that was being used. */
  readonly presented: string;
  /** Whether the answer was found kept beside the open journal. */
  readonly kept: boolean;
}

export type Outcome =
  | "kept answer"
  | "replay"
  | "nothing to recover"
  | "lost"
  | "lost before"
  | "sign-in begun again"
  | "replaced"
  | "unresolved";

/** A commit so short before the kill still counts as one that was under way. */
const JUST_MS = 50;

const CUTS = new Map([
  ["drop request", "request lost on its way"],
  ["cut before answer", "cut before the answer's first byte"],
  ["cut in answer", "cut in the middle of the answer"],
]);

/** What the proxy cut. */
export function cutRisks(truth: Truth): Risk[] {
  return truth.exchanges.flatMap((exchange) => {
    const place = CUTS.get(exchange.fate);
    const refused = exchange.status !== 0 && !wasSpent(exchange);
    if (place === undefined || refused) return [];
    const { connection: user, presented, at } = exchange;
    return [{ user, how: "cut" as const, place, at, exchange, presented, kept: false }];
  });
}

/** What of one connection was at risk when workerd was killed; `before` is what the kill before this one had left. */
export function killRisks(
  truth: Truth,
  user: string,
  kill: Kill,
  stored: Stored | undefined,
  before: Stored | undefined,
): Risk[] {
  const exchanges = truth.of(user).filter(({ generation }) => generation === kill.generation);
  const kept = new Set(
    [stored?.refresh?.keptToken, stored?.signIn?.keptToken].filter((one) => one !== undefined),
  );
  const risks: Risk[] = [];
  for (const exchange of exchanges) {
    const place = CUTS.has(exchange.fate) ? undefined : placeOf(exchange, kill, kept);
    if (place === undefined) continue;
    const { presented } = exchange;
    const isKept = exchange.refreshToken !== undefined && kept.has(exchange.refreshToken);
    risks.push({ user, how: "kill", place, at: kill.at, exchange, presented, kept: isKept });
  }
  const journal = stored?.refresh;
  const waiting =
    journal?.attempts === before?.refresh?.attempts && journal?.baseVersion === before?.refresh?.baseVersion;
  const presented = stored?.refreshToken;
  if (
    journal !== undefined &&
    journal.keptToken === undefined &&
    !waiting &&
    presented !== undefined &&
    !exchanges.some((exchange) => exchange.presented === presented)
  )
    risks.push({ user, how: "kill", place: "before the request left", at: kill.at, presented, kept: false });
  return risks;
}

function placeOf(exchange: Exchange, kill: Kill, kept: ReadonlySet<string>): string | undefined {
  const happened = (at: number | undefined) => at !== undefined && at < kill.at;
  if (!happened(exchange.forwardedAt)) return "request under way";
  if (!happened(exchange.answeredAt)) return "at the provider";
  // A refusal: whoever asks again is refused again.
  if (!wasSpent(exchange)) return undefined;
  if (!happened(exchange.endedAt) || exchange.delivered !== "all") return "answer under way";
  if (exchange.refreshToken !== undefined && kept.has(exchange.refreshToken))
    return "answer kept, not committed";
  if (exchange.held === undefined) return "answer arrived, not kept";
  return kill.at - (exchange.endedAt ?? 0) < JUST_MS ? "just committed" : undefined;
}

/** What became of it, at the end of the run. */
export function outcomeOf(truth: Truth, risk: Risk, lost: ReadonlySet<Exchange>): Outcome {
  const { exchange, presented } = risk;
  if (exchange !== undefined && wasSpent(exchange)) {
    if (exchange.held !== undefined) return risk.kept ? "kept answer" : "nothing to recover";
    if (lost.has(exchange)) return "lost";
    if (exchange.grantType !== "refresh_token") return "sign-in begun again";
    return judgeAnswer(truth, exchange).honest && wasReplaced(truth, risk) ? "replaced" : "unresolved";
  }
  const others = truth.thatShowed(presented).filter((one) => one !== exchange && wasSpent(one));
  if (others.some((later) => later.at > risk.at)) return "replay";
  // Asked for a second time: the grant went, or came, with the answer to the first.
  const [earlier] = others;
  if (earlier?.held !== undefined) return "nothing to recover";
  if (earlier !== undefined && lost.has(earlier)) return "lost before";
  if (exchange?.grantType === "authorization_code") return "sign-in begun again";
  return wasReplaced(truth, risk) ? "replaced" : "unresolved";
}

/**
 * A person who saw no end of a sign-in began it again, though it had been finished and was in use: what was open of the
 * grant before ended with the one after, and nobody ever asked about it.
 */
function wasReplaced(truth: Truth, { user, at }: Risk): boolean {
  return truth
    .of(user)
    .some((later) => later.grantType === "authorization_code" && later.at > at && later.held !== undefined);
}
