/**
 * Google's APIs are the emulator's, for the tokens that the fixture knows to be alive; the end of a grant at its client's
 * wish is the fixture's (developers.google.com/identity: "Using OAuth 2.0 for Web Server Applications", "Revoking a
 * token"; the words of refusals: googleapis/google-auth-library-nodejs issue 1175, coderello/laravel-passport-social-grant
 * issue 22).
 */
import { applyAfter, applyBefore, type Fault } from "../faults.ts";
import { type Call, json, type Outcome, type Reply } from "../http.ts";
import { relay } from "../relay.ts";
import { statusOf } from "../token.ts";
import { resume } from "./resumable.ts";
import { claimsOf, refusal } from "./token.ts";
import type { AccessToken, GoogleWorld } from "./world.ts";

const USERINFO = "/v1/userinfo";

export async function handleApi(world: GoogleWorld, call: Call): Promise<Outcome> {
  return logged(world, call, "api", await read(world, call));
}

export async function handleRevocation(world: GoogleWorld, call: Call): Promise<Outcome> {
  return logged(world, call, "revocation", await revoke(world, call));
}

function logged(world: GoogleWorld, call: Call, origin: "api" | "revocation", outcome: Outcome): Outcome {
  world.ledger.log({ origin, method: call.method, path: call.url.pathname, status: statusOf(outcome) });
  return outcome;
}

async function read(world: GoogleWorld, call: Call): Promise<Outcome> {
  const fault = world.faults.take("api", { path: call.url.pathname });
  const early = await applyBefore(fault, faultBody);
  if (early !== undefined) return early;
  const presented = /^bearer (.+)$/i.exec(call.headers.authorization ?? "")?.[1] ?? "";
  const token = world.ledger.accessTokens.get(presented);
  if (token === undefined || !world.isAlive(token)) return unauthenticated(call);
  const reply =
    call.url.pathname === USERINFO
      ? await userinfo(world, token)
      : call.url.searchParams.get("uploadType") === "resumable"
        ? await resume(world, call, token)
        : await relay(world, world.origin, call, token.emulated);
  return (await applyAfter(fault)) ?? reply;
}

const faultBody = (fault: Fault) => ({
  error: { code: fault.status ?? 500, message: "An error that a test asked for.", status: "UNAVAILABLE" },
});

function unauthenticated(call: Call): Reply {
  const challenge = {
    "www-authenticate": 'Bearer realm="https://accounts.google.com/", error="invalid_token"',
  };
  if (call.url.pathname === USERINFO)
    return json(401, { error: "invalid_request", error_description: "Invalid Credentials" }, challenge);
  const message = "Request had invalid authentication credentials.";
  return json(401, { error: { code: 401, message, status: "UNAUTHENTICATED" } }, challenge);
}

/** The emulator's, with the ids of every run and no more than the scopes allow. */
async function userinfo(world: GoogleWorld, token: AccessToken): Promise<Reply> {
  const response = await world.forward("/oauth2/v2/userinfo", {}, token.emulated);
  const body = (await response.json()) as Record<string, unknown>;
  if (body.email !== token.grant.person.email)
    throw new Error("the emulator's token is not that of the person");
  const allowed = claimsOf(token.grant.person, token.scopes);
  const known = Object.entries({ ...body, sub: token.grant.person.sub });
  return json(200, Object.fromEntries(known.filter(([name]) => name in allowed)));
}

/** "The token can be an access token or a refresh token"; all that the person granted the client goes with it. */
async function revoke(world: GoogleWorld, call: Call): Promise<Outcome> {
  if (call.method !== "POST") return json(404, { error: "Not Found" });
  const fault = world.faults.take("revocation", { path: call.url.pathname });
  const early = await applyBefore(fault, (one) => ({ error: one.error ?? "internal_failure" }));
  if (early !== undefined) return early;
  const { ledger } = world;
  const name = new URLSearchParams(call.body).get("token") ?? call.url.searchParams.get("token");
  if (name === null) return refusal(400, "invalid_request", "Bad Request");
  const token = ledger.accessTokens.get(name) ?? ledger.refreshTokens.get(name);
  if (token === undefined || !world.isAlive(token))
    return refusal(400, "invalid_token", "Token expired or revoked");
  token.grant.revoked = true;
  return (await applyAfter(fault)) ?? json(200, {});
}
