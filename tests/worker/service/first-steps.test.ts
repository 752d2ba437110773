/** The lines that a newcomer pastes, of the page at `/` and of the guides, at a Worker that has no variable more than these tell to set. */
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import azure from "../../../docs/azure.md?raw";
import readme from "../../../README.md?raw";
import { Browser, connect, createKey, expectSafePage, frontWith, newOrg } from "../support/client.ts";
import { linesOf, requestOf } from "../support/pasted.ts";
import { ADMIN_KEY } from "../support/variables.ts";
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

async function paste(line: string, variables: Record<string, string>) {
  const answer = await front(...requestOf(line, variables));
  expect([line, answer.status, answer.json.detail]).toEqual([line, expect.toBeOneOf([200, 201]), undefined]);
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
    ["docs/azure.md", azure, 4],
    ["README.md", readme, 1],
  ])("%s", async (_, text, count) => {
    const { key } = await createKey(newOrg());
    for (const user of ["you", "user_1"]) await connect(key, user);
    // What changes something takes more than a first key has: tests/worker/resource/calls.test.ts.
    const lines = linesOf(text).filter((line) => !line.startsWith("-X "));
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
