/** What must not be in the repository, and what must agree. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { files, lines, offences, read } from "./files.ts";

const shim = files(/\.ts$/, "worker-shim/src");
const core = files(/\.(cpp|h)$/, "core");
const there = new Set(files(/./, ".").map(({ path }) => path));

test("the interpreter holds no OAuth word", () => {
  const words =
    /token|oauth|openid|oidc|refresh|\bgrant|authorization|bearer|verifier|challenge|pkce|scope|client_secret|client_id|redirect_uri|\bnonce\b|id_token|\bcode\b/i;
  const interpreter = [{ path: "interpreter.ts", text: read("worker-shim/src/interpreter.ts") }];
  assert.deepEqual(
    offences(interpreter, words, (text) => text),
    [],
  );
});

test("the core is larger than the shim around it", () => {
  const count = (sources: { text: string }[]) => sources.reduce((sum, { text }) => sum + lines(text), 0);
  assert.ok(count(core) > count(shim), `${count(core)} lines of core, ${count(shim)} of shim`);
});

test("no file is longer than 400 lines", () => {
  const sources = files(/\.(cpp|h|ts|mjs|sh|py)$/, "core", "worker-shim", "wasm", "tests", "scripts");
  for (const folder of ["core", "worker-shim", "wasm", "tests", "scripts"])
    assert.ok(
      sources.some(({ path }) => path.startsWith(`${folder}/`)),
      folder,
    );
  const long = sources
    .map(({ path, text }) => ({ path, length: lines(text) }))
    .filter(({ length }) => length > 400);
  assert.deepEqual(long, []);
});

test("invocation logs, which hold the URLs of requests, are off", () => {
  const settings = read("wrangler.jsonc").replace(/^\s*\/\/.*$/gm, "");
  const { observability } = JSON.parse(settings) as {
    observability?: { logs?: { invocation_logs?: boolean } };
  };
  assert.equal(observability?.logs?.invocation_logs, false);
});

test("package.json and the core have the same version", () => {
  const { version } = JSON.parse(read("package.json")) as { version: string };
  assert.match(read("core/base/version.h"), new RegExp(`kVersion = "${version.replaceAll(".", "\\.")}"`));
  const lock = JSON.parse(read("package-lock.json")) as { version: string };
  assert.equal(lock.version, version);
});

test("the lock file names no registry", () => {
  const lock = read("package-lock.json");
  assert.doesNotMatch(lock, /"resolved"/);
  // What packages say of themselves, as where to send money, is no place to fetch from.
  const urls = [...lock.matchAll(/"([^"]+)": "(https?:\/\/[^"]+)"/g)].filter(([, key]) => key !== "url");
  assert.deepEqual(urls, []);
});

test("no file tells of the machine that it was written on", () => {
  const everything = files(/./, ".").filter(
    ({ path, text }) => !/\.(png|wasm|ico)$/.test(path) && !text.includes("\0"),
  );
  assert.ok(everything.length > 100);
  // Built from pieces, or this file would be the first to offend. A drive of OneDrive has a root too.
  const own = new RegExp(
    ["/ho" + "me/", "(?<!/drive)/ro" + "ot/", "/wo" + "rk/", "/Us" + "ers/", "/tm" + "p/[a-z]"].join("|"),
  );
  assert.deepEqual(
    offences(everything, own, (text) => text),
    [],
  );
});

test("comments and documents name files that there are", () => {
  // Decisions and the changelog tell of their own time; what is built comes and goes.
  const written = files(/\.(cpp|h|ts|mjs|sh|md|txt|cmake|json|jsonc)$/, ".").filter(
    ({ path }) => !/^(docs\/decisions\/|CHANGELOG\.md$|third_party\/)/.test(path),
  );
  const file =
    /(?<![\w./-])(?:core|wasm|worker-shim|scripts|tests|docs|cmake)\/[\w./-]+\.(?:cpp|h|ts|mjs|sh|md|sql|json|cmake)\b/g;
  const named = written.flatMap(({ path, text }) =>
    [...text.matchAll(file)].map(([name]) => ({ path, name })),
  );
  assert.ok(named.length > 500);
  const missing = named.filter(({ name }) => !name.includes("/generated/") && !there.has(name));
  assert.deepEqual(
    missing.map(({ path, name }) => `${path}: ${name}`),
    [],
  );
});
