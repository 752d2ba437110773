/** Operations that stream content: what the API is asked, where its redirects lead, and what a caller is told. */
import { describe, expect, test } from "vitest";
import { type Answer, expectProblem, http, newestToken, rpc } from "../support/client.ts";
import { type Arrived, bearerOf, ok, playGraph, proxied } from "../support/upstream.ts";
import { world } from "../support/world.ts";

const CONTENT = "https://content.example";
const bytes = "\u0000PNG\u00ff";
const leadsTo = (location: string) => new Response(null, { status: 302, headers: { location } });
const code = (status: number, headers: Record<string, string> = {}) =>
  Response.json({ error: { code: "itemNotFound", message: "not here" } }, { status, headers });

/** Graph redirects to content, which is at a host of its own. */
const drive = (one: Arrived) =>
  one.url.startsWith(CONTENT)
    ? new Response(bytes, {
        headers: { "content-type": "image/png", etag: '"1"', "set-cookie": "a=b", "x-frame-options": "x" },
      })
    : leadsTo(`${CONTENT}/download?tempauth=secret`);

const reader = () => proxied(["files:read", "files:write", "mail:read", "photo:read"]);
type Who = Awaited<ReturnType<typeof reader>>;

function content(who: Who, path: string, init: RequestInit = {}, query = ""): Promise<Answer> {
  const headers = new Headers(init.headers);
  headers.set("authorization", `Bearer ${who.key}`);
  return http(`${path}?user_id=${encodeURIComponent(who.user)}${query}`, { ...init, headers });
}

describe("content that is read", () => {
  test("comes from where the API leads, which gets no token", async () => {
    const who = await reader();
    const arrived = playGraph(drive, [CONTENT]);
    const answer = await content(who, "/files/item-1/content", { headers: { range: "bytes=0-3" } });
    expect([answer.status, answer.text, answer.headers.get("content-type")]).toEqual([
      200,
      bytes,
      "image/png",
    ]);
    expect(arrived.map(({ target }) => target)).toEqual([
      "/v1.0/me/drive/items/item-1/content",
      "/download?tempauth=secret",
    ]);
    expect(arrived.map(({ headers }) => headers.has("authorization"))).toEqual([true, false]);
    expect(arrived[1]?.headers.get("range")).toBe("bytes=0-3");
    for (const name of ["set-cookie", "x-frame-options"]) expect(answer.headers.has(name)).toBe(false);
    expect(answer.headers.get("content-security-policy")).toContain("sandbox");
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });

  test("by its path, a photo, an attachment: what the API is asked", async () => {
    const who = await reader();
    const arrived = playGraph(() => new Response(bytes));
    const path = `&path=${encodeURIComponent("Reports/a b#1.txt")}`;
    expect((await content(who, "/files/by-path/content", {}, path)).status).toBe(200);
    expect((await content(who, "/photo")).text).toBe(bytes);
    expect((await content(who, "/photo", {}, "&size=48x48")).status).toBe(200);
    expect((await content(who, "/mail/m%2F1=/attachments/a-1/content")).status).toBe(200);
    expect(arrived.map(({ target }) => target)).toEqual([
      "/v1.0/me/drive/root:/Reports/a%20b%231.txt:/content",
      "/v1.0/me/photo/$value",
      "/v1.0/me/photos/48x48/$value",
      "/v1.0/me/messages/m%2F1%3D/attachments/a-1/$value",
    ]);
  });

  test("over RPC is a Response", async () => {
    const who = await reader();
    playGraph(drive, [CONTENT]);
    const answer = await rpc(who.org, ["files:read"]).downloadFile({ userId: who.user, itemId: "item-1" });
    expect([answer.status, await answer.text()]).toEqual([200, bytes]);
  });

  test.each([
    ["another scheme", "http://content.example/x"],
    ["a private host", "https://127.0.0.1/x"],
    ["no URL", "/relative"],
    ["a user", "https://user@content.example/x"],
  ])("is not looked for at %s", async (_, location) => {
    const who = await reader();
    const arrived = playGraph(() => leadsTo(location), ["http://content.example", "https://127.0.0.1"]);
    expectProblem(await content(who, "/files/item-1/content"), 502, "provider_rejected");
    expect(arrived).toHaveLength(1);
  });

  test("is led on once", async () => {
    const who = await reader();
    const arrived = playGraph(() => leadsTo(`${CONTENT}/again`), [CONTENT]);
    expectProblem(await content(who, "/files/item-1/content"), 502, "provider_rejected");
    expect(arrived).toHaveLength(2);
  });

  test("whose URL has expired costs no token", async () => {
    const who = await reader();
    const arrived = playGraph(
      (one) => (one.url.startsWith(CONTENT) ? code(401) : leadsTo(`${CONTENT}/x`)),
      [CONTENT],
    );
    await world.control({ reset_stats: true });
    expectProblem(await content(who, "/files/item-1/content"), 502, "provider_rejected");
    expect([arrived.length, await world.tokenRequests()]).toEqual([2, 0]);
  });
});

describe("a refusal of the API", () => {
  test.each([
    [404, 404, "provider_not_found"],
    [403, 403, "provider_forbidden"],
    [409, 409, "provider_conflict"],
    [423, 409, "provider_conflict"],
    [416, 502, "provider_rejected"],
    [418, 502, "provider_rejected"],
    [506, 503, "provider_unavailable"],
    [300, 502, "provider_rejected"],
    [500, 503, "provider_unavailable"],
  ])("with %i is a problem of ours", async (status, answered, problem) => {
    const who = await reader();
    playGraph(() => code(status, { "request-id": "8f66" }));
    const answer = await content(who, "/files/item-1/content");
    expectProblem(answer, answered, problem);
    expect(answer.json).toMatchObject({ reference: "8f66" });
    expect(answer.text).not.toContain("not here");
  });

  test("of a token replaces it once, and the body goes again", async () => {
    const who = await reader();
    const old = await newestToken();
    const arrived = playGraph((one) => (bearerOf(one) === old ? code(401) : ok({ id: "item-1" })));
    const answer = await content(
      who,
      "/files/by-path/content",
      { method: "PUT", body: "whole" },
      "&path=a.txt",
    );
    expect([answer.status, answer.json]).toEqual([200, { id: "item-1" }]);
    expect(arrived.map(({ body }) => body)).toEqual(["whole", "whole"]);
  });

  test("of whatever token ends in a problem", async () => {
    const who = await reader();
    const arrived = playGraph(() => code(401));
    expectProblem(await content(who, "/files/item-1/content"), 502, "provider_rejected");
    expect(arrived).toHaveLength(2);
  });

  test("of what is too much for it is waited for, where the caller says so", async () => {
    const who = await reader();
    let asked = 0;
    playGraph(() => (asked++ === 0 ? code(429, { "retry-after": "1" }) : new Response(bytes)));
    expect((await content(who, "/photo", {}, "&wait=2")).text).toBe(bytes);
    playGraph(() => code(429, { "retry-after": "7" }));
    const answer = await content(who, "/photo");
    expectProblem(answer, 429, "rate_limited");
    expect(answer.headers.get("retry-after")).toBe("7");
  });
});

describe("content that is sent", () => {
  test.each([
    ["is no JSON", () => new Response("<html>", { status: 201 }), "answer_withheld"],
    ["is too large", () => ok({ name: "x".repeat(1024 * 1024) }), "answer_withheld"],
    ["is no object", () => new Response("1"), "answer_withheld"],
    ["is empty", () => new Response(null, { status: 204 }), undefined],
  ])("was put there, over RPC too, where the answer %s", async (_, respond, code) => {
    const who = await reader();
    playGraph(respond);
    const upload = { userId: who.user, path: "a.txt", content: "text" };
    const answer = await rpc(who.org, ["files:write"]).uploadFile(upload);
    expect(answer).toMatchObject(code === undefined ? { status: 204 } : { success: false, code });
  });

  test("arrives as it was, and what the API says of it is answered", async () => {
    const who = await reader();
    const arrived = playGraph(() => Response.json({ id: "item-1", name: "a.txt" }, { status: 201 }));
    const body = "x".repeat(300_000);
    const init = {
      method: "PUT",
      body,
      headers: { "content-type": "text/plain", "x-http-method": "DELETE" },
    };
    const answer = await content(
      who,
      "/files/by-path/content",
      init,
      "&path=%2FReports%2Fa.txt&conflict=rename",
    );
    expect([answer.status, answer.json.id]).toEqual([201, "item-1"]);
    expect(arrived[0]).toMatchObject({
      method: "PUT",
      target: "/v1.0/me/drive/root:/Reports/a.txt:/content?@microsoft.graph.conflictBehavior=rename",
    });
    expect(arrived[0]?.body).toBe(body);
    expect(arrived[0]?.headers.get("content-type")).toBe("text/plain");
    expect(arrived[0]?.headers.has("x-http-method")).toBe(false);
  });

  test("over RPC, as bytes or as a stream", async () => {
    const who = await reader();
    const arrived = playGraph(() => Response.json({ id: "item-1" }, { status: 201 }));
    const service = rpc(who.org, ["files:write"]);
    const path = { userId: who.user, path: "a.bin" };
    expect(await service.uploadFile({ ...path, content: new Uint8Array([1, 2]) })).toEqual({ id: "item-1" });
    const { readable, writable } = new IdentityTransformStream();
    const writer = writable.getWriter();
    void writer.write(new Uint8Array([3])).then(() => writer.close());
    const put = service.uploadFile({ ...path, content: readable, contentType: "a/b" });
    expect(await put).toEqual({ id: "item-1" });
    expect(arrived.map(({ body }) => body)).toEqual(["\u0001\u0002", "\u0003"]);
    expect(arrived.map(({ headers }) => headers.get("content-type"))).toEqual([
      "application/octet-stream",
      "a/b",
    ]);
    const nothing = await service.uploadFile({ ...path } as typeof path & { content: string });
    expect(nothing).toMatchObject({ success: false, code: "invalid_request" });
  });

  test("whose end is not known is told as that", async () => {
    const who = await reader();
    const put = () => content(who, "/files/by-path/content", { method: "PUT", body: "x" }, "&path=a.txt");
    playGraph(() => code(500));
    expectProblem(await put(), 502, "call_outcome_unknown");
    playGraph(() => Promise.reject(new TypeError("gone")));
    expectProblem(await put(), 502, "call_outcome_unknown");
  });
});

test("nothing of it goes anywhere that the row does not say", async () => {
  const who = await reader();
  const other = await proxied(["proxy"]);
  const arrived = playGraph(() => ok());
  for (const path of ["..", "a/../b", ".", "a//b"])
    expectProblem(
      await content(who, "/files/by-path/content", {}, `&path=${encodeURIComponent(path)}`),
      400,
      "invalid_request",
    );
  expectProblem(await content(who, "/files/item-1/content", {}, "&target=/v1.0/me"), 400, "invalid_request");
  expectProblem(await content(who, "/photo", { headers: { upgrade: "websocket" } }), 400, "invalid_request");
  expectProblem(await content(other, "/photo"), 403, "permission_denied");
  const post = await content(who, "/files/item-1/content", { method: "POST", body: "x" });
  expect(post.status).toBe(404);
  expect(arrived).toEqual([]);
});
