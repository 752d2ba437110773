/**
 * Graph's users: learn.microsoft.com/graph/api/user-list, user-post-users, user-get, user-update, user-delete;
 * /graph/paging; /graph/aad-advanced-queries; the codes of errors as /graph/resolve-auth-errors and reports have them.
 */
import { randomUUID } from "node:crypto";
import { type Call, json, type Reply } from "../http.ts";
import { apiError, bodyOf } from "./api.ts";
import { type User, userOf } from "./directory.ts";
import { directoryList } from "./lists.ts";
import { selected } from "./odata.ts";
import { CONSUMERS, type Person } from "./people.ts";
import { directoryDenied, directoryMissing, holds } from "./topic.ts";
import type { AccessToken, MicrosoftWorld } from "./world.ts";

/** "Permissions" of each page; more than is needed is enough, too. */
const MAY_LIST = ["User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", "Directory.ReadWrite.All"];
const MAY_WRITE = ["User.ReadWrite.All", "Directory.ReadWrite.All"];
/** `name`: what stands behind `/users/`; undefined for the collection. */
export function users(
  world: MicrosoftWorld,
  call: Call,
  person: Person,
  token: AccessToken,
  name: string | undefined,
): Reply {
  const tid = token.tid ?? person.tid;
  const isOwn =
    name !== undefined && call.method === "GET" && world.directory.find(tid, name)?.id === person.oid;
  if (tid === CONSUMERS || !(isOwn || holds(token, call.method === "GET" ? MAY_LIST : MAY_WRITE)))
    return directoryDenied();
  if (name === undefined) {
    if (call.method === "GET")
      return directoryList(call, world.origins.graph, "users", world.directory.usersOf(tid));
    if (call.method === "POST") return create(world, call, tid);
    return apiError(
      405,
      "Request_BadRequest",
      "Specified HTTP method is not allowed for the request target.",
    );
  }
  const user = world.directory.find(tid, name);
  if (user === undefined) return directoryMissing(name);
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
