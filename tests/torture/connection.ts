/** One user's connection as its callers see it, and the person who signs in, again where it was lost. */
import { setTimeout as sleep } from "node:timers/promises";
import { navigationOf } from "../world/sign-in.ts";
import type { Answer, CallOptions, Postern } from "./postern.ts";
import type { Provider, Who } from "./provider.ts";
import type { Truth } from "./truth.ts";

const BETWEEN_SIGN_INS_MS = 300;
const SIGN_IN_WITHIN_MS = 180_000;

export interface Note {
  readonly at: number;
  readonly text: string;
}

export class Connection {
  readonly user: string;
  readonly org: string;
  readonly who: Who;
  readonly notes: Note[] = [];
  /** Whether it is connected, as far as is known: not while a person signs in. */
  live = false;
  /** Goes up with every sign-in: what was asked before one says nothing of what came of it. */
  epoch = 0;
  signIns = 0;
  readonly #key: string;
  readonly #judge: (connection: Connection, cause: string) => void;
  readonly #postern: Postern;
  readonly #provider: Provider;
  readonly #truth: Truth;

  constructor(
    of: { user: string; org: string; who: Who; key: string },
    postern: Postern,
    provider: Provider,
    truth: Truth,
    judge: (connection: Connection, cause: string) => void,
  ) {
    this.#judge = judge;
    this.user = of.user;
    this.org = of.org;
    this.who = of.who;
    this.#key = of.key;
    this.#postern = postern;
    this.#provider = provider;
    this.#truth = truth;
  }

  note(text: string): void {
    this.notes.push({ at: this.#truth.now(), text });
  }

  /** A call with the organization's key. */
  ask(path: string, options: CallOptions = {}): Promise<Answer> {
    const headers = { ...options.headers, authorization: `Bearer ${this.#key}` };
    return this.#postern.call(path, { ...options, headers });
  }

  token(resource = "graph"): Promise<Answer> {
    return this.ask(`/v1/connections/azure/token?user_id=${this.user}&resource=${resource}`);
  }

  refresh(): Promise<Answer> {
    return this.ask(`/v1/connections/azure/refresh?user_id=${this.user}`, { method: "POST" });
  }

  profile(): Promise<Answer> {
    return this.ask(`/user?user_id=${this.user}`);
  }

  /** Signs in until it is connected, whatever is killed and cut meanwhile. */
  async connect(): Promise<void> {
    this.live = false;
    const end = performance.now() + SIGN_IN_WITHIN_MS;
    for (;;) {
      const outcome = await this.#signIn().catch((error: unknown) => `no answer: ${String(error)}`);
      this.note(`sign-in: ${outcome}`);
      if (outcome === "connected") break;
      // The browser saw no good end; what it began may have been finished without it.
      const status = await this.#status();
      if (status === "connected") break;
      if (performance.now() > end) throw new Error(`${this.user} cannot be connected: ${outcome}`);
      await sleep(BETWEEN_SIGN_INS_MS);
    }
    this.epoch += 1;
    this.live = true;
  }

  async #status(): Promise<string> {
    for (let n = 0; n < 40; n += 1) {
      try {
        // Whoever asks for a token lets the authority finish what it has of a sign-in.
        await this.token();
        const answer = await this.ask(`/v1/connections/azure?user_id=${this.user}`);
        const status = String(answer.json.status);
        if (status === "needs_reauth") this.#judge(this, String(answer.json.cause));
        if (answer.status === 200 || answer.status === 404) return status;
      } catch {
        // it is being killed
      }
      await sleep(100);
    }
    return "unknown";
  }

  async #signIn(): Promise<string> {
    const link = await this.ask(`/connect?user_id=${this.user}`);
    if (link.status !== 200) return `no link: ${link.status} ${link.text}`;
    const { pathname } = new URL(String(link.json.auth_url));
    const { origin } = this.#postern;
    const pressed = await this.#postern.call(pathname, {
      method: "POST",
      headers: { origin, "sec-fetch-site": "same-origin" },
    });
    const authorizeUrl = navigationOf(pressed.text);
    if (authorizeUrl === "") return `the link answered ${pressed.status}`;
    const back = new URL(await this.#provider.signIn(authorizeUrl, this.who));
    const code = back.searchParams.get("code");
    if (code === null) return `no code: ${back.search}`;
    this.#truth.codes.set(code, this.user);
    this.signIns += 1;
    const cookie = [pressed.headers["set-cookie"]].flat().map((line) => String(line).split(";")[0]);
    const done = await this.#postern.call(back.pathname + back.search, {
      headers: { cookie: cookie.join("; ") },
    });
    if (done.status === 200) return "connected";
    return `the callback answered ${done.status} ${/<code>([^<]*)/.exec(done.text)?.[1] ?? ""}`;
  }
}
