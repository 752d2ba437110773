/**
 * ID tokens signed by the fixture, well or badly. The emulators sign well, but invent new ids for people at every start
 * and know no other clock than the machine's. Postern keeps connections between runs and tells accounts apart by these
 * ids, so they have to be the same tomorrow. The fixture thus signs again, with its own key, and serves that key's JWKS.
 */
import { createHmac, generateKeyPairSync, sign } from "node:crypto";

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

export interface IdTokenOrder {
  /** All claims but the times. */
  readonly claims: Readonly<Record<string, unknown>>;
  readonly nonce: string | undefined;
  readonly clientSecret: string;
  readonly now: number;
  /** Whether the provider says since when a token holds. */
  readonly saysNotBefore: boolean;
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

export class IdTokenSigner {
  readonly #key = generateKeyPairSync("rsa", { modulusLength: 2048 });

  /** `more`: what else a provider says of its keys. */
  jwks(more: Readonly<Record<string, string>> = {}) {
    const key = this.#key.publicKey.export({ format: "jwk" });
    return { keys: [{ ...key, kid: KID, use: "sig", alg: "RS256", ...more }] };
  }

  make(order: IdTokenOrder, bad?: BadIdToken): string | undefined {
    if (bad === "missing") return undefined;
    if (bad === "garbage") return "not.a-jwt";
    const body = encode(claims(order, bad));
    const header = { typ: "JWT", alg: "RS256", kid: bad === "unknown-kid" ? "nobody-knows" : KID };
    if (bad === "alg-none") return `${encode({ ...header, alg: "none" })}.${body}.`;
    if (bad === "alg-hs256") {
      const input = `${encode({ ...header, alg: "HS256" })}.${body}`;
      return `${input}.${createHmac("sha256", order.clientSecret).update(input).digest("base64url")}`;
    }
    const input = `${encode(header)}.${body}`;
    const signature = sign("RSA-SHA256", Buffer.from(input), this.#key.privateKey);
    if (bad === "bad-signature") signature[0] = (signature[0] ?? 0) ^ 1;
    return `${input}.${signature.toString("base64url")}`;
  }
}

function claims(order: IdTokenOrder, bad: BadIdToken | undefined): Record<string, unknown> {
  const now = Math.floor(order.now / 1000);
  const issued = bad === "expired" ? now - 2 * SKEW : bad === "not-yet" ? now + SKEW : now;
  const nonce = bad === "no-nonce" ? undefined : bad === "wrong-nonce" ? "another-nonce" : order.nonce;
  return {
    ...order.claims,
    iat: issued,
    ...(order.saysNotBefore || bad === "not-yet" ? { nbf: issued } : {}),
    exp: issued + SKEW,
    ...(nonce === undefined ? {} : { nonce }),
    ...(bad === "wrong-iss" ? { iss: "http://issuer.invalid/v2.0" } : {}),
    ...(bad === "wrong-aud" ? { aud: "another-client" } : {}),
  };
}
