/** Another application's Worker that mounts Postern by what docs/deploy.md says: source and configuration are those of the text. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { freePort, stopChild } from "../../../scripts/children.ts";
import { freshVars, writeVars } from "../../../scripts/dev-vars.ts";
import { ask, lastLines, migrate, root, startDev, waitForHealth } from "../../../scripts/local-postern.ts";
import { startMicrosoft } from "../../world/microsoft/microsoft.ts";
import { navigationOf, signIn } from "../../world/sign-in.ts";

const ALICE = "alice.anders@contoso.example";
const MOUNT = "/broker";

const [, section = ""] = readFileSync(join(root, "docs", "deploy.md"), "utf8").split(
  "## Below a path of another application",
);
const block = (language: string) =>
  new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "m").exec(section)?.[1] ?? "";
const source = block("ts");
const configuration = block("jsonc");

const folder = join(root, "build", "host");
const stops: (() => unknown)[] = [];
let origin: string;
let admin: string;

/** The folder as the text describes it; ids are those of nobody. */
function lay(): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "src"), { recursive: true });
  symlinkSync(root, join(folder, "postern"));
  writeFileSync(join(folder, "src", "index.ts"), source);
  const placed = configuration.replaceAll(/"<of [^"]*>"/g, '"00000000-0000-0000-0000-000000000000"');
  writeFileSync(join(folder, "wrangler.jsonc"), placed);
}

before(async () => {
  lay();
  const port = await freePort();
  origin = `http://localhost:${port}`;
  const redirect = `${origin}${MOUNT}/callback/azure`;
  const microsoft = await startMicrosoft({ redirectUris: [redirect] });
  stops.push(() => microsoft.close());
  const { loginOrigin: login, graphOrigin: graph, armOrigin: arm, clientId, clientSecret } = microsoft;
  const vars: Record<string, string> = {
    ...freshVars(port, { login, graph, arm }),
    AZURE_CLIENT_ID: clientId,
    AZURE_CLIENT_SECRET: clientSecret,
    AZURE_REDIRECT_URI: redirect,
  };
  admin = vars.ADMIN_API_KEY ?? "";
  writeVars(join(folder, "vars"), vars, "# One run of the test of a host.");
  const host = {
    port,
    folder,
    state: join(folder, "state"),
    log: join(folder, "wrangler.log"),
    logs: join(folder, "logs"),
    envFile: join(folder, "vars"),
  };
  migrate(host);
  const dev = startDev(host);
  stops.push(() => stopChild(dev));
  await waitForHealth(host, MOUNT);
});

after(async () => {
  for (const stop of stops.reverse()) await stop();
});

describe("a Worker that mounts Postern", () => {
  test("type-checks", () => {
    const config = {
      extends: join(root, "tsconfig.base.json"),
      compilerOptions: { types: ["@cloudflare/workers-types"], preserveSymlinks: false },
      include: ["src/**/*.ts", "postern/worker-shim/src/**/*.ts"],
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    const { stdout } = spawnSync(join(root, "node_modules", ".bin", "tsc"), ["-p", folder], {
      encoding: "utf8",
    });
    assert.equal(stdout, "");
  });

  test("answers at its own address and below Postern's", async () => {
    assert.equal(await (await fetch(origin)).text(), "The other application");
    const health = (await (await fetch(`${origin}${MOUNT}/health`)).json()) as { status: string };
    assert.equal(health.status, "ok");
    assert.deepEqual((await ask(`${origin}${MOUNT}/health?deep=true`, admin)).checks, {
      core: "ok",
      authority: "ok",
      kv: "ok",
      d1: "ok",
    });
    assert.match(await (await fetch(`${origin}${MOUNT}`)).text(), /This is Postern/);
    assert.equal((await fetch(`${origin}/health`)).status, 404);
  });

  test("connects an account, whose token is read there", async () => {
    const { key } = await ask(`${origin}${MOUNT}/v1/api-keys`, admin, {
      org_id: "demo",
      name: "host",
      permissions: ["*"],
    });
    const made = await ask(`${origin}${MOUNT}/connect?user_id=user_1`, String(key));
    const link = String(made.auth_url);
    assert.ok(link.startsWith(`${origin}${MOUNT}/connect/`), link);
    const page = await (await fetch(link)).text();
    for (const [, href = ""] of page.matchAll(/href="([^"]+)"/g)) {
      const { status } = await fetch(new URL(href, link));
      assert.equal(status, 200, href);
    }
    const pressed = await fetch(link, {
      method: "POST",
      redirect: "manual",
      headers: { origin, "sec-fetch-site": "same-origin" },
    });
    const callback = await signIn({ authorizeUrl: navigationOf(await pressed.text()), email: ALICE });
    const cookie = (pressed.headers.getSetCookie()[0] ?? "").split(";")[0] ?? "";
    const done = await fetch(callback, { headers: { cookie } });
    assert.match(await done.text(), /is connected/);
    const token = await ask(`${origin}${MOUNT}/v1/connections/azure/token?user_id=user_1`, String(key));
    assert.equal(token.token_type, "Bearer", lastLines(join(folder, "wrangler.log")));
  });
});

test("the configuration has all that Postern's own has", () => {
  const plain = (text: string) => JSON.parse(text.replace(/^\s*\/\/.*$/gm, "")) as Record<string, unknown>;
  const own = plain(readFileSync(join(root, "wrangler.jsonc"), "utf8"));
  const host = plain(configuration);
  const same = [
    "compatibility_date",
    "compatibility_flags",
    "durable_objects",
    "migrations",
    "rules",
    "observability",
  ];
  for (const name of same) assert.deepEqual(host[name], own[name], name);
  const names = (all: unknown) => (all as { binding: string }[]).map(({ binding }) => binding);
  for (const name of ["kv_namespaces", "d1_databases"])
    assert.deepEqual(names(host[name]), names(own[name]), name);
  // Whatever Postern's own gets later is looked at here: keep_names is speed alone.
  const known = [...same, "kv_namespaces", "d1_databases", "$schema", "name", "main", "keep_names"];
  assert.deepEqual(Object.keys(own).sort(), known.sort());
});
