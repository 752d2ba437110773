/** Every allocation of every flow fails once: what was sent is not lost, and nothing is sent twice. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Outcome } from "../../../worker-shim/src/effects.ts";
import { prepare } from "../../../worker-shim/src/env.ts";
import { FieldWriter } from "../../../worker-shim/src/fields.ts";
import { runFlow } from "../../../worker-shim/src/flow-runner.ts";
import { operationNamed } from "../../../worker-shim/src/operations.ts";
import {
  frontHands,
  payloadFor,
  replayTheWorld,
  runAuthority,
  runFront,
  type Stored,
} from "../support/bench-hands.ts";
import { Browser, createKey, createLink, newestToken, newUser } from "../support/client.ts";
import { ALL_LEFT, faultsOf, nothingLeaks, onStart } from "../support/instances.ts";
import { later } from "../support/stores.ts";
import { RETURN_TO } from "../support/variables.ts";
import { ALICE, world } from "../support/world.ts";

const text = (outcome: Outcome) => new TextDecoder().decode(outcome.body);

describe("the n-th allocation fails, for every n, in", () => {
  const MOST = 20_000;
  let armed: number | undefined;

  beforeEach(() => {
    armed = undefined;
    onStart((instance) => {
      faultsOf(instance).postern_fail_allocation(armed ?? ALL_LEFT);
      armed = undefined;
    });
  });

  /** Runs `attempt` with each n until none fails any more; `afterwards` sees what each failure left behind. */
  async function everyAllocation(
    attempt: () => Promise<{ kind: string; status?: number; body?: Uint8Array }>,
    afterwards: () => Promise<void>,
  ): Promise<number> {
    for (let n = 0; n < MOST; n += 1) {
      armed = n;
      const outcome = await attempt();
      expect(armed).toBeUndefined();
      const failed = outcome.kind === "problem" && text(outcome as Outcome).includes('"out_of_memory"');
      if (!failed) {
        expect(["json", "data", "page", "redirect", "authority"]).toContain(outcome.kind);
        return n;
      }
      expect(outcome.status).toBe(503);
      nothingLeaks();
      await afterwards();
    }
    throw new Error("it never ends");
  }

  const copy = (stored: Stored): Stored => new Map(stored);

  /** The provider works with single use: a request of which nobody knows whether it left is over 25 s after that. */
  async function whenRequestsAreOver(stored: Stored, run: () => Promise<Outcome>): Promise<Outcome> {
    if (stored.has("journal") && !stored.has("kept")) later(25_000);
    const outcome = await run();
    vi.useRealTimers();
    return outcome;
  }

  /**
   * The alarm brings to KV and D1 what could not be brought at once, and once more after a minute: a write of the
   * flow that died may have landed over it. Nothing else is left open.
   */
  async function delivered(stored: Stored, left: string[]): Promise<void> {
    const ring = () => runAuthority("authority.alarm", new Uint8Array(0), stored);
    expect((await ring()).kind).toBe("json");
    if (stored.has("outbox")) {
      later(66_000);
      expect((await ring()).kind).toBe("json");
      vi.useRealTimers();
    }
    expect([...stored.keys()]).toEqual(left);
  }

  /** A state that waits for its code, and a connection whose token is to be refreshed. */
  async function prepared(expiresIn: number, more: Record<string, string> = {}) {
    await world.control({ expires_in: expiresIn });
    const user = newUser();
    const { key } = await createKey("acme");
    const browser = new Browser();
    const callback = new URL(await browser.upToCallback((await createLink(key, user, more)).url, ALICE));
    const hands = frontHands();
    const step = await runFlow(
      {
        operation: "callback",
        entry: "http",
        entropyBytes: 0,
        environment: prepare(env).environment,
        path: [["integration", "azure"]],
        query: callback.search.slice(1),
        headers: [["cookie", [...browser.cookies].map(([name, value]) => `${name}=${value}`).join("; ")]],
      },
      hands,
    );
    if (step.kind !== "authority") throw new Error("the callback did not go on in the authority");
    const replay = replayTheWorld();
    return { user, payload: step.payload.slice(), replay, azure: { integration: "azure", userId: user } };
  }

  test("a connect: nothing was sent, or the connection is there; never two requests", async () => {
    const { payload, replay, azure } = await prepared(3600);
    const read = await payloadFor("get_token", "acme", azure);
    // The world's answers are learnt once.
    expect((await runAuthority("authority.connect", payload, new Map())).kind).toBe("page");
    let [lost, kept] = [0, 0];
    let stored: Stored = new Map();
    let before = 0;
    const allocations = await everyAllocation(
      () => {
        stored = new Map();
        before = replay.tokenRequests();
        return runAuthority("authority.connect", payload, stored);
      },
      async () => {
        const sent = replay.tokenRequests() - before;
        const next = await runAuthority(read.operation, read.payload, stored);
        expect(replay.tokenRequests() - before).toBe(sent);
        if (sent === 0) lost += 1;
        else kept += 1;
        expect([next.kind, sent]).toEqual([sent === 0 ? "problem" : "data", sent]);
        await delivered(stored, sent === 0 ? [] : ["record"]);
      },
    );
    expect([lost > 20, kept > 100, allocations]).toEqual([true, true, lost + kept]);
  });

  test("a refresh: the next request, once it may be sent, has the new token, with one token request in all", async () => {
    const { payload, replay, azure } = await prepared(200);
    const read = await payloadFor("get_token", "acme", azure);
    const connectedStore: Stored = new Map();
    await runAuthority("authority.connect", payload, connectedStore);
    await world.control({ expires_in: 3600 });
    const fresh = await runAuthority(read.operation, read.payload, copy(connectedStore));
    expect(fresh.kind).toBe("data");
    let stored: Stored = new Map();
    let before = 0;
    const allocations = await everyAllocation(
      () => {
        stored = copy(connectedStore);
        before = replay.tokenRequests();
        return runAuthority(read.operation, read.payload, stored);
      },
      async () => {
        const next = await whenRequestsAreOver(stored, () =>
          runAuthority(read.operation, read.payload, stored),
        );
        expect([next.kind, text(next)]).toEqual(
          ["data", text(fresh)].map((part, n) => (n === 0 ? part : expect.any(String))),
        );
        expect(text(next)).toContain(await newestToken());
        expect(replay.tokenRequests() - before).toBe(1);
        await delivered(stored, ["record", "version:1"]);
      },
    );
    expect(allocations).toBeGreaterThan(100);
  });

  test("a forced refresh, a warm read, a description, a disconnect and an alarm", async () => {
    const { payload, replay, azure } = await prepared(3600);
    const base: Stored = new Map();
    await runAuthority("authority.connect", payload, base);
    for (const operation of ["refresh", "get_token", "get_connection", "disconnect"]) {
      const call = await payloadFor(operation, "acme", azure);
      let stored: Stored = new Map();
      let before = 0;
      const allocations = await everyAllocation(
        () => {
          stored = copy(base);
          before = replay.tokenRequests();
          return runAuthority(call.operation, call.payload, stored);
        },
        async () => {
          const next = await whenRequestsAreOver(stored, () =>
            runAuthority(call.operation, call.payload, stored),
          );
          expect(["json", "data"]).toContain(next.kind);
          // Nothing that was asked for was lost: each answer is a version.
          const versions = Array.from(
            { length: replay.tokenRequests() - before },
            (_, n) => `version:${n + 1}`,
          );
          expect(versions.length > 0).toBe(operation === "refresh");
          await delivered(stored, ["record", ...versions]);
        },
      );
      expect(allocations).toBeGreaterThan(20);
    }
    // An alarm with a delivery to make.
    const call = await payloadFor("get_token", "acme", azure);
    const owing = copy(base).set("outbox", new FieldWriter().add(1, false, false, 0).bytes().slice());
    let stored: Stored = new Map();
    await everyAllocation(
      () => {
        stored = copy(owing);
        return runAuthority("authority.alarm", new Uint8Array(0), stored);
      },
      async () => {
        expect((await runAuthority(call.operation, call.payload, stored)).kind).toBe("data");
        await delivered(stored, ["record"]);
      },
    );
  });

  test("a confirmation, and what it waits for", async () => {
    const { payload } = await prepared(3600, { return_to: RETURN_TO, confirm: "backend" });
    const base: Stored = new Map();
    const waiting = await runAuthority("authority.connect", payload, base);
    expect(waiting.kind).toBe("redirect");
    const target = new URL(new Headers(waiting.headers).get("location") ?? "");
    const row = await env.DB.prepare("SELECT user_id FROM connect_links WHERE attempt = ?")
      .bind(target.searchParams.get("attempt"))
      .first<string>("user_id");
    const call = await payloadFor("confirm_connection", "acme", {
      attempt: target.searchParams.get("attempt"),
      code: target.searchParams.get("code"),
      userId: row,
    });
    let stored: Stored = new Map();
    let confirmedAlready = 0;
    await everyAllocation(
      () => {
        stored = copy(base);
        return runAuthority(call.operation, call.payload, stored);
      },
      async () => {
        const next = await runAuthority(call.operation, call.payload, stored);
        // After its commit a confirmation has happened, whatever its caller was told.
        if (next.kind !== "json") confirmedAlready += 1;
        expect(stored.has("record")).toBe(true);
        expect(stored.has("pending")).toBe(false);
      },
    );
    expect(confirmedAlready).toBeGreaterThan(0);
  });

  test.each<[string, Record<string, unknown>]>([
    ["create_connect_link", { userId: "x" }],
    ["get_token", { integration: "azure", userId: "x" }],
    ["get_user", { userId: "x" }],
    ["list_subscriptions", { userId: "x" }],
    ["list_resources", { userId: "x", subscriptionId: "s", resourceGroup: "g" }],
    ["get_mail", { userId: "x", top: 5, filter: "isRead eq false" }],
    ["get_calendar_events", { userId: "x" }],
    ["list_connections", {}],
    ["get_connection", { integration: "azure", userId: "x" }],
    ["refresh", { integration: "azure", userId: "x" }],
    ["disconnect", { integration: "azure", userId: "x" }],
    ["admin_consent_url", { integration: "azure" }],
    ["logout_url", { integration: "azure" }],
  ])("%s: 503 for that request, and the next one works", async (operation, parameters) => {
    const allocations = await everyAllocation(
      () => runFront(operation, "acme", parameters),
      () => Promise.resolve(),
    );
    expect(allocations).toBeGreaterThan(10);
    expect((await runFront(operation, "acme", parameters)).kind).not.toBe("problem");
  });

  const flow = (operation: string, path: [string, string][], query: string, headers: [string, string][]) =>
    runFlow(
      {
        operation,
        entry: "http",
        entropyBytes: operationNamed(operation)?.entropy_bytes ?? 0,
        environment: prepare(env).environment,
        path,
        query,
        headers,
      },
      frontHands(),
    );
  const QUESTIONS = {
    connect_links: "SELECT 1 FROM connect_links WHERE attempt = ? AND consumed_at IS NULL",
    oauth_states: "SELECT 1 FROM oauth_states WHERE attempt = ?",
  };
  const isThere = async (table: keyof typeof QUESTIONS, attempt: string) =>
    (await env.DB.prepare(QUESTIONS[table]).bind(attempt).first()) !== null;

  test("the consent page: it burns nothing, ever", async () => {
    const { key } = await createKey("acme");
    const link = await createLink(key, newUser());
    const path: [string, string][] = [["link", link.url.slice(link.url.lastIndexOf("/") + 1)]];
    await everyAllocation(
      () => flow("show_consent", path, "", []),
      async () => expect(await isThere("connect_links", link.attempt)).toBe(true),
    );
  });

  test("the press of its button: a link and a state, or neither", async () => {
    const { key } = await createKey("acme");
    const link = await createLink(key, newUser());
    let burnt = 0;
    await everyAllocation(
      () => {
        const path: [string, string][] = [["link", link.url.slice(link.url.lastIndexOf("/") + 1)]];
        return flow("begin_connect", path, "", [["sec-fetch-site", "same-origin"]]);
      },
      async () => {
        const unused = await isThere("connect_links", link.attempt);
        expect(await isThere("oauth_states", link.attempt)).toBe(!unused);
        if (unused) return;
        burnt += 1;
        await env.DB.batch([
          env.DB.prepare("UPDATE connect_links SET consumed_at = NULL WHERE attempt = ?").bind(link.attempt),
          env.DB.prepare("DELETE FROM oauth_states WHERE attempt = ?").bind(link.attempt),
        ]);
      },
    );
    expect(burnt).toBeGreaterThan(0);
  });

  test("the callback: before the state is consumed it can be opened again", async () => {
    const { key } = await createKey("acme");
    const browser = new Browser();
    const link = await createLink(key, newUser());
    const callback = new URL(await browser.upToCallback(link.url, ALICE));
    const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const row = await env.DB.prepare("SELECT * FROM oauth_states WHERE attempt = ?")
      .bind(link.attempt)
      .first();
    const values = Object.values(row ?? {});
    const again = `INSERT INTO oauth_states VALUES (${values.map(() => "?").join(", ")})`;
    let kept = 0;
    await everyAllocation(
      () => flow("callback", [["integration", "azure"]], callback.search.slice(1), [["cookie", cookie]]),
      async () => {
        if (await isThere("oauth_states", link.attempt)) kept += 1;
        else
          await env.DB.prepare(again)
            .bind(...values)
            .run();
      },
    );
    expect(kept).toBeGreaterThan(10);
    expect(await world.tokenRequests()).toBe(0);
  });
});
