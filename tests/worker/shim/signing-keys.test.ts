/// <reference types="vite/types/importMeta.d.ts" />
/** Sealed private keys: what they sign is verified by others, and none is ever handed out. */
import { compactVerify, importJWK, type JWK } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { FieldReader, type FieldValue, FieldWriter } from "../../../worker-shim/src/fields.ts";
import { carryOut } from "../../../worker-shim/src/interpreter.ts";
import { fromBase64Url, KeyRing, toBase64Url } from "../../../worker-shim/src/sealing.ts";
import { SigningKeys, signingKeysOf } from "../../../worker-shim/src/signing-keys.ts";
import { frontHands } from "../support/bench-hands.ts";
import { logLines, recordLogs } from "../support/logs.ts";
import { fromBase64 } from "../support/stored-state.ts";
import { MASTER_KEYS } from "../support/variables.ts";

const files = import.meta.glob<string>("../../data/keys/*.pem", {
  eager: true,
  query: "?raw",
  import: "default",
});

const encoder = new TextEncoder();
const ORG = "acme";
const NOW = 1_000_000;
const CONTEXT = context("postern-key-1", ORG, "certificate");
const A2_INPUT =
  "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
const A2_SIGNATURE =
  "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

function context(...fields: string[]): Uint8Array {
  return new FieldWriter().add(...fields).bytes();
}

function derOf(name: string): Uint8Array {
  const pem = files[`../../data/keys/${name}.pem`] ?? "";
  return new Uint8Array(fromBase64(pem.replaceAll(/-----.*-----|\s/g, "")));
}

/** What the answers of effects hold, whatever they are. */
const answered: Uint8Array[] = [];
const hands = frontHands();

async function ask(name: string, ...values: FieldValue[]): Promise<FieldReader> {
  const fields = new FieldReader(new FieldWriter().add(...values).bytes());
  const answer = await carryOut({ id: 1, name, fields }, hands);
  answered.push(answer);
  return new FieldReader(answer);
}

async function seal(der: Uint8Array, org = ORG, under = CONTEXT): Promise<string> {
  const answer = await ask("seal", org, under, der);
  expect(answer.text()).toBe("");
  return answer.text();
}

/** The signature in base64url, or the fault. */
async function sign(sealed: string, algorithm: string, data: string, org = ORG, under = CONTEXT) {
  const answer = await ask("sign", org, under, sealed, algorithm, encoder.encode(data));
  return answer.text() || toBase64Url(answer.bytes());
}

let sealed = "";
let publicKey: JWK = {};

beforeAll(async () => {
  recordLogs();
  sealed = await seal(derOf("rsa-2048"));
  const key = await crypto.subtle.importKey(
    "pkcs8",
    derOf("rsa-2048") as Uint8Array<ArrayBuffer>,
    { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
    true,
    ["sign"],
  );
  const { n = "", e = "" } = (await crypto.subtle.exportKey("jwk", key)) as JsonWebKey;
  publicKey = { kty: "RSA", n, e };
});

describe("a sealed key signs", () => {
  test("the example of RFC 7515 A.2", async () => {
    expect(await sign(sealed, "RS256", A2_INPUT)).toBe(A2_SIGNATURE);
  });

  test.each(["RS256", "PS256"])("by %s what jose verifies, and only that", async (algorithm) => {
    const header = toBase64Url(encoder.encode(JSON.stringify({ alg: algorithm, typ: "JWT" })));
    const input = `${header}.${toBase64Url(encoder.encode('{"sub":"somebody"}'))}`;
    const token = `${input}.${await sign(sealed, algorithm, input)}`;
    const key = await importJWK(publicKey, algorithm);
    const { payload } = await compactVerify(token, key, { algorithms: [algorithm] });
    expect(new TextDecoder().decode(payload)).toBe('{"sub":"somebody"}');
    const [first = "", , last = ""] = token.split(".");
    const other = `${first}.${toBase64Url(encoder.encode('{"sub":"nobody"}'))}.${last}`;
    await expect(compactVerify(other, key)).rejects.toThrow("signature verification failed");
  });
});

describe("refused is", () => {
  test.each(["ES256", "RS384", "HS256", "none", "rs256", "", "toString", "__proto__"])(
    "the algorithm '%s'",
    async (algorithm) => {
      expect(await sign(sealed, algorithm, "x")).toBe("refused");
    },
  );

  test.each(["ec-p256", "rsa-1024", "rsa-pss-2048"])("the key %s", async (name) => {
    const other = await seal(derOf(name));
    expect(await sign(other, "RS256", "x")).toBe("refused");
    expect(await sign(other, "PS256", "x")).toBe("refused");
  });

  test("what is no key, or a key cut short", async () => {
    const der = derOf("rsa-2048");
    for (const bytes of [encoder.encode("secret"), new Uint8Array(0), der.slice(0, -1), der.slice(1)])
      expect(await sign(await seal(bytes), "RS256", "x")).toBe("refused");
  });

  test("a key of another organization or place, also when it was used a moment ago", async () => {
    expect(await sign(sealed, "RS256", A2_INPUT)).toBe(A2_SIGNATURE);
    expect(await sign(sealed, "RS256", A2_INPUT, "other")).toBe("refused");
    expect(await sign(sealed, "RS256", "x", ORG, context("postern-key-1", ORG, "issuer"))).toBe("refused");
    expect(await sign(`${sealed}A`, "RS256", "x")).toBe("refused");
    expect(await sign("", "RS256", "x")).toBe("refused");
  });

  test("what was sealed as something else than a key", async () => {
    for (const under of [context("postern-seal-1", ORG), encoder.encode("postern-key-1"), new Uint8Array(0)])
      expect(await sign(await seal(derOf("rsa-2048"), ORG, under), "RS256", "x", ORG, under)).toBe("refused");
  });

  test("without a ring", async () => {
    const fields = new FieldWriter().add(ORG, CONTEXT, sealed, "RS256", "x").bytes();
    const effect = { id: 1, name: "sign", fields: new FieldReader(fields) };
    const answer = await carryOut(effect, { ...hands, ring: undefined });
    expect(new FieldReader(answer).text()).toBe("refused");
  });

  test("to open a key", async () => {
    expect((await ask("open", ORG, CONTEXT, sealed)).text()).toBe("refused");
    const other = context("postern-seal-1", ORG);
    const opened = await ask("open", ORG, other, await seal(encoder.encode("plain"), ORG, other));
    expect([opened.text(), opened.text()]).toEqual(["", "plain"]);
  });
});

/** A ring that counts what it opens. */
class CountingRing extends KeyRing {
  opened = 0;
  last = new Uint8Array(0);

  override async open(...asked: Parameters<KeyRing["open"]>): Promise<Uint8Array> {
    const bytes = await super.open(...asked);
    this.opened += 1;
    this.last = bytes as Uint8Array<ArrayBuffer>;
    return bytes;
  }
}

describe("an imported key", () => {
  const RING = () => new CountingRing(MASTER_KEYS);
  const keyOf = (text: string, algorithm = "RS256") => ({
    org: ORG,
    context: CONTEXT,
    sealed: text,
    algorithm,
  });
  const data = encoder.encode("x");

  test("is kept until nobody used it for 30 s", async () => {
    const ring = RING();
    const keys = new SigningKeys(ring);
    const opened: number[] = [];
    for (const at of [0, 29_999, 59_998, 89_998, 89_999]) {
      await keys.sign(keyOf(sealed), data, NOW + at);
      opened.push(ring.opened);
    }
    expect(opened).toEqual([1, 1, 1, 2, 2]);
  });

  test("goes when any other is asked for after that, and where the clock was ahead", async () => {
    const keys = new SigningKeys(RING());
    await keys.sign(keyOf(sealed), data, NOW);
    await expect(keys.sign(keyOf("s1.k1.AAAA"), data, NOW + 30_000)).rejects.toThrow();
    expect(keys.size).toBe(0);
    await keys.sign(keyOf(sealed), data, NOW + 3_600_000);
    await expect(keys.sign(keyOf("s1.k1.AAAA"), data, NOW)).rejects.toThrow();
    expect(keys.size).toBe(0);
  });

  test("is one of 64 at most; the one that was used longest ago gives way", async () => {
    const ring = RING();
    const keys = new SigningKeys(ring);
    const texts: string[] = [];
    for (let n = 0; n < 65; n += 1) texts.push(await ring.seal(ORG, CONTEXT, derOf("rsa-2048")));
    const [first = "", second = "", ...rest] = texts;
    for (const text of [first, second, ...rest.slice(0, 62), first, ...rest.slice(62)])
      await keys.sign(keyOf(text), data, NOW);
    expect([keys.size, ring.opened]).toEqual([64, 65]);
    await keys.sign(keyOf(first), data, NOW);
    expect(ring.opened).toBe(65);
    await keys.sign(keyOf(second), data, NOW);
    expect(ring.opened).toBe(66);
  });

  test("signs by the algorithm alone that it was imported for", async () => {
    const ring = RING();
    const keys = new SigningKeys(ring);
    const first = await keys.sign(keyOf(sealed), data, NOW);
    expect(await keys.sign(keyOf(sealed, "PS256"), data, NOW)).not.toEqual(first);
    expect([keys.size, ring.opened]).toEqual([2, 2]);
  });

  test("is of its ring", async () => {
    const [one, other] = [RING(), new CountingRing(`k3:${toBase64Url(new Uint8Array(32).fill(3))}`)];
    expect(signingKeysOf(one)).toBe(signingKeysOf(one));
    await signingKeysOf(one).sign(keyOf(sealed), data, NOW);
    await expect(signingKeysOf(other).sign(keyOf(sealed), data, NOW)).rejects.toThrow("unknown key id");
  });

  test("leaves nothing of what it was imported from", async () => {
    const ring = RING();
    await new SigningKeys(ring).sign(keyOf(sealed), data, NOW);
    expect(ring.last.length).toBe(derOf("rsa-2048").length);
    expect(ring.last.every((byte) => byte === 0)).toBe(true);
    const broken = await ring.seal(ORG, CONTEXT, encoder.encode("no key at all"));
    await expect(new SigningKeys(ring).sign(keyOf(broken), data, NOW)).rejects.toThrow();
    expect([...ring.last]).toEqual(new Array(13).fill(0));
  });

  test("cannot be taken out of the runtime again", async () => {
    const imported: CryptoKey[] = [];
    const original = crypto.subtle.importKey.bind(crypto.subtle);
    const keep = async (...asked: Parameters<typeof original>) => {
      const key = await original(...asked);
      if (asked[0] === "pkcs8") imported.push(key);
      return key;
    };
    Object.defineProperty(crypto.subtle, "importKey", { value: keep, configurable: true });
    try {
      await new SigningKeys(RING()).sign(keyOf(sealed), data, NOW);
    } finally {
      Reflect.deleteProperty(crypto.subtle, "importKey");
    }
    expect(imported.map(({ extractable, usages }) => [extractable, usages])).toEqual([[false, ["sign"]]]);
    for (const key of imported) await expect(crypto.subtle.exportKey("pkcs8", key)).rejects.toThrow();
  });
});

test("no answer and no line of the log holds a byte of the key that is private", () => {
  // d of RFC 7515 A.2.1, and its first prime.
  const secrets = [
    "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ",
    "4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_Py5PJdTJNPY8cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc",
  ].map(fromBase64Url);
  const latin1 = (bytes: Uint8Array) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  const pieces = secrets.flatMap((bytes) => [
    latin1(bytes.slice(0, 24)),
    toBase64Url(bytes.slice(0, 24)),
    btoa(latin1(bytes.slice(0, 24))),
  ]);
  expect(pieces.some((piece) => latin1(derOf("rsa-2048")).includes(piece))).toBe(true);
  expect(answered.length).toBeGreaterThan(30);
  for (const text of [...answered.map(latin1), ...logLines()])
    for (const piece of pieces) expect(text.includes(piece)).toBe(false);
});
