/** What the tests of the emulated GitHub do again and again. */
import { type Answer, type Attempt, answerOf, attemptAt, codeOf, postForm } from "../testing.ts";
import type { GitHub } from "./github.ts";
import type { App } from "./world.ts";

export { ALICE, BOB } from "../testing.ts";
export const CAROL = "carol.costa@fabrikam.example";
export const REDIRECT = "http://localhost:8787/callback/github";
export const SCOPES = "repo gist user:email";

export function attempt(github: GitHub, app = github.lasting, changes: Record<string, string> = {}): Attempt {
  const parameters = {
    client_id: app.id,
    redirect_uri: REDIRECT,
    scope: SCOPES,
    prompt: "select_account",
    response_type: "",
    nonce: "",
  };
  return attemptAt(`${github.origin}/login/oauth/authorize`, parameters, changes);
}

export function tokenRequest(
  github: GitHub,
  app: App,
  form: Record<string, string>,
  headers?: Record<string, string>,
): Promise<Answer> {
  const client = { client_id: app.id, client_secret: app.secret };
  return postForm(`${github.origin}/login/oauth/access_token`, { ...client, ...form }, headers);
}

export async function redeem(
  github: GitHub,
  email: string,
  app = github.lasting,
  of = attempt(github, app),
): Promise<Answer> {
  const code = await codeOf(of, email);
  return tokenRequest(github, app, { code, redirect_uri: REDIRECT, code_verifier: of.verifier });
}

export function refresh(github: GitHub, token: unknown, app = github.expiring): Promise<Answer> {
  return tokenRequest(github, app, { grant_type: "refresh_token", refresh_token: String(token) });
}

export async function revoke(
  github: GitHub,
  token: unknown,
  app = github.lasting,
  what: "token" | "grant" = "token",
): Promise<number> {
  return (await revocation(github, app, what, { access_token: token })).status;
}

export async function revocation(
  github: GitHub,
  app: App,
  what: "token" | "grant",
  body: unknown,
  secret = app.secret,
): Promise<Answer> {
  const authorization = `Basic ${Buffer.from(`${app.id}:${secret}`).toString("base64")}`;
  const url = `${github.origin}/applications/${app.id}/${what}`;
  return answerOf(
    await fetch(url, { method: "DELETE", headers: { authorization }, body: JSON.stringify(body) }),
  );
}
