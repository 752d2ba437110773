/**
 * Another Worker, with a service binding to each front. It calls all of them at once: says `begun` when all calls are
 * under way, and how they ended when all have.
 */
import type { Call, Ended, Instances, Order } from "./herd-calls.ts";

interface Answer {
  readonly access_token?: string;
  readonly status?: string;
  readonly code?: string;
}

interface Front {
  figures(): Promise<Instances>;
  getToken(parameters: object): Promise<Answer>;
  refresh(parameters: object): Promise<Answer>;
  fetch(url: string, init: RequestInit): Promise<Response>;
}

const PATH = "https://postern.example/v1/connections/azure/token?user_id=";

async function ask(front: Front, { userId, key }: Order, call: Call): Promise<Answer> {
  const parameters = { userId, integration: "azure" };
  if (call.abortAfter !== undefined) {
    const response = await front.fetch(PATH + userId, {
      headers: { authorization: `Bearer ${key}` },
      signal: AbortSignal.timeout(call.abortAfter),
    });
    return response.json();
  }
  if (call.forced) return front.refresh(parameters);
  return front.getToken(call.minTtl === undefined ? parameters : { ...parameters, minTtl: call.minTtl });
}

async function one(front: Front, order: Order, call: Call, tokens: Set<string>): Promise<string> {
  try {
    const { access_token: token, status, code } = await ask(front, order, call);
    if (token !== undefined) tokens.add(token);
    return token !== undefined ? "token" : (code ?? status ?? "nothing");
  } catch (error) {
    if (call.abortAfter !== undefined && error instanceof Error && error.name === "TimeoutError")
      return "gave up";
    return String(error);
  }
}

/** The bindings whose names begin so. */
const bound = (env: Record<string, Front>, prefix: string) =>
  Object.entries(env).filter(([name]) => name.startsWith(prefix));

async function figures(env: Record<string, Front>): Promise<Response> {
  const all = bound(env, "figures ").map(async ([name, front]) => [name.slice(8), await front.figures()]);
  return Response.json(Object.fromEntries(await Promise.all(all)));
}

export default {
  async fetch(request: Request, env: Record<string, Front>): Promise<Response> {
    if (request.method === "GET") return figures(env);
    const order = (await request.json()) as Order;
    const fronts = bound(env, order.contestant)
      .map(([, front]) => front)
      .slice(0, order.fronts);
    const tokens = new Set<string>();
    const calls = Array.from({ length: order.count }, (_, n) => {
      const [front, call] = [fronts[n % fronts.length], order.calls[n % order.calls.length]];
      if (front === undefined || call === undefined) throw new Error("nobody to call, or nothing to ask");
      return one(front, order, call, tokens);
    });
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const encoder = new TextEncoder();
    const tell = async () => {
      await writer.write(encoder.encode("begun\n"));
      const answers: Record<string, number> = {};
      for (const said of await Promise.all(calls)) answers[said] = (answers[said] ?? 0) + 1;
      const ended: Ended = { answers, tokens: [...tokens] };
      await writer.write(encoder.encode(JSON.stringify(ended)));
      await writer.close();
    };
    void tell();
    return new Response(readable);
  },
};
