/** Callers of Postern as the tests need them: a backend with a key, a browser with its cookies, the administrator. */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { expect } from "vitest";
import { createApp } from "../../../worker-shim/src/app.ts";
import type { PosternRpc } from "../../../worker-shim/src/generated/rpc.gen.ts";
import { proxyDirectly } from "../../../worker-shim/src/proxy-http.ts";
import { AzureService } from "../../../worker-shim/src/rpc.ts";
import { navigationOf } from "../../world/sign-in.ts";
import { heldRpc, holdHttp } from "./declared.ts";
import type { Whose } from "./stores.ts";
import { ADMIN_KEY, ORIGIN } from "./variables.ts";
import { ALICE, world } from "./world.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Empty where the answer is no JSON object. */
  readonly json: Record<string, unknown>;
}

/** One request, never following a redirect. */
export type Send = (path: string, init?: RequestInit) => Promise<Answer>;

const app = createApp();

/**
 * As the entrypoint serves it (worker-shim/src/rpc.ts). Each request through `exports.default` itself takes longer than the
 * one before (@cloudflare/vitest-pool-workers 0.23.0: thirty take 0.1 s at first, 3 s after three hundred); `served` goes through it,
 * for the few that need it.
 */
export const http: Send = async (path, init) => {
  const request = requestOf(path, init);
  return answerOf(
    request,
    await (proxyDirectly(request, env) ?? app.fetch(request, env, createExecutionContext())),
  );
};

/** Through the default entrypoint: what a caller who goes away cancels. */
export const served: Send = async (path, init) => {
  const request = requestOf(path, init);
  return answerOf(request, await exports.default.fetch(request));
};

/** Another Worker in front, which has these variables besides. Authorities have their own (`configure`). */
export function frontWith(variables: Record<string, string | undefined>): Send {
  const [app, bindings] = [createApp(), { ...env, ...variables }];
  return async (path, init) => {
    const context = createExecutionContext();
    const request = requestOf(path, init);
    const answer = await answerOf(request, await app.fetch(request, bindings, context));
    await waitOnExecutionContext(context);
    return answer;
  };
}

function requestOf(path: string, init: RequestInit = {}): Request {
  const url = path.startsWith("https:") ? path : `${ORIGIN}${path}`;
  return new Request(url, { redirect: "manual", ...init });
}

/** Every answer that a test gets is held to what is declared of it. */
async function answerOf({ method, url }: Request, response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = text !== "" && /json/.test(response.headers.get("content-type") ?? "");
  if (isJson) holdHttp(method, url, JSON.parse(text));
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: isJson ? (JSON.parse(text) as Record<string, unknown>) : {},
  };
}

export function get(path: string, key: string, headers: Record<string, string> = {}, through = http) {
  return through(path, { headers: { authorization: `Bearer ${key}`, ...headers } });
}

export function send(method: string, path: string, key: string, body?: unknown): Promise<Answer> {
  return http(path, {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
}

export async function createKey(
  org: string,
  permissions: readonly string[] = ["*"],
  more: Record<string, unknown> = {},
): Promise<{ key: string; id: string }> {
  const answer = await send("POST", "/v1/api-keys", ADMIN_KEY, {
    org_id: org,
    name: `key of ${org}`,
    permissions,
    ...more,
  });
  if (answer.status !== 201) throw new Error(`no API key: ${answer.status} ${answer.text}`);
  return { key: String(answer.json.key), id: String(answer.json.id) };
}

let users = 0;
/** A user nobody has used: connections of one test are nobody else's. */
export function newUser(): string {
  users += 1;
  return `user-${users}-${crypto.randomUUID().slice(0, 8)}`;
}

/** A browser: keeps Postern's cookies, follows nothing by itself. */
export class Browser {
  readonly cookies = new Map<string, string>();
  /** Where it went from the consent page. */
  authorizeUrl: string | undefined;
  readonly #send: Send;

  constructor(through = http) {
    this.#send = through;
  }

  async open(url: string, init: RequestInit = {}): Promise<Answer> {
    const headers = new Headers(init.headers);
    if (this.cookies.size > 0) {
      headers.set("cookie", [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; "));
    }
    const answer = await this.#send(url, { ...init, headers });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      const at = pair.indexOf("=");
      if (/max-age=0/i.test(line)) this.cookies.delete(pair.slice(0, at));
      else this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return answer;
  }

  /** Presses the button of the consent page. */
  press(link: string): Promise<Answer> {
    return this.open(link, { method: "POST", headers: { origin: ORIGIN, "sec-fetch-site": "same-origin" } });
  }

  /** Up to the moment at which the provider sends the browser back. */
  async upToCallback(link: string, email?: string): Promise<string> {
    const pressed = await this.press(link);
    this.authorizeUrl = navigationOf(pressed.text);
    if (this.authorizeUrl === "") throw new Error(`the link answered ${pressed.status}: ${pressed.text}`);
    return (await world.signIn(this.authorizeUrl, email)).href;
  }
}

export interface Link {
  readonly url: string;
  readonly attempt: string;
}

export async function createLink(
  key: string,
  user: string,
  more: Record<string, string> = {},
  through = http,
): Promise<Link> {
  const query = new URLSearchParams({ user_id: user, ...more });
  const answer = await get(`/connect?${query}`, key, {}, through);
  if (answer.status !== 200) throw new Error(`no connect link: ${answer.status} ${answer.text}`);
  return { url: String(answer.json.auth_url), attempt: String(answer.json.state) };
}

/** Connects an account from beginning to end. */
export async function connect(
  key: string,
  user: string,
  email: string = ALICE,
  more: Record<string, string> = {},
): Promise<Answer> {
  const browser = new Browser();
  const link = await createLink(key, user, more);
  return browser.open(await browser.upToCallback(link.url, email));
}

export interface Connected extends Whose {
  readonly key: string;
}

/** An organization of its own, with a key and one connected user. */
export async function connected(email: string = ALICE, org = newOrg()): Promise<Connected> {
  const { key } = await createKey(org);
  const user = newUser();
  const answer = await connect(key, user, email);
  if (answer.status !== 200) throw new Error(`not connected: ${answer.status} ${answer.text}`);
  return { org, key, user };
}

let orgs = 0;
export function newOrg(): string {
  orgs += 1;
  return `org-${orgs}-${crypto.randomUUID().slice(0, 8)}`;
}

/** An organization that may send people to RETURN_TO. */
export async function acme(permissions?: readonly string[]): Promise<Connected> {
  return { org: "acme", key: (await createKey("acme", permissions)).key, user: newUser() };
}

/** An organization of its own, and a user who has connected nothing. */
export async function stranger(integration?: string): Promise<Connected> {
  const org = newOrg();
  const { key } = await createKey(org);
  return { org, key, user: newUser(), ...(integration === undefined ? {} : { integration }) };
}

/** The newest access token that the world gave out. */
export async function newestToken(): Promise<string> {
  return (await world.secrets()).access_tokens?.at(-1) ?? "";
}

/** Connected; the token lives 200 s more, so that the next read wants a new one. */
export async function nearExpiry(): Promise<{ who: Connected; old: string }> {
  await world.control({ expires_in: 200 });
  const who = await connected();
  const old = await newestToken();
  await world.control({ expires_in: 3600, reset_stats: true });
  return { who, old };
}

export const integrationOf = ({ integration = "azure" }: Whose) => integration;

/** What names a connection besides its user, where it is not Microsoft's of the account `default`. */
export function namedBesides({ integration, account }: Whose): Record<string, string> {
  return {
    ...(integration === undefined ? {} : { integration }),
    ...(account === undefined ? {} : { account }),
  };
}

/** The path of a connection over HTTP, or what is below it. */
export function pathOf(who: Whose, below = "", more: Record<string, string> = {}): string {
  const named = { user_id: who.user, ...(who.account === undefined ? {} : { account: who.account }) };
  return `/v1/connections/${integrationOf(who)}${below}?${new URLSearchParams({ ...named, ...more })}`;
}

export function readToken(who: Connected, more: Record<string, string> = {}): Promise<Answer> {
  return get(pathOf(who, "/token", more), who.key);
}

export function refreshNow(who: Connected): Promise<Answer> {
  return send("POST", pathOf(who, "/refresh"), who.key);
}

export function describeConnection(who: Connected): Promise<Answer> {
  return get(pathOf(who), who.key);
}

export function disconnect(who: Connected): Promise<Answer> {
  return send("DELETE", pathOf(who), who.key);
}

export async function attemptRows(table: "connect_links" | "oauth_states"): Promise<number> {
  return (await env.DB.prepare(`SELECT count(*) AS n FROM ${table}`).first<number>("n")) ?? 0;
}

/** The stable word of a page (core/page/result_page.cpp). */
export function pageCode(answer: Answer): string {
  if (/<h1[^>]*>[\s\S]*is connected<\/h1>/.test(answer.text)) return "connected";
  return /Reference: <code>([^<]*)<\/code>/.exec(answer.text)?.[1] ?? "";
}

/** A service binding whose `props` name this organization. */
export function rpc(org: string, permissions: readonly string[] = ["*"]): PosternRpc {
  return binding({ org, permissions });
}

/** To the class itself, as `http` to the app: what crosses is not copied. */
export function binding(props: unknown): PosternRpc {
  const service = new AzureService(Object.assign(createExecutionContext(), { props }) as never, env);
  return heldRpc(service as unknown as PosternRpc);
}

/** What crosses is copied, or handed over. */
export function boundRpc(props: unknown): PosternRpc {
  const service = exports.AzureService as unknown as (options: { props: unknown }) => PosternRpc;
  return heldRpc(service({ props }));
}

export function expectSafePage(answer: Answer, status: number, code: string): void {
  expect([answer.status, pageCode(answer)]).toEqual([status, code]);
  expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(answer.headers.get("cache-control")).toBe("no-store");
  expect(answer.headers.get("referrer-policy")).toBe("no-referrer");
  expect(answer.headers.get("x-frame-options")).toBe("DENY");
  const policy = answer.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain("unsafe");
  expect(answer.text).not.toMatch(/<script|<[^>]*\son\w+=|javascript:/i);
}

export function expectProblem(answer: Answer, status: number, code: string): void {
  expect([answer.status, answer.json.code]).toEqual([status, code]);
  expect(answer.headers.get("content-type")).toMatch(/^application\/problem\+json/);
  expect(answer.headers.get("cache-control")).toBe("no-store");
  expect(answer.json).toMatchObject({ success: false, status, error: expect.any(String) });
}

export async function notConnected(who: Connected): Promise<void> {
  expect((await readToken(who)).json.code).toBe("not_connected");
}
