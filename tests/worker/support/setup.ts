import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, vi } from "vitest";
import { recordLogs } from "./logs.ts";
import { world } from "./world.ts";

await applyD1Migrations(env.DB, env.MIGRATIONS);

beforeEach(async () => {
  recordLogs();
  await world.reset();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});
