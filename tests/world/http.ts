/** The little that the three listeners share: reading a request, answering it, listening and closing. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Call {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage["headers"];
  readonly bytes: Uint8Array;
  /** The bytes as UTF-8. */
  readonly body: string;
}

export function callOf(method: string, url: URL, headers: Call["headers"], bytes: Uint8Array): Call {
  return {
    method,
    url,
    headers,
    bytes,
    get body() {
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
    },
  };
}

export interface Reply {
  readonly status: number;
  readonly headers?: Record<string, string | string[]>;
  readonly body: string | Uint8Array;
}

/** A handler may answer, or say that the caller gets nothing: an open connection for ever, or a closed one. */
export type Outcome = Reply | "silent" | "drop";
export type Handler = (call: Call) => Promise<Outcome>;

export interface Listener {
  readonly origin: string;
  close(): Promise<void>;
}

/** Uploads come in one piece, too. */
const MAX_BODY = 64 << 20;

export function json(status: number, value: unknown, headers: Record<string, string> = {}): Reply {
  return {
    status,
    headers: {
      "content-type": "application/json; charset=utf-8",
      "cache-control": "no-store",
      ...headers,
    },
    body: JSON.stringify(value),
  };
}

export function redirect(location: string): Reply {
  return { status: 302, headers: { location, "cache-control": "no-store" }, body: "" };
}

export function html(status: number, body: string): Reply {
  return { status, headers: { "content-type": "text/html; charset=utf-8" }, body };
}

export function escapeHtml(text: string): string {
  const entities: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replace(/[&<>"']/g, (c) => entities[c] ?? c);
}

export function page(status: number, title: string, text: string): Reply {
  return html(
    status,
    `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
      `<title>${escapeHtml(title)}</title></head><body><main><h1>${escapeHtml(title)}</h1><p>${escapeHtml(text)}</p></main></body></html>`,
  );
}

async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > MAX_BODY) throw new Error("request body too large");
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

async function serve(request: IncomingMessage, response: ServerResponse, origin: string, handler: Handler) {
  // Put together, not resolved: a path that begins with `//` is no other host.
  const url = new URL(origin + (request.url ?? "/"));
  const outcome = await handler(
    callOf(request.method ?? "GET", url, request.headers, await readBody(request)),
  );
  if (outcome === "silent") return;
  if (outcome === "drop") {
    request.socket.destroy();
    return;
  }
  // Servers say that there is nothing, but where nothing can be (RFC 9110 8.6).
  const isEmpty = outcome.body.length === 0 && outcome.status !== 204;
  response.writeHead(outcome.status, { ...outcome.headers, ...(isEmpty ? { "content-length": 0 } : {}) });
  response.end(outcome.body);
}

export async function listen(port: number, handler: Handler): Promise<Listener> {
  let origin = "";
  const server: Server = createServer((request, response) => {
    serve(request, response, origin, handler).catch((error: unknown) => {
      // A defect of the fixture must be seen by the test that hit it, not look like a provider's fault.
      console.error("world:", error);
      if (!response.headersSent) response.writeHead(599);
      response.end(String(error));
    });
  });
  // Held-open answers are a fault that tests ask for; Node must not end them on its own.
  server.requestTimeout = 0;
  // A connection that is closed for being idle, just as it is used again, looks like a provider's fault too.
  server.keepAliveTimeout = 10 * 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
