/** All of Postern for a browser, on free ports and in a folder of its own: the user's `.dev.vars` and data stay as they are. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { freePort, stopChild } from "../../scripts/children.ts";
import { APP_USER, type Demo } from "../../scripts/demo.ts";
import { RETURN_PATH, startDemoApp } from "../../scripts/demo-app.ts";
import { DEMO_PERMISSIONS } from "../../scripts/demo-key.ts";
import { freshVars, writeVars } from "../../scripts/dev-vars.ts";
import { ask, type LocalPostern, migrate, startDev, waitForHealth } from "../../scripts/local-postern.ts";
import type { GitHub } from "../world/github/github.ts";
import type { Google } from "../world/google/google.ts";
import type { Microsoft } from "../world/microsoft/microsoft.ts";
import { providerVariables, redirectUri } from "../world/variables.ts";
import { addressesOf, startWorlds } from "../world/worlds.ts";

export const ORGANIZATION = "demo";

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export interface Stack {
  readonly origin: string;
  readonly microsoft: Microsoft;
  readonly github: GitHub;
  readonly google: Google;
  /** The caller's own application, and the one URL there that people may be sent back to. */
  readonly returnTo: string;
  /** What `npm start` would tell of all this, its demo application included. */
  readonly demo: Demo;
  /** A one-time connect link. */
  link(userId: string, parameters?: Record<string, string>): Promise<string>;
  call(method: string, path: string, body?: unknown): Promise<Answer>;
  /** As if time had passed: no clock can be turned in workerd. */
  database(sql: string, ...parameters: string[]): void;
  close(): Promise<void>;
}

let stack: Promise<Stack> | undefined;

/** One for all test files of a process. */
export function sharedStack(): Promise<Stack> {
  stack ??= start();
  return stack;
}

export async function closeStack(): Promise<void> {
  const running = stack;
  stack = undefined;
  await (await running)?.close();
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "localhost", () => resolve((server.address() as AddressInfo).port));
  });
}

/** The caller's application: a page and nothing else. */
const PAGE =
  '<!doctype html><html lang="en"><title>Demo app</title><link rel="icon" href="data:,"><h1>Back in the demo app</h1>';

async function start(): Promise<Stack> {
  const folder = mkdtempSync(join(tmpdir(), "postern-e2e-"));
  const stops: (() => Promise<unknown> | unknown)[] = [
    () => rmSync(folder, { recursive: true, force: true }),
  ];
  const close = async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  };
  try {
    const app = createServer((_, response) => response.setHeader("content-type", "text/html").end(PAGE));
    const appOrigin = `http://localhost:${await listening(app)}`;
    stops.push(() => {
      app.close();
      app.closeAllConnections();
    });
    const port = await freePort();
    const origin = `http://localhost:${port}`;
    let key = "";
    const demoApp = await startDemoApp({ port: 0, postern: () => ({ origin, key }), user: APP_USER });
    stops.push(() => demoApp.close());
    const returnTo = `${appOrigin}/done?from=postern`;
    const { worlds, vars } = await startWorld(
      port,
      [appOrigin, demoApp.origin],
      [returnTo, `${demoApp.origin}${RETURN_PATH}`],
    );
    stops.push(() => worlds.close());
    const { microsoft, github, google } = worlds;
    const postern: LocalPostern = {
      port,
      state: join(folder, "state"),
      log: join(folder, "wrangler.log"),
      logs: join(folder, "logs"),
      envFile: join(folder, "vars"),
    };
    writeVars(join(folder, "vars"), vars, "# One run of the browser tests.");
    migrate(postern);
    const dev = startDev(postern);
    stops.push(() => stopChild(dev));
    for (const signal of ["SIGINT", "SIGTERM"] as const)
      process.once(signal, () => void close().finally(() => process.exit(1)));
    await waitForHealth(postern);
    const made = await ask(`${origin}/v1/api-keys`, vars.ADMIN_API_KEY ?? "", {
      org_id: ORGANIZATION,
      name: "browser tests",
      permissions: DEMO_PERMISSIONS,
    });
    key = String(made.key);
    const demo = {
      origin,
      key,
      admin: vars.ADMIN_API_KEY ?? "",
      app: demoApp.origin,
      others: ["github", "google"],
    };
    const providers = { microsoft, github, google };
    return { origin, ...providers, returnTo, demo, close, ...caller(origin, key), ...store(postern.state) };
  } catch (error) {
    const log = readIfThere(join(folder, "wrangler.log"));
    await close();
    throw new Error(`Postern did not start.\n${log}`, { cause: error });
  }
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, "utf8").slice(-4000);
  } catch {
    return "";
  }
}

async function startWorld(port: number, apps: readonly string[], returns: readonly string[]) {
  const origin = `http://localhost:${port}`;
  const client = freshVars(port);
  const worlds = await startWorlds({
    microsoft: {
      clientId: client.AZURE_CLIENT_ID ?? "",
      clientSecret: client.AZURE_CLIENT_SECRET ?? "",
      redirectUris: [`${origin}/callback/azure`, `${origin}/callback`],
    },
    github: { redirectUris: [redirectUri("GITHUB", origin)] },
    google: { redirectUris: [redirectUri("GOOGLE", origin)] },
  });
  const { microsoft } = worlds;
  const { GITHUB, GOOGLE } = addressesOf(worlds);
  const origins = {
    login: microsoft.loginOrigin,
    graph: microsoft.graphOrigin,
    arm: microsoft.armOrigin,
  };
  const vars: Record<string, string> = {
    ...freshVars(port, origins),
    AZURE_CLIENT_ID: microsoft.clientId,
    AZURE_CLIENT_SECRET: microsoft.clientSecret,
    ...providerVariables("GITHUB", GITHUB, origin),
    ...providerVariables("GOOGLE", GOOGLE, origin),
    ALLOWED_RETURN_URLS: JSON.stringify({ [ORGANIZATION]: returns }),
    AZURE_ALLOWED_SCOPES: "Mail.Send",
  };
  // As in a .dev.vars from before there was one: whoever wants another end than the default says so.
  delete vars.CONNECT_CONFIRM_DEFAULT;
  vars.ALLOW_INSECURE_ORIGINS += `,${apps.join(",")},${GITHUB.origin},${GOOGLE.origin}`;
  return { worlds, vars };
}

function caller(origin: string, key: string): Pick<Stack, "link" | "call"> {
  return {
    link: async (userId, parameters = {}) => {
      const query = new URLSearchParams({ user_id: userId, confirm: "page", ...parameters });
      return String((await ask(`${origin}/connect?${query}`, key)).auth_url);
    },
    call: async (method, path, body) => {
      const response = await fetch(`${origin}${path}`, {
        method,
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    },
  };
}

function store(state: string): Pick<Stack, "database"> {
  return {
    database: (sql, ...parameters) => {
      const folder = join(state, "v3", "d1", "miniflare-D1DatabaseObject");
      const files = readdirSync(folder).filter(
        (name) => name.endsWith(".sqlite") && !name.startsWith("metadata"),
      );
      if (files.length !== 1) throw new Error(`one D1 database was expected: ${files.join(", ")}`);
      const database = new DatabaseSync(join(folder, files[0] ?? ""), { timeout: 5_000 });
      try {
        database.prepare(sql).run(...parameters);
      } finally {
        database.close();
      }
    },
  };
}
