/** Postern's own bundle and a second Worker that is bound to it, in one Miniflare, for tests that run in Node. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { convertV4MiniflareOptions, Miniflare, type V4MiniflareOptions } from "miniflare";
import { type Microsoft, startMicrosoft } from "../../world/microsoft/microsoft.ts";
import { navigationOf, signIn } from "../../world/sign-in.ts";
import { ADMIN_KEY, CALLER_REDIRECT, MASTER_KEYS, ORIGIN, workerVariables } from "../support/variables.ts";

const at = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const OUT = at("build/worker-tests");

function bundle(): void {
  const wrangler = at("node_modules/wrangler/bin/wrangler.js");
  const args = [wrangler, "deploy", "tests/worker/node/worker.ts", "--dry-run", "--outdir", OUT];
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true", CI: "1" };
  rmSync(OUT, { recursive: true, force: true });
  const done = spawnSync(process.execPath, args, { cwd: at("."), encoding: "utf8", env });
  if (done.status !== 0) throw new Error(`the bundle failed\n${done.stdout}${done.stderr}`);
}

const TYPES: Record<string, "ESModule" | "CompiledWasm" | "Text"> = {
  js: "ESModule",
  wasm: "CompiledWasm",
  css: "Text",
  svg: "Text",
};

function modules() {
  const files = readdirSync(OUT).flatMap((name) => {
    const type = TYPES[name.slice(name.lastIndexOf(".") + 1)];
    return type === undefined ? [] : [{ type, path: join(OUT, name) }];
  });
  // The entry comes first.
  return files.sort((a, b) => Number(b.path.endsWith("worker.js")) - Number(a.path.endsWith("worker.js")));
}

type OtherWorkers = NonNullable<Extract<V4MiniflareOptions, { workers: unknown }>["workers"]>;

export interface Answer {
  readonly answer?: unknown;
  readonly thrown?: string;
  readonly status?: number;
  readonly location?: string | null;
  readonly cookies?: string[];
  readonly text?: string;
}

/** A body that the second Worker sends piece by piece. */
export interface Streamed {
  readonly pieces: readonly string[];
  /** Milliseconds between two. */
  readonly gap: number;
  readonly breaks?: boolean;
}

export class Postern {
  readonly microsoft: Microsoft;
  readonly #miniflare: Miniflare;
  #halted = false;
  readonly data: string;
  readonly log: string[];
  /** What only these tests know of; the world knows the rest. */
  readonly secrets = new Map<string, string>([
    [ADMIN_KEY, "administrator's key"],
    [MASTER_KEYS, "MASTER_KEYS"],
  ]);

  private constructor(microsoft: Microsoft, miniflare: Miniflare, data: string, log: string[]) {
    this.microsoft = microsoft;
    this.#miniflare = miniflare;
    this.data = data;
    this.log = log;
  }

  /** `more`: variables besides those of the worker tests, or instead of them. `others`: Workers besides. */
  static async start(more: Record<string, string> = {}, others: OtherWorkers = []): Promise<Postern> {
    bundle();
    const microsoft = await startMicrosoft({ redirectUris: [`${ORIGIN}/callback/azure`, CALLER_REDIRECT] });
    const data = mkdtempSync(join(tmpdir(), "postern-"));
    const log: string[] = [];
    const usual = workerVariables({
      login: microsoft.loginOrigin,
      graph: microsoft.graphOrigin,
      arm: microsoft.armOrigin,
      clientId: microsoft.clientId,
      clientSecret: microsoft.clientSecret,
    });
    const insecure = [usual.ALLOW_INSECURE_ORIGINS, more.ALLOW_INSECURE_ORIGINS].filter(Boolean).join(",");
    const bindings = { ...usual, ...more, ALLOW_INSECURE_ORIGINS: insecure };
    const bound = (props?: Record<string, unknown>) => ({
      name: "postern",
      entrypoint: "AzureService",
      ...(props === undefined ? {} : { props }),
    });
    const miniflare = new Miniflare(
      convertV4MiniflareOptions({
        resourcePersistencePath: data,
        handleStructuredLogs: (entry) => void log.push(String(entry.message)),
        workers: [
          {
            name: "consumer",
            modules: [{ type: "ESModule", path: at("tests/worker/node/consumer.mjs") }],
            compatibilityDate: "2026-08-01",
            serviceBindings: {
              ALL: bound({ org: "acme", permissions: ["*", "proxy"] }),
              READER: bound({ org: "acme", permissions: ["connections:read"] }),
              OTHER: bound({ org: "umbrella", permissions: ["*"] }),
              EMPTY: bound({}),
              NONE: bound(),
              FIGURES: { name: "postern", entrypoint: "Figures" },
            },
          },
          {
            name: "postern",
            unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
            modules: modules(),
            modulesRoot: OUT,
            compatibilityDate: "2026-08-01",
            compatibilityFlags: ["enable_request_signal", "global_fetch_strictly_public"],
            bindings,
            kvNamespaces: ["AZURE_TOKENS"],
            d1Databases: ["DB"],
            durableObjects: { CONNECTION: { className: "ConnectionObject", useSQLite: true } },
          },
          ...others,
        ],
      }),
    );
    const postern = new Postern(microsoft, miniflare, data, log);
    try {
      await postern.#migrate();
    } catch (error) {
      await postern.stop();
      throw error;
    }
    return postern;
  }

  async #migrate(): Promise<void> {
    const database = await this.#miniflare.getD1Database("DB", "postern");
    for (const file of readdirSync(at("worker-shim/migrations")).sort()) {
      const text = readFileSync(join(at("worker-shim/migrations"), file), "utf8").replaceAll(/--.*$/gm, "");
      for (const statement of text.split(";").filter((part) => part.trim() !== "")) {
        await database.prepare(statement).run();
      }
    }
  }

  async stop(): Promise<void> {
    await this.halt();
    await this.microsoft.close();
    rmSync(this.data, { recursive: true, force: true });
  }

  /** Ends the runtime, so that all is on disk. */
  async halt(): Promise<void> {
    if (this.#halted) return;
    this.#halted = true;
    // What never started cannot be disposed of, and must not keep the world from closing.
    await this.#miniflare.dispose().catch((error: unknown) => console.error(error));
  }

  async #ask(order: Record<string, unknown>): Promise<Answer> {
    const response = await this.#miniflare.dispatchFetch("http://consumer/", {
      method: "POST",
      body: JSON.stringify(order),
    });
    return (await response.json()) as Answer;
  }

  /** What the second Worker gets for `env[binding][method](parameters)`. */
  async call(method: string, parameters: unknown = {}, binding = "ALL"): Promise<Record<string, unknown>> {
    const { answer, thrown } = await this.#ask({ binding, method, parameters });
    if (thrown !== undefined) throw new Error(thrown);
    return answer as Record<string, unknown>;
  }

  /** The second Worker calls, and is gone before there is an answer; or lets go of the call and then is gone. */
  async leave(
    method: string,
    parameters: unknown,
    leave: { after: number; dispose: boolean },
  ): Promise<void> {
    const { thrown } = await this.#ask({ binding: "ALL", method, parameters, leave });
    if (thrown !== undefined) throw new Error(thrown);
  }

  /** A call of an API through `env[binding].proxy`, of which the second Worker may let go. */
  async proxy(
    parameters: Record<string, unknown> & {
      request?: { url: string; init?: RequestInit };
      goneAfter?: number;
    },
    binding = "ALL",
    stream?: Streamed,
  ): Promise<{ status: number; headers: Record<string, string>; text: string }> {
    const { answer, thrown } = await this.#ask({ binding, proxy: parameters, stream });
    if (thrown !== undefined) throw new Error(thrown);
    return answer as never;
  }

  /** Straight to Postern's own socket, with all that Node can send. */
  async address(): Promise<URL> {
    return this.#miniflare.unsafeGetDirectURL("postern");
  }

  /** What a subscriber in the second Worker is called with, and what its subscription answers in the end. */
  async subscribe(subscribe: {
    parameters: Record<string, unknown>;
    stopAt?: number;
    failAt?: number;
    stayAt?: number;
    binding?: string;
  }): Promise<{ answer: unknown; batches: { events: { id: string; type: string }[]; cursor: string }[] }> {
    const { answer, thrown } = await this.#ask({ binding: subscribe.binding ?? "ALL", subscribe });
    if (thrown !== undefined) throw new Error(thrown);
    return answer as never;
  }

  /** What the second Worker gets for a fetch over its binding, which it may abort. */
  http(path: string, init: RequestInit = {}, abortAfter?: number, stream?: Streamed): Promise<Answer> {
    const url = path.startsWith("https:") ? path : `${ORIGIN}${path}`;
    return this.#ask({
      binding: "ALL",
      url,
      init,
      stream,
      ...(abortAfter === undefined ? {} : { abortAfter }),
    });
  }

  /** A request to one of the other Workers. */
  async other(name: string, url: string, headers: Record<string, string> = {}): Promise<Answer> {
    const worker = await this.#miniflare.getWorker(name);
    const response = await worker.fetch(url, { headers, redirect: "manual" });
    return {
      status: response.status,
      location: response.headers.get("location"),
      text: await response.text(),
    };
  }

  async figures(): Promise<{ created: number; live: number; free: number; dropped: number }> {
    return (await this.call("figures", undefined, "FIGURES")) as never;
  }

  async key(permissions: readonly string[] = ["*"]): Promise<string> {
    const made = await this.http("/v1/api-keys", {
      method: "POST",
      headers: { authorization: `Bearer ${ADMIN_KEY}` },
      body: JSON.stringify({ org_id: "acme", name: "node", permissions }),
    });
    const { key } = JSON.parse(made.text ?? "") as { key: string };
    this.secrets.set(key, "API key");
    return key;
  }

  /** Up to the callback's URL and the cookie of the browser that may open it. */
  async upToCallback(link: string, email: string): Promise<{ callback: string; cookie: string }> {
    const pressed = await this.http(link, {
      method: "POST",
      headers: { origin: ORIGIN, "sec-fetch-site": "same-origin" },
    });
    const authorizeUrl = navigationOf(pressed.text ?? "");
    if (authorizeUrl === "") throw new Error(`the link answered ${pressed.status}: ${pressed.text}`);
    const callback = await signIn({ authorizeUrl, email });
    const cookie = (pressed.cookies?.[0] ?? "").split(";")[0] ?? "";
    this.secrets.set(link.slice(link.lastIndexOf("/") + 1), "connect link");
    this.secrets.set(cookie.slice(cookie.indexOf("=") + 1), "cookie");
    return { callback, cookie };
  }

  async connect(userId: string, email: string): Promise<void> {
    const link = await this.call("createConnectLink", { userId });
    const { callback, cookie } = await this.upToCallback(String(link.auth_url), email);
    const done = await this.http(callback, { headers: { cookie } });
    if (done.status !== 200) throw new Error(`not connected: ${done.status} ${done.text}`);
  }
}
