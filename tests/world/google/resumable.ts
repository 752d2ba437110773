/**
 * Resumable uploads to Drive (developers.google.com/workspace/drive/api/guides/manage-uploads): a session's URL in Location, pieces
 * with Content-Range answered by 308 and Range, the file in the end. The emulator takes it in one piece.
 */
import { randomBytes } from "node:crypto";
import { type Call, callOf, json, type Reply } from "../http.ts";
import { relay } from "../relay.ts";
import type { AccessToken, GoogleWorld } from "./world.ts";

export interface Upload {
  readonly token: AccessToken;
  readonly metadata: string;
  readonly type: string;
  readonly path: string;
  readonly pieces: Uint8Array[];
  received: number;
}

/** "Create chunks in multiples of 256 KB (256 x 1024 bytes) in size, except for the final chunk." */
const PIECE = 256 * 1024;

const refused = (code: number, message: string): Reply => json(code, { error: { code, message } });

export async function resume(world: GoogleWorld, call: Call, token: AccessToken): Promise<Reply> {
  const id = call.url.searchParams.get("upload_id");
  if (id === null) return begin(world, call, token);
  const upload = world.uploads.get(id);
  if (upload === undefined) return refused(404, "The upload session was not found.");
  if (call.method !== "PUT") return refused(405, "Only PUT is served here.");
  const range = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/.exec(call.headers["content-range"] ?? "bytes */*");
  if (range === null) return refused(400, "Failed to parse Content-Range header.");
  const [first, last] = [range[1], range[2]].map((digits) => (digits === undefined ? undefined : +digits));
  if (first === undefined || last === undefined) {
    // Without a range it is the whole, or with none of its bytes a question.
    if (call.bytes.length === 0) return incomplete(upload);
    upload.pieces.push(call.bytes);
    return finish(world, call, upload, id);
  }
  if (call.bytes.length !== last - first + 1 || first !== upload.received)
    return refused(400, "Invalid request. The range does not fit the bytes or what was received.");
  const total = range[3] === "*" ? undefined : Number(range[3]);
  if (last + 1 !== total && call.bytes.length % PIECE !== 0)
    return refused(400, "Invalid request. Chunks must be multiples of 256 KB.");
  upload.pieces.push(call.bytes);
  upload.received = last + 1;
  return upload.received === total ? finish(world, call, upload, id) : incomplete(upload);
}

function begin(world: GoogleWorld, call: Call, token: AccessToken): Reply {
  if (call.method !== "POST") return refused(405, "Only POST is served here.");
  const id = randomBytes(24).toString("base64url");
  const type = call.headers["x-upload-content-type"];
  world.uploads.set(id, {
    token,
    metadata: call.body === "" ? "{}" : call.body,
    type: typeof type === "string" ? type : "application/octet-stream",
    path: call.url.pathname,
    pieces: [],
    received: 0,
  });
  const url = new URL(`${world.origin}${call.url.pathname}${call.url.search}`);
  url.searchParams.set("upload_id", id);
  return { status: 200, headers: { location: url.href, "x-guploader-uploadid": id }, body: "" };
}

/** "308 Resume Incomplete": which bytes are there; without any no Range. */
function incomplete({ received }: Upload): Reply {
  const headers: Record<string, string> = received === 0 ? {} : { range: `bytes=0-${received - 1}` };
  return { status: 308, headers, body: "" };
}

async function finish(world: GoogleWorld, call: Call, upload: Upload, id: string): Promise<Reply> {
  world.uploads.delete(id);
  const boundary = randomBytes(16).toString("hex");
  const part = (type: string, bytes: Uint8Array) => [
    Buffer.from(`--${boundary}\r\ncontent-type: ${type}\r\n\r\n`),
    bytes,
    Buffer.from("\r\n"),
  ];
  const bytes = Buffer.concat([
    ...part("application/json", Buffer.from(upload.metadata)),
    ...part(upload.type, Buffer.concat(upload.pieces)),
    Buffer.from(`--${boundary}--\r\n`),
  ]);
  const url = new URL(`${upload.path}?uploadType=multipart`, call.url);
  const headers = { "content-type": `multipart/related; boundary=${boundary}` };
  return relay(world, world.origin, callOf("POST", url, headers, bytes), upload.token.emulated);
}
