/** What every topic of Graph is asked with, who may, and the refusals that several topics share. */
import { createHash } from "node:crypto";
import type { Call, Reply } from "../http.ts";
import { apiError } from "./api.ts";
import type { Person } from "./people.ts";
import type { AccessToken, MicrosoftWorld } from "./world.ts";

export interface Asked {
  readonly world: MicrosoftWorld;
  readonly call: Call;
  readonly person: Person;
  readonly token: AccessToken;
  /** The path behind the version, decoded. */
  readonly segments: readonly string[];
}

/** Undefined where the path is another topic's. */
export type Topic = (asked: Asked) => Reply | undefined;

/** "Permissions" of each page: any one of them is enough. `.default` is all that an application was granted. */
export const holds = (token: AccessToken, names: readonly string[]): boolean =>
  token.scopes.includes(".default") || names.some((name) => token.scopes.includes(name));

/** Exchange's refusal (learn.microsoft.com/graph/resolve-auth-errors and reports). */
export const exchangeDenied = () =>
  apiError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.");

/** The directory's (learn.microsoft.com/graph/resolve-auth-errors). */
export const directoryDenied = () =>
  apiError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.");

export const directoryMissing = (name: string) =>
  apiError(
    404,
    "Request_ResourceNotFound",
    `Resource '${name}' does not exist or one of its queried reference-property objects are not present.`,
  );

/**
 * Where somebody has no licence for Exchange or the mailbox is elsewhere: code and text as in iyear/E5SubBot#39 and
 * microsoftgraph/microsoft-graph-docs-contrib#405.
 */
export function mailboxMissing({ world }: Asked): Reply | undefined {
  if (world.settings.mailbox === "present") return undefined;
  return apiError(
    404,
    "MailboxNotEnabledForRESTAPI",
    "The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
  );
}

export const itemMissing = () =>
  apiError(404, "ErrorItemNotFound", "The specified object was not found in the store.");

export const methodNotAllowed = (methods: string) =>
  apiError(405, "MethodNotAllowed", `Only ${methods} is served here.`);

/** Ids are opaque: Exchange's are base64url and may hold `-`, `_` and `=` (learn.microsoft.com/graph/outlook-immutable-id). */
export const exchangeId = (of: string, prefix = "AAMkAD"): string =>
  `${prefix}${createHash("sha256").update(of).digest("base64url")}-_AAA=`;
