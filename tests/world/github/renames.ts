/**
 * Repositories that have another name now: the API answers their old one with a redirect (docs.github.com/rest/using-the-rest-api/
 * best-practices-for-using-the-rest-api, "Follow redirects"; "Renaming a repository"). The emulator has forgotten it.
 */
import { isRecord } from "../faults.ts";
import { type Call, callOf, json, type Outcome } from "../http.ts";

interface Moved {
  readonly id: number;
  name: string;
}

export class Renames {
  readonly #byName = new Map<string, Moved>();
  readonly #byId = new Map<number, Moved>();

  /** The answer to the old name; undefined where it is nobody's. */
  redirect(call: Call, origin: string): Outcome | undefined {
    const [, name = "", rest = ""] = /^\/repos\/([^/]+\/[^/]+)(.*)$/.exec(call.url.pathname) ?? [];
    const moved = this.#byName.get(name.toLowerCase());
    if (moved === undefined) return undefined;
    const url = `${origin}/repositories/${moved.id}${rest}${call.url.search}`;
    const body = { message: "Moved Permanently", url, documentation_url: "https://docs.github.com/rest" };
    const reads = call.method === "GET" || call.method === "HEAD";
    return json(reads ? 301 : 307, body, { location: url });
  }

  /** What stands below an id, as the emulator knows it. */
  resolve(call: Call): Call {
    const [, id = "", rest = ""] = /^\/repositories\/(\d+)(\/.*)$/.exec(call.url.pathname) ?? [];
    const moved = this.#byId.get(Number(id));
    if (moved === undefined) return call;
    const url = new URL(`/repos/${moved.name}${rest}${call.url.search}`, call.url);
    return callOf(call.method, url, call.headers, call.bytes);
  }

  /** Looks at the answer to a change of a repository. */
  note(call: Call, answer: string): void {
    const [, name] = /^\/repos\/([^/]+\/[^/]+)$/.exec(call.url.pathname) ?? [];
    if (call.method !== "PATCH" || name === undefined) return;
    const body: unknown = JSON.parse(answer);
    if (!isRecord(body) || typeof body.id !== "number" || typeof body.full_name !== "string") return;
    if (body.full_name.toLowerCase() === name.toLowerCase()) return;
    const moved = this.#byId.get(body.id) ?? { id: body.id, name: body.full_name };
    moved.name = body.full_name;
    this.#byId.set(moved.id, moved);
    this.#byName.set(name.toLowerCase(), moved);
    this.#byName.delete(body.full_name.toLowerCase());
  }
}
