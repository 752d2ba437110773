/**
 * Effects as the core asks for them, decoded (core/effect/effects.h, docs/abi.md). Answers are written
 * by `reply`: a fault's name, empty when there is none, then what the effect promises.
 */
import { FieldReader, type FieldValue, FieldWriter } from "./fields.ts";

export type HostFault = "timeout" | "unavailable" | "too_large" | "refused";

export interface PendingEffect {
  id: number;
  name: string;
  fields: FieldReader;
}

export function readEffects(output: Uint8Array): PendingEffect[] {
  const reader = new FieldReader(output);
  const effects: PendingEffect[] = [];
  while (!reader.done) {
    effects.push({ id: reader.number(), name: reader.text(), fields: new FieldReader(reader.bytes()) });
  }
  return effects;
}

export function fields(...values: FieldValue[]): Uint8Array {
  let room = 0;
  for (const value of values) room += typeof value === "object" ? 4 + value.length : 64;
  return new FieldWriter(room).add(...values).bytes();
}

export const ok = (...values: FieldValue[]): Uint8Array => fields("", ...values);
export const fault = (name: HostFault): Uint8Array => fields(name);

/** An optional value: present or not, then its bytes. */
export function optional(value: Uint8Array | undefined): [boolean, FieldValue] {
  return value === undefined ? [false, ""] : [true, value];
}

/** How a flow ended (core/flow/frame/outcome.h). */
export interface Outcome {
  kind: "json" | "problem" | "page" | "redirect" | "forward" | "data";
  status: number;
  headers: [string, string][];
  body: Uint8Array;
  /** A problem that came when the authority had been asked: what it did is not known here. */
  asked?: boolean;
}

export function readOutcome(output: Uint8Array): Outcome {
  const reader = new FieldReader(output);
  const kind = reader.text() as Outcome["kind"];
  return { kind, status: reader.number(), headers: reader.pairs(), body: reader.bytes() };
}

/** What a flow begins with (core/flow/frame/input.h). */
export interface FlowInput {
  operation: string;
  entry: "http" | "rpc" | "authority" | "alarm";
  arrivedAt?: number;
  /** Beside the authority's queue. */
  aside?: boolean;
  entropyBytes: number;
  environment: Uint8Array;
  bindingOrg?: string;
  bindingPermissions?: string;
  path?: Iterable<readonly [string, string]>;
  query?: string;
  body?: Uint8Array | string;
  headers?: Iterable<readonly [string, string]>;
  payload?: Uint8Array;
  incarnation?: string;
  authorityReply?: Uint8Array;
  note?: string;
  /** What brought a flow back that had forwarded a request: status, headers. */
  forwardReply?: Uint8Array;
}

const NOTHING = new Uint8Array(0);

export function writeInput(writer: FieldWriter, input: FlowInput, now: number): void {
  const entropy =
    input.entropyBytes > 0 ? crypto.getRandomValues(new Uint8Array(input.entropyBytes)) : NOTHING;
  writer
    .add(input.operation, input.entry, now, input.arrivedAt ?? now, entropy, input.environment)
    .add(input.bindingOrg ?? "", input.bindingPermissions ?? "");
  addPairs(writer, input.path);
  writer.add(input.query ?? "", input.body ?? NOTHING);
  addPairs(writer, input.headers);
  writer
    .add(input.payload ?? NOTHING, input.incarnation ?? "")
    .add(input.authorityReply !== undefined, input.authorityReply ?? NOTHING, input.note ?? "")
    .add(input.forwardReply !== undefined, input.forwardReply ?? NOTHING);
}

function addPairs(writer: FieldWriter, pairs: Iterable<readonly [string, string]> | undefined): void {
  const start = writer.enter();
  for (const [name, value] of pairs ?? []) writer.add(name, value);
  writer.leave(start);
}
