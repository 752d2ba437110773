/**
 * Links in answers come back through the proxy: SDKs send their key wherever a link leads (docs/proxy.md). The core says
 * which members are links and where the APIs are (core/provider/proxy_rules.h); this rewrites them, in JSON and headers.
 */
import { decodeToken, eachStringMember, type Token } from "./links-json.ts";

export type LinkKind = "api" | "followed" | "upload" | "download" | "redirect";

/** What the caller's key says of pre-authenticated URLs. */
export type Presigned = "default" | "pass" | "replace" | "remove";

export interface LinkRules {
  /** Members of JSON objects: exact names, and ends of names (`*_url` is "_url" here). */
  readonly members: ReadonlyMap<string, LinkKind>;
  readonly ends: readonly (readonly [end: string, kind: LinkKind])[];
  /**
   * Origins of the integration's APIs and the proxy's own URL that stands for each (no slash at the end); a call's own
   * API first.
   */
  readonly bases: readonly (readonly [origin: string, base: string])[];
  readonly presigned: Presigned;
  /** The call reads what somebody stored: so does one that it is redirected to. */
  readonly content: boolean;
  /**
   * Seals a URL to elsewhere: answers the proxy's URL by which it is called without a token. `reads`: it is for a download,
   * in whose content links stay.
   */
  readonly seal: (url: string, reads: boolean) => Promise<string>;
}

/**
 * RFC 9110 8.7, 10.2.2; RFC 8288 3; learn.microsoft.com/azure/azure-resource-manager/management/async-operations;
 * developers.google.com/photos/library/guides/resumable-uploads.
 */
const HEADERS: readonly (readonly [name: string, kind: LinkKind])[] = [
  ["location", "followed"],
  ["content-location", "api"],
  ["azure-asyncoperation", "followed"],
  ["operation-location", "followed"],
  ["x-goog-upload-url", "upload"],
];

const HEADER_NAMES = new Set(HEADERS.map(([name]) => name).concat("link"));

/** Does `rewriteHeaders` look at it? In lower case. */
export const isLinkHeader = (name: string) => HEADER_NAMES.has(name);

/** application/json, text/json, and what ends with +json (RFC 6839 3.1); of several, any. */
export function isRewritable(contentType: string | null): boolean {
  return (contentType ?? "").split(",").some((one) => {
    const type = (one.split(";", 1)[0] ?? "").trim().toLowerCase();
    // "raw+json" is how a file is asked for: it is somebody's, whatever is in it.
    if (type.endsWith(".raw+json")) return false;
    return type === "application/json" || type === "text/json" || /^[^/\s]+\/[^/\s]+\+json$/.test(type);
  });
}

/** undefined: nothing changed. Rejects only where `seal` does. */
export async function rewriteJson(text: string, rules: LinkRules): Promise<string | undefined> {
  if (!mayHaveLinks(text, rules)) return undefined;
  const places = new Places(rules);
  const urlOf = urlsOf(rules);
  const kinds = new Map<string, LinkKind | undefined>();
  const edits: [Token, Fate][] = [];
  const take = (nameToken: Token, token: Token) => {
    const name = decodeToken(text, nameToken);
    if (name === undefined) return false;
    if (!kinds.has(name)) kinds.set(name, kindOf(name, rules));
    const kind = kinds.get(name);
    if (kind === undefined) return true;
    const value = decodeToken(text, token);
    if (value === undefined) return false;
    const fate = places.fateOf(value, kind);
    if (fate) edits.push([token, fate]);
    return true;
  };
  eachStringMember(text, mayBeginUrl, take);
  if (edits.length === 0) return undefined;
  const parts: string[] = [];
  let copied = 0;
  for (const [{ start, end, escaped }, fate] of edits) {
    const sealing = urlOf(fate);
    // Only what is sealed is waited for: of the others there may be hundreds of thousands.
    const url = sealing instanceof Promise ? await sealing : sealing;
    parts.push(text.slice(copied, start - 1), url === undefined ? "null" : written(url, escaped));
    copied = end + 1;
  }
  parts.push(text.slice(copied));
  return parts.join("");
}

/** Escapes stay escapes: what is no UTF-8 is here as a character for each byte, and can hold no others. */
function written(url: string, escaped: boolean): string {
  const json = JSON.stringify(url);
  if (!escaped) return json;
  return json.replace(/[^ -~]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** In place; names in lower case. Rejects only where `seal` does. */
export async function rewriteHeaders(
  headers: Record<string, string>,
  status: number,
  callUrl: URL,
  rules: LinkRules,
): Promise<void> {
  const places = new Places(rules);
  const urlOf = urlsOf(rules);
  for (const [name, usual] of HEADERS) {
    const value = headers[name];
    if (!value) continue;
    // Clients follow a redirect without their Authorization where it leads to another origin.
    const redirects = name === "location" && status >= 300 && status <= 399;
    const absolute = resolved(value, callUrl);
    const fate = places.fateOf(absolute, redirects ? "redirect" : usual);
    replace(headers, name, fate ? await urlOf(fate) : absolute);
  }
  const { link } = headers;
  if (!link) return;
  const kept: string[] = [];
  for (const value of linkValues(link)) {
    let written = "";
    let gone = false;
    let copied = 0;
    for (const [start, end] of value.targets) {
      const absolute = resolved(value.text.slice(start, end), callUrl);
      const fate = places.fateOf(absolute, "followed");
      const url = fate ? await urlOf(fate) : absolute;
      if (url === undefined) gone = true;
      written += value.text.slice(copied, start) + url;
      copied = end;
    }
    if (!gone) kept.push((written + value.text.slice(copied)).trim());
  }
  replace(headers, "link", kept.length === 0 ? undefined : kept.join(", "));
}

/** What no header can hold: no client is left with what stood there. */
const UNFIT = /[\0\r\n]|[^\0-\xff]/;

function replace(headers: Record<string, string>, name: string, value: string | undefined): void {
  if (value === undefined || UNFIT.test(value)) delete headers[name];
  else headers[name] = value.trim();
}

/** The rules' names are in no other way in the text than with escapes by code. */
function mayHaveLinks(text: string, { members, ends }: LinkRules): boolean {
  for (const name of members.keys()) if (text.includes(`${name}"`)) return true;
  for (const [end] of ends) if (text.includes(`${end}"`)) return true;
  return text.includes("\\u");
}

function kindOf(name: string, { members, ends }: LinkRules): LinkKind | undefined {
  return members.get(name) ?? ends.find(([end]) => name.endsWith(end))?.[1];
}

/** "h", "H", "/", an escape, and what URL parsers ignore in front. */
function mayBeginUrl(code: number): boolean {
  return code === 0x68 || code === 0x48 || code === 0x2f || code === 0x5c || code <= 0x20;
}

/** What becomes of a link that does not stay: the URL in its place, or what is to be done with it. */
type Fate = { readonly url: string } | { readonly seal: string; readonly reads: boolean } | "remove";

/** Scheme and authority of an absolute URL; a backslash, userinfo, anything odd makes another authority. */
const ABSOLUTE = /^(https?):\/\/([^/?#]*)/i;
const DOT_SEGMENT = /[/\\](?:\.|%2e){1,2}(?:[/\\]|$)/i;

class Places {
  readonly #presigned: Presigned;
  readonly #content: boolean;
  readonly #bases = new Map<string, string>();

  constructor({ bases, presigned, content }: LinkRules) {
    this.#presigned = presigned;
    this.#content = content;
    for (const [origin, base] of bases) {
      const place = placeOf(origin);
      if (place && !this.#bases.has(place.origin)) this.#bases.set(place.origin, base);
    }
  }

  /** undefined: it stays. */
  fateOf(value: string, kind: LinkKind): Fate | undefined {
    const url = withScheme(trimmed(value));
    const place = placeOf(url);
    const base = place && this.#bases.get(place.origin);
    if (place && base !== undefined) {
      const rest = insideOf(url, place.length);
      if (rest !== undefined) return { url: base + rest };
    }
    // More than is a URL: what one client refuses another one follows.
    if (kind === "api" || !/^https?:/i.test(url)) return undefined;
    const presigned = this.#presigned;
    if (presigned === "remove") return "remove";
    const isRead = kind === "download" || kind === "redirect";
    const stays = isRead ? presigned !== "replace" : kind === "upload" && presigned === "pass";
    const reads = kind === "download" || (kind === "redirect" && this.#content);
    // Half of a surrogate pair is none in a URL, and no cipher takes it.
    return stays ? undefined : { seal: url.toWellFormed(), reads };
  }
}

/** The URL that stands for a link, each sealed once; undefined: it is removed. */
function urlsOf({ seal }: LinkRules): (fate: Fate) => string | undefined | Promise<string> {
  const known = new Map<string, string>();
  const sealed = async (url: string, reads: boolean, name: string) => {
    const made = await seal(url, reads);
    known.set(name, made);
    return made;
  };
  return (fate) => {
    if (fate === "remove") return undefined;
    if ("url" in fate) return fate.url;
    const name = `${fate.reads} ${fate.seal}`;
    return known.get(name) ?? sealed(fate.seal, fate.reads, name);
  };
}

/** As origins compare: without regard to case, without the scheme's own port. `length` is what it takes of the URL. */
function placeOf(url: string): { readonly origin: string; readonly length: number } | undefined {
  const match = ABSOLUTE.exec(url);
  if (!match) return undefined;
  const scheme = (match[1] ?? "").toLowerCase();
  const authority = (match[2] ?? "").toLowerCase();
  const port = scheme === "https" ? ":443" : ":80";
  const host = authority.endsWith(port) ? authority.slice(0, -port.length) : authority;
  return { origin: `${scheme}://${host}`, length: match[0].length };
}

/**
 * What stands behind the origin, as it is. Dot segments are resolved as the client would have resolved them there: behind
 * the proxy's own URL they would climb out of it.
 */
function insideOf(url: string, length: number): string | undefined {
  const rest = url.slice(length);
  const path = /^[^?#]*/.exec(rest)?.[0] ?? "";
  if (!DOT_SEGMENT.test(path)) return rest;
  const parsed = URL.parse(url);
  return parsed ? parsed.href.slice(parsed.origin.length) : undefined;
}

/** Of "//host.example/path", which leads elsewhere as well; a URL parser takes `\\` for `/`. Base64 may begin so, and has no dot. */
function withScheme(url: string): string {
  return /^[/\\]{2}[^/\\?#]+\.[^/\\?#]/.test(url) ? `https://${url.slice(2)}` : url;
}

/** Without what URL parsers leave out (url.spec.whatwg.org, "basic URL parser", 1 to 3). */
function trimmed(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && value.charCodeAt(start) <= 0x20) start += 1;
  while (end > start && value.charCodeAt(end - 1) <= 0x20) end -= 1;
  const inner = value.slice(start, end);
  return /[\t\n\r]/.test(inner) ? inner.replace(/[\t\n\r]/g, "") : inner;
}

/** A header's reference against the URL that was called (RFC 3986 5); a path from the root byte for byte. */
function resolved(reference: string, callUrl: URL): string {
  const url = trimmed(reference);
  if (url === "" || /^[a-z][a-z0-9+.-]*:/i.test(url)) return reference;
  if (/^\/(?![/\\])/.test(url)) return callUrl.origin + url;
  return URL.parse(url, callUrl)?.href ?? reference;
}

interface LinkValue {
  readonly text: string;
  /** What stands between `<` and `>`: one, but in malformed headers, in which clients look for it with less care. */
  readonly targets: readonly (readonly [start: number, end: number])[];
}

/** RFC 8288 3: values end with a comma that is neither quoted nor of a URL. */
function* linkValues(header: string): Generator<LinkValue> {
  let at = 0;
  let quotesEnd = true;
  while (at < header.length) {
    const from = at;
    const targets: [start: number, end: number][] = [];
    for (; at < header.length && header[at] !== ","; at += 1) {
      if (header[at] === '"' && quotesEnd) {
        const close = closingQuote(header, at);
        quotesEnd = close >= 0;
        if (quotesEnd) at = close;
      } else if (header[at] === "<") {
        const close = header.indexOf(">", at);
        if (close >= 0) targets.push([at + 1 - from, close - from]);
        at = close < 0 ? header.length : close;
      }
    }
    const text = header.slice(from, at);
    if (text.trim() !== "") yield { text, targets };
    at += 1;
  }
}

function closingQuote(text: string, open: number): number {
  for (let at = open + 1; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === '"') return at;
  }
  return -1;
}
