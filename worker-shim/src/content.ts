/** Operations whose content, in the request or in the answer, is passed on as it comes (core/flow/resource/content.h). */

import { toResponse } from "./answer.ts";
import type { Bindings } from "./env.ts";
import type { FrontRequest } from "./front.ts";
import type { OperationInfo } from "./generated/manifest.gen.ts";
import { readAtMost } from "./interpreter.ts";
import { problemOutcome } from "./problems.ts";
import { serveProxy } from "./proxy.ts";
import type { Caller } from "./proxy-call.ts";
import type { HeaderPairs } from "./proxy-headers.ts";
import { faultIn } from "./proxy-http.ts";
import { parametersAsText, type RpcCaller } from "./proxy-rpc.ts";

type Refusal = Response;
const refused = (detail: string): Refusal => toResponse(problemOutcome("invalid_request", { detail }));

/** No link of an answer leads through the proxy. */
const callerOf = (request: Request, headers: HeaderPairs): Omit<Caller, "body"> => ({
  request,
  headers,
  base: "",
  baseFor: () => undefined,
});

export async function contentOverHttp(
  operation: OperationInfo,
  request: Request,
  asked: Pick<FrontRequest, "path" | "query">,
  env: Bindings,
): Promise<Response> {
  const headers: HeaderPairs = [...request.headers];
  const fault = faultIn(headers);
  if (fault !== undefined) return refused(fault);
  const read = headers.filter(([name]) => name === "authorization");
  return serveProxy(
    operation,
    { entry: "http", ...asked, headers: read },
    env,
    callerOf(request, headers),
    request,
  );
}

export interface ContentParameters {
  /** What is to be put there. */
  content?: BodyInit;
  contentType?: string;
}

/** The answer's content as a Response; of content that was sent, what the API says of it. */
export async function contentOverRpc(
  operation: OperationInfo,
  parameters: (ContentParameters & Record<string, unknown>) | undefined,
  { env, keepAlive, bindingOrg, bindingPermissions }: RpcCaller,
): Promise<unknown> {
  const { content, contentType, ...named } = parameters ?? {};
  const request = requestOf(operation, content, contentType);
  const body = parametersAsText(named);
  const response =
    request && typeof body === "string"
      ? await serveProxy(
          operation,
          { entry: "rpc", bindingOrg, bindingPermissions, body },
          env,
          callerOf(request, [...request.headers]),
          undefined,
          keepAlive,
        )
      : refused(
          request ? "The parameters cannot be written as JSON" : "`content` must be what a Request takes",
        );
  return operation.streams === "answer" ? response : answerTo(response);
}

/** Of an API, about what it was sent. */
const MOST_ANSWER_BYTES = 1024 * 1024;

/** It was done, whatever becomes of the answer. */
async function answerTo(response: Response): Promise<unknown> {
  try {
    const pieces = await readAtMost(response, MOST_ANSWER_BYTES);
    const text = await new Blob(pieces ?? ["-"]).text();
    const answer: unknown = text === "" ? { status: response.status } : JSON.parse(text);
    if (typeof answer === "object" && answer !== null) return answer;
  } catch {
    // Told below.
  }
  const detail = "The answer is too large, was cut off, or is no JSON";
  return toResponse(
    problemOutcome("answer_withheld", { detail, members: { api_status: response.status } }),
  ).json();
}

/** undefined: no Request can be made of it. */
function requestOf(
  { method, streams }: OperationInfo,
  content: BodyInit | undefined,
  contentType: string | undefined,
): Request | undefined {
  const sends = streams === "request";
  if (sends && content === undefined) return undefined;
  try {
    return new Request("https://postern.invalid/", {
      method,
      ...(sends
        ? { body: content ?? null, headers: { "content-type": contentType ?? "application/octet-stream" } }
        : {}),
    });
  } catch {
    return undefined;
  }
}
