/** Whatever is looked through for secrets is of this file alone: what other tests left would be looked through with it. */
import { expect, test } from "vitest";
import { refreshNow, rpc, send } from "../support/client.ts";
import { DAY, leaveRealTime, MINUTE, pass, refreshAgain } from "../support/clock.ts";
import { everySecret, everyStoredByte } from "../support/hay.ts";
import { eventsLogged, logLines } from "../support/logs.ts";
import {
  answers,
  type Delivery,
  deadLetters,
  listen,
  newSecret,
  Receiver,
  subscribed,
} from "../support/receiver.ts";
import { findSecrets } from "../support/secrets.ts";
import { world } from "../support/world.ts";

test("no secret is in a payload, in the log of events, in a stored byte or in a line, whatever happens", async () => {
  leaveRealTime();
  const receiver = new Receiver();
  const old = newSecret();
  listen(receiver);
  const payloads: Delivery[] = [];
  receiver.answer = (delivery) => {
    payloads.push(delivery);
    return answers(payloads.length % 2 === 0 ? 500 : 200);
  };
  const who = await subscribed([
    receiver.entry({ secret: `${receiver.secret} ${old}` }),
    { url: "x", secret: old },
  ]);
  const hay = await everyStoredByte();
  await refreshAgain(who);
  for (const fault of [
    { kind: "status", status: 503 },
    { kind: "error", error: "invalid_client", status: 401 },
  ] as const) {
    await world.control({ rotation: "reusable", token: fault });
    await pass(MINUTE, who);
    await refreshNow(who);
    hay.push(...(await everyStoredByte()));
  }
  await pass(20 * MINUTE, who);
  await refreshAgain(who);
  receiver.answer = () => answers(500);
  await world.control({ token: { kind: "error", error: "invalid_grant" } });
  await pass(MINUTE, who);
  expect((await refreshNow(who)).json.code).toBe("needs_reauth");
  await send("DELETE", `/v1/connections/azure?user_id=${who.user}`, who.key);
  await pass(8 * DAY, who);
  hay.push(...(await everyStoredByte()));

  const secrets = await everySecret(new Map([[who.key, "API key"]]));
  for (const secret of [receiver.secret, old]) secrets.set(secret.slice(6), "webhook's secret");
  expect(new Set(payloads.map(({ type }) => type))).toEqual(
    new Set(["connected", "refreshed", "refresh_retry", "refresh_failed", "recovered"]),
  );
  const letters = await deadLetters(who.org);
  expect(letters.map(({ type }) => type)).toContain("connection.needs_reauth");
  for (const where of ["authority event:0", "authority version:1", "D1 events.data", "D1 dead_letters.data"])
    expect(hay.map((straw) => straw.where)).toContain(where);
  for (const { headers, body } of receiver.asked)
    hay.push({ where: "payload", bytes: JSON.stringify(headers) + body });
  hay.push({ where: "list of events", bytes: JSON.stringify(await rpc(who.org).listEvents()) });
  hay.push({ where: "list of letters", bytes: JSON.stringify(letters) });
  expect(findSecrets(secrets, hay)).toEqual([]);
  for (const event of ["webhook_failed", "webhook_not_valid", "refresh_retry", "integration_fault"])
    expect(eventsLogged(event).length).toBeGreaterThan(0);
  expect(findSecrets(secrets, [{ where: "log", bytes: logLines().join("\n") }])).toEqual([]);
});
