/** What the APIs share: who may call, faults, paging, the log. */
import { randomUUID } from "node:crypto";
import { applyBefore, type Fault, isRecord } from "../faults.ts";
import { type Call, type Handler, json, type Outcome, type Reply } from "../http.ts";
import { principalIn } from "./application.ts";
import type { Person } from "./people.ts";
import { type Resource, STEP_UP_CLAIMS } from "./scopes.ts";
import type { AccessToken, MicrosoftWorld } from "./world.ts";

export type Route = (call: Call, person: Person, token: AccessToken) => Reply | Promise<Reply>;

export function apiError(
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): Reply {
  const innerError = { date: new Date().toISOString().slice(0, 19), "request-id": randomUUID() };
  return json(status, { error: { code, message, innerError } }, headers);
}

function faultBody(fault: Fault): unknown {
  const throttled = fault.status === 429;
  const code = fault.error ?? (throttled ? "TooManyRequests" : "InternalServerError");
  return { error: { code, message: throttled ? "Please retry later." : "An error that a test asked for." } };
}

/**
 * The ids by which the provider's support finds a request: learn.microsoft.com/graph/best-practices-concept for Graph,
 * github.com/Azure/azure-resource-manager-rpc (v1.0/common-api-details.md) for ARM. Those of the body are the same.
 */
function identified(resource: Resource, call: Call, reply: Reply): Reply {
  const id = /"request-id":"([^"]+)"/.exec(textOf(reply.body))?.[1] ?? randomUUID();
  const client = String(call.headers["client-request-id"] ?? id);
  const ids: Record<string, string> =
    resource === "graph"
      ? { "request-id": id, "client-request-id": client }
      : { "x-ms-request-id": id, "x-ms-correlation-request-id": randomUUID() };
  return { ...reply, headers: { ...ids, ...reply.headers } };
}

const textOf = (body: string | Uint8Array) =>
  typeof body === "string" ? body : Buffer.from(body).toString("latin1");

/** In every text that third parties write: NUL, half of a surrogate pair, a byte of Latin-1, a raw tab. */
const ODD_TEXT = Buffer.concat([Buffer.from("odd \\u0000 \\ud83d "), Buffer.from([0xe9, 0x09])]);

/**
 * Content that strict readers refuse. Half of a pair in a message: github.com/lanlin/nylas-php/issues/2; a byte order
 * mark: microsoftgraph/microsoft-graph-docs/issues/679; members twice, Latin-1 and raw controls: RFC 8259 leaves to
 * each reader what becomes of them.
 */
export function odd(reply: Reply): Reply {
  const pieces: Buffer[] = [Buffer.from([0xef, 0xbb, 0xbf])];
  for (const [n, piece] of textOf(reply.body)
    .split(/(?<="(?:subject|displayName|name)":")/)
    .entries())
    pieces.push(...(n === 0 ? [] : [ODD_TEXT]), Buffer.from(piece));
  const text = Buffer.concat(pieces).toString("latin1").replaceAll('{"id"', '{"twice":1,"twice":2,"id"');
  return { ...reply, body: Buffer.from(text, "latin1") };
}

/** As the tests of Azure's SDKs have ARM's (azure-sdk-for-python, azure-mgmt-core/tests/test_authentication.py). */
const CLAIMS_ERROR: Record<Resource, string> = {
  graph: "insufficient_claims",
  arm: "invalid_token",
  vault: "insufficient_claims",
  storage: "insufficient_claims",
};

/** The code of a 401. Key Vault: learn.microsoft.com/azure/key-vault/general/rest-error-codes. */
const UNAUTHORIZED: Record<Resource, string> = {
  graph: "InvalidAuthenticationToken",
  arm: "InvalidAuthenticationToken",
  vault: "Unauthorized",
  storage: "InvalidAuthenticationInfo",
};

/** Tokens for Storage are given, and nothing is served there. */
type Served = Exclude<Resource, "storage">;

export function apiHandler(world: MicrosoftWorld, resource: Served, route: Route): Handler {
  const challenge = (more = "") =>
    `Bearer realm="", authorization_uri="${world.origins.login}/common/oauth2/authorize"${more}`;
  const refuse = (message: string, more?: string) =>
    apiError(401, UNAUTHORIZED[resource], message, { "www-authenticate": challenge(more) });

  const answer = async (call: Call): Promise<Outcome> => {
    const fault = world.faults.take(resource, { path: call.url.pathname });
    const early = await applyBefore(fault, faultBody);
    if (early !== undefined) return early;
    const presented = /^bearer (.+)$/i.exec(call.headers.authorization ?? "")?.[1];
    if (presented === undefined) return refuse("Access token is empty.");
    const token = world.ledger.accessTokens.get(presented);
    if (token === undefined)
      return refuse("The access token is not one that was issued here.", ', error="invalid_token"');
    if (token.expiresAt <= world.now())
      return refuse("Lifetime validation failed, the token is expired.", ', error="invalid_token"');
    if (token.resource !== resource)
      return refuse("Access token validation failure. Invalid audience.", ', error="invalid_token"');
    const stepUp = world.settings.step_up;
    const wantsMore = stepUp !== null && call.url.pathname.includes(stepUp) && !token.steppedUp;
    if (fault?.kind === "claims-challenge" || wantsMore) {
      const claims = Buffer.from(fault?.claims ?? STEP_UP_CLAIMS).toString("base64");
      return refuse(
        "Continuous access evaluation.",
        `, error="${CLAIMS_ERROR[resource]}", claims="${claims}"`,
      );
    }
    const person = token.person ?? principalIn(token.tid ?? "", world.client.id);
    if (token.person === undefined && /^\/v1\.0\/me(\/|$)/.test(call.url.pathname))
      return apiError(400, "BadRequest", "/me request is only valid with delegated authentication flow.");
    const [sent, links] = [call.url.searchParams.get("$state"), world.settings.links];
    if (links === "raw" && sent !== null && sent !== RAW_STATE)
      return apiError(400, "InvalidSkipToken", `The token '${sent}' is not one that was given out.`);
    const reply = await route(call, person, token);
    if (!/json/.test(String(reply.headers?.["content-type"]))) return reply;
    const whole = world.settings.pages === "full" ? reply : emptied(call, world.origins[resource], reply);
    const led = links === "plain" ? whole : relinked(whole, links);
    return world.settings.content === "odd" ? odd(led) : led;
  };

  return async (call) => {
    const given = await answer(call);
    const outcome = typeof given === "string" ? given : identified(resource, call, given);
    const level = call.headers.consistencylevel;
    world.ledger.log({
      origin: resource,
      method: call.method,
      path: call.url.pathname + call.url.search,
      ...(level === undefined ? {} : { consistencyLevel: String(level) }),
      status: typeof outcome === "string" ? outcome : outcome.status,
    });
    return outcome;
  };
}

/** The body, where it is a JSON object. */
export function bodyOf(call: Call): Record<string, unknown> | undefined {
  try {
    const body: unknown = JSON.parse(call.body);
    return isRecord(body) ? body : undefined;
  } catch {
    return undefined;
  }
}

export interface Page<T> {
  readonly items: T[];
  readonly next: number | undefined;
}

export function slice<T>(all: readonly T[], from: number, size: number): Page<T> {
  const end = from + size;
  return { items: all.slice(from, end), next: end < all.length ? end : undefined };
}

/** The same URL with another parameter, on the origin that the client knows. */
export function nextLink(call: Call, origin: string, name: string, value: string): string {
  const url = new URL(`${origin}${call.url.pathname}${call.url.search}`);
  url.searchParams.set(name, value);
  return url.href;
}

/** As a continuation token of a store behind the API comes: nobody encoded it. */
const RAW_STATE = `[{"compositeToken":{"token":"-RID:~wk|A%N9^\\"#RT:1#TRC:100 é"}}]`;

/**
 * Links to the next page as they were seen. raw: github.com/Azure/azure-rest-api-specs/issues/31000 (`#`, `{`, quotes in
 * the token), Azure/azure-sdk-for-java/issues/36506 (blanks), autorest.python/issues/1984 (`{`). long: tokens have no
 * bound. loop: Azure/azure-cli/issues/28632. elsewhere: nobody has seen it; it would carry the token away.
 */
function relinked(reply: Reply, links: "raw" | "long" | "loop" | "elsewhere"): Reply {
  const body = JSON.parse(textOf(reply.body)) as Record<string, unknown>;
  for (const name of ["nextLink", "@odata.nextLink"]) {
    const link = body[name];
    if (typeof link !== "string") continue;
    const url = new URL(link);
    url.searchParams.delete("$state");
    if (links === "raw") body[name] = `${url.origin}/${url.pathname}${url.search}&$state=${RAW_STATE}`;
    if (links === "long") body[name] = `${url.href}&$state=${"x".repeat(9000)}`;
    if (links === "loop")
      body[name] = link.replace(/(skip(?:token)?=)[^&]*/, `$1${link.includes("token") ? "page-1" : "1"}`);
    if (links === "elsewhere") body[name] = link.replace("://", "://api.example.com@");
  }
  return { ...reply, body: JSON.stringify(body) };
}

/** What an emptied page leads on by. */
const EMPTIED = "$emptied";

/**
 * "A page of results may contain zero or more results" (learn.microsoft.com/graph/paging); of ARM, which filters late:
 * projectkudu/AzureResourceExplorer#255. A list without a further page begins so, too.
 */
function emptied(call: Call, origin: string, reply: Reply): Reply {
  if (call.method !== "GET" || reply.status !== 200 || call.url.searchParams.has(EMPTIED)) return reply;
  const body = JSON.parse(textOf(reply.body)) as Record<string, unknown>;
  if (!Array.isArray(body.value)) return reply;
  const link = body["@odata.context"] === undefined ? "nextLink" : "@odata.nextLink";
  return {
    ...reply,
    body: JSON.stringify({ ...body, value: [], [link]: nextLink(call, origin, EMPTIED, "1") }),
  };
}

/** How a part of a batch is spoiled: by faults that name its path, as they spoil a call of its own. */
export async function spoiledPart(world: MicrosoftWorld, part: Call): Promise<Reply | undefined> {
  const fault = world.faults.take("graph", { path: part.url.pathname, isNamed: true });
  const early = await applyBefore(fault, faultBody);
  if (early === undefined || typeof early !== "string") return early;
  return apiError(504, "GatewayTimeout", "The part of the batch was not answered.");
}

export function wholeNumber(
  value: string | null,
  otherwise: number,
  least: number,
  most: number,
): number | undefined {
  if (value === null) return otherwise;
  const number = /^\d{1,6}$/.test(value) ? Number(value) : Number.NaN;
  return number >= least && number <= most ? number : undefined;
}
