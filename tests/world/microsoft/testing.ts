/** A small OAuth client for the world's own tests: the plain way, without Postern. */
import { type Answer, type Attempt, attemptAt, codeOf, postForm } from "../testing.ts";
import type { Microsoft } from "./microsoft.ts";

export const REDIRECT = "http://localhost:8787/callback/azure";
export { ALICE, BOB, get } from "../testing.ts";
export const CAROL = "carol.costa@fabrikam.example";
export const DAVE = "dave.dahl@outlook.example";
export const ARM_SCOPE = "https://management.azure.com/user_impersonation";
export const SCOPES = `openid profile email offline_access User.Read Mail.Read Calendars.Read ${ARM_SCOPE}`;
export const GRAPH_SCOPES = SCOPES.replace(` ${ARM_SCOPE}`, "");

export function attempt(
  microsoft: Microsoft,
  tenant = "common",
  changes: Record<string, string> = {},
): Attempt {
  const parameters = { client_id: microsoft.clientId, redirect_uri: REDIRECT, scope: SCOPES };
  return attemptAt(`${microsoft.loginOrigin}/${tenant}/oauth2/v2.0/authorize`, parameters, changes);
}

export function tokenRequest(microsoft: Microsoft, form: Record<string, string>): Promise<Answer> {
  const client = { client_id: microsoft.clientId, client_secret: microsoft.clientSecret };
  return postForm(`${microsoft.loginOrigin}/common/oauth2/v2.0/token`, { ...client, ...form });
}

export const codeFor = (microsoft: Microsoft, email: string, of = attempt(microsoft)) => codeOf(of, email);

export async function redeem(
  microsoft: Microsoft,
  email: string,
  scope = GRAPH_SCOPES,
  of = attempt(microsoft),
): Promise<Answer> {
  return tokenRequest(microsoft, {
    grant_type: "authorization_code",
    code: await codeFor(microsoft, email, of),
    redirect_uri: REDIRECT,
    code_verifier: of.verifier,
    scope,
  });
}

export function refresh(microsoft: Microsoft, token: unknown, scope = GRAPH_SCOPES): Promise<Answer> {
  return tokenRequest(microsoft, { grant_type: "refresh_token", refresh_token: String(token), scope });
}

/** An access token for scopes that nobody else's test asks for. */
export async function tokenFor(microsoft: Microsoft, email: string, scope: string): Promise<unknown> {
  const { body } = await redeem(microsoft, email, scope, attempt(microsoft, "common", { scope }));
  return body.access_token;
}
