/** Refusals of Postern's own: what they are, and that clients of the API can read them. */
import { describe, expect, test } from "vitest";
import { connected, createKey, disconnect, newUser } from "../support/client.ts";
import { call, callAt, ok, playGraph, proxied } from "../support/upstream.ts";

describe("a refusal", () => {
  test("is a problem document that clients of Graph, Azure and Google read, and Octokit", async () => {
    const who = await proxied();
    const answer = await callAt(`/v1/proxy/azure/${newUser()}/v1.0/me`, who);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([
      404,
      "application/json; charset=utf-8",
    ]);
    const message = expect.stringMatching(/not connected/);
    expect(answer.json).toMatchObject({
      type: "urn:postern:problem:not_connected",
      success: false,
      code: "not_connected",
      message,
      error: { code: "not_connected", message },
    });
  });

  test.each([
    ["no key", {}, 401, "unauthenticated"],
    ["another scheme", { authorization: "Basic eDp5" }, 401, "unauthenticated"],
    ["an unknown key", { authorization: `Bearer pk_org_${"A".repeat(43)}` }, 401, "unauthenticated"],
    ["Upgrade", { upgrade: "websocket" }, 400, "invalid_request"],
    ["an unknown header of ours", { "Postern-Acount": "work" }, 400, "invalid_request"],
    ["a wait too long", { "Postern-Wait": "31" }, 400, "invalid_request"],
    ["another word for links", { "Postern-Links": "drop" }, 400, "invalid_request"],
    ["an API that the provider has not got", { "Postern-Resource": "slack" }, 400, "invalid_request"],
  ])("of a call with %s comes before anything is sent", async (_, headers, status, code) => {
    const who = await proxied();
    const arrived = playGraph(() => ok());
    const named = new Headers(headers as Record<string, string>);
    if (!named.has("authorization") && code !== "unauthenticated")
      named.set("authorization", `Bearer ${who.key}`);
    if (!named.has("authorization")) named.set("authorization", "");
    const answer = await callAt(`/v1/proxy/azure/${who.user}/x`, who, { headers: named });
    expect([answer.status, answer.json.code, arrived.length]).toEqual([status, code, 0]);
    expect(answer.json.error).toEqual({ code, message: answer.json.message });
  });

  test("of an answer that is none in HTTP", async () => {
    const who = await proxied();
    playGraph(() => Object.defineProperty(ok(), "status", { value: 999 }));
    expect((await call(who, "/x")).json.code).toBe("provider_rejected");
    const posted = await call(who, "/x", { method: "POST", body: "b" });
    expect([posted.json.code, posted.json.api_status]).toEqual(["answer_withheld", 999]);
  });

  test.each(["proxy", "proxy:graph"])("is not given to a key with %s", async (permission) => {
    const who = await proxied([permission]);
    playGraph(() => ok());
    expect((await call(who, "/x")).status).toBe(200);
  });

  test.each([["*"], ["tokens:read"], ["graph:read"], ["proxy:arm"]])(
    "is given to a key with %s alone",
    async (permission) => {
      const who = await proxied([permission]);
      const arrived = playGraph(() => ok());
      const answer = await call(who, "/x");
      expect([answer.status, answer.json.code, arrived.length]).toEqual([403, "permission_denied", 0]);
    },
  );

  test.each([
    ["GET", "/v1.0/me/messages?$top=1", {}, 200],
    ["HEAD", "/v1.0/me", {}, 200],
    ["GET", "/V1.0/%6de", {}, 200],
    ["GET", "/v1.0/memberOf", {}, 403],
    ["GET", "/v1.0/users/alice", {}, 403],
    ["GET", "/v1.0/$batch", {}, 403],
    ["GET", "/v1.0/me?_method=DELETE", {}, 403],
    ["DELETE", "/v1.0/me", {}, 403],
    // What is sent is judged, whatever the URL says.
    ["GET", "/v1.0/me", { "Postern-Target": "/v1.0/users/alice" }, 403],
    ["GET", "/v1.0/users/alice", { "Postern-Target": "/v1.0/me" }, 200],
  ])("is what a key's rule says: %s %s %o", async (method, target, headers, status) => {
    const who = await proxied(["proxy:graph:GET:/v1.0/me"]);
    const arrived = playGraph(() => ok());
    const answer = await call(who, target, { method, headers });
    expect([answer.status, arrived.length]).toEqual([status, status === 200 ? 1 : 0]);
  });

  test("is given to another organization's key: it has no such connection", async () => {
    const who = await proxied();
    const other = await connected();
    const { key } = await createKey(other.org, ["proxy"]);
    expect((await call({ ...who, key }, "/x")).json.code).toBe("not_connected");
  });

  test("of a connection that was ended", async () => {
    const who = await proxied();
    await disconnect({ ...who, key: (await createKey(who.org)).key });
    const arrived = playGraph(() => ok());
    expect([(await call(who, "/x")).json.code, arrived.length]).toEqual(["not_connected", 0]);
  });
});

describe("a target", () => {
  test.each([
    ["//evil.example/x", "two slashes at its beginning"],
    ["/a/%2e%2e/b", "a dot segment, encoded"],
    ["/a/.%2E/b", "half of it encoded"],
    ["/a/..%2fb", "a slash encoded behind it"],
    ["/a/%2E/b", "one dot"],
    ["/a/..;x/b", "parameters behind it"],
    ["/a\\..\\b", "backslashes"],
    ["/a b", "a blank"],
    ["/a#b", "a fragment"],
    ["/a%zz", "no escape"],
    ["/ü", "what is not ASCII"],
    ["a", "no slash"],
    ["@evil.example/", "user information"],
    ["https://evil.example/", "an origin"],
    [`/${"x".repeat(15 * 1024)}`, "too many bytes"],
  ])("%s is refused: %s", async (target) => {
    const who = await proxied();
    const arrived = playGraph(() => ok());
    const bytes = String.fromCharCode(...new TextEncoder().encode(target));
    const answer = await call(who, "/x", { headers: { "Postern-Target": bytes } });
    expect([answer.status, answer.json.code, arrived.length]).toEqual([400, "invalid_request", 0]);
  });
});
