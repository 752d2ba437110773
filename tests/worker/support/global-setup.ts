/** Microsoft, emulated, for as long as the tests run. It needs Node; the tests themselves run in workerd. */
import type { TestProject } from "vitest/node";
import { startMicrosoft } from "../../world/microsoft/microsoft.ts";
import { CALLER_REDIRECT, MOUNT, ORIGIN } from "./variables.ts";

export interface WorldAddress {
  readonly login: string;
  readonly graph: string;
  readonly arm: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

declare module "vitest" {
  export interface ProvidedContext {
    world: WorldAddress;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const microsoft = await startMicrosoft({
    redirectUris: [`${ORIGIN}/callback/azure`, `${ORIGIN}${MOUNT}/callback/azure`, CALLER_REDIRECT],
  });
  project.provide("world", {
    login: microsoft.loginOrigin,
    graph: microsoft.graphOrigin,
    arm: microsoft.armOrigin,
    clientId: microsoft.clientId,
    clientSecret: microsoft.clientSecret,
  });
  return () => microsoft.close();
}
