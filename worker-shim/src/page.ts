/** The frame of the pages that the core does not make; it is that of core/page/layout.cpp. */
import type { Outcome } from "./effects.ts";

const POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'";

export interface Page {
  readonly status: number;
  readonly title: string;
  readonly tone: "alert" | "calm" | "ask";
  /** HTML. */
  readonly main: string;
  /** What leads from the page's address to where Postern is mounted: "../", or an absolute path. */
  readonly base: string;
  readonly headers?: Outcome["headers"];
}

export const escapeHtml = (text: string) =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

export function pageOutcome({ status, title, tone, main, base, headers = [] }: Page): Outcome {
  const assets = `${escapeHtml(base)}assets/postern`;
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title} - Postern</title><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex"><meta name="color-scheme" content="light dark"><link rel="icon" href="${assets}.svg"><link rel="stylesheet" href="${assets}.css"></head><body><header><p class="brand">Postern</p></header><main class="${tone}"><h1>${title}</h1>${main}</main><footer><p>Postern connects accounts to the services that ask for them. It never sees your password.</p></footer></body></html>
`;
  return {
    kind: "page",
    status,
    headers: [
      ["content-type", "text/html; charset=utf-8"],
      ["content-security-policy", POLICY],
      ["referrer-policy", "no-referrer"],
      ...headers,
    ],
    body: new TextEncoder().encode(html),
  };
}
