/** A moment that was recorded: all that was stored, and what a test must know to judge that none of it is lost. */
import type { Known as KnownAtGitHub } from "../../world/github/grants.ts";
import type { Known as KnownAtGoogle } from "../../world/google/grants.ts";
import type { Known } from "../../world/microsoft/grants.ts";
import type { Connected } from "./client.ts";
import type { StoredState } from "./stored-state.ts";
import type { Order } from "./world.ts";

/** What has to be true of it in the end; old-bytes.test.ts has a function for each. */
export type Judgement =
  | "as before" // What is shown of the connection is what was shown then, and its tokens are served
  | "serves" // It settles by itself; the grant lives, and refreshes with what the provider takes
  | "serves unasked" // Its alarm alone settles it
  | "waits first" // Nothing is asked of the provider for 25 s: what was sent may be on its way
  | "asks nobody" // It settles without a request: the answer was there
  | "outcome unknown" // Says honestly that nobody can know, and a new sign-in mends it
  | "needs a person" // Is for a person to mend, as before, and a new sign-in mends it
  | "not connected" // There is none yet, and a sign-in makes one
  | "confirmed" // Waits for its backend, which confirms it
  | "disconnects" // Is ended, everywhere, and at the provider where that can be
  | "owes" // Grants of before are ended at the provider, each at its time, and no other is
  | "holds off" // Nobody signs in while a request that ends all grants of the account may be on its way
  | "ended" // Stays ended, whatever copies of before there are
  | "told once" // Its coming end was told and is not told again
  | "paused" // A resource is not asked for unasked before its time
  | "marked" // The integration is marked, until a refresh works
  | "rolls back" // An earlier version can be gone back to
  | "delivers" // Webhooks get what they have not got, in its order, and nothing twice
  | "dead letter" // Is listed, and is sent again
  | "keys" // API keys are what they were
  | "follows the link" // An open connect link leads to a connection
  | "comes back" // A browser that is at the provider comes back and is connected
  | "hands over a code"; // A caller that runs the browser part itself hands over its code

export interface AtMicrosoft extends Known {
  readonly rotation: "strict" | "reusable";
  readonly login: string;
  /** Its public keys, where an ID token of that time is still to be read. */
  readonly keys?: unknown;
}

/** Another provider: where it was, how its world was set, and what that said it knew. */
interface AtAnother<KnownThen> {
  readonly login: string;
  readonly settings: Order;
  readonly known: KnownThen;
}
export type AtGitHub = AtAnother<KnownAtGitHub>;
export type AtGoogle = AtAnother<KnownAtGoogle>;

/** A grant whose end is owed to the provider: an access token of it, and when the provider is asked next. */
export interface Owed {
  readonly email: string;
  readonly token: string;
  readonly due_at: number;
}

export interface Moment {
  readonly about: string;
  readonly judgements: readonly Judgement[];
  /** What the Worker thought that it was. */
  readonly clock: number;
  readonly who: Connected;
  readonly email: string;
  /** Variables of the connection's object besides those of every test. */
  readonly variables: Record<string, string>;
  readonly provider: AtMicrosoft | AtGitHub | AtGoogle;
  /** What the log of events says in the end, or begins with; what is told already and what is owed. */
  readonly told: readonly string[];
  /** What was shown at that time. */
  readonly shown?: { readonly connection: unknown; readonly versions: unknown };
  readonly extra: Record<string, string>;
  readonly stores: StoredState;
}
