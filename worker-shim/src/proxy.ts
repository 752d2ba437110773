/** Runs the flow of an operation that forwards, as often as an answer brings it back, and relays the answer. */

import { toResponse } from "./answer.ts";
import { fields, type Outcome } from "./effects.ts";
import type { Bindings } from "./env.ts";
import { pairFields } from "./fields.ts";
import type { Cancellable } from "./flow-runner.ts";
import { type FrontRequest, handsOf, inputFor, runInFront } from "./front.ts";
import type { OperationInfo } from "./generated/manifest.gen.ts";
import { problemOutcome } from "./problems.ts";
import { relayed } from "./proxy-answer.ts";
import { bodyOf, UnusableBody } from "./proxy-body.ts";
import { type Caller, isSafe, readForward, replyFields, send } from "./proxy-call.ts";
import { readableResponse } from "./proxy-refusal.ts";

/** The core bounds what it sends again by time; more is a loop. */
const MOST_SENDINGS = 50;
/** `FlowInput.note` of a refusal that another flow made. */
const REFUSAL_NOTE = "refusal";

/** What a flow does must reach its end although nobody waits; what an API answers need not. */
export type KeepAlive = (work: Promise<unknown>) => void;

/** Rejects only where the caller went away. */
export async function serveProxy(
  operation: OperationInfo,
  asked: FrontRequest,
  env: Bindings,
  calling: Omit<Caller, "body">,
  cancellable?: Cancellable,
  keepAlive?: KeepAlive,
): Promise<Response> {
  const { request } = calling;
  const refused = refusalsOf(operation);
  const sent: Sent = {};
  try {
    const caller = { ...calling, body: request.body === null ? null : await bodyOf(request) };
    return await exchange(operation, asked, env, caller, sent, cancellable, keepAlive);
  } catch (error) {
    if (error instanceof UnusableBody)
      return refused(problemOutcome("invalid_request", { detail: error.message }));
    if (request.signal.aborted) throw error;
    console.error(JSON.stringify({ level: "error", event: "unhandled", name: (error as Error).name }));
    // 503 says that nothing was done.
    const mayBeDone = sent.once === true && !isSafe(request.method);
    return refused(problemOutcome(mayBeDone ? "call_outcome_unknown" : "core_trap"));
  } finally {
    letGo(sent.held?.answer);
  }
}

/** Clients of the API read what the proxy refuses; of an operation of ours its callers do. */
const refusalsOf = ({ streams }: OperationInfo) => (streams === "" ? readableResponse : toResponse);

interface Sent {
  once?: boolean;
  /** An answer that brought the flow back. */
  held?: { answer: Response; url: URL } | undefined;
}

async function exchange(
  operation: OperationInfo,
  asked: FrontRequest,
  env: Bindings,
  caller: Caller,
  sent: Sent,
  cancellable?: Cancellable,
  keepAlive?: KeepAlive,
): Promise<Response> {
  const refused = refusalsOf(operation);
  const hands = handsOf(env);
  const input = inputFor(operation, asked, env);
  for (let sending = 0; sending < MOST_SENDINGS; sending += 1) {
    const running = runInFront(input, hands, env, cancellable);
    if (running instanceof Promise) keepAlive?.(running.catch(() => undefined));
    const outcome = await running;
    delete input.authorityReply;
    if (outcome.kind !== "forward") {
      if (outcome.asked !== true || input.note === REFUSAL_NOTE) return refused(outcome);
      input.forwardReply = refusalFields(outcome);
      input.note = REFUSAL_NOTE;
      continue;
    }
    // The instance has been given back: the API may take its time.
    const call = readForward(outcome.body);
    if (!call) return refused(problemOutcome("core_trap"));
    const { held } = sent;
    sent.held = undefined;
    if (!call.url) {
      if (!held) return refused(problemOutcome("core_trap"));
      return relayed(held.answer, call, caller, held.url, hands);
    }
    letGo(held?.answer);
    if (call.delayMs > 0) await scheduler.wait(call.delayMs, { signal: caller.request.signal });
    sent.once = true;
    const answer = await send(call, call.url, caller);
    const status = answer?.status ?? 0;
    if (answer && !call.returns.has(status)) return relayed(answer, call, caller, call.url, hands);
    if (answer) sent.held = { answer, url: call.url };
    input.forwardReply = replyFields(answer, caller);
    input.note = call.note;
  }
  return refused(problemOutcome("core_trap"));
}

const refusalFields = ({ status, headers, body }: Outcome) =>
  fields(status, pairFields(headers), false, body);

function letGo(answer: Response | undefined): void {
  answer?.body?.cancel().catch(() => undefined);
}
