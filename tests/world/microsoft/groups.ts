/**
 * Graph's groups: learn.microsoft.com/graph/api/group-list, group-get, group-list-members. A group of kind Unified may
 * be a team (`resourceProvisioningOptions`).
 */
import { json, type Reply } from "../http.ts";
import { apiError } from "./api.ts";
import { directoryList } from "./lists.ts";
import { selected } from "./odata.ts";
import { CONSUMERS, oidOf, type Person } from "./people.ts";
import { type Asked, directoryDenied, directoryMissing, holds } from "./topic.ts";

const MAY_READ = ["Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"];
const MAY_LIST = ["GroupMember.Read.All", "GroupMember.ReadWrite.All", ...MAY_READ];
/** To see more of a member than its id takes a permission for users (`hidden`). */
const MAY_SEE_USERS = ["User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", ...MAY_READ];

const NAMES = [
  ["All Company", "Unified"],
  ["Engineering", "Team"],
  ["Marketing", "Team"],
  ["Azure Administrators", "Security"],
  ["Printer Users", "Security"],
] as const;

/** Of a directory; those of personal accounts have none. */
export function groupsOfTenant(tid: string) {
  if (tid === CONSUMERS) return [];
  return NAMES.map(([displayName, kind]) => ({
    id: oidOf(`group ${displayName} of ${tid}`),
    displayName,
    description: `${displayName} of this directory`,
    createdDateTime: "2025-11-03T09:00:00Z",
    deletedDateTime: null,
    groupTypes: kind === "Security" ? [] : ["Unified"],
    mail: kind === "Security" ? null : `${displayName.toLowerCase().replace(" ", ".")}@groups.example`,
    mailEnabled: kind !== "Security",
    mailNickname: displayName.toLowerCase().replace(" ", "-"),
    securityEnabled: kind === "Security",
    resourceProvisioningOptions: kind === "Team" ? ["Team"] : [],
    visibility: kind === "Unified" ? "Public" : "Private",
    isAssignableToRole: null,
  }));
}

/** Who is in it: everybody in the first, each tenth user and all people in the others. */
export function membersOf(asked: Asked, tid: string, id: string) {
  const users = asked.world.directory.usersOf(tid);
  const isFirst = groupsOfTenant(tid)[0]?.id === id;
  return users.filter((_, n) => isFirst || n < 2 || n % 10 === 0);
}

export function isMember(asked: Asked, person: Person, tid: string, id: string): boolean {
  return membersOf(asked, tid, id).some((user) => user.id === person.oid);
}

export function groups(asked: Asked): Reply | undefined {
  const [kind, id, below, ...rest] = asked.segments;
  if (kind !== "groups" || rest.length > 0 || (below !== undefined && below !== "members")) return undefined;
  const { call, token, person, world } = asked;
  if (call.method !== "GET")
    return apiError(
      405,
      "Request_BadRequest",
      "Specified HTTP method is not allowed for the request target.",
    );
  const tid = token.tid ?? person.tid;
  if (tid === CONSUMERS || !holds(token, MAY_LIST)) return directoryDenied();
  const origin = world.origins.graph;
  if (id === undefined) return directoryList(call, origin, "groups", groupsOfTenant(tid));
  const group = groupsOfTenant(tid).find((one) => one.id === id.toLowerCase());
  if (group === undefined) return directoryMissing(id);
  if (below === undefined)
    return selected(
      call,
      json(200, { "@odata.context": `${origin}/v1.0/$metadata#groups/$entity`, ...group }),
    );
  const seen = holds(token, MAY_SEE_USERS);
  const members = membersOf(asked, tid, group.id).map((user) => ({
    "@odata.type": "#microsoft.graph.user",
    ...(seen ? user : hidden(user.id)),
  }));
  return directoryList(call, origin, "directoryObjects", members);
}

/** learn.microsoft.com/graph/permissions-overview, "Limited information returned for inaccessible member objects". */
const hidden = (id: string) => ({ id, displayName: null, userPrincipalName: null, mail: null });
