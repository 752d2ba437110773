/** The herd's figures, as rows of the table. */
import { CALLERS, type Held, type HerdResults, medianOf, type Told, timesAsLong } from "./herd.ts";
import { AUTHORITY, FRONTS } from "./herd-cast.ts";

type Row = (what: string, measured: string, bound?: string, holds?: boolean) => void;

const MOST_BYTES = 64 * 1024 * 1024;
const mib = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(0)} MiB`;
const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;

const answered = (told: Told, what: string) => told.answers[what] ?? 0;

/** How many token requests there were, where all were answered and by the same token. */
function count(row: Row, what: string, told: Told, callers: number, answer = "token", bound = 1): void {
  const all = answered(told, answer) === callers && told.tokens.length <= 1;
  const measured = all
    ? String(told.tokenRequests)
    : `${told.tokenRequests}, ${JSON.stringify(told.answers)}`;
  row(what, measured, bound === 1 ? "1" : `<= ${bound}`, all && told.tokenRequests <= bound);
}

function memoryRows(row: Row, held: Held): void {
  const { [AUTHORITY]: authority = Number.NaN, ...fronts } = held.peaks;
  const front = Math.max(...Object.values(fronts));
  row("herd: most memory of a front isolate", mib(front), "< 64 MiB", front < MOST_BYTES);
  row("herd: most memory of the authority's isolate", mib(authority), "< 64 MiB", authority < MOST_BYTES);
}

function heldRows(row: Row, held: Held): void {
  const { told, waiting, afterwards } = held;
  row("  herd: calls that wait at once", String(told.atOnce));
  const inUse = `${waiting.fronts} in fronts, ${waiting.authority} in the authority`;
  row(
    "herd: instances in use while all wait",
    inUse,
    "0, 1",
    waiting.fronts === 0 && waiting.authority === 1,
  );
  const [left, others] = [answered(told, "gave up"), answered(told, "token")];
  row(
    "herd: a tenth gives up half-way, the others",
    `${others} of ${CALLERS - left} answered`,
    "all",
    left === CALLERS / 10 && others === CALLERS - left && told.tokens.length === 1,
  );
  count(row, "herd: token requests, then", told, CALLERS - left);
  const live = afterwards.fronts + afterwards.authority;
  row("herd: instances in use afterwards", String(live), "0", live === 0);
}

export function herdRows(row: Row, results: HerdResults): void {
  const { rounds, minTtl, forced, mixed, held, oneFront } = results;
  const time = (what: string, name: keyof (typeof rounds)[number]) =>
    row(`  herd: ${what}`, seconds(medianOf(rounds, name)));
  time(`${CALLERS} callers, ${FRONTS} front isolates, half HTTP, half RPC: the slowest`, "herd");
  time("a caller alone, whom a refresh keeps waiting", "alone");
  time("the queue's cost: as many, and no refresh is needed", "queue");
  time("as many calls to Workers and an object that do nothing", "plain");
  time("as many, where an isolate may remember the token", "remembered");
  const ratio = timesAsLong(rounds);
  row("herd: the slowest against 1.5 refreshes + queue", `${ratio.toFixed(2)}x`, "<= 1x", ratio <= 1);
  for (const [n, { herd }] of rounds.entries())
    count(row, `herd: token requests, round ${n + 1}`, herd, CALLERS);
  const noRefresh = rounds.flatMap(({ queue, remembered }) => [queue, remembered]);
  const asked = noRefresh.reduce((sum, { tokenRequests }) => sum + tokenRequests, 0);
  row("herd: token requests where none is needed", String(asked), "0", asked === 0);
  count(row, "herd: min_ttl above the lifetime, 1000 at once: token requests", minTtl, 1_000);
  count(row, "herd: forced, 1000 at once: token requests", forced, 1_000, "connected");
  const thirds = `${answered(mixed, "token")} tokens, ${answered(mixed, "connected")} refreshed`;
  row(`  herd: all three kinds, ${CALLERS} at once: token requests`, `${mixed.tokenRequests} (${thirds})`);
  heldRows(row, held);
  memoryRows(row, held);
  const alone = Math.max(...Object.values(oneFront.peaks));
  row(`  herd: most memory, all ${CALLERS} in one front isolate`, mib(alone));
  count(row, "herd: token requests, through one front isolate", oneFront.told, CALLERS - CALLERS / 10);
}
