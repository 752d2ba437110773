/**
 * What an app proves itself by in place of its secret: learn.microsoft.com/entra/identity-platform/certificate-credentials
 * (`x5t#S256`, PS256, `aud` the token endpoint, ten minutes at most) and …/reference-error-codes.
 */
import { X509Certificate } from "node:crypto";
import { decodeProtectedHeader, type JWTPayload, jwtVerify } from "jose";
import type { Reply } from "../http.ts";
import { entraError } from "./errors.ts";
import type { MicrosoftWorld } from "./world.ts";

export const JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const LONGEST_SECONDS = 600;

const refuse = (number: number, text: string): Reply => entraError(401, "invalid_client", number, text);

/** Why the assertion does not prove the app; undefined: it does. `audience`: the endpoint that it came to. */
export async function refuseAssertion(
  world: MicrosoftWorld,
  assertion: string,
  audience: string,
): Promise<Reply | undefined> {
  const { certificate: pem } = world.settings;
  const { client, assertions } = world;
  if (pem === "") return refuse(700027, "The certificate is not registered on the application.");
  const certificate = new X509Certificate(pem);
  let claims: JWTPayload;
  try {
    const thumbprint = Buffer.from(certificate.fingerprint256.replaceAll(":", ""), "hex").toString(
      "base64url",
    );
    if (decodeProtectedHeader(assertion)["x5t#S256"] !== thumbprint)
      return refuse(700027, "The key was not found: the certificate is not registered on the application.");
    const { payload } = await jwtVerify(assertion, certificate.publicKey, {
      algorithms: ["PS256", "RS256"],
      audience,
      issuer: client.id,
      subject: client.id,
      requiredClaims: ["exp", "nbf", "jti"],
      typ: "JWT",
      currentDate: new Date(world.now()),
      // As its own libraries allow for clocks that differ (Microsoft.IdentityModel: ClockSkew).
      clockTolerance: 300,
    });
    claims = payload;
  } catch (error) {
    return refuse(
      700027,
      `Client assertion failed validation: ${error instanceof Error ? error.message : ""}`,
    );
  }
  const { exp = 0, nbf = 0, jti = "" } = claims;
  if (exp - nbf > LONGEST_SECONDS)
    return refuse(700024, "Client assertion is not within its valid time range.");
  if (assertions.has(jti)) return refuse(700027, "The assertion has been used.");
  assertions.add(jti);
  return undefined;
}
