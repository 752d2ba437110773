/**
 * The herd itself: some callers on a socket each, the others in a Worker that is bound to every front. All of them set
 * off at once.
 */
import { once } from "node:events";
import { type IncomingMessage, request as send } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Call, Contestant, Ended, Order } from "./herd-calls.ts";
import { FRONTS } from "./herd-cast.ts";
import type { HerdWorkers, Who } from "./herd-workers.ts";
import { Connection, encode, type LoadRequest } from "./load.ts";

export interface Herd {
  readonly contestant?: Contestant;
  /** How many fronts are called; all unless told. */
  readonly fronts?: number;
  readonly who: Who;
  readonly http: number;
  readonly rpc: number;
  /** In turn; a plain read unless told. */
  readonly calls?: readonly Call[];
}

export interface Outcome extends Ended {
  /** From the first caller's setting off to the last one's answer: nobody waited longer. */
  readonly slowestMs: number;
  /** How many calls were under way at once. */
  readonly atOnce: number;
}

function requestOf({ userId, key }: Who, call: Call): LoadRequest {
  const headers = { authorization: `Bearer ${key}` };
  const path = `/v1/connections/azure`;
  if (call.forced) return { method: "POST", path: `${path}/refresh?user_id=${userId}`, headers };
  const minTtl = call.minTtl === undefined ? "" : `&min_ttl=${call.minTtl}`;
  return { path: `${path}/token?user_id=${userId}${minTtl}`, headers };
}

function said(body: Buffer, tokens: Set<string>): string {
  const { access_token: token, status } = JSON.parse(body.toString("utf8")) as Record<string, string>;
  if (token !== undefined) tokens.add(token);
  return token === undefined ? (status ?? "nothing") : "token";
}

/** A problem's code, or whatever went wrong. */
const refusal = (error: unknown) => /"code":"(\w+)"/.exec(String(error))?.[1] ?? String(error);

async function hangUp(socket: Connection, afterMs: number): Promise<undefined> {
  await sleep(afterMs);
  socket.close();
}

class Tally {
  readonly answers: Record<string, number> = {};
  readonly tokens = new Set<string>();
  count = 0;

  add(answer: string, times = 1): void {
    this.answers[answer] = (this.answers[answer] ?? 0) + times;
    this.count += times;
  }
}

/** The second Worker's part; `begun` is called once all of its calls are under way. */
async function callByRpc(port: number, herd: Herd, tally: Tally, begun: () => void): Promise<void> {
  const { who, rpc, calls = [{}], contestant = "postern", fronts = FRONTS } = herd;
  const order: Order = { ...who, count: rpc, calls, contestant, fronts };
  const sent = send({ port, host: "127.0.0.1", method: "POST", agent: false }).end(JSON.stringify(order));
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  let text = "";
  for await (const chunk of response) {
    if (text === "") begun();
    text += String(chunk);
  }
  const ended = JSON.parse(text.slice(text.indexOf("\n"))) as Ended;
  for (const [answer, times] of Object.entries(ended.answers)) tally.add(answer, times);
  for (const token of ended.tokens) tally.tokens.add(token);
}

/** workerd hangs up on whoever said nothing for five seconds, which may be before the last one is open. */
async function openAll(ports: readonly number[], count: number): Promise<Connection[]> {
  const open = (n: number) => Connection.open(ports[n % ports.length] ?? 0);
  const sockets = await Promise.all(Array.from({ length: count }, (_, n) => open(n)));
  return Promise.all(sockets.map((socket, n) => (socket.isOpen ? socket : open(n))));
}

export async function setOff(workers: HerdWorkers, herd: Herd): Promise<Outcome> {
  const { http, rpc, calls = [{}], contestant = "postern", fronts = FRONTS } = herd;
  const sockets = await openAll(workers.ports[contestant].slice(0, fronts), http);
  const requests = calls.map((call) => encode(requestOf(herd.who, call), "127.0.0.1"));
  const tally = new Tally();
  // Calls of the second Worker cannot end before it said that all have begun, so what ended before are sockets' calls.
  let endedBefore = 0;
  const started = performance.now();
  const byRpc =
    rpc === 0
      ? Promise.resolve()
      : callByRpc(workers.callerPort, herd, tally, () => {
          endedBefore = tally.count;
        });
  const bySocket = sockets.map(async (socket, n) => {
    const turn = n % requests.length;
    try {
      const asked = socket.ask(requests[turn] ?? Buffer.alloc(0));
      const body = await (calls[turn]?.abortAfter === undefined
        ? asked
        : Promise.race([asked, hangUp(socket, calls[turn].abortAfter)]));
      tally.add(body === undefined ? "gave up" : said(body, tally.tokens));
    } catch (error) {
      tally.add(refusal(error));
    }
  });
  await Promise.all([byRpc, ...bySocket]);
  const slowestMs = performance.now() - started;
  for (const socket of sockets) socket.close();
  const { answers, tokens } = tally;
  return { answers, tokens: [...tokens], slowestMs, atOnce: http + rpc - endedBefore };
}
