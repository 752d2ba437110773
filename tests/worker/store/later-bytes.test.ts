/// <reference types="vite/types/importMeta.d.ts" />
/** What a later release appended to what is stored is overlooked, and nothing is lost (docs/storage.md). */
import { expect, test } from "vitest";
import type { Moment } from "../support/stored-moment.ts";
import { leftByLater } from "./later-moment.ts";
import { JUDGES } from "./old-judgements.ts";
import { OldMoment } from "./old-moment.ts";

const files = import.meta.glob<Moment>("../../data/stored/**/*.json", { eager: true, import: "default" });
const all = Object.entries(files).map(([path, moment]): [string, Moment] => [
  path.replace("../../data/stored/", "").replace(".json", ""),
  moment,
]);

/** The recorded moments, as a later release would have left them. A file of its own: a long one becomes slow. */
test.each(all)("a later release's %s", async (_, moment) => {
  const later = leftByLater(moment);
  expect(later).not.toEqual(moment.stores);
  const old = await OldMoment.begin(moment, later);
  for (const judgement of moment.judgements) await JUDGES[judgement](old);
});
