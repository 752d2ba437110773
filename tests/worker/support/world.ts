/** The emulated providers, from inside workerd: over their control endpoints. */
import { env } from "cloudflare:workers";
import type { Fault, Place } from "../../world/faults.ts";
import type { Known as KnownAtGitHub } from "../../world/github/grants.ts";
import type { Known as KnownAtGoogle } from "../../world/google/grants.ts";
import type { Counts, LoggedRequest, TokenCounts } from "../../world/ledger.ts";
import type { Known } from "../../world/microsoft/grants.ts";
import type { MicrosoftCounts } from "../../world/microsoft/world.ts";

export const ALICE = "alice.anders@contoso.example";
export const BOB = "bob.brandt@contoso.example";
/** A personal account. */
export const DAVE = "dave.dahl@outlook.example";
export const CAROL = "carol.costa@fabrikam.example";
/** Alice's and Bob's directory. */
export const CONTOSO = "11111111-1111-4111-8111-111111111111";
/** Carol's, in which Bob is a guest. */
export const FABRIKAM = "22222222-2222-4222-8222-222222222222";

type SingleOriginCounts = Counts<"api" | "revocation">;

export type Order = { readonly [place in Place]?: Fault | readonly Fault[] } & Record<string, unknown>;

/** A provider's world, wherever its login origin is. */
function worldAt<Counted extends { token: TokenCounts }, Taken = unknown>(login: () => string) {
  async function ask<T>(path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${login()}/__world/${path}`, {
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as T & { error?: string };
    if (!response.ok) throw new Error(`the world refused ${path}: ${answer.error}`);
    return answer;
  }
  const stats = () => ask<Counted>("stats");
  return {
    control: (order: Order) => ask<unknown>("control", order),
    /** Defaults, no faults, no counts; grants stay. */
    reset: () => ask<unknown>("control", { reset: true }),
    stats,
    requests: () => ask<LoggedRequest[]>("requests"),
    secrets: () => ask<Record<string, string[]>>("secrets"),
    known: () => ask<Taken>("known"),
    /** Where the provider sends the browser after this person signed in; nobody: after "Cancel". */
    async signIn(authorizeUrl: string, email?: string): Promise<URL> {
      const order = { authorize_url: authorizeUrl, ...(email === undefined ? { deny: true } : { email }) };
      return new URL((await ask<{ redirect: string }>("sign-in", order)).redirect);
    },
    async tokenRequests(grant?: string): Promise<number> {
      const { token } = await stats();
      return grant === undefined ? token.requests : (token.by_grant_type[grant] ?? 0);
    },
  };
}

/** Microsoft's. */
export const world = worldAt<MicrosoftCounts, Known>(() => env.AZURE_LOGIN_ORIGIN);
export const github = worldAt<SingleOriginCounts, KnownAtGitHub>(() => env.GITHUB_LOGIN_ORIGIN);
export const google = worldAt<SingleOriginCounts, KnownAtGoogle>(() => env.GOOGLE_LOGIN_ORIGIN);
