/** What the core pinned is compared again with what the URL parser made of it. */
import { expect, test } from "vitest";
import { fields } from "../../../worker-shim/src/effects.ts";
import { readForward } from "../../../worker-shim/src/proxy-call.ts";

const ORIGIN = "https://api.example";
const NO_PAIRS = new Uint8Array(0);

/** A forward outcome's body (docs/abi.md). */
function forward(url: string, origin = ORIGIN) {
  const [drop, dropFromAnswer, returns, delay, note] = [
    "authorization",
    "set-cookie",
    "0 401",
    0,
    "sent:1:0:",
  ];
  const links = ["", NO_PAIRS, "default", "org", NO_PAIRS, "1 ", false] as const;
  return fields(url, origin, NO_PAIRS, NO_PAIRS, drop, dropFromAnswer, returns, delay, note, ...links);
}

test.each(["/", "/v1.0/me?$top=1", "/a//b", "/%68ello", "/a%2Fb", "/a'b?q='c'"])(
  "%s behind the origin is where it leads",
  (target) => {
    const call = readForward(forward(ORIGIN + target));
    expect(call?.url?.origin).toBe(ORIGIN);
  },
);

test.each([
  ["another host", "https://evil.example/x"],
  ["another host of the same length", "https://apx.example/x"],
  ["another port", "https://api.example:8443/x"],
  ["another scheme", "http://api.example/x"],
  ["a host that only begins so", "https://api.example.evil.example/x"],
  ["user information", "https://api.example@evil.example/x"],
  ["user information at the same host", "https://a:b@api.example/x"],
  ["a dot segment", "https://api.example/a/../b"],
  ["an encoded dot segment", "https://api.example/a/%2e%2E/b"],
  ["a backslash", "https://api.example/a\\..\\b"],
  ["no URL", "api.example/x"],
])("%s is refused", (_, url) => {
  expect(readForward(forward(url))).toBeUndefined();
});

test("without a URL the answer at hand is meant", () => {
  const call = readForward(forward(""));
  expect([call?.url, call?.note, [...(call?.returns ?? [])]]).toEqual([undefined, "sent:1:0:", [0, 401]]);
});
