/** A batch of requests to Graph: in as few as it takes, and each answered for itself. */
import { describe, expect, test } from "vitest";
import { type Connected, expectProblem, newestToken, rpc, send } from "../support/client.ts";
import { type Arrived, bearerOf, playGraph, proxied } from "../support/upstream.ts";
import { world } from "../support/world.ts";

interface Part {
  readonly id: string;
  readonly method: string;
  readonly url: string;
  readonly dependsOn?: string[];
}

const get = (id: string, ...dependsOn: string[]): Part => ({
  id,
  method: "GET",
  url: "/me",
  ...(dependsOn.length === 0 ? {} : { dependsOn }),
});
const ids = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => `${from + n}`);
const partsOf = ({ body }: Arrived) => (JSON.parse(body) as { requests: Part[] }).requests;
const answered = (parts: readonly Part[], statusOf: (part: Part) => number) =>
  Response.json({
    responses: parts.map((part) => ({
      id: part.id,
      status: statusOf(part),
      ...(statusOf(part) === 429 ? { headers: { "Retry-After": "1" } } : {}),
    })),
  });

const batching = () => proxied(["graph:batch"]);
const batch = (who: Connected, requests: Part[], wait = 0) =>
  rpc(who.org, ["graph:batch"]).batch({ userId: who.user, requests, wait });

describe("a batch", () => {
  test("goes to Graph twenty at a time, and is answered in its own order", async () => {
    const who = await batching();
    await world.control({ reset_stats: true });
    const answer = await send("POST", `/batch?user_id=${who.user}`, who.key, {
      requests: [...ids(0, 44).map((id) => get(id)), { id: "last", method: "GET", url: "/nowhere" }],
    });
    expect(answer.status).toBe(200);
    const { responses } = answer.json as { responses: { id: string; status: number; body: unknown }[] };
    expect(responses.map(({ id }) => id)).toEqual([...ids(0, 44), "last"]);
    expect(responses.map(({ status }) => status)).toEqual([...ids(0, 44).map(() => 200), 404]);
    expect(responses[43]?.body).toMatchObject({ userPrincipalName: expect.any(String) });
    expect((await world.stats()).graph.requests).toBe(3);
  });

  test("keeps what depends on what, also across requests", async () => {
    const who = await batching();
    const arrived = playGraph((one) => answered(partsOf(one), ({ id }) => (id === "3" ? 403 : 200)));
    const requests = [...ids(0, 20).map((id) => get(id)), get("a", "0"), get("b", "a"), get("c", "3")];
    const answer = await batch(who, requests);
    expect(arrived.map((one) => partsOf(one).map(({ id }) => id))).toEqual([ids(0, 20), ["a", "b"]]);
    expect(arrived.map((one) => partsOf(one).map(({ dependsOn }) => dependsOn)).at(1)).toEqual([
      undefined,
      ["a"],
    ]);
    expect(answer).toMatchObject({
      responses: expect.arrayContaining([expect.objectContaining({ id: "c", status: 424 })]),
    });
  });

  test("sends what was throttled again, and nothing else, where the caller waits", async () => {
    const who = await batching();
    let round = 0;
    const arrived = playGraph((one) => {
      round += 1;
      return answered(partsOf(one), ({ id }) => (round === 1 && id !== "x" ? (id === "a" ? 429 : 424) : 200));
    });
    const requests = [get("x"), get("a"), get("b", "a")];
    const answer = await batch(who, requests, 5);
    expect(answer).toEqual({ responses: ["x", "a", "b"].map((id) => ({ id, status: 200 })) });
    expect(arrived.map((one) => partsOf(one).map(({ id }) => id))).toEqual([
      ["x", "a", "b"],
      ["a", "b"],
    ]);
    playGraph((one) => answered(partsOf(one), () => 429));
    expect(await batch(who, [get("a")])).toMatchObject({ responses: [{ id: "a", status: 429 }] });
  });

  test("does nothing twice: what has no answer is told part by part, once something was done", async () => {
    const who = await batching();
    const requests = ids(0, 25).map((id) => get(id));
    let round = 0;
    const arrived = playGraph((one) => {
      round += 1;
      return round === 1 ? answered(partsOf(one), () => 200) : new Response("{}", { status: 401 });
    });
    const later = await batch(who, requests);
    const codes = (
      later as { responses: { id: string; body?: { error: { code: string } } }[] }
    ).responses.map(({ body }) => body?.error.code);
    expect(codes).toEqual([...ids(0, 20).map(() => undefined), ...ids(20, 25).map(() => "token_replaced")]);
    expect(arrived).toHaveLength(2);
    playGraph(() => Promise.reject(new TypeError("gone")));
    expect(await batch(who, requests)).toMatchObject({ success: false, code: "call_outcome_unknown" });
  });

  test("goes again whole with another token, where nothing of it was done", async () => {
    const who = await batching();
    const old = await newestToken();
    const arrived = playGraph((one) =>
      bearerOf(one) === old ? new Response("{}", { status: 401 }) : answered(partsOf(one), () => 200),
    );
    expect(await batch(who, [get("a")])).toEqual({ responses: [{ id: "a", status: 200 }] });
    expect(arrived).toHaveLength(2);
  });

  test("that is none, or that the key may not send, is refused", async () => {
    const who = await batching();
    const arrived = playGraph(() => Response.json({}));
    for (const requests of [
      [],
      [{ id: "1", method: "GET", url: "https://evil.example/" }],
      [get("1", "2")],
      "x",
    ]) {
      const answer = await send("POST", `/batch?user_id=${who.user}`, who.key, { requests });
      expectProblem(answer, 400, "invalid_request");
    }
    expect(
      await rpc(who.org, ["*", "graph:read"]).batch({ userId: who.user, requests: [get("1")] }),
    ).toMatchObject({
      code: "permission_denied",
    });
    expect(arrived).toEqual([]);
  });
});
