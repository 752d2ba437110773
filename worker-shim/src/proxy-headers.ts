/** Which headers pass: the core says so by names and beginnings (core/flow/proxy/headers.h). */

export type HeaderMatcher = (name: string) => boolean;
/** Names in lower case. */
export type HeaderPairs = [name: string, value: string][];

const matchers = new Map<string, HeaderMatcher>();

/** Of a list separated by blanks, `*` at the end of a name's beginning. The lists are few, and the core's own. */
export function matcherOf(list: string): HeaderMatcher {
  const known = matchers.get(list);
  if (known) return known;
  const words = list.split(" ").filter(Boolean);
  const names = new Set(words.filter((word) => !word.endsWith("*")));
  const beginnings = words.filter((word) => word.endsWith("*")).map((word) => word.slice(0, -1));
  // Most names are asked for again and again.
  const seen = new Map<string, boolean>();
  const matcher = (name: string) => {
    const before = seen.get(name);
    if (before !== undefined) return before;
    // Servers behind CGI take `x_http_method` for `x-http-method`.
    const folded = name.replaceAll("_", "-");
    const matches = names.has(folded) || beginnings.some((beginning) => folded.startsWith(beginning));
    if (seen.size < 500) seen.set(name, matches);
    return matches;
  };
  matchers.set(list, matcher);
  return matcher;
}

/** Without those, and without what its Connection header names (RFC 9110 7.6.1). Read once: each look at a Headers costs. */
export function withoutDropped(all: Iterable<[string, string]>, drop: HeaderMatcher): HeaderPairs {
  const kept: HeaderPairs = [];
  let named: Set<string> | undefined;
  for (const pair of all) {
    if (pair[0] === "connection") named = namesIn(pair[1]);
    if (!drop(pair[0])) kept.push(pair);
  }
  return named ? kept.filter(([name]) => !named.has(name)) : kept;
}

const namesIn = (connection: string) =>
  new Set(connection.split(",").map((name) => name.trim().toLowerCase()));

export function headerOf(pairs: HeaderPairs, wanted: string): string | undefined {
  for (const [name, value] of pairs) if (name === wanted) return value;
  return undefined;
}

/** Changes the list and none of its pairs: they are the caller's. */
export function setHeader(pairs: HeaderPairs, name: string, value: string): void {
  const at = pairs.findIndex((pair) => pair[0] === name);
  if (at < 0) pairs.push([name, value]);
  else pairs[at] = [name, value];
}

/** By name. The runtime takes an object in half the time that it takes for pairs. */
export type HeaderRecord = Record<string, string>;

/** Names that a Headers gave are there once each, but for Set-Cookie, which never passes. */
export const recordOf = (pairs: HeaderPairs): HeaderRecord => Object.fromEntries(pairs);
