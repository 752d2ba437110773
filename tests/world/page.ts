/** The emulators' sign-in pages, served from the fixture's origin, with a way to deny that they lack. */
import { type Call, escapeHtml, type Outcome } from "./http.ts";
import type { World } from "./state.ts";

/** What an emulator's page loads: its fonts. */
export async function asset(world: World, call: Call): Promise<Outcome> {
  const response = await world.forward(call.url.pathname);
  return {
    status: response.status,
    headers: { "content-type": response.headers.get("content-type") ?? "application/octet-stream" },
    body: new Uint8Array(await response.arrayBuffer()),
  };
}

/** `form`: what becomes of a person's form; empty to leave the person out. */
export function withPeople(body: string, form: (form: string) => string): string {
  return body.replace(/<form class="user-form"[\s\S]*?<\/form>/g, form);
}

export function withCancel(body: string, action: string, fields: Readonly<Record<string, string>>): string {
  const cancel =
    `<form class="user-form" id="cancel" method="get" action="${action}">${hiddenFields(fields)}` +
    `<button type="submit" class="user-btn"><span class="user-text"><span class="user-login">Cancel</span></span></button></form>`;
  const at = body.lastIndexOf("</form>");
  const cut = at === -1 ? body.indexOf('<div class="powered-by">') : at + "</form>".length;
  return body.slice(0, cut) + cancel + body.slice(cut);
}

export function hiddenFields(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `<input type="hidden" name="${name}" value="${escapeHtml(value)}"/>`)
    .join("");
}

/** Where an error goes: to the redirect of the request, which the emulator has found to be registered. */
export function denial(query: URLSearchParams, error: Readonly<Record<string, string>>): string {
  const target = new URL(query.get("redirect_uri") ?? "");
  for (const [name, value] of Object.entries(error)) target.searchParams.set(name, value);
  if (query.has("state")) target.searchParams.set("state", query.get("state") ?? "");
  return target.href;
}
