/**
 * Sends a caller's request on, once its flow has ended (core/flow/proxy/forward.h). The core said where to, with which
 * headers, and which answers bring the flow back; nothing is decided here, and no body enters the core.
 */
import { fields } from "./effects.ts";
import { FieldReader, type FieldValue } from "./fields.ts";
import { type Body, StreamedBody } from "./proxy-body.ts";
import {
  type HeaderMatcher,
  type HeaderPairs,
  headerOf,
  matcherOf,
  recordOf,
  setHeader,
  withoutDropped,
} from "./proxy-headers.ts";

/** Nothing can come of it (RFC 9110 9.2.1). */
export const isSafe = (method: string) => method === "GET" || method === "HEAD";

/** What a caller sends. */
export interface Caller {
  readonly request: Request;
  readonly headers: HeaderPairs;
  /** All of it where it may be sent again, otherwise as it comes. */
  readonly body: Body;
  /** The URL by which it called, up to the target: what stands for the API's origin in links. */
  readonly base: string;
  /** The same for what the core calls so ("integration.api"); undefined: no URL stands for it. */
  readonly baseFor: (api: string) => string | undefined;
}

export interface ForwardCall {
  /** undefined: the answer that brought the flow back is relayed. */
  readonly url: URL | undefined;
  readonly set: [string, string][];
  readonly otherwise: [string, string][];
  readonly drop: HeaderMatcher;
  readonly dropFromAnswer: HeaderMatcher;
  readonly returns: ReadonlySet<number>;
  readonly delayMs: number;
  readonly note: string;
  readonly links: ForwardLinks;
}

export interface ForwardLinks {
  /** Names and kinds of members, separated by blanks; empty: links stay as they are. */
  readonly members: string;
  readonly bases: [string, string][];
  readonly presigned: string;
  readonly sealOrg: string;
  readonly sealContext: Uint8Array;
  /** Stands before the URL in what is sealed. */
  readonly sealPrefix: string;
  /** The answer's JSON is what somebody stored: its links stay, those of its headers do not. */
  readonly content: boolean;
}

/** What flows read of an answer that brought them back. */
const READ_HEADERS = [
  "www-authenticate",
  "retry-after",
  "location",
  "request-id",
  "client-request-id",
  "date",
];
const statuses = new Map<string, ReadonlySet<number>>();

/** undefined: what the core pinned is not where the URL leads. */
export function readForward(body: Uint8Array): ForwardCall | undefined {
  const f = new FieldReader(body);
  const [text, origin] = [f.text(), f.text()];
  const [set, otherwise] = [f.pairs(), f.pairs()];
  const [drop, dropFromAnswer] = [matcherOf(f.text()), matcherOf(f.text())];
  const returns = statusesOf(f.text());
  const [delayMs, note] = [f.number(), f.text()];
  const links = {
    members: f.text(),
    bases: f.pairs(),
    presigned: f.text(),
    sealOrg: f.text(),
    sealContext: f.bytes(),
    sealPrefix: f.text(),
    content: f.flag(),
  };
  const url = text === "" ? undefined : pinned(text, origin);
  if (url === null) return undefined;
  return { url, set, otherwise, drop, dropFromAnswer, returns, delayMs, note, links };
}

/** null: it leads elsewhere, or the parser made another path of it. */
function pinned(text: string, origin: string): URL | null {
  const url = URL.parse(text);
  // The parser took it as it was written.
  if (url?.href === text && text.startsWith(`${origin}/`)) return url;
  if (!url || url.origin !== origin || url.username !== "" || url.password !== "") return null;
  const path = text.slice(origin.length).split(/[?#]/, 1)[0] ?? "";
  return decoded(url.pathname) === decoded(path) ? url : null;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function statusesOf(list: string): ReadonlySet<number> {
  const known = statuses.get(list);
  if (known) return known;
  const made = new Set(list.split(" ").filter(Boolean).map(Number));
  if (statuses.size < 100) statuses.set(list, made);
  return made;
}

/** An answer, or undefined where there was none. Throws where the caller went away. */
export async function send(call: ForwardCall, url: URL, caller: Caller): Promise<Response | undefined> {
  const { request, body } = caller;
  const headers = withoutDropped(caller.headers, call.drop);
  for (const pair of call.otherwise) if (headerOf(headers, pair[0]) === undefined) headers.push(pair);
  for (const [name, value] of call.set) setHeader(headers, name, value);
  limitEncodings(headers);
  restoreTags(headers);
  try {
    return await fetch(url.href, {
      method: request.method,
      headers: recordOf(headers),
      ...(body instanceof StreamedBody ? streamed(body) : { body }),
      redirect: "manual",
      // An answer without a token, of a sealed URL, would be anybody's.
      cache: "no-store",
    });
  } catch (error) {
    if (request.signal.aborted) throw error;
    return undefined;
  }
}

/** An API that was sent a part of a body is told so by the end of the connection. */
function streamed(body: StreamedBody): { body: ReadableStream; signal: AbortSignal } {
  const controller = new AbortController();
  return { body: body.start((reason) => controller.abort(reason)), signal: controller.signal };
}

/** Before an ETag of an answer that was rewritten: its bytes are no longer those that it names (RFC 9110 8.8.1). */
export const WEAKENED = 'W/"postern:';
const CONDITIONS = ["if-match", "if-none-match"];

/** The API knows its own tags; If-Match takes no weak one. */
function restoreTags(headers: HeaderPairs): void {
  for (const name of CONDITIONS) {
    const value = headerOf(headers, name);
    if (value?.includes(WEAKENED)) setHeader(headers, name, value.replaceAll(WEAKENED, '"'));
  }
}

/** Those that the runtime decodes, and encodes again: of others neither links nor the caller would be served. */
const READABLE = new Set(["gzip", "br", "identity"]);

/** RFC 9110 12.5.3. */
function limitEncodings(headers: HeaderPairs): void {
  const asked = headerOf(headers, "accept-encoding");
  if (asked === undefined || asked === "identity") return;
  const known = limited.get(asked);
  const kept = known ?? withoutUnreadable(asked);
  if (known === undefined && limited.size < 100) limited.set(asked, kept);
  setHeader(headers, "accept-encoding", kept);
}

const limited = new Map<string, string>();

function withoutUnreadable(asked: string): string {
  const codings = asked.split(",").map((coding) => coding.trim());
  const kept = codings.filter((coding) => READABLE.has((coding.split(";", 1)[0] ?? "").trim().toLowerCase()));
  return kept.join(", ") || "identity";
}

/** FlowInput.forwardReply. */
export function replyFields(answer: Response | undefined, caller: Caller): Uint8Array {
  const read: FieldValue[] = [];
  for (const name of READ_HEADERS) {
    const value = answer?.headers.get(name) ?? null;
    if (value !== null) read.push(name, value);
  }
  const repeatable = !(caller.body instanceof StreamedBody);
  return fields(answer?.status ?? 0, fields(...read), repeatable, "");
}
