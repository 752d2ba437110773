/** No provider's, API's or integration's name is outside where it belongs: what is added to a provider is added there. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { files, read } from "./files.ts";
import { contentOf, piecesOf } from "./source.ts";

/** Where a name belongs: the catalogue's entries, and the rows of calls of one API. */
const AT_HOME =
  /^core\/provider\/|^core\/flow\/(resource|notify)\/(graph|arm|vault|storage)(_\w+)?\.(cpp|h)$/;

/** What joins the rows of all APIs, and nothing else of them. */
const JOINS = new Set(["core/flow/resource/operations.h"]);

/** What is known of providers beside their ids: products, protocols' words, codes of errors. */
const KNOWN =
  "microsoft entra azure aadsts msal graph arm onedrive sharepoint outlook github gitlab atlassian jira confluence bitbucket slack xoxb google gmail gsuite halopsa halo";

/** Parts of other words too ("armed", "paragraph", "central"), so that they count as a whole. */
const WHOLE = new Set(["graph", "arm", "entra", "msal", "halo"]);

const plain = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, "");
const NAMES = namesOfCatalogue();
const list = read("tests/structure/names.txt");
const allowed = new Set(list.split("\n").filter((line) => line !== "" && !line.startsWith("#")));
const sources = files(/\.(cpp|h|ts)$/, "core", "wasm", "worker-shim/src").filter(
  ({ path }) => !AT_HOME.test(path) && !JOINS.has(path) && !path.includes("/generated/"),
);

/** With the ids of providers, names of APIs and of integrations, and what people call them. */
function namesOfCatalogue(): Set<string> {
  const names = new Set(KNOWN.split(" "));
  // Not the members of a profile, which say of themselves "id" and "name", nor the names of settings.
  for (const { text } of files(/\.cpp$|_clouds\.h$/, "core/provider"))
    for (const [, name = ""] of text
      .replace(/\.profile = \{[^}]*\}|ProviderSetting \w+\[\] = [^;]*;/g, "")
      .matchAll(/\.(?:id|name|integration|environment|display_name) = "([^"]+)"/g))
      names.add(plain(name));
  // The entry of no provider; and the platform's word for what a Durable Object keeps.
  for (const name of ["custom", "api", "oauth20", "storage"]) assert.ok(names.delete(name), name);
  return names;
}

/** Words: "wantsArm", "ARM_ORIGIN" and "https://arm.example" have "arm" among theirs. */
const partsOf = (text: string) =>
  (text.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+/g) ?? []).map((part) => part.toLowerCase());

/** In one of the parts, or as some that follow one another ("GitHub"). */
function isNamed(text: string): boolean {
  const parts = partsOf(text);
  return parts.some(
    (part, first) =>
      [...NAMES].some((name) => name.length > 4 && !WHOLE.has(name) && part.includes(name)) ||
      parts
        .slice(first, first + 4)
        .some((_, more) => NAMES.has(parts.slice(first, first + more + 1).join(""))),
  );
}

/**
 * Identifiers, and what strings hold between blanks and punctuation. Not what is for people to read: comments, and
 * texts of declarations.
 */
function wordsOf(text: string): string[] {
  const words: string[] = [];
  let forPeople = false;
  for (const { kind, text: piece } of piecesOf(text)) {
    if (kind === "code") {
      // A text goes on in the next literal.
      forPeople = /\.(?:summary|result)\s*=\s*$/.test(piece) || (forPeople && piece.trim() === "");
      words.push(...(piece.match(/[A-Za-z_$][\w$]*/g) ?? []));
    } else if (kind === "string" && !forPeople) words.push(...(contentOf(piece).match(/[\w:/.-]+/g) ?? []));
  }
  return words;
}

const foreignIn = (text: string) => wordsOf(text).filter((word) => isNamed(word) && !allowed.has(word));

test("no name of a provider, API or integration is outside where it belongs", () => {
  assert.ok(sources.length > 100);
  const found = sources.flatMap(({ path, text }) => foreignIn(text).map((word) => `${path}: ${word}`));
  assert.deepEqual([...new Set(found)], []);
});

test("every public name of the list is used, and there are few", () => {
  assert.ok(list.trimEnd().split("\n").length <= 12);
  const words = new Set(sources.flatMap(({ text }) => wordsOf(text)));
  for (const line of allowed) assert.ok(words.has(line) && isNamed(line), line);
});

test("every entry that is declared is in the catalogue", () => {
  const declared = [...read("core/provider/all.h").matchAll(/^extern const Provider (\w+);/gm)];
  const [, listed = ""] = /kProviders\[\] = \{([^}]*)\}/.exec(read("core/provider/catalogue.cpp")) ?? [];
  assert.ok(declared.length > 5);
  assert.deepEqual(
    listed.match(/\w+/g),
    declared.map(([, name]) => name),
  );
});

test("a name is seen wherever it stands", () => {
  const careless = [
    "constexpr int kGraph = 1;",
    "bool wantsArm() const;",
    "const graphScopes = [];",
    "std::string arm_origin;",
    'context.env("ARM_ORIGIN")',
    'context.env("AZURE_TENANT_ID")',
    'context->env("AZURE_CLIENT_ID")',
    'if (fault.error.starts_with("AADSTS50076")) {}',
    "bool is_aadsts(std::string_view code);",
    "bool isGitHub(const Provider& provider);",
    "enum class Kind { gmail, jira };",
    'return scope == "https://www.googleapis.com/auth/gmail.send";',
    'if (provider.id == "github_app") {}',
    "const HaloPSA = 1;",
    "class AzureGateway {}",
    '#include "core/provider/microsoft.h"',
    "provider == kSlack;",
    "entra_object_id = claims.oid;",
    // Behind what looks like a comment, or a string, and is none.
    'app.use("/assets/*", secure);\nconst name = "graph";\napp.use("*/", x);',
    `const url = "https://a"; const name = 'jira';`,
    "const url = `https://$" + '{graph ? "a" : "b"}/*`;',
    "const url = `https://graph.$" + "{host}`;",
    'auto a = R"(/*)"; auto b = "slack"; auto c = "*/";',
    'auto a = R"x(https://slack.com)x";',
    "auto digits = 1'000; auto b = \"msal\"; auto c = '\\'';",
    "const isOne = /login\\.microsoftonline\\.com/.test(host);",
    "// isn't\nconst entra = 1; // it's",
    // A text for people ends where its member does.
    '{.summary = "All of it", .name = "graph"}',
    '{.summary = words_of("graph")}',
  ];
  for (const text of careless) assert.notDeepEqual(foreignIn(text), [], text);
  const passing = [
    "// Entra names two ids, GitHub one.",
    "/* Slack's\n * azure */",
    '{.summary = "The Azure subscription\'s id, "\n "as Graph has it", .result = "Graph\'s /me"}',
    "state->armed = alarm; swarm(); paragraph; central(concentrate);",
    "const sendingMail = config_mail;",
    '{.permission = "graph:read"}, {.permission = "arm:read"}',
    "kv: env.AZURE_TOKENS; class AzureService {}",
    "integration = kDefaultIntegration;",
  ];
  for (const text of passing) assert.deepEqual(foreignIn(text), [], text);
});
