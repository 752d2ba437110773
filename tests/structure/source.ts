/** C++ and TypeScript, told apart into code, strings and comments; and what C++ defines. */

export interface Piece {
  readonly kind: "code" | "string" | "comment";
  readonly text: string;
}

const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/y;
/** C++'s raw ones too. Who forgot to close one has it end with its line. */
const LITERAL =
  /(?:u8|[uUL])?R"([^\s()\\]{0,16})\([\s\S]*?\)\1"|"(?:\\[\s\S]|[^"\\\n])*"?|'(?:\\[\s\S]|[^'\\\n])*'?/y;
/** Up to what stands in `${}`, and from there on. */
const TEMPLATE = /[`}](?:\\[\s\S]|\$(?!\{)|[^`\\$])*(?:`|\$\{|$)/y;
const REGEX = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/\w*/y;
/** C++ writes 1'000'000. */
const TOKEN = /[A-Za-z_$][\w$]*|\d(?:'?[\w.])*|\s+/y;

/** What stands behind a value divides; elsewhere a slash begins a regular expression. */
const ENDS_VALUE = /[\w$)\]}"]$/;
const BEFORE_VALUE = /^(?:return|typeof|case|in|of|delete|void|throw|new|else|do|await|yield)$/;

export function piecesOf(text: string): Piece[] {
  const pieces: { kind: Piece["kind"]; text: string }[] = [];
  /** How many braces are open in each `${` that is. */
  const open: number[] = [];
  let at = 0;
  let before = "";
  const taken = (pattern: RegExp) => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
  const push = (kind: Piece["kind"], piece: string) => {
    const last = pieces.at(-1);
    if (kind === "code" && last?.kind === kind) last.text += piece;
    else pieces.push({ kind, text: piece });
    at += piece.length;
  };
  while (at < text.length) {
    const comment = taken(COMMENT);
    if (comment !== undefined) {
      push("comment", comment);
      continue;
    }
    const goesOn = text[at] === "}" && open.at(-1) === 0;
    const template = text[at] === "`" || goesOn ? taken(TEMPLATE) : undefined;
    if (template !== undefined) {
      if (goesOn) open.pop();
      if (template.endsWith("${")) open.push(0);
      before = template.endsWith("${") ? "" : '"';
      push("string", template);
      continue;
    }
    const divides = ENDS_VALUE.test(before) && !BEFORE_VALUE.test(before);
    const literal = taken(LITERAL) ?? (divides ? undefined : taken(REGEX));
    if (literal !== undefined) {
      before = '"';
      push("string", literal);
      continue;
    }
    const token = taken(TOKEN) ?? text.charAt(at);
    const inner = open.length - 1;
    if (inner >= 0) open[inner] = (open[inner] ?? 0) + Number(token === "{") - Number(token === "}");
    if (token.trim() !== "") before = token;
    push("code", token);
  }
  return pieces;
}

/** What stands between the quotes. */
export function contentOf(literal: string): string {
  const raw = /^\w*R"([^(]*)\(([\s\S]*)\)\1"$/.exec(literal);
  return raw ? (raw[2] ?? "") : literal.replace(/^["'`}/]/, "").replace(/(?:["'`]|\$\{|\/\w*)$/, "");
}

const blank = (text: string) => text.replace(/[^\n]/g, " ");

/** Without comments, and without the content of strings but for those that are kept; all stays at its place. */
export function codeOf(text: string, keep: (content: string) => boolean = () => false): string {
  return piecesOf(text)
    .map(({ kind, text: piece }) => {
      if (kind === "comment") return blank(piece);
      if (kind === "code" || keep(contentOf(piece))) return piece;
      return piece.length < 2 ? '"' : `"${blank(piece.slice(1, -1))}"`;
    })
    .join("");
}

export const withoutComments = (text: string): string => codeOf(text, () => true);

const CLOSING: Record<string, string> = { "(": ")", "{": "}", "[": "]" };

/** Behind the bracket that closes the one at this place, in code. */
function behindBracket(code: string, from: number): number {
  const opening = code.charAt(from);
  const closing = CLOSING[opening];
  let depth = 0;
  for (let at = from; at < code.length; at += 1) {
    depth += Number(code[at] === opening) - Number(code[at] === closing);
    if (depth === 0) return at + 1;
  }
  return code.length;
}

/** The arguments of each call, in code. */
export function argumentsOf(code: string, name: string): string[][] {
  return [...code.matchAll(new RegExp(String.raw`\b${name}\s*\(`, "g"))].map(({ 0: call, index }) => {
    const from = index + call.length;
    const to = behindBracket(code, from - 1) - 1;
    const list: string[] = [];
    let begin = from;
    for (let at = from; at < to; at += 1) {
      if (code.charAt(at) in CLOSING) at = behindBracket(code, at) - 1;
      else if (code[at] === ",") {
        list.push(code.slice(begin, at).trim());
        begin = at + 1;
      }
    }
    const last = code.slice(begin, to).trim();
    return last === "" ? list : [...list, last];
  });
}

export interface Definition {
  readonly name: string;
  /** Its code, and where that is. */
  readonly code: string;
  readonly from: number;
  readonly to: number;
}

/** `Environment::get`, `ReplyBody<bool>`, `kApis`. */
function nameIn(head: string): string {
  const type = /\b(?:struct|class|union|enum(?: class)?) (\w+(?:<.*>)?)[^(]*$/.exec(head);
  const variable = /(\w+)(?:\[\w*\])? =/.exec(head);
  const called = /([\w~]+(?:::[\w~]+)*) ?\(/.exec(head);
  const isVariable = variable && (!called || variable.index < called.index);
  return (isVariable ? variable[1] : (called?.[1] ?? type?.[1])) ?? /(\w+)\W*$/.exec(head)?.[1] ?? "";
}

/** What C++ defines at the level of namespaces: functions, types with all that is in them, variables. */
export function definitionsOf(text: string): Definition[] {
  const code = codeOf(text).replace(/^[ \t]*#(?:.*\\\n)*.*$/gm, blank);
  const found: { name: string; from: number; to: number }[] = [];
  let begin = 0;
  for (let at = 0; at < code.length; at += 1) {
    const c = code.charAt(at);
    if (c === ";" || c === "}") begin = at + 1;
    else if (c === "(" || c === "[") at = behindBracket(code, at) - 1;
    else if (c === "{") {
      const head = code.slice(begin, at).replace(/\s+/g, " ");
      if (/\bnamespace\b[\w: ]*$|\bextern "\s*" $/.test(head)) {
        begin = at + 1;
        continue;
      }
      const to = behindBracket(code, at);
      const last = found.at(-1);
      // Behind members that a constructor makes.
      if (/^ ?(?:,|$)/.test(head) && last) last.to = to;
      else found.push({ name: nameIn(head.trim()), from: begin, to });
      at = to - 1;
      begin = to;
    }
  }
  return found.map((one) => ({ ...one, code: code.slice(one.from, one.to) }));
}
