/** Postern with one connected person, before an API that a test plays under Node. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Postern } from "./postern.ts";

export const MIB = 1024 * 1024;
export const USER = "proxied";
const ALICE = "alice.anders@contoso.example";

type Serve = (request: IncomingMessage, response: ServerResponse) => unknown;
type Options = { method?: string; headers?: Record<string, string | number> };

export class Proxied {
  /** What the API does with each request. */
  serve: Serve = (_, response) => response.end();
  readonly server: Server;
  readonly postern: Postern;
  readonly origin: URL;
  readonly key: string;

  private constructor(postern: Postern, origin: URL, key: string, server: Server) {
    this.postern = postern;
    this.origin = origin;
    this.key = key;
    this.server = server;
  }

  static async start(): Promise<Proxied> {
    // The sign-in asks the profile at Graph.
    let play = (_: IncomingMessage, response: ServerResponse): unknown => response.writeHead(404).end();
    const server = createServer((call, response) => void play(call, response));
    server.listen(0);
    await once(server, "listening");
    const graph = `http://localhost:${(server.address() as AddressInfo).port}`;
    const postern = await Postern.start({ GRAPH_ORIGIN: graph, ALLOW_INSECURE_ORIGINS: graph });
    await postern.connect(USER, ALICE);
    const proxied = new Proxied(postern, await postern.address(), await postern.key(["proxy"]), server);
    play = (call, response) => proxied.serve(call, response);
    return proxied;
  }

  async stop(): Promise<void> {
    await this.postern.stop();
    this.server.closeAllConnections();
    this.server.close();
  }

  /** Straight to Postern's own socket. */
  ask(path: string, { method = "GET", headers }: Options = {}) {
    return request({
      host: "127.0.0.1",
      port: this.origin.port,
      path: `/v1/proxy/azure/${USER}${path}`,
      method,
      headers: { host: this.origin.host, authorization: `Bearer ${this.key}`, ...headers },
    });
  }
}

export async function answerTo(sent: ReturnType<typeof request>): Promise<IncomingMessage> {
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  return answer;
}

export async function textOf(answer: IncomingMessage): Promise<string> {
  let text = "";
  for await (const piece of answer) text += String(piece);
  return text;
}

export async function until(done: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await done()) return;
    await sleep(50);
  }
  assert.fail("it never came");
}
