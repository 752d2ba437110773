/** The page for a person's browser where the core could not make one: it failed, or there was no room for it. */
import type { Outcome } from "./effects.ts";

const PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>This cannot be finished right now - Postern</title><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex"><meta name="color-scheme" content="light dark"><link rel="icon" href="../assets/postern.svg"><link rel="stylesheet" href="../assets/postern.css"></head><body><header><p class="brand">Postern</p></header><main class="alert"><h1>This cannot be finished right now</h1><p>Something on our side is not working. What was connected before stays connected.</p><p>Wait a few minutes, then go back to the service you came from and start again.</p><p class="reference">Reference: <code>service_unavailable</code></p></main><footer><p>Postern connects accounts to the services that ask for them. It never sees your password.</p></footer></body></html>
`;

const POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'";

export function unavailablePage(): Outcome {
  return {
    kind: "page",
    status: 503,
    headers: [
      ["content-type", "text/html; charset=utf-8"],
      ["content-security-policy", POLICY],
      ["referrer-policy", "no-referrer"],
    ],
    body: new TextEncoder().encode(PAGE),
  };
}
