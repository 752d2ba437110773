import { fileURLToPath } from "node:url";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";
import type { WorldAddress } from "./tests/worker/support/global-setup.ts";
import { workerVariables } from "./tests/worker/support/variables.ts";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Tests that make allocations fail. Only dist/postern.fault.wasm lets them. */
const FAULT_TESTS = ["tests/worker/**/out-of-memory.test.ts", "tests/worker/**/traps.test.ts"];
/** These run under Node (`node --test`). */
const NODE_TESTS = ["tests/worker/node/**"];

interface Project {
  readonly name: string;
  readonly include: string[];
  readonly exclude: string[];
  /** Another module than the one that ships. */
  readonly module?: string;
}

const project = ({ name, include, exclude, module }: Project) => ({
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
    alias: module === undefined ? [] : [{ find: /^.*\/dist\/postern\.wasm$/, replacement: at(module) }],
  },
  test: {
    name,
    include,
    exclude,
    globalSetup: ["tests/worker/support/global-setup.ts"],
    setupFiles: ["tests/worker/support/setup.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});

export default defineConfig({
  test: {
    // One world for all of a project, whose faults and counts belong to whoever asks at the moment.
    fileParallelism: false,
    projects: [
      project({
        name: "worker",
        include: ["tests/worker/**/*.test.ts"],
        exclude: [...FAULT_TESTS, ...NODE_TESTS],
      }),
      project({ name: "faults", include: FAULT_TESTS, exclude: [], module: "dist/postern.fault.wasm" }),
    ],
  },
});
