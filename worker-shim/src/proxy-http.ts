/** A call of an API over HTTP: what stands behind the route's segments goes on as it was written. */
import type { Bindings } from "./env.ts";
import { operationNamed } from "./operations.ts";
import { problemOutcome } from "./problems.ts";
import { serveProxy } from "./proxy.ts";
import { type HeaderPairs, headerOf } from "./proxy-headers.ts";
import { readableResponse } from "./proxy-refusal.ts";

const operation = operationNamed("proxy");
const BEGINNING = operation?.path.slice(0, operation.path.indexOf(":")) ?? "";

/** Where nothing stands before Postern's own paths, and no page of another origin asks: the router has nothing to add. */
export function proxyDirectly(request: Request, env: Bindings): Promise<Response> | undefined {
  const { url } = request;
  if (!url.startsWith(BEGINNING, url.indexOf("/", "https://".length))) return undefined;
  return request.headers.has("origin") ? undefined : proxyOverHttp(request, env);
}

export async function proxyOverHttp(request: Request, env: Bindings): Promise<Response> {
  const { url } = request;
  const at = url.indexOf(BEGINNING);
  if (at < 0 || !operation) return readableResponse(problemOutcome("not_found"));
  const root = url.slice(0, at + BEGINNING.length);
  const rest = url.slice(root.length).split("#", 1)[0] ?? "";
  const [, integration = "", user = "", target = ""] = /^([^/?]*)\/([^/?]*)(.*)$/s.exec(rest) ?? [];
  const all: HeaderPairs = [...request.headers];
  const fault = faultIn(all) ?? keyElsewhere(all, target);
  if (fault !== undefined) return readableResponse(problemOutcome("invalid_request", { detail: fault }));
  const headers: HeaderPairs = [
    [":method", request.method],
    [":target", target.startsWith("?") || target === "" ? `/${target}` : target],
  ];
  for (const pair of all)
    if (pair[0] === "authorization" || pair[0].startsWith("postern-")) headers.push(pair);
  return serveProxy(
    operation,
    {
      entry: "http",
      path: [
        ["integration", decoded(integration)],
        ["user_id", decoded(user)],
      ],
      headers,
    },
    env,
    {
      request,
      headers: all,
      base: `${root}${integration}/${user}`,
      baseFor: (api) => `${root}${api}/${user}`,
    },
    request,
  );
}

/** What keeps a request from being passed on, whoever calls; undefined: nothing. */
export function faultIn(headers: HeaderPairs): string | undefined {
  return headerOf(headers, "upgrade") === undefined
    ? undefined
    : "The proxy passes no Upgrade on: call without it";
}

/** An API key as Postern makes them (docs/api.md). */
const KEY = /^pk_[\w-]{20,}$/;
/** Of these nothing leaves. Clients of Azure repeat their credential in the second one. */
const MAY_HOLD_KEY = new Set(["authorization", "x-ms-authorization-auxiliary"]);

/** Postern's key is no secret of the API's: wherever else it stands it would arrive there. */
function keyElsewhere(headers: HeaderPairs, target: string): string | undefined {
  const key = headerOf(headers, "authorization")?.split(" ", 2)[1] ?? "";
  if (!KEY.test(key)) return undefined;
  const other = headers.find(([name, value]) => !MAY_HOLD_KEY.has(name) && value.includes(key));
  if (!other && !target.includes(key)) return undefined;
  return "The API key belongs into the header Authorization alone: call without it elsewhere";
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
