/** In the middle of an exchange: what is open while a provider is asked, and after it was asked in vain. */
import { runDurableObjectAlarm } from "cloudflare:test";
import { expect, vi } from "vitest";
import { Browser, createLink, refreshNow } from "../support/client.ts";
import { MINUTE, SECOND } from "../support/clock.ts";
import { authorityOf, forget, storedKeys } from "../support/stores.ts";
import { RETURN_TO } from "../support/variables.ts";
import { ALICE, world } from "../support/world.ts";
import { ENTRA } from "./entra.ts";
import { storageDownAfter } from "./outages.ts";
import { moment, type Stage } from "./recorder.ts";

const LONG = 700;

async function untilStored(stage: Stage, ...keys: readonly string[]): Promise<void> {
  const object = await authorityOf(stage.who);
  for (let tries = 0; tries < 100; tries += 1) {
    const stored = await storedKeys(object);
    if (keys.every((key) => stored.includes(key))) return;
    await scheduler.wait(5);
  }
  throw new Error(`never stored: ${keys}`);
}
async function expectStored(stage: Stage, ...keys: readonly string[]): Promise<void> {
  expect((await storedKeys(await authorityOf(stage.who))).sort()).toEqual([...keys].sort());
}

/** A refresh is asked for, and the moment is while the provider has not even begun with it. */
async function whileRefreshing(stage: Stage): Promise<void> {
  await stage.order({ token: { kind: "delay", ms: LONG } });
  const under = refreshNow(stage.who);
  await untilStored(stage, "journal");
  await expectStored(stage, "record", "journal");
  await stage.snap();
  await under;
}

moment(
  "refresh-under-way",
  { about: "A refresh was sent and not answered; single use.", judgements: ["waits first", "serves"] },
  async (stage) => {
    await stage.connect();
    stage.tell("refreshed");
    await whileRefreshing(stage);
  },
);

moment(
  "refresh-under-way-entra",
  {
    about: "A refresh was sent and not answered, where old refresh tokens stay valid.",
    judgements: ["serves unasked", "serves"],
    variables: ENTRA,
    rotation: "reusable",
  },
  async (stage) => {
    await stage.connect();
    stage.tell("refreshed");
    await whileRefreshing(stage);
  },
);

moment(
  "refresh-kept",
  {
    about: "The answer to a refresh is kept; its new version could not be committed; single use.",
    judgements: ["asks nobody", "serves"],
  },
  async (stage) => {
    await stage.connect();
    const mend = await storageDownAfter(stage.who, 2);
    expect((await refreshNow(stage.who)).status).toBe(503);
    mend();
    await expectStored(stage, "record", "journal", "kept");
    stage.tell("refreshed");
    await stage.pass(SECOND);
  },
);

moment(
  "refresh-kept-and-left-alone",
  {
    about: "Three flows ended over the kept answer, which is left alone for ten minutes; single use.",
    judgements: ["asks nobody", "serves"],
  },
  async (stage) => {
    await stage.connect();
    let mend = await storageDownAfter(stage.who, 2);
    expect((await refreshNow(stage.who)).status).toBe(503);
    mend();
    for (let n = 0; n < 3; n += 1) {
      // What a flow that dies has written: that it took up the answer.
      mend = await storageDownAfter(stage.who, 1);
      await runDurableObjectAlarm(await authorityOf(stage.who)).catch(() => undefined);
      mend();
    }
    await expectStored(stage, "record", "journal", "kept");
    stage.tell("refreshed");
  },
);

/** Nobody answers, whether the provider took the token or not; the event that says so is owed to D1's log. */
async function refreshInVain(stage: Stage, kind: "drop-before" | "drop-after"): Promise<void> {
  await stage.order({ token: { kind } });
  expect((await refreshNow(stage.who)).status).toBe(503);
  await expectStored(stage, "record", "journal", "trouble", "outbox");
}

moment(
  "outcome-unknown",
  {
    about: "The answer to a refresh was lost, where old refresh tokens stay valid; not tried again yet.",
    judgements: ["serves unasked", "serves"],
    variables: ENTRA,
    rotation: "reusable",
  },
  async (stage) => {
    await stage.connect();
    await refreshInVain(stage, "drop-after");
    stage.tell("refresh_retry", "refreshed", "recovered");
  },
);

moment(
  "outcome-unknown-after-retry",
  {
    about: "The answers to a refresh and to its retry were lost, where old refresh tokens stay valid.",
    judgements: ["serves unasked", "serves"],
    variables: ENTRA,
    rotation: "reusable",
  },
  async (stage) => {
    await stage.connect();
    await stage.order({ token: [{ kind: "drop-after" }, { kind: "drop-after" }] });
    expect((await refreshNow(stage.who)).status).toBe(503);
    // The first retry comes within 3 s, the second one not for a second after that.
    while ((await world.tokenRequests("refresh_token")) < 2) await stage.pass(500);
    await expectStored(stage, "record", "journal", "trouble");
    stage.tell("refresh_retry", "refresh_retry", "refreshed", "recovered");
  },
);

moment(
  "outcome-unknown-leeway",
  {
    about: "The answer to a refresh was lost, within a leeway of ten minutes.",
    judgements: ["serves unasked", "serves"],
    variables: { AZURE_REPLAY: "reuse_leeway:600" },
    rotation: "reusable",
  },
  async (stage) => {
    await stage.connect();
    await refreshInVain(stage, "drop-after");
    stage.tell("refresh_retry", "refreshed", "recovered");
  },
);

moment(
  "outcome-unknown-single-use",
  {
    about: "The answer to a refresh was lost; single use: the provider takes the token no more.",
    judgements: ["waits first", "outcome unknown"],
  },
  async (stage) => {
    await stage.connect();
    await refreshInVain(stage, "drop-after");
    stage.tell("refresh_retry", "needs_reauth");
  },
);

moment(
  "outcome-unknown-not-taken",
  {
    about: "A refresh never reached the provider, which nobody here knows; single use.",
    judgements: ["waits first", "serves"],
  },
  async (stage) => {
    await stage.connect();
    await refreshInVain(stage, "drop-before");
    stage.tell("refresh_retry", "refreshed", "recovered");
  },
);

moment(
  "trouble",
  {
    about: "The provider is down and asks for a minute of patience; the access token has ended.",
    judgements: ["serves unasked", "serves"],
  },
  async (stage) => {
    await stage.connect();
    await stage.pass(90 * MINUTE);
    await stage.order({ token: { kind: "status", status: 503, retry_after: 60 } });
    expect((await refreshNow(stage.who)).status).toBe(503);
    await expectStored(stage, "record", "journal", "trouble", "outbox");
    stage.tell("refresh_retry", "refreshed", "recovered");
    await stage.pass(SECOND);
  },
);

moment(
  "integration-fault",
  {
    about: "The provider refused our registration: the integration is marked, the connection is not.",
    judgements: ["marked", "serves"],
  },
  async (stage) => {
    await stage.connect();
    await stage.order({ token: { kind: "error", status: 401, error: "invalid_client" } });
    expect((await refreshNow(stage.who)).status).toBe(502);
    await stage.pass(MINUTE);
    await expectStored(stage, "record", "trouble");
    stage.tell("refresh_failed", "refreshed", "recovered");
  },
);

/** Up to the callback's request; what it answers is not waited for. */
async function signIn(stage: Stage, more: Record<string, string> = {}) {
  const browser = new Browser();
  const link = await createLink(stage.who.key, stage.who.user, more);
  const callback = await browser.upToCallback(link.url, ALICE);
  return { link, arrive: () => browser.open(callback) };
}

async function whileSigningIn(stage: Stage): Promise<void> {
  const { arrive } = await signIn(stage);
  await stage.order({ token: { kind: "delay", ms: LONG } });
  const under = arrive();
  await untilStored(stage, "sign_in");
  await stage.snap();
  await under;
}

/** The code's answer arrived; the keys that would prove who it is cannot be had. */
async function signInWithoutKeys(stage: Stage): Promise<void> {
  const { arrive } = await signIn(stage);
  forget();
  const real = globalThis.fetch;
  vi.stubGlobal("fetch", (url: string, init?: RequestInit) =>
    /\/discovery\//.test(String(url)) ? Promise.reject(new Error("down")) : real(url, init),
  );
  expect((await arrive()).status).toBe(503);
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
}

moment(
  "sign-in-under-way",
  { about: "The first sign-in: the code was sent and not answered.", judgements: ["not connected"] },
  async (stage) => {
    await whileSigningIn(stage);
  },
);

moment(
  "sign-in-under-way-again",
  {
    about: "Connected; the person signs in again, and the code was sent and not answered.",
    judgements: ["serves"],
  },
  async (stage) => {
    await stage.connect();
    await whileSigningIn(stage);
  },
);

moment(
  "sign-in-kept",
  {
    about: "The first sign-in: the code's answer is kept, the provider's keys could not be had.",
    judgements: ["asks nobody", "serves"],
  },
  async (stage) => {
    await signInWithoutKeys(stage);
    await expectStored(stage, "sign_in", "sign_in_kept");
    stage.tell("connected");
  },
);

moment(
  "sign-in-kept-again",
  {
    about: "Connected; a second sign-in's answer is kept, the provider's keys could not be had.",
    judgements: ["asks nobody", "serves"],
  },
  async (stage) => {
    await stage.connect();
    await signInWithoutKeys(stage);
    await expectStored(stage, "record", "sign_in", "sign_in_kept");
    stage.tell("connected");
  },
);

/** A refresh is open for a quarter of an hour. */
async function refreshPutOff(stage: Stage): Promise<void> {
  await stage.order({ token: { kind: "status", status: 503, retry_after: 900 } });
  expect((await refreshNow(stage.who)).status).toBe(503);
  stage.tell("refresh_retry");
  await stage.pass(10 * SECOND);
}

moment(
  "both-journals",
  {
    about:
      "A refresh waits for its next try, and beside it a second sign-in's code was sent and not answered.",
    judgements: ["serves"],
  },
  async (stage) => {
    await stage.connect();
    await refreshPutOff(stage);
    await whileSigningIn(stage);
  },
);

moment(
  "both-journals-kept",
  {
    about: "A refresh waits for its next try, and beside it a second sign-in's answer is kept.",
    judgements: ["asks nobody", "serves"],
  },
  async (stage) => {
    await stage.connect();
    await refreshPutOff(stage);
    await signInWithoutKeys(stage);
    await expectStored(stage, "record", "journal", "trouble", "sign_in", "sign_in_kept");
    stage.tell("connected", "recovered");
  },
);

/** Back at the caller's page, with what its backend is to confirm. */
async function atReturn(stage: Stage): Promise<void> {
  const { link, arrive } = await signIn(stage, { return_to: RETURN_TO, confirm: "backend" });
  const target = new URL((await arrive()).headers.get("location") ?? "");
  stage.extra.attempt = link.attempt;
  stage.extra.code = target.searchParams.get("code") ?? "";
}

moment(
  "pending",
  {
    about: "The first sign-in waits for the caller's confirmation.",
    judgements: ["confirmed", "serves"],
    org: "acme",
  },
  async (stage) => {
    await atReturn(stage);
    await expectStored(stage, "pending");
    await stage.pass(MINUTE);
    stage.tell("connected");
  },
);

moment(
  "pending-beside",
  {
    about: "Connected; a second sign-in waits for the caller's confirmation.",
    judgements: ["confirmed", "serves"],
    org: "acme",
  },
  async (stage) => {
    await stage.connect();
    await stage.refresh();
    await atReturn(stage);
    await expectStored(stage, "record", "version:1", "pending");
    await stage.pass(MINUTE);
    stage.tell("connected");
  },
);
