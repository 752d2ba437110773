/**
 * Google's sign-in page, codes and PKCE are the emulator's. The fixture adds when a refresh token is given, scopes that
 * people leave unticked, and a way to deny (developers.google.com/identity: "Using OAuth 2.0 for Web Server
 * Applications", "OpenID Connect").
 */
import { type Call, html, type Outcome, page, redirect } from "../http.ts";
import { denial, hiddenFields, withCancel, withPeople } from "../page.ts";
import { PEOPLE } from "./people.ts";
import { scopesIn, words } from "./scopes.ts";
import type { GoogleWorld } from "./world.ts";

export const AUTHORIZE = "/o/oauth2/v2/auth";

export async function authorize(world: GoogleWorld, call: Call): Promise<Outcome> {
  const query = call.url.searchParams;
  world.ledger.remember("states", query.get("state"));
  world.ledger.remember("nonces", query.get("nonce"));
  const response = await world.forward(`${AUTHORIZE}${call.url.search}`);
  const body = await response.text();
  if (response.status !== 200) return html(response.status, body);
  // Google shows such errors to the person and tells the client nothing.
  for (const name of ["redirect_uri", "response_type", "scope"])
    if ((query.get(name) ?? "") === "")
      return page(400, "Access blocked: Authorization Error", `Missing required parameter: ${name}`);
  if (query.get("response_type") !== "code")
    return page(400, "Access blocked: Authorization Error", "Error 400: unsupported_response_type");
  const asked = hiddenFields({
    access_type: query.get("access_type") ?? "",
    prompt: query.get("prompt") ?? "",
  });
  const forms = withPeople(body, (form) => {
    const email = /name="email" value="([^"]*)"/.exec(form)?.[1];
    // The emulator has an account of its own besides.
    return PEOPLE.some((who) => who.email === email) ? form.replace("</form>", `${asked}</form>`) : "";
  });
  const names = ["redirect_uri", "client_id", "state"];
  const fields = Object.fromEntries(names.map((name) => [name, query.get(name) ?? ""]));
  return html(200, withCancel(forms, `${AUTHORIZE}/cancel`, fields));
}

export async function picked(world: GoogleWorld, call: Call): Promise<Outcome> {
  const form = new URLSearchParams(call.body);
  const person = PEOPLE.find((who) => who.email === form.get("email"));
  if (person === undefined) return page(400, "Sign in to Google", "Couldn't find your Google Account");
  const response = await world.forward(`${AUTHORIZE}/callback`, { method: "POST", body: form });
  const target = new URL(response.headers.get("location") ?? "");
  const code = target.searchParams.get("code") ?? "";
  const clientId = form.get("client_id") ?? "";
  const earlier = world.grantOf(person, clientId);
  const grant = earlier ?? { person, clientId, revoked: false };
  if (earlier === undefined) world.ledger.grants.push(grant);
  const declined = scopesIn(world.settings.declined.join(" "));
  const scopes = scopesIn(form.get("scope") ?? "").filter((name) => !declined.includes(name));
  // A person who has consented before is asked again only where the client wants it, and only being asked gives a refresh token.
  const consents = earlier === undefined || words(form.get("prompt") ?? "").includes("consent");
  world.ledger.remember("codes", code);
  world.ledger.codes.set(code, {
    grant,
    scopes,
    redirectUri: form.get("redirect_uri") ?? "",
    nonce: form.get("nonce") || undefined,
    offline: form.get("access_type") === "offline" && consents,
  });
  target.searchParams.set("scope", scopes.join(" "));
  target.searchParams.set("iss", world.issuer());
  return redirect(target.href);
}

export async function cancelled(world: GoogleWorld, call: Call): Promise<Outcome> {
  // The emulator is asked again, so that this is no open redirect: it knows which redirects are registered.
  const check = await world.forward(`${AUTHORIZE}${call.url.search}`);
  if (check.status !== 200) return html(check.status, await check.text());
  return redirect(denial(call.url.searchParams, { error: "access_denied", iss: world.issuer() }));
}
