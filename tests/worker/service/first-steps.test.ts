/** The lines that a newcomer pastes, of the page at `/` and of the guides, at a Worker that has no variable more than these tell to set. */
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import azure from "../../../docs/azure.md?raw";
import readme from "../../../README.md?raw";
import { Browser, connect, createKey, expectSafePage, frontWith, newOrg } from "../support/client.ts";
import { ADMIN_KEY, ORIGIN } from "../support/variables.ts";
import { ALICE } from "../support/world.ts";

/** docs/azure.md, step 5, docs/deploy.md, and what the emulated Microsoft needs. */
const SET = [
  "MASTER_KEYS",
  "ADMIN_API_KEY",
  "AZURE_CLIENT_ID",
  "AZURE_CLIENT_SECRET",
  "AZURE_REDIRECT_URI",
  "AZURE_TENANT_ID",
  "AZURE_LOGIN_ORIGIN",
  "GRAPH_ORIGIN",
  "ARM_ORIGIN",
  "ALLOW_INSECURE_ORIGINS",
];
const front = frontWith(
  Object.fromEntries(
    Object.entries(env)
      .filter(([name, value]) => typeof value === "string" && !SET.includes(name))
      .map(([name]) => [name, undefined]),
  ),
);

/** The `curl` lines of a text, without what a shell takes for a comment. */
const linesOf = (text: string) =>
  [...text.replaceAll(/\\\n\s*/g, "").matchAll(/^\s*curl (.*?)(?:\s+#.*)?$/gm)].map(([, line = ""]) =>
    line.trim(),
  );

/** As a shell and curl read it. */
function requestOf(line: string, variables: Record<string, string>): [string, RequestInit] {
  const set = (text: string) => text.replace(/\$(\w+)/g, (_, name: string) => variables[name] ?? "");
  const words = [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, bare = ""]) => single ?? set(double ?? bare),
  );
  const of = (flag: string) => words.flatMap((word, n) => (words[n - 1] === flag ? [word] : []));
  const headers = new Headers(of("-H").map((header) => header.split(/: (.*)/, 2) as [string, string]));
  // What a file holds is anybody's: its name does as well.
  const [body] = [...of("-d"), ...of("--data-binary")];
  const at = words.at(-1)?.replace(/^(https:\/\/<your host>|http:\/\/localhost:8787)/, ORIGIN) ?? "";
  return [at, { method: of("-X")[0] ?? "GET", headers, ...(body === undefined ? {} : { body }) }];
}

async function paste(line: string, variables: Record<string, string>) {
  const answer = await front(...requestOf(line, variables));
  expect([line, answer.status, answer.json.detail]).toEqual([
    line,
    expect.toBeOneOf([200, 201, 202]),
    undefined,
  ]);
  return answer.json;
}

test("the Worker has nothing besides", () => {
  expect(SET.filter((name) => !(name in env))).toEqual([]);
  expect(SET).not.toContain("CONNECT_CONFIRM_DEFAULT");
});

test("of the page at /: a key, and a link that connects", async () => {
  const { text } = await front("/");
  const entities: Record<string, string> = { "&amp;": "&", "&#38;": "&", "&lt;": "<", "&gt;": ">" };
  const plain = [...text.matchAll(/<pre><code>(.*?)<\/code><\/pre>/gs)]
    .map(([, line = ""]) => line.replace(/&#?\w+;/g, (name) => entities[name] ?? name))
    .join("\n");
  const [forKey = "", forLink = "", ...others] = linesOf(plain);
  expect(others).toEqual([]);
  const { key } = await paste(forKey, { ADMIN_API_KEY: ADMIN_KEY });
  const link = await paste(forLink, { KEY: String(key) });
  const browser = new Browser(front);
  const callback = await browser.upToCallback(String(link.auth_url), ALICE);
  expectSafePage(await browser.open(callback), 200, "connected");
});

describe("of the guides", () => {
  test.each([
    ["docs/azure.md", azure, 6],
    ["README.md", readme, 1],
  ])("%s", async (_, text, count) => {
    const { key } = await createKey(newOrg());
    for (const user of ["you", "user_1"]) await connect(key, user);
    const lines = linesOf(text);
    expect(lines).toHaveLength(count);
    for (const line of lines) {
      const { auth_url } = await paste(line, { KEY: key });
      if (auth_url === undefined) continue;
      const browser = new Browser(front);
      const callback = await browser.upToCallback(String(auth_url), ALICE);
      expectSafePage(await browser.open(callback), 200, "connected");
    }
  });
});
