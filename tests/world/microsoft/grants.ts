/** What the world would take at this moment, and how it takes over what an earlier one gave out. */
import { isRecord } from "../faults.ts";
import { PEOPLE } from "./people.ts";
import { RESOURCES, writeScopes } from "./scopes.ts";
import type { AccessToken, Grant, MicrosoftWorld } from "./world.ts";

export interface KnownGrant {
  readonly email: string;
  /** As it would be asked for again. */
  readonly scope: string;
  /** Refresh tokens that would be taken now, and those that would not. */
  readonly live: readonly string[];
  readonly spent: readonly string[];
}

export interface KnownAccess {
  readonly token: string;
  readonly email: string;
  readonly resource: AccessToken["resource"];
  readonly scopes: readonly string[];
  readonly expires_at: number;
}

export interface Known {
  readonly grants: readonly KnownGrant[];
  readonly access: readonly KnownAccess[];
}

export function known(world: MicrosoftWorld): Known {
  const { ledger, settings } = world;
  const families = Map.groupBy(ledger.grants.keys(), (token) => ledger.grants.get(token));
  const grants = [...families].flatMap(([grant, tokens]) => {
    if (grant === undefined) return [];
    const isLive = (token: string) =>
      !grant.revoked &&
      (settings.rotation === "reusable" || (ledger.aliases.get(token) ?? token) === grant.current);
    const [live, spent] = [tokens.filter(isLive), tokens.filter((token) => !isLive(token))];
    return [{ email: grant.person.email, scope: scopeOf(grant), live, spent }];
  });
  const access = [...ledger.accessTokens].flatMap(([token, { person, resource, scopes, expiresAt }]) =>
    person === undefined ? [] : [{ token, email: person.email, resource, scopes, expires_at: expiresAt }],
  );
  return { grants, access };
}

function scopeOf({ consented }: Grant): string {
  const named = RESOURCES.map((resource) => writeScopes(resource, consented[resource], []));
  return [...consented.neutral, ...named].filter((text) => text !== "").join(" ");
}

/**
 * `{ refresh_token, as: […], access: […] }`: what an earlier world called by these names is from now on the grant whose
 * refresh token this one has just given out. The emulator forgets everything when it ends; stored bytes do not.
 */
export function adopt(world: MicrosoftWorld, order: unknown): void {
  const { ledger } = world;
  if (!isRecord(order)) throw new Error("adopt takes an object");
  const { refresh_token: fresh, as: names, access } = order;
  if (typeof fresh !== "string" || !Array.isArray(names) || !Array.isArray(access))
    throw new Error("bad adopt");
  const grant = ledger.grants.get(fresh);
  if (grant === undefined) throw new Error("adopt wants a refresh token that was given out here");
  for (const name of names as readonly string[]) {
    ledger.grants.set(name, grant);
    ledger.aliases.set(name, fresh);
  }
  for (const { token, email, resource, scopes, expires_at } of access as readonly KnownAccess[]) {
    const person = PEOPLE.find((who) => who.email === email);
    const known = { person, resource, scopes: [...scopes], steppedUp: false, tid: person?.tid };
    ledger.accessTokens.set(token, { ...known, expiresAt: expires_at });
  }
}
