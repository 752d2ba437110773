/** Webhooks as they are deployed: the bundle, alarms that ring by themselves, and a receiver of its own over HTTP. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Webhook } from "standardwebhooks";
import { findSecrets } from "../support/secrets.ts";
import { Postern } from "./postern.ts";

const ALICE = "alice.anders@contoso.example";
const newSecret = () => `whsec_${randomBytes(32).toString("base64")}`;
const SECRETS = { hook: newSecret(), old: newSecret(), other: newSecret() };

interface Delivery {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly type: string;
  readonly user: string;
}

const arrived: Delivery[] = [];
const notGenuine: string[] = [];
let answer: (path: string, response: ServerResponse) => void;

/** Read by the specification's library, at the time at which it comes, with the secret of its path. */
async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url ?? "";
  let body = "";
  for await (const chunk of request) body += String(chunk);
  const headers = request.headers as Record<string, string>;
  try {
    const secret = path === "/other" ? SECRETS.other : SECRETS.hook;
    const event = new Webhook(secret).verify(body, headers) as { type: string; data: { user_id: string } };
    const type = event.type.replace("connection.", "");
    arrived.push({ path, headers, body, type, user: event.data.user_id });
  } catch (error) {
    notGenuine.push(`${request.method} ${path}: ${error}`);
  }
  answer(path, response);
}

const server = createServer((request, response) => void take(request, response));
let postern: Postern;

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  postern = await Postern.start({
    ALLOW_INSECURE_ORIGINS: origin,
    WEBHOOKS: JSON.stringify({
      acme: [
        { url: `${origin}/hook`, secret: `${SECRETS.hook} ${SECRETS.old}` },
        { url: `${origin}/other`, secret: SECRETS.other, events: ["connected", "disconnected"] },
      ],
      umbrella: [{ url: `${origin}/umbrella`, secret: newSecret() }],
    }),
  });
});
after(async () => {
  await postern.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => {
  answer = (_, response) => void response.writeHead(204).end();
});

async function until(what: () => boolean): Promise<void> {
  for (let n = 0; n < 400; n += 1) {
    if (what()) return;
    await sleep(50);
  }
  assert.fail("it did not come to that");
}
const typesAt = (path: string, user: string) =>
  arrived.filter((delivery) => delivery.path === path && delivery.user === user).map(({ type }) => type);
const idsAt = (path: string, user: string) => [
  ...new Set(
    arrived
      .filter((delivery) => delivery.path === path && delivery.user === user)
      .map(({ headers }) => headers["webhook-id"]),
  ),
];
async function idsInLog(userId: string): Promise<unknown[]> {
  const { events } = (await postern.call("listEvents", { userId })) as { events: { id: string }[] };
  return events.map(({ id }) => id);
}

describe("a connection that another Worker makes, refreshes and ends", () => {
  test("is told to each webhook, in order, by an alarm that rings by itself", async () => {
    const userId = "told";
    await postern.connect(userId, ALICE);
    const azure = { integration: "azure", userId };
    assert.equal((await postern.call("refresh", azure)).status, "connected");
    assert.equal((await postern.call("disconnect", azure)).success, true);
    await until(() => typesAt("/hook", userId).length === 3 && typesAt("/other", userId).length === 2);
    assert.deepEqual(typesAt("/hook", userId), ["connected", "refreshed", "disconnected"]);
    assert.deepEqual(typesAt("/other", userId), ["connected", "disconnected"]);
    assert.deepEqual(idsAt("/hook", userId), await idsInLog(userId));
    const [first] = arrived;
    assert.match(first?.headers["user-agent"] ?? "", /^Postern\//);
    assert.equal(first?.headers["content-type"], "application/json");
    // As a receiver sees it that has not changed its secret yet.
    assert.deepEqual(
      new Webhook(SECRETS.old).verify(first?.body ?? "", first?.headers ?? {}),
      JSON.parse(first?.body ?? ""),
    );
    assert.deepEqual(notGenuine, []);
    // Another organization's receiver heard nothing.
    assert.deepEqual([...new Set(arrived.map(({ path }) => path))].sort(), ["/hook", "/other"]);
  });

  test("waits for no receiver, however slow", async () => {
    const userId = "waits-for-none";
    const held: ServerResponse[] = [];
    answer = (path, response) => {
      if (path === "/hook") held.push(response);
      else response.writeHead(204).end();
    };
    await postern.connect(userId, ALICE);
    await until(() => held.length === 1);
    const started = performance.now();
    const azure = { integration: "azure", userId };
    assert.equal((await postern.call("refresh", azure)).status, "connected");
    assert.equal((await postern.call("getToken", azure)).token_type, "Bearer");
    assert.equal((await postern.call("disconnect", azure)).success, true);
    assert.ok(performance.now() - started < 5_000);
    assert.deepEqual(typesAt("/hook", userId), ["connected"]);
    answer = (_, response) => void response.writeHead(200).end();
    for (const response of held) response.writeHead(200).end();
    await until(() => typesAt("/hook", userId).length === 3 && typesAt("/other", userId).length === 2);
    assert.deepEqual(idsAt("/hook", userId), await idsInLog(userId));
  });

  test("is told again where the receiver's connection breaks or redirects, and to nobody else", async () => {
    const userId = "again";
    const ways = [
      (response: ServerResponse) => void response.socket?.destroy(),
      (response: ServerResponse) => void response.writeHead(307, { location: "/elsewhere" }).end(),
    ];
    const next = [...ways];
    answer = (path, response) => {
      const way = path === "/hook" ? next.shift() : undefined;
      if (way) way(response);
      else response.writeHead(204).end();
    };
    await postern.connect(userId, ALICE);
    await until(() => typesAt("/hook", userId).length === 2);
    await sleep(500);
    assert.deepEqual(next, []);
    assert.deepEqual(typesAt("/other", userId), ["connected"]);
    assert.deepEqual(new Set(arrived.map(({ path }) => path)), new Set(["/hook", "/other"]));
    // Once more from the log, to those that want it; the first goes on with its own waiting.
    const [id] = await idsInLog(userId);
    assert.equal((await postern.call("redeliverEvent", { eventId: id })).success, true);
    await until(() => typesAt("/other", userId).length === 2);
    assert.deepEqual(idsAt("/other", userId), [id]);
    assert.deepEqual(notGenuine, []);
  });
});

test("no token and no webhook's secret is in a payload, on disk or in the log", async () => {
  await postern.halt();
  const secrets = new Map(postern.secrets);
  for (const [kind, values] of Object.entries(postern.microsoft.world.ledger.secrets()))
    if (kind !== "nonces") for (const value of values) secrets.set(value, kind);
  for (const secret of Object.values(SECRETS)) {
    secrets.set(secret.slice("whsec_".length), "webhook's secret");
  }
  const files = readdirSync(postern.data, { recursive: true, withFileTypes: true }).filter((file) =>
    file.isFile(),
  );
  const hay = files.map((file) => ({
    where: file.name,
    bytes: readFileSync(join(file.parentPath, file.name)),
  }));
  assert.ok(hay.some(({ bytes }) => bytes.includes("waits-for-none")));
  assert.ok(arrived.length >= 10);
  for (const { headers, body } of arrived)
    hay.push({ where: "payload", bytes: Buffer.from(JSON.stringify(headers) + body) });
  hay.push({ where: "log", bytes: Buffer.from(postern.log.join("\n")) });
  assert.deepEqual(findSecrets(secrets, hay), []);
  for (const secret of Object.values(SECRETS)) {
    const key = Buffer.from(secret.slice("whsec_".length), "base64");
    assert.ok(!hay.some(({ bytes }) => bytes.includes(key)));
  }
});
