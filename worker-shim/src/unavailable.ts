/**
 * The pages for a person's browser where the core could not make one: it failed, there was no room for it, or
 * the authority did not answer. In the words of core/page/result_page.cpp, which knows more to say.
 */
import type { Outcome } from "./effects.ts";

interface Words {
  readonly code: string;
  readonly tone: "alert" | "calm";
  readonly heading: string;
  readonly happened: string;
  readonly next: string;
}

const UNAVAILABLE: Words = {
  code: "service_unavailable",
  tone: "alert",
  heading: "This cannot be finished right now",
  happened: "Something on our side is not working. What was connected before stays connected.",
  next: "Wait a few minutes, then go back to the service you came from and start again.",
};

const UNKNOWN: Words = {
  code: "outcome_unknown",
  tone: "calm",
  heading: "It is not known yet whether this worked",
  happened:
    "You signed in, but the last step is taking longer than it should. It may still be finished without you. What was connected before stays connected.",
  next: "Wait a few minutes, then look in the service you came from whether your account is connected. If it is not, start again from there.",
};

const POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'";

/** `asked`: the authority was, so that it may have done what it was asked, or may yet do it. */
export function unavailablePage(asked: boolean): Outcome {
  const words = asked ? UNKNOWN : UNAVAILABLE;
  return {
    kind: "page",
    status: 503,
    headers: [
      ["content-type", "text/html; charset=utf-8"],
      ["content-security-policy", POLICY],
      ["referrer-policy", "no-referrer"],
    ],
    body: new TextEncoder().encode(pageOf(words)),
  };
}

function pageOf({ code, tone, heading, happened, next }: Words): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${heading} - Postern</title><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex"><meta name="color-scheme" content="light dark"><link rel="icon" href="../assets/postern.svg"><link rel="stylesheet" href="../assets/postern.css"></head><body><header><p class="brand">Postern</p></header><main class="${tone}"><h1>${heading}</h1><p>${happened}</p><p>${next}</p><p class="reference">Reference: <code>${code}</code></p></main><footer><p>Postern connects accounts to the services that ask for them. It never sees your password.</p></footer></body></html>
`;
}
