/** The HTTP mouth: a Hono app made from the manifest, to be served or mounted in another Hono app. */

import type { Context, MiddlewareHandler } from "hono";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import css from "../assets/postern.css";
import icon from "../assets/postern.svg";
import { secure, toResponse } from "./answer.ts";
import { contentOverHttp } from "./content.ts";
import type { Outcome } from "./effects.ts";
import type { Bindings } from "./env.ts";
import { serve } from "./front.ts";
import type { OperationInfo } from "./generated/manifest.gen.ts";
import { homePage } from "./home.ts";
import { operations } from "./operations.ts";
import { problemOutcome } from "./problems.ts";
import { proxyOverHttp } from "./proxy-http.ts";
import { unavailablePage } from "./unavailable.ts";

type App = Hono<{ Bindings: Bindings }>;

const MOST_BODY_BYTES = 64 * 1024;
/** What flows read of a request; nothing else crosses into the core. */
const READ_HEADERS = ["authorization", "cookie", "origin", "sec-fetch-site"];

const ASSETS = [
  ["/assets/postern.css", "text/css; charset=utf-8", css],
  ["/assets/postern.svg", "image/svg+xml", icon],
] as const;

const limited = bodyLimit({
  maxSize: MOST_BODY_BYTES,
  onError: () => toResponse(problemOutcome("payload_too_large")),
});

const BROWSER_PATHS = new Set(
  operations
    .filter(({ access }) => access === "browser")
    .flatMap(({ path, alias }) => [path, alias].filter(Boolean)),
);

/** What a browser's page can call with a key. */
const KEYED_PATHS = new Set([
  "/v1/*",
  ...operations
    .filter(({ access, path }) => access === "key" && !path.startsWith("/v1/"))
    .flatMap(({ path, alias }) => [path, alias].filter(Boolean)),
]);

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
  for (const path of KEYED_PATHS) app.use(path, apiCors);
  for (const [path, type, text] of ASSETS)
    app.get(path, (c) =>
      c.body(text, 200, { "content-type": type, "cache-control": "public, max-age=3600" }),
    );
  app.get("/", (c) => toResponse(homePage(c.req.url)));
  for (const operation of operations) {
    if (operation.method === "") continue;
    if (operation.forwards) {
      app.all(`${operation.path}/*`, (c) => proxyOverHttp(c.req.raw, c.env));
      continue;
    }
    for (const path of [operation.path, operation.alias].filter(Boolean)) {
      // Mounted in another app, a route has that one's parameters too.
      const names = Array.from(path.matchAll(/:(\w+)/g), ([, name = ""]) => name);
      if (operation.streams !== "")
        app.on(operation.method, path, (c) =>
          c.req.raw.method === operation.method
            ? contentOverHttp(operation, c.req.raw, askedOf(names, c), c.env)
            : c.notFound(),
        );
      else if (operation.method === "GET") app.get(path, (c) => answer(operation, names, c));
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
    allowMethods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
    // None: those that the page asks for. A proxied call may have any.
    allowHeaders: [],
    // ETag, Link, Retry-After, request ids: whatever an API says. No request has cookies.
    exposeHeaders: ["*"],
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

/** What the route and the query say. */
function askedOf(names: readonly string[], c: Context<{ Bindings: Bindings }>) {
  const { url } = c.req.raw;
  const query = url.indexOf("?");
  const path = names.map((name): [string, string] => [name, c.req.param(name) ?? ""]);
  return { path, query: query < 0 ? "" : url.slice(query + 1) };
}

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
  const outcome = serve(
    operation,
    {
      entry: "http",
      ...askedOf(names, c),
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
