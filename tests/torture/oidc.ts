/**
 * npm `oidc-provider` at the paths where Entra has them: refresh tokens rotate, and one that is shown again after its
 * use ends the grant with all that came of it. Sign-in is one form without a password; Graph is the profile alone.
 */
import { createHash, generateKeyPairSync, randomBytes, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import Provider, { type Configuration } from "oidc-provider";
import { CONTOSO } from "../world/microsoft/people.ts";
import { memoryStore } from "./oidc-store.ts";
import type { Provider as Offered, Registration, Who } from "./provider.ts";

const AUTHORIZE = "/common/oauth2/v2.0/authorize";
const INTERACTION = "/interaction/";
const DAY = 24 * 3600;
const SCOPES = [
  "openid",
  "profile",
  "email",
  "offline_access",
  "User.Read",
  "Mail.Read",
  "Calendars.Read",
  "https://management.azure.com/user_impersonation",
];
const NAMES = [
  "ada",
  "ben",
  "cleo",
  "dan",
  "eve",
  "finn",
  "gina",
  "hugo",
  "iris",
  "jon",
  "kim",
  "leo",
] as const;

function whoIs(name: string): Who {
  const hex = createHash("sha256").update(name).digest("hex");
  const id = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  return { email: `${name}@contoso.example`, id };
}

const PEOPLE = NAMES.map(whoIs) as [Who, ...Who[]];

interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

async function listen(handler: RequestListener): Promise<Listening> {
  const server = createServer(handler);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function configuration(client: { id: string; secret: string; redirectUri: string }, life: () => number) {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return {
    adapter: memoryStore(),
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        redirect_uris: [client.redirectUri],
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
        token_endpoint_auth_method: "client_secret_post",
      },
    ],
    jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), kid: "torture-1", use: "sig", alg: "RS256" }] },
    cookies: { keys: [randomBytes(16).toString("hex")] },
    routes: {
      authorization: AUTHORIZE,
      token: "/common/oauth2/v2.0/token",
      jwks: "/common/discovery/v2.0/keys",
    },
    scopes: SCOPES,
    claims: { openid: ["sub", "tid", "oid"], profile: ["name", "preferred_username"], email: ["email"] },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    rotateRefreshToken: true,
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, { uid }) => `${INTERACTION}${uid}` },
    ttl: { AccessToken: life, RefreshToken: DAY, Grant: DAY, Session: DAY, Interaction: 600, IdToken: 3600 },
    findAccount: (_, id) => {
      const who = PEOPLE.find((person) => person.id === id);
      if (who === undefined) return undefined;
      const { email } = who;
      const claims = { sub: id, oid: id, tid: CONTOSO, name: email, preferred_username: email, email };
      return { accountId: id, claims: () => claims };
    },
  } satisfies Configuration;
}

async function formOf(request: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return new URLSearchParams(Buffer.concat(chunks).toString());
}

/** The one form: who signs in also consents to all that is asked for. */
async function interact(provider: Provider, request: IncomingMessage, response: ServerResponse) {
  const email = (await formOf(request)).get("email");
  const who = PEOPLE.find((person) => person.email === email);
  const { params } = await provider.interactionDetails(request, response);
  if (who === undefined) throw new Error(`nobody is called ${email}`);
  const grant = new provider.Grant({ accountId: who.id, clientId: String(params.client_id) });
  grant.addOIDCScope(String(params.scope));
  const result = { login: { accountId: who.id }, consent: { grantId: await grant.save() } };
  await provider.interactionFinished(request, response, result);
}

function loginHandler(provider: Provider): RequestListener {
  const callback = provider.callback();
  return (request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    if (url.pathname.startsWith(INTERACTION)) {
      interact(provider, request, response).catch((error: unknown) => {
        console.error("oidc-provider:", error);
        response.writeHead(599).end(String(error));
      });
      return;
    }
    if (url.pathname === AUTHORIZE) {
      // Entra gives a refresh token for `offline_access` alone; here the person has to be asked for it.
      url.searchParams.set("prompt", "consent");
      request.url = url.pathname + url.search;
    }
    void callback(request, response);
  };
}

function graphHandler(provider: Provider): RequestListener {
  return (request, response) => {
    const bearer = /^bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? "";
    provider.AccessToken.find(bearer)
      .then((token) => {
        const who = PEOPLE.find((person) => person.id === token?.accountId);
        const known = who !== undefined && token?.isValid === true;
        const error = {
          error: { code: "InvalidAuthenticationToken", message: "not a token of this provider" },
        };
        const me = { id: who?.id, displayName: who?.email, mail: who?.email, userPrincipalName: who?.email };
        response.writeHead(known ? 200 : 401, {
          "content-type": "application/json",
          ...(known ? {} : { "www-authenticate": 'Bearer error="invalid_token"' }),
        });
        response.end(JSON.stringify(known ? me : error));
      })
      .catch((error: unknown) => response.writeHead(599).end(String(error)));
  };
}

/** A browser of one sign-in, with the cookies that it gets. */
async function signIn(authorizeUrl: string, who: Who): Promise<string> {
  const cookies = new Map<string, string>();
  let url = new URL(authorizeUrl);
  const { origin } = url;
  for (let hop = 0; hop < 6; hop += 1) {
    const form = url.pathname.startsWith(INTERACTION);
    const response = await fetch(url, {
      method: form ? "POST" : "GET",
      redirect: "manual",
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") },
      ...(form ? { body: new URLSearchParams({ email: who.email }) } : {}),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    const location = response.headers.get("location");
    if (location === null) throw new Error(`sign-in answered ${response.status}: ${await response.text()}`);
    url = new URL(location, url);
    if (url.origin !== origin) return url.href;
  }
  throw new Error("sign-in went round in a circle");
}

export async function startOidcProvider(registration: Registration): Promise<Offered> {
  const client = {
    id: randomUUID(),
    secret: randomBytes(32).toString("base64url"),
    redirectUri: registration.redirectUri,
  };
  let seconds = 3600;
  const issuer = `${registration.loginOrigin}/${CONTOSO}/v2.0`;
  const provider = new Provider(
    issuer,
    configuration(client, () => seconds),
  );
  provider.on("server_error", (_, error) => console.error("oidc-provider:", error));
  const login = await listen(loginHandler(provider));
  const graph = await listen(graphHandler(provider));
  const graphOrigin = `http://localhost:${graph.port}`;
  return {
    name: "oidc-provider (rotation, family revocation)",
    clientId: client.id,
    clientSecret: client.secret,
    loginPort: login.port,
    graphOrigin,
    armOrigin: graphOrigin,
    people: PEOPLE,
    signIn,
    accessTokensLive: (life) => {
      seconds = life;
    },
    close: async () => {
      await Promise.all([login.close(), graph.close()]);
    },
  };
}
