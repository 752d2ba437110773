/**
 * Random documents against a reading of the same rules that parses and walks, and random damage: two seconds in all, the
 * same documents each time as far as they come.
 */
import { expect, test } from "vitest";
import { type LinkKind, type LinkRules, rewriteJson } from "../../../worker-shim/src/links.ts";
import { BASE, linkRules, sealed } from "../support/link-rules.ts";

const MOST_MS = 1_000;

/** xorshift32. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed | 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const HTTP = ["https://", "HTTPS://", "http://", "https:\\", "https:", " https://"];
const HOSTS = [
  "graph.microsoft.com",
  "GRAPH.Microsoft.com:443",
  "evil.example",
  "graph.microsoft.com@evil.example",
];
const RESTS = [
  "",
  "/",
  "/a/../../b",
  "?a=1&b",
  "#x",
  '/"\\',
  "/ü\ud83d\ude00/{?a,b}",
  "\\@evil.example",
  "/\u0000\t/%2e%2e",
];
const NAMES = [
  "nextLink",
  "next",
  "uploadUrl",
  "upload_url",
  "downloadUrl",
  "self",
  "a_url",
  "x@odata.nextLink",
  "a",
  '"',
  "\\",
  "nextLink\\",
];
const STRINGS = [
  "",
  '"',
  "\\",
  '","nextLink":"https://evil.example/',
  '{"nextLink":"https://evil.example/"}',
  "/v1.0/a",
  "\u2028",
  "]}",
];
const WORDS = ["0", "-1.5e+10", "12345678901234567890", "1.0", "true", "false", "null"];
const BLANKS = ["", "", "", " ", "\n\t", "\r\n  "];

class Writer {
  readonly #random: (below: number) => number;

  constructor(random: (below: number) => number) {
    this.#random = random;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.#random(from.length)] as T;
  }

  blank = () => this.pick(BLANKS);

  /** Each character raw, or by one of its escapes. */
  text(value: string): string {
    let written = "";
    const often = this.#random(4);
    for (let at = 0; at < value.length; at += 1) {
      const unit = value.charAt(at);
      const code = `\\u${value.charCodeAt(at).toString(16).padStart(4, "0")}`;
      if (often === 0 && this.#random(3) === 0)
        written += this.#random(2) === 0 ? code : code.replace(/[a-f]+$/, (x) => x.toUpperCase());
      else if (unit === "/" && this.#random(2) === 0) written += "\\/";
      else written += JSON.stringify(unit).slice(1, -1);
    }
    return `"${written}"`;
  }

  value(depth: number): string {
    const kind = depth === 0 ? 3 + this.#random(2) : this.#random(depth > 5 ? 3 : 5);
    if (kind === 0) return this.pick(WORDS);
    if (kind === 1) return this.text(this.pick(STRINGS));
    if (kind === 2) return this.text(this.pick(HTTP) + this.pick(HOSTS) + this.pick(RESTS));
    const parts: string[] = [];
    // Each name once: V8's JSON.parse keeps now the first, now the last member of a name with escapes.
    const names = new Set(NAMES);
    for (let count = this.#random(5); count > 0; count -= 1) {
      const value = this.blank() + this.value(depth + 1) + this.blank();
      const name = this.pick([...names]);
      names.delete(name);
      parts.push(kind === 3 ? value : `${this.blank()}${this.text(name)}${this.blank()}:${value}`);
    }
    const inner = parts.length === 0 ? this.blank() : parts.join(",");
    return kind === 3 ? `[${inner}]` : `{${inner}}`;
  }
}

const SEALED = sealed("");

/** By the platform's own parser where a link leads, and by a list what becomes of it. */
function expected(value: string, kind: LinkKind, presigned: LinkRules["presigned"]): string | null {
  const url = URL.parse(value);
  // One that this parser refuses may be followed by another.
  if (!/^https?:$/.test(url?.protocol ?? (/^[\0- ]*https?:/i.test(value) ? "https:" : ""))) return value;
  // What other parsers may read otherwise is elsewhere.
  const plain = /^[\0- ]*https:\/\/graph\.microsoft\.com(:443)?([/?#]|[\0- ]*$)/i.test(value);
  if (url?.origin === "https://graph.microsoft.com" && plain) return BASE;
  if (kind === "api") return value;
  const row = {
    default: { followed: "seal", upload: "seal", download: "stay" },
    pass: { followed: "seal", upload: "stay", download: "stay" },
    replace: { followed: "seal", upload: "seal", download: "seal" },
    remove: { followed: "remove", upload: "remove", download: "remove" },
  }[presigned][kind === "redirect" ? "download" : kind];
  return row === "stay" ? value : row === "remove" ? null : SEALED;
}

/** Both sides walked together. */
function compare(before: unknown, after: unknown, rules: LinkRules): void {
  if (before === null || typeof before !== "object") {
    expect(after).toEqual(before);
    return;
  }
  const isList = Array.isArray(before);
  expect(Array.isArray(after)).toBe(isList);
  const [old, now] = [before as Record<string, unknown>, after as Record<string, unknown>];
  expect(Object.keys(now)).toEqual(Object.keys(old));
  for (const [name, value] of Object.entries(old)) {
    const kind = isList ? undefined : kindOf(name, rules);
    if (kind === undefined || typeof value !== "string") compare(value, now[name], rules);
    else {
      const right = expected(value, kind, rules.presigned);
      const got = now[name];
      if (right === SEALED) {
        expect(got).toContain(SEALED);
        const inside = decodeURIComponent((got as string).slice(SEALED.length));
        expect(URL.parse(inside)?.href).toBe(URL.parse(value)?.href);
      } else if (right !== BASE) expect(got).toBe(right);
      else {
        // The same place, seen from the base, as from the API: nothing climbs, nothing is lost.
        expect(got).toMatch(/^https:\/\/p\.example\/v1\/proxy\/microsoft\.graph\/ada([/?#]|$)/);
        const there = new URL(got as string);
        const here = new URL(value);
        const path = there.pathname.slice(new URL(BASE).pathname.length);
        expect(path || "/").toBe(here.pathname);
        expect(there.search + there.hash).toBe(here.search + here.hash);
      }
    }
  }
}

function kindOf(name: string, { members, ends }: LinkRules): LinkKind | undefined {
  const exact = members.get(name);
  if (exact) return exact;
  for (const [end, kind] of ends) if (name.slice(-end.length) === end) return kind;
  return undefined;
}

/** All but its strings. */
const skeleton = (text: string) => text.replace(/"(?:[^"\\]|\\.)*"/gs, '""').replaceAll("null", '""');

const PRESIGNED = ["default", "pass", "replace", "remove"] as const;

test("whole documents", async () => {
  const ends = performance.now() + MOST_MS;
  let changed = 0;
  let seed = 1;
  for (; seed <= 20_000 && (seed <= 200 || performance.now() < ends); seed += 1) {
    const writer = new Writer(randomFrom(seed * 0x9e3779b1));
    const text = writer.blank() + writer.value(0) + writer.blank();
    const rules = linkRules({ presigned: writer.pick(PRESIGNED) });
    const answer = await rewriteJson(text, rules);
    try {
      compare(JSON.parse(text), JSON.parse(answer ?? text), rules);
      if (answer === undefined) continue;
      changed += 1;
      expect(answer).not.toBe(text);
      expect(skeleton(answer)).toBe(skeleton(text));
    } catch (cause) {
      throw new Error(`seed ${seed}: ${JSON.stringify(text)} became ${JSON.stringify(answer)}`, { cause });
    }
  }
  expect(changed).toBeGreaterThan(seed / 10);
});

test("damaged documents", async () => {
  const ends = performance.now() + MOST_MS;
  const damage = ['"', "\\", "{", "}", "[", "]", ",", ":", " ", "x", "\u0000", "\ud800"];
  for (let seed = 1; seed <= 20_000 && (seed <= 200 || performance.now() < ends); seed += 1) {
    const random = randomFrom(seed * 0x85ebca6b);
    const writer = new Writer(random);
    const whole = `{"nextLink":"https://evil.example/first","a":${writer.value(0)},"b":${writer.value(0)}}`;
    const at = random(whole.length);
    const rest = random(3) === 0 ? "" : whole.slice(at + random(2));
    const text = whole.slice(0, at) + (random(4) === 0 ? "" : writer.pick(damage)) + rest;
    const rules = linkRules({ presigned: writer.pick(PRESIGNED) });
    const answer = await rewriteJson(text, rules);
    try {
      let parsed: unknown;
      try {
        parsed = JSON.parse(text);
      } catch {
        // Cut off or not: nothing is left out, and none of it comes twice.
        if (answer !== undefined) expect(skeleton(answer)).toBe(skeleton(text));
        continue;
      }
      compare(parsed, JSON.parse(answer ?? text), rules);
    } catch (cause) {
      throw new Error(`seed ${seed}: ${JSON.stringify(text)} became ${JSON.stringify(answer)}`, { cause });
    }
  }
});
