/** Another Worker, with a service binding to each contestant; it also fills their store. */
interface TokenService {
  getToken(parameters: { userId: string; integration: string }): Promise<Record<string, unknown> | undefined>;
}

interface Env {
  POSTERN: TokenService;
  PLAIN: TokenService;
  CONSTANT: TokenService;
  STORE: KVNamespace;
}

interface Range {
  readonly first: number;
  readonly users: number;
}

async function call(service: TokenService, from: number, count: number, of: Range): Promise<void> {
  for (let n = from; n < from + count; n += 1) {
    const userId = `user-${of.first + (n % of.users)}`;
    const token = await service.getToken({ userId, integration: "azure" });
    if (typeof token?.access_token !== "string") throw new Error(`no token: ${JSON.stringify(token)}`);
  }
}

/** `/?service=PLAIN&first=0&users=1&from=0&count=100&parallel=8`: so many calls, in turn over so many users. */
async function calls(query: URLSearchParams, env: Env): Promise<Response> {
  const number = (name: string) => Number(query.get(name));
  const service = env[(query.get("service") ?? "") as "POSTERN" | "PLAIN" | "CONSTANT"];
  const parallel = number("parallel");
  const each = number("count") / parallel;
  const range = { first: number("first"), users: number("users") };
  const lanes = Array.from({ length: parallel }, (_, lane) =>
    call(service, number("from") + lane * each, each, range),
  );
  await Promise.all(lanes);
  return new Response("done");
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    if (request.method === "GET") return calls(new URL(request.url).searchParams, env);
    const entries = (await request.json()) as [string, string][];
    // Values are binary; base64 brings them here.
    const bytes = (base64: string) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    for (let at = 0; at < entries.length; at += 50)
      await Promise.all(entries.slice(at, at + 50).map(([key, value]) => env.STORE.put(key, bytes(value))));
    return new Response("stored");
  },
};
