/**
 * The proxy beside a bare pass-through Worker, and what others cost everybody else: 500 calls that wait for an API that says
 * nothing, 200 answers that come slowly, and a caller who does not read his.
 */
import { type Contestant, compare, type Results } from "./compare.ts";
import { Connection, encode, Load, type LoadRequest } from "./load.ts";
import { openStream, type Stream } from "./proxy-streams.ts";
import { startUpstream } from "./proxy-upstream.ts";
import { callBy, startProxyWorkers } from "./proxy-workers.ts";

const USERS = 600;
const SLOW = 500;
const STREAMS = 200;
const UNREAD_BYTES = 1024 ** 3;
const COUNTS = { token: 2_400, proxy: 1_200 };

type Crowd = "quiet" | "beside 500" | "beside 200";

/** "… beside 500", "… beside 200": the same as "… quiet", with those who wait or those who read slowly. */
export async function measureProxy(rounds: number): Promise<Results> {
  const upstream = await startUpstream();
  const workers = await startProxyWorkers(["postern", "pass"], upstream.origin, USERS);
  const who = workers.people;
  const port = workers.port("postern");
  const [postern, pass] = [new Load(port), new Load(workers.port("pass"))];
  const token: LoadRequest = {
    path: `/v1/connections/azure/token?user_id=${who[0]?.userId}`,
    headers: { authorization: `Bearer ${who[0]?.apiKey}` },
  };
  const kib = callBy("postern", who[0], "/v1.0/kib");

  let waiters: Connection[] = [];
  let streams: Stream[] = [];
  const hold = async () => {
    waiters = await Promise.all(Array.from({ length: SLOW }, () => Connection.open(port)));
    for (const [n, waiter] of waiters.entries()) {
      const slow = callBy("postern", who[n + 1], `/v1.0/slow?n=${n}`);
      waiter.ask(encode(slow, `127.0.0.1:${port}`)).catch(() => undefined);
    }
    for (let tries = 0; (await upstream.waiting()) < SLOW; tries += 1) {
      if (tries > 200) throw new Error("not all of the slow calls reached the API");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const stream = async () => {
    const drips = Array.from({ length: STREAMS }, (_, n) => callBy("postern", who[n + 1], "/v1.0/drip"));
    streams = await Promise.all(drips.map((drip) => openStream(port, drip)));
    for (const { resume } of streams) resume();
    streams.push(await openStream(port, callBy("postern", who[STREAMS + 1], `/v1.0/bytes/${UNREAD_BYTES}`)));
  };
  const letGo = async () => {
    for (const waiter of waiters) waiter.close();
    for (const { close } of streams) close();
    [waiters, streams] = [[], []];
    // Miniflare's own sockets do not tell a Worker that its caller hung up.
    while ((await upstream.waiting()) > 0) {
      await upstream.release();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  let around: Crowd = "quiet";
  const gather = async (crowd: Crowd) => {
    if (crowd === around) return;
    await letGo();
    if (crowd === "beside 500") await hold();
    if (crowd === "beside 200") await stream();
    around = crowd;
  };
  const contestant = (
    name: string,
    load: Load,
    count: number,
    request: LoadRequest,
    crowd: Crowd,
  ): Contestant => ({
    name: `${name} ${crowd}`,
    count,
    prepare: async () => {
      await gather(crowd);
      await load.prepare();
    },
    run: (from) => load.run(from, count, () => request),
  });
  const passed = callBy("pass", undefined, "/v1.0/kib");
  try {
    return await compare(
      [
        contestant("token", postern, COUNTS.token, token, "quiet"),
        contestant("proxy", postern, COUNTS.proxy, kib, "quiet"),
        contestant("pass", pass, COUNTS.proxy, passed, "quiet"),
        contestant("token", postern, COUNTS.token, token, "beside 500"),
        contestant("proxy", postern, COUNTS.proxy, kib, "beside 500"),
        contestant("token", postern, COUNTS.token, token, "beside 200"),
        contestant("proxy", postern, COUNTS.proxy, kib, "beside 200"),
      ],
      { rounds },
    );
  } finally {
    await letGo();
    for (const load of [postern, pass]) load.close();
    await workers.close();
    await upstream.close();
  }
}
