/** The sign-in arrived, and the authority does not say what became of it: a page that claims nothing. */
import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { ConnectionObject } from "../../../worker-shim/src/connection-object.ts";
import {
  type Answer,
  Browser,
  type Connected,
  createKey,
  createLink,
  expectSafePage,
  newOrg,
  newUser,
  readToken,
} from "../support/client.ts";
import { authorityOf, forget, later, storedKeys } from "../support/stores.ts";
import { ALICE, world } from "../support/world.ts";

async function arriving(): Promise<{ who: Connected; open: () => Promise<Answer> }> {
  const org = newOrg();
  const who = { org, key: (await createKey(org)).key, user: newUser() };
  const browser = new Browser();
  const callback = await browser.upToCallback((await createLink(who.key, who.user)).url, ALICE);
  return { who, open: () => browser.open(callback) };
}

/** Says what to do, and neither that it worked nor that it failed. */
function expectNoClaim(answer: Answer): void {
  expectSafePage(answer, 503, "outcome_unknown");
  expect(answer.text).toContain("may still be finished without you");
  expect(answer.text).toMatch(/look in .* whether your account is connected/);
  expect(answer.text).not.toMatch(/not connected\.|cannot be finished|failed|refused/);
}

/** Only the wait for the authority is cut short. */
function impatient(milliseconds: number): void {
  const real = globalThis.setTimeout;
  vi.stubGlobal("setTimeout", (work: () => void, ms?: number) =>
    real(work, ms === 60_000 ? milliseconds : ms),
  );
}

describe("a callback whose authority", () => {
  test("never answers", async () => {
    const { open } = await arriving();
    vi.spyOn(ConnectionObject.prototype, "run").mockImplementation(() => new Promise(() => undefined));
    impatient(50);
    expectNoClaim(await open());
  });

  test("cannot be reached", async () => {
    const { open } = await arriving();
    vi.spyOn(ConnectionObject.prototype, "run").mockRejectedValue(new Error("overloaded"));
    expectNoClaim(await open());
  });

  test("takes longer than anybody waits: it finishes all the same", async () => {
    const { who, open } = await arriving();
    await world.control({ token: { kind: "delay", ms: 400 } });
    impatient(100);
    expectNoClaim(await open());
    await scheduler.wait(600);
    expect((await readToken(who)).status).toBe(200);
    expect(await world.tokenRequests()).toBe(1);
    // The same callback again says what became of it.
    expectSafePage(await open(), 200, "connected");
  });

  test("has the grant but not the provider's keys: its alarm finishes", async () => {
    const { who, open } = await arriving();
    forget();
    const real = globalThis.fetch;
    let down = true;
    vi.stubGlobal("fetch", (url: string, init?: RequestInit) =>
      down && /\/discovery\/|\/keys/.test(url) ? Promise.reject(new Error("down")) : real(url, init),
    );
    expectNoClaim(await open());
    const authority = await authorityOf(who);
    expect(await storedKeys(authority)).toEqual(expect.arrayContaining(["sign_in", "sign_in_kept"]));
    down = false;
    later(31_000);
    expect(await runDurableObjectAlarm(authority)).toBe(true);
    expect((await readToken(who)).status).toBe(200);
    expect(await world.tokenRequests()).toBe(1);
  });
});

test("what fails before the authority is asked says that it failed", async () => {
  const { open, who } = await arriving();
  vi.spyOn(Object.getPrototypeOf(env.DB), "batch").mockRejectedValue(new Error("down"));
  expectSafePage(await open(), 503, "service_unavailable");
  vi.restoreAllMocks();
  // Nothing was consumed: the person may simply load the page again.
  expectSafePage(await open(), 200, "connected");
  expect((await readToken(who)).status).toBe(200);
});
