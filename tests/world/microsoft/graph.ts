/** Microsoft Graph: each path to its topic, and the profile of exactly the token's person. */

import { type Call, type Handler, json, type Reply } from "../http.ts";
import { apiError, apiHandler, spoiledPart } from "./api.ts";
import { batch } from "./batch.ts";
import { calendar } from "./calendar.ts";
import { contacts } from "./contacts.ts";
import { drive } from "./drive.ts";
import { groups } from "./groups.ts";
import { pathOfCall } from "./lists.ts";
import { mail } from "./mail.ts";
import { selected } from "./odata.ts";
import { displayName, type Person } from "./people.ts";
import { sites } from "./sites.ts";
import { teams } from "./teams.ts";
import { exchangeDenied, type Topic } from "./topic.ts";
import { users } from "./users.ts";
import type { AccessToken, MicrosoftWorld } from "./world.ts";

const TOPICS: readonly Topic[] = [mail, calendar, contacts, groups, teams, sites];

export function graphHandler(world: MicrosoftWorld): Handler {
  const origin = world.origins.graph;
  return apiHandler(world, "graph", async (call, person, token) => {
    const path = pathOfCall(call);
    if (path === "/v1.0/$batch")
      return batch(
        call,
        origin,
        "v1.0",
        async (part) => (await spoiledPart(world, part)) ?? single(world, part, person, token),
      );
    return single(world, call, person, token);
  });
}

function single(world: MicrosoftWorld, call: Call, person: Person, token: AccessToken): Reply {
  const path = pathOfCall(call);
  const [, user] = /^\/v1\.0\/users(?:\/([^/]+))?$/.exec(path) ?? [undefined, undefined];
  if (path.startsWith("/v1.0/users") && (user !== undefined || path === "/v1.0/users"))
    return users(world, call, person, token, user === undefined ? undefined : decodeURIComponent(user));
  if (path.startsWith("/v1.0/me/drive/")) {
    const may = token.scopes.some((name) => name.startsWith("Files.") || name === ".default");
    return may ? drive(world, call, person, path.slice("/v1.0/me/drive/".length)) : exchangeDenied();
  }
  const segments = path.startsWith("/v1.0/") ? path.slice("/v1.0/".length).split("/").map(decoded) : [];
  for (const topic of TOPICS) {
    const reply = topic({ world, call, person, token, segments });
    if (reply !== undefined) return reply;
  }
  if (call.method !== "GET") return apiError(405, "MethodNotAllowed", "Only GET is served here.");
  if (path === "/v1.0/me") return selected(call, me(world.origins.graph, person));
  return apiError(404, "ResourceNotFound", `Resource not found for the segment '${call.url.pathname}'.`);
}

/** A segment that is no UTF-8 is nobody's name. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function me(origin: string, person: Person): Reply {
  return json(200, {
    "@odata.context": `${origin}/v1.0/$metadata#users/$entity`,
    id: person.oid,
    displayName: displayName(person),
    givenName: person.givenName,
    surname: person.surname,
    mail: person.email,
    userPrincipalName: person.email,
    jobTitle: null,
    mobilePhone: null,
    officeLocation: null,
    preferredLanguage: "en-GB",
    businessPhones: [],
  });
}
