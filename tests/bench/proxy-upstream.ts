/**
 * The API behind the proxy, in a thread of its own: what it does costs nobody else his turn.
 *   /v1.0/kib         1 KiB of JSON at once
 *   /v1.0/slow        no header before `release`
 *   /v1.0/drip        1 KiB of bytes a second, without an end
 *   /v1.0/bytes/{n}   n bytes, as fast as they are taken
 *   /v1.0/after/{n}   a byte after n milliseconds, as an API that is somewhere else
 *   /v1.0/sink        takes a body, and answers how long it was
 */
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isMainThread, parentPort, Worker } from "node:worker_threads";

const KIB = JSON.stringify({ value: "x".repeat(1_012) });
const PIECE = Buffer.alloc(64 * 1024, "x");
const DRIP_MS = 1_000;

export interface Upstream {
  readonly origin: string;
  /** Requests that wait for their header now. */
  waiting(): Promise<number>;
  /** Answers those. */
  release(): Promise<void>;
  close(): Promise<void>;
}

type Ask = "waiting" | "release";

export async function startUpstream(): Promise<Upstream> {
  const worker = new Worker(new URL(import.meta.url));
  const next = async () => Number((await once(worker, "message"))[0]);
  const port = await next();
  const ask = (what: Ask) => {
    const answer = next();
    worker.postMessage(what);
    return answer;
  };
  return {
    origin: `http://localhost:${port}`,
    waiting: () => ask("waiting"),
    release: async () => void (await ask("release")),
    close: async () => void (await worker.terminate()),
  };
}

function json(response: ServerResponse, body: string): void {
  response
    .writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) })
    .end(body);
}

function bytes(response: ServerResponse, length: number): void {
  response.writeHead(200, { "content-type": "application/octet-stream", "content-length": length });
  let left = length;
  const more = () => {
    while (left > 0) {
      const piece = left < PIECE.length ? PIECE.subarray(0, left) : PIECE;
      left -= piece.length;
      if (!response.write(piece)) return;
    }
    response.off("drain", more).end();
  };
  response.on("drain", more);
  more();
}

function drip(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "application/octet-stream" });
  const timer = setInterval(() => response.write(PIECE.subarray(0, 1024)), DRIP_MS);
  response.on("close", () => clearInterval(timer));
}

function serve(): void {
  const held = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    const path = request.url?.split("?", 1)[0] ?? "";
    if (request.headers.authorization === undefined) return void response.writeHead(401).end();
    if (path === "/v1.0/drip") return drip(response);
    if (path.startsWith("/v1.0/bytes/")) return bytes(response, Number(path.slice(12)));
    if (path.startsWith("/v1.0/after/"))
      return void setTimeout(() => bytes(response, 1), Number(path.slice(12)));
    if (path === "/v1.0/sink") {
      let received = 0;
      request.on("data", (piece: Buffer) => {
        received += piece.length;
      });
      request.on("end", () => json(response, JSON.stringify({ received })));
      return;
    }
    if (path !== "/v1.0/slow") return json(response, KIB);
    held.add(response);
    response.on("close", () => held.delete(response));
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, "127.0.0.1", () => parentPort?.postMessage((server.address() as AddressInfo).port));
  parentPort?.on("message", (what: Ask) => {
    const waiting = held.size;
    if (what === "release") for (const response of held) json(response, KIB);
    parentPort?.postMessage(waiting);
  });
}

if (!isMainThread) serve();
