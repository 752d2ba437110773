/** What an API answered, as its caller gets it: without what is not the caller's, and with links that lead back here. */
import type { Hands } from "./interpreter.ts";
import {
  isLinkHeader,
  isRewritable,
  type LinkKind,
  type LinkRules,
  rewriteHeaders,
  rewriteJson,
} from "./links.ts";
import { problemOutcome, titleOf } from "./problems.ts";
import { type Caller, type ForwardCall, type ForwardLinks, isSafe, WEAKENED } from "./proxy-call.ts";
import { type HeaderRecord, recordOf, withoutDropped } from "./proxy-headers.ts";
import { readableResponse } from "./proxy-refusal.ts";
import { endTurn, Lease, turn } from "./room.ts";

/** Of one answer, decoded. */
const MOST_BYTES = 16 * 1024 * 1024;
/** Of one answer: each takes time. */
const MOST_SEALS = 1_000;
/** Begins the path of a URL that was sealed (core/flow/proxy/forward.h). */
const SEALED = "/~postern/";
const CONFINED: HeaderRecord = {
  "x-content-type-options": "nosniff",
  "content-security-policy": "sandbox; default-src 'none'",
};
const NULL_BODY = new Set([204, 205, 304]);
/** What the runtime has decoded, once a body is read. */
const DECODED = new Set(["gzip", "br", "identity"]);
const OF_THE_CODING = ["content-encoding", "content-length"];
/** They name bytes that are no longer there. */
const OF_THE_BYTES = [
  "accept-ranges",
  "content-digest",
  "content-md5",
  "digest",
  "repr-digest",
  "x-goog-hash",
];
const FIRST_BYTES = 64 * 1024;
const PIECE_BYTES = 64 * 1024;

type Code = Parameters<typeof problemOutcome>[0];

/** Ends the answer as a problem. */
class Refused extends Error {
  readonly code: Code;
  constructor(code: Code) {
    super(code);
    this.code = code;
  }
}

const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export async function relayed(
  answer: Response,
  call: ForwardCall,
  caller: Caller,
  url: URL,
  hands: Hands,
): Promise<Response> {
  try {
    return await passedOn(answer, call, caller, url, hands);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    await answer.body?.cancel().catch(() => undefined);
    return refusalOf(error.code, answer.status, isSafe(caller.request.method));
  }
}

/** What was done is not to be done again because its answer cannot be passed on. */
function refusalOf(code: Code, status: number, safe: boolean): Response {
  const again = code === "overloaded" || code === "provider_unavailable";
  if (safe || code === "call_outcome_unknown")
    return readableResponse(problemOutcome(code, again ? { retryAfterSeconds: 1 } : {}));
  const detail = titleOf(code);
  return readableResponse(problemOutcome("answer_withheld", { detail, members: { api_status: status } }));
}

async function passedOn(
  answer: Response,
  call: ForwardCall,
  caller: Caller,
  url: URL,
  hands: Hands,
): Promise<Response> {
  const { status, statusText } = answer;
  // A Response holds no other; 101 would be an Upgrade.
  if (status < 200 || status > 599) throw new Refused("provider_rejected");
  const pairs = withoutDropped(answer.headers, call.dropFromAnswer);
  const headers = recordOf(pairs);
  headers["cache-control"] = "no-store";
  // It is not ours, and nobody is to run it at our origin.
  Object.assign(headers, CONFINED);
  const rules = call.links.members === "" ? undefined : rulesOf(call.links, caller, hands);
  if (rules && pairs.some(([name]) => isLinkHeader(name))) await rewriteHeaders(headers, status, url, rules);
  const init = { status, statusText, headers };
  const isEmpty = NULL_BODY.has(status) || headers["content-length"] === "0";
  const asItIs = isEmpty || call.links.content || caller.request.method === "HEAD";
  if (!rules || asItIs || !isRewritable(headers["content-type"] ?? null) || answer.body === null)
    return new Response(NULL_BODY.has(status) ? null : answer.body, init);
  if (status === 206) {
    // A part of JSON cannot be read; a key that wants no URL in it gets none.
    if (rules.presigned === "replace" || rules.presigned === "remove")
      throw new Refused("answer_not_rewritable");
    return new Response(answer.body, init);
  }
  const encoding = headers["content-encoding"]?.toLowerCase();
  if (encoding !== undefined && !DECODED.has(encoding)) throw new Refused("answer_not_rewritable");
  const named = Number(headers["content-length"] ?? Number.NaN);
  const { bytes, lease } = await readAll(answer, encoding === undefined ? named : Number.NaN, caller);
  const rewritten = await inTurn(lease, caller, () => rewrite(bytes, rules));
  for (const name of rewritten ? [...OF_THE_BYTES, ...OF_THE_CODING] : OF_THE_CODING) delete headers[name];
  if (rewritten && headers.etag?.startsWith('"')) headers.etag = WEAKENED + headers.etag.slice(1);
  return new Response(handedOver(rewritten ?? bytes, lease), init);
}

/** A small answer needs no turn. */
async function inTurn<T>(lease: Lease, caller: Caller, work: () => Promise<T>): Promise<T> {
  if (lease.bytes === 0) return work();
  try {
    if (!(await turn(caller.request.signal))) throw new Refused("overloaded");
    return await work().finally(endTurn);
  } catch (error) {
    lease.end();
    throw error;
  }
}

/** A large one in pieces, whose room is given back when the caller has taken them. */
function handedOver(bytes: Uint8Array<ArrayBuffer>, read: Lease): Uint8Array<ArrayBuffer> | ReadableStream {
  if (read.bytes === 0) return bytes;
  read.end();
  const { readable, writable } = new FixedLengthStream(bytes.length);
  const writer = writable.getWriter();
  const lease = new Lease(() => writer.abort(new Error("nobody takes it")).catch(() => undefined));
  const write = async () => {
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      lease.resize(bytes.length);
      await writer.write(bytes.subarray(at, at + PIECE_BYTES));
    }
    await writer.close();
  };
  write()
    .catch(() => undefined)
    .finally(() => lease.end());
  return readable;
}

/** What a small answer has, and never asks for more. */
const NO_LEASE = new Lease(() => undefined);

interface ReadBytes {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly lease: Lease;
}

/** Decoded, in one piece. `named`: how long it will be; NaN where nothing says so. */
async function readAll(answer: Response, named: number, caller: Caller): Promise<ReadBytes> {
  const safe = isSafe(caller.request.method);
  if (named > MOST_BYTES) throw new Refused("answer_too_large_to_rewrite");
  if (named <= FIRST_BYTES)
    return { bytes: new Uint8Array(await unbroken(answer.arrayBuffer(), safe)), lease: NO_LEASE };
  const reader = answer.body?.getReader() as ReadableStreamDefaultReader<Uint8Array> | undefined;
  const lease = new Lease(() => reader?.cancel().catch(() => undefined));
  const { signal } = caller.request;
  const end = () => lease.end();
  // Who is cancelled may never come to the end of this.
  signal.addEventListener("abort", end, { once: true });
  // One buffer: what comes byte by byte would otherwise take thousands of times its length.
  let bytes = new Uint8Array(FIRST_BYTES);
  let total = 0;
  try {
    for (;;) {
      const next = await unbroken(reader?.read() ?? Promise.resolve(undefined), safe);
      if (!next || next.done) return { bytes: bytes.subarray(0, total), lease };
      const needed = total + next.value.length;
      if (needed > MOST_BYTES) throw new Refused("answer_too_large_to_rewrite");
      const room = Math.min(MOST_BYTES, Math.max(needed, bytes.length * 2));
      if (!lease.resize(needed > bytes.length ? room : bytes.length)) throw new Refused("overloaded");
      if (needed > bytes.length) {
        const grown = new Uint8Array(room);
        grown.set(bytes.subarray(0, total));
        bytes = grown;
      }
      bytes.set(next.value, total);
      total = needed;
    }
  } catch (error) {
    lease.end();
    throw error;
  } finally {
    signal.removeEventListener("abort", end);
    reader?.releaseLock();
  }
}

/** An answer that breaks off: 503 says that nothing was done. */
async function unbroken<T>(reading: Promise<T>, safe: boolean): Promise<T> {
  try {
    return await reading;
  } catch {
    throw new Refused(safe ? "provider_unavailable" : "call_outcome_unknown");
  }
}

/** undefined: nothing changed. Bytes that are no UTF-8 stay as they are. */
async function rewrite(bytes: Uint8Array, rules: LinkRules): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const rewritten = await rewriteJson(strict.decode(bytes), rules);
    return rewritten === undefined ? undefined : (encoder.encode(rewritten) as Uint8Array<ArrayBuffer>);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
  const rewritten = await rewriteJson(oneCharacterEach(bytes), rules);
  return rewritten === undefined
    ? undefined
    : Uint8Array.from(rewritten, (character) => character.charCodeAt(0));
}

function oneCharacterEach(bytes: Uint8Array): string {
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += 8192)
    pieces.push(String.fromCharCode(...bytes.subarray(at, at + 8192)));
  return pieces.join("");
}

type Members = Pick<LinkRules, "members" | "ends">;
const known = new Map<string, Members>();

function membersOf(list: string): Members {
  const before = known.get(list);
  if (before) return before;
  const words = list.split(" ");
  const members = new Map<string, LinkKind>();
  const ends: [string, LinkKind][] = [];
  for (let at = 0; at + 1 < words.length; at += 2) {
    const [name = "", kind = "api"] = [words[at], words[at + 1] as LinkKind];
    if (name.startsWith("*")) ends.push([name.slice(1), kind]);
    else members.set(name, kind);
  }
  const made = { members, ends };
  known.set(list, made);
  return made;
}

function rulesOf(links: ForwardLinks, caller: Caller, hands: Hands): LinkRules {
  const bases: [string, string][] = [];
  for (const [origin, api] of links.bases) {
    const base = api === "" ? caller.base : caller.baseFor(api);
    if (base !== undefined) bases.push([origin, base]);
  }
  const { members, ends } = membersOf(links.members);
  let seals = 0;
  return {
    members,
    ends,
    bases,
    presigned: links.presigned as LinkRules["presigned"],
    content: links.content,
    seal: async (url, reads) => {
      if (!hands.ring) throw new Error("no key ring");
      seals += 1;
      if (seals > MOST_SEALS) throw new Refused("answer_too_large_to_rewrite");
      const sealed = await hands.ring.seal(
        links.sealOrg,
        links.sealContext,
        encoder.encode(`${links.sealPrefix}${reads ? "d" : "f"} ${url}`),
      );
      return `${caller.base}${SEALED}${sealed}`;
    },
  };
}
