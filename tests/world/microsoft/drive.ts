/**
 * Graph's side of a person's drive: learn.microsoft.com/graph/api/driveitem-get, driveitem-get-content,
 * driveitem-put-content, driveitem-delete, driveitem-createuploadsession; /graph/api/resources/uploadsession.
 */
import { type Call, json, type Reply } from "../http.ts";
import { apiError } from "./api.ts";
import { type DriveFile, itemOf, type UploadSession } from "./files.ts";
import { selected } from "./odata.ts";
import type { Person } from "./people.ts";
import type { MicrosoftWorld } from "./world.ts";

/** What is named, and what is wanted of it: `items/{id}` or `root:/{path}:`, `/content` or `/createUploadSession`. */
const ADDRESS =
  /^(?:items\/(?<id>[^/:]+)|(?:root|items\/root):\/(?<path>[^:]+):?)(?:\/(?<action>content|createUploadSession))?$/;

/** `below`: what stands behind `/me/drive/`. */
export function drive(world: MicrosoftWorld, call: Call, person: Person, below: string): Reply {
  const { id, path: encoded, action } = ADDRESS.exec(below)?.groups ?? {};
  const path = encoded === undefined ? undefined : decodeURIComponent(encoded);
  if (id === undefined && path === undefined)
    return apiError(404, "itemNotFound", "The resource could not be found.");
  const file = id === undefined ? world.files.byPath(person, path ?? "") : world.files.byId(person, id);
  const where = path ?? file?.path;
  if (call.method === "POST" && action === "createUploadSession" && where !== undefined)
    return json(200, sessionOf(world, world.files.open(person, where, world.now())));
  if (call.method === "PUT" && action === "content" && where !== undefined) {
    const { file: written, isNew } = world.files.write(person, where, call.bytes);
    return json(isNew ? 201 : 200, entity(world, written));
  }
  if (file === undefined) return apiError(404, "itemNotFound", "The resource could not be found.");
  switch (`${call.method} ${action ?? ""}`) {
    case "GET ":
      return selected(call, json(200, entity(world, file)));
    case "GET content":
      return { status: 302, headers: { location: downloadUrl(world, file) }, body: "" };
    case "DELETE ":
      world.files.remove(file);
      return { status: 204, body: "" };
    default:
      return apiError(405, "invalidRequest", "The HTTP method is not supported for this resource.");
  }
}

/** Its URL "is only valid for a short time and doesn't require authentication". */
const downloadUrl = (world: MicrosoftWorld, file: DriveFile) =>
  `${world.origins.content}/download?tempauth=${world.files.ticketFor(file)}`;

export const entity = (world: MicrosoftWorld, file: DriveFile) => ({
  "@odata.context": `${world.origins.graph}/v1.0/$metadata#users('me')/drive/items/$entity`,
  "@microsoft.graph.downloadUrl": downloadUrl(world, file),
  ...itemOf(file),
});

const sessionOf = (world: MicrosoftWorld, session: UploadSession) => ({
  "@odata.context": `${world.origins.graph}/v1.0/$metadata#microsoft.graph.uploadSession`,
  expirationDateTime: new Date(session.expires).toISOString(),
  nextExpectedRanges: [`${session.received}-`],
  uploadUrl: `${world.origins.content}/upload/${session.id}`,
});
