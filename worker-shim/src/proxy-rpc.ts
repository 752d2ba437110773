/** A call of an API over RPC: the caller hands its Request over, and gets the API's Response. */
import type { Outcome } from "./effects.ts";
import type { Bindings } from "./env.ts";
import type { OperationInfo } from "./generated/manifest.gen.ts";
import { problemOutcome } from "./problems.ts";
import { type KeepAlive, serveProxy } from "./proxy.ts";
import type { HeaderPairs } from "./proxy-headers.ts";
import { faultIn } from "./proxy-http.ts";
import { readableResponse } from "./proxy-refusal.ts";

export interface ProxyParameters {
  /** The integration's name; that of AZURE_CLIENT_ID when absent. */
  integration?: string;
  userId: string;
  account?: string;
  /** `user`: `userId` is a user's even where it is `-`. */
  subject?: string;
  /** Which of the provider's APIs; its first one when absent. */
  resource?: string;
  /** Another directory in which the person is a guest. */
  tenant?: string;
  /** The exact path and query; those of the request's URL when absent. */
  target?: string;
  /** Seconds to wait at most, all in all, where the API says Retry-After: 0 to 30; 5 when absent. */
  wait?: number;
  /** `keep`: links in the answer stay as they are. */
  links?: "keep";
  /** Path and query of its URL are the API's, whatever its origin; links in the answer lead to that origin. */
  request: Request;
}

export interface RpcCaller {
  readonly env: Bindings;
  readonly keepAlive: KeepAlive;
  readonly bindingOrg: string;
  readonly bindingPermissions: string;
}

const refused = (detail: string) => readableResponse(problemOutcome("invalid_request", { detail }));

const MOST_PARAMETERS = 64 * 1024;

/** Or why they are none that HTTP would take. */
export function parametersAsText(parameters: object): string | Outcome {
  let text: string;
  try {
    text = JSON.stringify(parameters);
  } catch {
    return problemOutcome("invalid_request", { detail: "The parameters cannot be written as JSON" });
  }
  return text.length > MOST_PARAMETERS ? problemOutcome("payload_too_large") : text;
}

export async function proxyOverRpc(
  operation: OperationInfo,
  parameters: ProxyParameters | undefined,
  { env, keepAlive, bindingOrg, bindingPermissions }: RpcCaller,
): Promise<Response> {
  const { request, ...named } = parameters ?? {};
  if (!(request instanceof Request)) return refused("`request` must be a Request");
  const headers: HeaderPairs = [...request.headers];
  const fault = faultIn(headers);
  if (fault !== undefined) return refused(fault);
  const parametersText = parametersAsText(named);
  if (typeof parametersText !== "string") return readableResponse(parametersText);
  const origin = new URL(request.url).origin;
  const target = request.url.slice(request.url.indexOf("/", request.url.indexOf("://") + 3));
  return serveProxy(
    operation,
    {
      entry: "rpc",
      bindingOrg,
      bindingPermissions,
      body: new TextEncoder().encode(parametersText),
      headers: [
        [":method", request.method],
        [":target", target.split("#", 1)[0] ?? ""],
      ],
    },
    env,
    {
      request,
      headers,
      base: origin,
      baseFor: () => undefined,
    },
    undefined,
    keepAlive,
  );
}
