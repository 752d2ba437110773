/**
 * Google's token endpoint. The emulator checks client, code and PKCE and keeps refresh tokens, which are not rotated;
 * the fixture checks the redirect, and makes tokens expire (developers.google.com/identity: "Using OAuth 2.0 for Web
 * Server Applications", "Refresh token expiration" of "Using OAuth 2.0 to Access Google APIs").
 */
import { createHash } from "node:crypto";
import { applyAfter, applyBefore, type Fault, patched } from "../faults.ts";
import { type Call, json, type Outcome, type Reply } from "../http.ts";
import { answerTokenRequest, text, useBasicCredentials } from "../token.ts";
import { displayName, type Person } from "./people.ts";
import { EMAIL, PROFILE } from "./scopes.ts";
import type { GoogleWorld, Grant } from "./world.ts";

export function handleToken(world: GoogleWorld, call: Call): Promise<Outcome> {
  const form = new URLSearchParams(call.body);
  useBasicCredentials(form, call.headers.authorization);
  return answerTokenRequest(world, call, form, (grantType) => answer(world, call, form, grantType));
}

export const refusal = (status: number, error: string, description: string): Reply =>
  json(status, { error, error_description: description });

async function answer(world: GoogleWorld, call: Call, form: URLSearchParams, type: string): Promise<Outcome> {
  if (call.method !== "POST") return json(404, { error: "Not Found" });
  const fault = world.faults.take("token", { grant: type });
  const early = await applyBefore(fault, (one) => ({
    error: one.error ?? "internal_failure",
    error_description: "An error that a test asked for.",
    ...(one.suberror === undefined ? {} : { error_subtype: one.suberror }),
  }));
  if (early !== undefined) return early;
  if (type === "authorization_code") return redeemCode(world, form, fault);
  if (type === "refresh_token") return refresh(world, form, fault);
  return refusal(400, "unsupported_grant_type", `Invalid grant_type: ${type}`);
}

type Emulated = Record<string, unknown>;

/** The emulator's answer, or its refusal. */
async function emulated(world: GoogleWorld, form: URLSearchParams): Promise<Emulated | Reply> {
  const response = await world.forward("/oauth2/token", { method: "POST", body: form });
  const body = (await response.json()) as Emulated;
  if (response.ok) return body;
  return refusal(response.status, text(body.error), text(body.error_description));
}

const isReply = (value: Emulated | Reply): value is Reply => typeof value.status === "number";

async function redeemCode(world: GoogleWorld, form: URLSearchParams, fault: Fault | undefined) {
  const code = world.ledger.codes.get(form.get("code") ?? "");
  if (code !== undefined && form.get("client_id") === world.client.id) {
    const redirectUri = form.get("redirect_uri");
    if (redirectUri === null) return refusal(400, "invalid_request", "Missing parameter: redirect_uri");
    if (redirectUri !== code.redirectUri) return refusal(400, "redirect_uri_mismatch", "Bad Request");
    if (code.grant.revoked) return refusal(400, "invalid_grant", "Bad Request");
  }
  const answered = await emulated(world, form);
  if (isReply(answered)) return answered;
  if (code === undefined) throw new Error("the emulator took a code that the fixture never saw");
  const refreshToken = text(answered.refresh_token);
  const gives = code.offline && fault?.kind !== "omit-refresh-token";
  if (gives) {
    const { grant, scopes } = code;
    const token = { grant, scopes, emulated: refreshToken, usedAt: world.now(), ended: false };
    world.ledger.addRefresh(refreshToken, token);
  }
  const made = { ...code, emulated: text(answered.access_token) };
  return give(world, made, fault, gives ? { refresh_token: refreshToken } : {});
}

async function refresh(world: GoogleWorld, form: URLSearchParams, fault: Fault | undefined) {
  const token = world.ledger.refreshTokens.get(form.get("refresh_token") ?? "");
  if (token !== undefined) form.set("refresh_token", token.emulated);
  const answered = await emulated(world, form);
  if (isReply(answered)) return answered;
  if (token === undefined || !world.isAlive(token))
    return refusal(400, "invalid_grant", "Token has been expired or revoked.");
  token.usedAt = world.now();
  const made = { ...token, nonce: undefined, emulated: text(answered.access_token) };
  return give(world, made, fault, {});
}

interface Made {
  readonly grant: Grant;
  readonly scopes: readonly string[];
  readonly nonce: string | undefined;
  readonly emulated: string;
}

async function give(
  world: GoogleWorld,
  made: Made,
  fault: Fault | undefined,
  more: object,
): Promise<Outcome> {
  const { settings, ledger } = world;
  const { grant, scopes } = made;
  const access = made.emulated.padEnd(settings.access_token_bytes, "x");
  const expiresAt = world.now() + settings.expires_in * 1000;
  ledger.addAccess(access, { grant, scopes, emulated: made.emulated, expiresAt });
  const body: Record<string, unknown> = {
    access_token: access,
    expires_in: settings.expires_in,
    ...more,
    scope: scopes.join(" "),
    token_type: "Bearer",
  };
  if (scopes.includes("openid")) body.id_token = idToken(world, made, access, fault);
  const late = await applyAfter(fault);
  return late ?? json(200, patched(body, fault));
}

function idToken(
  world: GoogleWorld,
  { grant, scopes, nonce }: Made,
  access: string,
  fault: Fault | undefined,
) {
  const hash = createHash("sha256").update(access).digest().subarray(0, 16);
  const claims = {
    iss: world.issuer(),
    azp: grant.clientId,
    aud: grant.clientId,
    ...claimsOf(grant.person, scopes),
    at_hash: hash.toString("base64url"),
  };
  const { client, signer } = world;
  const order = { claims, nonce, clientSecret: client.secret, now: world.now(), saysNotBefore: false };
  const made = signer.make(order, fault?.kind === "id-token" ? fault.bad : undefined);
  world.ledger.remember("id_tokens", made);
  return made;
}

/** What the scopes let a client know of a person. */
export function claimsOf(person: Person, scopes: readonly string[]): Record<string, unknown> {
  const { sub, domain, email, givenName, familyName } = person;
  const profile = { name: displayName(person), given_name: givenName, family_name: familyName };
  return {
    ...(domain === undefined ? {} : { hd: domain }),
    sub,
    ...(scopes.includes(EMAIL) ? { email, email_verified: true } : {}),
    ...(scopes.includes(PROFILE) ? profile : {}),
  };
}
