/** Calls that end before their time: what is told of a write that was sent, and how many may wait for an API. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { FieldWriter } from "../../../worker-shim/src/fields.ts";
import { type Connected, expectProblem, get, send } from "../support/client.ts";
import { nothingLeaks, onResume } from "../support/instances.ts";
import { ok, playGraph, proxied } from "../support/upstream.ts";

const sendMail = (who: Connected) =>
  send("POST", `/mail?user_id=${who.user}`, who.key, { message: { subject: "x" } });
const readMail = (who: Connected, query = "") => get(`/mail?user_id=${who.user}&top=1${query}`, who.key);
const mailer = () => proxied(["mail:write", "graph:read"]);

afterEach(nothingLeaks);

describe("a call that ends with its instance", () => {
  const spoilAfterGraph = () => {
    let asked = false;
    playGraph(() => {
      asked = true;
      return ok({ value: [] });
    });
    onResume((_instance, message) => (asked ? new FieldWriter() : message));
  };

  test("may have been done, where it changes something", async () => {
    const who = await mailer();
    spoilAfterGraph();
    expectProblem(await sendMail(who), 502, "call_outcome_unknown");
  });

  test("is asked for again, where it reads", async () => {
    const who = await mailer();
    spoilAfterGraph();
    expectProblem(await readMail(who), 503, "core_trap");
  });
});

/** The host's own limit for a flow in front, which no deadline of a request reaches. */
const FRONT_MS = 60_000;

test.each([
  ["may have been done, where it changes something", sendMail, 502, "call_outcome_unknown"],
  ["is a timeout, where it reads", readMail, 504, "timeout"],
] as const)("a call that outlasts its time %s", async (_, call, status, code) => {
  const who = await mailer();
  playGraph(async () => {
    await scheduler.wait(300);
    return ok({ value: [] });
  });
  const real = globalThis.setTimeout;
  vi.stubGlobal("setTimeout", (work: () => void, milliseconds: number) =>
    real(work, milliseconds === FRONT_MS ? 50 : milliseconds),
  );
  expectProblem(await call(who), status, code);
  vi.unstubAllGlobals();
  await scheduler.wait(400);
});

test("twelve calls of an isolate wait for an API at once, and others are told what it said", async () => {
  const who = await mailer();
  let calm = false;
  playGraph(() =>
    calm ? ok({ value: [] }) : Response.json({}, { status: 429, headers: { "retry-after": "1" } }),
  );
  const calls = Array.from({ length: 20 }, () => readMail(who, "&wait=5"));
  await scheduler.wait(600);
  calm = true;
  const statuses = (await Promise.all(calls)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(12);
  expect(statuses.filter((status) => status === 429)).toHaveLength(8);
});
