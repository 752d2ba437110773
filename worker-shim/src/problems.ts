/** Problems that arise before or outside of the core; the table is the core's (core/base/problem.cpp). */
import type { Outcome } from "./effects.ts";
import { manifest } from "./generated/manifest.gen.ts";

export type ProblemCode = (typeof manifest.problems)[number]["code"];

const encoder = new TextEncoder();

export function problemOutcome(
  code: ProblemCode,
  options: { retryAfterSeconds?: number; detail?: string; members?: Record<string, unknown> } = {},
): Outcome {
  const info = manifest.problems.find((problem) => problem.code === code);
  if (!info) throw new Error(`no such problem: ${code}`);
  const { detail, retryAfterSeconds, members } = options;
  const body = {
    type: `urn:postern:problem:${code}`,
    title: info.title,
    status: info.status,
    ...(detail ? { detail } : {}),
    success: false,
    error: detail ?? info.title,
    code,
    ...(retryAfterSeconds ? { retry_after: retryAfterSeconds } : {}),
    ...members,
  };
  const headers: [string, string][] = [["content-type", "application/problem+json; charset=utf-8"]];
  if (retryAfterSeconds) headers.push(["retry-after", `${retryAfterSeconds}`]);
  return { kind: "problem", status: info.status, headers, body: encoder.encode(JSON.stringify(body)) };
}

export const titleOf = (code: ProblemCode): string =>
  manifest.problems.find((problem) => problem.code === code)?.title ?? code;
