/**
 * A token read as one would write it without Postern: the API key in KV by its hash, the connection in
 * KV, the token in it sealed with AES-GCM under a derived key. Same answer, same secrecy, no isolate memory
 * but for the derived key, no refresh.
 */
import { WorkerEntrypoint } from "cloudflare:workers";
import type { PlainConnection, PlainKey } from "./plain-format.ts";

interface Env {
  STORE: KVNamespace;
  MASTER_KEY: string;
}

const encoder = new TextEncoder();
const derived = new Map<string, CryptoKey>();

const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

async function keyOf(org: string, env: Env): Promise<CryptoKey> {
  const known = derived.get(org);
  if (known) return known;
  const master = await crypto.subtle.importKey("raw", bytesOf(env.MASTER_KEY), "HKDF", false, ["deriveKey"]);
  const key = await crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: encoder.encode("plain"), info: encoder.encode(org) },
    master,
    { name: "AES-GCM", length: 256 },
    false,
    ["decrypt"],
  );
  derived.set(org, key);
  return key;
}

async function authenticate(request: Request, env: Env): Promise<string | undefined> {
  const bearer = /^Bearer (.+)$/.exec(request.headers.get("authorization") ?? "")?.[1];
  if (!bearer) return undefined;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(bearer)));
  const hash = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const key = await env.STORE.get<PlainKey>(`key:${hash}`, "json");
  if (!key || key.revoked || (key.expires_at !== 0 && key.expires_at <= Date.now())) return undefined;
  return key.permissions.includes("*") || key.permissions.includes("tokens:read") ? key.org : undefined;
}

async function readToken(org: string, userId: string, env: Env): Promise<object | undefined> {
  const connection = await env.STORE.get<PlainConnection>(`connection:${org}:${userId}`, "json");
  if (connection?.status !== "connected" || connection.expires_at - Date.now() < 300_000) return undefined;
  const opened = await crypto.subtle.decrypt(
    {
      name: "AES-GCM",
      iv: bytesOf(connection.iv),
      additionalData: encoder.encode(`${org}/${userId}/${connection.version}`),
    },
    await keyOf(org, env),
    bytesOf(connection.sealed),
  );
  return {
    access_token: new TextDecoder().decode(opened),
    token_type: "Bearer",
    resource: connection.resource,
    expires_at: new Date(connection.expires_at).toISOString(),
    scope: connection.scope,
    version: connection.version,
  };
}

export class PlainService extends WorkerEntrypoint<Env> {
  getToken({ userId }: { userId: string }): Promise<object | undefined> {
    return readToken("bench", userId, this.env);
  }
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const url = new URL(request.url);
    if (url.pathname !== "/v1/connections/azure/token") return new Response(null, { status: 404 });
    const org = await authenticate(request, env);
    if (!org) return Response.json({ error: "unauthenticated" }, { status: 401 });
    const userId = url.searchParams.get("user_id");
    const token = userId ? await readToken(org, userId, env) : undefined;
    if (!token) return Response.json({ error: "not_connected" }, { status: 404 });
    return Response.json(token, { headers: { "cache-control": "no-store" } });
  },
};
