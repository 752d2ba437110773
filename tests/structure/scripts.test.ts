/** The commands of package.json: each is there, and told of where people look. */
import assert from "node:assert/strict";
import { matchesGlob } from "node:path";
import { test } from "node:test";
import { files, read } from "./files.ts";

const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };

test("every command of package.json runs a file that there is", () => {
  const there = new Set(files(/\.(mjs|ts|sh)$/, "scripts", "tests").map(({ path }) => path));
  for (const [name, command] of Object.entries(scripts)) {
    const file = /(?:scripts|tests)\/[\w./-]+/.exec(command)?.[0] ?? "";
    assert.ok(there.has(file), `${name}: ${command}`);
  }
});

test("every command of package.json is told of in README.md, tests/README.md or docs", () => {
  const told = [read("README.md"), ...files(/\.md$/, "docs", "tests").map(({ text }) => text)].join("\n");
  for (const name of Object.keys(scripts)) {
    const command = name === "start" || name === "test" ? `npm ${name}` : `npm run ${name}`;
    const together = new RegExp(`npm run [\\w, ]*\\b${name}\\b`);
    assert.ok(told.includes(command) || together.test(told), command);
  }
});

test("every test file is run by a step, and every step's pattern finds files", () => {
  const steps = ["scripts/step-list.mjs", "scripts/test.mjs"].map(read).join("\n");
  const patterns = [...steps.matchAll(/node --test[^'"`]*'([^']+)'/g)].map(([, pattern]) => pattern ?? "");
  assert.ok(patterns.length >= 5);
  const tests = files(/\.test\.ts$/, "tests").map(({ path }) => path);
  const taken = new Set(tests.filter((path) => /^tests\/worker\/(?!node\/)/.test(path))); // by vitest.config.ts
  for (const pattern of patterns) {
    const found = tests.filter((path) => matchesGlob(path, pattern));
    assert.ok(found.length > 0, pattern);
    for (const path of found) taken.add(path);
  }
  assert.deepEqual(
    tests.filter((path) => !taken.has(path)),
    [],
  );
});
