/** Which links of an answer come back through the proxy, and that nothing else of it changes. */
import { describe, expect, test } from "vitest";
import { rewriteJson } from "../../../worker-shim/src/links.ts";
import { ARM, BASE, linkRules, sealed, UPLOADS } from "../support/link-rules.ts";

const GRAPH = "https://graph.microsoft.com";
const EVIL = "https://evil.example/x?a=1";

/** A document with one member, as a value goes in and comes out. */
async function member(name: string, value: unknown, rules = linkRules()): Promise<unknown> {
  const text = JSON.stringify({ before_url: 1, [name]: value, after: [] });
  const answer = await rewriteJson(text, rules);
  return (JSON.parse(answer ?? text) as Record<string, unknown>)[name];
}

describe("a URL at an API of the integration", () => {
  test.each([
    ["/v1.0/users?$skiptoken=x", "/v1.0/users?$skiptoken=x"],
    ["", ""],
    ["?a", "?a"],
    ["#a", "#a"],
    ["//a//b", "//a//b"],
    ["/a b/{id}{?name,label}|'\"\\", "/a b/{id}{?name,label}|'\"\\"],
    ["/ü/%68%2F%", "/ü/%68%2F%"],
    [":443/a", "/a"],
    ["/a b/...c/.d/e./..f", "/a b/...c/.d/e./..f"],
    ["/a b?c=/../d", "/a b?c=/../d"],
    ["/a b#/../c", "/a b#/../c"],
  ])("has all that stands behind the origin: %s", async (rest, kept) => {
    for (const name of ["@odata.nextLink", "self", "uploadUrl", "downloadUrl"])
      expect(await member(name, GRAPH + rest)).toBe(BASE + kept);
  });

  test.each([
    "HTTPS://graph.microsoft.com/a",
    "https://GRAPH.Microsoft.COM/a",
    "hTTps://graph.microsoft.COM:443/a",
  ])("is so without regard to case: %s", async (url) =>
    expect(await member("nextLink", url)).toBe(`${BASE}/a`),
  );

  test.each([
    ["https://management.azure.com/a", `${ARM}/a`],
    ["http://127.0.0.1:8080/a", `${UPLOADS}/a`],
    ["http://127.0.0.1:8080", UPLOADS],
  ])("leads to the base of its own API: %s", async (url, there) =>
    expect(await member("nextLink", url)).toBe(there),
  );

  test("of an http origin has another port of its own", async () => {
    const rules = linkRules({ bases: [["http://plain.example:80", "https://p.example/plain"]] });
    expect(await member("nextLink", "http://plain.example/a", rules)).toBe("https://p.example/plain/a");
    expect(await member("nextLink", "http://plain.example:80/a", rules)).toBe("https://p.example/plain/a");
    const other = "http://plain.example:443/a";
    expect(await member("nextLink", other, rules)).toBe(sealed(other));
  });

  test("of an origin that two APIs have is the call's own", async () => {
    const rules = linkRules({
      bases: [
        [GRAPH, "https://p.example/own"],
        ["https://GRAPH.microsoft.com:443", "https://p.example/other"],
      ],
    });
    expect(await member("nextLink", `${GRAPH}/a`, rules)).toBe("https://p.example/own/a");
  });

  // Else a client would resolve them behind the proxy's own URL, and send its key to another of Postern's paths.
  test.each([
    ["/../../../connections", "/connections"],
    ["/a/../b?c=/../d#e", "/b?c=/../d#e"],
    ["/a/%2e%2E/b", "/b"],
    ["/a/.%2e", "/"],
    ["/a/./b", "/a/b"],
    ["/a\\..\\..\\b", "/b"],
    ["/a/.\t./b", "/b"],
    ["/a/..", "/"],
  ])("does not climb out of the proxy's path: %j", async (rest, kept) =>
    expect(await member("nextLink", GRAPH + rest)).toBe(BASE + kept),
  );

  test.each([` ${GRAPH}/a `, `\u0000\t${GRAPH}/a`, `ht\ntps://graph.micro\tsoft.com/a\r\n`])(
    "is read as URL parsers read it: %j",
    async (url) => expect(await member("nextLink", url)).toBe(`${BASE}/a`),
  );
});

const ELSEWHERE = [
  EVIL,
  "https://graph.microsoft.com@evil.example/",
  "https://graph.microsoft.com:443@evil.example/",
  "https://graph.microsoft.com.evil.example/",
  "https://graph.microsoft.com./a",
  "https://graph.microsoft.com\\@evil.example/",
  "https://graph.microsoft.com\\.evil.example/",
  "https://graph.microsoft.com:8443/a",
  "https://graph.microsoft.com:80/a",
  "https://graph.microsoft.community/a",
  "http://graph.microsoft.com/a",
  "http://graph.microsoft.com:443/a",
  "https://user@graph.microsoft.com/a",
  "https://evil.example/https://graph.microsoft.com/",
  "http://127.0.0.1/a",
  "HTTPS:\\\\evil.example\\",
  "https:evil.example",
  "https:///evil.example/",
  "\u0001https://evil.example/",
  "h\tt\ntps://evil.example/",
];

describe("a URL to elsewhere", () => {
  test.each(ELSEWHERE)("is sealed where clients follow it: %j", async (url) => {
    expect(await member("nextLink", url)).toMatch(/^https:\/\/p\.example\/v1\/sealed\//);
    expect(await member("self", url)).toBe(url);
  });

  test.each([
    ["self", "default", EVIL],
    ["self", "pass", EVIL],
    ["self", "replace", EVIL],
    ["self", "remove", EVIL],
    ["nextLink", "default", sealed(EVIL)],
    ["nextLink", "pass", sealed(EVIL)],
    ["nextLink", "replace", sealed(EVIL)],
    ["nextLink", "remove", null],
    ["uploadUrl", "default", sealed(EVIL)],
    ["uploadUrl", "pass", EVIL],
    ["uploadUrl", "replace", sealed(EVIL)],
    ["uploadUrl", "remove", null],
    ["downloadUrl", "default", EVIL],
    ["downloadUrl", "pass", EVIL],
    ["downloadUrl", "replace", sealed(EVIL)],
    ["downloadUrl", "remove", null],
  ] as const)("in %s, links: %s", async (name, presigned, expected) =>
    expect(await member(name, EVIL, linkRules({ presigned }))).toBe(expected),
  );

  test("at the API is rewritten, whatever the key says", async () => {
    for (const presigned of ["pass", "replace", "remove"] as const)
      for (const name of ["self", "nextLink", "uploadUrl", "downloadUrl"])
        expect(await member(name, `${GRAPH}/a`, linkRules({ presigned }))).toBe(`${BASE}/a`);
  });

  test("is sealed as what a URL can be", async () =>
    expect(await rewriteJson('{"next":"https://evil.example/\\ud800"}', linkRules())).toBe(
      `{"next":"${sealed("https://evil.example/\ufffd")}"}`,
    ));

  test("is sealed once, however often it comes", async () => {
    const asked: string[] = [];
    const seal = async (url: string) => {
      asked.push(url);
      return sealed(url);
    };
    const text = JSON.stringify([{ next: EVIL }, { next: EVIL }, { nextLink: `${EVIL}2` }]);
    const answer = await rewriteJson(text, linkRules({ seal }));
    expect(answer).toBe(
      JSON.stringify([{ next: sealed(EVIL) }, { next: sealed(EVIL) }, { nextLink: sealed(`${EVIL}2`) }]),
    );
    expect(asked).toEqual([EVIL, `${EVIL}2`]);
  });
});

describe("what stays", () => {
  test.each([
    "/v1.0/users?page=2",
    "users",
    "",
    "?page=2",
    "//8AAA==",
    "dXNlcjpVMDYxTkZUVDI=",
    "httpx://evil.example",
    "http",
    "ftp://evil.example/",
    "urn:https://evil.example/",
    7,
    null,
    true,
    ["https://evil.example/"],
    { href: "https://evil.example/" },
  ])("what is no absolute http URL: %j", async (value) => {
    for (const name of ["nextLink", "uploadUrl", "downloadUrl"])
      expect(await member(name, value, linkRules({ presigned: "remove" }))).toEqual(value);
  });

  test.each(["nextlink", "xnextLink", "html_urls", "nextLink ", "url_", "_URL", "@odata.context", ""])(
    "another member: %j",
    async (name) => expect(await member(name, `${GRAPH}/a`)).toBe(`${GRAPH}/a`),
  );
});

describe("names", () => {
  test("by their ends, an exact one first", async () => {
    const rules = linkRules({ presigned: "remove" });
    expect(await member("html_url", `${GRAPH}/a`)).toBe(`${BASE}/a`);
    expect(await member("html_url", EVIL, rules)).toBe(EVIL);
    expect(await member("_url", `${GRAPH}/a`)).toBe(`${BASE}/a`);
    expect(await member("upload_url", EVIL, rules)).toBe(null);
    expect(await member("members@odata.nextLink", EVIL)).toBe(sealed(EVIL));
  });

  test.each(['"\\u006eextLink"', '"next\\u004Cink"', '"n\\u0065xtLin\\u006b"'])(
    "with escapes: %s",
    async (name) =>
      expect(await rewriteJson(`{${name}:"${EVIL}"}`, linkRules())).toBe(
        `{${name}:${JSON.stringify(sealed(EVIL))}}`,
      ),
  );

  test("at any depth", async () => {
    const batch = (link: string) =>
      JSON.stringify({
        responses: [
          { id: "1", status: 200, headers: {}, body: { value: [], "@odata.nextLink": link } },
          { id: "2", status: 200, body: { value: [{ deep: [[{ "@odata.nextLink": link }]] }] } },
          { id: "3", status: 200, body: btoa(`{"@odata.nextLink":"${link}"}`) },
        ],
      });
    const answer = await rewriteJson(batch(`${GRAPH}/a`), linkRules());
    const part3 = btoa(`{"@odata.nextLink":"${GRAPH}/a"}`);
    expect(answer).toBe(batch(`${BASE}/a`).replace(btoa(`{"@odata.nextLink":"${BASE}/a"}`), part3));
  });

  test("beside other brackets", async () => {
    const text = (link: string) =>
      `[{},[{"next":"${link}"}],[],{"a":[1],"next":"${link}"},{"a":{},"next":"${link}"}]`;
    expect(await rewriteJson(text(`${GRAPH}/a`), linkRules())).toBe(text(`${BASE}/a`));
  });

  test("under more brackets than a stack holds", async () => {
    const deep = (link: string) =>
      `${'{"a":['.repeat(100_000)}{"nextLink":"${link}"}${"]}".repeat(100_000)},{"next":"${link}"`;
    const answer = await rewriteJson(`[${deep(`${GRAPH}/a`)}}]`, linkRules());
    expect(answer === `[${deep(`${BASE}/a`)}}]`).toBe(true);
  });
});

describe("values with escapes", () => {
  test.each([
    ["https:\\/\\/graph.microsoft.com\\/a?b=1\\u0026c", `${BASE}/a?b=1&c`],
    ["\\u0068ttps:\\u002F\\u002fgraph\\u002emicrosoft.com/a", `${BASE}/a`],
    ["https://graph.microsoft.com/\\ud83d\\ude00\\ud800\\u0001a", `${BASE}/\ud83d\ude00\ud800\u0001a`],
    ['https://graph.microsoft.com/a\\\\b\\"', `${BASE}/a\\b"`],
    ["\\thttps:\\/\\/evil.example/\\u0026", sealed("https://evil.example/&")],
    ["https://graph.microsoft.com\\u0040evil.example/", sealed("https://graph.microsoft.com@evil.example/")],
    [
      "https://graph.microsoft.com\\u005c@evil.example/",
      sealed("https://graph.microsoft.com\\@evil.example/"),
    ],
  ])("%s", async (raw, expected) => {
    const answer = await rewriteJson(`{"nextLink": "${raw}"}`, linkRules());
    expect(JSON.parse(answer ?? "")).toEqual({ nextLink: expected });
  });

  // The text of an answer that is no UTF-8 has a character for each byte.
  test("are written in ASCII, and others as they were", async () => {
    const links = (origin: string) => `{"nextLink":"${origin}/\\u0122\\u00e9","next":"${origin}/\xc3\xa9"}`;
    expect(await rewriteJson(links(GRAPH), linkRules())).toBe(links(BASE));
  });
});

describe("the text", () => {
  test("is what it was but for the links", async () => {
    const text = (link: string) =>
      `\ufeff\r\n{ "n" : 1.0e+2,\t"big":12345678901234567890, "z":-0,"a":1 , "a":2,"\\u00e4\\/":"\\u00E4\\/\u2028ä\ud800",
       "nextLink" \n:\t "${link}" ,"nextLink":"${link}","e":{},"f":[ ],"t":[true,false,null ]}\n\n `;
    expect(await rewriteJson(text(`${GRAPH}/a`), linkRules())).toBe(text(`${BASE}/a`));
  });

  test.each([
    '{"a":"\\",\\"nextLink\\":\\"https://evil.example/\\"","b":1}',
    '{"a":"\\"nextLink\\"","b":"https://evil.example/"}',
    '{"a":"\\\\\\",\\"nextLink\\":\\"https://evil.example/","nextLink":"x"}',
    '["nextLink","https://evil.example/"]',
    '["nextLink",{"a":"https://evil.example/"}]',
    '{"a":"nextLink","b":"https://evil.example/"}',
    '{"nextLink":["https://evil.example/"]}',
    '{"nextLink":{"a":"https://evil.example/"}}',
    '{"nextLink":1,"a":["https://evil.example/"]}',
    '{"nextLink":null} "https://evil.example/"',
    '{"nextLink":[]} ["https://evil.example/"]',
    '"\\"nextLink\\":\\"https://evil.example/\\""',
    '"https://evil.example/"',
    '{"nextLink":"x"} "https://evil.example/"',
  ])("looks like a member within a string, or beside one: %s", async (text) =>
    expect(await rewriteJson(text, linkRules())).toBeUndefined(),
  );

  const known = '{"nextLink":"https://evil.example/x?a=1"';
  const done = `{"nextLink":${JSON.stringify(sealed(EVIL))}`;
  test.each([
    "",
    ",",
    ', "',
    ', "a\\',
    ',"next":"https://evil.example/',
    ',"next":"https://evil.example/\\',
    ', "a\\"',
    "]",
    "}}",
    "}]",
    "}{]",
    "},",
    "x",
    ':"a"',
    '"a"',
    ',"a" "b"',
    ',"a","b"',
    ",{}",
    ",,",
    ",[1 2",
    ",'a':1",
    "/* */",
    ",\u00a0",
    ',"nextLink\\x":"http"',
    ',"nextLink":"\\x"',
    ',"a":}',
    ',"a":[}',
    ',"a":[1,]',
    ',"a":{]',
  ])("that makes no sense is left alone from there: %j", async (rest) => {
    const more =
      ["", ","].includes(rest) || rest.includes("evil") ? ["", "x"] : ["", ',"next":"https://evil.example/"'];
    for (const end of more)
      expect(await rewriteJson(known + rest + end, linkRules())).toBe(done + rest + end);
  });

  // What comes behind it is no JSON, for a client that is strict, nor for us.
  test.each([
    '{"a":1]',
    '{"a" 1,',
    "[1 2,",
    '{"a":1 "b":2,',
    "{,",
    "[}",
    "<html>",
    ")]}'\n",
    "[1]]",
    "{a:1,",
    "{'a':1,",
    '{"a"::1,',
    '{"a":"\\',
    "[,",
    "[1,]",
    '{"a":1,}',
    "[:",
    "{1:2,",
    '{"a":{]',
    "{",
    "[1",
    '{"a"',
    '{"a":1',
    '{"a":[}',
    "[{]",
    '{"\\x":"h","b":1,',
    "#",
    "\u00a0",
    "\u000b",
  ])("has no member behind %j", async (front) =>
    expect(await rewriteJson(`${front}{"nextLink":"https://evil.example/"}`, linkRules())).toBeUndefined(),
  );

  test.each([
    '\ufeff{"nextLink":"LINK"}',
    '{"a":1}\n{"nextLink":"LINK"}\n1 2 "a" [{"nextLink":"LINK"}]',
    '{"a":"\u0000\t\n\u001f","nextLink":"LINK"}',
    '{"a":NaN,"b":-Infinity,"c":+1,"d":undefined,"nextLink":"LINK"}',
  ])("is read as lenient clients read it: %j", async (text) =>
    expect(await rewriteJson(text.replaceAll("LINK", EVIL), linkRules())).toBe(
      text.replaceAll("LINK", sealed(EVIL)),
    ),
  );

  test("a raw control character beside an escape", async () =>
    expect(await rewriteJson('{"nextLink":"https:\\/\\/evil.example\n/"}', linkRules())).toBe(
      `{"nextLink":"${sealed("https://evil.example/")}"}`,
    ));
});
