/**
 * GitHub's sign-in page and codes are the emulator's. The fixture adds PKCE and a way to deny
 * (docs.github.com/apps: "Authorizing OAuth apps", "Troubleshooting authorization request errors").
 */
import { type Call, html, type Outcome, page, redirect } from "../http.ts";
import { denial, hiddenFields, withCancel, withPeople } from "../page.ts";
import { PEOPLE } from "./people.ts";
import { scopesIn } from "./scopes.ts";
import type { GitHubWorld } from "./world.ts";

const ERRORS =
  "/apps/building-integrations/setting-up-and-registering-oauth-apps/troubleshooting-authorization-request-errors/";

export async function authorize(world: GitHubWorld, call: Call): Promise<Outcome> {
  const query = call.url.searchParams;
  world.ledger.remember("states", query.get("state"));
  const response = await world.forward(`/login/oauth/authorize${call.url.search}`);
  const body = await response.text();
  // Without an app and a redirect that are registered there is nowhere safe to send an error.
  if (response.status !== 200) return html(response.status, body);
  // "Only the S256 code challenge method is accepted": GitHub's changelog of 2025-07-14. The error's name is a guess.
  if (query.has("code_challenge") && query.get("code_challenge_method") !== "S256") {
    const text = "The code_challenge_method must be S256.";
    return redirect(denial(query, { error: "invalid_request", error_description: text }));
  }
  const challenge = hiddenFields({ code_challenge: query.get("code_challenge") ?? "" });
  const forms = withPeople(body, (form) => {
    const login = /name="login" value="([^"]*)"/.exec(form)?.[1];
    // The emulator has accounts of its own besides.
    return PEOPLE.some((who) => who.login === login) ? form.replace("</form>", `${challenge}</form>`) : "";
  });
  const names = ["redirect_uri", "client_id", "state"];
  const fields = Object.fromEntries(names.map((name) => [name, query.get(name) ?? ""]));
  return html(200, withCancel(forms, "/login/oauth/cancel", fields));
}

export async function picked(world: GitHubWorld, call: Call): Promise<Outcome> {
  const form = new URLSearchParams(call.body);
  const person = PEOPLE.find((who) => who.login === form.get("login"));
  if (person === undefined) return page(400, "Sign in to GitHub", "Incorrect username or password.");
  const response = await world.forward("/login/oauth/callback", { method: "POST", body: form });
  const location = response.headers.get("location");
  const code = location === null ? null : new URL(location).searchParams.get("code");
  if (location === null || code === null) return html(response.status, await response.text());
  world.ledger.remember("codes", code);
  world.ledger.codes.set(code, {
    person,
    clientId: form.get("client_id") ?? "",
    scopes: scopesIn(form.get("scope") ?? ""),
    redirectUri: form.get("redirect_uri") ?? "",
    challenge: form.get("code_challenge") || undefined,
  });
  return redirect(location);
}

export async function cancelled(world: GitHubWorld, call: Call): Promise<Outcome> {
  // The emulator is asked again, so that this is no open redirect: it knows which redirects are registered.
  const check = await world.forward(`/login/oauth/authorize${call.url.search}`);
  if (check.status !== 200) return html(check.status, await check.text());
  const refusal = {
    error: "access_denied",
    error_description: "The user has denied your application access.",
    error_uri: `${ERRORS}#access-denied`,
  };
  return redirect(denial(call.url.searchParams, refusal));
}
