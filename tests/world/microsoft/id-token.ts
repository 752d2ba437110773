/**
 * ID tokens signed by the fixture. The emulator signs well, but invents a new `oid` for each person at every start and
 * repeats the nonce on refresh. Postern keeps connections between runs and tells accounts apart by `tid` and `oid`, so
 * these have to be the same tomorrow. The fixture thus signs again, with its own key, and serves that key's JWKS.
 */
import { createHmac, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { displayName, type Person } from "./people.ts";

export const BAD_ID_TOKENS = [
  "alg-none",
  "alg-hs256",
  "unknown-kid",
  "bad-signature",
  "wrong-aud",
  "wrong-iss",
  "wrong-tid",
  "wrong-nonce",
  "no-nonce",
  "expired",
  "not-yet",
  "garbage",
  "missing",
] as const;
export type BadIdToken = (typeof BAD_ID_TOKENS)[number];

const KID = "postern-world-1";
const SKEW = 3600;

export interface IdTokenClaims {
  readonly loginOrigin: string;
  readonly person: Person;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly nonce: string | undefined;
  readonly now: number;
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

export class IdTokenSigner {
  readonly #key = generateKeyPairSync("rsa", { modulusLength: 2048 });

  /** As Entra's: each key says whose tokens it signs. */
  jwks(loginOrigin: string) {
    const key = this.#key.publicKey.export({ format: "jwk" });
    const issuer = `${loginOrigin}/{tenantid}/v2.0`;
    return { keys: [{ ...key, kid: KID, use: "sig", alg: "RS256", issuer }] };
  }

  make(asked: IdTokenClaims, bad?: BadIdToken): string | undefined {
    if (bad === "missing") return undefined;
    if (bad === "garbage") return "not.a-jwt";
    const body = encode(claims(asked, bad));
    const header = { typ: "JWT", alg: "RS256", kid: bad === "unknown-kid" ? "nobody-knows" : KID };
    if (bad === "alg-none") return `${encode({ ...header, alg: "none" })}.${body}.`;
    if (bad === "alg-hs256") {
      const input = `${encode({ ...header, alg: "HS256" })}.${body}`;
      return `${input}.${createHmac("sha256", asked.clientSecret).update(input).digest("base64url")}`;
    }
    const input = `${encode(header)}.${body}`;
    const signature = sign("RSA-SHA256", Buffer.from(input), this.#key.privateKey);
    if (bad === "bad-signature") signature[0] = (signature[0] ?? 0) ^ 1;
    return `${input}.${signature.toString("base64url")}`;
  }
}

function claims(asked: IdTokenClaims, bad: BadIdToken | undefined): Record<string, unknown> {
  const { person } = asked;
  const now = Math.floor(asked.now / 1000);
  const issued = bad === "expired" ? now - 2 * SKEW : bad === "not-yet" ? now + SKEW : now;
  const nonce = bad === "no-nonce" ? undefined : bad === "wrong-nonce" ? "another-nonce" : asked.nonce;
  return {
    iss: bad === "wrong-iss" ? "http://issuer.invalid/v2.0" : `${asked.loginOrigin}/${person.tid}/v2.0`,
    aud: bad === "wrong-aud" ? "another-client" : asked.clientId,
    iat: issued,
    nbf: issued,
    exp: issued + SKEW,
    // Entra's `sub` is pairwise: not the oid.
    sub: Buffer.from(`${person.oid}/${asked.clientId}`).toString("base64url"),
    oid: person.oid,
    tid: bad === "wrong-tid" ? randomUUID() : person.tid,
    name: displayName(person),
    preferred_username: person.email,
    email: person.email,
    ver: "2.0",
    ...(nonce === undefined ? {} : { nonce }),
  };
}
