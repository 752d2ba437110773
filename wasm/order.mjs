/**
 * Puts the functions of a module that wasm-opt wrote in an order by likeness: gzip looks back 32 KiB only.
 *   node wasm/order.mjs MODULE     rewrites it; the same module and the same gzip give the same order
 * The binary is changed itself: through its text form, Binaryen adds blocks that cost 1,000 bytes.
 */

import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

const WINDOW = 32_768; // bytes, what deflate can refer back to
const TRIALS = 300; // at 30 ms
const LONGEST_RUN = 200;
const HEADER = 8; // bytes, magic and version
const TYPE = 1;
const FUNCTION = 3;
const TABLE = 4;
const MEMORY = 5;
const GLOBAL = 6;
const EXPORT = 7;
const ELEMENT = 9;
const CODE = 10;
const DATA = 11;
const DATA_COUNT = 12;
// None else: imports would shift the indices, and a section of names or a start function would have to follow them.
const KNOWN = new Set([TYPE, FUNCTION, TABLE, MEMORY, GLOBAL, EXPORT, ELEMENT, CODE, DATA, DATA_COUNT]);

function must(holds, what) {
  if (!holds) throw new Error(`order.mjs does not know ${what}`);
}

/** An unsigned LEB128. */
function leb(value) {
  const bytes = [];
  let rest = value;
  do {
    const low = rest & 127;
    rest >>>= 7;
    bytes.push(rest ? low | 128 : low);
  } while (rest);
  return bytes;
}

class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }
  byte() {
    must(this.at < this.bytes.length, "a module that ends early");
    return this.bytes[this.at++];
  }
  number() {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }
  /** Passes `count` LEB128s of any kind. */
  skip(count) {
    for (let left = count; left > 0; left--) while (this.byte() >= 128);
  }
  /** `i32.const` and its end, as offsets and globals begin. */
  constant() {
    must(this.byte() === 0x41, "a start value other than i32.const");
    this.skip(1);
    must(this.byte() === 0x0b, "a start value of several instructions");
  }
}

/** Passes an instruction; true if it was an opcode whose immediate, still to be read, is a function. */
function instruction(reader) {
  const op = reader.byte();
  if (op === 0x10 || op === 0xd2) return true; // call, ref.func
  if (op >= 0x02 && op <= 0x04)
    reader.skip(1); // block, loop, if
  else if (op === 0x0c || op === 0x0d)
    reader.skip(1); // br, br_if
  else if (op === 0x0e)
    reader.skip(reader.number() + 1); // br_table
  else if (op === 0x11)
    reader.skip(2); // call_indirect
  else if (op === 0x1c)
    reader.skip(reader.number()); // select with types
  else if (op >= 0x20 && op <= 0x26)
    reader.skip(1); // locals, globals, tables
  else if (op >= 0x28 && op <= 0x3e)
    reader.skip(2); // loads, stores
  else if (op >= 0x3f && op <= 0x42)
    reader.skip(1); // memory.size, memory.grow, i32.const, i64.const
  else if (op === 0x43)
    reader.at += 4; // f32.const
  else if (op === 0x44)
    reader.at += 8; // f64.const
  else if (op === 0xd0)
    reader.skip(1); // ref.null
  else if (op === 0xfc) {
    const more = reader.number();
    must(more <= 17, `the instruction 0xfc ${more}`);
    // Conversions have no immediate; memory.init and copy, table.init and copy have two, the others one.
    if (more > 7) reader.skip(more === 8 || more === 10 || more === 12 || more === 14 ? 2 : 1);
  } else {
    const plain = [0x00, 0x01, 0x05, 0x0b, 0x0f, 0x1a, 0x1b, 0xd1].includes(op) || (op >= 0x45 && op <= 0xc4);
    must(plain, `the instruction ${op}`);
  }
  return false;
}

/** A function's body cut at its references: `pieces[i]`, the function `callees[i]`, `pieces[i + 1]` and so on. */
function readFunction(reader) {
  const size = reader.number();
  const end = reader.at + size;
  const body = reader.bytes.subarray(reader.at, end);
  const [pieces, callees] = [[], []];
  let begin = reader.at;
  reader.skip(2 * reader.number()); // locals: counts and types
  while (reader.at < end) {
    if (!instruction(reader)) continue;
    pieces.push(reader.bytes.subarray(begin, reader.at));
    callees.push(reader.number());
    begin = reader.at;
  }
  must(reader.at === end, "a function that does not end where it says");
  pieces.push(reader.bytes.subarray(begin, end));
  return { body, pieces, callees };
}

function parse(bytes) {
  const sections = [];
  for (const reader = new Reader(bytes, HEADER); reader.at < bytes.length; ) {
    const id = reader.byte();
    must(KNOWN.has(id), `section ${id}`);
    const size = reader.number();
    sections.push({ id, bytes: bytes.subarray(reader.at, reader.at + size) });
    reader.at += size;
  }
  const list = (id, read) => {
    const reader = new Reader(sections.find((section) => section.id === id)?.bytes ?? Uint8Array.of(0));
    const all = Array.from({ length: reader.number() }, () => read(reader));
    must(reader.at === reader.bytes.length, `the end of section ${id}`);
    return all;
  };
  list(GLOBAL, (reader) => {
    reader.skip(2); // type, mutability
    reader.constant(); // refers to no function
  });
  return {
    header: bytes.subarray(0, HEADER),
    sections,
    types: list(FUNCTION, (reader) => reader.number()),
    functions: list(CODE, readFunction),
    exports: list(EXPORT, (reader) => {
      const begin = reader.at;
      const name = reader.number();
      reader.at += name;
      const kind = reader.byte();
      return { head: reader.bytes.subarray(begin, reader.at), kind, index: reader.number() };
    }),
    elements: list(ELEMENT, (reader) => {
      const begin = reader.at;
      must(reader.byte() === 0, "a passive or typed element segment");
      reader.constant();
      const head = reader.bytes.subarray(begin, reader.at);
      return { head, functions: Array.from({ length: reader.number() }, () => reader.number()) };
    }),
  };
}

/** The module with its functions so that the one at `i` is what `order[i]` was. */
function encode(module, order) {
  const place = new Map(order.map((old, at) => [old, at]));
  const moved = (index) => leb(place.get(index));
  const list = (all, one) => [leb(all.length), ...all.flatMap(one)];
  const rewritten = {
    [FUNCTION]: () => list(order, (old) => [leb(module.types[old])]),
    [EXPORT]: () =>
      list(module.exports, ({ head, kind, index }) => [head, kind === 0 ? moved(index) : leb(index)]),
    [ELEMENT]: () =>
      list(module.elements, ({ head, functions }) => [head, leb(functions.length), ...functions.map(moved)]),
    [CODE]: () =>
      list(order, (old) => {
        const { pieces, callees } = module.functions[old];
        const body = pieces.flatMap((piece, i) =>
          i < callees.length ? [piece, moved(callees[i])] : [piece],
        );
        return [leb(body.reduce((size, part) => size + part.length, 0)), ...body];
      }),
  };
  const sections = module.sections.flatMap(({ id, bytes }) => {
    const body = id in rewritten ? joined(rewritten[id]()) : bytes;
    return [[id], leb(body.length), body];
  });
  return joined([module.header, ...sections]);
}

function joined(parts) {
  const all = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** For each function, numbers of the different runs of `length` bytes that another one has too. */
function sharedRuns(functions, length) {
  const numbers = new Map();
  const owners = [];
  const all = functions.map(({ body }) => {
    const runs = new Set();
    for (let at = 0; at + length <= body.length; at++) {
      const key = body.subarray(at, at + length).join();
      if (!numbers.has(key)) numbers.set(key, owners.push(0) - 1);
      runs.add(numbers.get(key));
    }
    for (const run of runs) owners[run]++;
    return runs;
  });
  return { runs: all.map((set) => [...set].filter((run) => owners[run] > 1)), count: owners.length };
}

/**
 * Next is always the function that shares most with what is in the window. What is `half` bytes back counts half:
 * a reference that goes far takes more bits. By the root of the size: neither long functions nor short ones first.
 * Only operations that IEEE 754 rounds one way, so that every version of Node finds the same order.
 */
function byLikeness(functions, { runs, count }, half) {
  const seen = new Float64Array(count).fill(-WINDOW);
  const left = new Set(functions.keys());
  const order = [];
  let at = 0;
  while (left.size > 0) {
    let [next, most] = [-1, -1];
    for (const candidate of left) {
      let shared = 0;
      for (const run of runs[candidate]) {
        const back = at - seen[run];
        if (back < WINDOW) shared += 1 / (1 + back / half);
      }
      const likeness = shared / Math.sqrt(functions[candidate].body.length);
      if (likeness > most) [next, most] = [candidate, likeness];
    }
    left.delete(next);
    order.push(next);
    at += functions[next].body.length;
    for (const run of runs[next]) seen[run] = at;
  }
  return order;
}

const packed = (bytes) => {
  const { status, error, stdout } = spawnSync("gzip", ["-9c"], { input: bytes, maxBuffer: 1 << 24 });
  if (status !== 0) throw error ?? new Error("gzip failed");
  return stdout.length;
};

/** The orders to try: `module`'s functions by likeness, by nine weightings. Which is best is seen only by packing. */
function* likely(module) {
  for (const length of [4, 5, 6]) {
    const runs = sharedRuns(module.functions, length);
    for (const half of [WINDOW / 8, WINDOW / 2, Number.POSITIVE_INFINITY]) {
      yield byLikeness(module.functions, runs, half);
    }
  }
}

/** A run of functions goes elsewhere. The numbers need only be the same everywhere (Numerical Recipes' congruence). */
function moveRun(order, below) {
  const moved = [...order];
  const run = moved.splice(below(moved.length), 1 + below(LONGEST_RUN));
  moved.splice(below(moved.length + 1), 0, ...run);
  return moved;
}

const path = process.argv[2];
const given = readFileSync(path);
const module = parse(given);

// Where gzip's blocks happen to end is worth some hundred bytes.
let best = { bytes: given, size: packed(given), order: [...module.functions.keys()] };
function consider(order) {
  const bytes = encode(module, order);
  const size = packed(bytes);
  if (size < best.size) best = { bytes, size, order };
}
// The second time likeness is that of what the first one wrote: a moved function is called by another number.
for (let round = 0; round < 2; round++) {
  const before = best.order;
  for (const order of likely(parse(best.bytes))) consider(order.map((at) => before[at]));
}
let random = 1;
const below = (limit) => {
  random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((random / 2 ** 32) * limit);
};
for (let trial = 0; trial < TRIALS; trial++) consider(moveRun(best.order, below));

// Back in the old order, every byte must be as it was. A reference that is overlooked both ways only the flows' tests show.
const back = [];
for (const [at, old] of best.order.entries()) back[old] = at;
must(Buffer.compare(encode(parse(best.bytes), back), given) === 0, "what it just wrote");
must(WebAssembly.validate(best.bytes), "how to write a valid module");
writeFileSync(path, best.bytes);
