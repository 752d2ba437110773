/** A small OAuth client for the world's own tests: the plain way, without Postern. */
import {
  ALICE,
  type Answer,
  type Attempt,
  answerOf,
  attemptAt,
  BOB,
  codeOf,
  get,
  postForm,
} from "../testing.ts";
import type { Microsoft } from "./microsoft.ts";

export const REDIRECT = "http://localhost:8787/callback/azure";
export { ALICE, BOB, get };
export const CAROL = "carol.costa@fabrikam.example";
export const DAVE = "dave.dahl@outlook.example";
export const ARM_SCOPE = "https://management.azure.com/user_impersonation";
export const SCOPES = `openid profile email offline_access User.Read Mail.Read Calendars.Read ${ARM_SCOPE}`;
export const GRAPH_SCOPES = SCOPES.replace(` ${ARM_SCOPE}`, "");

export function attempt(
  microsoft: Microsoft,
  tenant = "common",
  changes: Record<string, string> = {},
): Attempt {
  const parameters = { client_id: microsoft.clientId, redirect_uri: REDIRECT, scope: SCOPES };
  return attemptAt(`${microsoft.loginOrigin}/${tenant}/oauth2/v2.0/authorize`, parameters, changes);
}

export function tokenRequest(microsoft: Microsoft, form: Record<string, string>): Promise<Answer> {
  const client = { client_id: microsoft.clientId, client_secret: microsoft.clientSecret };
  return postForm(`${microsoft.loginOrigin}/common/oauth2/v2.0/token`, { ...client, ...form });
}

export const codeFor = (microsoft: Microsoft, email: string, of = attempt(microsoft)) => codeOf(of, email);

export async function redeem(
  microsoft: Microsoft,
  email: string,
  scope = GRAPH_SCOPES,
  of = attempt(microsoft),
): Promise<Answer> {
  return tokenRequest(microsoft, {
    grant_type: "authorization_code",
    code: await codeFor(microsoft, email, of),
    redirect_uri: REDIRECT,
    code_verifier: of.verifier,
    scope,
  });
}

export function refresh(microsoft: Microsoft, token: unknown, scope = GRAPH_SCOPES): Promise<Answer> {
  return tokenRequest(microsoft, { grant_type: "refresh_token", refresh_token: String(token), scope });
}

/** An access token for scopes that nobody else's test asks for. */
export async function tokenFor(microsoft: Microsoft, email: string, scope: string): Promise<unknown> {
  const { body } = await redeem(microsoft, email, scope, attempt(microsoft, "common", { scope }));
  return body.access_token;
}

export type Item = Record<string, unknown>;
export type Ask = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<Answer>;

/** Asks one API with one token: a path behind `base`, or a whole URL. */
export function asking(base: string, token: unknown): Ask {
  return async (method, path, body, headers = {}) => {
    const response = await fetch(path.startsWith("http") ? path : `${base}${path}`, {
      method,
      headers: { authorization: `Bearer ${String(token)}`, "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return answerOf(response);
  };
}

/** Graph with a token for these scopes. */
export async function graphAs(microsoft: Microsoft, scope: string, email = ALICE): Promise<Ask> {
  return asking(`${microsoft.graphOrigin}/v1.0`, await tokenFor(microsoft, email, scope));
}

export const codeIn = ({ body }: Answer) => (body.error as Item | undefined)?.code;
export const textIn = ({ body }: Answer) => String((body.error as Item | undefined)?.message);
export const itemsIn = ({ body }: Answer) => body.value as Item[];

/** Every page of a list, to its end. */
export async function pagesOf(ask: Ask, path: string, link = "@odata.nextLink"): Promise<Item[][]> {
  const pages: Item[][] = [];
  for (let next: unknown = path; typeof next === "string"; ) {
    const answer = await ask("GET", next);
    if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`);
    pages.push(itemsIn(answer));
    next = answer.body[link];
  }
  return pages;
}

/** ARM with a token, the ids of what the person has, and a path with its version. */
export async function armAs(microsoft: Microsoft, email = ALICE) {
  const ask = asking(microsoft.armOrigin, (await redeem(microsoft, email, ARM_SCOPE)).body.access_token);
  const subscriptions = itemsIn(await ask("GET", "/subscriptions?api-version=2022-12-01&$top=100"));
  return { ask, subscriptions: subscriptions.map(({ id }) => String(id)) };
}

export const at = (path: string, version = "2021-04-01") =>
  `${path}${path.includes("?") ? "&" : "?"}api-version=${version}`;

/** Asks until the operation has ended, by whichever header it was begun with. */
export async function endOf(ask: Ask, begun: Answer): Promise<Answer> {
  const names = ["azure-asyncoperation", "operation-location", "location"];
  const url = names.map((name) => begun.headers.get(name)).find((value) => value !== null);
  if (url === undefined || url === null) throw new Error(`no operation: ${begun.status} ${begun.text}`);
  for (;;) {
    const answer = await ask("GET", url);
    if (answer.status !== 202 && answer.body.status !== "InProgress") return answer;
  }
}
