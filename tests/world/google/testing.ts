/** What the tests of the emulated Google do again and again. */
import { type Answer, type Attempt, attemptAt, codeOf, postForm } from "../testing.ts";
import type { Google } from "./google.ts";

export { ALICE, BOB } from "../testing.ts";
export const DAVE = "dave.dahl@gmail.example";
export const REDIRECT = "http://localhost:8787/callback/google";
export const GMAIL = "https://www.googleapis.com/auth/gmail.readonly";
export const SCOPES = `openid email profile ${GMAIL}`;

export function attempt(google: Google, changes: Record<string, string> = {}): Attempt {
  const parameters = {
    client_id: google.client.id,
    redirect_uri: REDIRECT,
    scope: SCOPES,
    access_type: "offline",
    prompt: "consent select_account",
  };
  return attemptAt(`${google.origin}/o/oauth2/v2/auth`, parameters, changes);
}

export function tokenRequest(google: Google, form: Record<string, string>): Promise<Answer> {
  const client = { client_id: google.client.id, client_secret: google.client.secret };
  return postForm(`${google.origin}/token`, { ...client, ...form });
}

export async function redeem(google: Google, email: string, of = attempt(google)): Promise<Answer> {
  const code = await codeOf(of, email);
  const form = { grant_type: "authorization_code", code, redirect_uri: REDIRECT, code_verifier: of.verifier };
  return tokenRequest(google, form);
}

export function refresh(google: Google, token: unknown): Promise<Answer> {
  return tokenRequest(google, { grant_type: "refresh_token", refresh_token: String(token) });
}

export function revoke(google: Google, token: unknown): Promise<Answer> {
  return postForm(`${google.origin}/revoke`, { token: String(token) });
}
