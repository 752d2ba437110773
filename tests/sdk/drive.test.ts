/** @googleapis/drive, unchanged but for its root URL and its credential. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { after, afterEach, before, test } from "node:test";
import { auth, type drive_v3, drive as driveOf } from "@googleapis/drive";
import { Stack } from "./stack.ts";

let stack: Stack;
let drive: drive_v3.Drive;
let client: InstanceType<typeof auth.OAuth2>;
before(async () => {
  stack = await Stack.start("google");
  client = new auth.OAuth2();
  client.setCredentials({ access_token: stack.key });
  drive = driveOf({ version: "v3", auth: client });
});
after(() => stack.finish());
afterEach(() => stack.worlds.google.control({ reset: true }));

/** On each method: one for the whole client loses the path (its documentation has it as an option of methods, too). */
const through = (user?: string) => ({ rootUrl: `${stack.proxy("google", user)}/` });

interface Refusal {
  readonly status?: number;
  readonly message: string;
}

async function refusalOf(asking: Promise<unknown>): Promise<Refusal> {
  return await asking.then(
    () => assert.fail("it was not refused"),
    (error: unknown) => error as Refusal,
  );
}

const hashOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

async function contentOf(fileId: string): Promise<Buffer> {
  const { data } = await drive.files.get(
    { fileId, alt: "media" },
    { ...through(), responseType: "arraybuffer" },
  );
  return Buffer.from(data as unknown as ArrayBuffer);
}

test("a file is uploaded resumably, in pieces, after an interruption", async () => {
  const bytes = randomBytes(8 << 20);
  const url = `${stack.proxy("google")}/upload/drive/v3/files`;
  // Its own uploads are in one piece: a session is asked for by its URL, as its documentation of uploads has it.
  const opened = await drive.files.create(
    { requestBody: { name: "large.bin" }, uploadType: "resumable" } as never,
    { url, headers: { "x-upload-content-type": "application/octet-stream" } },
  );
  const session = String((opened as unknown as { headers: Headers }).headers.get("location"));
  assert.ok(session.startsWith(`${stack.proxy("google")}/upload/drive/v3/files?`), session);
  const send = (data: Uint8Array | undefined, range: string) =>
    client.request<drive_v3.Schema$File>({
      url: session,
      method: "PUT",
      headers: { "content-range": range },
      ...(data === undefined ? {} : { data: Buffer.from(data) }),
      validateStatus: (status) => status < 400,
      retry: false,
    });
  const half = 4 << 20;
  const first = await send(bytes.subarray(0, half), `bytes 0-${half - 1}/${bytes.length}`);
  assert.equal(first.status, 308);
  const status = await send(undefined, `bytes */${bytes.length}`);
  assert.deepEqual([status.status, status.headers.get("range")], [308, `bytes=0-${half - 1}`]);
  const last = await send(bytes.subarray(half), `bytes ${half}-${bytes.length - 1}/${bytes.length}`);
  assert.deepEqual([last.status, last.data.name, last.data.size], [200, "large.bin", String(bytes.length)]);
  assert.equal(hashOf(await contentOf(last.data.id ?? "")), hashOf(bytes));
});

test("a file is uploaded in one piece, as a stream", async () => {
  const bytes = randomBytes(1 << 20);
  const { data } = await drive.files.create(
    {
      requestBody: { name: "small.bin" },
      media: { mimeType: "application/octet-stream", body: Readable.from([bytes]) },
    },
    through(),
  );
  assert.equal(data.name, "small.bin");
});

test("lists are read to their ends", async () => {
  for (let n = 0; n < 5; n += 1) await drive.files.create({ requestBody: { name: `file ${n}` } }, through());
  const names: (string | null | undefined)[] = [];
  for (let pageToken: string | undefined; ; ) {
    const page = { pageSize: 2, ...(pageToken === undefined ? {} : { pageToken }) };
    const { data } = await drive.files.list(page, through());
    names.push(...(data.files ?? []).map(({ name }) => name));
    pageToken = data.nextPageToken ?? undefined;
    if (pageToken === undefined) break;
  }
  assert.ok(names.includes("file 0") && names.includes("file 4"), names.join());
  assert.equal(new Set(names).size, names.length);
});

test("errors are shown by status and message: the API's and Postern's", async () => {
  const missing = await refusalOf(drive.files.get({ fileId: "none" }, through()));
  assert.equal(missing.status, 404);
  assert.match(missing.message, /was not found/);
  const unknown = await refusalOf(drive.files.list({}, through("nobody")));
  assert.equal(unknown.status, 404);
  assert.match(unknown.message, /not connected/i);
});

test("after two answers 429 comes a good one", async () => {
  stack.worlds.google.control({ api: { kind: "status", status: 429, retry_after: 0, times: 2 } });
  assert.equal((await drive.files.list({}, through())).status, 200);
});
