/** The providers, emulated, for as long as the tests run. They need Node; the tests themselves run in workerd. */
import type { TestProject } from "vitest/node";
import { type ProviderAddress, redirectUri, type SingleOrigin } from "../../world/variables.ts";
import { addressesOf, startWorlds } from "../../world/worlds.ts";
import { CALLER_REDIRECT, MOUNT, ORIGIN } from "./variables.ts";

export interface WorldAddress {
  readonly login: string;
  readonly graph: string;
  readonly arm: string;
  readonly content?: string;
  readonly vault?: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly providers?: Readonly<Record<SingleOrigin, ProviderAddress>>;
}

declare module "vitest" {
  export interface ProvidedContext {
    world: WorldAddress;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const redirects = (name: SingleOrigin) => [redirectUri(name, ORIGIN), redirectUri(name, ORIGIN + MOUNT)];
  const worlds = await startWorlds({
    microsoft: {
      redirectUris: [`${ORIGIN}/callback/azure`, `${ORIGIN}${MOUNT}/callback/azure`, CALLER_REDIRECT],
    },
    github: { redirectUris: redirects("GITHUB") },
    google: { redirectUris: redirects("GOOGLE") },
  });
  const { microsoft } = worlds;
  project.provide("world", {
    login: microsoft.loginOrigin,
    graph: microsoft.graphOrigin,
    arm: microsoft.armOrigin,
    content: microsoft.contentOrigin,
    vault: microsoft.vaultOrigin,
    clientId: microsoft.clientId,
    clientSecret: microsoft.clientSecret,
    providers: addressesOf(worlds),
  });
  return () => worlds.close();
}
