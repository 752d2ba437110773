/**
 * Graph's side of a person's drive: learn.microsoft.com/graph/api/driveitem-get, driveitem-list-children,
 * driveitem-search, driveitem-get-content, driveitem-put-content, driveitem-delete, driveitem-createuploadsession;
 * /graph/api/resources/uploadsession. A lock is answered as in microsoftgraph/msgraph-sdk-java#365.
 */
import { type Call, json, type Reply } from "../http.ts";
import { apiError, nextLink, slice, wholeNumber } from "./api.ts";
import type { DriveFile, UploadSession } from "./files.ts";
import {
  childrenOf,
  type Folder,
  fileItem,
  folderId,
  folderItem,
  foldersOf,
  type Inside,
  search,
} from "./folders.ts";
import { lockedItem } from "./locks.ts";
import { selected } from "./odata.ts";
import type { Person } from "./people.ts";
import type { MicrosoftWorld } from "./world.ts";

/** What is named, and what is wanted of it: `items/{id}`, `root` or `root:/{path}:`, `/content`, `/children` … */
const ADDRESS =
  /^(?:items\/(?<id>(?!root(?:[/:]|$))[^/:]+)|(?:root|items\/root):\/(?<path>[^:]+):?|(?:items\/)?root)(?:\/(?<action>content|children|createUploadSession))?$/;
/** The text is in single quotes; those that are in it are doubled (driveitem-search). */
const SEARCH = /^root\/search\(q='(?<text>.*)'\)$/;

const missing = () => apiError(404, "itemNotFound", "The resource could not be found.");
const notAllowed = () =>
  apiError(405, "invalidRequest", "The HTTP method is not supported for this resource.");

/** `below`: what stands behind `/me/drive/`. */
export function drive(world: MicrosoftWorld, call: Call, person: Person, below: string): Reply {
  const text = SEARCH.exec(decoded(below))?.groups?.text;
  if (text !== undefined)
    return call.method === "GET"
      ? list(world, call, search(person, world.files.all(person), text.replaceAll("''", "'")), person)
      : notAllowed();
  const address = ADDRESS.exec(below);
  if (address === null) return missing();
  const { id, path: encoded, action } = address.groups ?? {};
  const path = encoded === undefined ? undefined : decoded(encoded);
  const isRoot = id === undefined && path === undefined;
  const file = id === undefined ? world.files.byPath(person, path ?? "") : world.files.byId(person, id);
  const folder = foldersOf(person, world.files.all(person)).find((one) =>
    id === undefined
      ? one.path.toLowerCase() === (path ?? "").replace(/\/$/, "").toLowerCase()
      : folderId(one) === id,
  );
  if (file === undefined && folder !== undefined && (action === undefined || action === "children"))
    return ofFolder(world, call, folder, action);
  if (isRoot) return notAllowed();
  const where = path ?? file?.path;
  if (call.method === "POST" && action === "createUploadSession" && where !== undefined)
    return json(200, sessionOf(world, world.files.open(person, where, world.now())));
  if (call.method === "PUT" && action === "content" && where !== undefined) {
    const { file: written, isNew } = world.files.write(person, where, call.bytes);
    return json(isNew ? 201 : 200, entity(world, written));
  }
  if (file === undefined) return missing();
  switch (`${call.method} ${action ?? ""}`) {
    case "GET ":
      return selected(call, json(200, entity(world, file)));
    case "GET children":
      return list(world, call, { folders: [], files: [] }, person);
    case "GET content":
      return { status: 302, headers: { location: downloadUrl(world, file) }, body: "" };
    case "DELETE ": {
      const locked = lockedItem(world);
      if (locked !== undefined) return locked;
      world.files.remove(file);
      return { status: 204, body: "" };
    }
    default:
      return notAllowed();
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function ofFolder(world: MicrosoftWorld, call: Call, folder: Folder, action: string | undefined): Reply {
  if (call.method !== "GET") return notAllowed();
  const files = world.files.all(folder.owner);
  if (action === "children") return list(world, call, childrenOf(folder, files), folder.owner);
  return selected(call, json(200, { "@odata.context": contextOf(world), ...folderItem(folder, files) }));
}

/** 200 a page unless told (driveitem-list-children); pages go on by `$skiptoken`, not by `$skip`. */
function list(world: MicrosoftWorld, call: Call, { folders, files }: Inside, owner: Person): Reply {
  const query = call.url.searchParams;
  const top = wholeNumber(query.get("$top"), 200, 1, 1000);
  const from = wholeNumber(query.get("$skiptoken")?.replace(/^p/, "") ?? null, 0, 0, 999_999);
  if (top === undefined || from === undefined)
    return apiError(400, "invalidRequest", "The value of $top or $skiptoken is invalid.");
  const all = [
    ...folders.map((folder) => folderItem(folder, world.files.all(owner))),
    ...files.map((file) => ({ "@microsoft.graph.downloadUrl": downloadUrl(world, file), ...fileItem(file) })),
  ].sort((a, b) => String(a.name).localeCompare(String(b.name)));
  const { items, next } = slice(all, from, top);
  const link =
    next === undefined
      ? {}
      : { "@odata.nextLink": nextLink(call, world.origins.graph, "$skiptoken", `p${next}`) };
  const context = contextOf(world).replace("/$entity", "");
  return selected(call, json(200, { "@odata.context": context, value: items, ...link }));
}

const contextOf = (world: MicrosoftWorld) =>
  `${world.origins.graph}/v1.0/$metadata#users('me')/drive/items/$entity`;

/** Its URL "is only valid for a short time and doesn't require authentication". */
const downloadUrl = (world: MicrosoftWorld, file: DriveFile) =>
  `${world.origins.content}/download?tempauth=${world.files.ticketFor(file)}`;

export const entity = (world: MicrosoftWorld, file: DriveFile) => ({
  "@odata.context": contextOf(world),
  "@microsoft.graph.downloadUrl": downloadUrl(world, file),
  ...fileItem(file),
});

const sessionOf = (world: MicrosoftWorld, session: UploadSession) => ({
  "@odata.context": `${world.origins.graph}/v1.0/$metadata#microsoft.graph.uploadSession`,
  expirationDateTime: new Date(session.expires).toISOString(),
  nextExpectedRanges: [`${session.received}-`],
  uploadUrl: `${world.origins.content}/upload/${session.id}`,
});
