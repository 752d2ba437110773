import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { answerOf } from "../testing.ts";
import { type GitHub, startGitHub } from "./github.ts";
import { ALICE, redeem } from "./testing.ts";

let github: GitHub;
let token: unknown;
before(async () => {
  github = await startGitHub();
  token = (await redeem(github, ALICE)).body.access_token;
  await ask("POST", "/user/repos", { name: "notes", auto_init: true });
});
after(() => github.close());

async function ask(method: string, path: string, body?: unknown, type = "application/json") {
  const url = path.startsWith("http") ? path : `${github.origin}${path}`;
  const response = await fetch(url, {
    method,
    redirect: "manual",
    headers: { authorization: `token ${token}`, "content-type": type, "user-agent": "a test" },
    ...(body === undefined ? {} : { body: body instanceof Uint8Array ? body : JSON.stringify(body) }),
  } as RequestInit);
  return answerOf(response);
}

test("an asset is uploaded at a host of its own, which serves nothing else", async () => {
  const release = await ask("POST", "/repos/alice-anders/notes/releases", { tag_name: "v1" });
  assert.equal(release.status, 201, release.text);
  const url = String(release.body.upload_url);
  assert.ok(url.startsWith(`${github.uploadsOrigin}/repos/`) && url.endsWith("{?name,label}"), url);
  const bytes = new Uint8Array(1000).map((_, n) => n);
  const name = `${url.replace(/\{.*/, "")}?name=a.bin`;
  const asset = await ask("POST", name, bytes, "application/octet-stream");
  assert.deepEqual([asset.status, asset.body.size], [201, 1000]);
  assert.equal((await ask("GET", name)).status, 404);
  assert.equal((await ask("GET", `${github.uploadsOrigin}/user`)).status, 404);
});

test("the old name of a repository leads to the new one", async () => {
  const renamed = await ask("PATCH", "/repos/alice-anders/notes", { name: "papers" });
  assert.equal(renamed.status, 200, renamed.text);
  const moved = await ask("GET", "/repos/alice-anders/notes/releases?per_page=5");
  const location = String(moved.headers.get("location"));
  assert.equal(moved.status, 301);
  assert.equal(location, `${github.origin}/repositories/${String(renamed.body.id)}/releases?per_page=5`);
  assert.equal((await ask("GET", location)).status, 200);
  assert.equal((await ask("POST", "/repos/alice-anders/notes/releases", { tag_name: "v2" })).status, 307);
  assert.equal((await ask("GET", "/repos/alice-anders/papers")).status, 200);
  await ask("PATCH", "/repos/alice-anders/papers", { name: "notes" });
  assert.equal((await ask("GET", "/repos/alice-anders/notes")).status, 200);
});
