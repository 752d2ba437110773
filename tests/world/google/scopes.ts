/**
 * Scopes as Google writes them in its answers, whatever they were called in the request: googleapis/google-api-python-client
 * pull request 1088, `Scope has changed from "email profile" to "https://www.googleapis.com/auth/userinfo.email openid …"`.
 */
export const EMAIL = "https://www.googleapis.com/auth/userinfo.email";
export const PROFILE = "https://www.googleapis.com/auth/userinfo.profile";
const LONG: Readonly<Record<string, string>> = { email: EMAIL, profile: PROFILE };

export const words = (text: string) => text.split(/\s+/).filter((word) => word !== "");

export function scopesIn(scope: string): string[] {
  const names = words(scope).map((name) => LONG[name] ?? name);
  const identifies = names.some((name) => name === EMAIL || name === PROFILE);
  return [...new Set(identifies ? [...names, "openid"] : names)];
}
