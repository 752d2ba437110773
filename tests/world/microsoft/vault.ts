/**
 * Azure Key Vault: one vault of Contoso's, with secrets and keys, in pages of 25 (learn.microsoft.com/rest/api/keyvault). It
 * takes tokens of its own audience alone (apiHandler), as the vault itself does. Whoever is of another directory has no role
 * in it: "ForbiddenByRbac" (learn.microsoft.com/azure/key-vault/general/rest-error-codes).
 */
import { randomUUID } from "node:crypto";
import { type Call, type Handler, json, type Reply } from "../http.ts";
import { apiHandler, bodyOf, nextLink, slice, wholeNumber } from "./api.ts";
import { CONTOSO, type Person } from "./people.ts";
import type { MicrosoftWorld } from "./world.ts";

const MOST = 25;
const VERSIONS = ["7.3", "7.4", "7.5"];

interface Version {
  readonly version: string;
  readonly value: string;
  readonly contentType?: unknown;
  readonly tags?: unknown;
  readonly attributes: Record<string, unknown>;
}

export class Vault {
  /** By name; the newest version is the last. */
  readonly secrets = new Map<string, Version[]>();

  constructor() {
    for (let n = 0; n < 30; n += 1) this.set(`secret-${String(n).padStart(2, "0")}`, { value: `value ${n}` });
  }

  set(name: string, { value, contentType, tags, attributes }: Record<string, unknown>): Version {
    const at = 1_767_225_600;
    const about = {
      ...(contentType === undefined ? {} : { contentType }),
      ...(tags === undefined ? {} : { tags }),
      attributes: { enabled: true, ...(attributes as object), created: at, updated: at },
    };
    const made = { version: randomUUID().replaceAll("-", ""), value: String(value), ...about };
    this.secrets.set(name, [...(this.secrets.get(name) ?? []), made]);
    return made;
  }
}

/** As the vault words it, with `innererror` in small letters. */
function vaultError(status: number, code: string, message: string, inner?: string): Reply {
  const more = inner === undefined ? {} : { innererror: { code: inner } };
  return json(status, { error: { code, message, ...more } });
}

export function vaultHandler(world: MicrosoftWorld): Handler {
  return apiHandler(world, "vault", (call, person) => route(world, call, person));
}

function route(world: MicrosoftWorld, call: Call, person: Person): Reply {
  const version = call.url.searchParams.get("api-version");
  if (version === null || !VERSIONS.includes(version))
    return vaultError(400, "BadParameter", `The specified version (${version ?? ""}) is not recognized.`);
  if (person.tid !== CONTOSO)
    return vaultError(403, "Forbidden", "Caller is not authorized to perform action.", "ForbiddenByRbac");
  const [kind = "", name, wanted = ""] = call.url.pathname.slice(1).split("/").map(decodeURIComponent);
  const at = `${world.origins.vault}/${kind}`;
  if (kind === "keys" && name === undefined && call.method === "GET")
    return list(call, world, [
      { kid: `${at}/signing`, attributes: { enabled: true }, tags: { team: "shop" } },
    ]);
  if (kind !== "secrets") return vaultError(404, "NotFound", "There is nothing here.");
  if (name === undefined) {
    if (call.method !== "GET") return vaultError(405, "MethodNotAllowed", "GET alone.");
    const items = [...world.vault.secrets].map(([one, versions]) => about(versions.at(-1), `${at}/${one}`));
    return list(call, world, items);
  }
  if (!/^[0-9A-Za-z-]{1,127}$/.test(name))
    return vaultError(400, "BadParameter", `The request URI contains an invalid name: ${name}`);
  if (call.method === "PUT") {
    const body = bodyOf(call);
    if (typeof body?.value !== "string")
      return vaultError(400, "BadParameter", "Property value is required and must be a string.");
    const made = world.vault.set(name, body);
    return json(200, { value: made.value, ...about(made, `${at}/${name}/${made.version}`) });
  }
  if (call.method !== "GET") return vaultError(405, "MethodNotAllowed", "GET and PUT alone.");
  const versions = world.vault.secrets.get(name) ?? [];
  const found = wanted === "" ? versions.at(-1) : versions.find((one) => one.version === wanted);
  if (found === undefined)
    return vaultError(404, "SecretNotFound", `A secret with (name/id) ${name}/${wanted} was not found.`);
  return json(200, { value: found.value, ...about(found, `${at}/${name}/${found.version}`) });
}

function about(version: Version | undefined, id: string): Record<string, unknown> {
  const { value: _, version: __, ...rest } = version ?? { value: "", version: "" };
  return { id, ...rest };
}

function list(call: Call, world: MicrosoftWorld, all: readonly unknown[]): Reply {
  const size = wholeNumber(call.url.searchParams.get("maxresults"), MOST, 1, MOST);
  const from = wholeNumber(call.url.searchParams.get("$skiptoken"), 0, 0, all.length);
  if (size === undefined || from === undefined)
    return vaultError(400, "BadParameter", "maxresults is 1 to 25.");
  const { items, next } = slice(all, from, size);
  const link = next === undefined ? null : nextLink(call, world.origins.vault, "$skiptoken", String(next));
  return json(200, { value: items, nextLink: link });
}
