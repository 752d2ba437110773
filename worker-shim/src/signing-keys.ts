/**
 * Signatures by sealed private keys (RFC 7518 sections 3.3 and 3.5). A key is opened here, imported so that nobody can
 * take it out again, and is never answered: docs/decisions/0013-signing-keys.md.
 */
import { FieldWriter } from "./fields.ts";
import { type KeyRing, toBase64Url } from "./sealing.ts";

const ALGORITHMS: Record<
  string,
  { import: SubtleCryptoImportKeyAlgorithm; sign: SubtleCryptoSignAlgorithm }
> = {
  RS256: {
    import: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
    sign: { name: "RSASSA-PKCS1-v1_5" },
  },
  PS256: { import: { name: "RSA-PSS", hash: "SHA-256" }, sign: { name: "RSA-PSS", saltLength: 32 } },
};

/** As core/oauth/rsa_key.h. */
const BITS = { least: 2_048, most: 8_192 };
const UNUSED_MS = 30_000;
const MOST_KEYS = 64;

/** `postern-key-1` as the first field of the associated data (core/effect/effects.h). */
const KEY_CONTEXT = new FieldWriter(32).add("postern-key-1").bytes().slice();

export function isKeyContext(context: Uint8Array): boolean {
  return KEY_CONTEXT.every((byte, at) => context[at] === byte);
}

export interface SealedKey {
  readonly org: string;
  readonly context: Uint8Array;
  readonly sealed: string;
  readonly algorithm: string;
}

interface Imported {
  readonly key: CryptoKey;
  usedAt: number;
}

/** The keys of one ring. Those that nobody used for 30 s go when the next one is asked for. */
export class SigningKeys {
  readonly #ring: KeyRing;
  /** By a digest of everything that a key is opened with: without all of it nobody finds one. The oldest use first. */
  readonly #imported = new Map<string, Imported>();

  constructor(ring: KeyRing) {
    this.#ring = ring;
  }

  get size(): number {
    return this.#imported.size;
  }

  /** Throws for whatever it does not sign by. Says never what it read. */
  async sign(sealed: SealedKey, data: Uint8Array, now: number): Promise<Uint8Array> {
    const parameters = ALGORITHMS[sealed.algorithm];
    if (!parameters || !isKeyContext(sealed.context)) throw new TypeError("no key to sign by");
    const key = await this.#key(sealed, parameters.import, now);
    return new Uint8Array(await crypto.subtle.sign(parameters.sign, key, new Uint8Array(data)));
  }

  async #key(sealed: SealedKey, algorithm: SubtleCryptoImportKeyAlgorithm, now: number): Promise<CryptoKey> {
    this.#forgetUnused(now);
    const { org, context } = sealed;
    const name = new FieldWriter().add(org, context, sealed.algorithm, sealed.sealed).bytes();
    const digest = toBase64Url(new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(name))));
    const key =
      this.#imported.get(digest)?.key ??
      (await importKey(await this.#ring.open(org, context, sealed.sealed), algorithm));
    this.#imported.delete(digest);
    this.#imported.set(digest, { key, usedAt: now });
    for (const oldest of this.#imported.keys()) {
      if (this.#imported.size <= MOST_KEYS) break;
      this.#imported.delete(oldest);
    }
    return key;
  }

  /** What was used later than now is of a clock that was ahead. */
  #forgetUnused(now: number): void {
    for (const [digest, { usedAt }] of this.#imported) {
      if (usedAt > now || now - usedAt >= UNUSED_MS) this.#imported.delete(digest);
    }
  }
}

async function importKey(der: Uint8Array, algorithm: SubtleCryptoImportKeyAlgorithm): Promise<CryptoKey> {
  try {
    const key = await crypto.subtle.importKey("pkcs8", der, algorithm, false, ["sign"]);
    const { modulusLength } = key.algorithm as CryptoKeyRsaKeyAlgorithm;
    if (!(modulusLength >= BITS.least && modulusLength <= BITS.most))
      throw new TypeError("not of a size to sign by");
    return key;
  } finally {
    der.fill(0);
  }
}

const keysOfRings = new WeakMap<KeyRing, SigningKeys>();

export function signingKeysOf(ring: KeyRing): SigningKeys {
  const known = keysOfRings.get(ring);
  if (known) return known;
  const made = new SigningKeys(ring);
  keysOfRings.set(ring, made);
  return made;
}
