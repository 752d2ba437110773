/** The herd's Workers while they run, and what is done to them behind their backs. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { Miniflare } from "miniflare";
import { freshVars } from "../../scripts/dev-vars.ts";
import { root } from "../../scripts/local-postern.ts";
import type { Order } from "../world/control.ts";
import type { MicrosoftCounts, Settings } from "../world/microsoft/world.ts";
import { navigationOf, signIn } from "../world/sign-in.ts";
import { convertV4MiniflareOptions, Miniflare as LocalWorkers } from "./deployed.ts";
import type { Contestant, Instances } from "./herd-calls.ts";
import { AUTHORITY, CALLER, type CastOptions, cast, frontsOf, ORG } from "./herd-cast.ts";
import { connectionKey } from "./seed.ts";

const ORIGIN = "https://postern.example";
const ALICE = "alice.anders@contoso.example";
/** Entra's access tokens for Graph are about this long. */
const TOKEN_BYTES = 2_000;

interface World {
  readonly thread: Worker;
  readonly login: string;
  readonly graph: string;
  readonly arm: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

async function startWorld(): Promise<World> {
  const thread = new Worker(new URL("./herd-world.ts", import.meta.url), {
    workerData: { redirectUris: [`${ORIGIN}/callback/azure`] },
  });
  return new Promise((resolve, reject) => {
    thread.once("message", (address: Omit<World, "thread">) => resolve({ thread, ...address }));
    thread.once("error", reject);
  });
}

/** Who is asked for, and the key with which they are asked for over HTTP. */
export interface Who {
  readonly userId: string;
  readonly key: string;
}

export class HerdWorkers {
  readonly #miniflare: Miniflare;
  readonly #world: World;
  readonly #adminKey: string;
  #users = 0;
  /** Of the fronts' and the caller's sockets. */
  readonly ports: Record<Contestant, readonly number[]> = { postern: [], plain: [] };
  callerPort = 0;

  private constructor(miniflare: Miniflare, world: World, adminKey: string) {
    this.#miniflare = miniflare;
    this.#world = world;
    this.#adminKey = adminKey;
  }

  static async start(options: CastOptions = {}): Promise<HerdWorkers> {
    const world = await startWorld();
    const vars: Record<string, string> = {
      ...freshVars(8787, world),
      AZURE_CLIENT_ID: world.clientId,
      AZURE_CLIENT_SECRET: world.clientSecret,
      AZURE_REDIRECT_URI: `${ORIGIN}/callback/azure`,
      LOG_LEVEL: "error",
    };
    const miniflare = new LocalWorkers(convertV4MiniflareOptions(await cast(vars, options)));
    const herd = new HerdWorkers(miniflare, world, vars.ADMIN_API_KEY ?? "");
    await miniflare.ready;
    const portOf = async (name: string) => Number((await miniflare.unsafeGetDirectURL(name)).port);
    for (const contestant of ["postern", "plain"] as const)
      herd.ports[contestant] = await Promise.all(frontsOf(contestant).map(portOf));
    herd.callerPort = await portOf(CALLER);
    await herd.#migrate();
    await herd.control({ access_token_bytes: TOKEN_BYTES });
    return herd;
  }

  async #migrate(): Promise<void> {
    const database = await this.#miniflare.getD1Database("DB", AUTHORITY);
    const folder = join(root, "worker-shim", "migrations");
    for (const file of readdirSync(folder).sort()) {
      const text = readFileSync(join(folder, file), "utf8").replaceAll(/--.*$/gm, "");
      for (const statement of text.split(";").filter((part) => part.trim() !== ""))
        await database.prepare(statement).run();
    }
  }

  async #ask<T>(path: string, body?: unknown): Promise<T> {
    const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
    const response = await fetch(`${this.#world.login}/__world/${path}`, init);
    if (!response.ok) throw new Error(`the world refused ${path}: ${await response.text()}`);
    return (await response.json()) as T;
  }

  async control(order: Order<Settings>): Promise<void> {
    await this.#ask("control", order);
  }

  async tokenRequests(): Promise<number> {
    return (await this.#ask<MicrosoftCounts>("stats")).token.requests;
  }

  async #http(path: string, init: RequestInit = {}): Promise<Response> {
    const url = `http://127.0.0.1:${this.ports.postern[0]}${path}`;
    // On a connection of its own: workerd may hang up on a kept one just as it is used again.
    const headers = { ...init.headers, connection: "close" };
    const response = await fetch(url, { redirect: "manual", ...init, headers });
    if (response.status >= 400) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response;
  }

  async #createKey(name: string): Promise<string> {
    const made = await this.#http("/v1/api-keys", {
      method: "POST",
      headers: { authorization: `Bearer ${this.#adminKey}`, "content-type": "application/json" },
      body: JSON.stringify({ org_id: ORG, name, permissions: ["*"] }),
    });
    return ((await made.json()) as { key: string }).key;
  }

  /** Somebody who has signed in, whose access token lives so many seconds, and a key that nobody has shown yet. */
  async connect(seconds: number): Promise<Who> {
    const userId = `user-${this.#users++}`;
    const [key, another] = [await this.#createKey(userId), await this.#createKey(userId)];
    await this.control({ expires_in: seconds });
    const authorization = `Bearer ${another}`;
    const linked = await this.#http(`/connect?user_id=${userId}`, { headers: { authorization } });
    const { auth_url: link } = (await linked.json()) as { auth_url: string };
    const headers = { origin: ORIGIN, "sec-fetch-site": "same-origin" };
    const pressed = await this.#http(new URL(link).pathname, { method: "POST", headers });
    const cookie = (pressed.headers.getSetCookie()[0] ?? "").split(";")[0] ?? "";
    const authorizeUrl = navigationOf(await pressed.text());
    const callback = new URL(await signIn({ authorizeUrl, email: ALICE }));
    await this.#http(callback.pathname + callback.search, { headers: { cookie } });
    await this.control({ expires_in: 3600 });
    return { userId, key };
  }

  async inKv({ userId }: Who): Promise<ArrayBuffer> {
    const store = await this.#miniflare.getKVNamespace("AZURE_TOKENS", AUTHORITY);
    const value = await store.get(connectionKey(ORG, userId), "arrayBuffer");
    if (value === null) throw new Error("KV has no such connection");
    return value;
  }

  async putInKv({ userId }: Who, value: ArrayBuffer): Promise<void> {
    const store = await this.#miniflare.getKVNamespace("AZURE_TOKENS", AUTHORITY);
    await store.put(connectionKey(ORG, userId), value);
  }

  /** The core's instances in each isolate, where the bundle tells. */
  async instances(): Promise<Record<string, Instances>> {
    const response = await fetch(`http://127.0.0.1:${this.callerPort}/`, {
      headers: { connection: "close" },
    });
    return (await response.json()) as Record<string, Instances>;
  }

  inspector(): Promise<URL> {
    return this.#miniflare.getInspectorURL();
  }

  async close(): Promise<void> {
    await this.#miniflare.dispose();
    await this.#world.thread.terminate();
  }
}
