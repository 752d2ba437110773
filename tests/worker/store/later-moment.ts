/** What a release after this one may leave behind, as docs/storage.md has it. */
import { fromBase64Url, toBase64Url } from "../../../worker-shim/src/sealing.ts";
import type { Moment } from "../support/stored-moment.ts";
import { fromBase64, type StoredState, toBase64 } from "../support/stored-state.ts";

const encoder = new TextEncoder();
const field = (text: string) => {
  const bytes = encoder.encode(text);
  return [bytes.length & 0xff, bytes.length >> 8, 0, 0, ...bytes];
};

/** As a later release would leave it (docs/storage.md): its version, and a field of which nobody here knows. */
export function appended(kind: string, bytes: Uint8Array, version = "9"): Uint8Array {
  // Where a list ends is said by an empty field.
  const end = /^(pauses|event:\d+|delivery)$/.test(kind) ? field("") : [];
  // What version 2 of it has more: no grant is to be ended.
  const since = kind === "outbox" ? field("") : [];
  return Uint8Array.from([...bytes, ...end, ...field(version), ...since, ...field("of a later release")]);
}

/** Plain numbers, and what is sealed: nothing is appended to these. */
const CLOSED = /^(told|events|recovered|kept|sign_in_kept)$/;

/** The same stores, as a later release would leave all that is in them. */
export function leftByLater({ stores }: Moment): StoredState {
  const later = (kind: string, bytes: Uint8Array) =>
    toBase64(CLOSED.test(kind) ? bytes : appended(kind, bytes));
  const objects = stores.objects.map((object) => ({
    ...object,
    entries: Object.fromEntries(
      Object.entries(object.entries).map(([key, value]) => [key, later(key, fromBase64(value))]),
    ),
  }));
  const kv = stores.kv.map((entry) => ({ ...entry, value: later("", fromBase64(entry.value)) }));
  const connections = (stores.d1.tables.oauth_connections ?? []).map((row) => {
    const bytes = appended("", fromBase64Url(String(row.record)));
    return { ...row, record: toBase64Url(bytes) };
  });
  const tables = { ...stores.d1.tables, oauth_connections: connections };
  return { objects, kv, d1: { ...stores.d1, tables } };
}
