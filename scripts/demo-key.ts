/** The API key of `npm start`: one, kept beside the local data, not another at each start. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { ask } from "./local-postern.ts";

export const DEMO_ORG = "demo";
const NAME = "local";
/** What the printed lines need: `*` does not hold the proxy. */
export const DEMO_PERMISSIONS = ["*", "proxy"];

interface DemoKey {
  readonly id: string;
  readonly key: string;
}

interface Listed {
  readonly id: string;
  readonly name: string;
  readonly permissions: readonly string[];
  readonly revoked_at?: string;
}

function kept(file: string): DemoKey | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const { id, key } = Object(JSON.parse(readFileSync(file, "utf8"))) as Partial<DemoKey>;
    return id === undefined || key === undefined ? undefined : { id, key };
  } catch {
    return undefined; // somebody else wrote there, or the machine went down: a new one is made
  }
}

const keysAt = async (origin: string, admin: string) =>
  (await ask(`${origin}/v1/api-keys?org_id=${DEMO_ORG}`, admin)).api_keys as readonly Listed[];

/** One of an earlier release may do less than the lines need. */
async function works(origin: string, admin: string, { id, key }: DemoKey): Promise<boolean> {
  const headers = { authorization: `Bearer ${key}` };
  if (!(await fetch(`${origin}/v1/connections`, { headers })).ok) return false;
  const own = (await keysAt(origin, admin)).find((one) => one.id === id);
  return DEMO_PERMISSIONS.every((word) => own?.permissions.includes(word));
}

/** Earlier starts may have left theirs: they hold all permissions, and nobody uses them any more. */
async function revokeOthers(origin: string, admin: string, own: string): Promise<void> {
  for (const { id, name, revoked_at } of await keysAt(origin, admin)) {
    if (name !== NAME || revoked_at !== undefined || id === own) continue;
    await fetch(`${origin}/v1/api-keys/${id}`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${admin}` },
    });
  }
}

/** The key that `file` keeps where it still works, otherwise a new one; no other of that name works afterwards. */
export async function demoKey(origin: string, admin: string, file: string): Promise<string> {
  let own = kept(file);
  if (own === undefined || !(await works(origin, admin, own))) {
    const made = await ask(`${origin}/v1/api-keys`, admin, {
      org_id: DEMO_ORG,
      name: NAME,
      permissions: DEMO_PERMISSIONS,
    });
    own = { id: String(made.id), key: String(made.key) };
    writeFileSync(file, JSON.stringify(own), { mode: 0o600 });
  }
  await revokeOthers(origin, admin, own.id);
  return own.key;
}
