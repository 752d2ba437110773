/** Connections with nothing under way: what is kept of them, what is left after a loss, what stays after the end. */
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { connect, describeConnection, readToken, refreshNow, send } from "../support/client.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../support/clock.ts";
import { toBase64 } from "../support/stored-state.ts";
import { authorityOf, configure, deleteFromKv, inKv, wipe } from "../support/stores.ts";
import { MASTER_KEYS } from "../support/variables.ts";
import { BOB } from "../support/world.ts";
import { ENTRA } from "./entra.ts";
import { d1Down, kvDown } from "./outages.ts";
import { moment, type Stage, settled } from "./recorder.ts";

async function arm(stage: Stage): Promise<void> {
  expect((await readToken(stage.who, { resource: "arm" })).status).toBe(200);
  stage.tell("refreshed");
  await stage.pass(SECOND);
}

const rollBack = async ({ who }: Stage, version: number) =>
  expect(
    (await send("POST", `/v1/connections/azure/rollback?user_id=${who.user}&version=${version}`, who.key))
      .status,
  ).toBe(200);
const disconnect = async ({ who }: Stage) =>
  expect((await send("DELETE", `/v1/connections/azure?user_id=${who.user}`, who.key)).status).toBe(200);
const loseObject = async ({ who }: Stage) => wipe(await authorityOf(who));
const loseRow = ({ who }: Stage) =>
  env.DB.prepare("DELETE FROM oauth_connections WHERE org_id = ?").bind(who.org).run();

moment(
  "connected",
  { about: "Connected, with tokens of both APIs; nothing is open.", judgements: ["as before", "serves"] },
  async (stage) => {
    await stage.connect();
    await arm(stage);
    await settled(stage);
  },
);

moment(
  "connected-by-older-key",
  {
    about: "Connected; sealed by the key that is second in the ring now.",
    judgements: ["as before", "serves"],
  },
  async (stage) => {
    await configure(stage.who, { MASTER_KEYS: MASTER_KEYS.split(",").reverse().join(",") });
    await stage.connect();
    await stage.refresh();
    await settled(stage);
  },
);

moment(
  "expired",
  { about: "Connected; the access token ended an hour ago, nothing is open.", judgements: ["serves"] },
  async (stage) => {
    await stage.connect();
    await stage.pass(2 * HOUR);
  },
);

moment(
  "versions",
  { about: "Refreshed five times: three earlier versions are kept.", judgements: ["as before", "serves"] },
  async (stage) => {
    await stage.connect();
    for (let n = 0; n < 5; n += 1) await stage.refresh();
    await settled(stage);
  },
);

moment(
  "versions-to-go-back-to",
  {
    about: "Refreshed three times, where old refresh tokens stay valid.",
    judgements: ["as before", "rolls back", "serves"],
    variables: ENTRA,
    rotation: "reusable",
  },
  async (stage) => {
    await stage.connect();
    for (let n = 0; n < 3; n += 1) await stage.refresh();
    await settled(stage);
  },
);

moment(
  "rolled-back",
  {
    about:
      "Gone back to a version whose refresh token was used since, where it stays valid: `recovered` is set.",
    judgements: ["as before", "serves"],
    variables: ENTRA,
    rotation: "reusable",
  },
  async (stage) => {
    await stage.connect();
    for (let n = 0; n < 2; n += 1) await stage.refresh();
    await rollBack(stage, 1);
    stage.tell("connected");
    await settled(stage);
  },
);

moment(
  "rolled-back-to-another-account",
  {
    about: "Another account was connected by mistake, and the one before brought back; single use.",
    judgements: ["as before", "serves"],
  },
  async (stage) => {
    await stage.connect();
    const { key, user } = stage.who;
    expect((await connect(key, user, BOB, { allow_other_account: "true" })).status).toBe(200);
    await stage.pass(SECOND);
    await rollBack(stage, 1);
    stage.tell("connected", "connected");
    await settled(stage);
  },
);

moment(
  "lost-object",
  {
    about: "The object's storage is lost; D1 and KV have the newest version.",
    judgements: ["waits first", "serves"],
  },
  async (stage) => {
    await stage.connect();
    await stage.refresh();
    await settled(stage);
    await loseObject(stage);
  },
);

moment(
  "kv-only",
  { about: "Only KV has the connection.", judgements: ["waits first", "serves"] },
  async (stage) => {
    await stage.connect();
    await stage.refresh();
    await settled(stage);
    await loseObject(stage);
    await loseRow(stage);
  },
);

moment(
  "d1-only",
  { about: "Only D1 has the connection.", judgements: ["waits first", "serves"] },
  async (stage) => {
    await stage.connect();
    await stage.refresh();
    await settled(stage);
    await loseObject(stage);
    await deleteFromKv(stage.who);
  },
);

moment(
  "kv-newer",
  {
    about: "The object's storage is lost; KV has the newest version, D1 the one before.",
    judgements: ["waits first", "serves"],
  },
  async (stage) => {
    await stage.connect();
    await stage.refresh();
    const over = d1Down();
    expect((await refreshNow(stage.who)).status).toBe(200);
    over();
    await loseObject(stage);
    await stage.pass(SECOND);
  },
);

moment(
  "d1-newer",
  {
    about: "The object's storage is lost; D1 has the newest version, KV the one before.",
    judgements: ["waits first", "serves"],
  },
  async (stage) => {
    await stage.connect();
    await stage.refresh();
    const over = kvDown();
    await stage.refresh();
    over();
    await loseObject(stage);
  },
);

moment(
  "recovered-just-now",
  {
    about: "Rebuilt from D1 and KV a second ago: `recovered` has a time, an outbox is open.",
    judgements: ["waits first", "serves"],
  },
  async (stage) => {
    await stage.connect();
    await settled(stage);
    await loseObject(stage);
    expect((await describeConnection(stage.who)).status).toBe(200);
    await stage.pass(SECOND);
  },
);

moment(
  "recovered",
  {
    about: "Rebuilt from D1 and KV a while ago; the refresh token is still in doubt.",
    judgements: ["as before", "serves"],
  },
  async (stage) => {
    await stage.connect();
    await settled(stage);
    await loseObject(stage);
    expect((await describeConnection(stage.who)).status).toBe(200);
    await stage.pass(5 * MINUTE);
  },
);

moment(
  "needs-reauth",
  {
    about: "The provider refused the refresh token.",
    judgements: ["as before", "needs a person"],
  },
  async (stage) => {
    await stage.connect();
    await stage.order({ token: { kind: "error", error: "invalid_grant" } });
    expect((await refreshNow(stage.who)).json.code).toBe("needs_reauth");
    stage.tell("needs_reauth");
    await settled(stage);
  },
);

moment(
  "disconnected",
  { about: "Disconnected: a tombstone in all three stores.", judgements: ["ended"] },
  async (stage) => {
    await stage.connect();
    await stage.refresh();
    stage.extra.copy_of_before = toBase64((await inKv(stage.who)) ?? new Uint8Array());
    await disconnect(stage);
    stage.tell("disconnected");
    await settled(stage);
  },
);

moment(
  "disconnected-lost-object",
  {
    about: "Disconnected; the object's storage is lost, D1 and KV have the tombstone.",
    judgements: ["ended"],
  },
  async (stage) => {
    await stage.connect();
    await disconnect(stage);
    stage.tell("disconnected");
    await settled(stage);
    await loseObject(stage);
  },
);

moment(
  "disconnected-in-d1-alone",
  {
    about: "Disconnected while KV was down, then the object's storage was lost: KV has the live copy still.",
    judgements: ["ended"],
  },
  async (stage) => {
    await stage.connect();
    const over = kvDown();
    await disconnect(stage);
    stage.tell("disconnected");
    over();
    await loseObject(stage);
  },
);

moment(
  "told-of-the-end",
  {
    about: "A grant of 28 days, whose end was told a week ahead: `told` is set.",
    judgements: ["told once", "serves"],
    variables: {
      AZURE_REFRESH_MODE: "on_demand",
      AZURE_GRANT_LIFETIME_SECONDS: String((28 * DAY) / SECOND),
    },
  },
  async (stage) => {
    await stage.connect();
    await stage.pass(22 * DAY);
    stage.tell("grant_expiring");
  },
);

moment(
  "pauses",
  {
    about:
      "Kept fresh; the Resource Manager wants a person, and is not asked unasked for ten minutes: `pauses` is set.",
    judgements: ["paused", "serves"],
    variables: { AZURE_REFRESH_MODE: "keep_fresh" },
  },
  async (stage) => {
    await stage.connect();
    await arm(stage);
    await stage.pass(10 * MINUTE);
    await stage.order({ token: { kind: "error", error: "interaction_required" } });
    const { user, key } = stage.who;
    await send("POST", `/v1/connections/azure/refresh?user_id=${user}&resource=arm`, key);
    stage.tell("refresh_failed");
    await stage.pass(SECOND);
  },
);
