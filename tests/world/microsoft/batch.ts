/** Graph's `$batch` (learn.microsoft.com/graph/json-batching): up to 20 requests in one, each answered for itself. */
import { isRecord } from "../faults.ts";
import { type Call, callOf, json, type Reply } from "../http.ts";
import { apiError, bodyOf } from "./api.ts";

const MOST_REQUESTS = 20;

type Answer = (call: Call) => Promise<Reply>;

interface Part {
  readonly id: string;
  readonly method: string;
  /** Relative to the version. */
  readonly url: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  readonly dependsOn?: readonly string[];
}

const invalid = (text: string) => apiError(400, "BadRequest", text);

/** `version`: "v1.0". `origin`: Graph's. `answer`: what the same request would be answered by itself. */
export async function batch(call: Call, origin: string, version: string, answer: Answer): Promise<Reply> {
  if (call.method !== "POST") return apiError(405, "BadRequest", "Only POST is served here.");
  const parts = partsOf(bodyOf(call)?.requests);
  if (typeof parts === "string") return invalid(parts);
  const responses: ({ id: string; status: number } & Record<string, unknown>)[] = [];
  for (const part of parts) {
    const failed = part.dependsOn?.some((id) =>
      responses.some((response) => response.id === id && response.status >= 400),
    );
    const url = new URL(`${origin}/${version}/${part.url.replace(/^\//, "")}`);
    const headers = Object.fromEntries(
      Object.entries(part.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
    );
    const bytes = Buffer.from(part.body === undefined ? "" : JSON.stringify(part.body));
    const reply = failed
      ? apiError(424, "FailedDependency", "A request that this one depends on has failed.")
      : await answer(callOf(part.method.toUpperCase(), url, headers, bytes));
    responses.push({ id: part.id, status: reply.status, ...written(reply) });
  }
  // The order of the answers may be another one: clients tell them apart by the ids.
  return json(200, { responses: responses.toReversed() });
}

function partsOf(requests: unknown): readonly Part[] | string {
  if (!Array.isArray(requests) || requests.length === 0)
    return "Invalid batch payload format: 'requests' is missing.";
  if (requests.length > MOST_REQUESTS)
    return `Number of batch request steps exceeds the maximum value of ${MOST_REQUESTS}.`;
  const ids = new Set<string>();
  for (const part of requests as unknown[]) {
    if (!isRecord(part)) return "Invalid batch payload format.";
    const { id, method, url } = part;
    if (typeof id !== "string" || id === "" || ids.has(id)) return "A request's id is missing or not unique.";
    if (typeof method !== "string" || typeof url !== "string")
      return "Each request must have a method and a URL.";
    if (/^[a-z]+:/i.test(url)) return "A request's URL must be relative.";
    // Else the server answers what the body is for none (json-batching, "Request format").
    const headers = isRecord(part.headers) ? Object.keys(part.headers) : [];
    if (part.body !== undefined && !headers.some((name) => name.toLowerCase() === "content-type"))
      return "Write requests must contain the Content-Type header.";
    ids.add(id);
  }
  return requests as readonly Part[];
}

/** JSON as it is, everything else as base64. */
function written({ headers, body }: Reply): Record<string, unknown> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers ?? {})) {
    const spelt = name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
    if (typeof value === "string") kept[spelt] = value;
  }
  if (body.length === 0) return { headers: kept };
  if (typeof body === "string" && /json/.test(kept["Content-Type"] ?? ""))
    return { headers: kept, body: JSON.parse(body) as unknown };
  return { headers: kept, body: Buffer.from(body).toString("base64") };
}
