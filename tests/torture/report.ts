/** What is printed at the end of one provider's run. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { FieldWriter } from "../../worker-shim/src/fields.ts";
import type { Connection, Note } from "./connection.ts";
import { cutRisks, type Outcome, outcomeOf, type Risk } from "./risk.ts";
import type { Run } from "./run.ts";
import type { Loss } from "./tally.ts";
import { type Exchange, type Truth, wasSpent } from "./truth.ts";

const OUTCOMES: readonly [Outcome, string][] = [
  ["kept answer", "recovered by the kept answer"],
  ["replay", "recovered by asking again"],
  ["nothing to recover", "nothing to recover: it was stored already"],
  ["lost", "lost"],
  ["lost before", "lost before, asked about once more"],
  ["sign-in begun again", "a sign-in, begun again"],
  ["replaced", "replaced by a sign-in that was begun meanwhile"],
  ["unresolved", "UNRESOLVED"],
];
const HISTORY_LINES = 60;
/** So much of what came after is told with it. */
const AFTERMATH_MS = 2000;

function count<T>(list: Iterable<T>, keyOf: (one: T) => string): [string, number][] {
  const counts = new Map<string, number>();
  for (const one of list) counts.set(keyOf(one), (counts.get(keyOf(one)) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a);
}

const line = (what: string, value: string | number, depth = 0) =>
  `${"  ".repeat(depth + 1)}${what.padEnd(58 - depth * 2)} ${value}`;

export interface Told {
  readonly text: string;
  readonly good: boolean;
}

export function report(name: string, run: Run, kills: number): Told {
  const { truth, tally } = run;
  const risks = [...tally.risks, ...cutRisks(truth)];
  const lost = new Set(tally.losses.flatMap(({ verdict: { exchange } }) => exchange ?? []));
  const outcomes = risks.map((risk) => ({ risk, outcome: outcomeOf(truth, risk, lost) }));
  const unresolved = outcomes.filter(({ outcome }) => outcome === "unresolved");
  const wrong = tally.losses.filter(({ verdict }) => !verdict.honest);
  const fates = count(truth.exchanges, ({ fate }) => fate);
  const struck = new Set(tally.risks.map(({ at }) => at));
  const inExchange = truth.kills.filter(({ number, at }) => number <= kills && struck.has(at));
  const lines = [
    name,
    line("kills of workerd", kills),
    line("with a grant at risk", inExchange.length, 1),
    line("token requests", truth.exchanges.length),
    ...fates.map(([fate, times]) => line(fate, times, 1)),
    line("refused by the provider", truth.exchanges.filter(({ error }) => error !== undefined).length, 1),
    line("grants at risk", risks.length),
    ...byOutcome(outcomes, "kill", "in a kill"),
    ...byOutcome(outcomes, "cut", "in a cut"),
    line("grants honestly lost, each signed in again", tally.losses.length - wrong.length),
    ...count(tally.losses, ({ verdict }) => verdict.reason).map(([reason, times]) => line(reason, times, 1)),
    ...margins(tally.losses),
    line("found after the last start", tally.losses.filter(({ final }) => final).length, 1),
    line("grants wrongly lost", wrong.length),
    line("tokens served", tally.tokensServed),
    line("wrong tokens served", tally.wrongTokens),
    line(
      "signed in",
      run.connections.reduce((sum, { signIns }) => sum + signIns, 0),
    ),
    line("forced refreshes, profiles served", `${tally.refreshesServed}, ${tally.profilesServed}`),
    line("callers cut off by a kill", tally.cutOff),
    line("connections without an answer, though nobody was killed", tally.hangUps),
    ...[...tally.refusals].map(([code, times]) => line(`told ${code}`, times, 1)),
    line("connections that serve a valid token at the end", valid(run)),
  ];
  const problems = [
    ...tally.failures.map(({ user, at, text }) => problem(run, user, at, text)),
    ...unresolved.map(({ risk }) => problem(run, risk.user, risk.at, `unresolved: ${risk.place}`)),
    ...truth.oddities.map((text) => `! ${text}`),
    ...(tally.hangUps === 0
      ? []
      : [`! ${tally.hangUps} connections ended without an answer, though nobody was killed`]),
    ...refusedOtherwise(truth),
  ];
  return { text: [...lines, ...problems].join("\n"), good: problems.length === 0 };
}

function valid(run: Run): string {
  const failed = new Set(run.tally.failures.map(({ user }) => user));
  const good = run.connections.filter(({ user, live }) => live && !failed.has(user)).length;
  return `${good} of ${run.connections.length}`;
}

function byOutcome(outcomes: { risk: Risk; outcome: Outcome }[], how: Risk["how"], title: string): string[] {
  const here = outcomes.filter(({ risk }) => risk.how === how);
  return [
    line(title, here.length, 1),
    ...count(here, ({ risk }) => risk.place).map(([place, times]) => line(place, times, 2)),
    ...OUTCOMES.flatMap(([outcome, words]) => {
      const times = here.filter((one) => one.outcome === outcome).length;
      return times === 0 ? [] : [line(`-> ${words}`, times, 2)];
    }),
  ];
}

/** How close to the write the kills came that lost an answer which had been handed over. */
function margins(losses: readonly Loss[]): string[] {
  const spread = (title: string, times: (number | undefined)[]) => {
    const known = times.filter((one) => one !== undefined).sort((a, b) => a - b);
    const at = (part: number) => (known[Math.floor(part * (known.length - 1))] ?? 0).toFixed(1);
    return known.length === 0 ? [] : [line(title, `median ${at(0.5)}, most ${at(1)}`, 2)];
  };
  return [
    ...spread(
      "ms from the last byte of such an answer to the kill",
      losses.map(({ verdict }) => verdict.handedOverMs),
    ),
    ...spread(
      "of these ms workerd had no work for",
      losses.map(({ verdict }) => verdict.idleMs),
    ),
  ];
}

/** A refusal other than of a refresh token that is over would be a defect of the torture. */
function refusedOtherwise(truth: Truth): string[] {
  const odd = truth.exchanges.filter(
    ({ error, status }) => status !== 0 && status !== 200 && error !== "invalid_grant",
  );
  return count(odd, ({ error, status }) => `${status} ${error}`).map(
    ([what, times]) => `! the provider answered ${what}, ${times} times`,
  );
}

const seconds = (at: number) => `${(at / 1000).toFixed(3)} s`;

function tell(exchange: Exchange): string {
  const at = (time: number | undefined) => (time === undefined ? "never" : seconds(time));
  const short = (token: string | undefined) => (token === undefined ? "nothing" : `…${token.slice(-6)}`);
  const said = wasSpent(exchange) ? `gave ${short(exchange.refreshToken)}` : (exchange.error ?? "no answer");
  return (
    `request ${exchange.id} of workerd ${exchange.generation}: ${exchange.grantType} with ${short(exchange.presented)}, ` +
    `${exchange.fate}; forwarded ${at(exchange.forwardedAt)}, answered ${at(exchange.answeredAt)} (${said}), ` +
    `ended ${at(exchange.endedAt)} with ${exchange.delivered} of it delivered; ${exchange.held ?? "not known to be held"}`
  );
}

/** A failure with all that is known of its connection up to then. */
function problem(run: Run, user: string | undefined, at: number, text: string): string {
  const { truth, connections, log } = run;
  const connection = connections.find((one) => one.user === user);
  const head = `! ${user ?? "the run"} at ${seconds(at)}: ${text}`;
  if (connection === undefined) return head;
  const events = [
    ...truth.of(connection.user).map((exchange) => ({ at: exchange.at, text: tell(exchange) })),
    ...truth.kills.map((kill) => ({ at: kill.at, text: `kill ${kill.number}, ${kill.aim}` })),
    ...connection.notes,
    ...logged(log, truth, connection),
  ].filter((event) => event.at <= at + AFTERMATH_MS);
  events.sort((a, b) => a.at - b.at);
  return [
    head,
    ...events.slice(-HISTORY_LINES).map((event) => `    ${seconds(event.at)}  ${event.text}`),
  ].join("\n");
}

/** What Postern logged of it; core/connection/record.h says how it is called there. */
function logged(log: string, truth: Truth, { org, user }: Connection): Note[] {
  const fields = new FieldWriter().add(org, "azure", user).bytes();
  const name = createHash("sha256").update(fields).digest("base64url");
  return readFileSync(log, "utf8")
    .split("\n")
    .filter((line) => line.includes(name))
    .map((line) => {
      const [, epoch = "", said = ""] = /^(\d+) (.*)$/.exec(line) ?? [];
      return { at: Number(epoch) - truth.epoch, text: `it logs ${said.replaceAll(name, "…")}` };
    });
}
