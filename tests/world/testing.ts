/** What the tests of every world's providers do: an attempt to sign in, a token request, a call. */
import { createHash, randomBytes } from "node:crypto";
import { signIn } from "./sign-in.ts";

export const ALICE = "alice.anders@contoso.example";
export const BOB = "bob.brandt@contoso.example";

export interface Attempt {
  readonly url: string;
  readonly verifier: string;
  readonly nonce: string;
  readonly state: string;
}

/** `parameters`: those of the provider; with `changes` that take one out where they are empty. */
export function attemptAt(
  endpoint: string,
  parameters: Readonly<Record<string, string>>,
  changes: Readonly<Record<string, string>> = {},
): Attempt {
  const [verifier = "", nonce = "", state = ""] = [32, 16, 16].map((n) =>
    randomBytes(n).toString("base64url"),
  );
  const all = {
    response_type: "code",
    state,
    nonce,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    ...parameters,
    ...changes,
  };
  const url = new URL(endpoint);
  url.search = new URLSearchParams(Object.entries(all).filter(([, value]) => value !== "")).toString();
  return { url: url.href, verifier, nonce, state };
}

export async function codeOf(of: Attempt, email: string): Promise<string> {
  const target = new URL(await signIn({ authorizeUrl: of.url, email }));
  const code = target.searchParams.get("code");
  if (code === null || target.searchParams.get("state") !== of.state) throw new Error(`no code in ${target}`);
  return code;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Record<string, unknown>;
}

export async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const body = /json/.test(response.headers.get("content-type") ?? "") ? JSON.parse(text) : {};
  return { status: response.status, headers: response.headers, text, body };
}

/** A form, as a token endpoint takes it. */
export async function postForm(
  url: string,
  form: Record<string, string>,
  headers: Record<string, string> = { accept: "application/json" },
): Promise<Answer> {
  return answerOf(await fetch(url, { method: "POST", headers, body: new URLSearchParams(form) }));
}

export async function get(url: string, token: unknown): Promise<Answer> {
  return answerOf(await fetch(url, { headers: { authorization: `Bearer ${token}` } }));
}
