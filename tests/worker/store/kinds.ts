/** What an entry is, by more than its key: two of the same key may be encoded by different fields. */
import { FieldReader } from "../../../worker-shim/src/fields.ts";

/** The fields of an outbox in front of its version. */
export const OUTBOX_FIELDS = 7;
/** The fields of a record in front of its version (core/connection/record.cpp); an API key in KV has fewer. */
export const RECORD_FIELDS = 23;

export function fieldsOf(bytes: Uint8Array): Uint8Array[] {
  const reader = new FieldReader(bytes);
  const fields: Uint8Array[] = [];
  while (!reader.done) fields.push(reader.bytes());
  return fields;
}

const decoder = new TextDecoder();
const textsOf = (bytes: Uint8Array) => fieldsOf(bytes).map((field) => decoder.decode(field));

/** A record's fields that tell what it is of (core/connection/record.cpp). */
export function recordOf(bytes: Uint8Array) {
  const [, , , subject = "", provider = "", , status = ""] = textsOf(bytes);
  return { subject, provider, status };
}

/** Each revocation is four fields, the record first (core/connection/journal.cpp). */
export function revocationsOf(list: Uint8Array): Uint8Array[][] {
  const fields = fieldsOf(list);
  return Array.from({ length: fields.length / 4 }, (_, n) => fields.slice(4 * n, 4 * n + 4));
}

export function kindsOf(key: string, bytes: Uint8Array): string[] {
  const kind = key.replace(/:.*$/, ":<n>");
  if (kind === "outbox") return [kind, ...outboxKinds(bytes)];
  if (/^(record|version:<n>|connection:<n>)$/.test(kind)) return [kind, ...recordKinds(kind, bytes)];
  return [kind];
}

function recordKinds(kind: string, bytes: Uint8Array): string[] {
  const { subject, provider } = recordOf(bytes);
  const whose = subject.startsWith("\x1f") ? "an organization" : subject.includes("\x1f") ? "an account" : "";
  const asked = fieldsOf(bytes).length > RECORD_FIELDS ? [`${kind} with scopes`] : [];
  return [...asked, `${kind} at ${provider || "none"}`, ...(whose === "" ? [] : [`${kind} of ${whose}`])];
}

function outboxKinds(bytes: Uint8Array): string[] {
  const fields = fieldsOf(bytes);
  const [version, list = new Uint8Array()] = fields.slice(OUTBOX_FIELDS);
  const owed = revocationsOf(list);
  if (version === undefined) return ["outbox without revocations"];
  const asked = owed.some(([, , , at]) => at !== undefined && decoder.decode(at) !== "0");
  return [
    `outbox with ${owed.length > 1 ? "revocations" : "a revocation"}`,
    ...(asked ? ["outbox with a revocation that was asked for"] : []),
    ...owed.flatMap(([record]) => recordKinds("revocation", record ?? new Uint8Array())),
  ];
}
