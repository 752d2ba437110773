/** What must have become of an old moment; each function is one judgement (stored-moment.ts). */
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { Browser, createLink, get, newUser, rpc, send } from "../support/client.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../support/clock.ts";
import { listen, Receiver } from "../support/receiver.ts";
import type { Judgement } from "../support/stored-moment.ts";
import { fromBase64 } from "../support/stored-state.ts";
import { authorityOf, connectionKey, inD1, wipe } from "../support/stores.ts";
import { RETURN_TO } from "../support/variables.ts";
import { world } from "../support/world.ts";
import { disconnects, holdsOff, owes } from "./old-endings.ts";
import type { OldMoment } from "./old-moment.ts";

type Judge = (old: OldMoment) => Promise<void>;

const scopesAsked = async () =>
  (await world.requests()).flatMap(({ grantType, scope }) =>
    grantType === "refresh_token" ? [scope ?? ""] : [],
  );
const receiversOf = ({ moment }: OldMoment) => {
  const shelved = JSON.parse(moment.extra.receivers ?? "[]") as {
    url: string;
    secret: string;
    taken: string[];
  }[];
  const all = shelved.map(({ url, secret, taken }) => ({ receiver: new Receiver(url, secret), had: taken }));
  listen(...all.map(({ receiver }) => receiver));
  return all;
};

interface Shown {
  readonly status: string;
  readonly version: number;
  readonly resources: readonly { readonly resource: string }[];
}
function shownThen({ moment: { shown } }: OldMoment) {
  if (!shown) throw new Error("nothing was shown then");
  const { versions } = shown.versions as { versions: Shown[] };
  return { connection: shown.connection as Shown, versions };
}

async function asBefore(old: OldMoment): Promise<void> {
  const { connection, versions } = shownThen(old);
  expect(await old.describe()).toMatchObject(connection);
  expect((await old.get(old.path("/versions"))).json).toMatchObject({ versions });
  const { status, resources } = connection;
  if (status === "connected") {
    const known = new Set(old.provider.access.map(({ token }) => token));
    for (const { resource } of resources) {
      const { json } = await old.read({ resource });
      expect(known).toContain(json.access_token);
    }
  }
  expect(await old.provider.world.tokenRequests()).toBe(0);
}

async function serves(old: OldMoment): Promise<void> {
  // Whoever asks at once is served or asked for patience; nobody is told that there is nothing.
  if ((await old.keys()).includes("record")) {
    const { status, json } = await old.read();
    expect([200, 503]).toContain(status);
    if (status === 503) expect(json.code).toBe("provider_unavailable");
  }
  await old.settle();
  await old.expectServed(await old.read());
  const { version, resources } = await old.describe();
  expect(Number(version)).toBeGreaterThanOrEqual(old.newestVersionThen);
  await old.pass(SECOND);
  expect((await old.refresh()).status).toBe(200);
  await old.expectServed(await old.read());
  expect(await old.describe()).toMatchObject({ status: "connected", version: Number(version) + 1 });
  // The refresh token that came with it is good too.
  await old.pass(SECOND);
  expect((await old.refresh()).status).toBe(200);
  for (const { resource } of resources as Shown["resources"]) {
    const { status } = await old.read({ resource });
    expect([resource, status]).toEqual([resource, 200]);
  }
  expect(Object.keys((await old.provider.world.stats()).token.by_status)).toEqual(["200"]);
  await old.expectAgreement();
  await old.expectNothingLost();
}

async function servesUnasked(old: OldMoment): Promise<void> {
  await old.settle();
  expect(await old.keys()).not.toContain("journal");
  expect(await old.provider.world.tokenRequests("refresh_token")).toBe(1);
}

async function waitsFirst(old: OldMoment): Promise<void> {
  for (const seconds of [0, 22]) {
    await old.pass(seconds * SECOND);
    const { status, json } = await old.refresh();
    expect([status, json.code]).toEqual([503, "provider_unavailable"]);
  }
  expect(await old.provider.world.tokenRequests()).toBe(0);
  await old.pass(6 * SECOND);
}

async function asksNobody(old: OldMoment): Promise<void> {
  await old.pass(11 * MINUTE);
  const { json } = await old.read();
  expect(json.access_token).toBe(old.accessOf("graph")?.token);
  expect(await old.provider.world.tokenRequests()).toBe(0);
}

/** A person is needed for this reason, and helps. */
async function mended(old: OldMoment, cause: string): Promise<void> {
  expect((await old.refresh()).json).toMatchObject({ code: "needs_reauth", cause });
  expect(await old.describe()).toMatchObject({ status: "needs_reauth", cause });
  await old.expectNothingLost(true);
  await old.connect();
  await old.expectServed(await old.read());
  expect((await old.refresh()).status).toBe(200);
  await old.expectAgreement();
}

async function notConnected(old: OldMoment): Promise<void> {
  await old.settle();
  expect((await old.read()).json.code).toBe("not_connected");
  expect(await old.keys()).toEqual([]);
  await old.connect();
  await old.expectServed(await old.read());
}

async function confirmed(old: OldMoment): Promise<void> {
  const { attempt = "", code = "" } = old.moment.extra;
  const confirm = (shown: string) =>
    send("POST", `/v1/connect-links/${attempt}/confirm`, old.who.key, { code: shown, user_id: old.who.user });
  const before = await old.read();
  const isConnected = old.newestVersionThen > 0;
  expect(before.json.code).toBe(isConnected ? undefined : "connection_pending");
  expect((await confirm("A".repeat(43))).json.code).toBe("confirmation_refused");
  expect((await confirm(code)).json).toMatchObject({
    status: "connected",
    version: old.newestVersionThen + 1,
  });
  const { json } = await old.read();
  expect(json.access_token).toBe(old.accessOf("graph")?.token);
  expect(json.access_token).not.toBe(before.json.access_token);
  // The answer may have been lost.
  expect((await confirm(code)).json).toMatchObject({ status: "connected" });
}

async function ended(old: OldMoment): Promise<void> {
  const gone = async () => expect((await old.refresh()).json.code).toBe("not_connected");
  await gone();
  const { copy_of_before } = old.moment.extra;
  if (copy_of_before) await env.AZURE_TOKENS.put(await connectionKey(old.who), fromBase64(copy_of_before));
  await gone();
  await old.settle();
  await old.expectNothingLost();
  expect(await inD1(old.who)).toMatchObject({ status: "revoked" });
  // The object's storage is lost on top of it.
  await wipe(await authorityOf(old.who));
  await gone();
  await old.settle();
  expect((await old.read()).json.code).toBe("not_connected");
  expect(await old.provider.world.tokenRequests()).toBe(0);
  await old.connect();
  await old.expectServed(await old.read());
  expect((await old.describe()).version).toBeGreaterThan(old.newestVersionThen);
  await old.expectAgreement();
}

async function toldOnce(old: OldMoment): Promise<void> {
  await old.pass(4 * DAY);
  expect((await old.told()).filter((type) => type === "grant_expiring")).toHaveLength(1);
}

async function paused(old: OldMoment): Promise<void> {
  const arm = async () => (await scopesAsked()).filter((scope) => scope.includes("management")).length;
  await old.pass(9 * MINUTE);
  expect([(await scopesAsked()).length, await arm()]).toEqual([1, 0]);
  await old.pass(20 * MINUTE);
  expect(await arm()).toBe(1);
}

async function marked(old: OldMoment): Promise<void> {
  const shown = async () => (await old.get("/v1/integrations/azure")).json;
  const [row] = old.moment.stores.d1.tables.integration_faults ?? [];
  expect(await shown()).toMatchObject({
    status: "faulty",
    fault: { reason: row?.reason, error: row?.error, since: new Date(Number(row?.since)).toISOString() },
  });
  expect((await old.refresh()).status).toBe(200);
  await old.pass(MINUTE);
  expect(await shown()).toMatchObject({ status: "working" });
  const page = (await rpc(old.who.org).listEvents({ type: "recovered" })) as { events: { data: unknown }[] };
  expect(page.events.map(({ data }) => data)).toMatchObject([
    { reason: row?.reason, since: new Date(Number(row?.since)).toISOString() },
  ]);
}

async function rollsBack(old: OldMoment): Promise<void> {
  const { versions } = shownThen(old);
  const target = versions.at(-1)?.version ?? 0;
  const answer = await send("POST", old.path("/rollback", { version: String(target) }), old.who.key);
  expect([answer.status, answer.json.version]).toEqual([200, old.newestVersionThen + 1]);
  const { access } = old.provider;
  expect((await old.read()).json.access_token).toBe(access[target - 1]?.token);
}

async function delivers(old: OldMoment): Promise<void> {
  const all = receiversOf(old);
  await old.pass(HOUR);
  const ids = await old.idsTold();
  for (const { receiver, had } of all) {
    expect(receiver.refused).toEqual([]);
    expect([...had, ...receiver.taken.map(({ id }) => id)]).toEqual(ids);
  }
  expect((await old.keys()).filter((key) => key.startsWith("event:"))).toEqual([]);
}

async function deadLetter(old: OldMoment): Promise<void> {
  const [{ receiver } = { receiver: new Receiver() }] = receiversOf(old);
  const letters = JSON.parse(old.moment.extra.dead_letters ?? "[]") as { id: string }[];
  expect((await old.get("/v1/dead-letters")).json.dead_letters).toMatchObject(letters);
  const again = await send("POST", `/v1/events/${letters[0]?.id}/redeliver`, old.who.key);
  expect(again.status).toBe(200);
  await old.pass(MINUTE);
  expect(receiver.taken.map(({ id }) => id)).toEqual(letters.map(({ id }) => id));
  expect((await old.get("/v1/dead-letters")).json.dead_letters).toEqual([]);
}

async function keys(old: OldMoment): Promise<void> {
  const { reads_events = "", ends_later = "", has_ended = "", revoked = "" } = old.moment.extra;
  const statusOf = async (key: string, where = "/v1/connections") => (await get(where, key)).status;
  const all = () => Promise.all([old.who.key, ends_later, has_ended, revoked].map((key) => statusOf(key)));
  expect(await all()).toEqual([200, 200, 401, 401]);
  expect([await statusOf(reads_events), await statusOf(reads_events, "/v1/events")]).toEqual([403, 200]);
  await old.pass(DAY);
  expect(await all()).toEqual([200, 401, 401, 401]);
  // As it says who may come in, it says who may not be told of others.
  expect((await createLink(old.who.key, newUser())).url).toContain("https://");
}

async function followsTheLink(old: OldMoment): Promise<void> {
  const { link = "" } = old.moment.extra;
  const browser = new Browser();
  expect((await browser.open(link)).status).toBe(200);
  const callback = await browser.upToCallback(link, old.moment.email);
  expect((await browser.open(callback)).status).toBe(200);
  expect((await new Browser().press(link)).status).toBe(410);
  await old.pass(SECOND);
  await old.expectServed(await old.read());
  expect((await old.refresh()).status).toBe(200);
}

/** The provider is elsewhere now; what the browser brings there is what it was sent with. */
const toProvider = ({ moment, provider: { world, login } }: OldMoment) =>
  world.signIn((moment.extra.authorize_url ?? "").replace(login.was, login.is), moment.email);

async function comesBack(old: OldMoment): Promise<void> {
  const callback = (await toProvider(old)).href;
  // Another browser is refused, and ends nothing.
  expect((await new Browser().open(callback)).status).toBe(403);
  const browser = new Browser();
  for (const [name, value] of JSON.parse(old.moment.extra.cookies ?? "[]") as [string, string][])
    browser.cookies.set(name, value);
  const answer = await browser.open(callback);
  const target = answer.headers.get("location");
  if (target === null) expect(answer.status).toBe(200);
  else {
    expect(target.startsWith(RETURN_TO)).toBe(true);
    const { attempt = "" } = old.moment.extra;
    const body = { code: new URL(target).searchParams.get("code"), user_id: old.who.user };
    const answered = await send("POST", `/v1/connect-links/${attempt}/confirm`, old.who.key, body);
    expect(answered.json).toMatchObject({ status: "connected" });
  }
  await old.pass(SECOND);
  await old.expectServed(await old.read());
  expect((await old.refresh()).status).toBe(200);
}

async function handsOverACode(old: OldMoment): Promise<void> {
  const { state = "", verifier = "" } = old.moment.extra;
  const back = await toProvider(old);
  expect(back.searchParams.get("state")).toBe(state);
  const code = back.searchParams.get("code") ?? "";
  const answer = await rpc(old.who.org).connectAccount({
    userId: old.who.user,
    code,
    codeVerifier: verifier,
    state,
  });
  expect(answer).toMatchObject({ status: "connected" });
  await old.pass(SECOND);
  await old.expectServed(await old.read());
}

export const JUDGES: Record<Judgement, Judge> = {
  "as before": asBefore,
  serves,
  "serves unasked": servesUnasked,
  "waits first": waitsFirst,
  "asks nobody": asksNobody,
  "outcome unknown": (old) => mended(old, "refresh_outcome_unknown"),
  "needs a person": (old) => mended(old, "invalid_grant"),
  "not connected": notConnected,
  confirmed,
  disconnects,
  owes,
  "holds off": holdsOff,
  ended,
  "told once": toldOnce,
  paused,
  marked,
  "rolls back": rollsBack,
  delivers,
  "dead letter": deadLetter,
  keys,
  "follows the link": followsTheLink,
  "comes back": comesBack,
  "hands over a code": handsOverACode,
};
