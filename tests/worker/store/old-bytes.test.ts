/// <reference types="vite/types/importMeta.d.ts" />
/** What earlier releases stored is read by this one, and nothing is lost (tests/data/stored/README.md). */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { Moment } from "../support/stored-moment.ts";
import { fromBase64, toBase64 } from "../support/stored-state.ts";
import { authorityOf, connectionKey } from "../support/stores.ts";
import { world } from "../support/world.ts";
import { appended } from "./later-moment.ts";
import { JUDGES } from "./old-judgements.ts";
import { OldMoment, withEntry } from "./old-moment.ts";

const files = import.meta.glob<Moment>("../../data/stored/**/*.json", { eager: true, import: "default" });
const all = Object.entries(files).map(([path, moment]): [string, Moment] => [
  path.replace("../../data/stored/", "").replace(".json", ""),
  moment,
]);

const entriesOf = async ({ who, stores }: Moment) => {
  const name = await connectionKey(who);
  return stores.objects.find((object) => object.name === name)?.entries ?? {};
};

describe("what was stored by", () => {
  test.each(all)("%s", async (_, moment) => {
    const old = await OldMoment.begin(moment);
    expect(moment.judgements.length).toBeGreaterThan(0);
    for (const judgement of moment.judgements) await JUDGES[judgement](old);
  });
});

/** Without these to go on would be to go on as if nothing were there. */
const NEEDED = ["record", "journal", "sign_in"];

/** As releases would leave it whose format is not known here, or who marked it as not to be overlooked. */
function unreadable(key: string, entry: string): string[] {
  const bytes = fromBase64(entry);
  const marked = toBase64(appended(key, bytes, "9!"));
  bytes.set([0x39], bytes.indexOf(0x70) + 1);
  return [toBase64(bytes.subarray(0, bytes.length - 1)), marked];
}

describe("an entry that cannot be read is not taken for none, of", () => {
  test.each(all)("%s", async (_, moment) => {
    const entries = await entriesOf(moment);
    const needed = NEEDED.filter((name) => name in entries);
    for (const [key, later] of needed.flatMap((name) =>
      unreadable(name, entries[name] ?? "").map((bytes): [string, string] => [name, bytes]),
    )) {
      const old = await OldMoment.alone(moment, await withEntry(moment, key, later));
      expect([key, (await old.refresh()).json.code]).toEqual([key, "stored_data_unreadable"]);
      const object = await authorityOf(moment.who);
      await runDurableObjectAlarm(object).catch(() => undefined);
      const now = await runInDurableObject(object, (_object, { storage }) =>
        [...storage.kv.list<Uint8Array>()].map(([name, value]) => [name, toBase64(value)]),
      );
      expect(Object.fromEntries(now)).toEqual({ ...entries, [key]: later });
      expect(await world.tokenRequests()).toBe(0);
    }
  });
});

test("every kind of entry and of row that is stored was recorded", async () => {
  const keys = new Set<string>();
  const tables = new Set<string>();
  for (const [, moment] of all) {
    for (const key of Object.keys(await entriesOf(moment))) keys.add(key.replace(/:\d+$/, ":<n>"));
    for (const table of Object.keys(moment.stores.d1.tables)) tables.add(table);
  }
  const exchange = ["journal", "kept", "sign_in", "sign_in_kept", "pending"];
  const state = ["record", "version:<n>", "recovered", "trouble", "pauses", "told"];
  const owed = ["outbox", "events", "event:<n>", "delivery"];
  expect([...keys].sort()).toEqual([...exchange, ...state, ...owed].sort());
  const { results } = await env.DB.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all<{
    name: string;
  }>();
  const inUse = results.map(({ name }) => name).filter((name) => !/^(sqlite|_cf|d1_)/.test(name));
  expect([...tables].sort()).toEqual(inUse.sort());
});
