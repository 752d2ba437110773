/**
 * Carries out effects. One switch, and no decision: what to ask, in which order and what it means is
 * the core's. An answer is bytes at once, or a promise of them; a promise never rejects.
 */
import { fault, fields, ok, optional, type PendingEffect } from "./effects.ts";
import { databaseNamed } from "./env.ts";
import { FieldReader, type FieldValue, FieldWriter, pairFields } from "./fields.ts";
import { log } from "./log.ts";
import type { IsolateMemory } from "./memory.ts";
import { isSafe } from "./proxy-call.ts";
import type { KeyRing } from "./sealing.ts";
import { verifySignature } from "./signatures.ts";
import { isKeyContext, signingKeysOf } from "./signing-keys.ts";

/** A connection object's storage; a Worker in front has none. */
export interface ObjectStorage {
  read(key: string): Uint8Array | undefined;
  /** All of it or nothing. `alarmAt`: undefined leaves the alarm, 0 takes it away. */
  commit(puts: [string, Uint8Array][], deletes: string[], alarmAt: number | undefined): void;
}

export interface Hands {
  kv: KVNamespace;
  /** Where a database is found by its name. */
  bindings: object;
  ring: KeyRing | undefined;
  memory: IsolateMemory;
  storage?: ObjectStorage;
  logLevel: string | undefined;
}

type Answer = Uint8Array | Promise<Uint8Array>;

const encoder = new TextEncoder();

/** Answered here and now, but for `authority`, with which a flow ends: nobody waits in an instance for it. */
const AT_ONCE = new Set(["memory.get", "memory.put", "log", "storage.read", "storage.commit", "authority"]);

/** What a flow does until these are answered: it calls out, or waits for our own stores and keys. */
export function waitFor(effects: readonly PendingEffect[]): "nothing" | "waiting" | "calling" {
  if (effects.some((effect) => effect.name === "fetch" || effect.name === "delay")) return "calling";
  return effects.every((effect) => AT_ONCE.has(effect.name)) ? "nothing" : "waiting";
}

const REPEATABLE = new Set(["memory.get", "memory.put", "log", "kv.get", "open", "verify_signature", "sign"]);

/** Whether it may be carried out again for a flow that begins again. */
export const isRepeatable = (effect: PendingEffect) => REPEATABLE.has(effect.name);

/** A request that may change something where it goes. In front it is a call of an API: whatever else is posted, an authority posts. */
export const isWrite = ({ name, fields: f }: PendingEffect) => name === "fetch" && !isSafe(f.peekText());

export function carryOut(effect: PendingEffect, hands: Hands): Answer {
  const f = effect.fields;
  switch (effect.name) {
    case "fetch":
      return fetchOnce(f, hands);
    case "kv.get": {
      const [key, deadline] = [f.text(), f.number()];
      return within(deadline, async () => {
        const value = await hands.kv.get(key, "arrayBuffer");
        return ok(...optional(value ? new Uint8Array(value) : undefined));
      });
    }
    case "kv.put": {
      const [key, value, ttl, deadline] = [f.text(), f.bytes(), f.number(), f.number()];
      return within(deadline, async () => {
        await hands.kv.put(key, value, { expirationTtl: ttl });
        return ok();
      });
    }
    case "kv.delete": {
      const [key, deadline] = [f.text(), f.number()];
      return within(deadline, async () => {
        await hands.kv.delete(key);
        return ok();
      });
    }
    case "sql":
      return sql(f, hands);
    case "storage.read":
      return storageRead(f, hands);
    case "storage.commit":
      return storageCommit(f, hands);
    case "seal": {
      const [org, context, plaintext] = [f.text(), f.bytes(), f.bytes()];
      return guarded(async () => ok(await ringOf(hands).seal(org, context, plaintext)));
    }
    case "open": {
      const [org, context, sealed] = [f.text(), f.bytes(), f.text()];
      // What seals a key is for `sign` alone.
      if (isKeyContext(context)) return fault("refused");
      return guarded(async () => ok(await ringOf(hands).open(org, context, sealed)));
    }
    case "verify_signature": {
      const [algorithm, jwk, data, signature] = [f.text(), f.text(), f.bytes(), f.bytes()];
      return guarded(async () => ok(await verifySignature(algorithm, jwk, data, signature)));
    }
    case "sign": {
      const key = { org: f.text(), context: f.bytes(), sealed: f.text(), algorithm: f.text() };
      const data = f.bytes();
      return guarded(async () => ok(await signingKeysOf(ringOf(hands)).sign(key, data, Date.now())));
    }
    case "memory.get":
      return fields(...optional(hands.memory.get(f.text(), Date.now())));
    case "memory.put":
      hands.memory.put(f.text(), f.bytes().slice(), f.number(), Date.now());
      return fields();
    case "delay":
      return pause(f.number());
    case "log":
      log(hands.logLevel, f.text(), f.text(), f.pairs());
      return fields();
    default:
      return fault("refused");
  }
}

/** Of an isolate, at once: who pauses holds an instance meanwhile, of which those that call out have 32 (core.ts). */
const MOST_PAUSES = 12;
/** When each ends: a request may be ended without a word, so nobody gives a place back. */
let pauses: number[] = [];

function pause(milliseconds: number): Answer {
  const now = Date.now();
  pauses = pauses.filter((end) => end > now);
  if (pauses.length >= MOST_PAUSES) return fault("refused");
  pauses.push(now + milliseconds);
  return scheduler.wait(milliseconds).then(() => ok());
}

function ringOf(hands: Hands): KeyRing {
  if (!hands.ring) throw new Error("no key ring");
  return hands.ring;
}

/** Sealing and signatures: whatever goes wrong, the answer is that it does not open. */
async function guarded(work: () => Promise<Uint8Array>): Promise<Uint8Array> {
  try {
    return await work();
  } catch {
    return fault("refused");
  }
}

/** Stores: an answer within the deadline, or a fault. What comes later is nobody's. */
async function within(milliseconds: number, work: () => Promise<Uint8Array>): Promise<Uint8Array> {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const deadline = new Promise<Uint8Array>((resolve) => {
    timer = setTimeout(() => resolve(fault("timeout")), milliseconds);
  });
  const answer = work().catch(() => fault("unavailable"));
  try {
    return await Promise.race([answer, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

const KEPT_HEADERS = [
  "content-type",
  "azure-asyncoperation",
  "operation-location",
  "retry-after",
  "www-authenticate",
  "location",
  "request-id",
  "x-ratelimit-remaining",
  "x-ms-request-id",
  "client-request-id",
  "x-ms-correlation-request-id",
  "date",
  "www-authenticate",
];

async function fetchOnce(f: FieldReader, hands: Hands): Promise<Uint8Array> {
  const [method, url] = [f.text(), f.text()];
  const headers = f.pairs();
  const [body, deadline, maxBytes] = [f.bytes().slice(), f.number(), f.number()];
  const [keepKey, keepOrg, keepContext] = [f.text(), f.text(), f.bytes()];
  const controller = new AbortController();
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    controller.abort();
  }, deadline);
  let answer: Uint8Array;
  try {
    const response = await fetch(url, {
      method,
      headers,
      redirect: "manual",
      signal: controller.signal,
      ...(body.length > 0 ? { body } : {}),
    });
    const pieces = await readAtMost(response, maxBytes);
    if (!pieces) {
      answer = fault("too_large");
    } else {
      const seen: [string, string][] = [];
      for (const name of KEPT_HEADERS) {
        const value = response.headers.get(name);
        if (value !== null) seen.push([name === "x-ms-request-id" ? "request-id" : name, value]);
      }
      answer = new FieldWriter(512).add("", response.status, pairFields(seen)).addPieces(pieces).bytes();
    }
  } catch {
    answer = fault(timedOut ? "timeout" : "unavailable");
  } finally {
    clearTimeout(timer);
  }
  if (keepKey !== "") await keep(hands, keepKey, keepOrg, keepContext, answer);
  return answer;
}

/** The answer is durable before the flow sees it: a trap in the flow then loses nothing. */
async function keep(
  hands: Hands,
  key: string,
  org: string,
  context: Uint8Array,
  answer: Uint8Array,
): Promise<void> {
  try {
    const sealed = await ringOf(hands).seal(org, context, answer);
    if (!hands.storage) throw new TypeError("no storage");
    hands.storage.commit([[key, encoder.encode(sealed)]], [], undefined);
  } catch (error) {
    // The flow still gets the answer, and commits it itself; but a trap before that would lose it. Of the error
    // the name alone: its message may hold anything.
    const name = error instanceof Error ? error.name : typeof error;
    log(hands.logLevel, "error", "answer_not_kept", [
      ["key", key],
      ["org", org],
      ["error", name],
    ]);
  }
}

/** For `max_bytes` (core/effect/effects.h): the answer is its status, however much follows. */
const BODY_UNREAD = -1;

/** In the pieces in which they came: put together they would be there twice. */
export async function readAtMost(response: Response, maxBytes: number): Promise<Uint8Array[] | undefined> {
  const pieces: Uint8Array[] = [];
  if (maxBytes === BODY_UNREAD) {
    await response.body?.cancel().catch(() => undefined);
    return pieces;
  }
  const reader = response.body?.getReader();
  if (!reader) return pieces;
  let total = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return pieces;
    total += value.length;
    if (total > maxBytes) {
      await reader.cancel().catch(() => undefined);
      return undefined;
    }
    pieces.push(value);
  }
}

type SqlParameter = string | number | null;

function sqlValue(tag: string, text: string): SqlParameter {
  return tag === "i" ? Number(text) : tag === "t" ? text : null;
}

function sqlFields(value: unknown): [FieldValue, FieldValue] {
  if (typeof value === "number") return ["i", Math.trunc(value)];
  return typeof value === "string" ? ["t", value] : ["n", ""];
}

function sql(f: FieldReader, hands: Hands): Answer {
  const [name, deadline] = [f.text(), f.number()];
  const database = databaseNamed(hands.bindings, name);
  if (!database) return fault("unavailable");
  const statements: D1PreparedStatement[] = [];
  while (!f.done) {
    const text = f.text();
    const parameters = f.pairs().map(([tag, value]) => sqlValue(tag, value));
    statements.push(database.prepare(text).bind(...parameters));
  }
  return within(deadline, async () => {
    const outcomes = await database.batch<Record<string, unknown>>(statements);
    const writer = new FieldWriter(1024).add("");
    for (const outcome of outcomes) {
      const values = new FieldWriter(512);
      let columns = 0;
      for (const row of outcome.results) {
        const cells = Object.values(row);
        columns = cells.length;
        for (const cell of cells) values.add(...sqlFields(cell));
      }
      writer.add(outcome.meta.changes, columns, values.bytes());
    }
    return writer.bytes();
  });
}

function storageRead(f: FieldReader, hands: Hands): Uint8Array {
  const storage = hands.storage;
  if (!storage) return fault("refused");
  const values: FieldValue[] = [];
  while (!f.done) values.push(...optional(storage.read(f.text())));
  return ok(...values);
}

function storageCommit(f: FieldReader, hands: Hands): Uint8Array {
  const puts: [string, Uint8Array][] = [];
  const putFields = f.bytes();
  const deletes: string[] = [];
  const deleteFields = f.bytes();
  const alarm = f.text();
  for (const reader = new FieldReader(putFields); !reader.done; )
    puts.push([reader.text(), reader.bytes().slice()]);
  for (const reader = new FieldReader(deleteFields); !reader.done; ) deletes.push(reader.text());
  try {
    if (!hands.storage) return fault("refused");
    hands.storage.commit(puts, deletes, alarm === "" ? undefined : Number(alarm));
    return ok();
  } catch {
    return fault("unavailable");
  }
}
