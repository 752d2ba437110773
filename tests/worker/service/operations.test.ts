/** Billable operations, counted at the Worker's own bindings: what a read, a refresh, a ring and a delivery cost. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { ConnectionObject } from "../../../worker-shim/src/connection-object.ts";
import { type Connected, connected, nearExpiry, readToken, refreshNow, rpc } from "../support/client.ts";
import { DAY, leaveRealTime, MINUTE, pass, SECOND } from "../support/clock.ts";
import { answers, listen, Receiver, subscribed } from "../support/receiver.ts";
import { authorityOf, forget } from "../support/stores.ts";
import { world } from "../support/world.ts";

interface Bill {
  readonly kvReads: number;
  readonly kvWrites: number;
  /** Batches, and the statements in them. */
  readonly d1: number;
  readonly statements: number;
  /** Requests to the object, and rings of its alarm. */
  readonly objects: number;
  readonly rings: number;
  /** Of the object's storage: keys that were read, rows that were written or taken away, settings of the alarm. */
  readonly rowsRead: number;
  readonly rowsWritten: number;
  readonly alarmsSet: number;
}

const NOTHING: Bill = {
  kvReads: 0,
  kvWrites: 0,
  d1: 0,
  statements: 0,
  objects: 0,
  rings: 0,
  rowsRead: 0,
  rowsWritten: 0,
  alarmsSet: 0,
};

/** Counts at every binding while `work` is done. Nothing is replaced: what is counted is carried out. */
async function billOf(who: Connected, work: () => Promise<unknown>): Promise<Bill> {
  const kv = Object.getPrototypeOf(env.AZURE_TOKENS) as KVNamespace;
  const d1 = Object.getPrototypeOf(env.DB) as D1Database;
  const statement = Object.getPrototypeOf(env.DB.prepare("SELECT 1")) as D1PreparedStatement;
  const namespace = Object.getPrototypeOf(env.CONNECTION) as DurableObjectNamespace;
  const spies = {
    get: vi.spyOn(kv, "get"),
    metadata: vi.spyOn(kv, "getWithMetadata"),
    list: vi.spyOn(kv, "list"),
    put: vi.spyOn(kv, "put"),
    delete: vi.spyOn(kv, "delete"),
    batch: vi.spyOn(d1, "batch"),
    exec: vi.spyOn(d1, "exec"),
    single: (["first", "run", "all", "raw"] as const).map((name) => vi.spyOn(statement, name)),
    stub: vi.spyOn(namespace, "get"),
    run: vi.spyOn(ConnectionObject.prototype, "run"),
    alarm: vi.spyOn(ConnectionObject.prototype, "alarm"),
  };
  const stored = await runInDurableObject(await authorityOf(who), (_, { storage }) => ({
    get: vi.spyOn(storage.kv, "get"),
    list: vi.spyOn(storage.kv, "list"),
    put: vi.spyOn(storage.kv, "put"),
    delete: vi.spyOn(storage.kv, "delete"),
    setAlarm: vi.spyOn(storage, "setAlarm"),
    deleteAlarm: vi.spyOn(storage, "deleteAlarm"),
  }));
  const all = [...Object.values(spies).flat(), ...Object.values(stored)];
  for (const spy of all) spy.mockClear();
  await work();
  const count = (...counted: { mock: { calls: unknown[] } }[]) =>
    counted.reduce((sum, { mock }) => sum + mock.calls.length, 0);
  expect(count(spies.exec, ...spies.single)).toBe(0);
  const bill: Bill = {
    kvReads: count(spies.get, spies.metadata, spies.list),
    kvWrites: count(spies.put, spies.delete),
    d1: count(spies.batch),
    statements: spies.batch.mock.calls.reduce((sum, [all]) => sum + all.length, 0),
    objects: count(spies.run),
    rings: count(spies.alarm),
    rowsRead: count(stored.get, stored.list),
    // What is not there costs nothing to take away.
    rowsWritten: count(stored.put) + stored.delete.mock.results.filter(({ value }) => value === true).length,
    // Where a test rings, it takes the alarm away as the platform would.
    alarmsSet: count(stored.setAlarm, stored.deleteAlarm) - count(spies.alarm),
  };
  for (const spy of all) spy.mockRestore();
  return bill;
}

const overRpc = ({ org, user }: Connected, more: Record<string, unknown> = {}) =>
  rpc(org).getToken({ integration: "azure", userId: user, ...more });

beforeEach(leaveRealTime);

describe("a read of a token", () => {
  test("that is warm costs nothing, over HTTP and RPC", async () => {
    const who = await connected();
    expect((await readToken(who)).status).toBe(200);
    expect(await billOf(who, () => Promise.all([readToken(who), overRpc(who), readToken(who)]))).toEqual(
      NOTHING,
    );
  });

  test("that is cold costs one read of KV by RPC, two by HTTP", async () => {
    const who = await connected();
    // So that KV knows the key.
    expect((await readToken(who)).status).toBe(200);
    forget();
    expect(await billOf(who, () => overRpc(who))).toEqual({ ...NOTHING, kvReads: 1 });
    expect(await billOf(who, () => readToken(who))).toEqual({ ...NOTHING, kvReads: 2 });
  });

  test("for the other resource, once there is a token of it, costs no more", async () => {
    const who = await connected();
    expect((await readToken(who, { resource: "arm" })).status).toBe(200);
    expect(await billOf(who, () => overRpc(who, { resource: "arm" }))).toEqual(NOTHING);
    forget();
    expect(await billOf(who, () => overRpc(who, { resource: "arm" }))).toEqual({ ...NOTHING, kvReads: 1 });
  });
});

/**
 * Statements: the backup, the event, and the mark that goes from an integration that works. Rows: the journal, the kept
 * answer, the record, the version before it and the outbox are written; the journal, the answer and the outbox are taken
 * away. The alarm is set with the journal, with the record and when all is delivered.
 */
const REFRESH: Bill = {
  ...NOTHING,
  kvWrites: 1,
  d1: 1,
  statements: 3,
  objects: 1,
  rowsRead: 13,
  rowsWritten: 8,
  alarmsSet: 3,
};

describe("a refresh", () => {
  test("costs one request to the object, one write of KV and one batch of D1; its alarm does not ring", async () => {
    const who = await connected();
    await pass(SECOND);
    expect(await billOf(who, () => rpc(who.org).refresh({ integration: "azure", userId: who.user }))).toEqual(
      REFRESH,
    );
    await pass(SECOND);
    expect(await billOf(who, () => pass(30 * DAY, who))).toEqual({ ...NOTHING });
  });

  test("that a read brings about costs the read besides, however many read at once", async () => {
    const { who } = await nearExpiry();
    await pass(SECOND);
    const callers = 20;
    const bill = await billOf(who, () => Promise.all(Array.from({ length: callers }, () => overRpc(who))));
    // Who comes before there is an answer asks KV, and each the object; what the object does for them it does once.
    // It reads its storage again for those who came when it had begun, and sees that KV could not be newer when they
    // looked.
    expect(bill).toEqual({
      ...REFRESH,
      kvReads: expect.any(Number),
      objects: callers,
      rowsRead: expect.any(Number),
    });
    expect(bill.kvReads).toBeLessThanOrEqual(callers);
    expect(bill.rowsRead).toBeLessThanOrEqual(callers * REFRESH.rowsRead);
    expect(await world.tokenRequests()).toBe(1);
  });

  test("that fails rings for its event and when it is tried again, and then no more", async () => {
    const { who } = await nearExpiry();
    await world.control({ token: { kind: "status", status: 503 } });
    await pass(SECOND);
    const failed = await billOf(who, () => rpc(who.org).refresh({ integration: "azure", userId: who.user }));
    // It has changed nothing that anybody reads.
    expect([failed.objects, failed.kvWrites, failed.d1]).toEqual([1, 0, 0]);
    const rings: number[] = [];
    const mended = await billOf(who, async () => void rings.push(...(await pass(10 * MINUTE, who))));
    // A replay waits for what nobody answered, and the event that tells of it does not.
    expect(mended).toMatchObject({ objects: 0, kvWrites: 1, d1: 2, rings: rings.length, kvReads: 0 });
    expect(rings.length).toBeLessThanOrEqual(2);
    expect(await billOf(who, () => pass(30 * DAY, who))).toEqual(NOTHING);
  });

  test("that D1 has not got costs one ring and one batch more, and KV nothing", async () => {
    const who = await connected();
    await pass(SECOND);
    const batch = vi
      .spyOn(Object.getPrototypeOf(env.DB), "batch")
      .mockImplementation(() => Promise.reject(new Error("D1_ERROR: down")));
    await rpc(who.org).refresh({ integration: "azure", userId: who.user });
    batch.mockRestore();
    const bill = await billOf(who, () => pass(30 * DAY, who));
    expect(bill).toMatchObject({
      ...NOTHING,
      rings: 1,
      d1: 1,
      statements: 3,
      rowsRead: 13,
      rowsWritten: 1,
      alarmsSet: 1,
    });
  });

  test("that keeps a grant alive costs what any other does, and no request to the object", async () => {
    const who = await connected();
    const bill = await billOf(who, () => pass(45 * DAY, who));
    expect(bill).toEqual({ ...REFRESH, objects: 0, rings: 1 });
  });
});

describe("a webhook", () => {
  test("costs one ring for an event, and its own rows; a read costs what it did", async () => {
    const receiver = new Receiver();
    listen(receiver);
    receiver.answer = () => answers(204);
    const who = await subscribed([receiver.entry()]);
    await pass(MINUTE, who);
    expect(receiver.taken).toHaveLength(1);
    // The event and how many there are.
    expect(await billOf(who, () => rpc(who.org).refresh({ integration: "azure", userId: who.user }))).toEqual(
      {
        ...REFRESH,
        rowsWritten: REFRESH.rowsWritten + 2,
      },
    );
    const delivered = await billOf(who, () => pass(MINUTE, who));
    expect(receiver.taken).toHaveLength(2);
    expect(delivered).toMatchObject({ kvReads: 0, kvWrites: 0, d1: 0, objects: 0, rings: 1 });
    // How far it has come, and the event that goes.
    expect(delivered.rowsWritten).toBe(2);
    forget();
    expect(await billOf(who, () => overRpc(who))).toEqual({ ...NOTHING, kvReads: 1 });
    expect(await billOf(who, () => pass(30 * DAY, who))).toEqual(NOTHING);
  });
});

test("a connection that nobody has costs one look, and nothing is stored", async () => {
  const who: Connected = { ...(await connected()), user: "nobody" };
  forget();
  const bill = await billOf(who, () => overRpc(who));
  expect(bill).toMatchObject({ kvWrites: 0, objects: 1, rowsWritten: 0, alarmsSet: 0, rings: 0 });
});

test("reading the log of events and an integration costs one batch of D1", async () => {
  const who = await connected();
  const asks: [number, () => Promise<unknown>][] = [
    [2, () => rpc(who.org).listEvents()],
    [1, () => rpc(who.org).listDeadLetters()],
    [1, () => rpc(who.org).getIntegration({ integration: "azure" })],
  ];
  for (const [statements, ask] of asks)
    expect(await billOf(who, ask)).toEqual({ ...NOTHING, d1: 1, statements });
  // The object is asked about itself.
  const path = { integration: "azure", userId: who.user };
  expect(await billOf(who, () => rpc(who.org).listVersions(path))).toEqual({
    ...NOTHING,
    objects: 1,
    // No earlier version can be there.
    rowsRead: 13,
  });
  expect((await refreshNow(who)).status).toBe(200);
});
