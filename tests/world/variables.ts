/** What Postern is told of the emulated providers whose login and API share one origin. Nothing of Node is in here. */
export const SINGLE_ORIGIN = ["GITHUB", "GOOGLE"] as const;
/** Such a provider, by what its variables begin with. */
export type SingleOrigin = (typeof SINGLE_ORIGIN)[number];

/** Where it is, and Postern's client there. */
export interface ProviderAddress {
  readonly origin: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** `postern`: where browsers find it. */
export const redirectUri = (name: SingleOrigin, postern: string) =>
  `${postern}/callback/${name.toLowerCase()}`;

export function providerVariables(
  name: SingleOrigin,
  { origin, clientId, clientSecret }: ProviderAddress,
  postern: string,
): Record<string, string> {
  return {
    [`${name}_CLIENT_ID`]: clientId,
    [`${name}_CLIENT_SECRET`]: clientSecret,
    [`${name}_REDIRECT_URI`]: redirectUri(name, postern),
    [`${name}_LOGIN_ORIGIN`]: origin,
    [`${name}_ORIGIN`]: origin,
  };
}
