/** What 297a9be did not know: other accounts, the organization's own connections, GitHub and Google, grants to be ended. */
import { expect } from "vitest";
import { disconnect, readToken } from "../support/client.ts";
import { MINUTE, SECOND } from "../support/clock.ts";
import { GITHUB, GOOGLE, given } from "../support/providers.ts";
import type { Owed } from "../support/stored-moment.ts";
import { authorityOf, storedKeys, wipe } from "../support/stores.ts";
import { ALICE, BOB } from "../support/world.ts";
import { d1Down, kvDown } from "./outages.ts";
import { moment, press, type Stage, settled } from "./recorder.ts";

const EXPIRING = { tokens: "expiring" };
const DOWN = { revocation: { kind: "status", status: 503 } } as const;

/** Ended here, and not at the provider, which is down: it is asked again after a minute. */
async function endInVain(stage: Stage, email = ALICE): Promise<Owed> {
  const tokens = await given(stage.who.integration === "github" ? GITHUB : GOOGLE, "access_tokens");
  await stage.order(DOWN);
  expect((await disconnect(stage.who)).json).toMatchObject({
    disconnected: true,
    provider_revocation: "pending",
  });
  stage.tell("disconnected");
  return { email, token: tokens.at(-1) ?? "", due_at: Date.now() + MINUTE };
}

function shelveOwed(stage: Stage, ...owed: readonly Owed[]): void {
  stage.extra.owed = JSON.stringify(owed);
}

moment(
  "account",
  {
    about: "A user's account `work`, with tokens of both APIs and an earlier version.",
    judgements: ["as before", "serves", "disconnects"],
    account: "work",
  },
  async (stage) => {
    await stage.connect();
    expect((await readToken(stage.who, { resource: "arm" })).status).toBe(200);
    stage.tell("refreshed");
    await stage.pass(SECOND);
    await stage.refresh();
    await settled(stage);
  },
);

moment(
  "organization",
  {
    about: "The organization's own connection, refreshed once.",
    judgements: ["as before", "serves", "disconnects"],
    organization: true,
  },
  async (stage) => {
    await stage.connect();
    await stage.refresh();
    await settled(stage);
  },
);

moment(
  "github",
  {
    about: "GitHub, whose tokens expire; refreshed once.",
    judgements: ["as before", "serves", "disconnects"],
    integration: "github",
    settings: EXPIRING,
  },
  async (stage) => {
    await stage.connect();
    await stage.refresh();
    await settled(stage);
  },
);

moment(
  "google-organization-account-lost-object",
  {
    about:
      "The organization's own account `work` at Google, refreshed once; the object's storage is lost, D1 and KV have the newest version.",
    judgements: ["waits first", "serves", "disconnects"],
    integration: "google",
    account: "work",
    organization: true,
  },
  async (stage) => {
    await stage.connect();
    await stage.refresh();
    await settled(stage);
    await wipe(await authorityOf(stage.who));
  },
);

moment(
  "github-account-at-provider",
  {
    about: "The browser is at GitHub for a user's account `work`, its state is open.",
    judgements: ["comes back"],
    integration: "github",
    settings: EXPIRING,
    account: "work",
  },
  async (stage) => {
    await press(stage);
  },
);

moment(
  "github-owed",
  {
    about:
      "Ended, connected again, and ended while neither KV nor D1 could be reached; GitHub was down both times: two grants are to be ended there, and both stores are owed the tombstone.",
    judgements: ["owes"],
    integration: "github",
    settings: EXPIRING,
  },
  async (stage) => {
    await stage.connect();
    const first = await endInVain(stage);
    await stage.pass(44 * SECOND);
    await stage.connect();
    const over = [kvDown(), d1Down()];
    shelveOwed(stage, first, await endInVain(stage));
    for (const end of over) end();
  },
);

moment(
  "google-account-owed",
  {
    about:
      "A user's account `work` at Google, ended; then another person's, ended too; Google was down, for the first one's second try as well, which may be on its way still.",
    judgements: ["holds off", "owes"],
    integration: "google",
    account: "work",
  },
  async (stage) => {
    await stage.connect();
    const first = await endInVain(stage);
    // A request lives for 25 s: until then nobody can sign in.
    await stage.pass(25 * SECOND);
    await stage.connect(BOB);
    const second = await endInVain(stage, BOB);
    await stage.order(DOWN);
    await stage.pass(first.due_at - Date.now());
    shelveOwed(stage, { ...first, due_at: Date.now() + MINUTE }, second);
    await stage.pass(15 * SECOND);
  },
);

moment(
  "github-connected-beside-owed",
  {
    about: "Ended while GitHub was down, and connected again: the grant of before is to be ended there.",
    judgements: ["owes", "serves", "disconnects"],
    integration: "github",
    settings: EXPIRING,
  },
  async (stage) => {
    await stage.connect();
    shelveOwed(stage, await endInVain(stage));
    await stage.pass(SECOND);
    await stage.connect();
    await stage.refresh();
    stage.extra.connected = "true";
    expect(await storedKeys(await authorityOf(stage.who))).toContain("outbox");
  },
);
