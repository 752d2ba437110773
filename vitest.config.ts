import { fileURLToPath } from "node:url";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";
import type { WorldAddress } from "./tests/worker/global-setup.ts";
import { workerVariables } from "./tests/worker/variables.ts";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  plugins: [
    cloudflareTest(async ({ inject }) => ({
      wrangler: { configPath: at("wrangler.jsonc") },
      miniflare: {
        bindings: {
          ...workerVariables(inject<WorldAddress>("world")),
          MIGRATIONS: await readD1Migrations(at("worker-shim/migrations")),
        },
      },
    })),
  ],
  resolve: {
    // The same core, with a way to let its n-th allocation fail.
    alias: [{ find: /^.*\/dist\/postern\.wasm$/, replacement: at("dist/postern.fault.wasm") }],
  },
  test: {
    include: ["tests/worker/*.test.ts"],
    globalSetup: ["tests/worker/global-setup.ts"],
    setupFiles: ["tests/worker/setup.ts"],
    // One world for all of them, whose faults and counts belong to whoever asks at the moment.
    fileParallelism: false,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
