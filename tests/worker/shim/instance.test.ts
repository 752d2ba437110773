/** Instances of the core: wiped, never lent twice, and taken back. */
import { describe, expect, test } from "vitest";
import { CorePool } from "../../../worker-shim/src/core.ts";
import { pool } from "../../../worker-shim/src/flow-runner.ts";
import { connect, connected, get, nearExpiry, newUser, readToken, refreshNow } from "../support/client.ts";
import { contains, lookAtIdle, memoryOf, onResume } from "../support/instances.ts";
import { forget, later } from "../support/stores.ts";
import { world } from "../support/world.ts";

describe("an instance", () => {
  test("that the next flow gets holds no byte of the last one's secrets", async () => {
    // A control: in the middle of a flow the key is there, so the search would find it.
    let seen = 0;
    const { who } = await nearExpiry();
    onResume((instance, message) => {
      if (contains(memoryOf(instance), who.key)) seen += 1;
      return message;
    });
    forget();
    // A sign-in comes first: it may need so much memory that its instance is dropped.
    for (const answer of [
      await connect(who.key, newUser()),
      await readToken(who),
      await refreshNow(who),
      await get(`/user?user_id=${who.user}`, who.key),
      await get(`/mail?user_id=${who.user}`, who.key),
      await get(`/subscriptions?user_id=${who.user}`, who.key),
    ]) {
      expect(answer.status).toBe(200);
    }
    expect(seen).toBeGreaterThan(5);
    const secrets = [who.key, ...Object.values(await world.secrets()).flat()];
    expect(secrets.length).toBeGreaterThan(10);
    const found = lookAtIdle((instance) => secrets.filter((secret) => contains(memoryOf(instance), secret)));
    expect(found.length).toBeGreaterThan(0);
    expect(found.flat()).toEqual([]);
  });

  test("is as new: byte for byte", async () => {
    const who = await connected();
    await get(`/user?user_id=${who.user}`, who.key);
    const { default: module } = await import("../../../dist/postern.wasm");
    const pristine = memoryOf(new CorePool(module).acquire() as never).slice();
    const same = lookAtIdle((instance) => {
      const memory = memoryOf(instance);
      return memory.length === pristine.length && memory.every((byte, n) => byte === pristine[n]);
    });
    expect(same.length).toBeGreaterThan(0);
    expect(same).not.toContain(false);
  });

  test("that grew is dropped", async () => {
    const who = await connected();
    // More than one is idle: what is looked at afterwards is what was not dropped.
    for (const instance of Array.from({ length: 4 }, () => pool.acquire()))
      if (instance) pool.release(instance);
    const dropped = pool.figures().dropped;
    await get(`/mail?${new URLSearchParams({ user_id: who.user, top: "1000" })}`, who.key);
    await world.control({ graph: { kind: "huge", bytes: 900_000 } });
    await get(`/user?user_id=${who.user}`, who.key);
    expect(pool.figures().dropped).toBeGreaterThan(dropped);
    const sizes = lookAtIdle((instance) => memoryOf(instance).length);
    expect(sizes.length).toBeGreaterThan(1);
    expect(new Set(sizes).size).toBe(1);
  });

  test("is never lent twice, and the pool has an end", async () => {
    const { default: module } = await import("../../../dist/postern.wasm");
    const small = new CorePool(module, { all: { live: 3, bytes: 1 << 24 } }, 2);
    const taken = [small.acquire(), small.acquire(), small.acquire()];
    expect(new Set(taken).size).toBe(3);
    expect(small.acquire()).toBeUndefined();
    for (const instance of taken) if (instance) small.release(instance);
    if (taken[0]) small.release(taken[0]);
    expect(small.figures()).toMatchObject({ created: 3, live: 0, free: 2, dropped: 1 });
  });

  test("of a request that ended without a word is taken back after three minutes", async () => {
    const { default: module } = await import("../../../dist/postern.wasm");
    const small = new CorePool(module, { all: { live: 1, bytes: 1 << 24 } });
    const lost = small.acquire();
    expect(small.acquire()).toBeUndefined();
    later(179_000);
    expect(small.acquire()).toBeUndefined();
    later(2_000);
    const next = small.acquire();
    expect(next).toBeDefined();
    expect(next).not.toBe(lost);
    // Should it go on all the same, it may not grow where nobody counts.
    lost?.exports.memory.grow(1);
    expect([lost && small.fits(lost), lost && small.mayWait(lost, "waiting")]).toEqual([false, false]);
  });
});
