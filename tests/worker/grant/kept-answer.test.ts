/** The answer of a token endpoint is sealed into the authority before the core sees it; here that fails. */
import { describe, expect, test, vi } from "vitest";
import { KeyRing } from "../../../worker-shim/src/sealing.ts";
import { connected, readToken, refreshNow } from "../support/client.ts";
import { eventsLogged, logLines } from "../support/logs.ts";
import { authorityOf, storedKeys } from "../support/stores.ts";
import { world } from "../support/world.ts";

describe("an answer that cannot be kept", () => {
  test("is used all the same, and one line says so, without a secret", async () => {
    const who = await connected();
    const before = eventsLogged("answer_not_kept").length;
    // The first thing that a refresh seals is the answer as it came.
    vi.spyOn(KeyRing.prototype, "seal").mockImplementationOnce((_org, _context, plaintext) =>
      Promise.reject(new RangeError(`cannot seal ${new TextDecoder().decode(plaintext)}`)),
    );
    expect((await refreshNow(who)).status).toBe(200);
    const newest = (await world.secrets()).access_tokens?.at(-1) ?? "";
    expect((await readToken(who)).json.access_token).toBe(newest);
    expect(await storedKeys(await authorityOf(who))).toEqual(["record", "version:1"]);
    expect(eventsLogged("answer_not_kept").slice(before)).toEqual([
      { level: "error", event: "answer_not_kept", key: "kept", org: who.org, error: "RangeError" },
    ]);
    expect(logLines().join("\n")).not.toContain(newest);
  });
});
