/** Lists of ARM, as long as a test wants them, instead of the world's. */
import { env } from "cloudflare:workers";
import { vi } from "vitest";

const item = (n: number) => ({
  id: `/subscriptions/${crypto.randomUUID()}/resourceGroups/rg-production/providers/Microsoft.Storage/storageAccounts/a${n}`,
  name: `account${n}`,
  type: "Microsoft.Storage/storageAccounts",
  sku: { name: "Standard_LRS", tier: "Standard" },
  location: "westeurope",
  tags: { environment: "production", owner: "the platform team", "cost-center": "1234" },
});

/** Items as ARM writes them, `bytes` of them. */
export function items(bytes: number): string {
  let text = "";
  for (let n = 0; text.length < bytes; n += 1) text += `${n === 0 ? "" : ","}${JSON.stringify(item(n))}`;
  return text.length > bytes ? `${text.slice(0, text.lastIndexOf('{"id"', bytes) - 1)}` : text;
}

/** The same value over and over. */
export function repeated(value: string, bytes: number): string {
  return Array.from({ length: Math.floor(bytes / (value.length + 1)) }, () => value).join(",");
}

/** What ARM answers from now on: page after page of what stands between the brackets. Counts the requests. */
export function listsOf(
  pages: readonly string[],
  { delay = 0, at = "subscriptions", next = (page: number) => `${env.ARM_ORIGIN}/${at}?page=${page}` } = {},
): { requests: () => number } {
  const real = globalThis.fetch;
  let requests = 0;
  vi.stubGlobal("fetch", async (url: string, init?: RequestInit) => {
    if (!url.startsWith(`${env.ARM_ORIGIN}/${at}`)) return real(url, init);
    requests += 1;
    const page = Number(new URL(url).searchParams.get("page") ?? 0);
    const link = page + 1 < pages.length ? `,"nextLink":"${next(page + 1)}"` : "";
    if (delay > 0) await scheduler.wait(delay);
    return new Response(`{"value":[${pages[page]}]${link}}`, {
      headers: { "content-type": "application/json" },
    });
  });
  return { requests: () => requests };
}
