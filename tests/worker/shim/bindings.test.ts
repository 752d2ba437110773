/** Where the core's names of databases lead to. */
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { databaseNamed } from "../../../worker-shim/src/env.ts";
import { FieldReader, FieldWriter } from "../../../worker-shim/src/fields.ts";
import { carryOut } from "../../../worker-shim/src/interpreter.ts";
import { frontHands } from "../support/bench-hands.ts";

describe("a database", () => {
  const ask = (name: string, sql: string) => {
    const fields = new FieldReader(new FieldWriter(256).add(name, 5_000, sql, "").bytes());
    return carryOut({ id: 1, name: "sql", fields }, frontHands());
  };

  test("is found by the name of its binding", async () => {
    expect(databaseNamed(env, "DB")).toBe(env.DB);
    const answer = new FieldReader(await ask("DB", "SELECT 42 AS found"));
    expect([answer.text(), answer.number(), answer.number()]).toEqual(["", 0, 1]);
    expect(answer.pairs()).toEqual([["i", "42"]]);
  });

  test("that there is not, or what is bound by that name and none, is unavailable", async () => {
    for (const name of ["DB_EU", "AZURE_TOKENS", "MASTER_KEYS", "toString", ""]) {
      expect(databaseNamed(env, name), name).toBeUndefined();
      expect(new FieldReader(await ask(name, "SELECT 42")).text(), name).toBe("unavailable");
    }
  });
});
