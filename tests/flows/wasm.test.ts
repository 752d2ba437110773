/** What the native core did in the stories of these folders, the wasm must do byte for byte. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { basename } from "node:path";
import { test } from "node:test";
import { compile, crossingsOf, moduleName, newInstance, play, transcripts } from "./transcripts.ts";

const module = compile();
const documents = readdirSync(new URL(".", import.meta.url), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".md"))
  .map((path) => basename(path));

test("there is a transcript for every document", () => {
  assert.deepEqual(
    transcripts.map((name) => name.replace(/\.bin$/, "")).sort(),
    documents.map((name) => name.replace(/\.md$/, "")).sort(),
  );
});

for (const name of transcripts) {
  test(`${moduleName} does the same as native: ${name}`, () => {
    play(crossingsOf(name), () => newInstance(module));
  });
}
