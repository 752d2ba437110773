/** Postern in a process group that can be killed and started again on the same folder. */
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort, killChild, startChild, stopChild } from "../../scripts/children.ts";
import { freshVars } from "../../scripts/dev-vars.ts";
import { lastLines, migrate, root } from "../../scripts/local-postern.ts";
import type { HostOrder, HostReady } from "./host.ts";
import type { Provider } from "./provider.ts";

const HOST = fileURLToPath(new URL("./host.ts", import.meta.url));
const READY_WITHIN_MS = 60_000;
const CALL_WITHIN_MS = 90_000;

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly text: string;
  /** Empty where the answer is no JSON object. */
  readonly json: Record<string, unknown>;
}

export interface CallOptions {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

export class Postern {
  readonly folder = mkdtempSync(join(tmpdir(), "postern-torture-"));
  readonly state = join(this.folder, "state");
  readonly log = join(this.folder, "postern.log");
  readonly port: number;
  readonly origin: string;
  readonly variables: Record<string, string> = {};
  /** How often workerd was started. */
  generation = 0;
  /** Whether it serves: not while it starts, nor once it was killed. */
  serving = false;
  #child: ChildProcess | undefined;
  #workerd: number | undefined;

  private constructor(port: number) {
    this.port = port;
    this.origin = `http://localhost:${port}`;
  }

  static async prepare(): Promise<Postern> {
    return new Postern(await freePort());
  }

  get redirectUri(): string {
    return `${this.origin}/callback/azure`;
  }

  /** Variables and an empty database. */
  configure(provider: Provider, loginOrigin: string): void {
    const world = { login: loginOrigin, graph: provider.graphOrigin, arm: provider.armOrigin };
    Object.assign(this.variables, freshVars(this.port, world), {
      AZURE_CLIENT_ID: provider.clientId,
      AZURE_CLIENT_SECRET: provider.clientSecret,
    });
    const { port, state, log } = this;
    migrate({ port, state, log, logs: join(this.folder, "logs") });
  }

  async start(): Promise<void> {
    const log = openSync(this.log, "a", 0o600);
    const env = { ...process.env, NO_COLOR: "1" };
    const child = startChild(process.execPath, ["--disable-warning=ExperimentalWarning", HOST], {
      cwd: root,
      env,
      log,
      ipc: true,
    });
    this.#child = child;
    const order: HostOrder = { port: this.port, state: this.state, variables: this.variables };
    try {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error("workerd took too long")), READY_WITHIN_MS);
        const failed = () => {
          clearTimeout(timer);
          reject(new Error("workerd did not start"));
        };
        child.once("message", ({ workerd }: HostReady) => {
          clearTimeout(timer);
          this.#workerd = workerd;
          resolve();
        });
        child.once("exit", failed);
        child.once("error", failed);
        child.send(order);
      });
    } catch (error) {
      throw new Error(`Postern did not start.\n${lastLines(this.log)}`, { cause: error });
    }
    this.generation += 1;
    this.serving = true;
  }

  /**
   * How long workerd has been at work: it ran, or was ready to and waited for a processor. The rest of its life it had
   * nothing to do, or waited for the disk. In milliseconds; undefined where the system does not tell.
   */
  busyMs(): number | undefined {
    if (this.#workerd === undefined) return undefined;
    try {
      const [ran, waited] = readFileSync(`/proc/${this.#workerd}/schedstat`, "utf8").split(" ");
      return (Number(ran) + Number(waited)) / 1e6;
    } catch {
      return undefined; // it is gone
    }
  }

  /** SIGKILL for workerd and its host, at once. Resolves when the host is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    this.serving = false;
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    killChild(child);
    await gone;
    // Both got the signal; this waits for the last one of them to be gone.
    await stopChild(child);
  }

  /** Ends it as an operator would, and forgets everything. */
  async remove(): Promise<void> {
    if (this.#child !== undefined) await stopChild(this.#child);
    this.#child = undefined;
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** One request on a connection of its own. Rejects where there is no answer. */
  call(path: string, { method = "GET", headers = {}, body }: CallOptions = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const asked = request(
        { host: "127.0.0.1", port: this.port, path, method, agent: false, timeout: CALL_WITHIN_MS },
        (response) => {
          const pieces: Buffer[] = [];
          response.on("data", (piece: Buffer) => pieces.push(piece));
          response.on("error", reject);
          response.on("end", () => {
            const text = Buffer.concat(pieces).toString("utf8");
            const isJson = /json/.test(response.headers["content-type"] ?? "");
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              text,
              json: isJson ? (JSON.parse(text) as Record<string, unknown>) : {},
            });
          });
        },
      );
      asked.setHeader("host", `localhost:${this.port}`);
      for (const [name, value] of Object.entries(headers)) asked.setHeader(name, value);
      asked.on("timeout", () => asked.destroy(new Error("no answer in time")));
      asked.on("error", reject);
      if (body === undefined) return void asked.end();
      asked.setHeader("content-type", "application/json");
      asked.end(JSON.stringify(body));
    });
  }
}
