/**
 * What clients speak TLS with: it passes on to Postern's own TLS what they send, and to them what comes back, and keeps that.
 * So it is known what a client got, whatever client it is.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Agent, createServer, request } from "node:https";
import type { AddressInfo } from "node:net";
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import type { Certificate } from "./certificate.ts";

export interface Recorder {
  readonly port: number;
  /** To where, once that is known. */
  passTo(port: number): void;
  /** All that clients got so far: head and body of each answer. */
  answers(): string[];
  close(): Promise<void>;
}

interface Answer {
  readonly request: string;
  readonly message: IncomingMessage;
  readonly chunks: Buffer[];
}

export async function startRecorder({ key, cert }: Certificate): Promise<Recorder> {
  let target = 0;
  const answers: Answer[] = [];
  const agent = new Agent({ keepAlive: true, ca: cert, servername: "localhost" });
  const pass = (from: IncomingMessage, to: ServerResponse) => {
    const { method, url: path, rawHeaders: headers } = from;
    const sent = request({ host: "127.0.0.1", port: target, agent, method, path, headers });
    sent.on("response", (message) => {
      const answer = { request: `${method} ${path}`, message, chunks: [] as Buffer[] };
      answers.push(answer);
      message.on("data", (chunk: Buffer) => void answer.chunks.push(chunk));
      to.writeHead(message.statusCode ?? 0, message.statusMessage, headersOf(message));
      message.pipe(to);
      message.on("error", () => to.destroy());
    });
    sent.on("error", () => to.destroy());
    to.on("close", () => sent.destroy());
    from.pipe(sent);
  };
  const server = createServer({ key, cert }, pass);
  // A file of twenty megabytes from one who is also busy with the other end.
  server.requestTimeout = 0;
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    passTo: (port) => {
      target = port;
    },
    answers: () => answers.map(textOf),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        agent.destroy();
      }),
  };
}

/** Miniflare says of nothing that it is compressed, which no client of Azure's can read; the front of a deployment does not. */
function headersOf({ statusCode, rawHeaders }: IncomingMessage): string[] {
  if (statusCode !== 204) return rawHeaders;
  return rawHeaders.filter((_, n) => rawHeaders[n - (n % 2)]?.toLowerCase() !== "content-encoding");
}

function textOf({ request: asked, message, chunks }: Answer): string {
  const bytes = Buffer.concat(chunks);
  const head = [`${asked}: ${message.statusCode}`, ...message.rawHeaders].join("\n");
  return `${head}\n\n${decoded(bytes, message.headers["content-encoding"]).toString("latin1")}`;
}

function decoded(bytes: Buffer, encoding: string | undefined): Buffer {
  if (bytes.length === 0) return bytes;
  switch (encoding) {
    case undefined:
      return bytes;
    case "gzip":
      return gunzipSync(bytes);
    case "br":
      return brotliDecompressSync(bytes);
    case "deflate":
      return inflateSync(bytes);
    default:
      throw new Error(`an answer came in ${encoding}, in which nothing can be found`);
  }
}
