/** The provider of a recorded moment, brought back: an emulator that takes the tokens which the recorded one took. */
import { env } from "cloudflare:workers";
import type { KnownAccess, KnownGrant } from "../../world/microsoft/grants.ts";
import { GITHUB, GOOGLE, ownerOf, type Provider } from "../support/providers.ts";
import type { AtGitHub, AtGoogle, AtMicrosoft, Moment } from "../support/stored-moment.ts";
import { CALLER_REDIRECT, ORIGIN } from "../support/variables.ts";
import { type Order, world } from "../support/world.ts";

const VERIFIER = "a-verifier-of-whoever-takes-over-the-grants-of-before";

export interface OldProvider {
  readonly world: typeof world | Provider["world"];
  /** Where it was, and where it is. */
  readonly login: { readonly was: string; readonly is: string };
  readonly settings: Order;
  /** Refresh tokens of that time: those that it takes, and those that it does not. */
  readonly live: readonly string[];
  readonly spent: readonly string[];
  readonly access: readonly AccessThen[];
  /** Whether it ends a grant on request. */
  readonly revokes: boolean;
  /** From now on it knows the tokens of that time. */
  takeOver(): Promise<void>;
  /** Whose an access token is, as it names people; nobody's where it is dead. Microsoft's is asked through Postern. */
  owner?(token: unknown): Promise<string | undefined>;
  called(email: string): string;
}

export interface AccessThen {
  readonly token: string;
  readonly resource: string;
  readonly expires_at: number;
}

export function providerOf({ who, provider }: Moment): OldProvider {
  if (who.integration === "github") return atGitHub(provider as AtGitHub);
  if (who.integration === "google") return atGoogle(provider as AtGoogle);
  return atMicrosoft(provider as AtMicrosoft);
}

function atMicrosoft({ login, rotation, grants, access }: AtMicrosoft): OldProvider {
  return {
    world,
    login: { was: login, is: env.AZURE_LOGIN_ORIGIN },
    settings: { rotation },
    live: grants.flatMap(({ live }) => live),
    spent: grants.flatMap(({ spent }) => spent),
    access,
    revokes: false,
    async takeOver() {
      for (const grant of grants) if (grant.live.length > 0) await takeOverGrant(grant, access);
    },
    called: (email) => email,
  };
}

const emailsOf = (all: readonly { readonly email: string }[]) => new Set(all.map(({ email }) => email));

function atGitHub({ login, settings, known }: AtGitHub): OldProvider {
  const { sessions } = known;
  const refreshTokens = (ended: boolean) =>
    sessions.flatMap((one) => (one.ended === ended && one.refresh_token !== null ? [one.refresh_token] : []));
  return {
    ...common(GITHUB, login, settings),
    live: refreshTokens(false),
    spent: refreshTokens(true),
    access: sessions.flatMap(({ ended, access_token: token, access_ends }) =>
      ended ? [] : [{ token, resource: "github", expires_at: access_ends ?? Number.POSITIVE_INFINITY }],
    ),
    async takeOver() {
      for (const email of emailsOf(sessions)) {
        const own = sessions.filter((one) => one.email === email);
        const base = `${env.GITHUB_LOGIN_ORIGIN}/login/oauth`;
        const scope = own[0]?.scopes.join(" ") ?? "";
        const { access_token } = await signInAnew(email, {
          authorize: `${base}/authorize`,
          token: `${base}/access_token`,
          client: { client_id: env.GITHUB_CLIENT_ID, redirect_uri: `${ORIGIN}/callback/github` },
          secret: env.GITHUB_CLIENT_SECRET,
          asked: { scope },
        });
        await GITHUB.world.control({ adopt: { access_token, sessions: own } });
      }
    },
  };
}

function atGoogle({ login, settings, known }: AtGoogle): OldProvider {
  const { access, refresh } = known;
  const refreshTokens = (ended: boolean) =>
    refresh.flatMap((one) => (one.ended === ended ? [one.token] : []));
  return {
    ...common(GOOGLE, login, settings),
    live: refreshTokens(false),
    spent: refreshTokens(true),
    access: access.map(({ token, expires_at }) => ({ token, resource: "google", expires_at })),
    async takeOver() {
      for (const email of emailsOf(refresh)) {
        const [ownAccess, ownRefresh] = [access, refresh].map((all) =>
          all.filter((one) => one.email === email),
        );
        const { access_token, refresh_token } = await signInAnew(email, {
          authorize: `${env.GOOGLE_LOGIN_ORIGIN}/o/oauth2/v2/auth`,
          token: `${env.GOOGLE_LOGIN_ORIGIN}/token`,
          client: { client_id: env.GOOGLE_CLIENT_ID, redirect_uri: `${ORIGIN}/callback/google` },
          secret: env.GOOGLE_CLIENT_SECRET,
          asked: {
            scope: ownRefresh?.[0]?.scopes.join(" ") ?? "",
            access_type: "offline",
            prompt: "consent",
          },
        });
        const adopt = { access_token, refresh_token, access: ownAccess, refresh: ownRefresh };
        await GOOGLE.world.control({ adopt });
      }
    },
  };
}

function common(provider: Provider, was: string, settings: Order) {
  return {
    world: provider.world,
    login: { was, is: provider.origin() },
    settings,
    revokes: true,
    owner: (token: unknown) => ownerOf(provider, token),
    called: provider.called,
  };
}

interface Endpoints {
  readonly authorize: string;
  readonly token: string;
  readonly client: { readonly client_id: string; readonly redirect_uri: string };
  readonly secret: string;
  readonly asked: Record<string, string>;
  /** Of the token request, where it is not that of the authorization. */
  readonly scope?: string;
}

/** The person signs in without Postern; answers what the token endpoint does. */
async function signInAnew(
  email: string,
  { authorize, token, client, secret, asked, scope }: Endpoints,
): Promise<Record<string, unknown>> {
  // Long as real ones: the world remembers them as secrets, and other tests look for those everywhere.
  const [state, nonce] = [crypto.randomUUID(), crypto.randomUUID()];
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(VERIFIER)));
  const challenge = btoa(String.fromCharCode(...hash))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace("=", "");
  const pkce = { code_challenge: challenge, code_challenge_method: "S256" };
  const query = new URLSearchParams({ ...client, ...asked, ...pkce, response_type: "code", state, nonce });
  const back = await world.signIn(`${authorize}?${query}`, email);
  const response = await fetch(token, {
    method: "POST",
    headers: { accept: "application/json" },
    body: new URLSearchParams({
      ...client,
      client_secret: secret,
      grant_type: "authorization_code",
      code: back.searchParams.get("code") ?? "",
      code_verifier: VERIFIER,
      ...(scope === undefined ? {} : { scope }),
    }),
  });
  const answer = (await response.json()) as Record<string, unknown>;
  if (answer.access_token === undefined)
    throw new Error(`nothing to take over with: ${JSON.stringify(answer)}`);
  return answer;
}

/** What a new sign-in brings the provider calls by the names of before. */
async function takeOverGrant(
  { email, scope, live }: KnownGrant,
  access: readonly KnownAccess[],
): Promise<void> {
  const base = `${env.AZURE_LOGIN_ORIGIN}/common/oauth2/v2.0`;
  const { refresh_token } = await signInAnew(email, {
    authorize: `${base}/authorize`,
    token: `${base}/token`,
    client: { client_id: env.AZURE_CLIENT_ID, redirect_uri: CALLER_REDIRECT },
    secret: env.AZURE_CLIENT_SECRET,
    asked: { scope },
    // One resource for each token request.
    scope: scope
      .split(" ")
      .filter((word) => !word.includes("://"))
      .join(" "),
  });
  const own = access.filter((one) => one.email === email);
  await world.control({ adopt: { refresh_token, as: live, access: own } });
}
