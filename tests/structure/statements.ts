/** The SQL in the core's sources: what each statement asks, and whether it names an organization. */
import { codeOf, contentOf, definitionsOf, piecesOf, withoutComments } from "./source.ts";

export interface Statement {
  /** Of the function that makes it. */
  readonly name: string;
  readonly sql: string;
  readonly tables: readonly string[];
}

export interface Statements {
  readonly statements: readonly Statement[];
  /** What may be SQL and is not written so that it can be judged: one text, directly behind `.sql =`. */
  readonly unread: readonly string[];
}

const LITERAL_OR_MACRO = /"((?:\\.|[^"\\])*)"|\b(POSTERN_\w+)\b/g;
const WRITTEN = /^(?:\s*(?:"(?:\\.|[^"\\])*"|\bPOSTERN_\w+\b))+\s*$/;
const BEGINS_STATEMENT = /^\s*(?:SELECT|INSERT|UPDATE \w+ SET|DELETE FROM|REPLACE INTO|WITH)\s/;

/** String literals one behind the other, and macros that stand for such; undefined where there is anything else. */
function joined(written: string, macros: Map<string, string>): string | undefined {
  if (!WRITTEN.test(written)) return undefined;
  const parts = [...written.matchAll(LITERAL_OR_MACRO)].map(
    ([, text, macro]) => text ?? macros.get(macro ?? ""),
  );
  return parts.includes(undefined) ? undefined : parts.join("");
}

export function statementsIn(text: string): Statements {
  const code = codeOf(text);
  const source = withoutComments(text);
  const definitions = definitionsOf(text);
  const macros = new Map<string, string>();
  for (const [, name = "", body = ""] of source.matchAll(/^#define (POSTERN_\w+)((?:.*\\\n)*.*)$/gm))
    macros.set(name, joined(body.replaceAll("\\\n", " "), macros) ?? "");
  const statements: Statement[] = [];
  const unread: string[] = [];
  const read: { from: number; to: number }[] = [];
  for (const { 0: member, index } of code.matchAll(/(?:\.|->)\s*sql\b\s*/g)) {
    const from = index + member.length;
    const to = from + code.slice(from).search(/[,;})]/);
    const sql = code[from] === "=" ? joined(source.slice(from + 1, to), macros) : undefined;
    const name = definitions.find((one) => one.from <= index && index < one.to)?.name;
    // In the braces of a statement: what is assigned to one could be added to.
    const isMember = /[{,]\s*$/.test(code.slice(0, index));
    if (sql === undefined || name === undefined || !isMember) {
      unread.push(source.slice(index, to).trim());
      continue;
    }
    const tables = [...sql.matchAll(/\b(?:FROM|INTO|(?<!DO )UPDATE(?: OR \w+)?|JOIN) (\w+)/g)];
    statements.push({ name, sql, tables: [...new Set(tables.map(([, table = ""]) => table))] });
    read.push({ from, to });
  }
  let at = 0;
  for (const { kind, text: piece } of piecesOf(text)) {
    const begins = kind === "string" && BEGINS_STATEMENT.test(contentOf(piece));
    if (begins && !read.some(({ from, to }) => from <= at && at < to)) unread.push(piece);
    at += piece.length;
  }
  return { statements, unread };
}

/** A condition of its own, of what is looked for outside of all parentheses; an OR there would undo it. */
const CONDITION = /\bWHERE (?:[\w.]+ [=<>]+ \?\d* AND |\w+ = '' AND )*org_id = \?/;

/** In the columns of what is written, and in a condition of each SELECT, UPDATE and DELETE. */
export function namesOrganization(sql: string): boolean {
  const insert = /^(?:INSERT|REPLACE)[\w ]*? INTO \w+ \(([^)]*)\)/.exec(sql);
  if (insert && !/\borg_id\b/.test(insert[1] ?? "")) return false;
  let rest = sql
    .slice(insert?.[0].length ?? 0)
    .replace(/'[^']*'/g, "''")
    .replace(/^UPDATE OR \w+/, "UPDATE");
  // Values as they are ask for no rows.
  if (insert && !/\bSELECT\b/.test(rest)) return true;
  const asked: string[] = [];
  const innermost = /\(([^()]*)\)/;
  for (let group = innermost.exec(rest); group; group = innermost.exec(rest)) {
    if (/\bSELECT\b.*\bFROM\b/.test(group[1] ?? "")) asked.push(group[1] ?? "");
    rest = rest.replace(innermost, "");
  }
  asked.push(rest);
  return asked
    .flatMap((part) => part.split(/ (?:UNION(?: ALL)?|EXCEPT|INTERSECT) /))
    .every((part) => CONDITION.test(part) && !/\bOR\b/.test(part));
}
