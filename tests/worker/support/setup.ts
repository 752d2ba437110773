import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, vi } from "vitest";
import { recordLogs } from "./logs.ts";
import { github, google, world } from "./world.ts";

await applyD1Migrations(env.DB, env.MIGRATIONS);

beforeEach(async () => {
  recordLogs();
  await Promise.all([world, github, google].map((one) => one.reset()));
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});
