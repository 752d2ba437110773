/** Events that nobody takes: given up, kept as dead letters, sent again. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { toBase64Url } from "../../../worker-shim/src/sealing.ts";
import { expectProblem, get, send } from "../support/client.ts";
import { DAY, HOUR, leaveRealTime, MINUTE, pass, refreshAgain } from "../support/clock.ts";
import { answers, deadLetters, idsInLog, listen, Receiver, subscribed } from "../support/receiver.ts";
import { authorityOf, storedKeys } from "../support/stores.ts";

beforeEach(leaveRealTime);

/** What may be shown of a URL, which may itself be a secret. */
async function shown(url: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(url));
  return `${new URL(url).origin}#${toBase64Url(new Uint8Array(hash)).slice(0, 12)}`;
}
const redeliver = (id: string | undefined, key: string) => send("POST", `/v1/events/${id}/redeliver`, key);

describe("an event that is never taken", () => {
  test("is given up after ten tries in four days, the next gets its turn, and it can be sent again", async () => {
    const receiver = new Receiver();
    listen(receiver);
    receiver.answer = () => answers(410);
    const who = await subscribed([receiver.entry()]);
    await refreshAgain(who);
    const [first = "", second = ""] = await idsInLog(who);
    await pass(4 * DAY, who);
    const tries = receiver.asked.filter(({ id }) => id === first);
    expect(tries).toHaveLength(10);
    const waits = tries.slice(1).map(({ at }, n) => at - (tries[n]?.at ?? 0));
    // As the specification proposes: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h.
    for (const [n, minutes] of [1 / 12, 5, 30, 120, 300, 600, 840, 1200, 1440].entries()) {
      expect(waits[n]).toBeGreaterThanOrEqual(0.9 * minutes * MINUTE);
      expect(waits[n]).toBeLessThanOrEqual(1.1 * minutes * MINUTE);
    }
    expect(receiver.asked.filter(({ id }) => id === second).length).toBeGreaterThan(0);

    const letters = await deadLetters(who.org);
    expect(letters).toMatchObject([
      {
        id: first,
        type: "connection.connected",
        webhook: await shown(receiver.url),
        attempts: 10,
        reason: "410",
      },
    ]);
    const { json } = await get("/v1/dead-letters", who.key);
    expect(json.dead_letters).toEqual(letters);
    expect((await get(`/v1/dead-letters?cursor=${json.cursor}`, who.key)).json.dead_letters).toEqual([]);

    receiver.answer = () => answers(204);
    expect((await redeliver(first, who.key)).json).toEqual({ success: true, id: first });
    expect(await deadLetters(who.org)).toEqual([]);
    await pass(DAY, who);
    // Behind what waited already.
    expect(receiver.taken.map(({ id }) => id)).toEqual([second, first]);
    expect(receiver.taken[1]?.body).toBe(tries[0]?.body);
    expect(receiver.refused).toEqual([]);
  });

  test("comes back to the dead letters when it fails as often once more", async () => {
    const receiver = new Receiver();
    listen(receiver);
    receiver.answer = () => answers(500);
    const who = await subscribed([receiver.entry()]);
    await pass(4 * DAY, who);
    const [letter] = await deadLetters(who.org);
    expect((await redeliver(letter?.id, who.key)).status).toBe(200);
    await pass(4 * DAY, who);
    expect(await deadLetters(who.org)).toMatchObject([{ id: letter?.id, attempts: 10, reason: "500" }]);
    expect(receiver.asked).toHaveLength(20);
  });

  test("is not lost where the dead letter cannot be written", async () => {
    const receiver = new Receiver();
    listen(receiver);
    receiver.answer = () => answers(500);
    const who = await subscribed([receiver.entry()]);
    await pass(60 * HOUR, who);
    const batch = vi
      .spyOn(Object.getPrototypeOf(env.DB), "batch")
      .mockImplementation(() => Promise.reject(new Error("D1_ERROR: down")));
    await pass(30 * HOUR, who);
    expect(receiver.asked.length).toBeGreaterThan(10);
    expect(await storedKeys(await authorityOf(who))).toContain("event:0");
    batch.mockRestore();
    await pass(10 * MINUTE, who);
    expect(await deadLetters(who.org)).toHaveLength(1);
    expect(await storedKeys(await authorityOf(who))).not.toContain("event:0");
  });

  test("is sent again to nobody without a webhook, nor by another organization", async () => {
    const who = await subscribed([]);
    const [id = ""] = await idsInLog(who);
    expectProblem(await redeliver(id, who.key), 409, "no_webhook");
    const other = await subscribed([new Receiver().entry()]);
    expectProblem(await redeliver(id, other.key), 404, "not_found");
    expectProblem(await redeliver("evt_0000000000000000", who.key), 404, "not_found");
    expect(await storedKeys(await authorityOf(who))).toEqual(["record"]);
  });
});
