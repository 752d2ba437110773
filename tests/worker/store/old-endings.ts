/** What must become of grants at their provider once a connection is ended; judgements of old moments. */
import { expect } from "vitest";
import { DAY, MINUTE, SECOND } from "../support/clock.ts";
import type { Owed } from "../support/stored-moment.ts";
import { inD1, inKv } from "../support/stores.ts";
import { recordOf } from "./kinds.ts";
import type { OldMoment } from "./old-moment.ts";

const revocations = async ({ provider: { world } }: OldMoment) => {
  const stats = await world.stats();
  return "revocation" in stats ? stats.revocation.requests : 0;
};

async function expectGone(old: OldMoment): Promise<void> {
  await old.pass(3 * MINUTE);
  expect((await old.read()).json.code).toBe("not_connected");
  expect(await inD1(old.who)).toMatchObject({ status: "revoked" });
  expect(recordOf((await inKv(old.who)) ?? new Uint8Array()).status).toBe("revoked");
  expect(await old.keys()).toEqual(["record"]);
}

export async function disconnects(old: OldMoment): Promise<void> {
  const { owner, revokes } = old.provider;
  const { json } = await old.read();
  expect(await old.disconnect()).toMatchObject({
    disconnected: true,
    propagation: "complete",
    provider_revocation: revokes ? "revoked" : "unsupported",
  });
  expect(await owner?.(json.access_token)).toBeUndefined();
  await expectGone(old);
}

/** Stores that were down are written first, and what is owed to the provider looked at half a minute later. */
const LATEST = 32 * SECOND;

/** Of an ended connection, or of one that was connected again beside what it owes. */
export async function owes(old: OldMoment): Promise<void> {
  const { owner, called } = old.provider;
  const owed = owedThen(old);
  const connected = old.moment.extra.connected !== undefined;
  const held = connected ? (await old.read()).json.access_token : undefined;
  const alive = () => Promise.all(owed.map(async ({ token }) => (await owner?.(token)) ?? ""));
  const left = (from: number) => owed.map(({ email }, n) => (n < from ? "" : called(email)));

  expect(owed.length).toBeGreaterThan(0);
  for (const [n, { due_at }] of owed.entries()) {
    await old.pass(due_at - SECOND - Date.now());
    // Not before its time, whoever asks.
    if (!connected)
      expect(await old.disconnect()).toMatchObject({ disconnected: false, provider_revocation: "pending" });
    expect(await alive()).toEqual(left(n));
    await old.pass(SECOND + LATEST);
    expect(await alive()).toEqual(left(n + 1));
  }
  expect(await revocations(old)).toBe(owed.length);
  if (connected) expect(await owner?.(held)).toBe(called(old.moment.email));
  else await expectGone(old);
  await old.pass(DAY);
  expect(await revocations(old)).toBe(owed.length);
  await old.expectNothingLost();
}

/** Each by its access token of then, in the order in which their times come. */
function owedThen({ moment }: OldMoment): Owed[] {
  const owed = JSON.parse(moment.extra.owed ?? "[]") as Owed[];
  return owed.sort((one, other) => one.due_at - other.due_at);
}

export async function holdsOff(old: OldMoment): Promise<void> {
  const { status, text } = await old.signIn();
  expect(status).toBe(503);
  expect(text).toContain("revocation_under_way");
  expect(await old.provider.world.tokenRequests()).toBe(0);
}
