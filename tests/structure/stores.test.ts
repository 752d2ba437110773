/** Where an organization's data is: one file of the core says it of rows in D1, one of authorities. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { files, offences } from "./files.ts";
import { codeOf } from "./source.ts";

const core = files(/\.(cpp|h)$/, "core");
const shim = files(/\.ts$/, "worker-shim/src");
const CHOOSER = /^core\/flow\/store\/database\.(h|cpp)$/;

/** Rows that are found by a secret's hash alone, before anybody knows the organization. */
const SHARED_TABLES = ["connect_links", "oauth_states", "api_keys"];

/** Statements that name no organization, each with the reason; no other may leave it out. */
const WITHOUT_ORGANIZATION: Record<string, string> = {
  select_link_by_hash: "the browser holds the link and nothing else",
  consume_link: "the browser holds the link and nothing else",
  consume_state: "the browser brings state and cookie back, and the row says whose they are",
  select_state: "as consume_state, to tell a wrong browser from an old attempt",
  select_api_key_by_hash: "the key says whose it is, and that is compared with the row",
  select_api_keys: "the administrator may ask for the keys of all organizations",
  revoke_api_key: "the administrator names a key by its id",
  sweep_links: "what is old goes, whose it ever was",
  sweep_states: "what is old goes, whose it ever was",
  select_same_account: "an account may have granted the same client for connections of several organizations",
  sweep_events: "what is old goes, whose it ever was in this database",
  sweep_dead_letters: "what is old goes, whose it ever was in this database",
};

interface Statement {
  readonly name: string;
  readonly sql: string;
  readonly tables: string[];
}

const STRING = /"((?:\\.|[^"\\])*)"|\b(POSTERN_\w+)\b/g;

/** String literals one behind the other, and macros that stand for such. */
function joined(code: string, macros: Map<string, string>): string {
  return [...code.matchAll(STRING)].map(([, text, macro]) => text ?? macros.get(macro ?? "") ?? "").join("");
}

function statementsIn(text: string): Statement[] {
  const macros = new Map<string, string>();
  for (const [, name = "", body = ""] of text.matchAll(/^#define (POSTERN_\w+)((?:.*\\\n)*.*)$/gm))
    macros.set(name, joined(body, macros));
  return [...text.matchAll(/^SqlStatement (\w+)\([\s\S]*?^\}/gm)].map(([body, name = ""]) => {
    const written = /\.sql\s*=([\s\S]*?)\.parameters/.exec(body)?.[1] ?? "";
    const sql = joined(written, macros);
    const tables = [...sql.matchAll(/\b(?:FROM|INTO|UPDATE|JOIN) (\w+)/g)].map(([, table = ""]) => table);
    return { name, sql, tables: [...new Set(tables)] };
  });
}

/** In the columns of what is written, or a condition of its own in what is looked for. */
function namesOrganization(sql: string): boolean {
  const insert = /^INSERT [\w ]*?INTO \w+ \(([^)]*)\)/.exec(sql);
  if (insert) return /\borg_id\b/.test(insert[1] ?? "");
  return sql
    .split(" UNION ")
    .every((part) => /\bWHERE (?:[\w.]+ [=<>]+ \?\d* AND |\w+ = '\w+' AND )*org_id = \?/.test(part));
}

const statements = core
  .filter(({ path }) => /^core\/flow\/store\/\w+\.cpp$/.test(path))
  .flatMap(({ text }) => statementsIn(text));
const shared = statements.filter(({ tables }) => tables.some((table) => SHARED_TABLES.includes(table)));

test("no statement is written but in flow/store", () => {
  assert.ok(statements.length > 20);
  assert.ok(statements.every(({ sql, tables }) => sql !== "" && tables.length > 0));
  // `SELECT 1` asks no table.
  const elsewhere = core.filter(({ path }) => !/^core\/flow\/(store\/\w+|frame\/sql)\.cpp$/.test(path));
  assert.deepEqual(offences(elsewhere, /\.sql\s*=/), []);
});

test("one file says which database a statement goes to", () => {
  const elsewhere = core.filter(({ path }) => !CHOOSER.test(path) && !path.startsWith("core/effect/"));
  assert.deepEqual(offences(elsewhere, /\bSql\b(?!::)/), []);
  assert.deepEqual(
    offences(elsewhere, /"DB"/, (text) => text),
    [],
  );
  // The shim has what the core names.
  assert.deepEqual(offences(shim, /\.DB\b/), []);
});

test("every statement on an organization's rows names it, but for those that cannot", () => {
  const owned = new Set(
    files(/\.sql$/, "worker-shim/migrations").flatMap(({ text }) =>
      [...text.matchAll(/CREATE TABLE (\w+) \(([\s\S]*?)^\);/gm)]
        .filter(([, , columns = ""]) => /^ *org_id /m.test(columns))
        .map(([, name = ""]) => name),
    ),
  );
  for (const table of SHARED_TABLES) assert.ok(owned.has(table), table);
  const without = statements
    .filter(({ sql, tables }) => tables.some((table) => owned.has(table)) && !namesOrganization(sql))
    .map(({ name }) => name);
  assert.deepEqual(without.sort(), Object.keys(WITHOUT_ORGANIZATION).sort());
});

test("one file says where an organization's authorities live", () => {
  const elsewhere = core.filter(
    ({ path }) => !/^core\/flow\/store\/place\.(h|cpp)$/.test(path) && !path.startsWith("core/effect/"),
  );
  assert.deepEqual(offences(elsewhere, /\bAuthority\b(?!::)|\bauthority_place\(/), []);
  assert.deepEqual(
    offences(elsewhere, /"CONNECTION"/, (text) => text),
    [],
  );
  // The shim goes where the core says; an object of its own it has in `this.ctx`.
  const finding = shim.filter(({ path }) => path !== "worker-shim/src/env.ts");
  assert.deepEqual(offences(shim, /\.CONNECTION\b/), []);
  assert.deepEqual(
    offences(finding, /\b(?:idFromName|getByName|newUniqueId|idFromString|jurisdiction)\(/),
    [],
  );
});

/** What stands between the parentheses of each call. */
function argumentsOf(code: string, name: string): string[] {
  return [...code.matchAll(new RegExp(String.raw`\b${name}\(`, "g"))].map(({ 0: call, index }) => {
    let depth = 1;
    let at = index + call.length;
    for (; depth > 0 && at < code.length; at += 1)
      depth += Number(code[at] === "(") - Number(code[at] === ")");
    return code.slice(index + call.length, at - 1);
  });
}

test("a statement goes to the database that its table is in", () => {
  const isShared = new Set(shared.map(({ name }) => name));
  const wrong: string[] = [];
  let asked = 0;
  for (const { path, text } of core) {
    if (path.startsWith("core/flow/store/")) continue;
    const code = codeOf(text);
    const all = [...code.matchAll(/\b(\w+)\(/g)].map(([, name = ""]) => name);
    const inShared = argumentsOf(code, "in_shared_database");
    asked += inShared.length;
    const there = inShared.flatMap((list) => [...list.matchAll(/\b(\w+)\(/g)].map(([, name = ""]) => name));
    // What comes in a variable could be of any table.
    for (const list of inShared) if (!list.trim().startsWith("{")) wrong.push(`${path}: ${list}`);
    for (const { name } of statements) {
      const used = all.filter((one) => one === name).length;
      const usedThere = there.filter((one) => one === name).length;
      if (isShared.has(name) ? used !== usedThere : usedThere > 0) wrong.push(`${path}: ${name}`);
    }
  }
  assert.ok(asked > 5);
  assert.deepEqual(wrong, []);
});
