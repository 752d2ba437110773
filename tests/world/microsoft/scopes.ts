/** Which resource a scope belongs to. In Entra one access token is good for one resource. */
export type Resource = "graph" | "arm";

/** What a resource wants of a token that was minted without a second factor. */
export const STEP_UP_CLAIMS = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}';

export const wantsStepUp = (claims: string | null) => claims?.includes('"acrs"') === true;

const NEUTRAL = new Set(["openid", "profile", "email", "offline_access"]);
const GRAPH = ["https://graph.microsoft.com"];
const ARM = ["https://management.azure.com", "https://management.core.windows.net"];

export interface Origins {
  readonly login: string;
  readonly graph: string;
  readonly arm: string;
  /** Of upload and download URLs. */
  readonly content: string;
}

export interface ScopeSet {
  readonly neutral: string[];
  readonly graph: string[];
  readonly arm: string[];
  readonly unknown: string[];
}

export function words(scope: string): string[] {
  return scope.split(/\s+/).filter((word) => word !== "");
}

/** Splits `https://graph.microsoft.com/Mail.Read` into its resource and the bare name `Mail.Read`. */
export function sortScopes(scope: string, origins: Origins): ScopeSet {
  const sorted: ScopeSet = { neutral: [], graph: [], arm: [], unknown: [] };
  const resourceOf = (word: string): [Resource, string] | undefined => {
    for (const [resource, prefixes] of [
      ["graph", [...GRAPH, origins.graph]],
      ["arm", [...ARM, origins.arm]],
    ] as const) {
      for (const prefix of prefixes) {
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
  if (resource === "arm") return names.map((name) => `https://management.azure.com/${name}`).join(" ");
  const oidc = neutral.filter((name) => name !== "offline_access");
  return [...new Set([...oidc, ...names])].join(" ");
}
