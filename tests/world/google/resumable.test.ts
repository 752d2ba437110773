import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { answerOf } from "../testing.ts";
import { type Google, startGoogle } from "./google.ts";
import { ALICE, attempt, redeem } from "./testing.ts";

const DRIVE = "https://www.googleapis.com/auth/drive";

let google: Google;
let token: unknown;
before(async () => {
  google = await startGoogle();
  token = (await redeem(google, ALICE, attempt(google, { scope: `openid ${DRIVE}` }))).body.access_token;
});
after(() => google.close());

const authorized = () => ({ authorization: `Bearer ${token}` });

async function open(name: string) {
  const response = await fetch(`${google.origin}/upload/drive/v3/files?uploadType=resumable`, {
    method: "POST",
    headers: { ...authorized(), "content-type": "application/json", "x-upload-content-type": "text/plain" },
    body: JSON.stringify({ name }),
  });
  assert.equal(response.status, 200);
  return String(response.headers.get("location"));
}

async function put(url: string, bytes: Uint8Array, range: string) {
  const headers = { ...authorized(), ...(range === "" ? {} : { "content-range": range }) };
  return answerOf(
    await fetch(url, { method: "PUT", headers, body: new Uint8Array(bytes), redirect: "manual" }),
  );
}

test("a file comes in pieces and is there in the end", async () => {
  const bytes = randomBytes(600 * 1024);
  const url = await open("pieces.txt");
  assert.ok(url.startsWith(`${google.origin}/upload/drive/v3/files?`), url);
  const none = await put(url, new Uint8Array(), `bytes */${bytes.length}`);
  assert.deepEqual([none.status, none.headers.get("range")], [308, null]);
  const half = 512 * 1024;
  const first = await put(url, bytes.subarray(0, half), `bytes 0-${half - 1}/${bytes.length}`);
  assert.deepEqual([first.status, first.headers.get("range")], [308, `bytes=0-${half - 1}`]);
  const last = await put(url, bytes.subarray(half), `bytes ${half}-${bytes.length - 1}/${bytes.length}`);
  assert.deepEqual([last.status, last.body.name, last.body.size], [200, "pieces.txt", String(bytes.length)]);
  const read = await fetch(`${google.origin}/drive/v3/files/${String(last.body.id)}?alt=media`, {
    headers: authorized(),
  });
  assert.ok(Buffer.from(await read.arrayBuffer()).equals(bytes));
  assert.equal((await put(url, bytes, "")).status, 404);
});

test("odd pieces, gaps and sessions that are none are refused", async () => {
  const url = await open("refused.txt");
  const bytes = new Uint8Array(100);
  assert.equal((await put(url, bytes, "bytes 0-99/200")).status, 400);
  assert.equal((await put(url, bytes, "bytes 100-199/200")).status, 400);
  assert.equal((await put(url, bytes, "bytes 0-98/99")).status, 400);
  assert.equal((await put(url, bytes, "pieces")).status, 400);
  assert.equal((await put(url, bytes, "")).status, 200);
});
