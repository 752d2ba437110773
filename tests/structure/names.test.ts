/** No provider's, API's or integration's name is outside where it belongs: what is added to a provider is added there. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { files, read } from "./files.ts";

/** Where a name belongs: the catalogue's entries, and the calls of one API. */
const AT_HOME = /^core\/provider\/|^core\/flow\/(resource|notify)\/(graph|arm)\.(cpp|h)$/;

const NAMES = namesOfCatalogue();
const allowed = read("tests/structure/names.txt")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"));

/** Ids of providers, names of APIs and of integrations, and what people call them. */
function namesOfCatalogue(): RegExp {
  const entries = files(/\.cpp$/, "core/provider").map(({ text }) => text);
  const names = new Set(["entra", "msal"]);
  for (const text of entries)
    for (const [, name] of text.matchAll(/\.(?:id|name|integration|display_name) = "([\w ]+)"/g))
      if (name !== undefined && !/^(custom|api|OAuth|name|id|sub|user\w*|account_id|displayName)/.test(name))
        names.add(name.toLowerCase());
  assert.ok(names.has("microsoft") && names.has("graph") && names.has("github") && names.has("azure"));
  // "graph" and "arm" are parts of other words too.
  const long = [...names].filter((name) => name.length >= 5 && name !== "graph");
  return new RegExp(`(?<![a-z])(?:${[...names].join("|")})(?![a-z])|${long.join("|")}`, "i");
}

/** Words of code: identifiers, and what strings hold, with dashes and colons. Not what is for people to read: comments, and texts of declarations. */
function wordsOf(text: string): string[] {
  const code = text
    .replace(/\/\*[\s\S]*?\*\//g, " ")
    .replace(/(^|[^:"'])\/\/.*$/gm, "$1")
    .replace(/\.(?:summary|result)\s*=\s*(?:"(?:\\.|[^"\\])*"\s*)+/g, " ");
  return code.match(/[\w:/-]+/g) ?? [];
}

const isAllowed = (word: string) =>
  allowed.some((line) => (line.endsWith("*") ? word.startsWith(line.slice(0, -1)) : word === line));

test("no name of a provider, API or integration is outside where it belongs", () => {
  const sources = files(/\.(cpp|h|ts)$/, "core", "wasm", "worker-shim/src").filter(
    ({ path }) => !AT_HOME.test(path) && !path.includes("/generated/"),
  );
  assert.ok(sources.length > 100);
  const found = sources.flatMap(({ path, text }) =>
    wordsOf(text)
      .filter((word) => NAMES.test(word) && !isAllowed(word))
      .map((word) => `${path}: ${word}`),
  );
  assert.deepEqual([...new Set(found)], []);
});

test("every public name of the list is used, and there are few", () => {
  assert.ok(allowed.length <= 12);
  const sources = files(/\.(cpp|h|ts)$/, "core", "wasm", "worker-shim/src").filter(
    ({ path }) => !AT_HOME.test(path),
  );
  const words = new Set(sources.flatMap(({ text }) => wordsOf(text)));
  for (const line of allowed)
    assert.ok(
      [...words].some((word) => (line.endsWith("*") ? word.startsWith(line.slice(0, -1)) : word === line)),
      line,
    );
});
