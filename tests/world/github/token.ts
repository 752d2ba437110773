/**
 * GitHub's token endpoint. The emulator checks client and code; the fixture checks redirect and PKCE, and makes tokens
 * expire (docs.github.com/apps: "Authorizing OAuth apps", "Troubleshooting OAuth app access token request errors",
 * "Refreshing user access tokens"; github.blog/changelog, 2025-07-14: PKCE).
 */
import { createHash, randomBytes } from "node:crypto";
import { applyAfter, applyBefore, type Fault, patched } from "../faults.ts";
import { type Call, json, type Outcome, type Reply } from "../http.ts";
import { answerTokenRequest, text, useBasicCredentials } from "../token.ts";
import type { App, GitHubWorld, Session } from "./world.ts";

/** "There is a limit of ten tokens that are issued per user/application/scope combination." That of ten an hour is not kept. */
const MOST_TOKENS = 10;

export async function handleToken(world: GitHubWorld, call: Call): Promise<Outcome> {
  const form = new URLSearchParams(call.body);
  // The documentation of the refresh calls them query parameters.
  for (const [name, value] of call.url.searchParams) if (!form.has(name)) form.set(name, value);
  if (!form.has("grant_type")) form.set("grant_type", "authorization_code");
  useBasicCredentials(form, call.headers.authorization);
  const outcome = await answerTokenRequest(world, call, form, (type) => answer(world, call, form, type));
  const wantsJson = call.headers.accept?.includes("json") === true;
  return typeof outcome === "string" || wantsJson ? outcome : asForm(outcome);
}

/** The answer "by default"; what is no JSON object stays as it is. */
function asForm(reply: Reply): Reply {
  if (reply.headers?.["content-type"]?.includes("json") !== true) return reply;
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(String(reply.body)) as Record<string, unknown>;
  } catch {
    return reply;
  }
  const fields = Object.entries(value).map(([name, member]): [string, string] => [name, String(member)]);
  const headers = { ...reply.headers, "content-type": "application/x-www-form-urlencoded; charset=utf-8" };
  return { ...reply, headers, body: new URLSearchParams(fields).toString() };
}

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  bad_verification_code: "The code passed is incorrect or expired.",
  incorrect_client_credentials: "The client_id and/or client_secret passed are incorrect.",
  redirect_uri_mismatch: "The redirect_uri MUST match the registered callback URL for this application.",
  bad_refresh_token: "The refresh token passed is incorrect or expired.",
  unsupported_grant_type: "The grant_type is not supported.",
};

function errorBody(error: string) {
  const page = "/apps/managing-oauth-apps/troubleshooting-oauth-app-access-token-request-errors/";
  return {
    error,
    error_description: DESCRIPTIONS[error] ?? "An error that a test asked for.",
    error_uri: `https://docs.github.com${page}#${error.replaceAll("_", "-")}`,
  };
}

/** GitHub refuses with 200. */
const refusal = (error: string) => json(200, errorBody(error));

async function answer(world: GitHubWorld, call: Call, form: URLSearchParams, type: string): Promise<Outcome> {
  if (call.method !== "POST") return json(404, { error: "Not Found" });
  const fault = world.faults.take("token", { grant: type });
  const early = await applyBefore(fault, (one) => errorBody(one.error ?? "server_error"), 200);
  if (early !== undefined) return early;
  const app = world.app(form.get("client_id"), form.get("client_secret"));
  if (app === undefined) return refusal("incorrect_client_credentials");
  if (type === "authorization_code") return redeemCode(world, app, form, fault);
  if (type === "refresh_token") return refresh(world, app, form, fault);
  return refusal("unsupported_grant_type");
}

async function redeemCode(world: GitHubWorld, app: App, form: URLSearchParams, fault: Fault | undefined) {
  const code = world.ledger.codes.get(form.get("code") ?? "");
  if (code !== undefined) {
    if (code.clientId !== app.id) return refusal("bad_verification_code");
    if ((form.get("redirect_uri") ?? code.redirectUri) !== code.redirectUri)
      return refusal("redirect_uri_mismatch");
    if (code.challenge !== undefined && challengeOf(form.get("code_verifier") ?? "") !== code.challenge)
      return refusal("bad_verification_code");
  }
  const response = await world.forward("/login/oauth/access_token", {
    method: "POST",
    body: form,
    headers: { accept: "application/json" },
  });
  const answered = (await response.json()) as Record<string, unknown>;
  if (answered.error !== undefined) return refusal(text(answered.error));
  if (code === undefined) throw new Error("the emulator took a code that the fixture never saw");
  const session = open(world, app, { ...code, emulated: text(answered.access_token) });
  endOldest(world, session);
  return give(world, session, fault);
}

const challengeOf = (verifier: string) => createHash("sha256").update(verifier).digest("base64url");

async function refresh(world: GitHubWorld, app: App, form: URLSearchParams, fault: Fault | undefined) {
  const presented = form.get("refresh_token") ?? "";
  const session = world.ledger.byRefresh.get(presented);
  if (session === undefined || session.clientId !== app.id) return refusal("bad_refresh_token");
  if (session.ended || session.refreshEnds <= world.now()) return refusal("bad_refresh_token");
  // "Once you use a refresh token, that refresh token and the old user access token will no longer work."
  session.ended = true;
  const staysGood = fault?.kind === "omit-refresh-token" ? presented : undefined;
  return give(world, open(world, app, session, staysGood), fault);
}

type Opened = Pick<Session, "person" | "scopes" | "emulated">;

/** `refresh`: the refresh token to go on with, in place of a new one. */
function open(world: GitHubWorld, app: App, of: Opened, refresh?: string): Session {
  const { settings } = world;
  const expires = refresh !== undefined || world.expires(app);
  const made = expires ? `ghu_${randomBytes(27).toString("base64url")}` : of.emulated;
  const session: Session = {
    person: of.person,
    clientId: app.id,
    scopes: of.scopes,
    emulated: of.emulated,
    access: made.padEnd(settings.access_token_bytes, "x"),
    accessEnds: expires ? world.now() + settings.expires_in * 1000 : Number.POSITIVE_INFINITY,
    refresh: expires ? (refresh ?? `ghr_${randomBytes(57).toString("base64url")}`) : undefined,
    refreshEnds: expires ? world.now() + settings.refresh_token_expires_in * 1000 : 0,
    ended: false,
  };
  world.ledger.add(session);
  return session;
}

/** "The oldest tokens with the same user/application/scope combination are revoked": tokens that do not expire. */
function endOldest(world: GitHubWorld, { person, clientId, scopes, refresh }: Session): void {
  if (refresh !== undefined) return;
  const alike = world.ledger.sessions.filter(
    (one) =>
      !one.ended &&
      one.refresh === undefined &&
      one.person === person &&
      one.clientId === clientId &&
      one.scopes.join() === scopes.join(),
  );
  for (const one of alike.slice(0, -MOST_TOKENS)) one.ended = true;
}

async function give(world: GitHubWorld, session: Session, fault: Fault | undefined): Promise<Outcome> {
  const { settings } = world;
  const body: Record<string, unknown> = { access_token: session.access, token_type: "bearer" };
  if (session.refresh === undefined) body.scope = session.scopes.join(",");
  else {
    // "This value will always be an empty string": such a token is bound by permissions, not by scopes.
    body.scope = "";
    body.expires_in = settings.expires_in;
    if (fault?.kind !== "omit-refresh-token") {
      body.refresh_token = session.refresh;
      body.refresh_token_expires_in = settings.refresh_token_expires_in;
    }
  }
  const late = await applyAfter(fault);
  return late ?? json(200, patched(body, fault));
}
