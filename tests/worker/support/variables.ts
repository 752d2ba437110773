/** What the Worker under test is configured with. */
import { CONTOSO, FABRIKAM } from "../../world/microsoft/people.ts";
import { providerVariables, SINGLE_ORIGIN } from "../../world/variables.ts";
import type { WorldAddress } from "./global-setup.ts";

export const ORIGIN = "https://postern.example";
/** Where a test mounts it in another app. */
export const MOUNT = "/broker/oauth";
export const RETURN_TO = "https://app.example/done?from=postern";
export const CALLER_REDIRECT = "https://app.example/oauth/callback";
export const ADMIN_KEY = "admin-key-of-the-worker-tests";
/** Two keys: the first seals, both open. */
const masterKey = (n: number) => btoa(`postern-worker-test-master-key-${n}`).replace("=", "");
export const MASTER_KEYS = `k2:${masterKey(2)},k1:${masterKey(1)}`;

export function workerVariables(world: WorldAddress): Record<string, string> {
  const origins = [world.login, world.graph, world.arm, world.content ?? "", world.vault ?? ""];
  const others: Record<string, string> = {};
  for (const name of SINGLE_ORIGIN) {
    const address = world.providers?.[name];
    if (address === undefined) continue;
    Object.assign(others, providerVariables(name, address, ORIGIN));
    origins.push(address.origin);
  }
  return {
    ...others,
    AZURE_CLIENT_ID: world.clientId,
    AZURE_CLIENT_SECRET: world.clientSecret,
    AZURE_TENANT_ID: "common",
    AZURE_REDIRECT_URI: `${ORIGIN}/callback/azure`,
    AZURE_LOGIN_ORIGIN: world.login,
    GRAPH_ORIGIN: world.graph,
    ARM_ORIGIN: world.arm,
    ...(world.vault === undefined ? {} : { VAULT_ORIGIN: world.vault }),
    ALLOW_INSECURE_ORIGINS: origins.filter(Boolean).join(","),
    ALLOWED_RETURN_URLS: JSON.stringify({
      acme: [RETURN_TO, CALLER_REDIRECT],
      umbrella: [RETURN_TO, CALLER_REDIRECT],
    }),
    ALLOWED_APP_DIRECTORIES: JSON.stringify({
      "*": [CONTOSO, FABRIKAM, "fabrikam.example", "contoso.example"],
    }),
    CORS_ALLOWED_ORIGINS: "https://app.example, https://console.example",
    CONNECT_CONFIRM_DEFAULT: "page",
    ADMIN_API_KEY: ADMIN_KEY,
    MASTER_KEYS,
    LOG_LEVEL: "debug",
  };
}
