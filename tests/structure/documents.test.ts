/** Tables of the documents that tell what a table of the core holds: both have the same rows. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { files, read } from "./files.ts";

const lineOf = (document: string, beginning: string) =>
  read(document)
    .split("\n")
    .find((line) => line.startsWith(beginning)) ?? "";

/** The names of the enumeration, and what each is of. */
function eventTypes(): string[] {
  const [, listed = ""] = /kNames\[\] = \{([^}]*)\}/.exec(read("core/connection/event.cpp")) ?? [];
  const [, alone = ""] = /return type != EventType::(\w+);/.exec(read("core/connection/event.h")) ?? [];
  return [...listed.matchAll(/"(\w+)"/g)].map(([, name = ""]) =>
    name === alone ? `integration.${name}` : `connection.${name}`,
  );
}

test("docs/events.md and the parameter `type` know every type of event", () => {
  const types = eventTypes();
  assert.ok(types.length >= 10);
  const told = [...read("docs/events.md").matchAll(/^\| `((?:connection|integration)\.\w+)` \|/gm)];
  assert.deepEqual(told.map(([, name]) => name).sort(), types.toSorted());
  const [, summary = ""] =
    /\.name = "type",[^}]*\.summary = ([^}]*)\}/.exec(read("core/flow/events/operations.h")) ?? [];
  const words: string[] = summary.replace(/"\s*"/g, "").match(/\w+/g) ?? [];
  for (const type of types) assert.ok(words.includes(type.split(".")[1] ?? ""), type);
});

test("docs/events.md knows every member that an event of its type has besides", () => {
  // A text that names the type, up to the end of its statement; and what is put into details elsewhere.
  const members = files(/\.cpp$/, "core/flow").flatMap(({ text }) =>
    [...text.matchAll(/EventType::(\w+),\s*\.details = ([^;]*);/g)].flatMap(([, type = "", details = ""]) =>
      [...details.matchAll(/\{"(\w+)",/g)].map(([, name = ""]) => ({ type, name })),
    ),
  );
  const settle = read("core/flow/grant/settle.cpp");
  for (const [, name = ""] of settle.matchAll(/told\.details\.emplace_back\("(\w+)"/g))
    members.push({ type: "connected", name });
  const [, failure = ""] = /told_failure\([\s\S]*?\{\n([\s\S]*?)\n\}/.exec(settle) ?? [];
  for (const [, name = ""] of failure.matchAll(/(?:\{|emplace_back\()"(\w+)",/g))
    members.push({ type: "connect_failed", name });
  assert.ok(members.length > 20);
  for (const { type, name } of [...members, { type: "connected", name: "can_refresh" }])
    assert.match(
      lineOf("docs/events.md", `| \`connection.${type}\``),
      new RegExp(`\`${name}\\b`),
      `${type}: ${name}`,
    );
});

test("docs/azure.md knows every number whose meaning is known, and who can mend it", () => {
  const code = new Map<string, string>();
  const words = read("core/provider/microsoft_errors.h").matchAll(/\{"(\w+)",\s*"(\w+)",/g);
  for (const [, name = "", fix = ""] of words) code.set(name, fix === "user" ? "person" : fix);
  const [, passing = ""] =
    /kTransientNumbers\[\] = \{([^}]*)\}/.exec(read("core/provider/microsoft.cpp")) ?? [];
  for (const [, name = ""] of passing.matchAll(/"(\d+)"/g)) if (!code.has(name)) code.set(name, "nobody");
  const told = [...read("docs/azure.md").matchAll(/^\| ([\d`][\w, `]*) \| (\w+) \|/gm)].flatMap(
    ([, names = "", who = ""]) => [...names.matchAll(/\w+/g)].map(([name]) => `${name} ${who}`),
  );
  assert.ok(code.size > 40);
  assert.deepEqual(told.toSorted(), [...code].map(([name, who]) => `${name} ${who}`).toSorted());
});

test("docs/api.md knows the word of every page", () => {
  const [, kinds = ""] =
    /enum class PageKind : std::uint8_t \{([^}]*)\}/.exec(read("core/page/page.h")) ?? [];
  const count = kinds
    .replace(/\/\/.*/g, "")
    .split(",")
    .filter((kind) => kind.trim() !== "").length;
  const rows = [
    ...read("core/page/result_page.cpp").matchAll(/ResultText\{\s*PageKind::\w+,\s*(\d+),\s*"(\w+)"/g),
  ];
  assert.equal(rows.length, count);
  const document = read("docs/api.md");
  const [told = ""] = /An attempt that ends without a connection[\s\S]*?\n## /.exec(document) ?? [];
  const lines = told.split("\n").filter((line) => line.startsWith("| `"));
  for (const [, status = "", word = ""] of rows) {
    if (word === "connected") continue;
    const line = lines.find((row) => row.split("|")[1]?.includes(`\`${word}\``));
    assert.ok(line !== undefined, word);
    // A status is told of the pages that end no attempt.
    const [, , second = ""] = line.split("|");
    if (/^ \d+ $/.test(second)) assert.equal(second.trim(), status, word);
  }
});

test("docs/azure.md names tests that there are", () => {
  const rows = [...read("docs/azure.md").matchAll(/^\|[^|]*\|[^|]*\| (`tests\/[^|]*) \|$/gm)];
  assert.ok(rows.length > 30);
  for (const [, cell = ""] of rows)
    for (const [, file = "", names = ""] of cell.matchAll(
      /`(tests\/[\w/.-]+)`(?:: ((?:"[^"]*"(?:, )?)+))?/g,
    )) {
      const text = read(file);
      for (const [, name = ""] of names.matchAll(/"([^"]*)"/g))
        assert.ok(text.includes(name), `${file}: ${name}`);
    }
});
