/** Those who ask for tokens all the time, kill or no kill, and look at what they get. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Chance } from "./chance.ts";
import type { Connection } from "./connection.ts";
import type { Answer, Postern } from "./postern.ts";
import type { Tally } from "./tally.ts";
import type { Truth } from "./truth.ts";

type Wish = "graph" | "arm" | "refresh" | "profile";

const WISHES: Record<Wish, number> = { graph: 50, arm: 15, refresh: 25, profile: 10 };
/** What a caller may be told while the provider is cut off and workerd dies: all of it passes. */
const PASSING = new Set(["provider_unavailable", "store_unavailable", "overloaded", "timeout"]);

export interface Ground {
  readonly postern: Postern;
  readonly truth: Truth;
  readonly tally: Tally;
  /** A caller was told that a person is needed. */
  lost(connection: Connection, cause: string): void;
}

/** Asks until `signal` says stop. */
export async function callAgainAndAgain(
  connection: Connection,
  ground: Ground,
  chance: Chance,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await sleep(chance.between(40, 400));
    if (connection.live && !signal.aborted) await callOnce(connection, chance.weighted(WISHES), ground);
  }
}

async function callOnce(connection: Connection, wish: Wish, ground: Ground): Promise<void> {
  const { postern, tally } = ground;
  const { epoch } = connection;
  const { generation, serving } = postern;
  let answer: Answer;
  try {
    answer = await ask(connection, wish);
  } catch {
    const killed = !serving || !postern.serving || postern.generation !== generation;
    if (killed) tally.cutOff += 1;
    else tally.hangUps += 1;
    return;
  }
  // What was asked before a new sign-in is about what was there before.
  if (connection.live && connection.epoch === epoch) judge(connection, wish, answer, ground);
}

function ask(connection: Connection, wish: Wish): Promise<Answer> {
  if (wish === "refresh") return connection.refresh();
  return wish === "profile" ? connection.profile() : connection.token(wish);
}

function judge(connection: Connection, wish: Wish, answer: Answer, ground: Ground): void {
  const { truth, tally } = ground;
  const fail = (text: string) => tally.failures.push({ user: connection.user, at: truth.now(), text });
  if (answer.status === 200) {
    const wrong = wrongIn(connection, wish, answer, ground);
    if (wrong === undefined) return;
    tally.wrongTokens += 1;
    fail(wrong);
    return;
  }
  const code = String(answer.json.code);
  if (code === "needs_reauth") {
    ground.lost(connection, String(answer.json.cause));
    return;
  }
  tally.refused(code);
  // A token that ended with its grant is refused by the API; until the next try of a refresh that is all there is to say.
  if (wish === "profile" && code === "provider_rejected") return;
  if (!PASSING.has(code)) fail(`${wish} was answered ${answer.status} ${answer.text.slice(0, 300)}`);
}

/** What is wrong with a good answer, if anything. */
function wrongIn(connection: Connection, wish: Wish, answer: Answer, ground: Ground): string | undefined {
  const { truth, tally } = ground;
  const { json } = answer;
  if (wish === "profile") {
    tally.profilesServed += 1;
    return json.id === connection.who.id ? undefined : `the profile of ${String(json.id)} was served`;
  }
  if (wish === "refresh") {
    tally.refreshesServed += 1;
    return json.user_id === connection.user
      ? undefined
      : `the connection of ${String(json.user_id)} was served`;
  }
  tally.tokensServed += 1;
  const issuer = truth.issuerOf(String(json.access_token));
  if (issuer === undefined) return "a token was served that the provider never gave out";
  if (issuer.connection !== connection.user) return `a token of ${issuer.connection} was served`;
  issuer.served = true;
  issuer.held ??= "what came with it was served";
  return undefined;
}
