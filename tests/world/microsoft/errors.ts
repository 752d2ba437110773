/** An error body as Entra's token endpoint writes it. */
import { randomUUID } from "node:crypto";
import { json, type Reply } from "../http.ts";

const stamp = () => `${new Date().toISOString().slice(0, 19).replace("T", " ")}Z`;

export function entraErrorBody(
  error: string,
  number: number,
  text: string,
  extra: Record<string, string> = {},
) {
  const trace = randomUUID();
  const correlation = randomUUID();
  const timestamp = stamp();
  return {
    error,
    error_description: `AADSTS${number}: ${text} Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${timestamp}`,
    error_codes: [number],
    timestamp,
    trace_id: trace,
    correlation_id: correlation,
    error_uri: `https://login.microsoftonline.com/error?code=${number}`,
    ...extra,
  };
}

export function entraError(
  status: number,
  error: string,
  number: number,
  text: string,
  extra: Record<string, string> = {},
): Reply {
  return json(status, entraErrorBody(error, number, text, extra));
}
