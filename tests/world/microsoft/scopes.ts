/** Which resource a scope belongs to. In Entra one access token is good for one resource. */
export const RESOURCES = ["graph", "arm", "vault", "storage"] as const;
export type Resource = (typeof RESOURCES)[number];

/** What a resource wants of a token that was minted without a second factor. */
export const STEP_UP_CLAIMS = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}';

export const wantsStepUp = (claims: string | null) => claims?.includes('"acrs"') === true;

const NEUTRAL = new Set(["openid", "profile", "email", "offline_access"]);
/** By which identifiers scopes name them; the first is how Entra writes it. */
const IDENTIFIERS: Record<Resource, readonly string[]> = {
  graph: ["https://graph.microsoft.com"],
  arm: ["https://management.azure.com", "https://management.core.windows.net"],
  vault: ["https://vault.azure.net"],
  storage: ["https://storage.azure.com"],
};

export interface Origins {
  readonly login: string;
  readonly graph: string;
  readonly arm: string;
  /** Of the one key vault that there is: the world has no names of hosts. */
  readonly vault: string;
  /** Of upload and download URLs. */
  readonly content: string;
}

export interface ScopeSet extends Readonly<Record<Resource, string[]>> {
  readonly neutral: string[];
  readonly unknown: string[];
}

/** Of Azure's services, which personal accounts do not have. */
export const ofAzure = ({ arm, vault, storage }: ScopeSet) => [...arm, ...vault, ...storage];

export function words(scope: string): string[] {
  return scope.split(/\s+/).filter((word) => word !== "");
}

/** Splits `https://graph.microsoft.com/Mail.Read` into its resource and the bare name `Mail.Read`. */
export function sortScopes(scope: string, origins: Origins): ScopeSet {
  const sorted: ScopeSet = { neutral: [], graph: [], arm: [], vault: [], storage: [], unknown: [] };
  const resourceOf = (word: string): [Resource, string] | undefined => {
    for (const resource of RESOURCES) {
      const own = resource === "graph" || resource === "arm" ? [origins[resource]] : [];
      for (const prefix of [...IDENTIFIERS[resource], ...own]) {
        // Entra takes one slash or two: an audience that ends in a slash doubles it.
        if (word.startsWith(`${prefix}/`)) return [resource, word.slice(prefix.length).replace(/^\/+/, "")];
      }
    }
    return undefined;
  };
  for (const word of words(scope)) {
    if (NEUTRAL.has(word)) sorted.neutral.push(word);
    else if (word.includes("://")) {
      const found = resourceOf(word);
      if (found === undefined || found[1] === "") sorted.unknown.push(word);
      else sorted[found[0]].push(found[1]);
    } else sorted.graph.push(word);
  }
  return sorted;
}

/** The scope as Entra writes it in a token response. */
export function writeScopes(resource: Resource, names: string[], neutral: string[]): string {
  if (resource !== "graph") return names.map((name) => `${IDENTIFIERS[resource][0]}/${name}`).join(" ");
  const oidc = neutral.filter((name) => name !== "offline_access");
  return [...new Set([...oidc, ...names])].join(" ");
}
