/** Providers besides Microsoft, by what tests of all of them need to know. */
import { env } from "cloudflare:workers";
import { type Answer, type Connected, connect, namedBesides, pageCode, stranger } from "./client.ts";
import { ALICE, github, google } from "./world.ts";

export interface Provider {
  readonly integration: string;
  /** As people read it. */
  readonly name: string;
  readonly world: typeof github | typeof google;
  readonly origin: () => string;
  /** Where its API says whose a token is, and by which member. */
  readonly profile: string;
  readonly member: string;
  /** Who signs in, as that member names them. */
  readonly called: (email: string) => string;
}

export const GITHUB: Provider = {
  integration: "github",
  name: "GitHub",
  world: github,
  origin: () => env.GITHUB_LOGIN_ORIGIN,
  profile: "/user",
  member: "login",
  called: (email) => email.split("@")[0]?.replace(".", "-") ?? "",
};

export const GOOGLE: Provider = {
  integration: "google",
  name: "Google",
  world: google,
  origin: () => env.GOOGLE_LOGIN_ORIGIN,
  profile: "/v1/userinfo",
  member: "email",
  called: (email) => email,
};

/** `who` signs in there, or again. */
export function connectAt(
  { integration }: Provider,
  who: Connected,
  email: string = ALICE,
  more: Record<string, string> = {},
): Promise<Answer> {
  return connect(who.key, who.user, email, { ...namedBesides({ ...who, integration }), ...more });
}

/** A connected user, of an organization of its own unless `who` names one. */
export async function connectedAt(
  provider: Provider,
  email: string = ALICE,
  who?: Connected,
): Promise<Connected> {
  const { integration } = provider;
  const connecting = who === undefined ? await stranger(integration) : { ...who, integration };
  const answer = await connectAt(provider, connecting, email);
  if (pageCode(answer) !== "connected") throw new Error(`not connected: ${answer.status} ${answer.text}`);
  return connecting;
}

/** Whose the provider says that an access token is; nothing where it is dead. */
export async function ownerOf(
  { origin, profile, member }: Provider,
  token: unknown,
): Promise<string | undefined> {
  const response = await fetch(`${origin()}${profile}`, {
    headers: { authorization: `Bearer ${token}`, "user-agent": "the caller" },
  });
  const body = (await response.json()) as Record<string, unknown>;
  return response.status === 200 ? String(body[member]) : undefined;
}

/** Nobody is connected there any more, as far as D1 knows: a test's account is not shared with another test's. */
export async function startAlone({ integration }: Provider): Promise<void> {
  await env.DB.prepare("DELETE FROM oauth_connections WHERE integration = ?").bind(integration).run();
}

/** All tokens of a kind that the provider gave out, the newest last. */
export async function given(
  { world }: Provider,
  kind: "access_tokens" | "refresh_tokens",
): Promise<readonly string[]> {
  return (await world.secrets())[kind] ?? [];
}
