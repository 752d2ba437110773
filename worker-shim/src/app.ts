/** The HTTP mouth: a Hono app made from the manifest, to be served or mounted in another Hono app. */

import type { Context, MiddlewareHandler } from "hono";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import { secureHeaders } from "hono/secure-headers";
import css from "../assets/postern.css";
import icon from "../assets/postern.svg";
import type { Outcome } from "./effects.ts";
import type { Bindings } from "./env.ts";
import { serve } from "./front.ts";
import type { OperationInfo } from "./generated/manifest.gen.ts";
import { operations } from "./operations.ts";
import { problemOutcome } from "./problems.ts";
import { unavailablePage } from "./unavailable.ts";

type App = Hono<{ Bindings: Bindings }>;

const MOST_BODY_BYTES = 64 * 1024;
/** What flows read of a request; nothing else crosses into the core. */
const READ_HEADERS = ["authorization", "cookie", "origin", "sec-fetch-site"];

const ASSETS = [
  ["/assets/postern.css", "text/css; charset=utf-8", css],
  ["/assets/postern.svg", "image/svg+xml", icon],
] as const;

export function createApp(): App {
  const app: App = new Hono();
  app.use(
    secureHeaders({
      referrerPolicy: false,
      xFrameOptions: "DENY",
      crossOriginResourcePolicy: "same-origin",
    }),
  );
  app.use("/v1/*", apiCors);
  app.use(
    bodyLimit({ maxSize: MOST_BODY_BYTES, onError: () => toResponse(problemOutcome("payload_too_large")) }),
  );
  for (const [path, type, text] of ASSETS)
    app.get(path, (c) =>
      c.body(text, 200, { "content-type": type, "cache-control": "public, max-age=3600" }),
    );
  for (const operation of operations) {
    if (operation.method === "") continue;
    const handler = (c: Context<{ Bindings: Bindings }>) => handle(operation, c);
    app.on(operation.method, operation.path, handler);
    if (operation.alias !== "") app.on(operation.method, operation.alias, handler);
  }
  app.notFound(() => toResponse(problemOutcome("not_found")));
  app.onError((error) => {
    console.error(JSON.stringify({ level: "error", event: "unhandled", name: error.name }));
    return toResponse(problemOutcome("core_trap"));
  });
  return app;
}

/** An allowlist, never a wildcard; a browser's page needs a key of its own besides. */
const apiCors: MiddlewareHandler<{ Bindings: Bindings }> = (c, next) => {
  const allowed = (c.env.CORS_ALLOWED_ORIGINS ?? "").split(",").map((origin: string) => origin.trim());
  const middleware = cors({
    origin: (origin) => (origin !== "" && allowed.includes(origin) ? origin : null),
    allowMethods: ["GET", "POST", "DELETE"],
    allowHeaders: ["authorization", "content-type"],
    maxAge: 600,
  });
  return middleware(c, next);
};

async function handle(operation: OperationInfo, c: Context<{ Bindings: Bindings }>): Promise<Response> {
  const { raw } = c.req;
  const headers: [string, string][] = [];
  for (const name of READ_HEADERS) {
    const value = raw.headers.get(name);
    if (value !== null) headers.push([name, value]);
  }
  const query = raw.url.indexOf("?");
  const outcome = await serve(
    operation,
    {
      entry: "http",
      path: Object.entries(c.req.param() as Record<string, string>),
      query: query < 0 ? "" : raw.url.slice(query + 1),
      headers,
      ...(operation.method === "GET" ? {} : { body: new Uint8Array(await raw.arrayBuffer()) }),
    },
    c.env,
    raw.signal,
  );
  // A person is shown a page, whatever went wrong.
  const isForPerson = operation.access === "browser" && outcome.kind === "problem";
  return toResponse(isForPerson ? unavailablePage() : outcome);
}

export function toResponse(outcome: Outcome): Response {
  const headers = new Headers({ "cache-control": "no-store" });
  for (const [name, value] of outcome.headers) headers.append(name, value);
  // The page with a form says its own: a form needs its page's Origin header.
  if (!headers.has("referrer-policy")) headers.set("referrer-policy", "no-referrer");
  return new Response(outcome.kind === "redirect" ? null : new Uint8Array(outcome.body), {
    status: outcome.status,
    headers,
  });
}
