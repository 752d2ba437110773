/** When a call is sent once more, and when it never is. */
import { describe, expect, test, vi } from "vitest";
import { newestToken, readToken } from "../support/client.ts";
import { MINUTE, setClock } from "../support/clock.ts";
import { bearerOf, call, callAt, ok, playGraph, proxied } from "../support/upstream.ts";
import { world } from "../support/world.ts";

const refused = (more: Record<string, string> = {}) =>
  Response.json({ error: { code: "InvalidAuthenticationToken" } }, { status: 401, headers: more });
const throttled = (after?: string, status = 429) =>
  Response.json(
    { error: { code: "TooManyRequests" } },
    {
      status,
      headers: after === undefined ? {} : { "retry-after": after },
    },
  );
/** Waiting takes no time, but for a body that is on its way (proxy-body.ts). */
function hurriedWaits(): number[] {
  const waits: number[] = [];
  const real = scheduler.wait.bind(scheduler);
  vi.spyOn(scheduler, "wait").mockImplementation((ms: number) => {
    if (ms === 200) return real(ms);
    if (ms >= 100) waits.push(ms);
    return Promise.resolve();
  });
  return waits;
}

describe("a token that the API refuses", () => {
  test("is replaced once, and the call is sent again with all of its body", async () => {
    const who = await proxied();
    const old = await newestToken();
    const arrived = playGraph((one) => (bearerOf(one) === old ? refused() : ok({ done: true })));
    await world.control({ reset_stats: true });
    const answer = await call(who, "/v1.0/me/sendMail", { method: "POST", body: "the whole mail" });
    expect([answer.status, answer.json.done]).toEqual([200, true]);
    expect(arrived.map(({ body }) => body)).toEqual(["the whole mail", "the whole mail"]);
    expect(await world.tokenRequests()).toBe(1);
  });

  test("a second time: the API's own answer, and the next call costs no token", async () => {
    const who = await proxied();
    const arrived = playGraph(() => refused({ "x-api": "own" }));
    await world.control({ reset_stats: true });
    const first = await call(who, "/v1.0/x");
    expect([first.status, first.headers.get("x-api")]).toEqual([401, "own"]);
    expect(first.json).toEqual({ error: { code: "InvalidAuthenticationToken" } });
    expect([arrived.length, await world.tokenRequests()]).toEqual([2, 1]);
    const second = await call(who, "/v1.0/x");
    expect([second.status, arrived.length, await world.tokenRequests()]).toEqual([401, 3, 1]);
  });

  test("while a long body is on its way: it is replaced, and the caller is told to send again", async () => {
    const who = await proxied();
    const old = await newestToken();
    const arrived = playGraph((one) => (bearerOf(one) === old ? refused() : ok()));
    const body = "x".repeat(65 * 1024);
    const answer = await call(who, "/x", {
      method: "PUT",
      body,
      headers: { "content-length": `${body.length}` },
    });
    expect([answer.status, answer.json.code, answer.headers.get("retry-after")]).toEqual([
      503,
      "token_replaced",
      "1",
    ]);
    expect(arrived).toHaveLength(1);
    const again = await call(who, "/x", {
      method: "PUT",
      body,
      headers: { "content-length": `${body.length}` },
    });
    expect([again.status, arrived.length, arrived[1]?.body.length]).toEqual([200, 2, body.length]);
  });

  test("each time, under long bodies: it is replaced once, then the API's answer is the caller's", async () => {
    const who = await proxied();
    const arrived = playGraph(() => refused({ "x-api": "own" }));
    await world.control({ reset_stats: true });
    const body = "x".repeat(65 * 1024);
    const put = () =>
      call(who, "/x", { method: "PUT", body, headers: { "content-length": `${body.length}` } });
    expect((await put()).json.code).toBe("token_replaced");
    for (const sent of [2, 3]) {
      const answer = await put();
      expect([answer.status, answer.headers.get("x-api"), arrived.length]).toEqual([401, "own", sent]);
    }
    expect(await world.tokenRequests()).toBe(1);
  });

  test("for want of claims: a token that has them; refused once more, a person is needed", async () => {
    const who = await proxied();
    const claims = btoa('{"access_token":{"acrs":{"essential":true,"value":"c1"}}}');
    const challenge = { "www-authenticate": `Bearer error="insufficient_claims", claims="${claims}"` };
    const arrived = playGraph(() => refused(challenge));
    const answer = await call(who, "/x");
    expect([answer.status, answer.json.code]).toEqual([409, "needs_reauth"]);
    expect(answer.json).toMatchObject({ error: { code: "needs_reauth" }, connect_url: expect.any(String) });
    expect(arrived.length).toBeLessThanOrEqual(2);
  });
});

test("claims under a long body take a person, as under a short one", async () => {
  const who = await proxied();
  // The provider has nothing against it, and issues a token.
  const claims = btoa('{"access_token":{"nbf":{"essential":true,"value":"1"}}}');
  const challenge = { "www-authenticate": `Bearer error="insufficient_claims", claims="${claims}"` };
  playGraph(() => refused(challenge));
  const body = "x".repeat(65 * 1024);
  const put = () => call(who, "/x", { method: "PUT", body, headers: { "content-length": `${body.length}` } });
  const codes = [(await put()).json.code, (await put()).json.code];
  expect(codes).toEqual(["token_replaced", "needs_reauth"]);
});

describe("an API that asks for patience", () => {
  test.each(["GET", "POST", "DELETE"])("is asked again, %s too: it has not done it", async (method) => {
    const who = await proxied();
    const waits = hurriedWaits();
    const answers = [() => throttled("2"), () => throttled("1"), () => ok({ done: true })];
    const arrived = playGraph(() => (answers.shift() ?? ok)());
    const answer = await call(who, "/x", { method, ...(method === "POST" ? { body: "b" } : {}) });
    expect([answer.status, answer.json.done, waits]).toEqual([200, true, [2000, 1000]]);
    expect(arrived.map(({ body }) => body)).toEqual(Array(3).fill(method === "POST" ? "b" : ""));
  });

  test("for longer than the caller gives it: its answer is passed on", async () => {
    const who = await proxied();
    const waits = hurriedWaits();
    const arrived = playGraph(() => throttled("3"));
    const answer = await call(who, "/x");
    // Five seconds in all: 3, and no 3 more.
    expect([answer.status, answer.headers.get("retry-after"), arrived.length, waits]).toEqual([
      429,
      "3",
      2,
      [3000],
    ]);
    expect((await call(who, "/x", { headers: { "Postern-Wait": "0" } })).status).toBe(429);
    expect(arrived).toHaveLength(3);
    expect((await call(who, "/x", { headers: { "Postern-Wait": "30" } })).status).toBe(429);
    expect(arrived).toHaveLength(3 + 11);
  });

  test("without saying how long, or with a date long past its budget: passed on at once", async () => {
    const who = await proxied();
    hurriedWaits();
    const arrived = playGraph(({ target }) =>
      throttled(target === "/a" ? undefined : "Mon, 30 Nov 2099 00:00:00 GMT"),
    );
    expect([(await call(who, "/a")).status, (await call(who, "/b")).status, arrived.length]).toEqual([
      429, 429, 2,
    ]);
  });

  test("for no time at all does not make a loop", async () => {
    const who = await proxied();
    const waits = hurriedWaits();
    const arrived = playGraph(() => throttled("0"));
    expect((await call(who, "/x")).status).toBe(429);
    expect([arrived.length, waits]).toEqual([6, Array(5).fill(1000)]);
  });

  test("by 503: reading is asked again, nothing else", async () => {
    const who = await proxied();
    hurriedWaits();
    const answers = [() => throttled("1", 503)];
    const arrived = playGraph(() => (answers.shift() ?? ok)());
    expect([(await call(who, "/x")).status, arrived.length]).toEqual([200, 2]);
    answers.push(() => throttled("1", 503));
    expect([(await call(who, "/x", { method: "POST", body: "b" })).status, arrived.length]).toEqual([503, 3]);
  });
});

describe("an old token, and a token endpoint that is down", () => {
  /** Each call asks the authority, which has nothing better. */
  const oldToken = async () => {
    const who = await proxied(["proxy", "tokens:read"]);
    const until = Date.parse(String((await readToken(who)).json.expires_at));
    await world.control({ token: { kind: "error", status: 503, error: "x", times: "always" } });
    setClock(until - 2 * MINUTE);
    return who;
  };

  test("do not have the wait after a 429 forgotten, nor what of it is left", async () => {
    const who = await oldToken();
    const waits = hurriedWaits();
    const arrived = playGraph(() => throttled("2"));
    expect((await call(who, "/x", { method: "POST", body: "b" })).status).toBe(429);
    expect([arrived.length, waits]).toEqual([3, [2000, 2000]]);
  });

  test("do not have silence forgotten", async () => {
    const who = await oldToken();
    hurriedWaits();
    const arrived = playGraph(() => Promise.reject(new TypeError("connection lost")));
    expect([(await call(who, "/x")).json.code, arrived.length]).toEqual(["provider_unavailable", 2]);
  });
});

describe("an API that gives no answer", () => {
  test("is asked once more where nothing can come of it, and never twice", async () => {
    const who = await proxied();
    hurriedWaits();
    const arrived = playGraph(() => Promise.reject(new TypeError("connection lost")));
    const answer = await call(who, "/x");
    expect([answer.status, answer.json.code, arrived.length]).toEqual([503, "provider_unavailable", 2]);
    const posted = await call(who, "/x", { method: "POST", body: "b" });
    // 503 says that nothing was done: clients repeat it.
    expect([posted.status, posted.json.code, arrived.length]).toEqual([502, "call_outcome_unknown", 3]);
    expect(posted.headers.get("retry-after")).toBeNull();
  });

  test("whole: a part of what is to be rewritten is none", async () => {
    const who = await proxied();
    const half = () =>
      new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode('{"nextLink":'));
          controller.error(new TypeError("connection lost"));
        },
      });
    playGraph(() => new Response(half(), { status: 201, headers: { "content-type": "application/json" } }));
    const read = await call(who, "/x");
    expect([read.status, read.json.code]).toEqual([503, "provider_unavailable"]);
    const posted = await call(who, "/x", { method: "POST", body: "b" });
    expect([posted.status, posted.json.code]).toEqual([502, "call_outcome_unknown"]);
  });
});

describe("a sealed URL", () => {
  const ELSEWHERE = "https://upload.example";
  const sealed = async (respond: () => Response | Promise<Response>) => {
    const who = await proxied();
    const arrived = playGraph(
      ({ url }) => (url.startsWith(ELSEWHERE) ? respond() : ok({ uploadUrl: `${ELSEWHERE}/up` })),
      [ELSEWHERE],
    );
    const url = String((await call(who, "/x")).json.uploadUrl);
    arrived.length = 0;
    return { arrived, send: (method: string) => callAt(url, who, { method, ...bodyOf(method) }) };
  };
  const bodyOf = (method: string) => (method === "GET" ? {} : { body: "piece" });

  test("is called again after a 429, and its answer passed on once the budget is spent", async () => {
    const waits = hurriedWaits();
    const { arrived, send } = await sealed(() => throttled("2"));
    const answer = await send("PUT");
    expect([answer.status, answer.headers.get("retry-after"), waits]).toEqual([429, "2", [2000, 2000]]);
    expect(arrived.map(({ body }) => body)).toEqual(Array(3).fill("piece"));
  });

  test.each([
    ["PUT", 503, 503, 1],
    ["GET", 503, 503, 6],
    ["PUT", 401, 401, 1],
    ["GET", 401, 401, 1],
    ["GET", 403, 403, 1],
  ])("%s, answered %i: %i after %i requests", async (method, status, passedOn, requests) => {
    hurriedWaits();
    const { arrived, send } = await sealed(() => throttled("1", status));
    expect([(await send(method)).status, arrived.length]).toEqual([passedOn, requests]);
  });

  test.each([
    ["PUT", "call_outcome_unknown", 1],
    ["GET", "provider_unavailable", 2],
  ])("%s, without an answer: %s after %i requests", async (method, code, requests) => {
    hurriedWaits();
    const { arrived, send } = await sealed(() => Promise.reject(new TypeError("connection lost")));
    expect([(await send(method)).json.code, arrived.length]).toEqual([code, requests]);
  });
});
