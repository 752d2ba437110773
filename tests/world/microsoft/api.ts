/** What Graph and ARM share: who may call, faults, paging, the log. */
import { randomUUID } from "node:crypto";
import { applyBefore, type Fault } from "../faults.ts";
import { type Call, type Handler, json, type Outcome, type Reply } from "../http.ts";
import type { Person } from "./people.ts";
import { type Resource, STEP_UP_CLAIMS } from "./scopes.ts";
import type { AccessToken, MicrosoftWorld } from "./world.ts";

export type Route = (call: Call, person: Person, token: AccessToken) => Reply;

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

export function apiHandler(world: MicrosoftWorld, resource: Resource, route: Route): Handler {
  const challenge = (more = "") =>
    `Bearer realm="", authorization_uri="${world.origins.login}/common/oauth2/authorize"${more}`;
  const refuse = (message: string, more?: string) =>
    apiError(401, "InvalidAuthenticationToken", message, { "www-authenticate": challenge(more) });

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
      const claims = Buffer.from(STEP_UP_CLAIMS).toString("base64");
      return refuse("Continuous access evaluation.", `, error="insufficient_claims", claims="${claims}"`);
    }
    if (call.method !== "GET") return apiError(405, "MethodNotAllowed", "Only GET is served here.");
    if (token.person === undefined)
      return apiError(400, "BadRequest", "The request is only valid for a signed-in user.");
    return route(call, token.person, token);
  };

  return async (call) => {
    const outcome = await answer(call);
    world.ledger.log({
      origin: resource,
      method: call.method,
      path: call.url.pathname + call.url.search,
      status: typeof outcome === "string" ? outcome : outcome.status,
    });
    return outcome;
  };
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
  const url = new URL(call.url.pathname + call.url.search, origin);
  url.searchParams.set(name, value);
  return url.href;
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
