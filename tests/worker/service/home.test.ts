/** The page where Postern is mounted: it says what this is and leads on, and holds nothing that is not everybody's. */
import { env } from "cloudflare:workers";
import { Hono } from "hono";
import { describe, expect, test } from "vitest";
import { createApp } from "../../../worker-shim/src/app.ts";
import type { Bindings } from "../../../worker-shim/src/env.ts";
import { operations } from "../../../worker-shim/src/operations.ts";
import { expectProblem, http } from "../support/client.ts";
import { MOUNT, ORIGIN } from "../support/variables.ts";

const outer = new Hono<{ Bindings: Bindings }>().route(MOUNT, createApp());

/** By where Postern is. */
const PLACES = [
  { place: ORIGIN, at: `${ORIGIN}/`, ask: async (url: string) => await http(url) },
  {
    place: `${ORIGIN}${MOUNT}`,
    at: `${ORIGIN}${MOUNT}`,
    ask: async (url: string) => {
      const response = await outer.fetch(new Request(url), env as unknown as Bindings);
      return { status: response.status, headers: response.headers, text: await response.text() };
    },
  },
] as const;

describe.each(PLACES)("the page at $at", ({ place, at, ask }) => {
  test("says what this is, and leads to what there is", async () => {
    const { status, headers, text } = await ask(at);
    expect([status, headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    for (const words of [/OAuth connection broker/, /README\.md/, /docs\/api\.md/, /docs\/deploy\.md/])
      expect(text).toMatch(words);
    const links = [...text.matchAll(/href="([^"]+)"/g)].map(([, href = ""]) => new URL(href, at).href);
    const named = ["/assets/postern.svg", "/assets/postern.css", "/health"].map((path) => `${place}${path}`);
    expect(links).toEqual(named);
    for (const link of links) expect([link, (await ask(link)).status]).toEqual([link, 200]);
    for (const path of ["/v1/api-keys", "/connect?user_id=user_1&amp;confirm=page"])
      expect(text).toContain(`'${place}${path}'`);
  });

  test("names the route of tokens as it is", async () => {
    const route = operations.find(({ name }) => name === "get_token")?.path;
    expect((await ask(at)).text).toContain(`GET ${place}${route}`);
  });

  test("may be cached by everybody, runs nothing, and is framed by nobody", async () => {
    const { headers, text } = await ask(at);
    expect(headers.get("cache-control")).toBe("public, max-age=3600");
    expect(headers.get("content-security-policy")).toBe(
      "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'",
    );
    expect(headers.get("x-frame-options")).toBe("DENY");
    expect(headers.get("set-cookie")).toBeNull();
    expect(text).not.toMatch(/<script|<style|<form|<[^>]*\s(on\w+|style)=|javascript:/i);
  });

  test("holds no value that Postern is configured with", async () => {
    const { text } = await ask(at);
    const configured = Object.entries(env).filter(
      (entry): entry is [string, string] => typeof entry[1] === "string" && entry[1].length > 8,
    );
    expect(configured.length).toBeGreaterThan(8);
    for (const [name, value] of configured) expect(text.includes(value), name).toBe(false);
  });
});

test("what stands in the address is text on the page, and ends no quote of a command", async () => {
  const odd = new Hono<{ Bindings: Bindings }>().route("/:product", createApp());
  const url = `${ORIGIN}/a'b&amp;"<i>`;
  const text = await (await odd.fetch(new Request(url), env as unknown as Bindings)).text();
  expect(text).not.toMatch(/<i>|a'b/);
  expect(text).toContain("a%27b&#38;amp;%22%3Ci%3E/v1/api-keys&#39;".replace("&#39;", "'"));
});

test("only a GET of the page itself is answered so", async () => {
  expectProblem(await http("/", { method: "POST" }), 404, "not_found");
  expectProblem(await http("/index.html"), 404, "not_found");
});
