/** Where an organization's data is: one file of the core says it of rows in D1, one of authorities. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { files, offences, type SourceFile } from "./files.ts";
import { argumentsOf, codeOf } from "./source.ts";
import { namesOrganization, type Statement, statementsIn } from "./statements.ts";

const core = files(/\.(cpp|h)$/, "core");
const shim = files(/\.ts$/, "worker-shim/src");
const CHOOSER = /^core\/flow\/store\/database\.(h|cpp)$/;

/** Rows that are found by a secret's hash alone, before anybody knows the organization. */
const SHARED_TABLES = ["connect_links", "oauth_states", "api_keys"];

/** Statements that name no organization, each with the reason; no other may leave it out. */
const WITHOUT_ORGANIZATION: Record<string, string> = {
  select_link_by_hash: "the browser holds the link and nothing else",
  consume_link: "the browser holds the link and nothing else",
  insert_state_for_link: "it asks for the browser's link, as consume_link",
  consume_state: "the browser brings state and cookie back, and the row says whose they are",
  select_state: "as consume_state, to tell a wrong browser from an old attempt",
  select_link_of_browser: "the browser brings the attempt's cookie back, and the row says whose it is",
  select_api_key_by_hash: "the key says whose it is, and that is compared with the row",
  select_api_keys: "the administrator may ask for the keys of all organizations",
  revoke_api_key: "the administrator names a key by its id",
  sweep_links: "what is old goes, whose it ever was",
  sweep_states: "what is old goes, whose it ever was",
  select_same_account: "an account may have granted the same client for connections of several organizations",
  sweep_events: "what is old goes, whose it ever was in this database",
  sweep_dead_letters: "what is old goes, whose it ever was in this database",
};

/** The functions whose statements name no organization, one for each such statement. */
const withoutOrganization = (statements: readonly Statement[]) =>
  statements
    .filter(({ sql, tables }) => tables.some((table) => owned.has(table)) && !namesOrganization(sql))
    .map(({ name }) => name);

/** Where a binding is named: in code, or as a whole text. */
const naming = (sources: SourceFile[], binding: string) =>
  offences(sources, new RegExp(String.raw`(?<!\bBindings\["?)\b${binding}\b`), (text) =>
    codeOf(text, (content) => content === binding),
  );

const migrations = files(/\.sql$/, "worker-shim/migrations").map(({ text }) => text);
const created = migrations.flatMap((text) => [...text.matchAll(/CREATE TABLE (\w+) \(([\s\S]*?)^\);/gm)]);
const owned = new Set(
  created.filter(([, , columns = ""]) => /^ *org_id /m.test(columns)).map(([, name = ""]) => name),
);

const IN_STORE = /^core\/flow\/store\/\w+\.cpp$/;
const ASKS_NO_TABLE = "core/flow/frame/sql.cpp";
const stored = core.filter(({ path }) => IN_STORE.test(path)).map(({ text }) => statementsIn(text));
const statements = stored.flatMap((one) => one.statements);
const isOfShared = ({ tables }: Statement) => SHARED_TABLES.includes(tables[0] ?? "");
const shared = statements.filter(isOfShared);

test("every table that a migration makes is known", () => {
  assert.equal(created.length, migrations.join("").match(/\bCREATE TABLE\b/gi)?.length);
  assert.ok(owned.size > 5);
  for (const table of SHARED_TABLES) assert.ok(owned.has(table), table);
});

test("no statement is written but in flow/store, each as a text that can be judged", () => {
  assert.ok(statements.length > 20);
  assert.ok(statements.every(({ sql, tables }) => sql !== "" && tables.length > 0));
  const unread = stored.flatMap((one) => one.unread);
  assert.deepEqual(unread, []);
  const elsewhere = core.filter(({ path }) => !IN_STORE.test(path) && !path.startsWith("core/effect/"));
  for (const { path, text } of elsewhere) {
    const found = statementsIn(text);
    assert.deepEqual(found.unread, [], path);
    const asking = found.statements.filter(({ tables }) => path !== ASKS_NO_TABLE || tables.length > 0);
    assert.deepEqual(asking, [], path);
  }
});

test("a function's statements are all of shared tables, or none", () => {
  for (const { name, tables } of statements) {
    const all = statements.filter((one) => one.name === name);
    assert.ok(
      all.every((one) => isOfShared(one) === SHARED_TABLES.includes(tables[0] ?? "")),
      name,
    );
    assert.ok(
      tables.every((table) => SHARED_TABLES.includes(table) === SHARED_TABLES.includes(tables[0] ?? "")),
      name,
    );
  }
});

test("one file says which database a statement goes to", () => {
  const elsewhere = core.filter(({ path }) => !CHOOSER.test(path) && !path.startsWith("core/effect/"));
  assert.deepEqual(offences(elsewhere, /\bSql\b(?!::)|(?:\.|->)database\b/), []);
  assert.deepEqual(naming(elsewhere, "DB"), []);
  // The shim has what the core names, and asks in one place.
  assert.deepEqual(naming(shim, "DB"), []);
  const notAsking = shim.filter(({ path }) => !/\/(?:interpreter|env)\.ts$/.test(path));
  assert.deepEqual(offences(notAsking, /\.prepare\b|\bdatabaseNamed\b/), []);
});

test("a binding is seen however it is reached", () => {
  const reaching = [
    "env.DB.prepare(text);",
    "const { DB } = env;\nDB.prepare(text);",
    "const { KV, DB: database } = env;",
    'env["DB"].prepare(text);',
    "env['DB'];",
    "env[`DB`];",
    "env?.DB;",
    'Reflect.get(env, "DB");',
    'app.use("/assets/*", secure);\nawait env.DB.batch([]);\napp.use("*/", secure);',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of a source
    "const rows = `of ${await env.DB.batch(all)}`;",
  ];
  for (const text of reaching) assert.notDeepEqual(naming([{ path: "x.ts", text }], "DB"), [], text);
  const passing = [
    "// The DB is bound.",
    'log("the DB is away");',
    "const IDB = env.DBS;",
    'type Bound = Bindings["DB"];',
  ];
  for (const text of passing) assert.deepEqual(naming([{ path: "x.ts", text }], "DB"), [], text);
});

test("every statement on an organization's rows names it, but for those that cannot", () => {
  assert.deepEqual(withoutOrganization(statements).sort(), Object.keys(WITHOUT_ORGANIZATION).sort());
});

/** What is wrong with the statements of a source in flow/store, in which none may go without an organization. */
function faultsIn(text: string): string[] {
  const { statements, unread } = statementsIn(text);
  return [...unread, ...withoutOrganization(statements)];
}

const PARAMETERS = ".parameters = bind({text(org)})";
const returning = (sql: string) =>
  `SqlStatement find(std::string_view org) {\n  return {.sql = ${sql}, ${PARAMETERS}};\n}\n`;

test("a statement without an organization is seen wherever a function has it", () => {
  const careless = [
    returning('"DELETE FROM events WHERE user_id = ?"'),
    returning('"DELETE FROM events"'),
    `std::vector<SqlStatement> end(std::string_view org) {
      return {{.sql = "DELETE FROM events WHERE org_id = ?", ${PARAMETERS}},
              {.sql = "DELETE FROM dead_letters WHERE user_id = ?", ${PARAMETERS}}};
    }`,
    `SqlStatement find(std::string_view org) {
      if (org.empty()) {
        return {.sql = "SELECT seq FROM events WHERE org_id = ?", ${PARAMETERS}};
      }
      return {.sql = "SELECT seq FROM events WHERE seq > ?", ${PARAMETERS}};
    }`,
    `SqlStatement Log::find() const { return {.sql = "SELECT seq FROM events", .parameters = {}}; }`,
    `auto find() -> SqlStatement { return SqlStatement{.sql = "SELECT seq FROM events", .parameters = {}}; }`,
    returning('"SELECT seq FROM events WHERE org_id = ? OR user_id = ?"'),
    returning('"SELECT seq FROM events WHERE org_id = ? AND type = ? OR user_id = ?"'),
    returning('"SELECT seq FROM events WHERE (org_id = ? OR user_id = ?)"'),
    returning('"SELECT seq FROM events WHERE NOT org_id = ?"'),
    returning("\"SELECT seq FROM events WHERE type = 'x WHERE org_id = ?'\""),
    returning('"SELECT seq FROM events WHERE EXISTS (SELECT 1 FROM dead_letters WHERE org_id = ?)"'),
    returning('"SELECT seq FROM events WHERE org_id = ? AND id IN (SELECT event_id FROM dead_letters)"'),
    returning('"SELECT id FROM events WHERE org_id = ? UNION ALL SELECT event_id FROM dead_letters"'),
    returning('"INSERT INTO events (id, user_id) VALUES (?, ?)"'),
    returning('"INSERT INTO events (id, org_id) SELECT event_id, org_id FROM dead_letters"'),
    returning('"UPDATE OR IGNORE events SET org_id = ? WHERE id = ?"'),
    // What cannot be judged.
    returning('base + " WHERE seq > ?"'),
    returning("kFind"),
    returning('POSTERN_UNKNOWN " WHERE org_id = ?"'),
    `SqlStatement find() { SqlStatement one;\n one.sql = "SELECT seq FROM events WHERE org_id = ?";\n return one; }`,
    `void widen(SqlStatement& one) { one.sql += " OR 1"; }`,
    `void widen(SqlStatement* one) { one->sql.append(" OR 1"); }`,
    `SqlStatement find() { return {"SELECT seq FROM events", bind({})}; }`,
    `SqlStatement find() { return {std::string("DELETE FROM events WHERE seq > ?"), bind({})}; }`,
    `constexpr std::string_view kFind = "SELECT seq FROM events";`,
  ];
  for (const text of careless) assert.notDeepEqual(faultsIn(text), [], text);
  const careful = [
    returning('"DELETE FROM events WHERE org_id = ? AND (type = ? OR type = ?)"'),
    returning("\"SELECT seq FROM events WHERE type = 'a OR b' AND org_id = ?1\""),
    returning('"INSERT OR REPLACE INTO events (id, org_id) VALUES (?, ?)"'),
    returning('"SELECT seq "\n  // not all\n  "FROM events WHERE org_id = ?"'),
    `#define POSTERN_COLUMNS \\\n  "id, " \\\n  "type"\n${returning('"SELECT " POSTERN_COLUMNS " FROM events WHERE org_id = ?"')}`,
    returning(
      '"SELECT id FROM events WHERE org_id = ?1 AND id IN (SELECT event_id FROM dead_letters WHERE org_id = ?1)"',
    ),
    'constexpr Operation kOne{.http = "DELETE /connections/:id"};',
  ];
  for (const text of careful) assert.deepEqual(faultsIn(text), [], text);
});

test("one file says where an organization's authorities live", () => {
  const elsewhere = core.filter(
    ({ path }) => !/^core\/flow\/store\/place\.(h|cpp)$/.test(path) && !path.startsWith("core/effect/"),
  );
  assert.deepEqual(offences(elsewhere, /\bAuthority\b(?!::)|\bauthority_place\(/), []);
  assert.deepEqual(naming(elsewhere, "CONNECTION"), []);
  // The shim goes where the core says; an object of its own it has in `this.ctx`.
  const finding = shim.filter(({ path }) => path !== "worker-shim/src/env.ts");
  assert.deepEqual(naming(shim, "CONNECTION"), []);
  assert.deepEqual(
    offences(finding, /\b(?:idFromName|getByName|newUniqueId|idFromString|jurisdiction)\(/),
    [],
  );
});

/** A name of an organization: `org`, `id.org`, `state->id.org`. */
const ORGANIZATION = /^(?:\w+(?:\.|->))*org$/;

/** Statements that a source sends to another database than their table is in, or to nobody's. */
function astray(text: string): string[] {
  const code = codeOf(text);
  const wrong: string[] = [];
  for (const [org = ""] of argumentsOf(code, "in_database_of"))
    if (!ORGANIZATION.test(org)) wrong.push(`in_database_of(${org})`);
  const inShared = argumentsOf(code, "in_shared_database").map((list) => list.join(", "));
  // What comes in a variable could be of any table.
  for (const list of inShared) if (!list.startsWith("{")) wrong.push(`in_shared_database(${list})`);
  for (const name of new Set(statements.map((one) => one.name))) {
    const called = new RegExp(String.raw`\b${name}\b`, "g");
    const used = code.match(called)?.length ?? 0;
    const usedThere = inShared.join("\n").match(called)?.length ?? 0;
    if (shared.some((one) => one.name === name) ? used !== usedThere : usedThere > 0) wrong.push(name);
    for (const [first = ""] of argumentsOf(code, name))
      if (/^(?:"|\{\}|std::string(?:_view)?\b)/.test(first)) wrong.push(`${name}(${first})`);
  }
  return wrong;
}

test("a statement goes to the database that its table is in", () => {
  const asking = core.filter(({ path }) => !path.startsWith("core/flow/store/"));
  const asked = asking.flatMap(({ text }) => argumentsOf(codeOf(text), "in_(?:shared_database|database_of)"));
  assert.ok(asked.length > 15);
  assert.deepEqual(
    asking.flatMap(({ path, text }) => astray(text).map((wrong) => `${path}: ${wrong}`)),
    [],
  );
});

test("a statement that goes astray is seen", () => {
  const careless = [
    "perform(in_database_of({}, {select_connection(id)}));",
    'perform(in_database_of("", {select_connection(id)}));',
    'perform(in_database_of("acme", {select_connection(id)}));',
    "perform(in_database_of(std::string(), {select_connection(id)}));",
    "perform(in_database_of(std::string_view{}, {select_connection(id)}));",
    "perform(in_database_of(row.id.user, {select_connection(id)}));",
    "perform(in_database_of(id.org, {insert_link(row)}));",
    "auto all = std::vector{insert_link(row)};",
    "perform(in_shared_database({select_connection(id)}));",
    "perform(in_shared_database(std::move(all)));",
    "perform(in_database_of(id.org, {select_last_event({})}));",
    'perform(in_database_of(id.org, {delete_dead_letters("", event)}));',
  ];
  for (const text of careless) assert.notDeepEqual(astray(text), [], text);
  const careful = [
    "perform(in_database_of(state->id.org, {select_connection(id)}));",
    "perform(in_database_of(context->caller.org,\n  {select_connections({.org = org, .limit = f(1, 2)})}));",
    "perform(in_shared_database({insert_link(row), sweep_links(now)}));",
    "perform(in_shared_database({select_one()})); // not select_connection",
  ];
  for (const text of careful) assert.deepEqual(astray(text), [], text);
});
