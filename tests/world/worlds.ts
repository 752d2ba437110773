/** All emulated providers at once. */
import { type GitHub, startGitHub } from "./github/github.ts";
import { type Google, startGoogle } from "./google/google.ts";
import { type Microsoft, type MicrosoftOptions, startMicrosoft } from "./microsoft/microsoft.ts";
import type { ProviderOptions } from "./provider.ts";
import type { ProviderAddress, SingleOrigin } from "./variables.ts";

export const STARTERS = { GITHUB: startGitHub, GOOGLE: startGoogle } as const satisfies Record<
  SingleOrigin,
  unknown
>;

export interface WorldsOptions {
  readonly microsoft?: MicrosoftOptions;
  readonly github?: ProviderOptions;
  readonly google?: ProviderOptions;
}

export interface Worlds {
  readonly microsoft: Microsoft;
  readonly github: GitHub;
  readonly google: Google;
  close(): Promise<void>;
}

export async function startWorlds(options: WorldsOptions = {}): Promise<Worlds> {
  const opened: { close(): Promise<void> }[] = [];
  const close = async () => void (await Promise.all(opened.map((one) => one.close())));
  const open = async <T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
    const started = await starting;
    opened.push(started);
    return started;
  };
  try {
    const microsoft = await open(startMicrosoft(options.microsoft));
    const github = await open(startGitHub(options.github));
    const google = await open(startGoogle(options.google));
    return { microsoft, github, google, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Postern's clients; at GitHub the app whose tokens last. */
export function addressesOf({
  github,
  google,
}: Pick<Worlds, "github" | "google">): Record<SingleOrigin, ProviderAddress> {
  const { lasting } = github;
  const { client } = google;
  return {
    GITHUB: { origin: github.origin, clientId: lasting.id, clientSecret: lasting.secret },
    GOOGLE: { origin: google.origin, clientId: client.id, clientSecret: client.secret },
  };
}
