/**
 * Long-running operations as learn.microsoft.com/azure/azure-resource-manager/management/async-operations has them: 201 or 202 with
 * Azure-AsyncOperation or Location, and Operation-Location as in Azure/azure-rest-api-specs, documentation/openapi-authoring-automated-guidelines
 * ("long running operations"); then `status` of the operation, or 202 until the result is there; then a GET of the resource.
 */
import { json, type Reply } from "../http.ts";
import { apiError } from "./api.ts";
import type { Item, Operation, Polling } from "./azure.ts";
import type { MicrosoftWorld } from "./world.ts";

/** Nobody waits in a test. */
const RETRY = { "retry-after": "0" };
const VERSION = "api-version=2025-04-01";

const headersOf = (world: MicrosoftWorld, operation: Operation): Record<string, string> => ({
  [operation.polling.toLowerCase()]: `${world.origins.arm}${operation.path}?${VERSION}`,
  ...RETRY,
});

export interface Begun {
  /** What is put; absent for a deletion and where the answer has no body. */
  readonly item?: Item;
  readonly isNew?: boolean;
  /** Where another header than that of the settings is the only one that is documented. */
  readonly polling?: Polling;
  readonly finish: () => void;
  readonly failed?: () => void;
  readonly result: () => Item | undefined;
  readonly ends?: () => Reply;
}

/** `under`: the path of its subscription. */
export function begin(world: MicrosoftWorld, under: string, about: Begun): Reply {
  const { operations } = world.settings;
  const { finish, result, item, failed, ends, polling = world.settings.polling } = about;
  const begun = { polling, fails: operations === "fail", finish, failed, result, ends };
  const operation = world.azure.begin(begun, under);
  const headers = headersOf(world, operation);
  if (item === undefined || polling === "Location") return { status: 202, headers, body: "" };
  return json(about.isNew === true ? 201 : 200, item, headers);
}

export const FAILURE = {
  code: "ResourceOperationFailure",
  message: "The operation failed, as a test asked for.",
};

/** What stands at `operation.path`. */
export function poll(world: MicrosoftWorld, id: string | undefined): Reply {
  const operation = world.azure.operation(id ?? "");
  if (operation === undefined) return apiError(404, "OperationNotFound", "The operation was not found.");
  const running = operation.left > 0;
  operation.left -= 1;
  if (operation.left === 0) operation.fails ? operation.failed?.() : operation.finish();
  return operation.polling === "Location"
    ? asResult(world, operation, running)
    : asStatus(operation, running);
}

function asStatus({ id, fails }: Operation, running: boolean): Reply {
  if (running) return json(200, { id, status: "InProgress" }, RETRY);
  return fails ? json(200, { id, status: "Failed", error: FAILURE }) : json(200, { id, status: "Succeeded" });
}

function asResult(world: MicrosoftWorld, operation: Operation, running: boolean): Reply {
  if (running) return { status: 202, headers: headersOf(world, operation), body: "" };
  if (operation.fails) return json(409, { error: FAILURE });
  if (operation.ends !== undefined) return operation.ends();
  const item = operation.result();
  return item === undefined ? { status: 200, body: "" } : json(200, item);
}

/** As it is answered while the operation runs, and afterwards. */
export const provisioned = (item: Item, state: "Accepted" | "Succeeded" | "Deleting" | "Failed"): Item => ({
  ...item,
  properties: { ...item.properties, provisioningState: state },
});
