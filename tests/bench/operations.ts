/**
 * Billable operations, counted in the golden traces of tests/flows: each is what the flow does, byte for byte, natively
 * and through wasm.
 */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/local-postern.ts";

export interface Operations {
  readonly kvReads: number;
  readonly kvWrites: number;
  /** Batches, and the statements in them. */
  readonly d1: number;
  readonly statements: number;
  readonly objects: number;
  /** Of the object's storage: written, the kept answer included, or taken away where they were there. */
  readonly rows: number;
  readonly alarms: number;
}

/** `document`: "token/token-refresh". `section`: its heading; the first, which has none, unless told. */
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
    statements: effect("sql") + count(/^ {8}(SELECT|INSERT|UPDATE|DELETE) /gm),
    objects: effect("authority"),
    rows: rowsOf(wanted),
    alarms: count(/^ *\d+ storage\.commit (alarm at|no alarm)/gm),
  };
}

export interface Subrequests {
  readonly operation: string;
  readonly count: number;
}

/**
 * Of all runs of a flow that any trace tells of, the one with the most subrequests: requests to providers and webhooks, to KV and to
 * objects, and each statement for D1, however many go in one batch.
 */
export function mostSubrequests(): Subrequests {
  let most: Subrequests = { operation: "", count: -1 };
  for (const file of globSync("tests/flows/**/*.md", { cwd: root })) {
    const text = readFileSync(join(root, file), "utf8");
    for (const [, run = ""] of text.matchAll(/^```\n([\s\S]*?)^```$/gm)) {
      const asked = run.match(/^ *\d+ (fetch|kv\.get|kv\.put|kv\.delete|sql|authority) /gm) ?? [];
      const more = run.match(/^ {8}(SELECT|INSERT|UPDATE|DELETE) /gm) ?? [];
      const count = asked.length + more.length;
      if (count > most.count) most = { operation: run.split(" ")[0] ?? "", count };
    }
  }
  return most;
}

/** What is not there costs nothing to take away. */
function rowsOf(section: string): number {
  const there = new Set<string>();
  let rows = 0;
  for (const [, deed, key = ""] of section.matchAll(/^ {8}(put|delete|kept as) ([\w:-]*\w)/gm)) {
    if (deed !== "delete") there.add(key);
    else if (!there.delete(key)) continue;
    rows += 1;
  }
  return rows;
}

export function operationsText({
  kvReads,
  kvWrites,
  d1,
  statements,
  objects,
  rows,
  alarms,
}: Operations): string {
  const parts: [number, string][] = [
    [objects, "object"],
    [kvReads, "KV read"],
    [kvWrites, "KV write"],
    [d1, `D1 of ${statements}`],
    [rows, "rows"],
    [alarms, "alarms"],
  ];
  const said = parts.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`);
  return said.length === 0 ? "none" : said.join(", ");
}
