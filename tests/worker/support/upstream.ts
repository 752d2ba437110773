/** An API behind the proxy that a test plays itself: what arrived there, byte by byte, and what it answers. */
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { type Answer, type Connected, connected as connectedWithKey, createKey, http } from "./client.ts";

export interface Arrived {
  readonly method: string;
  /** Complete, as it was asked for. */
  readonly url: string;
  /** Behind the API's origin. */
  readonly target: string;
  readonly headers: Headers;
  readonly body: string;
  /** As the request told the runtime. */
  readonly cache: string | undefined;
}

type Respond = (arrived: Arrived) => Response | Promise<Response>;

/** Calls to Graph's origin, and to those of `elsewhere`, are answered by `respond`; all others are the world's. */
export function playGraph(respond: Respond, elsewhere: readonly string[] = []): Arrived[] {
  const arrived: Arrived[] = [];
  const real = globalThis.fetch;
  const played = [env.GRAPH_ORIGIN, ...elsewhere];
  vi.stubGlobal("fetch", async (input: RequestInfo | URL, init?: RequestInit) => {
    const url = input instanceof Request ? input.url : String(input);
    const origin = played.find((one) => url.startsWith(`${one}/`));
    if (origin === undefined) return real(input, init);
    const request = new Request(input, init);
    const one = {
      method: request.method,
      url,
      target: url.slice(origin.length),
      headers: request.headers,
      body: await request.text(),
      cache: init?.cache,
    };
    arrived.push(one);
    return respond(one);
  });
  return arrived;
}

export const ok = (body: unknown = { ok: true }, headers: Record<string, string> = {}) =>
  Response.json(body, { headers });

/** A connected user, and a key that may call every API through the proxy. */
export async function proxied(permissions: readonly string[] = ["proxy"]): Promise<Connected> {
  const who = await connectedWithKey();
  const { key } = await createKey(who.org, [...permissions]);
  return { ...who, key };
}

/** Through the proxy to Graph, as its user. */
export function call(who: Connected, target: string, init: RequestInit = {}): Promise<Answer> {
  return callAt(`/v1/proxy/azure/${who.user}${target}`, who, init);
}

export function callAt(path: string, who: Connected, init: RequestInit = {}): Promise<Answer> {
  const headers = new Headers(init.headers);
  if (!headers.has("authorization")) headers.set("authorization", `Bearer ${who.key}`);
  return http(path, { ...init, headers });
}

export const bearerOf = ({ headers }: Arrived) => headers.get("authorization")?.replace(/^Bearer /, "");
