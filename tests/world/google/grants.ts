/** What Google's world would take at this moment, and how it takes over what an earlier one gave out. */
import { isRecord } from "../faults.ts";
import type { GoogleWorld } from "./world.ts";

export interface KnownToken {
  readonly token: string;
  readonly email: string;
  readonly scopes: readonly string[];
}

export interface KnownAccess extends KnownToken {
  readonly expires_at: number;
}

export interface KnownRefresh extends KnownToken {
  readonly used_at: number;
  readonly ended: boolean;
}

export interface Known {
  readonly access: readonly KnownAccess[];
  readonly refresh: readonly KnownRefresh[];
}

/** What was revoked is not known any more. */
export function known({ ledger }: GoogleWorld): Known {
  const access = [...ledger.accessTokens].filter(([, { grant }]) => !grant.revoked);
  const refresh = [...ledger.refreshTokens].filter(([, { grant }]) => !grant.revoked);
  return {
    access: access.map(([token, { grant, scopes, expiresAt }]) => ({
      token,
      email: grant.person.email,
      scopes,
      expires_at: expiresAt,
    })),
    refresh: refresh.map(([token, { grant, scopes, usedAt, ended }]) => ({
      token,
      email: grant.person.email,
      scopes,
      used_at: usedAt,
      ended,
    })),
  };
}

/**
 * `{ access_token, refresh_token, access: […], refresh: […] }`: these tokens of an earlier world are from now on tokens
 * of the grant of which this one has given out the first two.
 */
export function adopt({ ledger }: GoogleWorld, order: unknown): void {
  if (!isRecord(order)) throw new Error("adopt takes an object");
  const { access_token: access, refresh_token: refresh } = order;
  const own = ledger.accessTokens.get(String(access));
  const ownRefresh = ledger.refreshTokens.get(String(refresh));
  if (own === undefined || ownRefresh === undefined || own.grant !== ownRefresh.grant)
    throw new Error("adopt wants an access and a refresh token of one grant that were given out here");
  if (!Array.isArray(order.access) || !Array.isArray(order.refresh)) throw new Error("bad adopt");
  for (const { token, scopes, expires_at } of order.access as readonly KnownAccess[])
    ledger.addAccess(token, { ...own, scopes: [...scopes], expiresAt: expires_at });
  for (const { token, scopes, used_at, ended } of order.refresh as readonly KnownRefresh[])
    ledger.addRefresh(token, { ...ownRefresh, scopes: [...scopes], usedAt: used_at, ended });
}
