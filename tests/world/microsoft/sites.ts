/**
 * Graph's sites: learn.microsoft.com/graph/api/site-search, site-get, site-getbypath. Ids are three parts with commas
 * between them; the errors are those of SharePoint (learn.microsoft.com/graph/errors).
 */
import { json, type Reply } from "../http.ts";
import { apiError } from "./api.ts";
import { selected } from "./odata.ts";
import { CONSUMERS, oidOf, PEOPLE } from "./people.ts";
import { type Asked, holds, methodNotAllowed } from "./topic.ts";

const MAY_READ = ["Sites.Read.All", "Sites.ReadWrite.All", "Sites.Manage.All", "Sites.FullControl.All"];
const NAMES = ["", "Engineering", "Marketing", "Handbook"] as const;

function sitesOf(tid: string) {
  const domain = PEOPLE.find((who) => who.tid === tid)?.domain.split(".")[0];
  if (tid === CONSUMERS || domain === undefined) return [];
  const host = `${domain}.sharepoint.example`;
  return NAMES.map((name) => ({
    id: `${host},${oidOf(`site ${name} of ${tid}`)},${oidOf(`web ${name} of ${tid}`)}`,
    name: name.toLowerCase(),
    displayName: name === "" ? "Communication site" : name,
    description: name === "" ? "" : `${name} of ${domain}`,
    createdDateTime: "2025-11-03T09:00:00Z",
    lastModifiedDateTime: "2026-01-05T08:00:00Z",
    webUrl: `https://${host}${name === "" ? "" : `/sites/${name}`}`,
    siteCollection: { hostname: host },
    ...(name === "" ? { root: {} } : {}),
  }));
}

export function sites(asked: Asked): Reply | undefined {
  const [kind, id, ...path] = asked.segments;
  if (kind !== "sites") return undefined;
  const { call, token, person, world } = asked;
  if (call.method !== "GET") return methodNotAllowed("GET");
  if (!holds(token, MAY_READ))
    return apiError(403, "accessDenied", "The caller does not have permission to perform the action.");
  const all = sitesOf(token.tid ?? person.tid);
  const origin = `${world.origins.graph}/v1.0/$metadata#sites`;
  if (id === undefined) {
    // `*` finds all, as nothing does.
    const text = (call.url.searchParams.get("search") ?? "*").replace("*", "").toLowerCase();
    const found = all.filter(({ displayName }) => displayName.toLowerCase().includes(text));
    return selected(call, json(200, { "@odata.context": origin, value: found }));
  }
  const byPath = id.endsWith(":") ? `https://${id.slice(0, -1)}/${path.join("/")}`.toLowerCase() : undefined;
  if (path.length > 0 && byPath === undefined) return undefined;
  const site = all.find(
    (one) =>
      one.id === id ||
      one.webUrl.toLowerCase() === byPath ||
      (path.length === 0 && one.root !== undefined && (id === "root" || id === one.siteCollection.hostname)),
  );
  if (site === undefined) return apiError(404, "itemNotFound", "Requested site could not be found");
  return selected(call, json(200, { "@odata.context": `${origin}/$entity`, ...site }));
}
