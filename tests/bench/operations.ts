/**
 * Billable operations, counted in the golden traces of tests/flows: each is what the flow does, byte for byte, natively
 * and through wasm.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/local-postern.ts";

export interface Operations {
  readonly kvReads: number;
  readonly kvWrites: number;
  readonly d1: number;
  readonly objects: number;
  /** Written or deleted in the object's storage, the kept answer and each setting of the alarm included. */
  readonly rows: number;
}

/** `section`: its heading; the first, which has none, unless told. */
export function operationsOf(document: string, section = ""): Operations {
  const text = readFileSync(join(root, "tests", "flows", `${document}.md`), "utf8");
  const parts = text.split(/^## /m);
  const wanted = section === "" ? parts[0] : parts.find((part) => part.startsWith(`${section}\n`));
  if (wanted === undefined) throw new Error(`${document}.md has no section "${section}"`);
  // "  3 kv.get …" is an effect, "  3 = …" its answer.
  const count = (pattern: RegExp) => [...wanted.matchAll(pattern)].length;
  const effect = (name: string) => count(new RegExp(`^ *\\d+ ${name} `, "gm"));
  return {
    kvReads: effect("kv\\.get"),
    kvWrites: effect("kv\\.put") + effect("kv\\.delete"),
    d1: effect("sql"),
    objects: effect("authority"),
    rows: count(/^ {8}(put|delete|kept as) /gm) + count(/^ *\d+ storage\.commit (alarm at|no alarm)/gm),
  };
}

export function operationsText({ kvReads, kvWrites, d1, objects, rows }: Operations): string {
  const parts: [number, string][] = [
    [objects, "object"],
    [kvReads, "KV read"],
    [kvWrites, "KV write"],
    [d1, "D1"],
    [rows, "storage rows"],
  ];
  const said = parts.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`);
  return said.length === 0 ? "none" : said.join(", ");
}
