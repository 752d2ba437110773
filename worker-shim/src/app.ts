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
import { homePage } from "./home.ts";
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

const secure = secureHeaders({
  referrerPolicy: false,
  xFrameOptions: "DENY",
  crossOriginResourcePolicy: "same-origin",
});

/** What the middleware says is the same for every answer: asked once, and said where an answer is made. */
const SECURE_HEADERS = Object.fromEntries(
  (await new Hono().get("/", secure, (c) => c.body(null)).request("/")).headers,
);

const limited = bodyLimit({
  maxSize: MOST_BODY_BYTES,
  onError: () => toResponse(problemOutcome("payload_too_large")),
});

const BROWSER_PATHS = new Set(
  operations
    .filter(({ access }) => access === "browser")
    .flatMap(({ path, alias }) => [path, alias].filter(Boolean)),
);

const withoutSlash = (c: Context) => {
  const { pathname, search } = new URL(c.req.raw.url);
  return toResponse({
    kind: "redirect",
    status: 308,
    headers: [["location", pathname.replace(/\/+$/, "") + search]],
    body: new Uint8Array(),
  });
};

export function createApp(): App {
  const app: App = new Hono();
  app.use("/assets/*", secure);
  app.options("*", secure);
  app.use("/v1/*", apiCors);
  for (const [path, type, text] of ASSETS)
    app.get(path, (c) =>
      c.body(text, 200, { "content-type": type, "cache-control": "public, max-age=3600" }),
    );
  app.get("/", (c) => toResponse(homePage(c.req.url)));
  for (const operation of operations) {
    if (operation.method === "") continue;
    for (const path of [operation.path, operation.alias].filter(Boolean)) {
      // Mounted in another app, a route has that one's parameters too.
      const names = Array.from(path.matchAll(/:(\w+)/g), ([, name = ""]) => name);
      if (operation.method === "GET") app.get(path, (c) => answer(operation, names, c));
      else
        app.on(operation.method, path, limited, async (c) =>
          handle(operation, names, c, await bodyOf(c.req.raw)),
        );
    }
  }
  // As somebody typed or registered it; pages name their style by where they stand.
  for (const path of BROWSER_PATHS) app.on(["GET", "POST", "HEAD"], `${path}/`, withoutSlash);
  app.notFound(() => toResponse(problemOutcome("not_found")));
  app.onError((error) => {
    console.error(JSON.stringify({ level: "error", event: "unhandled", name: error.name }));
    return toResponse(problemOutcome("core_trap"));
  });
  return app;
}

/** An allowlist, never a wildcard; a browser's page needs a key of its own besides. */
const apiCors: MiddlewareHandler<{ Bindings: Bindings }> = (c, next) => {
  // Backends send no Origin, and nothing is cached that could be mistaken for an answer to another one.
  if (c.req.raw.headers.get("origin") === null) return next();
  const allowed = (c.env.CORS_ALLOWED_ORIGINS ?? "").split(",").map((origin: string) => origin.trim());
  const middleware = cors({
    origin: (origin) => (origin !== "" && allowed.includes(origin) ? origin : null),
    allowMethods: ["GET", "POST", "DELETE"],
    allowHeaders: ["authorization", "content-type"],
    maxAge: 600,
  });
  return middleware(c, next);
};

/** Hono answers HEAD by the handler of GET. Scanners and previews send it, and nothing may come of that. */
function answer(
  operation: OperationInfo,
  names: readonly string[],
  c: Context<{ Bindings: Bindings }>,
): Response | Promise<Response> {
  if (c.req.raw.method !== "HEAD" || operation.access === "open") return handle(operation, names, c);
  return operation.access === "browser" ? toResponse(EMPTY_PAGE) : c.notFound();
}

const EMPTY_PAGE: Outcome = {
  kind: "page",
  status: 200,
  headers: [["content-type", "text/html; charset=utf-8"]],
  body: new Uint8Array(),
};

const bodyOf = async (request: Request) => new Uint8Array(await request.arrayBuffer());

function handle(
  operation: OperationInfo,
  names: readonly string[],
  c: Context<{ Bindings: Bindings }>,
  body?: Uint8Array,
): Response | Promise<Response> {
  const { raw } = c.req;
  const headers: [string, string][] = [];
  for (const name of READ_HEADERS) {
    const value = raw.headers.get(name);
    if (value !== null) headers.push([name, value]);
  }
  const { url } = raw;
  const query = url.indexOf("?");
  const outcome = serve(
    operation,
    {
      entry: "http",
      path: names.map((name) => [name, c.req.param(name) ?? ""]),
      query: query < 0 ? "" : url.slice(query + 1),
      headers,
      ...(body === undefined ? {} : { body }),
    },
    c.env,
    raw,
  );
  // A person is shown a page, whatever went wrong.
  const respond = (ended: Outcome) =>
    toResponse(
      operation.access === "browser" && ended.kind === "problem"
        ? unavailablePage(ended.asked === true)
        : ended,
    );
  return outcome instanceof Promise ? outcome.then(respond) : respond(outcome);
}

export function toResponse(outcome: Outcome): Response {
  const headers: Record<string, string> = {
    ...SECURE_HEADERS,
    "cache-control": "no-store",
    // The page with a form says its own: a form needs its page's Origin header.
    "referrer-policy": "no-referrer",
  };
  const cookies: string[] = [];
  for (const [name, value] of outcome.headers)
    if (name === "set-cookie") cookies.push(value);
    else headers[name] = value;
  const response = new Response(
    outcome.kind === "redirect" ? null : (outcome.body as Uint8Array<ArrayBuffer>),
    {
      status: outcome.status,
      headers,
    },
  );
  for (const cookie of cookies) response.headers.append("set-cookie", cookie);
  return response;
}
