/**
 * In a Worker no request may await what another one began: when that one ends, the promise never settles. So nothing
 * that outlives a request holds a promise; but for an object's queue, since an object's requests live together.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { files, type SourceFile } from "./files.ts";
import { codeOf } from "./source.ts";

const shim = files(/^worker-shim\/src\/[^/]+\.ts$/, "worker-shim/src");
const QUEUE = "worker-shim/src/connection-object.ts";

const LASTING = [
  // A variable of the module, but not a function that is kept in one.
  /^(?:export )?(?:const|let|var) \w+(?:: [^=]+)?(?: = (?!.*=>).*)?;?$/,
  // A field of a class.
  /^ {2}(?:(?:static|readonly|private|protected|public|declare|accessor) )*#?\w+[?!]?(?:: [^=(]+)?(?: = (?!.*=>).*)?;$/,
];

/** Declarations of types: they hold nothing themselves. */
const TYPES = /^(?:export )?(?:interface (\w+)[\s\S]*?^\}|type (\w+)[^;{]*(?:\{[^}]*\}[^;{]*)*;)/gm;

function lastingPromises({ path, text }: SourceFile): string[] {
  const code = codeOf(text);
  const withPromises = [...code.matchAll(TYPES)].filter(([body]) => /\bPromise\b/.test(body));
  const names = ["Promise", ...withPromises.map(([, one, other]) => one ?? other)];
  const promises = new RegExp(String.raw`\b(?:${names.join("|")})\b`);
  return code
    .replaceAll(TYPES, "")
    .split("\n")
    .filter((line) => LASTING.some((pattern) => pattern.test(line)) && promises.test(line))
    .map((line) => `${path}: ${line.trim()}`);
}

test("nothing that outlives a request holds a promise", () => {
  assert.ok(shim.length > 10);
  const found = shim.filter(({ path }) => path !== QUEUE).flatMap(lastingPromises);
  assert.deepEqual(found, []);
});

test("where one is held, it is found", () => {
  const queue = shim.filter(({ path }) => path === QUEUE).flatMap(lastingPromises);
  assert.equal(queue.length, 1);
  const held = [
    "const loading: Promise<CryptoKey> | undefined = undefined;",
    "export let ready = Promise.withResolvers<void>();",
    "const waiting = new Map<string, Promise<Uint8Array>>();",
    "class Keys {\n  readonly #keys = new Map<string, Promise<CryptoKey>>();\n}",
    "interface Entry {\n  value: Promise<string>;\n}\nclass Keys {\n  #last: Entry | undefined;\n}",
  ];
  for (const text of held) assert.equal(lastingPromises({ path: "x.ts", text }).length, 1, text);
  const passing = [
    "async function load(): Promise<string> {\n  const work: Promise<string> = ask();\n  return work;\n}",
    "const load = async (): Promise<string> => ask();",
    "class Keys {\n  async key(): Promise<CryptoKey> {\n    return make();\n  }\n}",
  ];
  for (const text of passing) assert.deepEqual(lastingPromises({ path: "x.ts", text }), [], text);
});
