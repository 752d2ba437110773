/** Signatures of JSON Web Signatures by WebCrypto (RFC 7518 section 3). */
const ALGORITHMS: Record<string, { import: object; verify: object }> = {
  RS256: {
    import: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
    verify: { name: "RSASSA-PKCS1-v1_5" },
  },
  PS256: { import: { name: "RSA-PSS", hash: "SHA-256" }, verify: { name: "RSA-PSS", saltLength: 32 } },
  ES256: { import: { name: "ECDSA", namedCurve: "P-256" }, verify: { name: "ECDSA", hash: "SHA-256" } },
};

/** Throws where the algorithm or the key is not usable; false where the signature is wrong. */
export async function verifySignature(
  algorithm: string,
  jwk: string,
  data: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const parameters = ALGORITHMS[algorithm];
  if (!parameters) throw new Error("unknown algorithm");
  const key = await crypto.subtle.importKey(
    "jwk",
    JSON.parse(jwk) as JsonWebKey,
    parameters.import as SubtleCryptoImportKeyAlgorithm,
    false,
    ["verify"],
  );
  return crypto.subtle.verify(
    parameters.verify as SubtleCryptoSignAlgorithm,
    key,
    new Uint8Array(signature),
    new Uint8Array(data),
  );
}
