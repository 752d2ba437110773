/** Refusals that several topics of ARM share (learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors). */
import { isRecord } from "../faults.ts";
import type { Call, Reply } from "../http.ts";
import { apiError, bodyOf } from "./api.ts";

export const unknownType = () =>
  apiError(404, "InvalidResourceType", "The resource type could not be found.");

export const notAllowed = () =>
  apiError(405, "HttpMethodNotAllowed", "The request does not support the HTTP method.");

export const groupMissing = (name: string) =>
  apiError(404, "ResourceGroupNotFound", `Resource group '${name}' could not be found.`);

export const resourceMissing = (id: string) =>
  apiError(404, "ResourceNotFound", `The Resource '${id}' was not found.`);

export const invalidContent = (why: string) =>
  apiError(
    400,
    "InvalidRequestContent",
    `The request content was invalid and could not be deserialized: '${why}'.`,
  );

/** The body with none but these members; worded as in MicrosoftDocs/azure-docs#80389. */
export function content(
  call: Call,
  type: string,
  members: readonly string[],
): { body: Record<string, unknown> } | { refused: Reply } {
  const body = bodyOf(call);
  if (body === undefined)
    return { refused: invalidContent("Unexpected end of content. Path '', line 1, position 1.") };
  const other = Object.keys(body).find((name) => !members.includes(name));
  if (other === undefined) return { body };
  return {
    refused: invalidContent(`Could not find member '${other}' on object of type '${type}'. Path '${other}'.`),
  };
}

/** Texts by names; undefined where it is something else. */
export function tagsOf(value: unknown): Record<string, string> | undefined {
  if (!isRecord(value) || !Object.values(value).every((one) => typeof one === "string")) return undefined;
  return value as Record<string, string>;
}
