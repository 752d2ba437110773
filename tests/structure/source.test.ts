// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of sources
/** Whether the rules see what is code, and what is not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { argumentsOf, codeOf, contentOf, definitionsOf, piecesOf } from "./source.ts";

/** The strings of a source, and its comments. */
const of = (kind: "string" | "comment", text: string) =>
  piecesOf(text)
    .filter((piece) => piece.kind === kind)
    .map((piece) => piece.text);

test("comments and strings do not count as code", () => {
  assert.equal(codeOf('a; // token\n/* x\ny */ b("token")').includes("token"), false);
  assert.equal(codeOf('a; // token\n/* x\ny */ b("token")').split("\n").length, 3);
  assert.equal(codeOf('a("x") + b').length, 'a("x") + b'.length);
});

test("what looks like a comment in a string is none", () => {
  assert.deepEqual(of("comment", 'use("/assets/*"); env.DB; use("*/"); // end'), ["// end"]);
  assert.deepEqual(of("comment", `fetch("https://a"); '//'; x = 'it\\'s // no';`), []);
  assert.deepEqual(of("comment", "const url = `https://${host /* here */}/*`; // end"), [
    "/* here */",
    "// end",
  ]);
  assert.deepEqual(of("comment", 'auto a = R"(/* " )" "//"; auto b = R"x()" /*)x"; // end'), ["// end"]);
  assert.deepEqual(of("comment", "text.replace(/[/*]\\/*/g, x) / 2; // end"), ["// end"]);
  assert.deepEqual(of("comment", "constexpr int kMost = 1'000'000; // isn't\nf('\"'); // end"), [
    "// isn't",
    "// end",
  ]);
});

test("what looks like a string in a comment is none", () => {
  assert.deepEqual(of("string", '// isn\'t\na; /* " */ b("x"); // `'), ['"x"']);
});

test("what stands in a template's braces is code", () => {
  assert.match(codeOf("`a ${env.DB} b ${ {c: `${deep}`}.c }`"), /env\.DB.*deep/);
  assert.doesNotMatch(codeOf("`a ${env.DB} plain`; more"), /plain/);
  assert.match(codeOf("`a ${env.DB} plain`; more"), /more/);
});

test("a slash divides behind a value", () => {
  assert.deepEqual(of("string", "a / b / c; f(x) / 2; y[0] / 3 / z"), []);
  assert.deepEqual(of("string", 'const a = /"/; return /`/.test(b)'), ['/"/', "/`/"]);
});

test("what is between the quotes", () => {
  const literals = ['"DB"', "'DB'", "`DB`", 'R"(DB)"', 'R"x(DB)x"', "/DB/g", "`DB${", "}DB`"];
  for (const literal of literals) assert.equal(contentOf(literal), "DB", literal);
});

test("the arguments of a call are told apart", () => {
  const code = codeOf('f(a.b, {g(1, 2), "x,y"}, [i, j]);\nf();\nnot_f(1); f(f(z))');
  assert.deepEqual(argumentsOf(code, "f"), [["a.b", '{g(1, 2), "   "}', "[i, j]"], [], ["f(z)"], ["z"]]);
});

test("definitions are found, each with all that is in it", () => {
  const text = `#include "x.h"
namespace postern {
namespace {
#define POSTERN_X(a) { a
constexpr Api kApis[] = {{.name = "{"}};
std::string_view Environment::get(std::string_view name, Options options = {}) const {
  if (name.empty()) { return {}; }
  return name;
}
Task::Task(int a) : a_{a}, b_(2) { run(); }
template <>
struct ReplyBody<std::vector<int>> {
  static int read() { return 1; }
};
[[nodiscard]] std::optional<Reply> declared(int a);
auto find() -> Reply { return {}; }
}  // namespace
}  // namespace postern
`;
  assert.deepEqual(
    definitionsOf(text).map(({ name }) => name),
    ["kApis", "Environment::get", "Task::Task", "ReplyBody<std::vector<int>>", "find"],
  );
  const made = definitionsOf(text).find(({ name }) => name === "Task::Task");
  assert.match(made?.code ?? "", /run\(\)/);
});
