/** What of a call reaches the API, and what of its answer the caller. */
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { newestToken } from "../support/client.ts";
import { bearerOf, call, callAt, ok, playGraph, proxied } from "../support/upstream.ts";

describe("a call", () => {
  test("arrives with its method, path, query and body, and with the connection's token", async () => {
    const who = await proxied();
    const token = await newestToken();
    const arrived = playGraph(() => ok({ id: "1" }));
    const target = "/v1.0/me/messages/AAMk%2Fx?$select=subject&$filter=a%20eq%20%27b%27&x=&x=+";
    const answer = await call(who, target, {
      method: "PATCH",
      body: '{"isRead": true}',
      headers: { "content-type": "application/json", "x-mine": "kept" },
    });
    expect([answer.status, answer.json]).toEqual([200, { id: "1" }]);
    expect(arrived).toHaveLength(1);
    expect(arrived[0]).toMatchObject({ method: "PATCH", target, body: '{"isRead": true}' });
    expect(arrived[0] && bearerOf(arrived[0])).toBe(token);
    expect(arrived[0]?.headers.get("content-type")).toBe("application/json");
    expect(arrived[0]?.headers.get("x-mine")).toBe("kept");
  });

  // As SDKs write them: what a parser would tidy up is an item's name.
  test.each([
    "/subscriptions/s/providers/Microsoft.Web//sites/w1",
    "/v1.0/me/drive/root:/a%20b%2Fc%23d.txt",
    "/v1.0/me/drive/root:/a%20b/%C3%BC%27%23.txt:/content",
    "/v1.0/users('a@b.example')/messages",
    "/x?name=x&",
    "/x?$filter=startswith(name,%27a+b%20&%20c%27)",
    "/v1.0/me/calendar/getSchedule%28%29",
    "/a/...",
    "/?only=query",
    "/",
  ])("keeps %s as it was written", async (target) => {
    const who = await proxied();
    const arrived = playGraph(() => ok());
    expect((await call(who, target)).status).toBe(200);
    expect(arrived[0]?.target).toBe(target);
  });

  test.each([
    [64 * 1024, 200, 2],
    [64 * 1024 + 1, 503, 1],
  ])(
    "holds %i bytes of a body that names no length: %i after %i requests",
    async (size, status, requests) => {
      const who = await proxied();
      const old = await newestToken();
      const arrived = playGraph((one) =>
        bearerOf(one) === old ? new Response(null, { status: 401 }) : ok(),
      );
      const body = new Blob([new Uint8Array(size)]).stream();
      expect([(await call(who, "/x", { method: "POST", body })).status, arrived.length]).toEqual([
        status,
        requests,
      ]);
    },
  );

  test("takes a body that names no length, whatever its length is", async () => {
    const who = await proxied();
    const arrived = playGraph(() => ok());
    for (const size of [0, 1, 64 * 1024, 64 * 1024 + 1, 300_000]) {
      const bytes = new Uint8Array(size).fill(0x61);
      const body = new Blob([bytes.subarray(0, size >> 1), bytes.subarray(size >> 1)]).stream();
      expect((await call(who, "/x", { method: "POST", body })).status).toBe(200);
      expect(arrived.at(-1)?.body.length).toBe(size);
    }
  });

  test("names the length of its body, or none", async () => {
    const who = await proxied();
    const arrived = playGraph(() => ok());
    for (const length of ["3", "9", "-5", "x"]) {
      const body = new Blob(["12345"]).stream();
      const answer = await call(who, "/x", { method: "POST", body, headers: { "content-length": length } });
      expect([length, answer.status, answer.json.code]).toEqual([length, 400, "invalid_request"]);
    }
    expect(arrived).toHaveLength(0);
  });

  test("by an exact target, where what stands in the URL may be normalised", async () => {
    const who = await proxied();
    const arrived = playGraph(() => ok());
    const target = "/v1.0//me/%68ello?x=%41";
    const answer = await call(who, "/anything", { headers: { "Postern-Target": target } });
    expect([answer.status, arrived[0]?.target]).toEqual([200, target]);
  });

  test("keeps conditions, ranges and what an API is told besides", async () => {
    const who = await proxied();
    const arrived = playGraph(() => ok());
    const sent = {
      "if-match": '"1"',
      "if-none-match": 'W/"2"',
      prefer: 'outlook.timezone="UTC"',
      consistencylevel: "eventual",
      range: "bytes=0-9",
      "content-range": "bytes 0-4/5",
      "client-request-id": "c-1",
      accept: "application/json;odata.metadata=none",
      "user-agent": "sdk/1",
    };
    await call(who, "/x", { method: "PUT", body: "12345", headers: sent });
    expect(Object.fromEntries(arrived[0]?.headers ?? [])).toMatchObject(sent);
  });

  test("leaves at Postern what is the caller's own, or would change what the call is", async () => {
    const who = await proxied();
    const arrived = playGraph(() => ok());
    const kept = {
      cookie: "a=b",
      origin: "https://app.example",
      referer: "https://app.example/x",
      connection: "x-named",
      "x-named": "1",
      te: "trailers",
      expect: "100-continue",
      "cf-connecting-ip": "192.0.2.1",
      "x-forwarded-for": "192.0.2.1",
      "x-forwarded-host": "evil.example",
      forwarded: "for=192.0.2.1",
      "x-real-ip": "192.0.2.1",
      "proxy-authorization": "Basic eA==",
      "x-http-method-override": "DELETE",
      "x-http-method": "DELETE",
      "x-method-override": "DELETE",
      "x-original-url": "/admin",
      "x-rewrite-url": "/admin",
      "sec-fetch-site": "cross-site",
      "postern-wait": "0",
      // As servers behind CGI read names.
      x_http_method_override: "DELETE",
      x_forwarded_for: "192.0.2.1",
      // As clients of Azure repeat their credential.
      "x-ms-authorization-auxiliary": `Bearer ${who.key}`,
    };
    await call(who, "/x", { method: "POST", body: "1", headers: kept });
    const names = [...(arrived[0]?.headers.keys() ?? [])];
    for (const name of Object.keys(kept)) expect(names, name).not.toContain(name);
    expect(JSON.stringify([...(arrived[0]?.headers ?? [])])).not.toContain(who.key);
  });

  test.each([
    ["a header", "/x", (key: string) => ({ "x-api-key": key })],
    ["the query", "/x?access_token=KEY", () => ({})],
    ["the path", "/x/KEY", () => ({})],
    ["the exact target", "/x", (key: string) => ({ "Postern-Target": `/x?key=${key}` })],
  ])("is not sent where its key stands in %s too: the API would have it", async (_, target, headers) => {
    const who = await proxied();
    const arrived = playGraph(() => ok());
    const answer = await call(who, target.replace("KEY", who.key), { headers: headers(who.key) });
    expect([answer.status, answer.json.code, arrived.length]).toEqual([400, "invalid_request", 0]);
    expect(answer.text).not.toContain(who.key);
  });

  test.each(["Bearer", "bearer", "BEARER", "token", "Token"])(
    "takes a key behind %s, as SDKs write it",
    async (scheme) => {
      const who = await proxied();
      playGraph(() => ok());
      const answer = await call(who, "/x", { headers: { authorization: `${scheme} ${who.key}` } });
      expect(answer.status).toBe(200);
    },
  );

  test("for another API, named in the path or in a header", async () => {
    const who = await proxied();
    const arrived = playGraph(() => ok(), [env.ARM_ORIGIN]);
    await callAt(`/v1/proxy/azure.arm/${who.user}/tenants?api-version=1`, who);
    await call(who, "/tenants?api-version=2", { headers: { "Postern-Resource": "arm" } });
    await callAt(`/v1/proxy/azure.graph/${who.user}/v1.0/me`, who);
    expect(arrived.map(({ url }) => url)).toEqual([
      `${env.ARM_ORIGIN}/tenants?api-version=1`,
      `${env.ARM_ORIGIN}/tenants?api-version=2`,
      `${env.GRAPH_ORIGIN}/v1.0/me`,
    ]);
    const [arm, again, graph] = arrived.map(bearerOf);
    expect([arm, arm === graph]).toEqual([again, false]);
  });
});

describe("an answer", () => {
  test("comes with its status, headers and body", async () => {
    const who = await proxied();
    const sent = {
      etag: '"1"',
      "request-id": "r-1",
      "retry-after": "120",
      "x-ratelimit-remaining": "7",
      "content-range": "bytes 0-2/9",
      "last-modified": "Mon, 30 Nov 2026 00:00:00 GMT",
      "content-type": "text/csv",
    };
    playGraph(() => new Response("a,b", { status: 206, headers: sent }));
    const answer = await call(who, "/x");
    expect([answer.status, answer.text]).toEqual([206, "a,b"]);
    expect(Object.fromEntries(answer.headers)).toMatchObject(sent);
  });

  test("is stored by nobody, and run by no browser at Postern's origin", async () => {
    const who = await proxied();
    const html = { "content-type": "text/html", "cache-control": "public, max-age=600" };
    // RFC 9213: caches read these before Cache-Control.
    const targeted = {
      "cdn-cache-control": "max-age=600",
      "cloudflare-cdn-cache-control": "max-age=600",
      "surrogate-control": "max-age=600",
      expires: "Thu, 01 Jan 2099 00:00:00 GMT",
    };
    const arrived = playGraph(
      () => new Response("<script>1</script>", { headers: { ...html, ...targeted } }),
    );
    const { headers } = await call(who, "/x");
    expect(arrived[0]?.cache).toBe("no-store");
    for (const name of Object.keys(targeted)) expect(headers.has(name), name).toBe(false);
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("content-security-policy")).toBe("sandbox; default-src 'none'");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  });

  test("comes without cookies and what speaks for Postern's own origin", async () => {
    const who = await proxied();
    const dropped = {
      "set-cookie": "session=1",
      "access-control-allow-origin": "*",
      "access-control-allow-credentials": "true",
      "strict-transport-security": "max-age=1",
      "clear-site-data": '"*"',
      "alt-svc": "h3",
      nel: "{}",
      "x-named": "1",
      connection: "x-named",
      "cf-ray": "1",
    };
    playGraph(() => ok({}, dropped));
    const names = [...(await call(who, "/x")).headers.keys()];
    for (const name of Object.keys(dropped)) expect(names, name).not.toContain(name);
  });

  test.each([204, 304])("of %i has no body", async (status) => {
    const who = await proxied();
    playGraph(() => new Response(null, { status, headers: { etag: '"1"' } }));
    const answer = await call(who, "/x");
    expect([answer.status, answer.text, answer.headers.get("etag")]).toEqual([status, "", '"1"']);
  });

  test("that leads on is not followed: the caller gets it", async () => {
    const who = await proxied();
    const arrived = playGraph(
      () => new Response(null, { status: 302, headers: { location: "https://cdn.example/f?sig=1" } }),
    );
    const answer = await call(who, "/v1.0/me/drive/items/1/content");
    expect([answer.status, answer.headers.get("location")]).toEqual([302, "https://cdn.example/f?sig=1"]);
    expect(arrived).toHaveLength(1);
  });

  test("to HEAD has headers alone", async () => {
    const who = await proxied();
    const arrived = playGraph(
      () => new Response(null, { headers: { "content-length": "5", "content-type": "application/json" } }),
    );
    const answer = await call(who, "/x", { method: "HEAD" });
    expect([answer.status, answer.text, arrived[0]?.method]).toEqual([200, "", "HEAD"]);
  });
});
