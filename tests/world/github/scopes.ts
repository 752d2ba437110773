/** Scopes as GitHub keeps them: without those that others include (docs.github.com/apps: "Scopes for OAuth apps"). */
const INCLUDED: Readonly<Record<string, readonly string[]>> = {
  user: ["read:user", "user:email", "user:follow"],
  repo: ["repo:status", "repo_deployment", "public_repo", "repo:invite", "security_events"],
  "admin:org": ["write:org", "read:org"],
  "write:org": ["read:org"],
};

export function scopesIn(scope: string): string[] {
  const asked = [...new Set(scope.split(/[\s,]+/).filter((name) => name !== ""))];
  const included = new Set(asked.flatMap((name) => INCLUDED[name] ?? []));
  return asked.filter((name) => !included.has(name)).sort();
}
