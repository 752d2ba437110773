/** @octokit/rest, unchanged but for base URL and token. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, afterEach, before, test } from "node:test";
import { Octokit } from "@octokit/rest";
import { Stack } from "./stack.ts";

let stack: Stack;
let octokit: Octokit;
before(async () => {
  stack = await Stack.start("github");
  octokit = clientWith(stack.key);
});
after(() => stack.finish());
afterEach(() => stack.worlds.github.control({ reset: true }));

const silent = () => {};

const clientWith = (auth: string, user?: string) =>
  new Octokit({
    auth,
    baseUrl: stack.proxy("github", user),
    log: { debug: silent, info: silent, warn: silent, error: silent },
  });

const NOTES = { owner: "alice-anders", repo: "notes" };

interface Refusal {
  readonly status: number;
  readonly message: string;
}

async function refusalOf(asking: Promise<unknown>): Promise<Refusal> {
  return await asking.then(
    () => assert.fail("it was not refused"),
    (error: unknown) => error as Refusal,
  );
}

test("lists are read to their ends", async () => {
  await octokit.rest.repos.createForAuthenticatedUser({ name: "notes", auto_init: true });
  const titles = Array.from({ length: 25 }, (_, n) => `Issue ${n}`);
  for (const title of titles) await octokit.rest.issues.create({ ...NOTES, title });
  const issues = await octokit.paginate(octokit.rest.issues.listForRepo, { ...NOTES, per_page: 10 });
  assert.deepEqual(issues.map(({ title }) => title).sort(), titles.sort());
  const pages: number[] = [];
  for await (const { data, headers } of octokit.paginate.iterator("GET /user/repos", { per_page: 1 })) {
    pages.push(data.length);
    assert.ok(!headers.link?.includes(stack.worlds.github.origin), headers.link);
  }
  assert.ok(pages.length > 0);
});

test("an asset of a release is uploaded at the host for uploads", async () => {
  const { data: release } = await octokit.rest.repos.createRelease({ ...NOTES, tag_name: "v1" });
  assert.ok(
    release.upload_url.startsWith(
      `${stack.proxy("github_uploads").replace("github_uploads", "github.github_uploads")}/`,
    ),
    release.upload_url,
  );
  const bytes = randomBytes(3 << 20);
  const { data: asset } = await octokit.rest.repos.uploadReleaseAsset({
    ...NOTES,
    release_id: release.id,
    url: release.upload_url,
    name: "a file.bin",
    label: "with a label",
    data: bytes as never,
    headers: { "content-type": "application/octet-stream", "content-length": bytes.length },
  });
  assert.deepEqual([asset.name, asset.size, asset.state], ["a file.bin", bytes.length, "uploaded"]);
  const stats = stack.worlds.github.world.ledger.stats();
  assert.deepEqual(stats.uploads.by_status, { 201: 1 });
  const { data: assets } = await octokit.rest.repos.listReleaseAssets({ ...NOTES, release_id: release.id });
  assert.deepEqual(
    assets.map(({ name }) => name),
    ["a file.bin"],
  );
});

test("a repository's old name leads to the new one", async () => {
  await octokit.rest.repos.update({ ...NOTES, name: "papers" });
  const { data, url } = await octokit.rest.repos.get(NOTES);
  assert.equal(data.full_name, "alice-anders/papers");
  assert.ok(url.startsWith(`${stack.proxy("github")}/repositories/`), url);
  const issues = await octokit.paginate(octokit.rest.issues.listForRepo, { ...NOTES, per_page: 10 });
  assert.equal(issues.length, 25);
  await octokit.rest.repos.update({ owner: "alice-anders", repo: "papers", name: "notes" });
});

test("errors are shown by status and message: the API's and Postern's", async () => {
  const missing = await refusalOf(octokit.rest.repos.get({ ...NOTES, repo: "none" }));
  assert.equal(missing.status, 404);
  assert.match(missing.message, /Not Found/);
  const unknown = await refusalOf(clientWith(stack.key, "nobody").rest.users.getAuthenticated());
  assert.equal(unknown.status, 404);
  assert.match(unknown.message, /not connected/i);
  const strange = await refusalOf(clientWith("pk_no_such_key").rest.users.getAuthenticated());
  assert.equal(strange.status, 401);
  assert.match(strange.message, /API key/);
});

test("after two answers 429 comes a good one", async () => {
  stack.worlds.github.control({ api: { kind: "status", status: 429, retry_after: 0, times: 2 } });
  assert.equal((await octokit.rest.users.getAuthenticated()).data.login, "alice-anders");
});
