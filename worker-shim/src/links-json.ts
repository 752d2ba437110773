/** The members of JSON text, in place: nothing is parsed into values, so nothing but what is replaced can change. */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
const BYTE_ORDER_MARK = 0xfeff;

/** What may come next. */
const VALUE = 0;
const VALUE_OR_END = 1;
const NAME = 2;
const NAME_OR_END = 3;
const COLON = 4;
const COMMA_OR_END = 5;

/** A string as it stands in the text, without its quotes. */
export interface Token {
  readonly start: number;
  readonly end: number;
  readonly escaped: boolean;
}

/**
 * Tells each member whose value is a string that `begins` lets through, until `take` answers false or the text stops
 * making sense. Lenient where clients are, and where it cannot get out of step: control characters within strings,
 * words for numbers (`NaN`), a byte order mark, one document behind the other.
 */
export function eachStringMember(
  text: string,
  begins: (code: number) => boolean,
  take: (name: Token, value: Token) => boolean,
): void {
  const { length } = text;
  const nesting = new Nesting();
  let name: Token | undefined;
  let next = VALUE;
  let at = text.charCodeAt(0) === BYTE_ORDER_MARK ? 1 : 0;
  for (; at < length; at += 1) {
    switch (text.charCodeAt(at)) {
      case 0x09:
      case 0x0a:
      case 0x0d:
      case 0x20:
        break;
      case QUOTE: {
        const start = at + 1;
        let escaped = false;
        for (at = start; at < length; at += 1) {
          const code = text.charCodeAt(at);
          if (code === QUOTE) break;
          if (code !== BACKSLASH) continue;
          escaped = true;
          at += 1;
        }
        if (at >= length) return;
        if (next === NAME || next === NAME_OR_END) {
          name = { start, end: at, escaped };
          next = COLON;
          break;
        }
        if (next > VALUE_OR_END) return;
        if (name && begins(text.charCodeAt(start)) && !take(name, { start, end: at, escaped })) return;
        name = undefined;
        next = nesting.depth === 0 ? VALUE : COMMA_OR_END;
        break;
      }
      case 0x3a: // :
        if (next !== COLON) return;
        next = VALUE;
        break;
      case 0x2c: // ,
        if (next !== COMMA_OR_END) return;
        next = nesting.inObject() ? NAME : VALUE;
        break;
      case OPENING_BRACE:
      case 0x5b: // [
        if (next > VALUE_OR_END) return;
        name = undefined;
        next = text.charCodeAt(at) === OPENING_BRACE ? NAME_OR_END : VALUE_OR_END;
        nesting.push(next === NAME_OR_END);
        break;
      // And ].
      case CLOSING_BRACE:
      case 0x5d: {
        const object = text.charCodeAt(at) === CLOSING_BRACE;
        if (nesting.depth === 0 || nesting.inObject() !== object) return;
        if (next !== COMMA_OR_END && next !== (object ? NAME_OR_END : VALUE_OR_END)) return;
        nesting.pop();
        next = nesting.depth === 0 ? VALUE : COMMA_OR_END;
        break;
      }
      default:
        if (next > VALUE_OR_END || !isWord(text.charCodeAt(at))) return;
        while (at + 1 < length && isWord(text.charCodeAt(at + 1))) at += 1;
        name = undefined;
        next = nesting.depth === 0 ? VALUE : COMMA_OR_END;
    }
  }
}

/** Numbers, `true`, `false`, `null`, and what some writers make of numbers that are none. */
function isWord(code: number): boolean {
  return (
    (code >= 0x30 && code <= 0x39) ||
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x41 && code <= 0x5a) ||
    code === 0x2d ||
    code === 0x2b ||
    code === 0x2e
  );
}

/** Which of the open brackets are objects: a bit each, for text that is brackets alone. */
class Nesting {
  depth = 0;
  #bits = new Uint32Array(8);

  push(object: boolean): void {
    const word = this.depth >>> 5;
    if (word === this.#bits.length) {
      const grown = new Uint32Array(word * 2);
      grown.set(this.#bits);
      this.#bits = grown;
    }
    const bit = 1 << (this.depth & 31);
    const others = (this.#bits[word] ?? 0) & ~bit;
    this.#bits[word] = object ? others | bit : others;
    this.depth += 1;
  }

  pop(): void {
    this.depth -= 1;
  }

  inObject(): boolean {
    const at = this.depth - 1;
    return at >= 0 && (((this.#bits[at >>> 5] ?? 0) >>> (at & 31)) & 1) === 1;
  }
}

/** What the token says; undefined where its escapes are none. */
export function decodeToken(text: string, { start, end, escaped }: Token): string | undefined {
  const raw = text.slice(start, end);
  if (!escaped) return raw;
  try {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what JSON.parse refuses and lenient clients read
    const strict = raw.replace(/[\0-\x1f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
    return JSON.parse(`"${strict}"`) as string;
  } catch {
    return undefined;
  }
}
