/**
 * GitHub, locally: `emulate` does the sign-in page, codes, client checks and the API; the fixture in front of it serves
 * what the emulator lacks: PKCE, form-encoded answers, tokens that expire or end, denial, redirects of renamed
 * repositories, a host for uploads, faults. Login and API share one origin.
 */
import { createEmulator } from "emulate";
import { handleControl } from "../control.ts";
import { type Handler, json, listen } from "../http.ts";
import { asset } from "../page.ts";
import { type Provider, type ProviderOptions, startProvider } from "../provider.ts";
import { noted } from "../state.ts";
import { handleApi, handleUpload } from "./api.ts";
import { authorize, cancelled, picked } from "./login.ts";
import { PEOPLE } from "./people.ts";
import { handleToken } from "./token.ts";
import { type App, GitHubWorld } from "./world.ts";

export interface GitHub extends Provider<GitHubWorld> {
  /** An app whose tokens last until they are revoked. */
  readonly lasting: App;
  /** An app whose tokens expire. */
  readonly expiring: App;
  /** The host that takes uploads; the same tokens are good there. */
  readonly uploadsOrigin: string;
}

export const DEFAULT_REDIRECTS = ["http://localhost:8787/callback/github"] as const;

/** The options' client is the app without expiring tokens; `tokens` of the settings makes them expire there, too. */
export async function startGitHub(options: ProviderOptions = {}): Promise<GitHub> {
  const secret = options.clientSecret ?? "local-github-secret";
  const lasting: App = {
    id: options.clientId ?? "Ov23liPosternLasting",
    secret,
    name: "Postern",
    expiring: false,
  };
  const expiring: App = {
    id: "Iv23liPosternExpiring",
    secret: `${secret}-2`,
    name: "Postern (expiring)",
    expiring: true,
  };
  const apps = [lasting, expiring];
  let upload: Handler = async () => "drop";
  const uploads = await listen(0, (call) => upload(call));
  try {
    const provider = await startProvider(
      options,
      () => startEmulator(apps, options.redirectUris ?? DEFAULT_REDIRECTS),
      (origin, emulator) => new GitHubWorld(apps, origin, uploads.origin, emulator),
      handlerOf,
    );
    const { world } = provider;
    upload = noted(world, (call) => handleUpload(world, call));
    const close = async () => void (await Promise.all([provider.close(), uploads.close()]));
    return { ...provider, close, lasting, expiring, uploadsOrigin: uploads.origin };
  } catch (error) {
    await uploads.close();
    throw error;
  }
}

function handlerOf(world: GitHubWorld): Handler {
  return async (call) => {
    const path = call.url.pathname;
    if (path.startsWith("/__world/")) return handleControl(world, call);
    if (path.startsWith("/_emulate/")) return asset(world, call);
    switch (path) {
      case "/login/oauth/authorize":
        return authorize(world, call);
      case "/login/oauth/callback":
        return picked(world, call);
      case "/login/oauth/cancel":
        return cancelled(world, call);
      case "/login/oauth/access_token":
        return handleToken(world, call);
      default:
        return path.startsWith("/login/") ? json(404, { error: "Not Found" }) : handleApi(world, call);
    }
  };
}

function startEmulator(apps: readonly App[], redirectUris: readonly string[]) {
  return createEmulator({
    service: "github",
    port: 0,
    seed: {
      github: {
        users: PEOPLE.map(({ login, name, email }) => ({ login, name, email })),
        oauth_apps: apps.map(({ id, secret, name }) => ({
          client_id: id,
          client_secret: secret,
          name,
          redirect_uris: [...redirectUris],
        })),
      },
    },
  });
}
