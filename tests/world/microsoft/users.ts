/**
 * Graph's users: learn.microsoft.com/graph/api/user-list, user-post-users, user-get, user-update, user-delete;
 * /graph/paging; /graph/aad-advanced-queries; the codes of errors as /graph/resolve-auth-errors and reports have them.
 */
import { randomUUID } from "node:crypto";
import { type Call, json, type Reply } from "../http.ts";
import { apiError, bodyOf, nextLink, slice, wholeNumber } from "./api.ts";
import { type User, userOf } from "./directory.ts";
import { parseFilter, selected } from "./odata.ts";
import { CONSUMERS, type Person } from "./people.ts";
import type { AccessToken, MicrosoftWorld } from "./world.ts";

/** "Permissions" of each page; more than is needed is enough, too. */
const MAY_LIST = ["User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", "Directory.ReadWrite.All"];
const MAY_WRITE = ["User.ReadWrite.All", "Directory.ReadWrite.All"];
/** The first ones' defaults and bounds: 100 a page, 999 at most. */
const PAGE = 100;
const MOST = 999;
/** Continuation tokens of the directory begin so. */
const TOKEN = "RFNwdAIAAQAAAA";

const denied = () =>
  apiError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.");

const missing = (name: string) =>
  apiError(
    404,
    "Request_ResourceNotFound",
    `Resource '${name}' does not exist or one of its queried reference-property objects are not present.`,
  );

/** `name`: what stands behind `/users/`; undefined for the collection. */
export function users(
  world: MicrosoftWorld,
  call: Call,
  person: Person,
  token: AccessToken,
  name: string | undefined,
): Reply {
  const tid = token.tid ?? person.tid;
  const holds = (names: readonly string[]) =>
    token.scopes.includes(".default") || names.some((one) => token.scopes.includes(one));
  const isOwn =
    name !== undefined && call.method === "GET" && world.directory.find(tid, name)?.id === person.oid;
  if (tid === CONSUMERS || !(isOwn || holds(call.method === "GET" ? MAY_LIST : MAY_WRITE))) return denied();
  if (name === undefined) {
    if (call.method === "GET") return list(world, call, tid);
    if (call.method === "POST") return create(world, call, tid);
    return apiError(
      405,
      "Request_BadRequest",
      "Specified HTTP method is not allowed for the request target.",
    );
  }
  const user = world.directory.find(tid, name);
  if (user === undefined) return missing(name);
  switch (call.method) {
    case "GET":
      return selected(call, json(200, entity(world, user)));
    case "PATCH":
      Object.assign(user, known(bodyOf(call) ?? {}));
      return { status: 204, body: "" };
    case "DELETE":
      world.directory.remove(tid, user);
      return { status: 204, body: "" };
    default:
      return apiError(
        405,
        "Request_BadRequest",
        "Specified HTTP method is not allowed for the request target.",
      );
  }
}

const entity = (world: MicrosoftWorld, user: User) => ({
  "@odata.context": `${world.origins.graph}/v1.0/$metadata#users/$entity`,
  ...user,
});

function list(world: MicrosoftWorld, call: Call, tid: string): Reply {
  const query = call.url.searchParams;
  const eventual = call.headers.consistencylevel === "eventual";
  const invalid = (text: string) => apiError(400, "Request_BadRequest", text);
  const top = wholeNumber(query.get("$top"), PAGE, 1, MOST);
  if (top === undefined) return invalid(`Invalid page size specified: '${query.get("$top")}'.`);
  const sent = query.get("$skiptoken");
  const from = wholeNumber(sent?.startsWith(TOKEN) ? sent.slice(TOKEN.length) : sent, 0, 1, 999_999);
  if (from === undefined)
    return apiError(400, "Directory_ExpiredPageToken", "The specified page token value has expired.");
  if (query.has("$search") && !eventual)
    return apiError(
      400,
      "Request_UnsupportedQuery",
      "Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'",
    );
  const clauses = parseFilter(query.get("$filter") ?? "displayName ne ''");
  if (clauses === undefined) return invalid("Invalid filter clause.");
  const found = world.directory.usersOf(tid).filter((user) => clauses.every((clause) => clause.test(user)));
  const { items, next } = slice(found, from, top);
  // Without the header the count is not given, and nobody is told.
  const count = query.get("$count") === "true" && eventual ? { "@odata.count": found.length } : {};
  const link =
    next === undefined
      ? {}
      : { "@odata.nextLink": nextLink(call, world.origins.graph, "$skiptoken", `${TOKEN}${next}`) };
  const context = `${world.origins.graph}/v1.0/$metadata#users`;
  return selected(call, json(200, { "@odata.context": context, ...count, ...link, value: items }));
}

const REQUIRED = [
  "accountEnabled",
  "displayName",
  "mailNickname",
  "userPrincipalName",
  "passwordProfile",
] as const;

function create(world: MicrosoftWorld, call: Call, tid: string): Reply {
  const body = bodyOf(call);
  if (body === undefined) return apiError(400, "Request_BadRequest", "Unable to read JSON request payload.");
  const absent = REQUIRED.find((name) => body[name] === undefined);
  if (absent !== undefined)
    return apiError(
      400,
      "Request_BadRequest",
      `A value is required for property '${absent}' of resource 'User'.`,
    );
  const principal = String(body.userPrincipalName);
  if (world.directory.find(tid, principal) !== undefined)
    return apiError(
      400,
      "Request_BadRequest",
      "Another object with the same value for property userPrincipalName already exists.",
    );
  const user = { ...userOf(randomUUID(), String(body.displayName), principal), mail: null, ...known(body) };
  world.directory.usersOf(tid).push(user);
  return json(201, entity(world, user), { location: `${world.origins.graph}/v1.0/users/${user.id}` });
}

/** The members that are kept; the others are taken, and answered by no list. */
function known(body: Record<string, unknown>): Partial<User> {
  const names = Object.keys(userOf("", "", "")).filter((name) => name !== "id");
  return Object.fromEntries(Object.entries(body).filter(([name]) => names.includes(name)));
}
