/** What GitHub's world would take at this moment, and how it takes over what an earlier one gave out. */
import { isRecord } from "../faults.ts";
import type { GitHubWorld, Session } from "./world.ts";

export interface KnownSession {
  readonly email: string;
  readonly client_id: string;
  readonly scopes: readonly string[];
  readonly access_token: string;
  /** Milliseconds; null: it does not expire. */
  readonly access_ends: number | null;
  readonly refresh_token: string | null;
  readonly refresh_ends: number | null;
  readonly ended: boolean;
}

export interface Known {
  readonly sessions: readonly KnownSession[];
}

export function known({ ledger }: GitHubWorld): Known {
  return {
    sessions: ledger.sessions.map((session) => ({
      email: session.person.email,
      client_id: session.clientId,
      scopes: session.scopes,
      access_token: session.access,
      access_ends: Number.isFinite(session.accessEnds) ? session.accessEnds : null,
      refresh_token: session.refresh ?? null,
      refresh_ends: session.refresh === undefined ? null : session.refreshEnds,
      ended: session.ended,
    })),
  };
}

/**
 * `{ access_token, sessions: […] }`: these sessions of an earlier world are from now on sessions of the person whose
 * access token this one has given out, at the same app.
 */
export function adopt(world: GitHubWorld, order: unknown): void {
  if (!isRecord(order)) throw new Error("adopt takes an object");
  const { access_token: fresh, sessions } = order;
  if (typeof fresh !== "string" || !Array.isArray(sessions)) throw new Error("bad adopt");
  const own = world.ledger.byAccess.get(fresh);
  if (own === undefined) throw new Error("adopt wants an access token that was given out here");
  for (const session of sessions as readonly KnownSession[]) world.ledger.add(adopted(own, session));
}

function adopted(own: Session, earlier: KnownSession): Session {
  return {
    person: own.person,
    clientId: own.clientId,
    emulated: own.emulated,
    scopes: [...earlier.scopes],
    access: earlier.access_token,
    accessEnds: earlier.access_ends ?? Number.POSITIVE_INFINITY,
    refresh: earlier.refresh_token ?? undefined,
    refreshEnds: earlier.refresh_ends ?? 0,
    ended: earlier.ended,
  };
}
