/**
 * The registered app itself in a directory: learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow,
 * …/access-token-claims-reference (`idtyp`, `roles`, `oid`, no `scp`), …/reference-error-codes.
 */
import { randomUUID } from "node:crypto";
import { applyAfter, type Fault, patched } from "../faults.ts";
import { json, type Outcome, type Reply } from "../http.ts";
import { JWT_BEARER, refuseAssertion } from "./assertions.ts";
import { entraError } from "./errors.ts";
import { CONSUMERS, oidOf, PEOPLE, type Person, tenantId } from "./people.ts";
import { type Resource, sortScopes, words } from "./scopes.ts";
import type { MicrosoftWorld } from "./world.ts";

export const APP_NAME = "Postern (world)";

/** The application permissions that each directory's administrator gave. Azure's services have roles of their own. */
const ROLES: Record<Resource, readonly string[]> = {
  graph: ["User.Read.All", "GroupMember.Read.All", "Sites.Read.All", "Mail.Read"],
  arm: [],
  vault: [],
  storage: [],
};

/** Whose calls an application's token makes: its service principal's, which has no mailbox. */
export function principalIn(tid: string, clientId: string): Person {
  const name = `${clientId}@${tid}`;
  return {
    email: name,
    givenName: APP_NAME,
    surname: "",
    tid,
    domain: PEOPLE.find((who) => who.tid === tid)?.domain ?? "",
    oid: oidOf(name),
    subscriptions: 1,
    messages: 0,
  };
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** Of which only the resource server knows whether it is signed. */
function accessToken(world: MicrosoftWorld, tid: string, resource: Resource, audience: string): string {
  const now = Math.floor(world.now() / 1000);
  const { oid } = principalIn(tid, world.client.id);
  const roles = ROLES[resource];
  const claims = {
    aud: audience,
    iss: `https://sts.windows.net/${tid}/`,
    iat: now,
    nbf: now,
    exp: now + world.settings.expires_in,
    app_displayname: APP_NAME,
    appid: world.client.id,
    appidacr: "1",
    idtyp: "app",
    oid,
    ...(roles.length === 0 ? {} : { roles }),
    sub: oid,
    tid,
    uti: randomUUID(),
    ver: "1.0",
    ...world.settings.app_claims,
  };
  const made = `${encode({ typ: "JWT", alg: "RS256", kid: "sts" })}.${encode(claims)}.${"c2ln".repeat(20)}`;
  return made.padEnd(world.settings.access_token_bytes, "A");
}

/** Why these are not the credentials of the registered app. */
async function refuseClient(
  world: MicrosoftWorld,
  form: URLSearchParams,
  tid: string,
  endpoint: string,
): Promise<Reply | undefined> {
  const id = form.get("client_id") ?? "";
  if (id !== world.client.id)
    return entraError(
      400,
      "unauthorized_client",
      700016,
      `Application with identifier '${id}' was not found in the directory '${tid}'.`,
    );
  const [assertion, secret] = [form.get("client_assertion"), form.get("client_secret")];
  if (assertion !== null && form.get("client_assertion_type") === JWT_BEARER)
    return refuseAssertion(world, assertion, endpoint);
  if (secret === null)
    return entraError(
      401,
      "invalid_client",
      7000216,
      "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
    );
  if (secret !== world.client.secret)
    return entraError(401, "invalid_client", 7000215, "Invalid client secret provided.");
  return undefined;
}

export async function clientCredentials(
  world: MicrosoftWorld,
  form: URLSearchParams,
  fault: Fault | undefined,
  tenant: string,
): Promise<Outcome> {
  if (/^(common|organizations)$/.test(tenant))
    return entraError(400, "invalid_request", 50059, "No tenant-identifying information found.");
  const tid = tenantId(tenant);
  if (tid === CONSUMERS || !PEOPLE.some((who) => who.tid === tid))
    return entraError(400, "invalid_request", 90002, `Tenant '${tenant}' not found.`);
  const refused = await refuseClient(world, form, tid, `${world.origins.login}/${tenant}/oauth2/v2.0/token`);
  if (refused !== undefined) return refused;
  const scope = form.get("scope") ?? "";
  const [asked, ...others] = words(scope);
  if (asked === undefined || others.length > 0 || !asked.endsWith("/.default"))
    return entraError(400, "invalid_scope", 1002012, `The provided value for scope ${scope} is not valid.`);
  const set = sortScopes(asked, world.origins);
  const resource = (["graph", "arm", "vault", "storage"] as const).find((one) => set[one].length > 0);
  if (resource === undefined)
    return entraError(
      400,
      "invalid_resource",
      500011,
      `The resource principal named ${asked} was not found.`,
    );
  const token = accessToken(world, tid, resource, asked.slice(0, -"/.default".length));
  const { ledger, settings } = world;
  ledger.remember("access_tokens", token);
  ledger.accessTokens.set(token, {
    person: undefined,
    resource,
    scopes: [...ROLES[resource]],
    steppedUp: false,
    tid,
    expiresAt: world.now() + settings.expires_in * 1000,
  });
  const late = await applyAfter(fault);
  if (late !== undefined) return late;
  const { expires_in } = settings;
  const body = { token_type: "Bearer", expires_in, ext_expires_in: expires_in, access_token: token };
  return json(200, patched(body, fault));
}
