/**
 * A TCP proxy before a provider's login origin. It passes everything on, but for token requests, which it loses, delays
 * and cuts as chance wants, and of each of which it notes what truly happened. One request a connection: every answer
 * ends its connection, so that what is cut belongs to one exchange.
 */
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Chance } from "./chance.ts";
import type { Exchange, Fate, Truth } from "./truth.ts";

const HEAD_END = "\r\n\r\n";
const TOKEN_REQUEST = /^POST \/[^ ]*\/oauth2\/v2\.0\/token /;

/** Of a hundred token requests. */
const FATES: Record<Fate, number> = {
  pass: 38,
  delay: 50,
  "drop request": 8,
  "cut before answer": 2,
  "cut in answer": 2,
};

export type Moment = "arrived" | "forwarded" | "answered" | "delivered";

export interface FaultProxy {
  readonly port: number;
  readonly origin: string;
  /** Where to pass on to. */
  upstream: number;
  /** Whether token requests suffer. */
  faults: boolean;
  /** Which workerd is on the other side. */
  generation: number;
  /** What workerd's work comes to (Postern.busyMs). */
  busyMs: () => number | undefined;
  /** Called as token requests go by. */
  watch: ((moment: Moment) => void) | undefined;
  /** Resolves once no token request is under way. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** A request's bytes once they are all there; undefined until then. */
function wholeRequest(bytes: Buffer): { head: string; body: string } | undefined {
  const end = bytes.indexOf(HEAD_END);
  if (end === -1) return undefined;
  const head = bytes.toString("latin1", 0, end);
  if (/^transfer-encoding:/im.test(head)) throw new Error("the proxy reads no chunked requests");
  const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
  const from = end + HEAD_END.length;
  return bytes.length < from + length ? undefined : { head, body: bytes.toString("latin1", from) };
}

/** The answer's status and JSON body; chunks are put together. */
function readAnswer(bytes: Buffer): { status: number; body: Record<string, unknown> } {
  const end = bytes.indexOf(HEAD_END);
  const head = bytes.toString("latin1", 0, end);
  let text = bytes.toString("utf8", end + HEAD_END.length);
  if (/^transfer-encoding: *chunked/im.test(head)) {
    text = text.replace(/^([0-9a-f]+)\r\n([\s\S]*)\r\n0\r\n\r\n$/i, "$2");
  }
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]);
  return { status, body: JSON.parse(text) as Record<string, unknown> };
}

const closed = (socket: Socket) =>
  new Promise<void>((resolve) => {
    if (socket.destroyed) resolve();
    else socket.once("close", () => resolve());
  });

/** Asks the provider and takes all of its answer, whoever may have hung up meanwhile. */
function ask(port: number, head: string, body: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const upstream = connect(port, "127.0.0.1");
    const pieces: Buffer[] = [];
    upstream.on("data", (piece: Buffer) => pieces.push(piece));
    upstream.on("error", reject);
    upstream.on("end", () => resolve(Buffer.concat(pieces)));
    const lines = head.split("\r\n").filter((line) => !/^(connection|keep-alive):/i.test(line));
    upstream.write(`${[...lines, "Connection: close"].join("\r\n")}${HEAD_END}${body}`, "latin1");
  });
}

function hangUp(client: Socket, abruptly: boolean): void {
  if (abruptly) client.resetAndDestroy();
  else client.destroy();
}

/** Writes and ends; true once all of it has gone into the other side's socket. */
function send(client: Socket, bytes: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    client.once("finish", () => resolve(true));
    client.once("close", () => resolve(false));
    client.end(bytes);
  });
}

export async function startProxy(truth: Truth, chance: Chance): Promise<FaultProxy> {
  const sockets = new Set<Socket>();
  let pending = 0;
  let whenSettled: (() => void)[] = [];

  /** Time goes by, unless workerd hangs up first. */
  const wait = (client: Socket, milliseconds: number) => Promise.race([sleep(milliseconds), closed(client)]);

  async function exchange(client: Socket, head: string, body: string, of: Exchange): Promise<void> {
    if (proxy.faults) of.fate = chance.weighted(FATES);
    const slow = of.fate === "delay" || (proxy.faults && chance.of(0.3));
    const [before, after] = slow ? [chance.between(0, 300), chance.between(0, 80)] : [0, 0];
    const arrivesAnyway = chance.of(0.3);
    const abruptly = chance.of(0.5);
    const part = chance.next();
    proxy.watch?.("arrived");
    await wait(client, before);
    if (of.fate === "drop request" || (client.destroyed && !arrivesAnyway)) {
      hangUp(client, abruptly);
      return truth.ended(of, "nothing");
    }
    of.forwardedAt = truth.now();
    proxy.watch?.("forwarded");
    const answer = await ask(proxy.upstream, head, body);
    const { status, body: said } = readAnswer(answer);
    truth.answered(of, status, said);
    proxy.watch?.("answered");
    await wait(client, after);
    if (of.fate === "cut before answer" || client.destroyed) {
      hangUp(client, abruptly);
      return truth.ended(of, "nothing");
    }
    if (of.fate === "cut in answer") {
      const some = answer.subarray(0, 1 + Math.floor(part * (answer.length - 2)));
      await new Promise<void>((resolve) => {
        client.once("close", () => resolve());
        client.write(some, () => resolve());
      });
      hangUp(client, abruptly);
      return truth.ended(of, "part");
    }
    const gone = await send(client, answer);
    truth.ended(of, gone ? "all" : "nothing", proxy.busyMs());
    if (gone) proxy.watch?.("delivered");
  }

  async function serve(client: Socket, request: { head: string; body: string }): Promise<void> {
    if (!TOKEN_REQUEST.test(request.head)) {
      client.end(await ask(proxy.upstream, request.head, request.body));
      return;
    }
    pending += 1;
    try {
      const form = new URLSearchParams(request.body);
      await exchange(client, request.head, request.body, truth.arrived(form, proxy.generation));
    } finally {
      pending -= 1;
      if (pending === 0) for (const resolve of whenSettled.splice(0)) resolve();
    }
  }

  const server: Server = createServer((client) => {
    sockets.add(client);
    client.on("close", () => sockets.delete(client));
    // Whoever was killed resets its connections.
    client.on("error", () => client.destroy());
    let bytes = Buffer.alloc(0);
    client.on("data", (piece: Buffer) => {
      bytes = Buffer.concat([bytes, piece]);
      const request = wholeRequest(bytes);
      if (request === undefined) return;
      bytes = Buffer.alloc(0);
      serve(client, request).catch((error: unknown) => {
        truth.oddities.push(`the proxy failed: ${String(error)}`);
        client.destroy();
      });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  const proxy: FaultProxy = {
    port,
    origin: `http://localhost:${port}`,
    upstream: 0,
    faults: false,
    generation: 0,
    busyMs: () => undefined,
    watch: undefined,
    settled: () =>
      pending === 0 ? Promise.resolve() : new Promise((resolve) => whenSettled.push(() => resolve())),
    close: () =>
      new Promise((resolve) => {
        whenSettled = [];
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
  return proxy;
}
