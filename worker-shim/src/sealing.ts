/**
 * AES-256-GCM under a key of each organization, derived from a master key of the ring.
 *
 * `MASTER_KEYS` is `kid:base64url(32 bytes)`, comma-separated, in one line; the first seals, all of them open. A
 * sealed value names its key, so that a ring can turn without touching what is stored:
 *
 *     s1.<kid>.<base64url of 12 bytes nonce and ciphertext with tag>
 */
const FORMAT = "s1";
const NONCE_BYTES = 12;
const encoder = new TextEncoder();

export class SealingFault extends Error {}

export function toBase64Url(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const NOT_A_DIGIT = 0xff;
const DIGITS = new Uint8Array(128).fill(NOT_A_DIGIT);
for (let digit = 0; digit < ALPHABET.length; digit += 1) DIGITS[ALPHABET.charCodeAt(digit)] = digit;

/** By hand: a sealed token is some 3,000 characters, and `atob` with a callback for each of them took 0.2 ms. */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  if (text.length % 4 === 1) throw new SealingFault("not base64url");
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let bits = 0;
  let count = 0;
  let length = 0;
  for (let at = 0; at < text.length; at += 1) {
    const digit = DIGITS[text.charCodeAt(at)] ?? NOT_A_DIGIT;
    if (digit === NOT_A_DIGIT) throw new SealingFault("not base64url");
    bits = ((bits << 6) | digit) & 0xffff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes[length] = bits >>> count;
    length += 1;
  }
  return bytes;
}

export class KeyRing {
  readonly #masters: Map<string, Uint8Array<ArrayBuffer>>;
  readonly #first: string;
  readonly #derived = new Map<string, CryptoKey>();

  /** Throws SealingFault where the ring is empty or a key is not 32 bytes. Says never what it read. */
  constructor(masterKeys: string) {
    this.#masters = new Map();
    let first = "";
    // As with every other secret: what was pasted with one is told of, and not guessed at.
    if (/[\r\n]/.test(masterKeys)) throw new SealingFault("MASTER_KEYS has a line break");
    for (const entry of masterKeys.split(",")) {
      const [kid, material, ...rest] = entry.trim().split(":");
      if (!kid || !material || rest.length > 0 || !/^[A-Za-z0-9_-]{1,32}$/.test(kid)) {
        throw new SealingFault("MASTER_KEYS is not kid:key, comma-separated");
      }
      const bytes = fromBase64Url(material);
      if (bytes.length !== 32 || this.#masters.has(kid)) {
        throw new SealingFault("MASTER_KEYS has a key that is not 32 bytes, or a kid twice");
      }
      this.#masters.set(kid, bytes);
      first ||= kid;
    }
    this.#first = first;
  }

  async seal(org: string, context: Uint8Array, plaintext: Uint8Array): Promise<string> {
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const key = await this.#key(this.#first, org);
    const sealed = await crypto.subtle.encrypt(
      { name: "AES-GCM", iv: nonce, additionalData: owned(context) },
      key,
      owned(plaintext),
    );
    const bytes = new Uint8Array(NONCE_BYTES + sealed.byteLength);
    bytes.set(nonce);
    bytes.set(new Uint8Array(sealed), NONCE_BYTES);
    return `${FORMAT}.${this.#first}.${toBase64Url(bytes)}`;
  }

  /** Throws SealingFault for an unknown key, a foreign format, or anything that does not open. */
  async open(org: string, context: Uint8Array, sealed: string): Promise<Uint8Array> {
    const [format, kid, body, ...rest] = sealed.split(".");
    if (format !== FORMAT || !kid || !body || rest.length > 0) throw new SealingFault("not a sealed value");
    const bytes = fromBase64Url(body);
    const key = await this.#key(kid, org);
    try {
      const iv = bytes.subarray(0, NONCE_BYTES);
      const plaintext = await crypto.subtle.decrypt(
        { name: "AES-GCM", iv, additionalData: owned(context) },
        key,
        bytes.subarray(NONCE_BYTES),
      );
      return new Uint8Array(plaintext);
    } catch (cause) {
      throw new SealingFault("does not open", { cause });
    }
  }

  async #key(kid: string, org: string): Promise<CryptoKey> {
    const name = `${kid} ${org}`;
    const known = this.#derived.get(name);
    if (known) return known;
    const material = this.#masters.get(kid);
    if (!material) throw new SealingFault("unknown key id");
    // Only finished keys are remembered: a promise of one request must not be awaited by another.
    const master = await crypto.subtle.importKey("raw", material, "HKDF", false, ["deriveKey"]);
    const key = await crypto.subtle.deriveKey(
      {
        name: "HKDF",
        hash: "SHA-256",
        salt: encoder.encode("postern-organization-key-1"),
        info: encoder.encode(org),
      },
      master,
      { name: "AES-GCM", length: 256 },
      false,
      ["encrypt", "decrypt"],
    );
    if (this.#derived.size >= 1_000) this.#derived.clear();
    this.#derived.set(name, key);
    return key;
  }
}

/** WebCrypto's types want an ArrayBuffer of one's own; a view into another is copied. */
function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
