/** Links in the headers of an answer, and what they say of its body. */
import { describe, expect, test } from "vitest";
import { isRewritable, rewriteHeaders } from "../../../worker-shim/src/links.ts";
import { ARM, BASE, linkRules, sealed } from "../support/link-rules.ts";

const GRAPH = "https://graph.microsoft.com";
const EVIL = "https://evil.example/x?a=1";

const CALL = new URL("https://graph.microsoft.com/v1.0/users/ada?a=b");

async function header(
  name: string,
  value: string,
  { status = 202, presigned = "default" as const, call = CALL } = {},
) {
  const key = name.toLowerCase();
  const headers = { [key]: value, etag: '"https://graph.microsoft.com/"' };
  await rewriteHeaders(headers, status, call, linkRules({ presigned }));
  expect(headers.etag).toBe('"https://graph.microsoft.com/"');
  return headers[key] ?? null;
}

test.each([
  "Location",
  "Content-Location",
  "Azure-AsyncOperation",
  "operation-location",
  "X-Goog-Upload-URL",
])("%s at the API", async (name) => {
  expect(await header(name, `${GRAPH}/a//b?c#d`)).toBe(`${BASE}/a//b?c#d`);
  expect(await header(name, "https://management.azure.com:443/a")).toBe(`${ARM}/a`);
  expect(await header(name, `${GRAPH}/../../../connections`)).toBe(`${BASE}/connections`);
});

test.each([
  ["Location", 200, "default", "sealed"],
  ["Location", 201, "pass", "sealed"],
  ["Location", 202, "replace", "sealed"],
  ["Location", 202, "remove", null],
  ["Location", 299, "default", "sealed"],
  ["Location", 300, "default", "stays"],
  ["Location", 302, "default", "stays"],
  ["Location", 307, "pass", "stays"],
  ["Location", 399, "default", "stays"],
  ["Location", 307, "replace", "sealed"],
  ["Location", 302, "remove", null],
  ["Location", 400, "default", "sealed"],
  ["Azure-AsyncOperation", 302, "default", "sealed"],
  ["Azure-AsyncOperation", 202, "pass", "sealed"],
  ["Azure-AsyncOperation", 202, "remove", null],
  ["Operation-Location", 202, "default", "sealed"],
  ["Operation-Location", 202, "remove", null],
  ["Content-Location", 200, "replace", "stays"],
  ["Content-Location", 200, "remove", "stays"],
  ["X-Goog-Upload-URL", 200, "default", "sealed"],
  ["X-Goog-Upload-URL", 200, "pass", "stays"],
  ["X-Goog-Upload-URL", 200, "remove", null],
] as const)("%s of %i to elsewhere, links: %s", async (name, status, presigned, what) =>
  expect(await header(name, EVIL, { status, presigned: presigned as "default" })).toBe(
    what === "sealed" ? sealed(EVIL) : what === "stays" ? EVIL : what,
  ),
);

test.each([
  ["/v1.0//a b?c={d}", `${BASE}/v1.0//a b?c={d}`],
  ["bob?c", `${BASE}/v1.0/users/bob?c`],
  ["../groups", `${BASE}/v1.0/groups`],
  ["/../../../connections", `${BASE}/connections`],
  ["/./a", `${BASE}/a`],
  ["?c=d", `${BASE}/v1.0/users/ada?c=d`],
  ["//management.azure.com/a", `${ARM}/a`],
  ["//evil.example/a", sealed("https://evil.example/a")],
  ["/\\evil.example/a", sealed("https://evil.example/a")],
  ["/\t/evil.example/a", sealed("https://evil.example/a")],
  ["\\\\evil.example/a", sealed("https://evil.example/a")],
  ["urn:a:b", "urn:a:b"],
])("a reference is to what was called: %j", async (value, expected) => {
  for (const name of ["Location", "Azure-AsyncOperation"]) expect(await header(name, value)).toBe(expected);
  expect(await header("Link", `<${value}>; rel="next"`)).toBe(`<${expected}>; rel="next"`);
});

test("a redirect to elsewhere by reference says where", async () =>
  expect(await header("Location", "//files.example/a", { status: 302 })).toBe("https://files.example/a"));

test("what no header can hold leaves none", async () => {
  for (const unfit of ["https://p.example/\n\0", "https://p.example/\u0100"]) {
    const headers = { location: EVIL, link: `<${EVIL}>` };
    await rewriteHeaders(headers, 202, CALL, linkRules({ seal: async () => unfit }));
    expect(headers).toEqual({});
  }
});

test("none is none", async () => {
  const headers = {};
  await rewriteHeaders(headers, 302, CALL, linkRules({ presigned: "remove" }));
  expect(headers).toEqual({});
  expect(await header("Location", "")).toBe("");
  expect(await header("Link", "")).toBe("");
});

describe("Link", () => {
  const page = (origin: string, number: number) => `${origin}/repositories/1/issues?page=${number}`;

  test("of several", async () => {
    const links = (origin: string) =>
      `<${page(origin, 2)}>; rel="next", <${page(origin, 9)}>; rel="last"; title="a, <b>; \\", <${EVIL}>" ,<urn:x>;rel=x`;
    expect(await header("Link", links(GRAPH))).toBe(links(BASE).replace(" ,<", ", <"));
  });

  test("in headers of their own", async () => {
    const headers = new Headers([
      ["link", `<${page(GRAPH, 2)}>; rel="next"`],
      ["LINK", `<${page(GRAPH, 9)}>; rel="last"`],
    ]);
    const record = Object.fromEntries(headers);
    await rewriteHeaders(record, 200, CALL, linkRules());
    expect(record.link).toBe(`<${page(BASE, 2)}>; rel="next", <${page(BASE, 9)}>; rel="last"`);
  });

  test("with commas in the URL", async () =>
    expect(await header("Link", `<${GRAPH}/a?b=1,2>; rel="next"`)).toBe(`<${BASE}/a?b=1,2>; rel="next"`));

  test("to elsewhere", async () => {
    const value = `<${GRAPH}/a>; rel="next", <${EVIL}>; rel="last"; title="<https://evil.example/t>, x"`;
    const next = `<${BASE}/a>; rel="next"`;
    expect(await header("Link", value)).toBe(
      `${next}, <${sealed(EVIL)}>; rel="last"; title="<https://evil.example/t>, x"`,
    );
    expect(await header("Link", value, { presigned: "remove" as "default" })).toBe(next);
    expect(await header("Link", `<${EVIL}>`, { presigned: "remove" as "default" })).toBeNull();
  });

  // As clients find it that look for `<…>; rel="next"` and for nothing else.
  test.each([
    [`x, <${EVIL}>; rel="next"`, `x, <${sealed(EVIL)}>; rel="next"`],
    [`a="b, <${EVIL}>; rel=next`, `a="b, <${sealed(EVIL)}>; rel=next`],
    [`"\\", <${EVIL}>`, `"\\", <${sealed(EVIL)}>`],
    [`junk <${EVIL}>; rel="next"`, `junk <${sealed(EVIL)}>; rel="next"`],
    [`,, <${EVIL}>`, `<${sealed(EVIL)}>`],
    [`<${EVIL}`, `<${EVIL}`],
    ['<>; rel="self"', '<>; rel="self"'],
    [`<${GRAPH}/a> <${EVIL}>; rel="next"`, `<${BASE}/a> <${sealed(EVIL)}>; rel="next"`],
    [`< ${EVIL} >`, `<${sealed(EVIL)}>`],
  ])("that is malformed: %s", async (value, expected) => expect(await header("Link", value)).toBe(expected));

  test("that is long and malformed takes no time", async () => {
    const value = '"\\'.repeat(200_000);
    expect(await header("Link", value)).toBe(value);
  });
});

describe("isRewritable", () => {
  test.each([
    "application/json",
    "Application/JSON; charset=utf-8",
    "application/json;odata.metadata=minimal;IEEE754Compatible=false",
    "application/problem+json",
    "application/vnd.github.v3+json; charset=utf-8",
    "text/json",
    " application/json ",
    "text/plain, application/json",
  ])("%s", (type) => expect(isRewritable(type)).toBe(true));

  test.each([
    null,
    "",
    "text/html",
    "application/jsonx",
    "application/json-seq",
    "application/x-ndjson",
    "application/octet-stream; a=application/json",
    "+json",
    "application/+json",
    "a b/c+json",
    "multipart/mixed; boundary=x",
  ])("not %s", (type) => expect(isRewritable(type)).toBe(false));
});
