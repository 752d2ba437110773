/** What one provider's run counts, and what it must not find. */
import type { Risk } from "./risk.ts";
import type { Verdict } from "./verdict.ts";

export interface Loss {
  readonly user: string;
  readonly at: number;
  readonly verdict: Verdict;
  /** Found after the last start, when nothing was disturbed any more. */
  readonly final: boolean;
}

export interface Failure {
  readonly user: string | undefined;
  readonly at: number;
  readonly text: string;
}

export class Tally {
  readonly risks: Risk[] = [];
  readonly losses: Loss[] = [];
  readonly failures: Failure[] = [];
  tokensServed = 0;
  profilesServed = 0;
  refreshesServed = 0;
  wrongTokens = 0;
  /** Callers whom a kill left without an answer. */
  cutOff = 0;
  /** Connections that ended without an answer though nobody was killed. */
  hangUps = 0;
  /** Refusals that ask for patience, by code. */
  readonly refusals = new Map<string, number>();

  refused(code: string): void {
    this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1);
  }
}
