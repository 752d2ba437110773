/** For `npm run record`: the Worker that is deployed, in workerd, and a place for what is recorded of it. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";
import type { WorldAddress } from "../support/global-setup.ts";
import { workerVariables } from "../support/variables.ts";

const at = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const folder = at(`tests/data/stored/${process.env.RECORD_AS ?? "unnamed"}`);

export default defineConfig({
  root: at(""),
  plugins: [
    cloudflareTest(async ({ inject }) => ({
      wrangler: { configPath: at("wrangler.jsonc") },
      miniflare: {
        bindings: {
          ...workerVariables(inject<WorldAddress>("world")),
          MIGRATIONS: await readD1Migrations(at("worker-shim/migrations")),
        },
        serviceBindings: {
          async SHELF(request: { url: string; text(): Promise<string> }) {
            const file = `${folder}/${new URL(request.url).pathname.slice(1)}.json`;
            mkdirSync(folder, { recursive: true });
            if (existsSync(file)) return new Response("is there already", { status: 409 });
            writeFileSync(file, await request.text());
            return new Response(null, { status: 204 });
          },
        },
      },
    })),
  ],
  test: {
    include: ["tests/worker/recorder/*.record.ts"],
    globalSetup: ["tests/worker/support/global-setup.ts"],
    setupFiles: ["tests/worker/support/setup.ts"],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 30_000,
  },
});
