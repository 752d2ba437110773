/**
 * What is locked against being deleted. A drive: microsoftgraph/msgraph-sdk-java#365 (a file that is open elsewhere). ARM:
 * learn.microsoft.com/azure/azure-resource-manager/management/lock-resources and reports of `ScopeLocked`.
 */
import type { Reply } from "../http.ts";
import { apiError } from "./api.ts";
import type { MicrosoftWorld } from "./world.ts";

export function lockedItem({ settings }: MicrosoftWorld): Reply | undefined {
  if (!settings.locked) return undefined;
  return apiError(423, "resourceLocked", "The resource you are attempting to access is locked");
}

export function lockedScope({ settings }: MicrosoftWorld, id: string): Reply | undefined {
  if (!settings.locked) return undefined;
  return apiError(
    409,
    "ScopeLocked",
    `The scope '${id}' cannot perform delete operation because following scope(s) are locked: '${id}'. ` +
      "Please remove the lock and try again.",
  );
}
