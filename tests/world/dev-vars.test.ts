import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { appOrigin, devVars, resetLocal } from "../../scripts/dev-vars.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "postern-vars-"));
  file = join(folder, ".dev.vars");
});
afterEach(() => rmSync(folder, { recursive: true }));

const edit = (change: (text: string) => string) => writeFileSync(file, change(readFileSync(file, "utf8")));

test("a reset forgets the data, and the secrets that were made here", () => {
  devVars(file, 8787);
  devVars(file, 8788);
  mkdirSync(join(folder, ".local", "state"), { recursive: true });
  resetLocal(folder);
  assert.equal(existsSync(file), false);
  assert.equal(existsSync(join(folder, ".local")), false);
  resetLocal(folder);
});

for (const [what, change] of [
  [
    "the real Entra's, by docs/deploy.md",
    (text: string) => text.replace(/^(AZURE_LOGIN|GRAPH|ARM)_ORIGIN=.*\n/gm, ""),
  ],
  ["the real GitHub's", (text: string) => text.replace(/^GITHUB_(LOGIN_)?ORIGIN=.*\n/gm, "")],
  [
    "a client secret of Google",
    (text: string) =>
      text.replace(/^GOOGLE_CLIENT_SECRET=.*$/m, "GOOGLE_CLIENT_SECRET='GOCSPX-the-real.one'"),
  ],
  [
    "a client secret",
    (text: string) => text.replace(/^AZURE_CLIENT_SECRET=.*$/m, "AZURE_CLIENT_SECRET='0aB8Q~the-real.one'"),
  ],
  ["a tenant", (text: string) => text.replace("'common'", "'contoso.example'")],
  ["a variable more", (text: string) => `${text}LOG_LEVEL='debug'\n`],
  ["another heading", (text: string) => text.replace(/^#.*\n/, "")],
] as const)
  test(`a reset leaves .dev.vars with ${what} alone`, () => {
    devVars(file, 8787);
    edit(change);
    const before = readFileSync(file, "utf8");
    mkdirSync(join(folder, ".local"));
    resetLocal(folder);
    assert.equal(readFileSync(file, "utf8"), before);
    assert.equal(existsSync(join(folder, ".local")), false);
  });

test("a reset forgets what was made before there were other providers", () => {
  devVars(file, 8787);
  edit((text) => text.replace(/^(GITHUB|GOOGLE)_.*\n/gm, ""));
  resetLocal(folder);
  assert.equal(existsSync(file), false);
});

test("each local redirect follows the port; a real provider's stays", () => {
  devVars(file, 8787);
  edit((text) => text.replace(/^GOOGLE_(LOGIN_)?ORIGIN=.*\n/gm, ""));
  const values = devVars(file, 9000);
  assert.equal(values.GITHUB_REDIRECT_URI, "http://localhost:9000/callback/github");
  assert.equal(values.GOOGLE_REDIRECT_URI, "http://localhost:8787/callback/google");
  assert.deepEqual(devVars(file, 9000), values);
});

test("the redirect follows the port, and a comment that names it does not", () => {
  devVars(file, 8787);
  const comment = "# AZURE_REDIRECT_URI is registered at Entra, too";
  edit((text) => `${comment}\n${text}`);
  assert.equal(devVars(file, 9000).AZURE_REDIRECT_URI, "http://localhost:9000/callback/azure");
  const text = readFileSync(file, "utf8");
  assert.ok(text.startsWith(`${comment}\n`));
  assert.ok(text.includes("\nAZURE_REDIRECT_URI='http://localhost:9000/callback/azure'\n"));
  assert.equal(devVars(file, 9000).AZURE_REDIRECT_URI, "http://localhost:9000/callback/azure");
});

/** As the file was before there was a demo application. */
const withoutApp = (text: string) =>
  text
    .replace(/^ALLOWED_RETURN_URLS=.*$/m, "ALLOWED_RETURN_URLS='{}'")
    .replace(/^(ALLOW_INSECURE_ORIGINS='.*),http:\/\/localhost:4000'$/m, "$1'");

test("people may be sent back to the demo application, also by a file from before there was one", () => {
  const made = devVars(file, 8787);
  assert.equal(appOrigin(made), "http://localhost:4000");
  assert.ok(made.ALLOW_INSECURE_ORIGINS?.split(",").includes("http://localhost:4000"));
  edit(withoutApp);
  assert.deepEqual(devVars(file, 8787), made);
  assert.deepEqual(devVars(file, 8787), made);
});

for (const [what, change] of [
  [
    "return URLs of its own",
    (text: string) =>
      text.replace(
        /^ALLOWED_RETURN_URLS=.*$/m,
        `ALLOWED_RETURN_URLS='{"demo":["https://app.example/done"]}'`,
      ),
  ],
  ["a client of its own", (text: string) => withoutApp(text).replace("'common'", "'contoso.example'")],
] as const)
  test(`a file with ${what} stays as it is, and there is no demo application`, () => {
    devVars(file, 8787);
    edit(change);
    const before = readFileSync(file, "utf8");
    assert.equal(appOrigin(devVars(file, 8787)), undefined);
    assert.equal(readFileSync(file, "utf8"), before);
  });

test("a variable without a value takes none from the next line", () => {
  writeFileSync(file, "AZURE_TENANT_ID=\nAZURE_CLIENT_ID=one\n");
  assert.deepEqual(devVars(file, 8787), { AZURE_TENANT_ID: "", AZURE_CLIENT_ID: "one" });
});
