/**
 * Folders of a drive, and what they hold: learn.microsoft.com/graph/api/driveitem-list-children, driveitem-search,
 * drive-get. A folder is there while a file is below it; its id stays.
 */
import { createHash } from "node:crypto";
import { type DriveFile, itemOf } from "./files.ts";
import type { Person } from "./people.ts";

export interface Folder {
  readonly owner: Person;
  /** Below the root, without slashes around it; empty: the root itself. */
  readonly path: string;
}

export const folderId = ({ owner, path }: Folder): string =>
  `01F${createHash("sha256").update(`${owner.oid} ${path.toLowerCase()}`).digest("hex").slice(0, 31).toUpperCase()}`;

const parentOf = (path: string) => path.split("/").slice(0, -1).join("/");
const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();

/** All of somebody's, the root first. */
export function foldersOf(owner: Person, files: readonly DriveFile[]): Folder[] {
  const paths = new Map<string, string>([["", ""]]);
  for (const file of files)
    for (let path = parentOf(file.path); path !== ""; path = parentOf(path)) {
      if (!paths.has(path.toLowerCase())) paths.set(path.toLowerCase(), path);
    }
  return [...paths.values()].map((path) => ({ owner, path }));
}

export interface Inside {
  readonly folders: Folder[];
  readonly files: DriveFile[];
}

/** What is in it, not what is below that. */
export function childrenOf(folder: Folder, files: readonly DriveFile[]): Inside {
  return {
    folders: foldersOf(folder.owner, files).filter(
      ({ path }) => path !== "" && same(parentOf(path), folder.path),
    ),
    files: files.filter((file) => same(parentOf(file.path), folder.path)),
  };
}

/** Names that hold the text, wherever they are. */
export function search(owner: Person, files: readonly DriveFile[], text: string): Inside {
  const holds = (path: string) => (path.split("/").at(-1) ?? "").toLowerCase().includes(text.toLowerCase());
  return {
    folders: foldersOf(owner, files).filter(({ path }) => path !== "" && holds(path)),
    files: files.filter(({ path }) => holds(path)),
  };
}

/** A driveItem of a folder. */
export function folderItem(folder: Folder, files: readonly DriveFile[]) {
  const inside = childrenOf(folder, files);
  const id = folderId(folder);
  return {
    id,
    name: folder.path === "" ? "root" : folder.path.split("/").at(-1),
    size: files
      .filter(
        ({ path }) => folder.path === "" || path.toLowerCase().startsWith(`${folder.path.toLowerCase()}/`),
      )
      .reduce((sum, { bytes }) => sum + bytes.length, 0),
    eTag: `"{${id}},1"`,
    ...(folder.path === "" ? { root: {} } : { parentReference: parentReference(folder.owner, folder.path) }),
    folder: { childCount: inside.folders.length + inside.files.length },
  };
}

function parentReference(owner: Person, path: string) {
  const parent = parentOf(path);
  return {
    driveId: `b!${owner.oid}`,
    driveType: "business",
    id: folderId({ owner, path: parent }),
    path: `/drive/root:${parent === "" ? "" : `/${parent}`}`,
  };
}

export const fileItem = (file: DriveFile) => ({
  ...itemOf(file),
  parentReference: parentReference(file.owner, file.path),
});
