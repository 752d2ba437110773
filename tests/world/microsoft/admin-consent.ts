/**
 * `/{tenant}/adminconsent` and `/{tenant}/v2.0/adminconsent`: an administrator consents for a whole directory.
 * Requests and answers: learn.microsoft.com/entra/identity-platform/v2-admin-consent. Where reports differ from it they
 * are followed: a refusal is `access_denied`, has `error_uri`, no `tenant`, and a `#` at its end
 * (github.com/MicrosoftDocs/azure-docs/issues/114009); a personal account is refused with the tenant of them all
 * (…/issues/37288); `common` is no directory at v2.0 (…/issues/45151).
 */
import { type Call, escapeHtml, html, type Outcome, page, redirect } from "../http.ts";
import { hiddenFields } from "../page.ts";
import { admits, CONSUMERS, PEOPLE, type Person } from "./people.ts";
import { sortScopes } from "./scopes.ts";
import type { MicrosoftWorld } from "./world.ts";

/** Those who may consent for their directory. Whoever else signs in is told to ask one of them, and stays there. */
const ADMINISTRATORS = ["alice.anders@contoso.example", "carol.costa@fabrikam.example"];
const KEPT = ["client_id", "redirect_uri", "state", "scope"];

interface Request {
  readonly query: URLSearchParams;
  readonly tenant: string;
  readonly version: "v1" | "v2";
}

export async function adminConsent(world: MicrosoftWorld, call: Call, tenant: string): Promise<Outcome> {
  const request = requestOf(call.url.searchParams, call, tenant);
  const early = await refused(world, request);
  if (early !== undefined) return early;
  const options = PEOPLE.map(({ email }) => `<option>${email}</option>`).join("");
  const fields = Object.fromEntries(KEPT.map((name) => [name, request.query.get(name) ?? ""]));
  const what = request.query.get("scope") ?? "all that the app's registration lists";
  return html(
    200,
    `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Permissions requested</title></head><body><main>` +
      `<h1>Permissions requested</h1><p>Review for your organization: ${escapeHtml(what)}</p>` +
      `<form method="post" action="${escapeHtml(call.url.pathname)}/answer">${hiddenFields(fields)}` +
      `<label>Account <select name="email">${options}</select></label>` +
      `<button name="answer" value="accept">Accept</button><button name="answer" value="cancel">Cancel</button>` +
      `</form></main></body></html>`,
  );
}

export async function adminConsentAnswer(
  world: MicrosoftWorld,
  call: Call,
  tenant: string,
): Promise<Outcome> {
  const form = new URLSearchParams(call.body);
  const request = requestOf(form, call, tenant);
  const early = await refused(world, request);
  if (early !== undefined) return early;
  const person = PEOPLE.find(({ email }) => email === form.get("email"));
  if (person === undefined) return page(400, "Sign in", "AADSTS50034: the account does not exist.");
  const denied = (text: string, code: number, more: Record<string, string> = {}) =>
    answer(request, {
      error: "access_denied",
      error_description: `AADSTS${code}: ${text}`,
      error_uri: `https://login.microsoftonline.com/error?code=${code}`,
      admin_consent: "True",
      ...more,
    });
  if (person.tid === CONSUMERS)
    return denied("We are unable to issue tokens for a Microsoft account.", 500201, { tenant: CONSUMERS });
  if (!admits(tenant, person)) return denied(`User account does not exist in tenant '${tenant}'.`, 50020);
  if (form.get("answer") !== "accept") return denied("User declined to consent to access the app.", 65004);
  if (!ADMINISTRATORS.includes(person.email))
    return page(200, "Need admin approval", "AADSTS90094: only an administrator can grant this.");
  return consented(request, person);
}

const requestOf = (query: URLSearchParams, call: Call, tenant: string): Request => ({
  query,
  tenant,
  version: call.url.pathname.includes("/v2.0/") ? "v2" : "v1",
});

/** Without a client and a redirect that are registered there is nowhere to send anything: the emulator knows them. */
async function refused(world: MicrosoftWorld, request: Request): Promise<Outcome | undefined> {
  const { query, tenant, version } = request;
  if (!query.has("client_id"))
    return page(400, "Sign in", "AADSTS900144: The request body must contain 'client_id'.");
  const known = new URLSearchParams({ response_type: "code", scope: "openid", state: "x" });
  for (const name of ["client_id", "redirect_uri"]) known.set(name, query.get(name) ?? "");
  const check = await world.forward(`/oauth2/v2.0/authorize?${known}`);
  if (check.status !== 200) return html(check.status, await check.text());
  const fail = (error: string, text: string) => answer(request, { error, error_description: text });
  if (version === "v2" && tenant === "common")
    return fail("invalid_request", "The provided request must include a 'response_type' input parameter.");
  if (version === "v1") return undefined;
  const scopes = sortScopes(query.get("scope") ?? "", world.origins);
  if (!query.get("scope") || scopes.unknown.length > 0)
    return fail("invalid_scope", `AADSTS70011: the scope '${scopes.unknown.join(" ")}' is not valid.`);
  return undefined;
}

function consented(request: Request, person: Person): Outcome {
  const scope = request.query.get("scope");
  return answer(request, { admin_consent: "True", tenant: person.tid, ...(scope ? { scope } : {}) });
}

function answer({ query }: Request, fields: Readonly<Record<string, string>>): Outcome {
  const target = new URL(query.get("redirect_uri") ?? "");
  for (const [name, value] of Object.entries(fields)) target.searchParams.set(name, value);
  if (query.get("state")) target.searchParams.set("state", query.get("state") ?? "");
  return redirect(`${target.href}${"error" in fields ? "#" : ""}`);
}
