/**
 * Where content comes and goes at Microsoft: an origin of its own, whose URLs are secrets and which takes no token
 * (learn.microsoft.com/graph/api/driveitem-createuploadsession, "Upload bytes to the upload session": the PUT call with
 * an Authorization header may be answered 401).
 */
import { type Call, type Handler, json, type Reply } from "../http.ts";
import { apiError } from "./api.ts";
import { entity } from "./drive.ts";
import { itemOf, type UploadSession } from "./files.ts";
import type { MicrosoftWorld } from "./world.ts";

/** "The maximum bytes in any given request is less than 60 MiB." */
const MOST_BYTES = 60 << 20;

export function contentHandler(world: MicrosoftWorld): Handler {
  return async (call) => {
    const reply = answer(world, call);
    const path = call.url.pathname;
    world.ledger.log({ origin: "content", method: call.method, path, status: reply.status });
    return reply;
  };
}

function answer(world: MicrosoftWorld, call: Call): Reply {
  if (call.headers.authorization !== undefined)
    return apiError(401, "unauthenticated", "The caller is not authenticated.");
  const [kind, id = ""] = call.url.pathname.split("/").slice(1);
  if (kind === "download") return download(world, call);
  const session = kind === "upload" ? world.files.session(id, world.now()) : undefined;
  if (session === undefined) return apiError(404, "itemNotFound", "The upload session was not found.");
  switch (call.method) {
    case "PUT":
      return take(world, call, session);
    case "GET":
      return json(200, { "@odata.context": `${world.origins.content}/$metadata`, ...progress(session) });
    case "DELETE":
      world.files.close(session);
      return { status: 204, body: "" };
    default:
      return apiError(405, "invalidRequest", "The HTTP method is not supported for this resource.");
  }
}

const progress = (session: UploadSession) => ({
  expirationDateTime: new Date(session.expires).toISOString(),
  nextExpectedRanges: [`${session.received}-`],
});

/** Ranges come in order, and all of them say how long the whole is. */
function take(world: MicrosoftWorld, call: Call, session: UploadSession): Reply {
  const range = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(call.headers["content-range"] ?? "");
  if (range === null)
    return apiError(400, "invalidRequest", "The Content-Range header is missing or malformed.");
  const [first = 0, last = 0, total = 0] = range.slice(1).map(Number);
  if (call.bytes.length !== last - first + 1 || call.bytes.length > MOST_BYTES)
    return apiError(400, "invalidRequest", "The body does not have the length that Content-Range says.");
  session.total ??= total;
  if (first !== session.received || total !== session.total || last >= total)
    return apiError(
      416,
      "invalidRange",
      "The uploaded fragment has already been received or is not the next.",
    );
  session.chunks.push(call.bytes);
  session.received = last + 1;
  if (session.received < total) return json(202, progress(session));
  const { file, isNew } = world.files.write(session.owner, session.path, Buffer.concat(session.chunks));
  world.files.close(session);
  return json(isNew ? 201 : 200, entity(world, file));
}

function download(world: MicrosoftWorld, call: Call): Reply {
  const file = world.files.byTicket(call.url.searchParams.get("tempauth") ?? "");
  if (file === undefined || (call.method !== "GET" && call.method !== "HEAD"))
    return apiError(401, "unauthenticated", "The URL has expired or is not one that was given out.");
  const headers = {
    "content-type": "application/octet-stream",
    "accept-ranges": "bytes",
    etag: itemOf(file).eTag,
  };
  const range = /^bytes=(\d+)-(\d*)$/.exec(call.headers.range ?? "");
  if (range === null) return { status: 200, headers, body: file.bytes };
  const first = Number(range[1]);
  const last = Math.min(range[2] === "" ? Number.POSITIVE_INFINITY : Number(range[2]), file.bytes.length - 1);
  if (first > last)
    return {
      status: 416,
      headers: { ...headers, "content-range": `bytes */${file.bytes.length}` },
      body: "",
    };
  const partial = { ...headers, "content-range": `bytes ${first}-${last}/${file.bytes.length}` };
  return { status: 206, headers: partial, body: file.bytes.subarray(first, last + 1) };
}
