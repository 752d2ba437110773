/** What the torture needs of a provider. It lives in the torture's own process, so that it survives every kill. */
import { startMicrosoft } from "../world/microsoft/microsoft.ts";
import { PEOPLE } from "../world/microsoft/people.ts";
import { signIn } from "../world/sign-in.ts";

export interface Who {
  readonly email: string;
  /** As the profile and the ID token's `oid` name the person. */
  readonly id: string;
}

export interface Provider {
  readonly name: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Where its login origin really listens: behind the fault proxy. */
  readonly loginPort: number;
  readonly graphOrigin: string;
  readonly armOrigin: string;
  readonly people: readonly [Who, ...Who[]];
  /** The browser's part. Answers the URL to which the browser is sent back. */
  signIn(authorizeUrl: string, who: Who): Promise<string>;
  /** How long the access tokens live that it gives out from now on. */
  accessTokensLive(seconds: number): void;
  close(): Promise<void>;
}

export interface Registration {
  /** The login origin as clients know it: the fault proxy's. */
  readonly loginOrigin: string;
  readonly redirectUri: string;
}

/** npm `emulate` behind the fixture: a refresh token that was used is dead, and nothing else is. */
export async function startEmulator(registration: Registration): Promise<Provider> {
  const microsoft = await startMicrosoft({
    publicLoginOrigin: registration.loginOrigin,
    redirectUris: [registration.redirectUri],
  });
  const people = PEOPLE.map(({ email, oid }) => ({ email, id: oid }));
  const [first, ...others] = people;
  if (first === undefined) throw new Error("the world has no people");
  return {
    name: "emulate (strict rotation)",
    clientId: microsoft.clientId,
    clientSecret: microsoft.clientSecret,
    loginPort: microsoft.loginPort,
    graphOrigin: microsoft.graphOrigin,
    armOrigin: microsoft.armOrigin,
    people: [first, ...others],
    signIn: (authorizeUrl, who) => signIn({ authorizeUrl, email: who.email }),
    accessTokensLive: (seconds) => microsoft.control({ expires_in: seconds }),
    close: () => microsoft.close(),
  };
}
