/** The samples of README.md: they are TypeScript, and they do what the text says, against Postern as it is deployed. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Postern } from "./postern.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const readme = readFileSync(join(root, "README.md"), "utf8");
const ALICE = "alice.anders@contoso.example";
const BOB = "bob.brandt@contoso.example";
const RETURN_TO = "https://app.acme.example/connected";

function blocks(language: string): string[] {
  return [...readme.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, of, text = ""]) =>
    of === language ? [text] : [],
  );
}

const [token = "", sign = ""] = blocks("ts");
const services = blocks("jsonc").find((text) => text.includes('"services"')) ?? "";

/** Type-checks `main.ts`, a file beside a copy of the generated types, with the strictest settings that there are. */
function tsc(main: string): string {
  const folder = join(root, "build", "readme");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(join(root, "worker-shim", "src", "generated", "rpc.gen.ts"), join(folder, "postern.ts"));
  writeFileSync(
    join(folder, "session.ts"),
    "export declare function signedInUser(request: Request): Promise<string>;\n",
  );
  writeFileSync(join(folder, "main.ts"), main);
  const config = {
    extends: join(root, "tsconfig.base.json"),
    compilerOptions: { types: ["@cloudflare/workers-types"] },
    include: ["*.ts"],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  const done = spawnSync(join(root, "node_modules", ".bin", "tsc"), ["-p", folder], { encoding: "utf8" });
  return `${done.stdout}${done.stderr}`;
}

describe("a sample type-checks", () => {
  test("that asks for a token, in six lines", () => {
    assert.equal(tsc(token), "");
    const [, body = ""] = /async fetch\(.*?\) \{\n([\s\S]*?)^ {2}\},$/m.exec(token) ?? [];
    assert.ok(body.trimEnd().split("\n").length <= 6, body);
  });

  test("in which a person connects", () => {
    assert.equal(tsc(sign), "");
  });

  for (const [what, from, to] of [
    ["a member that no answer has", "access_token", "accessToken"],
    ["a refusal that is taken for an answer", "token.success === false", "token === undefined"],
    ["a parameter that there is not", "userId:", "user:"],
    ["an operation that there is not", "getToken", "getTokens"],
  ] as const)
    test(`but not with ${what}`, () => {
      assert.ok(token.includes(from));
      assert.match(tsc(token.replace(from, to)), /error TS/);
    });

  test("nor with a code that no refusal has", () => {
    assert.match(tsc(sign.replace('"not_connected"', '"not_conected"')), /error TS/);
  });
});

describe("a sample works", () => {
  let postern: Postern;
  before(async () => {
    const [, entry = "{}"] = /"services": \[(\{.*\})\]/.exec(services) ?? [];
    const { binding, service, props } = JSON.parse(entry) as {
      binding: string;
      service: string;
      props: Record<string, unknown>;
    };
    const worker = (name: string, source: string) => ({
      name,
      modules: [
        { type: "ESModule" as const, path: "main.js", contents: stripTypeScriptTypes(source) },
        {
          type: "ESModule" as const,
          path: "session.ts",
          contents: "export const signedInUser = async (request) => request.headers.get('x-user');",
        },
      ],
      compatibilityDate: "2026-08-01",
      serviceBindings: { [binding]: { name: service, props } },
      outboundService: "graph",
    });
    postern = await Postern.start({ ALLOWED_RETURN_URLS: JSON.stringify({ acme: [RETURN_TO] }) }, [
      worker("token", token),
      worker("sign", sign),
      {
        // Graph, for who asks it directly: it tells what it was asked.
        name: "graph",
        modules: [
          {
            type: "ESModule",
            path: "graph.js",
            contents:
              "export default { fetch: (request) => Response.json([request.url, request.headers.get('authorization')]) };",
          },
        ],
        compatibilityDate: "2026-08-01",
      },
    ]);
  });
  after(() => postern.stop());

  const ask = (url: string, user: string) => postern.other("sign", url, { "x-user": user });

  test("a person connects, comes back, is confirmed and greeted", async () => {
    const offered = await ask("https://app.acme.example/", "anna");
    assert.equal(offered.status, 302);
    const { callback, cookie } = await postern.upToCallback(offered.location ?? "", ALICE);
    const back = await postern.http(callback, { headers: { cookie } });
    assert.ok(back.location?.startsWith(`${RETURN_TO}?`), back.location ?? back.text ?? "");
    // Whoever else followed the link is not the one who began.
    assert.equal((await ask(back.location ?? "", "mallory")).status, 403);
    const confirmed = await ask(back.location ?? "", "anna");
    assert.deepEqual([confirmed.status, confirmed.location], [303, "https://app.acme.example/"]);
    const greeted = await ask(confirmed.location ?? "", "anna");
    assert.deepEqual([greeted.status, JSON.parse(greeted.text ?? "")], [200, { hello: "Alice Anders" }]);
  });

  test("a person who declined is told so, and one whose grant ended is sent to connect again", async () => {
    assert.equal((await ask(`${RETURN_TO}?error=access_denied&attempt=x`, "anna")).text, "Not connected.");
    postern.microsoft.control({ expires_in: 200 });
    await postern.connect("berta", BOB);
    postern.microsoft.control({ revoke: BOB });
    const again = await ask("https://app.acme.example/", "berta");
    assert.deepEqual([again.status, again.location?.includes("/connect/")], [302, true], again.text);
  });

  test("the token is the user's, and a refusal is passed on", async () => {
    const refused = await postern.other("token", "https://app.acme.example/");
    assert.deepEqual([refused.status, JSON.parse(refused.text ?? "").code], [404, "not_connected"]);
    postern.microsoft.control({ expires_in: 3600 });
    await postern.connect("user_1", ALICE);
    const { text = "" } = await postern.other("token", "https://app.acme.example/");
    const [url, authorization] = JSON.parse(text) as [string, string];
    assert.equal(url, "https://graph.microsoft.com/v1.0/me");
    assert.ok(postern.microsoft.world.ledger.accessTokens.has(authorization.replace("Bearer ", "")));
  });
});
