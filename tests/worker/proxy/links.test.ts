/** Links in answers lead back through the proxy, or nowhere with a key. */
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { createKey, disconnect } from "../support/client.ts";
import { call, callAt, ok, playGraph, proxied } from "../support/upstream.ts";
import { ORIGIN } from "../support/variables.ts";

const ELSEWHERE = "https://upload.example";

describe("a link to the API", () => {
  test("in JSON and headers leads back to the caller's own URL, and works there", async () => {
    const who = await proxied();
    const arrived = playGraph(({ target }) =>
      ok(
        { value: [1], "@odata.nextLink": `${env.GRAPH_ORIGIN}/v1.0/users?$skiptoken=a%2Fb` },
        { location: `${env.GRAPH_ORIGIN}/v1.0/users/1`, etag: '"1"', "x-target": target },
      ),
    );
    const answer = await call(who, "/v1.0/users");
    const base = `${ORIGIN}/v1/proxy/azure/${who.user}`;
    const next = String(answer.json["@odata.nextLink"]);
    expect(next).toBe(`${base}/v1.0/users?$skiptoken=a%2Fb`);
    expect(answer.headers.get("location")).toBe(`${base}/v1.0/users/1`);
    // The bytes are others than those that the ETag names.
    expect(answer.headers.get("etag")).toBe('W/"postern:1"');
    // The API is asked by its own tag.
    await callAt(`${base}/x`, who, {
      method: "PATCH",
      body: "{}",
      headers: { "if-match": 'W/"postern:1", "2"' },
    });
    expect(arrived.at(-1)?.headers.get("if-match")).toBe('"1", "2"');
    expect((await callAt(next, who)).status).toBe(200);
    expect(arrived.at(-1)?.target).toBe("/v1.0/users?$skiptoken=a%2Fb");
  });

  test("to another API of the integration leads there through the proxy", async () => {
    const who = await proxied();
    const arrived = playGraph(() => ok({ nextLink: `${env.ARM_ORIGIN}/tenants?p=2` }), [env.ARM_ORIGIN]);
    const { json } = await call(who, "/v1.0/x");
    expect(json.nextLink).toBe(`${ORIGIN}/v1/proxy/azure.arm/${who.user}/tenants?p=2`);
    await callAt(String(json.nextLink), who);
    expect(arrived.at(-1)?.url).toBe(`${env.ARM_ORIGIN}/tenants?p=2`);
  });

  test("stays where the caller says so", async () => {
    const who = await proxied();
    const link = `${env.GRAPH_ORIGIN}/v1.0/users?p=2`;
    playGraph(() => ok({ nextLink: link }, { location: link, etag: '"1"' }));
    const { json, headers } = await call(who, "/x", { headers: { "Postern-Links": "keep" } });
    expect([json.nextLink, headers.get("location"), headers.get("etag")]).toEqual([link, link, '"1"']);
  });

  test("changes nothing else of the answer, byte for byte", async () => {
    const who = await proxied();
    const text = ` {"n": 12345678901234567890, "a":1.50,"a":2, "nextLink" : "${env.GRAPH_ORIGIN}\\/next", "t":"\\u00fc ü"}`;
    playGraph(() => new Response(text, { headers: { "content-type": "application/json" } }));
    const answer = await call(who, "/x");
    const base = `${ORIGIN}/v1/proxy/azure/${who.user}`;
    expect(answer.text).toBe(text.replace(`${env.GRAPH_ORIGIN}\\/next`, `${base}/next`));
  });

  test("in an answer that is no UTF-8: its bytes stay", async () => {
    const who = await proxied();
    const bytes = (head: string) => [...new TextEncoder().encode(head), 0xe9, 0x22, 0x7d];
    const head = (base: string) => `{"nextLink":"${base}/n","t":"`;
    playGraph(
      () =>
        new Response(new Uint8Array(bytes(head(env.GRAPH_ORIGIN))), {
          headers: { "content-type": "application/json" },
        }),
    );
    const { text } = await call(who, "/x");
    expect(text).toBe(`${head(`${ORIGIN}/v1/proxy/azure/${who.user}`)}\ufffd"}`);
  });
});

describe("a URL that needs no token", () => {
  const session = {
    uploadUrl: `${ELSEWHERE}/up?tempauth=secret`,
    expirationDateTime: "2026-12-01T00:00:00Z",
  };

  test("to upload to becomes a path of the proxy, where it is called without a token or a key", async () => {
    const who = await proxied();
    const arrived = playGraph(
      ({ url }) => (url.startsWith(ELSEWHERE) ? ok({ nextExpectedRanges: ["5-"] }) : ok(session)),
      [ELSEWHERE],
    );
    const { json } = await call(who, "/v1.0/me/drive/root:/a:/createUploadSession", { method: "POST" });
    const url = String(json.uploadUrl);
    expect(url).toMatch(new RegExp(`^${ORIGIN}/v1/proxy/azure/${who.user}/~postern/`));
    expect(url).not.toContain("secret");
    const put = await callAt(url, who, {
      method: "PUT",
      body: "12345",
      headers: { "content-range": "bytes 0-4/9" },
    });
    expect([put.status, put.json]).toEqual([200, { nextExpectedRanges: ["5-"] }]);
    expect(arrived.at(-1)).toMatchObject({ method: "PUT", url: session.uploadUrl, body: "12345" });
    expect(arrived.at(-1)?.headers.get("authorization")).toBeNull();
    expect(arrived.at(-1)?.headers.get("content-range")).toBe("bytes 0-4/9");
  });

  test("is good for its own connection only, and only as it was made", async () => {
    const [who, other] = [await proxied(), await proxied()];
    const arrived = playGraph(() => ok(session), [ELSEWHERE]);
    const url = String((await call(who, "/x")).json.uploadUrl);
    const before = arrived.length;
    const elsewhere = url.replace(who.user, other.user);
    const forged = url.slice(0, -2) + (url.endsWith("AA") ? "BB" : "AA");
    for (const [path, caller] of [
      [elsewhere, other],
      [url, other],
      [forged, who],
    ] as const)
      expect((await callAt(path, caller)).json.code).toBe("not_found");
    expect(arrived).toHaveLength(before);
  });

  test("is good for its own API only, for a week, and for as long as the connection is", async () => {
    const who = await proxied();
    const arrived = playGraph(() => ok(session), [ELSEWHERE]);
    const url = String((await call(who, "/x")).json.uploadUrl);
    const put = (path = url) => callAt(path, who, { method: "PUT", body: "1" });
    expect((await put()).status).toBe(200);
    expect((await put(url.replace("/azure/", "/azure.arm/"))).json.code).toBe("not_found");
    const week = 7 * 24 * 3600 * 1000;
    const now = Date.now();
    const clock = vi.spyOn(Date, "now").mockReturnValue(now + week + 60_000);
    expect((await put()).json.code).toBe("not_found");
    clock.mockRestore();
    await disconnect({ ...who, key: (await createKey(who.org)).key });
    expect((await put()).json.code).toBe("not_connected");
    expect(arrived).toHaveLength(2);
  });

  test.each([
    ["proxy:links:pass", (url: string) => url === session.uploadUrl],
    ["proxy:links:replace", (url: string) => url.includes("/~postern/")],
    ["proxy:links:remove", (url: unknown) => url === null],
  ])("becomes what the key's %s says", async (word, fits) => {
    const who = await proxied(["proxy", word]);
    const download = "@microsoft.graph.downloadUrl";
    playGraph(() => ok({ uploadUrl: session.uploadUrl, [download]: session.uploadUrl }));
    const { json } = await call(who, "/x");
    expect([fits(json.uploadUrl as string), fits(json[download] as string)]).toEqual([true, true]);
  });

  test.each(["proxy:links:replace", "proxy:links:remove"])(
    "does not get by %s: not by keeping links, not in a batch's redirect, not in a part",
    async (word) => {
      const who = await proxied(["proxy", word]);
      const redirect = { id: "1", status: 302, headers: { Location: session.uploadUrl } };
      playGraph(({ target }) =>
        target === "/part"
          ? new Response(JSON.stringify(session), {
              status: 206,
              headers: { "content-type": "application/json", "content-range": "bytes 0-9/10" },
            })
          : ok({ responses: [redirect] }),
      );
      const kept = await call(who, "/x", { headers: { "Postern-Links": "keep" } });
      expect([kept.status, kept.json.code]).toEqual([403, "permission_denied"]);
      const batch = await call(who, "/v1.0/$batch", { method: "POST", body: "{}" });
      expect(batch.text).not.toContain("tempauth");
      const part = await call(who, "/part", { headers: { range: "bytes=0-9" } });
      expect([part.status, part.json.code]).toEqual([502, "answer_not_rewritable"]);
    },
  );

  test("goes on with links in answers, and leaves those in a file alone", async () => {
    const who = await proxied(["proxy", "proxy:links:replace"]);
    const download = "@microsoft.graph.downloadUrl";
    const text = JSON.stringify({ nextLink: `${ELSEWHERE}/2`, [download]: `${ELSEWHERE}/f` });
    const arrived = playGraph(
      () => new Response(text, { headers: { "content-type": "application/json" } }),
      [ELSEWHERE],
    );
    const first = (await call(who, "/x")).json;
    const next = (await callAt(String(first.nextLink), who)).json;
    expect(next.nextLink).toMatch(/\/~postern\//);
    expect(next[download]).toMatch(/\/~postern\//);
    expect((await callAt(String(next[download]), who)).text).toBe(text);
    expect(arrived.map(({ url }) => url).slice(1)).toEqual([`${ELSEWHERE}/2`, `${ELSEWHERE}/f`]);
  });

  test("is called by no key from whose answers they are removed", async () => {
    const who = await proxied();
    const arrived = playGraph(() => ok(session), [ELSEWHERE]);
    const url = String((await call(who, "/x")).json.uploadUrl);
    const { key } = await createKey(who.org, ["proxy", "proxy:links:remove"]);
    const answer = await callAt(url, { ...who, key }, { method: "PUT", body: "1" });
    expect([answer.status, answer.json.code, arrived.length]).toEqual([403, "permission_denied", 1]);
  });

  test("to read from stays, and needs no key there", async () => {
    const who = await proxied();
    const link = `${ELSEWHERE}/f?tempauth=1`;
    playGraph(() => ok({ "@microsoft.graph.downloadUrl": link }));
    expect((await call(who, "/x")).json["@microsoft.graph.downloadUrl"]).toBe(link);
  });

  test("that leads to an internal address is not called", async () => {
    const who = await proxied();
    const urls = [
      "http://169.254.169.254/x",
      "https://localhost/x",
      "https://10.0.0.1/x",
      "https://metadata.internal/x",
      "https://a@b.example/x",
    ];
    for (const uploadUrl of urls) {
      const arrived = playGraph(() => ok({ uploadUrl }));
      const { json } = await call(who, "/x");
      const { status, json: refusal } = await callAt(String(json.uploadUrl), who, {
        method: "PUT",
        body: "1",
      });
      expect([uploadUrl, status, refusal.code, arrived.length]).toEqual([
        uploadUrl,
        502,
        "provider_rejected",
        1,
      ]);
    }
  });
});

describe("a link to elsewhere that clients follow with their key", () => {
  test.each([
    ["nextLink", `${ELSEWHERE}/steal`],
    ["nextLink", "//upload.example/steal"],
    ["nextLink", "\\\\upload.example/steal"],
    ["resourceLocation", `${ELSEWHERE}/steal`],
  ])("becomes a path of the proxy, where no token goes with it: %s %s", async (name, link) => {
    const who = await proxied();
    const arrived = playGraph(
      ({ url }) => ok(url.startsWith(ELSEWHERE) ? {} : { [name]: link }),
      [ELSEWHERE],
    );
    const { json } = await call(who, "/x");
    expect(json[name]).toMatch(/\/~postern\//);
    await callAt(String(json[name]), who);
    expect(arrived.at(-1)?.url).toBe(`${ELSEWHERE}/steal`);
    expect(arrived.at(-1)?.headers.get("authorization")).toBeNull();
  });
});

describe("an answer in an encoding", () => {
  const JSON_TYPE = { "content-type": "application/json" };

  test.each([
    ["gzip, deflate, br, zstd;q=0.5", "gzip, br"],
    ["deflate", "identity"],
    ["GZIP;q=1, x-gzip, *", "GZIP;q=1"],
    ["identity", "identity"],
  ])("that cannot be read is not asked for: %s", async (asked, sent) => {
    const who = await proxied();
    const arrived = playGraph(() => ok());
    await call(who, "/x", { headers: { "accept-encoding": asked } });
    expect(arrived[0]?.headers.get("accept-encoding")).toBe(sent);
  });

  test("that cannot be read is not passed on with its links", async () => {
    const who = await proxied();
    playGraph(() => new Response("x", { headers: { ...JSON_TYPE, "content-encoding": "deflate" } }));
    const answer = await call(who, "/x");
    expect([answer.status, answer.json.code]).toEqual([502, "answer_not_rewritable"]);
  });
});

describe("an answer to what was done", () => {
  test.each([
    ["too large", () => new Response(`{"x":"${"x".repeat(16 * 1024 * 1024)}"}`)],
    ["in an unknown encoding", () => new Response("x", { headers: { "content-encoding": "zstd" } })],
  ])("%s is withheld, with the API's status, so that nobody does it again", async (_, made) => {
    const who = await proxied();
    playGraph(() => {
      const { body, headers } = made();
      const more = { ...Object.fromEntries(headers), "content-type": "application/json" };
      return new Response(body, { status: 201, headers: more });
    });
    const answer = await call(who, "/x", { method: "POST", body: "b" });
    expect([answer.status, answer.json.code, answer.json.api_status]).toEqual([409, "answer_withheld", 201]);
    expect((await call(who, "/x")).status).toBe(502);
  });

  test("that changed has no digest of what it was", async () => {
    const who = await proxied();
    const digests = { "content-md5": "x", digest: "x", "accept-ranges": "bytes" };
    playGraph(({ target }) => ok(target === "/a" ? { nextLink: `${env.GRAPH_ORIGIN}/n` } : {}, digests));
    const [changed, same] = [await call(who, "/a"), await call(who, "/b")];
    for (const name of Object.keys(digests))
      expect([name, changed.headers.has(name), same.headers.has(name)]).toEqual([name, false, true]);
  });
});

describe("what somebody stored", () => {
  const stored = (link: string) => ({ nextLink: link, url: link, t: "a file" });

  test.each([
    ["azure", "/v1.0/me/drive/items/1/content", "application/json"],
    ["azure", "/v1.0/me/messages/1/attachments/2/$value", "application/json"],
    ["azure", "/v1.0/files/1", "application/vnd.github.raw+json; charset=utf-8"],
  ])("%s%s comes as it is (%s)", async (_, target, type) => {
    const who = await proxied();
    const text = JSON.stringify(stored(`${env.GRAPH_ORIGIN}/v1.0/x`));
    playGraph(() => new Response(text, { headers: { "content-type": type } }));
    expect((await call(who, target)).text).toBe(text);
    // What is answered to a write is the API's own.
    if (!type.includes("raw"))
      expect((await call(who, target, { method: "PUT", body: "x" })).text).not.toBe(text);
  });

  test("behind a redirect is alone where the call reads it; an answer behind one is rewritten", async () => {
    const who = await proxied(["proxy", "proxy:links:replace"]);
    const text = JSON.stringify({ nextLink: `${ELSEWHERE}/2` });
    playGraph(
      ({ url }) =>
        url.startsWith(ELSEWHERE)
          ? new Response(text, { headers: { "content-type": "application/json" } })
          : new Response(null, { status: 302, headers: { location: `${ELSEWHERE}/1` } }),
      [ELSEWHERE],
    );
    const follow = async (target: string) => {
      const { headers } = await call(who, target, { redirect: "manual" });
      return (await callAt(String(headers.get("location")), who)).text;
    };
    expect(await follow("/v1.0/me/drive/items/1/content")).toBe(text);
    expect(await follow("/v1.0/regional")).toMatch(/"nextLink":"[^"]*\/~postern\//);
  });

  test("leads on by headers all the same", async () => {
    const who = await proxied();
    playGraph(() => new Response(null, { status: 302, headers: { location: `${env.GRAPH_ORIGIN}/v1.0/y` } }));
    const answer = await call(who, "/v1.0/me/drive/items/1/content", { redirect: "manual" });
    expect(answer.headers.get("location")).toBe(`${ORIGIN}/v1/proxy/azure/${who.user}/v1.0/y`);
  });
});

describe("JSON of more than 16 MiB", () => {
  const large = () => `{"nextLink":"${env.GRAPH_ORIGIN}/n","x":"${"x".repeat(16 * 1024 * 1024)}"}`;

  test.each([true, false])("is refused, and says what to do (length told: %s)", async (told) => {
    const who = await proxied();
    const headers = { "content-type": "application/json" };
    playGraph(() => new Response(told ? large() : new Blob([large()]).stream(), { headers }));
    const answer = await call(who, "/x");
    expect([answer.status, answer.json.code]).toEqual([502, "answer_too_large_to_rewrite"]);
    const kept = await call(who, "/x", { headers: { "Postern-Links": "keep" } });
    expect([kept.status, kept.text.length > 16 * 1024 * 1024]).toEqual([200, true]);
  });
});

test("what a key may not call it may not reach by a link either", async () => {
  const who = await proxied();
  const arrived = playGraph(() => ok({ uploadUrl: `${ELSEWHERE}/up` }), [ELSEWHERE]);
  const url = String((await call(who, "/x")).json.uploadUrl);
  const { key } = await createKey(who.org, ["proxy:arm", "tokens:read"]);
  const answer = await callAt(url, { ...who, key }, { method: "PUT", body: "1" });
  expect([answer.status, answer.json.code, arrived.length]).toEqual([403, "permission_denied", 1]);
});
