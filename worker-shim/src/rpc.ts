/** The RPC mouth: one method for each operation that the manifest gives an RPC name. */
import { WorkerEntrypoint } from "cloudflare:workers";
import { createApp } from "./app.ts";
import { contentOverRpc } from "./content.ts";
import type { Outcome } from "./effects.ts";
import type { Bindings } from "./env.ts";
import { serve } from "./front.ts";
import type { OperationInfo } from "./generated/manifest.gen.ts";
import { operationNamed, operations } from "./operations.ts";
import { problemOutcome } from "./problems.ts";
import { proxyDirectly } from "./proxy-http.ts";
import { type ProxyParameters, proxyOverRpc, type RpcCaller } from "./proxy-rpc.ts";
import { follow, type OnEvents, refusedWish, type SubscribeParameters } from "./subscribe.ts";

/** Set by the calling Worker's configuration: `"props": {"org": "acme", "permissions": ["graph:read"]}`. */
export interface BindingProps {
  org?: string;
  permissions?: string[] | string;
}

const app = createApp();
const encoder = new TextEncoder();
/** As over HTTP. */
const MOST_BODY_BYTES = 64 * 1024;
const decoder = new TextDecoder();

export class AzureService extends WorkerEntrypoint<Bindings, BindingProps> {
  override fetch(request: Request): Response | Promise<Response> {
    return proxyDirectly(request, this.env) ?? app.fetch(request, this.env, this.ctx);
  }

  /** Any call of a provider's API, with the connection's token (proxy-rpc.ts). */
  proxy(parameters: ProxyParameters): Promise<Response> {
    const operation = operationNamed("proxy");
    if (!operation) throw new Error("no such operation");
    return proxyOverRpc(operation, parameters, callerOf(this));
  }

  /** Calls `onEvents` with what happens to the organization's connections, as it happens (subscribe.ts). */
  async subscribe(parameters: SubscribeParameters | undefined, onEvents: OnEvents): Promise<unknown> {
    const listEvents = operationNamed("list_events");
    const detail = refusedWish(parameters ?? {}, onEvents);
    if (!listEvents || detail !== undefined)
      return parsed(problemOutcome("invalid_request", detail === undefined ? {} : { detail }));
    return follow((wish) => answer(this, listEvents, wish), parameters ?? {}, onEvents);
  }
}

for (const operation of operations) {
  for (const name of [operation.rpc, operation.rpc_alias]) {
    if (name === "") continue;
    Object.defineProperty(AzureService.prototype, name, {
      configurable: true,
      value: function call(this: AzureService, parameters: unknown): Promise<unknown> {
        return operation.streams === ""
          ? answer(this, operation, parameters)
          : contentOverRpc(operation, parameters as Parameters<typeof contentOverRpc>[1], callerOf(this));
      },
    });
  }
}

/** The parameters as HTTP would carry them, written no further than HTTP would take them. */
function bodyOf(parameters: unknown): Uint8Array | Outcome {
  let room = MOST_BODY_BYTES;
  const counted = (_: string, value: unknown) => {
    room -= typeof value === "string" ? value.length : 1;
    if (room < 0) throw new RangeError();
    return value;
  };
  try {
    const body = encoder.encode(JSON.stringify(parameters ?? {}, counted) ?? "");
    return body.length > MOST_BODY_BYTES ? problemOutcome("payload_too_large") : body;
  } catch {
    return room < 0
      ? problemOutcome("payload_too_large")
      : problemOutcome("invalid_request", { detail: "The parameters cannot be written as JSON" });
  }
}

const parsed = (outcome: Outcome) => JSON.parse(decoder.decode(outcome.body)) as Record<string, unknown>;

function callerOf(service: AzureService): RpcCaller {
  // `env` and `ctx` are protected on the class, and this is part of it.
  const { env, ctx } = service as unknown as { env: Bindings; ctx: ExecutionContext<BindingProps> };
  const { org, permissions } = ctx.props ?? {};
  return {
    env,
    keepAlive: (work) => ctx.waitUntil(work),
    bindingOrg: typeof org === "string" ? org : "",
    bindingPermissions: Array.isArray(permissions) ? permissions.join(" ") : (permissions ?? ""),
  };
}

async function answer(
  service: AzureService,
  operation: OperationInfo,
  parameters: unknown,
): Promise<unknown> {
  const { env, keepAlive, bindingOrg, bindingPermissions } = callerOf(service);
  const body = bodyOf(parameters);
  const serving =
    "kind" in body
      ? body
      : serve(
          operation,
          {
            entry: "rpc",
            bindingOrg,
            bindingPermissions,
            body,
          },
          env,
        );
  // There is no signal over RPC: a call that its caller gives up runs to its end and gives its
  // instance back.
  if (serving instanceof Promise) keepAlive(serving.catch(() => undefined));
  const outcome = await serving;
  const value = parsed(outcome);
  const isList = outcome.kind === "json" && operation.rpc_result !== "" && !namesCursor(parameters);
  return isList ? value[operation.rpc_result] : value;
}

/** Who asks page by page needs what stands beside the list: where the next page is. */
function namesCursor(parameters: unknown): boolean {
  return (
    typeof parameters === "object" &&
    parameters !== null &&
    (parameters as { cursor?: unknown }).cursor != null
  );
}
