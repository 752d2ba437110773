/**
 * What Cloudflare's free plan allows, and what Postern takes of it (docs/deploy.md). Processor time is all of workerd's while each
 * operation is asked for again and again: the Worker's and the object's, which have 10 ms each, and the local KV's, D1's and disk's,
 * which in a deployment are nobody's bill. So it is an upper bound; what the stores take of a refresh has a row of its own.
 * https://developers.cloudflare.com/workers/platform/limits/
 */
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { freshVars } from "../../scripts/dev-vars.ts";
import { root } from "../../scripts/local-postern.ts";
import { type Microsoft, startMicrosoft } from "../world/microsoft/microsoft.ts";
import { signIn } from "../world/sign-in.ts";
import { convertV4MiniflareOptions, Miniflare, uploaded, workerdPid, wranglerSettings } from "./deployed.ts";
import { mostSubrequests } from "./operations.ts";
import { bundled, cpuMicrosOf, SOCKET } from "./workers.ts";

const FREE = { cpuMs: 10, subrequests: 50 };
/** Users, each of whom does everything once: the system counts processor time in hundredths of a second. */
const USERS = 200;
const ALICE = "alice.anders@contoso.example";
const ORIGIN = "https://postern.example";
/** As Graph's messages are with their bodies: some kilobytes each. */
const MESSAGE_BYTES = 4_000;

export interface Operation {
  readonly name: string;
  /** Microseconds of one; undefined where the system does not tell. */
  readonly cpu: number | undefined;
}

/** Graph, which answers `$top` messages of that size at once; all else the emulated one answers. */
async function bulkyGraph(microsoft: () => Microsoft): Promise<Server> {
  const message = (n: number) => ({
    id: `AAMk${n}`,
    subject: `Message ${n}`,
    receivedDateTime: "2026-01-02T03:04:05Z",
    body: { contentType: "html", content: '<p>A "word" and another.</p>'.repeat(MESSAGE_BYTES / 40) },
  });
  const server = createServer((request, response) => {
    const { pathname, searchParams, search } = new URL(request.url ?? "/", "http://localhost");
    if (pathname === "/v1.0/me/messages") {
      const value = Array.from({ length: Number(searchParams.get("$top")) }, (_, n) => message(n));
      response.setHeader("content-type", "application/json").end(JSON.stringify({ value }));
      return;
    }
    const { authorization = "" } = request.headers;
    void fetch(`${microsoft().graphOrigin}${pathname}${search}`, { headers: { authorization } }).then(
      async (answer) => {
        response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" });
        response.end(await answer.text());
      },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  return server;
}

async function start() {
  const redirect = `${ORIGIN}/callback/azure`;
  const microsoft = await startMicrosoft({ redirectUris: [redirect] });
  const graph = await bulkyGraph(() => microsoft);
  const graphOrigin = `http://localhost:${(graph.address() as AddressInfo).port}`;
  const { loginOrigin: login, armOrigin: arm, clientId, clientSecret } = microsoft;
  const vars: Record<string, string> = {
    ...freshVars(8787, { login, graph: graphOrigin, arm }),
    AZURE_CLIENT_ID: clientId,
    AZURE_CLIENT_SECRET: clientSecret,
    AZURE_REDIRECT_URI: redirect,
    LOG_LEVEL: "error",
  };
  const shared = { ...wranglerSettings(), unsafeDirectSockets: SOCKET };
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      cf: false,
      telemetry: { enabled: false },
      logRequests: false,
      workers: [
        {
          name: "postern",
          ...shared,
          ...uploaded(),
          bindings: vars,
          kvNamespaces: ["AZURE_TOKENS"],
          d1Databases: ["DB"],
          durableObjects: { CONNECTION: { className: "ConnectionObject", useSQLite: true } },
        },
        {
          name: "stores",
          ...shared,
          modules: true,
          script: await bundled("stores-worker.ts"),
          kvNamespaces: { STORE: "store" },
          d1Databases: { DB: "rows" },
          durableObjects: { OBJECT: { className: "StoresObject", useSQLite: true } },
        },
      ],
    }),
  );
  const database = await miniflare.getD1Database("DB", "postern");
  const migrations = join(root, "worker-shim", "migrations");
  for (const file of readdirSync(migrations).sort()) {
    const text = readFileSync(join(migrations, file), "utf8").replaceAll(/--.*$/gm, "");
    for (const statement of text.split(";").filter((part) => part.trim() !== ""))
      await database.prepare(statement).run();
  }
  const rows = await miniflare.getD1Database("DB", "stores");
  await rows.prepare("CREATE TABLE rows (name TEXT PRIMARY KEY, value TEXT)").run();
  const at = async (name: string) => `http://127.0.0.1:${(await miniflare.unsafeGetDirectURL(name)).port}`;
  return {
    admin: vars.ADMIN_API_KEY ?? "",
    at: await at("postern"),
    stores: await at("stores"),
    close: async () => {
      await miniflare.dispose();
      graph.close();
      graph.closeAllConnections();
      await microsoft.close();
    },
  };
}

/** As a browser, or with a key; every answer has to be a good one. */
function asker(at: string) {
  return async (path: string, init: RequestInit = {}, wanted = 200): Promise<Response> => {
    const response = await fetch(at + path.replace(ORIGIN, ""), { redirect: "manual", ...init });
    if (response.status !== wanted)
      throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return response;
  };
}

export async function measureFree(): Promise<Operation[]> {
  const postern = await start();
  const pid = workerdPid();
  const cpu = () => (pid === undefined ? undefined : cpuMicrosOf(pid));
  const ask = asker(postern.at);
  const operations: Operation[] = [];
  const users = Array.from({ length: USERS }, (_, n) => `user-${n}`);
  const measure = async <T>(name: string, one: (user: string, n: number) => Promise<T>): Promise<T[]> => {
    const answers: T[] = [];
    const before = cpu();
    for (const [n, user] of users.entries()) answers.push(await one(user, n));
    const after = cpu();
    const each = before === undefined || after === undefined ? undefined : (after - before) / USERS;
    operations.push({ name, cpu: each });
    return answers;
  };
  try {
    const made = await ask(
      "/v1/api-keys",
      {
        method: "POST",
        headers: { authorization: `Bearer ${postern.admin}` },
        body: JSON.stringify({ org_id: "bench", name: "bench", permissions: ["*"] }),
      },
      201,
    );
    const { key } = (await made.json()) as { key: string };
    const headers = { authorization: `Bearer ${key}` };
    const get = async (path: string) => (await ask(path, { headers })).text();
    const of = (user: string, below = "", more = "") =>
      `/v1/connections/azure${below}?user_id=${user}${more}`;
    // Until the engine has compiled what is used: a cold start has a row of its own.
    for (const user of users) await get(`/v1/connections?user_id=${user}`);

    await measure("style sheet, which no flow serves", async () =>
      (await ask("/assets/postern.css")).arrayBuffer(),
    );
    const links = await measure("connect link made", async (user) => {
      const link = JSON.parse(await get(`/connect?user_id=${user}`)) as { auth_url: string };
      return link.auth_url;
    });
    await measure("connect link shown", async (_, n) => (await ask(links[n] ?? "")).text());
    const sent = await measure("connect link pressed", async (_, n) => {
      const pressed = await fetch(postern.at + (links[n] ?? "").replace(ORIGIN, ""), {
        method: "POST",
        redirect: "manual",
        headers: { origin: ORIGIN, "sec-fetch-site": "same-origin" },
      });
      const html = await pressed.text();
      const [, refresh] = /http-equiv="refresh" content="[^"]*url=([^"]+)"/i.exec(html) ?? [];
      const location = pressed.headers.get("location") ?? refresh?.replaceAll("&amp;", "&") ?? "";
      return { location, cookie: (pressed.headers.getSetCookie()[0] ?? "").split(";")[0] ?? "" };
    });
    const callbacks: string[] = [];
    for (const { location } of sent) callbacks.push(await signIn({ authorizeUrl: location, email: ALICE }));
    await measure("callback: code, tokens, ID token, profile", async (_, n) =>
      (await ask(callbacks[n] ?? "", { headers: { cookie: sent[n]?.cookie ?? "" } })).text(),
    );
    await measure("token, cold", (user) => get(of(user, "/token")));
    await measure("token, warm", (user) => get(of(user, "/token")));
    await measure("token of another API", (user) => get(of(user, "/token", "&resource=arm")));
    await measure("refresh", async (user) =>
      (await ask(of(user, "/refresh"), { method: "POST", headers })).text(),
    );
    await measure("  a refresh's work in the stores alone", async (user) =>
      (await asker(postern.stores)(`/${user}`)).text(),
    );
    await measure("connection described", (user) => get(of(user)));
    await measure("connections listed, 50", () => get("/v1/connections"));
    await measure("events listed, 100", () => get("/v1/events"));
    await measure("profile", (user) => get(`/user?user_id=${user}`));
    await measure("mail, 10 messages (40 KiB)", (user) => get(`/mail?user_id=${user}&top=10`));
    await measure("mail, 50 messages (200 KiB)", (user) => get(`/mail?user_id=${user}&top=50`));
    await measure("mail, 230 messages (900 KiB)", (user) => get(`/mail?user_id=${user}&top=230`));
    await measure("disconnect", async (user) => (await ask(of(user), { method: "DELETE", headers })).text());
  } finally {
    await postern.close();
  }
  return operations;
}

type Row = (what: string, measured: string, bound?: string, holds?: boolean) => void;

export function freeRows(row: Row, operations: readonly Operation[]): void {
  for (const { name, cpu } of operations) {
    const measured = cpu === undefined ? "unknown" : `${(cpu / 1000).toFixed(1)} ms`;
    // What is more than the bound may be the stores' own: no verdict but that it fits.
    const fits = cpu !== undefined && cpu <= FREE.cpuMs * 1000;
    row(`free plan, CPU: ${name}`, measured, `<= ${FREE.cpuMs} ms`, fits ? true : undefined);
  }
  const { operation, count } = mostSubrequests();
  const worst = `${count} (${operation})`;
  row(
    "free plan: subrequests of one run, at most",
    worst,
    `<= ${FREE.subrequests}`,
    count <= FREE.subrequests,
  );
}
