/** A certificate for localhost that nobody has signed but itself: Node makes keys, and no certificates (RFC 5280, DER of X.690). */
import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

export interface Certificate {
  /** Both PEM. */
  readonly key: string;
  readonly cert: string;
}

const DAY_MS = 24 * 3_600_000;
/** ecdsa-with-SHA256, commonName, basicConstraints, subjectAltName: RFC 5758 3.2, RFC 5280 appendix A. */
const [ECDSA, COMMON_NAME, CONSTRAINTS, ALTERNATIVE_NAME] = [
  "06082a8648ce3d040302",
  "0603550403",
  "0603551d13",
  "0603551d11",
].map((hex) => Buffer.from(hex, "hex"));

function der(tag: number, ...parts: (Buffer | undefined)[]): Buffer {
  const content = Buffer.concat(parts.filter((part) => part !== undefined));
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (...parts: (Buffer | undefined)[]) => der(0x30, ...parts);
const time = (ms: number) => {
  const digits = new Date(ms).toISOString().replace(/\D/g, "");
  return der(0x17, Buffer.from(`${digits.slice(2, 14)}Z`));
};

export function makeCertificate(now = Date.now()): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from("localhost")))));
  const algorithm = sequence(ECDSA);
  const isAuthority = sequence(
    CONSTRAINTS,
    der(0x01, Buffer.from([255])),
    der(0x04, sequence(der(0x01, Buffer.from([255])))),
  );
  const names = sequence(
    ALTERNATIVE_NAME,
    der(0x04, sequence(der(0x82, Buffer.from("localhost")), der(0x87, Buffer.from([127, 0, 0, 1])))),
  );
  const toSign = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    // Positive, and its first byte not zero.
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    name,
    sequence(time(now - DAY_MS), time(now + 30 * DAY_MS)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(isAuthority, names)),
  );
  const signature = sign("sha256", toSign, { key: privateKey, dsaEncoding: "der" });
  const whole = sequence(toSign, algorithm, der(0x03, Buffer.from([0]), signature));
  const lines = whole.toString("base64").match(/.{1,64}/g) ?? [];
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n"),
  };
}
