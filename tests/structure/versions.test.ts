/** What is stored, or sent to another release, may grow (docs/storage.md); and each kind of it is tested for that. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { files, read } from "./files.ts";
import { codeOf } from "./source.ts";

const encoded = files(/\.cpp$/, "core/connection", "core/flow/store");
const decoders = encoded.flatMap(({ text }) =>
  [...codeOf(text).matchAll(/^std::(?:optional|vector)<.*> (decode_\w+)\([\s\S]*?^\}/gm)].map(
    ([body, name = ""]) => ({ name, body }),
  ),
);

test("every decoder reads over what a later release appended", () => {
  assert.ok(decoders.length > 12);
  const strict = decoders.filter(({ body }) => !/\bcomplete_or_later\(\)/.test(body));
  assert.deepEqual(
    strict.map(({ name }) => name),
    [],
  );
});

test("no list of elements is read to the end of the bytes", () => {
  for (const { name, body } of decoders) assert.doesNotMatch(body, /while \(.*at_end\(\)/, name);
});

test("every encoding is among those of which versions are tested", () => {
  const tested = read("tests/core/flow/store/encodings.h");
  const untested = decoders
    .map(({ name }) => name)
    .filter((name) => !new RegExp(`\\b${name}\\b`).test(tested));
  assert.deepEqual(untested, []);
});
