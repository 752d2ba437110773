import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { type Answer, answerOf } from "../testing.ts";
import { type Microsoft, startMicrosoft } from "./microsoft.ts";
import { ALICE, BOB, tokenFor } from "./testing.ts";

let microsoft: Microsoft;
const tokens: Record<string, unknown> = {};
before(async () => {
  microsoft = await startMicrosoft();
  for (const email of [ALICE, BOB]) tokens[email] = await tokenFor(microsoft, email, "Files.ReadWrite");
});
after(() => microsoft.close());

const below = (path: string) => `${microsoft.graphOrigin}/v1.0/me/drive/${path}`;
const authorized = (email = ALICE) => ({ authorization: `Bearer ${String(tokens[email])}` });

async function ask(method: string, url: string, init: RequestInit = {}): Promise<Answer> {
  return answerOf(await fetch(url, { redirect: "manual", ...init, method }));
}

const open = async (path: string) => {
  const url = below(`root:/${path}:/createUploadSession`);
  const { body } = await ask("POST", url, { headers: authorized(), body: "{}" });
  return body as { uploadUrl: string; nextExpectedRanges: string[] };
};

const put = (url: string, bytes: Uint8Array, range: string, headers: Record<string, string> = {}) =>
  ask("PUT", url, {
    headers: { "content-range": range, ...headers },
    body: new Uint8Array(bytes),
  });

const upperHash = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex").toUpperCase();

test("a large file comes in ranges to another origin, without a token, and is there", async () => {
  const bytes = randomBytes(20 << 20);
  const { uploadUrl, nextExpectedRanges } = await open("big%20one.bin");
  assert.ok(uploadUrl.startsWith(`${microsoft.contentOrigin}/`), uploadUrl);
  assert.deepEqual(nextExpectedRanges, ["0-"]);
  const half = 10 << 20;
  const first = await put(uploadUrl, bytes.subarray(0, half), `bytes 0-${half - 1}/${bytes.length}`);
  assert.deepEqual([first.status, first.body.nextExpectedRanges], [202, [`${half}-`]]);
  assert.deepEqual((await ask("GET", uploadUrl)).body.nextExpectedRanges, [`${half}-`]);
  const again = await put(uploadUrl, bytes.subarray(0, half), `bytes 0-${half - 1}/${bytes.length}`);
  assert.equal(again.status, 416);
  const last = await put(
    uploadUrl,
    bytes.subarray(half),
    `bytes ${half}-${bytes.length - 1}/${bytes.length}`,
  );
  assert.equal(last.status, 201, last.text);
  assert.deepEqual([last.body.name, last.body.size], ["big one.bin", bytes.length]);
  const { hashes } = last.body.file as { hashes: { sha256Hash: string } };
  assert.equal(hashes.sha256Hash, upperHash(bytes));
  assert.equal((await ask("GET", uploadUrl)).status, 404);
  const replaced = await open("big%20one.bin");
  assert.equal((await put(replaced.uploadUrl, bytes.subarray(0, 4), "bytes 0-3/4")).status, 200);
});

test("the upload's origin refuses a token, a missing range and a wrong length", async () => {
  const { uploadUrl } = await open("refused.bin");
  const bytes = new Uint8Array(4);
  assert.equal((await put(uploadUrl, bytes, "bytes 0-3/4", authorized())).status, 401);
  assert.deepEqual(microsoft.world.ledger.authorizations()[microsoft.contentOrigin], [
    authorized().authorization,
  ]);
  assert.equal((await put(uploadUrl, bytes, "bytes 0-4/5")).status, 400);
  assert.equal((await ask("PUT", uploadUrl, { body: bytes })).status, 400);
  assert.equal((await put(uploadUrl, bytes, "bytes 0-3/4")).status, 201);
  const cancelled = await open("cancelled.bin");
  assert.equal((await ask("DELETE", cancelled.uploadUrl)).status, 204);
  assert.equal((await put(cancelled.uploadUrl, bytes, "bytes 0-3/4")).status, 404);
});

test("content is read at another origin, whole or in part, with the secret of its URL alone", async () => {
  const bytes = randomBytes(100);
  const written = await ask("PUT", below("root:/small.bin:/content"), { headers: authorized(), body: bytes });
  assert.equal(written.status, 201);
  const id = String(written.body.id);
  const item = await ask("GET", below(`items/${id}`), { headers: authorized() });
  const link = String(item.body["@microsoft.graph.downloadUrl"]);
  const moved = await ask("GET", below(`items/${id}/content`), { headers: authorized() });
  assert.equal(moved.status, 302);
  for (const url of [link, String(moved.headers.get("location"))]) {
    assert.ok(url.startsWith(`${microsoft.contentOrigin}/`), url);
    assert.deepEqual(Buffer.from(await (await fetch(url)).arrayBuffer()), bytes);
  }
  const part = await fetch(link, { headers: { range: "bytes=10-19" } });
  assert.deepEqual([part.status, part.headers.get("content-range")], [206, "bytes 10-19/100"]);
  assert.deepEqual(Buffer.from(await part.arrayBuffer()), bytes.subarray(10, 20));
  assert.equal((await ask("GET", link, { headers: { range: "bytes=100-" } })).status, 416);
  assert.equal((await ask("GET", link, { headers: authorized() })).status, 401);
  assert.equal((await ask("GET", `${microsoft.contentOrigin}/download?tempauth=x`)).status, 401);
  assert.equal((await ask("GET", below(`items/${id}`), { headers: authorized(BOB) })).status, 404);
  assert.equal((await ask("DELETE", below(`items/${id}`), { headers: authorized() })).status, 204);
  assert.equal((await ask("GET", below(`items/${id}`), { headers: authorized() })).status, 404);
});

test("where a text comes that was watched for is told", async () => {
  const { ledger } = microsoft.world;
  const before = ledger.strays().length;
  ledger.watchFor("pk_canary");
  await ask("GET", below("items/pk_canary"), { headers: authorized() });
  await ask("GET", below("items/none"), { headers: { ...authorized(), "x-other": "a pk_canary b" } });
  await ask("PUT", below("root:/canary:/content"), { headers: authorized(), body: "..pk_canary.." });
  const places = ledger.strays().slice(before);
  assert.deepEqual(
    places.map((text) => text.split(": ").at(-1)),
    ["URL", "x-other", "body"],
  );
});
