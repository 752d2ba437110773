/** What the contestants' stores hold: the same people with the same tokens, each in its Worker's own format. */
import { createCipheriv, createHash, hkdfSync, randomBytes } from "node:crypto";
import { FieldWriter } from "../../worker-shim/src/fields.ts";
import { KeyRing } from "../../worker-shim/src/sealing.ts";
import type { PlainConnection, PlainKey } from "./plain-format.ts";

export const ORG = "bench";
/** Entra's access tokens for Graph are about this long. */
const TOKEN_BYTES = 2_000;
const SCOPE = "User.Read Mail.Read Calendars.Read profile openid email";

export interface Person {
  readonly userId: string;
  readonly apiKey: string;
  readonly token: string;
}

/** Connections and keys of so many other organizations, of which nothing is ever asked. */
export function* bystanders(organizations: number): Generator<[string, string]> {
  const filler = base64(randomBytes(1_500));
  for (let n = 0; n < organizations; n += 1) {
    yield [connectionKey(`org-${n}`, "user-0"), filler];
    yield [`apikey:${sha256(`pk_org-${n}`).toString("base64url")}`, filler];
  }
}

export const people = (count: number): Person[] =>
  Array.from({ length: count }, (_, n) => ({
    userId: `user-${n}`,
    apiKey: `pk_${ORG}_${randomBytes(32).toString("base64url")}`,
    token: randomBytes((TOKEN_BYTES * 3) / 4).toString("base64url"),
  }));

const sha256 = (bytes: string | Uint8Array) => createHash("sha256").update(bytes).digest();
const fields = (...values: (string | number | boolean | Uint8Array)[]) =>
  new FieldWriter().add(...values).bytes();

/** Under which KV has a connection (core/connection/record.cpp). */
export const connectionKey = (org: string, userId: string): string =>
  `connection:${org}:${sha256(fields(org, "azure", userId)).toString("base64url")}`;

/** core/connection/record.cpp, core/flow/store/api_keys.cpp. */
export async function posternEntries(
  who: readonly Person[],
  masterKeys: string,
  expiresAt: number,
  permissions = "tokens:read",
): Promise<[string, string][]> {
  const ring = new KeyRing(masterKeys);
  const now = Date.now();
  const entries: [string, string][] = [];
  for (const { userId, apiKey, token } of who) {
    const context = fields("postern-seal-1", ORG, "azure", userId, "access_token:graph", 1);
    const sealed = await ring.seal(ORG, context, Buffer.from(token));
    const tokens = fields("graph", sealed, 1, now, expiresAt, SCOPE);
    const account = [`tid|${userId}`, "tid", userId, "A Person", "person@example.com"];
    const record = new FieldWriter()
      .add("postern-record-1", ORG, "azure", userId, "microsoft", 1, "connected", ...account)
      .add("common", sealed, 1, now, tokens, now, now, "", "");
    entries.push([connectionKey(ORG, userId), base64(record.bytes())]);
    entries.push([
      `apikey:${sha256(apiKey).toString("base64url")}`,
      base64(fields(userId, ORG, permissions, 0, false)),
    ]);
  }
  return entries;
}

export function plainEntries(
  who: readonly Person[],
  masterKey: Uint8Array,
  expiresAt: number,
): [string, string][] {
  const key = Buffer.from(hkdfSync("sha256", masterKey, "plain", ORG, 32));
  return who.flatMap(({ userId, apiKey, token }): [string, string][] => {
    const iv = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(Buffer.from(`${ORG}/${userId}/1`));
    const sealed = Buffer.concat([cipher.update(token), cipher.final(), cipher.getAuthTag()]);
    const connection: PlainConnection = {
      status: "connected",
      resource: "graph",
      scope: SCOPE,
      expires_at: expiresAt,
      version: 1,
      iv: iv.toString("base64"),
      sealed: sealed.toString("base64"),
    };
    const record: PlainKey = { org: ORG, permissions: ["tokens:read"], expires_at: 0, revoked: false };
    return [
      [`connection:${ORG}:${userId}`, base64(JSON.stringify(connection))],
      [`key:${sha256(apiKey).toString("hex")}`, base64(JSON.stringify(record))],
    ];
  });
}

const base64 = (bytes: string | Uint8Array) => Buffer.from(bytes).toString("base64");
