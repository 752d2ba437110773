/** A refusal of the host's own, as clients of an API read it (core/flow/frame/refusal_shape.h has those of flows). */
import { toResponse } from "./answer.ts";
import type { Outcome } from "./effects.ts";

const [decoder, encoder] = [new TextDecoder(), new TextEncoder()];

export function readableResponse(outcome: Outcome): Response {
  const document = JSON.parse(decoder.decode(outcome.body)) as Record<string, unknown>;
  const { code, error } = document;
  if (typeof error !== "string" || document.ok === false) return toResponse(outcome);
  const body = JSON.stringify({ ...document, message: error, error: { code, message: error } });
  const headers = outcome.headers.map(([name, value]): [string, string] =>
    name === "content-type" ? [name, "application/json; charset=utf-8"] : [name, value],
  );
  return toResponse({ ...outcome, headers, body: encoder.encode(body) });
}
