/** An application as `return_to` knows it: it shows what a person came back with, and how its backend confirms that. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { escapeHtml } from "../tests/world/http.ts";

export const RETURN_PATH = "/connected";

export interface DemoApp {
  readonly origin: string;
  close(): Promise<void>;
}

interface Options {
  /** 0: any that is free. */
  readonly port: number;
  /** Postern, and the key that confirms. Asked for at each page: both may come later than the application. */
  readonly postern: () => { readonly origin: string; readonly key: string };
  /** Who is signed in at the application. */
  readonly user: string;
}

const STYLE =
  "body{font:1rem/1.5 system-ui,sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem}pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#eee;color:#111;padding:1rem}";

const page = (title: string, body: string) =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title><link rel="icon" href="data:,"><style>${STYLE}</style></head><body><h1>${title}</h1>${body}</body></html>\n`;

const rows = (query: URLSearchParams) =>
  `<dl>${[...query].map(([name, value]) => `<dt>${escapeHtml(name)}</dt><dd><code>${escapeHtml(value)}</code></dd>`).join("")}</dl>`;

/** What is put between a shell's quotes has nothing in it that ends them. */
const isPlain = (text: string | null): text is string => text !== null && /^[\w-]+$/.test(text);

function arrived(query: URLSearchParams, { postern, user }: Options): string {
  const [attempt, code] = [query.get("attempt"), query.get("code")];
  if (query.size === 0)
    return page("Demo application", "<p>A connect link with <code>return_to</code> leads here.</p>");
  if (!isPlain(attempt) || !isPlain(code))
    return page(
      "Back in the demo application, not connected",
      `<p>This came:</p>${rows(query)}<p>There is no code in it, so there is nothing to confirm.</p>`,
    );
  const { origin, key } = postern();
  const body = JSON.stringify({ code, user_id: user });
  const confirm = `curl -sS -w '\\n' -X POST -H 'Authorization: Bearer ${key}' -H 'Content-Type: application/json' -d '${body}' '${origin}/v1/connect-links/${attempt}/confirm'`;
  const ask = `curl -sS -w '\\n' -H 'Authorization: Bearer ${key}' '${origin}/user?user_id=${user}'`;
  return page(
    "Back in the demo application",
    `<p>This came:</p>${rows(query)}
<p>The connection waits. This application's backend confirms it with the code, and with the user of its own session. This demo plays a session of <code>${user}</code>: a link that was made for another user is refused.</p>
<pre id="confirm">${escapeHtml(confirm)}</pre>
<p>From then on it counts:</p>
<pre id="ask">${escapeHtml(ask)}</pre>`,
  );
}

export async function startDemoApp(options: Options): Promise<DemoApp> {
  const server = createServer((request, response) => {
    // Under a name of somebody else's that leads here (DNS rebinding) nothing is told: a key is on the page.
    if (request.headers.host !== `localhost:${request.socket.localPort}`) {
      response.writeHead(421).end();
      return;
    }
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    response.setHeader("content-type", "text/html; charset=utf-8");
    // The code in the address is nobody else's business, nor is the key on the page.
    response.setHeader("referrer-policy", "no-referrer");
    response.setHeader("cache-control", "no-store");
    response.setHeader(
      "content-security-policy",
      "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'",
    );
    response.statusCode = pathname === RETURN_PATH || pathname === "/" ? 200 : 404;
    response.end(arrived(pathname === RETURN_PATH ? searchParams : new URLSearchParams(), options));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, "localhost", resolve);
  });
  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
