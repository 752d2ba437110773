/** What is stored, or sent to another release, may grow (docs/storage.md); and each kind of it is tested for that. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { files, read, type SourceFile } from "./files.ts";
import { codeOf, definitionsOf } from "./source.ts";

/** Readers of bytes that stay within one release, with the reason; all others read what a later one appended. */
const WITHIN_ONE_RELEASE: Record<string, string> = {
  "core/effect/codec.cpp: ReplyBody<HttpReply>": "the shim of the same release answers",
  "core/effect/codec.cpp: ReplyBody<std::vector<SqlOutcome>>": "the shim of the same release answers",
  "core/effect/codec.cpp: read": "the shim of the same release answers",
  "core/effect/codec.cpp: deliver_replies": "the shim of the same release answers",
  "core/flow/frame/input.cpp: read_pairs": "the shim of the same release asks",
  "core/flow/frame/input.cpp: Environment::get": "the shim of the same release has it",
  "core/flow/frame/input.cpp: decode_flow_input": "the shim of the same release asks",
  "core/flow/proxy/forward.cpp: decode_forward_reply": "the shim of the same release answers",
  "core/flow/grant/rate_limit.cpp: wait_of": "in the memory of an isolate",
  "core/flow/grant/reauth.cpp: is_link": "in the memory of an isolate",
  "core/flow/grant/reauth.cpp: add_link": "in the memory of an isolate, and is_link has read it",
  "core/flow/grant/refusal.cpp: decode": "in the memory of an isolate",
  "core/flow/integration/credential.cpp: decode": "in the memory of an isolate",
};

/** Of a list that grows: it goes on where its last element ends, in place of what a later release appended. */
const CUTS_OFF = "core/connection/event.cpp: append_event";

/** Readers that tests/core/flow/store/encodings.h does not name, and the tests of their versions. */
const TESTED_ELSEWHERE: Record<string, { file: string; title: string }> = {
  [CUTS_OFF]: {
    file: "tests/core/flow/store/versions_test.cpp",
    title: "an event goes behind the last one, in place of what a later release appended",
  },
  "core/flow/connections/connections.cpp: read_cursor": {
    file: "tests/core/flow/connections/list_test.cpp",
    title: "a cursor of a later release is read as far as it is known",
  },
  "core/flow/resource/handle.cpp: decode_handle": {
    file: "tests/core/flow/resource/handle_test.cpp",
    title: "a handle of a later release is read as far as it is known",
  },
  "core/flow/resource/cursor.cpp: decode_place": {
    file: "tests/core/flow/resource/cursor_test.cpp",
    title: "a cursor of a later release is read as far as it is known",
  },
};

interface Reader {
  readonly id: string;
  readonly name: string;
  readonly code: string;
}

/** Made, or handed over as a copy. */
const MADE = /\bFieldReader\b(?!\s*(?:&|\*|::))\s*(\w*)/g;

/** Where a FieldReader is made; who is lent one reads what its maker answers for. */
function readersIn({ path, text }: SourceFile): Reader[] {
  const definitions = definitionsOf(text);
  // By another name, for instance.
  const outside = definitions.reduceRight(
    (code, { from, to }) => code.slice(0, from) + code.slice(to),
    codeOf(text),
  );
  return [...definitions, { name: "outside of all definitions", code: outside }]
    .filter(({ code }) => code.search(MADE) >= 0)
    .map(({ name, code }) => ({ id: `${path}: ${name}`, name, code }));
}

/** Readers that end without having read what a later release appended; those without a name cannot. */
function strictIn(code: string): string[] {
  const made = [...code.matchAll(MADE)].map(([, name = ""]) => name);
  const names = made.map((name) => name || (/(\w+) = FieldReader\b/.exec(code)?.[1] ?? ""));
  return [...new Set(names)].filter((name) => {
    const finished = code.match(new RegExp(String.raw`\b${name}\.complete_or_later\(\)`, "g"))?.length ?? 0;
    return name === "" || finished < names.filter((one) => one === name).length;
  });
}

const toEndOfBytes = (code: string) => /\b(?:while|for) \([^{]*\bat_end\(\)/.test(code);

const readers = files(/\.(cpp|h)$/, "core")
  .filter(({ path }) => !/^core\/base\/fields\.(cpp|h)$/.test(path))
  .flatMap(readersIn);
const lasting = readers.filter(({ id }) => !(id in WITHIN_ONE_RELEASE));

test("every reader reads over what a later release appended, but where bytes stay within one", () => {
  assert.ok(lasting.length > 12);
  const strict = lasting.filter(({ id, code }) => id !== CUTS_OFF && strictIn(code).length > 0);
  assert.deepEqual(
    strict.map(({ id }) => id),
    [],
  );
});

test("the list of those within one release is short, and has nobody who need not be there", () => {
  const strict = new Set(readers.filter(({ code }) => strictIn(code).length > 0).map(({ id }) => id));
  for (const id of [...Object.keys(WITHIN_ONE_RELEASE), CUTS_OFF]) assert.ok(strict.has(id), id);
  assert.ok(Object.keys(WITHIN_ONE_RELEASE).length <= 15);
});

test("no list of elements is read to the end of the bytes", () => {
  for (const { id, code } of lasting) assert.ok(!toEndOfBytes(code), id);
});

test("every encoding is among those of which versions are tested", () => {
  const tested = read("tests/core/flow/store/encodings.h");
  const untested = lasting
    .filter(({ id }) => !(id in TESTED_ELSEWHERE))
    .filter(({ name }) => !new RegExp(`\\b${name}\\b`).test(tested));
  assert.deepEqual(
    untested.map(({ id }) => id),
    [],
  );
  for (const [id, { file, title }] of Object.entries(TESTED_ELSEWHERE)) {
    assert.ok(
      lasting.some((one) => one.id === id),
      id,
    );
    assert.ok(read(file).includes(`TEST_CASE("${title}")`), title);
  }
});

test("a reader that ends too early is seen wherever it is made", () => {
  const careless = [
    "std::optional<A> decode_a(std::string_view bytes) { FieldReader in(bytes); return in.complete() ? A() : B(); }",
    "Result<A, Fault> read_a(std::string_view bytes) { FieldReader in{bytes}; a = in.text(); return a; }",
    "bool A::parse(std::string_view bytes) { auto in = FieldReader(bytes); return in.ok(); }",
    "std::string first(std::string_view bytes) { return std::string(FieldReader(bytes).text()); }",
    "auto last = [](std::string_view bytes) { FieldReader in(bytes); return in.complete(); };",
    "struct A { bool read() { FieldReader in(bytes_); return in.complete_or_later(); }\n bool all() { FieldReader in(bytes_); return in.complete(); } };",
    "class A { public: A(std::string_view bytes) : in_(bytes) {}\n private: FieldReader in_; };",
    "A decode(std::string_view bytes) { FieldReader in(bytes); FieldReader list(in.text()); return in.complete_or_later(); }",
    "using Reader = FieldReader;\nint f() { return 1; }",
    "ConnectionId read_id(FieldReader in) { return {.org = in.text()}; }",
    "A decode(std::string_view bytes) { FieldReader in(bytes); return in.complete(); /* in.complete_or_later() */ }",
    "template <class A> A decode(std::string_view bytes) { std::optional<FieldReader> in; return {}; }",
  ];
  for (const text of careless) {
    const strict = readersIn({ path: "x.cpp", text }).filter(({ code }) => strictIn(code).length > 0);
    assert.equal(strict.length, 1, text);
  }
  const careful = [
    "A decode(std::string_view bytes) { FieldReader in(bytes); FieldReader list(in.text());\n return in.complete_or_later() && list.complete_or_later() ? A() : B(); }",
    "bool read(std::string_view bytes) { auto in = FieldReader(bytes); return in.complete_or_later(); }",
    "ConnectionId read_id(FieldReader& in) { return {.org = in.text()}; }",
    "// FieldReader in(bytes);\nint f() { return 1; }",
  ];
  for (const text of careful)
    assert.deepEqual(
      readersIn({ path: "x.cpp", text }).filter(({ code }) => strictIn(code).length > 0),
      [],
      text,
    );
  assert.ok(toEndOfBytes("{ while (in.ok() && !in.at_end()) { a(); } }"));
  assert.ok(toEndOfBytes("{ for (; !in.at_end();) { a(); } }"));
  assert.ok(!toEndOfBytes("{ while (const auto a = in.element()) { b = in.at_end() ? 1 : 2; } }"));
});
