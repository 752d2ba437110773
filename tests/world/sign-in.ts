/** The browser's part over HTTP: opens the authorize URL, submits one of the forms on the page, stops at the redirect. */
const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };
const unescapeHtml = (text: string) =>
  text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => ENTITIES[name] ?? "");

/** Where a page of Postern goes on to by itself; empty where it does not. */
export const navigationOf = (body: string) =>
  unescapeHtml(/<meta http-equiv="refresh" content="0; url=([^"]*)">/.exec(body)?.[1] ?? "");

interface Form {
  readonly method: string;
  readonly action: string;
  readonly fields: URLSearchParams;
  /** What stands on it. */
  readonly labels: readonly string[];
}

function formsOf(body: string): Form[] {
  return [...body.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)].map(([, attributes = "", inner = ""]) => {
    const attribute = (name: string) =>
      unescapeHtml(new RegExp(`${name}="([^"]*)"`).exec(attributes)?.[1] ?? "");
    const fields = new URLSearchParams();
    for (const [, name = "", value = ""] of inner.matchAll(/<input[^>]*name="([^"]*)"[^>]*value="([^"]*)"/g))
      fields.append(unescapeHtml(name), unescapeHtml(value));
    const labels = inner.split(/<[^>]*>/).map((part) => unescapeHtml(part).trim());
    return { method: attribute("method").toLowerCase(), action: attribute("action"), fields, labels };
  });
}

export interface SignIn {
  readonly authorizeUrl: string;
  /** Who signs in, as the page names people; absent to press "Cancel". */
  readonly email?: string;
}

/** The URL that the browser would be sent to: the client's redirect with `code` and `state`, or with `error`. */
export async function signIn({ authorizeUrl, email }: SignIn): Promise<string> {
  const shown = await fetch(authorizeUrl, { redirect: "manual" });
  const body = await shown.text();
  const refused = shown.headers.get("location");
  if (refused !== null) return refused;
  if (shown.status !== 200) throw new Error(`authorize answered ${shown.status}: ${body.slice(-400)}`);
  const form = formsOf(body).find((candidate) => candidate.labels.includes(email ?? "Cancel"));
  if (form === undefined) throw new Error(`the sign-in page does not offer ${email ?? "Cancel"}`);
  const target = new URL(form.action, authorizeUrl);
  if (form.method === "get") target.search = form.fields.toString();
  const answered = await fetch(target, {
    method: form.method.toUpperCase(),
    redirect: "manual",
    ...(form.method === "get" ? {} : { body: form.fields }),
  });
  const location = answered.headers.get("location");
  if (location === null)
    throw new Error(`sign-in answered ${answered.status}: ${(await answered.text()).slice(-400)}`);
  return location;
}
