/** What a release after this one may leave behind, as docs/storage.md has it. */
import { FieldWriter } from "../../../worker-shim/src/fields.ts";
import { fromBase64Url, toBase64Url } from "../../../worker-shim/src/sealing.ts";
import type { Moment } from "../support/stored-moment.ts";
import { fromBase64, type StoredState, toBase64 } from "../support/stored-state.ts";
import { fieldsOf, OUTBOX_FIELDS, RECORD_FIELDS, revocationsOf } from "./kinds.ts";

const MORE = "of a later release";

/** As a later release would leave it (docs/storage.md): its version, and a field of which nobody here knows. */
export function appended(kind: string, bytes: Uint8Array, version = "9"): Uint8Array {
  if (kind === "outbox") return outbox(bytes, version);
  if (/^(record|version:\d+|)$/.test(kind)) return record(bytes, version);
  // Which claims a request asked for is of version 2.
  if (/^(journal|sign_in)$/.test(kind))
    return new FieldWriter()
      .add(...fieldsOf(bytes), version, "", MORE)
      .bytes()
      .slice();
  const out = new FieldWriter().add(...fieldsOf(bytes));
  // Where a list ends is said by an empty field.
  if (/^(pauses|event:\d+|delivery)$/.test(kind)) out.add("");
  return out.add(version, MORE).bytes().slice();
}

/** What a sign-in asked for is of version 2, its cloud of 3, what its account could not have of 4. */
function record(bytes: Uint8Array, version: string): Uint8Array {
  const fields = fieldsOf(bytes);
  const since = [1, 2, 3].map((place) => fields[RECORD_FIELDS + place] ?? "");
  return new FieldWriter()
    .add(...fields.slice(0, RECORD_FIELDS), version, ...since, MORE)
    .bytes()
    .slice();
}

/** Grants that are to be ended are of version 2: what a later release has more stands behind them. */
function outbox(bytes: Uint8Array, version: string): Uint8Array {
  const fields = fieldsOf(bytes);
  const list = fields[OUTBOX_FIELDS + 1];
  const out = new FieldWriter().add(...fields.slice(0, OUTBOX_FIELDS), version);
  return out
    .add(list === undefined ? "" : revocations(list, version), MORE)
    .bytes()
    .slice();
}

function revocations(list: Uint8Array, version: string): Uint8Array {
  const out = new FieldWriter();
  for (const [record = new Uint8Array(), ...times] of revocationsOf(list))
    out.add(appended("record", record, version), ...times);
  return out.add("", version, MORE).bytes();
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
