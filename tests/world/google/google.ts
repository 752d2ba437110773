/**
 * Google, locally: `emulate` does the sign-in page, codes, PKCE, client checks, userinfo and the APIs; the fixture in
 * front of it serves what the emulator lacks: the real paths, refresh tokens by consent, tokens that expire or end,
 * people's ids that stay, resumable uploads, denial, faults. Login and APIs share one origin.
 */
import { createEmulator } from "emulate";
import { handleControl } from "../control.ts";
import { applyBefore } from "../faults.ts";
import { type Handler, json, type Outcome } from "../http.ts";
import { asset } from "../page.ts";
import { type Provider, type ProviderOptions, startProvider } from "../provider.ts";
import type { Client } from "../state.ts";
import { handleApi, handleRevocation } from "./api.ts";
import { AUTHORIZE, authorize, cancelled, picked } from "./login.ts";
import { displayName, PEOPLE } from "./people.ts";
import { handleToken } from "./token.ts";
import { GoogleWorld } from "./world.ts";

export interface Google extends Provider<GoogleWorld> {
  readonly client: Client;
}

export const DEFAULT_REDIRECTS = ["http://localhost:8787/callback/google"] as const;

export async function startGoogle(options: ProviderOptions = {}): Promise<Google> {
  const client = {
    id: options.clientId ?? "100000000001-postern.apps.googleusercontent.com",
    secret: options.clientSecret ?? "local-google-secret",
    name: "Postern",
  };
  const provider = await startProvider(
    options,
    () => startEmulator(client, options.redirectUris ?? DEFAULT_REDIRECTS),
    (origin, emulator) => new GoogleWorld(client, origin, emulator),
    handlerOf,
  );
  return { ...provider, client };
}

function handlerOf(world: GoogleWorld): Handler {
  return async (call) => {
    const path = call.url.pathname;
    if (path.startsWith("/__world/")) return handleControl(world, call);
    if (path.startsWith("/_emulate/")) return asset(world, call);
    switch (path) {
      case AUTHORIZE:
        return authorize(world, call);
      case `${AUTHORIZE}/callback`:
        return picked(world, call);
      case `${AUTHORIZE}/cancel`:
        return cancelled(world, call);
      case "/token":
        return handleToken(world, call);
      case "/revoke":
        return handleRevocation(world, call);
      case "/oauth2/v3/certs":
        return keys(world);
      case "/.well-known/openid-configuration":
        return json(200, discovery(world));
      default:
        return handleApi(world, call);
    }
  };
}

async function keys(world: GoogleWorld): Promise<Outcome> {
  const early = await applyBefore(world.faults.take("keys", {}), () => ({ error: "unavailable" }));
  return early ?? json(200, world.signer.jwks());
}

function discovery(world: GoogleWorld) {
  const { origin } = world;
  return {
    issuer: world.issuer(),
    authorization_endpoint: `${origin}${AUTHORIZE}`,
    token_endpoint: `${origin}/token`,
    userinfo_endpoint: `${origin}/v1/userinfo`,
    revocation_endpoint: `${origin}/revoke`,
    jwks_uri: `${origin}/oauth2/v3/certs`,
    response_types_supported: ["code"],
    authorization_response_iss_parameter_supported: true,
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
    scopes_supported: ["openid", "email", "profile"],
    token_endpoint_auth_methods_supported: ["client_secret_post", "client_secret_basic"],
    code_challenge_methods_supported: ["plain", "S256"],
    grant_types_supported: ["authorization_code", "refresh_token"],
  };
}

function startEmulator(client: Client, redirectUris: readonly string[]) {
  return createEmulator({
    service: "google",
    port: 0,
    seed: {
      google: {
        users: PEOPLE.map((who) => ({
          email: who.email,
          name: displayName(who),
          given_name: who.givenName,
          family_name: who.familyName,
          hd: who.domain ?? "",
        })),
        oauth_clients: [
          {
            client_id: client.id,
            client_secret: client.secret,
            name: client.name,
            redirect_uris: [...redirectUris],
          },
        ],
      },
    },
  });
}
