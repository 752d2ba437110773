/** A small OAuth client for the world's own tests: the plain way, without Postern. */
import { createHash, randomBytes } from "node:crypto";
import { signIn } from "../sign-in.ts";
import type { Microsoft } from "./microsoft.ts";

export const REDIRECT = "http://localhost:8787/callback/azure";
export const ALICE = "alice.anders@contoso.example";
export const BOB = "bob.brandt@contoso.example";
export const CAROL = "carol.costa@fabrikam.example";
export const ARM_SCOPE = "https://management.azure.com/user_impersonation";
export const SCOPES = `openid profile email offline_access User.Read Mail.Read Calendars.Read ${ARM_SCOPE}`;
export const GRAPH_SCOPES = SCOPES.replace(` ${ARM_SCOPE}`, "");

export interface Attempt {
  readonly url: string;
  readonly verifier: string;
  readonly nonce: string;
  readonly state: string;
}

export function attempt(
  microsoft: Microsoft,
  tenant = "common",
  changes: Record<string, string> = {},
): Attempt {
  const verifier = randomBytes(32).toString("base64url");
  const nonce = randomBytes(16).toString("base64url");
  const state = randomBytes(16).toString("base64url");
  const url = new URL(`${microsoft.loginOrigin}/${tenant}/oauth2/v2.0/authorize`);
  url.search = new URLSearchParams({
    client_id: microsoft.clientId,
    response_type: "code",
    redirect_uri: REDIRECT,
    scope: SCOPES,
    state,
    nonce,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    ...changes,
  }).toString();
  return { url: url.href, verifier, nonce, state };
}

export interface TokenAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Record<string, unknown>;
}

export async function tokenRequest(microsoft: Microsoft, form: Record<string, string>): Promise<TokenAnswer> {
  const response = await fetch(`${microsoft.loginOrigin}/common/oauth2/v2.0/token`, {
    method: "POST",
    body: new URLSearchParams({
      client_id: microsoft.clientId,
      client_secret: microsoft.clientSecret,
      ...form,
    }),
  });
  const text = await response.text();
  const body = /json/.test(response.headers.get("content-type") ?? "") ? JSON.parse(text) : {};
  return { status: response.status, headers: response.headers, text, body };
}

export async function codeFor(microsoft: Microsoft, email: string, of = attempt(microsoft)): Promise<string> {
  const target = new URL(await signIn({ authorizeUrl: of.url, email }));
  const code = target.searchParams.get("code");
  if (code === null || target.searchParams.get("state") !== of.state) throw new Error(`no code in ${target}`);
  return code;
}

export async function redeem(
  microsoft: Microsoft,
  email: string,
  scope = GRAPH_SCOPES,
  of = attempt(microsoft),
): Promise<TokenAnswer> {
  return tokenRequest(microsoft, {
    grant_type: "authorization_code",
    code: await codeFor(microsoft, email, of),
    redirect_uri: REDIRECT,
    code_verifier: of.verifier,
    scope,
  });
}

export function refresh(microsoft: Microsoft, token: unknown, scope = GRAPH_SCOPES): Promise<TokenAnswer> {
  return tokenRequest(microsoft, { grant_type: "refresh_token", refresh_token: String(token), scope });
}

export async function get(url: string, token: unknown): Promise<TokenAnswer> {
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: JSON.parse(text) };
}
