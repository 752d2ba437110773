/** What every token endpoint does: it counts, remembers and logs what it was asked. */
import type { Call, Outcome } from "./http.ts";
import type { Status } from "./ledger.ts";
import type { World } from "./state.ts";

export async function answerTokenRequest(
  world: World,
  call: Call,
  form: URLSearchParams,
  answer: (grantType: string) => Promise<Outcome>,
): Promise<Outcome> {
  const { ledger } = world;
  const grantType = form.get("grant_type") ?? "";
  ledger.tokenRequest(grantType, form.get("refresh_token"));
  ledger.remember("code_verifiers", form.get("code_verifier"));
  ledger.remember("client_secrets", form.get("client_secret"));
  ledger.remember("client_assertions", form.get("client_assertion"));
  let status: Status = 599;
  try {
    const outcome = await answer(grantType);
    status = statusOf(outcome);
    return outcome;
  } finally {
    ledger.tokenAnswered(status);
    const scope = form.get("scope") ?? "";
    const claims = form.get("claims");
    ledger.log({
      origin: "login",
      method: call.method,
      path: call.url.pathname,
      grantType,
      scope,
      ...(claims === null ? {} : { claims }),
      status,
    });
  }
}

export const statusOf = (outcome: Outcome): Status =>
  typeof outcome === "string" ? outcome : outcome.status;

export function basicCredentials(header: string | undefined): { id: string; secret: string } | undefined {
  if (header === undefined || !/^basic /i.test(header)) return undefined;
  const [id = "", secret = ""] = Buffer.from(header.slice(6), "base64").toString("utf8").split(":");
  return { id: decodeURIComponent(id), secret: decodeURIComponent(secret) };
}

/** The emulators read a client's credentials in the body only. */
export function useBasicCredentials(form: URLSearchParams, header: string | undefined): void {
  const basic = basicCredentials(header);
  if (basic === undefined) return;
  if (!form.has("client_id")) form.set("client_id", basic.id);
  if (!form.has("client_secret")) form.set("client_secret", basic.secret);
}

/** A member of an emulator's answer. */
export function text(value: unknown): string {
  if (typeof value !== "string")
    throw new Error(`the emulator answered ${JSON.stringify(value)} for a string`);
  return value;
}
