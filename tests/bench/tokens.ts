/** Reading a token: warm and cold, over HTTP and over a service binding. */
import { type Contestant, compare, type Results } from "./compare.ts";
import type { Load, LoadRequest } from "./load.ts";
import { USERS, type Workers } from "./workers.ts";

const PATH = "/v1/connections/azure/token?user_id=";
const PARALLEL = 16;

/**
 * Cold readers over HTTP and over RPC have people of their own, so that nobody finds what the other has just put
 * into the isolate's memory; a run does not come back to the same people.
 */
const HTTP_USERS = 4_000;
const RPC_USERS = USERS - HTTP_USERS;

/** Requests of one turn. */
const COUNTS = { warm: 2_400, slow: 480 };

export async function measureTokens(workers: Workers, rounds: number): Promise<Results> {
  const requests = workers.people.map(
    ({ userId, apiKey }): LoadRequest => ({
      path: PATH + userId,
      headers: { authorization: `Bearer ${apiKey}` },
    }),
  );
  await checkAnswers(workers, requests);
  const requestOf = (n: number): LoadRequest => requests[n % HTTP_USERS] ?? { path: "/", headers: {} };
  const http = (name: string, load: Load, count: number, cold: boolean): Contestant => ({
    name,
    count,
    prepare: () => load.prepare(),
    run: (from) => load.run(from, count, (n) => requestOf(cold ? n : 0)),
  });
  const rpc = (name: string, service: string, count: number, cold: boolean): Contestant => ({
    name,
    count,
    prepare: () => workers.caller.prepare(),
    run: async (from) => {
      const range = cold ? `first=${HTTP_USERS}&users=${RPC_USERS}` : "first=0&users=1";
      const query = `service=${service}&${range}&from=${from}&count=${count}&parallel=${PARALLEL}`;
      await workers.caller.one({ path: `/?${query}`, headers: {} });
    },
  });
  const { postern, crowded, plain, constant } = workers;
  return compare(
    [
      http("http warm postern", postern, COUNTS.warm, false),
      http("http warm crowded", crowded, COUNTS.warm, false),
      http("http cold crowded", crowded, COUNTS.slow, true),
      http("http constant", constant, COUNTS.warm, false),
      http("http plain", plain, COUNTS.slow, false),
      http("http cold postern", postern, COUNTS.slow, true),
      http("http cold plain", plain, COUNTS.slow, true),
      rpc("rpc warm postern", "POSTERN", COUNTS.warm, false),
      rpc("rpc constant", "CONSTANT", COUNTS.warm, false),
      rpc("rpc plain", "PLAIN", COUNTS.slow, false),
      rpc("rpc cold postern", "POSTERN", COUNTS.slow, true),
      rpc("rpc cold plain", "PLAIN", COUNTS.slow, true),
    ],
    { rounds, cpuMicros: workers.cpuMicros },
  );
}

/** All say the same about the same person, or the comparison is none. */
async function checkAnswers(workers: Workers, requests: readonly LoadRequest[]): Promise<void> {
  const [first] = requests;
  if (first === undefined) throw new Error("no requests");
  const answers = await Promise.all(
    [workers.postern, workers.crowded, workers.plain, workers.constant].map(async (load) =>
      JSON.parse(await load.one(first)),
    ),
  );
  const [postern, ...others] = answers.map((answer) => JSON.stringify(answer));
  if (others.some((other) => other !== postern))
    throw new Error(`the answers differ:\n${JSON.stringify(answers, null, 1)}`);
}
