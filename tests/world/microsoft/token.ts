/** The token endpoint: Entra's rules in front of the emulator's codes, PKCE, client check and rotation. */
import { applyAfter, applyBefore, type Fault, patched } from "../faults.ts";
import { type Call, json, type Outcome, type Reply } from "../http.ts";
import { answerTokenRequest, text, useBasicCredentials } from "../token.ts";
import { clientCredentials } from "./application.ts";
import { entraError, entraErrorBody } from "./errors.ts";
import { idToken } from "./id-token.ts";
import { admits, isGuestOf, isPersonal, tenantOf } from "./people.ts";
import {
  ofAzure,
  RESOURCES,
  type Resource,
  type ScopeSet,
  STEP_UP_CLAIMS,
  sortScopes,
  wantsStepUp,
  words,
  writeScopes,
} from "./scopes.ts";
import type { Code, Grant, MicrosoftWorld } from "./world.ts";

interface Asked {
  readonly resource: Resource;
  readonly names: string[];
  readonly neutral: string[];
}

const ERROR_NUMBERS: Record<string, number> = {
  invalid_grant: 70000,
  invalid_client: 7000215,
  invalid_request: 900144,
  unsupported_grant_type: 70003,
  temporarily_unavailable: 90033,
};

export function handleToken(world: MicrosoftWorld, call: Call, tenant: string): Promise<Outcome> {
  const form = new URLSearchParams(call.body);
  useBasicCredentials(form, call.headers.authorization);
  return answerTokenRequest(world, call, form, (grantType) => answer(world, call, form, grantType, tenant));
}

async function answer(
  world: MicrosoftWorld,
  call: Call,
  form: URLSearchParams,
  grantType: string,
  tenant: string,
): Promise<Outcome> {
  if (call.method !== "POST")
    return entraError(405, "invalid_request", 900561, "The endpoint only accepts POST.");
  const fault = world.faults.take("token", { grant: grantType });
  const early = await applyBefore(fault, tokenErrorBody);
  if (early !== undefined) return early;
  switch (grantType) {
    case "authorization_code":
      return redeemCode(world, form, fault, tenant);
    case "refresh_token":
      return refresh(world, form, fault, tenant);
    case "client_credentials":
      return clientCredentials(world, form, fault, tenant);
    default:
      return entraError(
        400,
        "unsupported_grant_type",
        70003,
        `The app requested '${grantType}', which is not supported.`,
      );
  }
}

function tokenErrorBody(fault: Fault) {
  const status = fault.status ?? 400;
  const error =
    fault.error ?? (status >= 500 || status === 429 ? "temporarily_unavailable" : "invalid_request");
  return entraErrorBody(
    error,
    fault.number ?? ERROR_NUMBERS[error] ?? 90000,
    "An error that a test asked for.",
    {
      ...(fault.suberror === undefined ? {} : { suberror: fault.suberror }),
      ...(fault.claims === undefined ? {} : { claims: fault.claims }),
    },
  );
}

/** The one resource that a scope asks for, or the refusal that Entra would give. */
function resourceAsked(world: MicrosoftWorld, scope: string, consented: ScopeSet | undefined): Asked | Reply {
  const set = sortScopes(scope, world.origins);
  if (set.unknown.length > 0)
    return entraError(400, "invalid_scope", 70011, `The scope '${set.unknown.join(" ")}' is not valid.`);
  const resources = RESOURCES.filter((one) => set[one].length > 0);
  if (resources.length > 1) {
    const text = `The provided value for scope ${scope} is not valid because it contains more than one resource.`;
    return entraError(400, "invalid_scope", 28000, text);
  }
  const [resource = "graph"] = resources;
  const names = set[resource];
  if (consented !== undefined && world.settings.consent === "strict") {
    const had = consented[resource];
    const missing = names.filter((name) => !had.includes(name) && !(name === ".default" && had.length > 0));
    if (missing.length > 0 && !had.includes(".default")) {
      const text = `The user or administrator has not consented to use the application for ${missing.join(" ")}.`;
      return entraError(400, "invalid_grant", 65001, text, { suberror: "consent_required" });
    }
  }
  // `.default` stands for all that was consented to at that resource.
  const granted = names.includes(".default")
    ? [...new Set([...(consented?.[resource] ?? []), ...names])]
    : names;
  return { resource, names: granted, neutral: set.neutral };
}

async function redeemCode(
  world: MicrosoftWorld,
  form: URLSearchParams,
  fault: Fault | undefined,
  tenant: string,
): Promise<Outcome> {
  const code = world.ledger.codes.get(form.get("code") ?? "");
  if (code !== undefined) {
    const asked = resourceAsked(world, form.get("scope") ?? code.scope, code.consented);
    if ("status" in asked) return asked;
    // Entra refuses a code that has gone to another redirect; the emulator lets an absent one pass.
    if (!form.has("redirect_uri"))
      return entraError(400, "invalid_request", 900144, "The request body must contain 'redirect_uri'.");
    return issue(world, form, fault, asked, code, code.nonce, tenant);
  }
  return emulatorsRefusal(world, form);
}

async function refresh(
  world: MicrosoftWorld,
  form: URLSearchParams,
  fault: Fault | undefined,
  tenant: string,
): Promise<Outcome> {
  const scope = form.get("scope") ?? "";
  if (words(scope).length === 0) {
    const text = "The refresh request must name the resource it is for: 'scope' is missing.";
    return entraError(400, "invalid_request", 90009, text);
  }
  const presented = form.get("refresh_token") ?? "";
  const grant = world.ledger.grants.get(presented);
  if (grant === undefined) return emulatorsRefusal(world, form);
  if (grant.revoked)
    return entraError(
      400,
      "invalid_grant",
      50173,
      "The provided grant has expired due to it being revoked.",
      {
        suberror: "bad_token",
      },
    );
  const { person } = grant;
  if (!admits(tenant, person) && !isGuestOf(tenant, person)) {
    const text = `User account '${person.email}' does not exist in tenant '${tenant}'.`;
    return entraError(400, "invalid_grant", 50020, text);
  }
  if (isPersonal(person) && ofAzure(sortScopes(scope, world.origins)).length > 0)
    return entraError(400, "invalid_scope", 70011, `The scope '${scope}' does not exist.`);
  const asked = resourceAsked(world, scope, grant.consented);
  if ("status" in asked) return asked;
  if (wantsStepUp(form.get("claims")) && !grant.steppedUp) {
    const text =
      "Due to a configuration change made by your administrator, you must use multi-factor authentication.";
    return entraError(400, "invalid_grant", 50076, text, {
      suberror: "basic_action",
      claims: STEP_UP_CLAIMS,
    });
  }
  const reusable = world.settings.rotation === "reusable";
  if (!reusable) {
    form.set("refresh_token", world.ledger.aliases.get(presented) ?? presented);
    return issue(world, form, fault, asked, grant, undefined, tenant);
  }
  // The emulator knows only the newest of a family, so requests with older ones take turns.
  return inTurn(grant, () => {
    form.set("refresh_token", grant.current);
    return issue(world, form, fault, asked, grant, undefined, tenant);
  });
}

const turns = new WeakMap<Grant, Promise<unknown>>();

function inTurn(grant: Grant, work: () => Promise<Outcome>): Promise<Outcome> {
  const next = (turns.get(grant) ?? Promise.resolve()).then(work, work);
  turns.set(grant, next);
  return next;
}

/** Forwards to the emulator and rewrites what it gives out. `of` is the code or the grant that is used. */
async function issue(
  world: MicrosoftWorld,
  form: URLSearchParams,
  fault: Fault | undefined,
  asked: Asked,
  of: Code | Grant,
  nonce: string | undefined,
  tenant: string,
): Promise<Outcome> {
  const { ledger, settings } = world;
  const presented = form.get("refresh_token");
  const response = await world.forward("/oauth2/v2.0/token", { method: "POST", body: form });
  const answered = (await response.json()) as Record<string, unknown>;
  if (!response.ok) return asEntra(response.status, answered);
  const emulated = text(answered.access_token);
  const accessToken = emulated.padEnd(settings.access_token_bytes, `.${emulated}`);
  ledger.remember("access_tokens", accessToken);
  ledger.accessTokens.set(accessToken, {
    person: of.person,
    resource: asked.resource,
    scopes: asked.names,
    steppedUp: of.steppedUp,
    tid: tenantOf(tenant, of.person),
    expiresAt: world.now() + settings.expires_in * 1000,
  });
  const body: Record<string, unknown> = {
    token_type: "Bearer",
    scope: writeScopes(asked.resource, asked.names, asked.neutral),
    expires_in: settings.expires_in,
    ext_expires_in: settings.expires_in,
    access_token: accessToken,
  };
  if (of.consented.neutral.includes("offline_access")) {
    const fresh = text(answered.refresh_token);
    const grant: Grant = "revoked" in of ? of : { ...of, current: fresh, revoked: false };
    grant.current = fresh;
    ledger.grants.set(fresh, grant);
    if (fault?.kind !== "omit-refresh-token") {
      ledger.remember("refresh_tokens", fresh);
      body.refresh_token = fresh;
    } else if (presented !== null) keepGood(world, presented, fresh);
  }
  if (asked.neutral.includes("openid")) {
    const bad = fault?.kind === "id-token" ? fault.bad : undefined;
    body.id_token = idToken(world, { person: of.person, clientId: of.clientId, nonce }, bad);
  }
  const late = await applyAfter(fault);
  if (late !== undefined) return late;
  return json(200, patched(body, fault));
}

/** The name under which the client knows its token lives on, whatever the emulator calls it by now. */
function keepGood(world: MicrosoftWorld, used: string, fresh: string): void {
  const known = [...world.ledger.aliases].find(([, current]) => current === used)?.[0];
  world.ledger.aliases.set(known ?? used, fresh);
}

/** The emulator does not know this code or refresh token either: it refuses, the fixture only words it. */
async function emulatorsRefusal(world: MicrosoftWorld, form: URLSearchParams): Promise<Reply> {
  const response = await world.forward("/oauth2/v2.0/token", { method: "POST", body: form });
  const body = (await response.json()) as Record<string, unknown>;
  if (response.ok) throw new Error("the emulator took a token that the fixture never saw");
  return asEntra(response.status, body);
}

function asEntra(status: number, body: Record<string, unknown>): Reply {
  const error = text(body.error);
  return entraError(status, error, ERROR_NUMBERS[error] ?? 90000, text(body.error_description));
}
