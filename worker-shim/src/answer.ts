/** An outcome as an HTTP response. */
import { Hono } from "hono";
import { secureHeaders } from "hono/secure-headers";
import type { Outcome } from "./effects.ts";

export const secure = secureHeaders({
  referrerPolicy: false,
  xFrameOptions: "DENY",
  crossOriginResourcePolicy: "same-origin",
});

/** What the middleware says is the same for every answer: asked once, and said where an answer is made. */
const SECURE_HEADERS = Object.fromEntries(
  (await new Hono().get("/", secure, (c) => c.body(null)).request("/")).headers,
);

export function toResponse(outcome: Outcome): Response {
  const headers: Record<string, string> = {
    ...SECURE_HEADERS,
    "cache-control": "no-store",
    // The page with a form says its own: a form needs its page's Origin header.
    "referrer-policy": "no-referrer",
  };
  const cookies: string[] = [];
  for (const [name, value] of outcome.headers)
    if (name === "set-cookie") cookies.push(value);
    else headers[name] = value;
  const response = new Response(
    outcome.kind === "redirect" ? null : (outcome.body as Uint8Array<ArrayBuffer>),
    {
      status: outcome.status,
      headers,
    },
  );
  for (const cookie of cookies) response.headers.append("set-cookie", cookie);
  return response;
}
