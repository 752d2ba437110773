/** What is owed to other stores and to webhooks, and what stands in D1 besides connections. */
import { expect } from "vitest";
import { createKey, createLink, get, refreshNow, send } from "../support/client.ts";
import { DAY, MINUTE, SECOND } from "../support/clock.ts";
import { answers, listen, Receiver, webhooksOf } from "../support/receiver.ts";
import { authorityOf, configure, storedKeys } from "../support/stores.ts";
import { ADMIN_KEY, CALLER_REDIRECT, RETURN_TO } from "../support/variables.ts";
import { d1Down, kvDown, kvSilent } from "./outages.ts";
import { moment, press, type Stage, settled } from "./recorder.ts";

const keysOf = async ({ who }: Stage) => (await storedKeys(await authorityOf(who))).sort();

moment(
  "outbox",
  {
    about:
      "Refreshed while neither KV nor D1 could be reached: both are owed the version, the log its events.",
    judgements: ["serves"],
  },
  async (stage) => {
    await stage.connect();
    await settled(stage);
    const over = [kvDown(), d1Down()];
    expect((await refreshNow(stage.who)).status).toBe(200);
    for (const end of over) end();
    stage.tell("refreshed");
    expect(await keysOf(stage)).toEqual(["outbox", "record", "version:1"]);
  },
);

moment(
  "outbox-of-late-write",
  {
    about: "Refreshed; the write to KV timed out and may land late: it is to be written once more.",
    judgements: ["serves"],
  },
  async (stage) => {
    await stage.connect();
    await settled(stage);
    const over = kvSilent();
    expect((await refreshNow(stage.who)).status).toBe(200);
    over();
    stage.tell("refreshed");
    expect(await keysOf(stage)).toEqual(["outbox", "record", "version:1"]);
  },
);

moment(
  "outbox-of-tombstone",
  { about: "Disconnected while neither KV nor D1 could be reached.", judgements: ["ended"] },
  async (stage) => {
    await stage.connect();
    await settled(stage);
    const over = [kvDown(), d1Down()];
    const { user, key } = stage.who;
    expect((await send("DELETE", `/v1/connections/azure?user_id=${user}`, key)).status).toBe(200);
    for (const end of over) end();
    stage.tell("disconnected");
    expect(await keysOf(stage)).toEqual(["outbox", "record"]);
  },
);

/** Each webhook's URL, secret, and the ids of what it has taken. */
function shelveReceivers(stage: Stage, ...receivers: readonly Receiver[]): void {
  const told = receivers.map(({ url, secret, taken }) => ({ url, secret, taken: taken.map(({ id }) => id) }));
  stage.extra.receivers = JSON.stringify(told);
}

async function subscribe(stage: Stage, ...receivers: readonly Receiver[]): Promise<void> {
  listen(...receivers);
  stage.variables = webhooksOf(stage.who.org, ...receivers.map((receiver) => receiver.entry()));
  await configure(stage.who, stage.variables);
}

moment(
  "events-undelivered",
  { about: "Three events that a webhook has not got.", judgements: ["delivers", "serves"] },
  async (stage) => {
    const receiver = new Receiver();
    receiver.answer = () => answers(503);
    await subscribe(stage, receiver);
    await stage.connect();
    for (let n = 0; n < 2; n += 1) await stage.refresh();
    expect(await keysOf(stage)).toEqual(expect.arrayContaining(["delivery", "event:0", "event:2", "events"]));
    shelveReceivers(stage, receiver);
  },
);

moment(
  "events-delivered-in-part",
  {
    about: "Three events, of which one webhook has got two and another none.",
    judgements: ["delivers", "serves"],
  },
  async (stage) => {
    const [quick, slow] = [new Receiver(), new Receiver()];
    slow.answer = () => answers(503);
    await subscribe(stage, quick, slow);
    await stage.connect();
    await stage.refresh();
    await stage.pass(MINUTE);
    quick.answer = () => answers(503);
    await stage.refresh();
    await stage.pass(2 * SECOND);
    expect([quick.taken.length, slow.taken.length]).toEqual([2, 0]);
    expect(quick.asked.length).toBe(3);
    shelveReceivers(stage, quick, slow);
  },
);

moment(
  "dead-letter",
  { about: "An event that a webhook did not take in four days.", judgements: ["dead letter", "serves"] },
  async (stage) => {
    const receiver = new Receiver();
    receiver.answer = () => answers(410);
    await subscribe(stage, receiver);
    await stage.connect();
    await stage.pass(4 * DAY);
    const { json } = await get("/v1/dead-letters", stage.who.key);
    expect(json.dead_letters).toHaveLength(1);
    stage.extra.dead_letters = JSON.stringify(json.dead_letters);
    shelveReceivers(stage, receiver);
  },
);

moment(
  "api-keys",
  {
    about:
      "API keys: of every permission, of one, one that ends in half a day, one that has ended, one revoked.",
    judgements: ["keys"],
  },
  async (stage) => {
    const { org } = stage.who;
    const until = (milliseconds: number) => ({
      expires_at: new Date(Date.now() + milliseconds).toISOString(),
    });
    stage.extra.reads_events = (await createKey(org, ["events:read"])).key;
    stage.extra.ends_later = (await createKey(org, ["*"], until(2 * DAY))).key;
    stage.extra.has_ended = (await createKey(org, ["*"], until(DAY))).key;
    const revoked = await createKey(org);
    stage.extra.revoked = revoked.key;
    expect((await send("DELETE", `/v1/api-keys/${revoked.id}`, ADMIN_KEY)).status).toBe(200);
    await stage.pass(1.5 * DAY);
    // As after a request a moment ago: KV has its record.
    expect((await get("/v1/connections", stage.who.key)).status).toBe(200);
  },
);

moment(
  "link-open",
  { about: "A connect link that nobody has opened yet.", judgements: ["follows the link"] },
  async (stage) => {
    stage.extra.link = (await createLink(stage.who.key, stage.who.user)).url;
    await stage.pass(MINUTE);
  },
);

moment(
  "at-provider",
  { about: "The browser is at the provider, its state is open.", judgements: ["comes back"] },
  async (stage) => {
    await press(stage);
  },
);

moment(
  "at-provider-for-backend",
  {
    about: "The browser is at the provider; it is to return to the caller, whose backend confirms.",
    judgements: ["comes back"],
    org: "acme",
  },
  async (stage) => {
    await press(stage, { return_to: RETURN_TO, confirm: "backend" });
  },
);

moment(
  "at-provider-of-caller",
  {
    about: "A caller runs the browser part itself: its state is open.",
    judgements: ["hands over a code"],
    org: "acme",
  },
  async (stage) => {
    const verifier = "caller-verifier-caller-verifier-caller-verifier";
    const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
    const challenge = btoa(String.fromCharCode(...new Uint8Array(hash)))
      .replaceAll("+", "-")
      .replaceAll("/", "_")
      .replaceAll("=", "");
    const query = new URLSearchParams({
      user_id: stage.who.user,
      mode: "caller",
      redirect_uri: CALLER_REDIRECT,
      code_challenge: challenge,
    });
    const { status, json } = await get(`/connect?${query}`, stage.who.key);
    expect(status).toBe(200);
    Object.assign(stage.extra, { verifier, authorize_url: json.auth_url, state: json.state });
    await stage.pass(MINUTE);
  },
);
