/** Runs an operation for a caller: here, and where the core says so in the connection's authority. */

import type { FlowInput, Outcome } from "./effects.ts";
import { type Bindings, objectAt, prepare } from "./env.ts";
import { type AuthorityCall, type Cancellable, startFlow } from "./flow-runner.ts";
import type { OperationInfo } from "./generated/manifest.gen.ts";
import type { Hands } from "./interpreter.ts";
import { memory } from "./isolate.ts";
import { problemOutcome } from "./problems.ts";

/** A token refused twice needs two restarts; more is a loop. */
const MOST_RESTARTS = 3;
const AUTHORITY_DEADLINE_MS = 60_000;

export type FrontRequest = Pick<
  FlowInput,
  "entry" | "bindingOrg" | "bindingPermissions" | "path" | "query" | "body" | "headers"
>;

/** At once where the flow ends at once. */
export function serve(
  operation: OperationInfo,
  asked: FrontRequest,
  env: Bindings,
  request?: Cancellable,
): Outcome | Promise<Outcome> {
  return runInFront(inputFor(operation, asked, env), handsOf(env), env, request);
}

export function inputFor(operation: OperationInfo, asked: FrontRequest, env: Bindings): FlowInput {
  return {
    ...asked,
    operation: operation.name,
    entropyBytes: operation.entropy_bytes,
    environment: prepare(env).environment,
  };
}

export function handsOf(env: Bindings): Hands {
  return {
    kv: env.AZURE_TOKENS,
    bindings: env,
    ring: prepare(env).ring,
    memory,
    logLevel: env.LOG_LEVEL,
  };
}

/** Changes `input` where the flow is to begin again. */
export function runInFront(
  input: FlowInput,
  hands: Hands,
  env: Bindings,
  request?: Cancellable,
): Outcome | Promise<Outcome> {
  const step = startFlow(input, hands, request);
  return "kind" in step && step.kind !== "authority" ? step : goOn(step, input, hands, env, request);
}

async function goOn(
  first: AuthorityCall | Promise<Outcome | AuthorityCall>,
  input: FlowInput,
  hands: Hands,
  env: Bindings,
  request: Cancellable | undefined,
): Promise<Outcome> {
  let step = await first;
  for (let run = 0; run <= MOST_RESTARTS; run += 1) {
    if (step.kind !== "authority") return step;
    const outcome = await askAuthority(step, env);
    if (outcome.kind === "problem") return { ...outcome, asked: true };
    if (outcome.kind !== "data") return outcome;
    if (!step.restart) return problemOutcome("core_trap");
    input.authorityReply = outcome.body;
    input.note = step.note;
    if (run < MOST_RESTARTS) step = await startFlow(input, hands, request);
  }
  return problemOutcome("core_trap");
}

async function askAuthority(call: AuthorityCall, env: Bindings): Promise<Outcome> {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const deadline = new Promise<Outcome>((resolve) => {
    timer = setTimeout(() => resolve(problemOutcome("timeout")), AUTHORITY_DEADLINE_MS);
  });
  try {
    const stub = objectAt(env, call.place);
    return await Promise.race([
      stub.run(call.operation, call.payload) as unknown as Promise<Outcome>,
      deadline,
    ]);
  } catch {
    return problemOutcome("store_unavailable", { retryAfterSeconds: 1 });
  } finally {
    clearTimeout(timer);
  }
}
