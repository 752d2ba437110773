/** The login origin: `/{tenant}/…` as Entra has it; pages and codes are the emulator's. */

import { handleControl } from "../control.ts";
import { applyBefore } from "../faults.ts";
import { type Call, type Handler, html, json, type Outcome, page, redirect } from "../http.ts";
import { asset, denial, withCancel, withPeople } from "../page.ts";
import { adminConsent, adminConsentAnswer } from "./admin-consent.ts";
import { admits, isPersonal, isTenant, PEOPLE, type Person, tenantId } from "./people.ts";
import { ofAzure, sortScopes, wantsStepUp } from "./scopes.ts";
import { handleToken } from "./token.ts";
import type { MicrosoftWorld } from "./world.ts";

export function loginHandler(world: MicrosoftWorld): Handler {
  return async (call) => {
    const path = call.url.pathname;
    if (path.startsWith("/__world/")) return handleControl(world, call);
    if (path.startsWith("/_emulate/")) return asset(world, call);
    const [, tenant = "", ...rest] = path.split("/");
    if (!isTenant(tenant)) return json(404, { error: "not found" });
    switch (rest.join("/")) {
      case "oauth2/v2.0/authorize":
        return authorize(world, call, tenant);
      case "oauth2/v2.0/authorize/callback":
        return picked(world, call, tenant);
      case "oauth2/v2.0/authorize/cancel":
        return cancelled(world, call);
      case "oauth2/v2.0/token":
        return handleToken(world, call, tenant);
      case "oauth2/v2.0/logout":
        return logout(world, call);
      case "adminconsent":
      case "v2.0/adminconsent":
        return adminConsent(world, call, tenant);
      case "adminconsent/answer":
      case "v2.0/adminconsent/answer":
        return adminConsentAnswer(world, call, tenant);
      case "v2.0/.well-known/openid-configuration":
        return json(200, discovery(world, tenant));
      case "discovery/v2.0/keys":
        return keys(world, call.url.searchParams.has("appid"));
      default:
        return json(404, { error: "not found" });
    }
  };
}

async function keys(world: MicrosoftWorld, ofApplication: boolean): Promise<Outcome> {
  const early = await applyBefore(world.faults.take("keys", {}), () => ({ error: "unavailable" }));
  if (early !== undefined) return early;
  // As Entra's: each key says whose tokens it signs.
  const issuer = `${world.origins.login}/{tenantid}/v2.0`;
  const elsewhere = world.settings.signing === "application" && !ofApplication;
  return json(200, world.signer.jwks({ issuer, ...(elsewhere ? { kid: "another-application" } : {}) }));
}

function discovery(world: MicrosoftWorld, tenant: string) {
  const base = `${world.origins.login}/${tenant}`;
  // For a tenant that stands for many, Entra answers this very placeholder.
  const issuerTenant = /^(common|organizations)$/.test(tenant) ? "{tenantid}" : tenantId(tenant);
  return {
    issuer: `${world.origins.login}/${issuerTenant}/v2.0`,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    token_endpoint: `${base}/oauth2/v2.0/token`,
    end_session_endpoint: `${base}/oauth2/v2.0/logout`,
    jwks_uri: `${base}/discovery/v2.0/keys`,
    response_types_supported: ["code"],
    response_modes_supported: ["query", "form_post"],
    subject_types_supported: ["pairwise"],
    id_token_signing_alg_values_supported: ["RS256"],
    scopes_supported: ["openid", "profile", "email", "offline_access"],
    token_endpoint_auth_methods_supported: ["client_secret_post", "client_secret_basic"],
    code_challenge_methods_supported: ["S256"],
  };
}

/** The emulator's sign-in page on this origin, with the tenant's people and a way to deny. */
async function authorize(world: MicrosoftWorld, call: Call, tenant: string): Promise<Outcome> {
  const query = call.url.searchParams;
  const through = world.settings.sign_in_through;
  if (through !== "" && !query.has("signed_in_elsewhere")) {
    const back = new URL(`${call.url.pathname}${call.url.search}`, world.origins.login);
    back.searchParams.set("signed_in_elsewhere", "1");
    return redirect(`${through}/?${new URLSearchParams({ to: back.href })}`);
  }
  world.ledger.remember("states", query.get("state"));
  world.ledger.remember("nonces", query.get("nonce"));
  const response = await world.forward(`/oauth2/v2.0/authorize${call.url.search}`);
  const body = await response.text();
  // Without a client and a redirect that are registered there is nowhere safe to send an error.
  if (response.status !== 200) return html(response.status, body);
  if (wantsStepUp(query.get("claims"))) world.stepUps.add(query.get("state") ?? "");
  const fail = (error: string, text: string) => redirect(denial(query, { error, error_description: text }));
  if (query.get("response_type") !== "code")
    return fail("unsupported_response_type", "AADSTS70005: the response_type is not 'code'.");
  const method = query.get("code_challenge_method");
  if (query.has("code_challenge") && method !== "S256" && method !== "plain" && method !== null)
    return fail("invalid_request", "AADSTS501491: invalid code_challenge_method.");
  const scopes = sortScopes(query.get("scope") ?? "", world.origins);
  if (scopes.unknown.length > 0)
    return fail("invalid_scope", `AADSTS70011: the scope ${scopes.unknown.join(" ")} is not valid.`);
  if (query.get("prompt") === "none") return fail("login_required", "AADSTS50058: nobody is signed in.");
  const endpoint = `/${tenant}/oauth2/v2.0/authorize`;
  const forms = withPeople(body, (form) => {
    const who = personIn(form);
    return who !== undefined && admits(tenant, who)
      ? form.replace(/action="[^"]*"/, `action="${endpoint}/callback"`)
      : "";
  });
  const names = ["redirect_uri", "client_id", "state", "response_mode"];
  const fields = Object.fromEntries(names.map((name) => [name, query.get(name) ?? ""]));
  return html(200, withCancel(forms, `${endpoint}/cancel`, fields));
}

function personIn(form: string): Person | undefined {
  const email = /name="email" value="([^"]*)"/.exec(form)?.[1];
  return PEOPLE.find((who) => who.email === email);
}

async function picked(world: MicrosoftWorld, call: Call, tenant: string): Promise<Outcome> {
  const form = new URLSearchParams(call.body);
  const person = PEOPLE.find((who) => who.email === form.get("email"));
  if (person === undefined || !admits(tenant, person)) {
    const text = `AADSTS50020: user account '${form.get("email")}' does not exist in tenant '${tenant}'.`;
    return page(400, "Sorry, but we are having trouble signing you in", text);
  }
  const asked = sortScopes(form.get("scope") ?? "", world.origins);
  if (isPersonal(person) && ofAzure(asked).length > 0) {
    // As login.live.com answers (AzureAD/microsoft-authentication-library-for-js, issue 3706): no AADSTS number.
    const text = `The provided value for the input parameter 'scope' is not valid. The scope '${form.get("scope")}' does not exist.`;
    return redirect(denial(form, { error: "invalid_scope", error_description: text }));
  }
  if (world.settings.services === "no-azure" && ofAzure(asked).length > 0) {
    const text =
      "AADSTS650052: The app is trying to access a service 'https://management.azure.com' that your organization " +
      "lacks a service principal for.";
    return redirect(denial(form, { error: "invalid_client", error_description: text }));
  }
  const response = await world.forward("/oauth2/v2.0/authorize/callback", { method: "POST", body: form });
  const location = response.headers.get("location");
  const body = await response.text();
  const code =
    location === null
      ? /name="code" value="([^"]*)"/.exec(body)?.[1]
      : new URL(location).searchParams.get("code");
  if (code === undefined || code === null) return html(response.status, body);
  const scope = form.get("scope") ?? "";
  world.ledger.remember("codes", code);
  world.ledger.codes.set(code, {
    person,
    clientId: form.get("client_id") ?? "",
    scope,
    consented: sortScopes(scope, world.origins),
    nonce: form.get("nonce") || undefined,
    steppedUp: world.stepUps.has(form.get("state") ?? ""),
  });
  return location === null ? html(response.status, body) : redirect(location);
}

async function cancelled(world: MicrosoftWorld, call: Call): Promise<Outcome> {
  // The emulator is asked again, so that this is no open redirect: it knows which redirects are registered.
  const check = await world.forward(`/oauth2/v2.0/authorize${call.url.search}`);
  if (check.status !== 200) return html(check.status, await check.text());
  const text = "AADSTS65004: User declined to consent to access the app.";
  return redirect(denial(call.url.searchParams, { error: "access_denied", error_description: text }));
}

async function logout(world: MicrosoftWorld, call: Call): Promise<Outcome> {
  const response = await world.forward(`/oauth2/v2.0/logout${call.url.search}`);
  const location = response.headers.get("location");
  const body = await response.text();
  return location === null ? page(response.status, "Signed out", body) : redirect(location);
}
