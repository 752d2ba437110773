/** The login origin: `/{tenant}/…` as Entra has it; pages and codes are the emulator's. */

import { handleControl } from "../control.ts";
import { applyBefore } from "../faults.ts";
import { type Call, escapeHtml, type Handler, html, json, type Outcome, page, redirect } from "../http.ts";
import type { World } from "../state.ts";
import { admits, isTenant, PEOPLE, type Person, tenantId } from "./people.ts";
import { sortScopes } from "./scopes.ts";
import { handleToken } from "./token.ts";

export function loginHandler(world: World): Handler {
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
        return handleToken(world, call);
      case "oauth2/v2.0/logout":
        return logout(world, call);
      case "v2.0/.well-known/openid-configuration":
        return json(200, discovery(world, tenant));
      case "discovery/v2.0/keys":
        return keys(world);
      default:
        return json(404, { error: "not found" });
    }
  };
}

async function asset(world: World, call: Call): Promise<Outcome> {
  const response = await world.forward(call.url.pathname);
  return {
    status: response.status,
    headers: { "content-type": response.headers.get("content-type") ?? "application/octet-stream" },
    body: new Uint8Array(await response.arrayBuffer()),
  };
}

async function keys(world: World): Promise<Outcome> {
  const early = await applyBefore(world.faults.take("keys", {}), () => ({ error: "unavailable" }));
  return early ?? json(200, world.signer.jwks(world.origins.login));
}

function discovery(world: World, tenant: string) {
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
async function authorize(world: World, call: Call, tenant: string): Promise<Outcome> {
  const query = call.url.searchParams;
  world.ledger.remember("states", query.get("state"));
  world.ledger.remember("nonces", query.get("nonce"));
  const response = await world.forward(`/oauth2/v2.0/authorize${call.url.search}`);
  const body = await response.text();
  // Without a client and a redirect that are registered there is nowhere safe to send an error.
  if (response.status !== 200) return html(response.status, body);
  const fail = (error: string, text: string) => redirect(denial(query, error, text));
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
  const forms = body.replace(/<form class="user-form"[\s\S]*?<\/form>/g, (form) => {
    const who = personIn(form);
    return who !== undefined && admits(tenant, who)
      ? form.replace(/action="[^"]*"/, `action="${endpoint}/callback"`)
      : "";
  });
  const hidden = ["redirect_uri", "client_id", "state", "response_mode"]
    .map((name) => `<input type="hidden" name="${name}" value="${escapeHtml(query.get(name) ?? "")}"/>`)
    .join("");
  const cancel =
    `<form class="user-form" id="cancel" method="get" action="${endpoint}/cancel">${hidden}` +
    `<button type="submit" class="user-btn"><span class="user-text"><span class="user-login">Cancel</span></span></button></form>`;
  const at = forms.lastIndexOf("</form>");
  const cut = at === -1 ? forms.indexOf('<div class="powered-by">') : at + "</form>".length;
  return html(200, forms.slice(0, cut) + cancel + forms.slice(cut));
}

function personIn(form: string): Person | undefined {
  const email = /name="email" value="([^"]*)"/.exec(form)?.[1];
  return PEOPLE.find((who) => who.email === email);
}

function denial(query: URLSearchParams, error: string, text: string): string {
  const target = new URL(query.get("redirect_uri") ?? "");
  target.searchParams.set("error", error);
  target.searchParams.set("error_description", text);
  if (query.has("state")) target.searchParams.set("state", query.get("state") ?? "");
  return target.href;
}

async function picked(world: World, call: Call, tenant: string): Promise<Outcome> {
  const form = new URLSearchParams(call.body);
  const person = PEOPLE.find((who) => who.email === form.get("email"));
  if (person === undefined || !admits(tenant, person)) {
    const text = `AADSTS50020: user account '${form.get("email")}' does not exist in tenant '${tenant}'.`;
    return page(400, "Sorry, but we are having trouble signing you in", text);
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
  });
  return location === null ? html(response.status, body) : redirect(location);
}

async function cancelled(world: World, call: Call): Promise<Outcome> {
  // The emulator is asked again, so that this is no open redirect: it knows which redirects are registered.
  const check = await world.forward(`/oauth2/v2.0/authorize${call.url.search}`);
  if (check.status !== 200) return html(check.status, await check.text());
  const text = "AADSTS65004: User declined to consent to access the app.";
  return redirect(denial(call.url.searchParams, "access_denied", text));
}

async function logout(world: World, call: Call): Promise<Outcome> {
  const response = await world.forward(`/oauth2/v2.0/logout${call.url.search}`);
  const location = response.headers.get("location");
  const body = await response.text();
  return location === null ? page(response.status, "Signed out", body) : redirect(location);
}
