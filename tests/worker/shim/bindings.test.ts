/** Where the core's names of databases and objects lead to. */
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { type Bindings, databaseNamed, objectAt } from "../../../worker-shim/src/env.ts";
import { FieldReader, FieldWriter } from "../../../worker-shim/src/fields.ts";
import { carryOut } from "../../../worker-shim/src/interpreter.ts";
import { frontHands } from "../support/bench-hands.ts";
import { get } from "../support/client.ts";
import { ADMIN_KEY } from "../support/variables.ts";

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

describe("an object", () => {
  const here = { binding: "CONNECTION", jurisdiction: "", locationHint: "", name: "health" };

  /** The platform outside of workerd has jurisdictions: here it is written down what it is asked. */
  function bound() {
    const asked: string[] = [];
    const namespace = (of: string) => ({
      jurisdiction: (name: string) => namespace(`${of}/${name}`),
      idFromName: (name: string) => `${of}:${name}`,
      get: (...what: unknown[]) => asked.push(JSON.stringify(what)),
    });
    const bindings = { CONNECTION: namespace("CONNECTION"), OTHER: namespace("OTHER") };
    return { asked, bindings: bindings as unknown as Bindings };
  }

  test("is found by its namespace and name", async () => {
    const { asked, bindings } = bound();
    objectAt(bindings, here);
    objectAt(bindings, { ...here, binding: "OTHER" });
    expect(asked).toEqual(['["CONNECTION:health"]', '["OTHER:health"]']);
    expect(objectAt(env, here).id).toEqual(env.CONNECTION.idFromName("health"));
  });

  test("is in the jurisdiction and near the place that the core names", () => {
    const { asked, bindings } = bound();
    objectAt(bindings, { ...here, jurisdiction: "eu" });
    objectAt(bindings, { ...here, locationHint: "weur" });
    objectAt(bindings, { ...here, jurisdiction: "eu", locationHint: "weur" });
    expect(asked).toEqual([
      '["CONNECTION/eu:health"]',
      '["CONNECTION:health",{"locationHint":"weur"}]',
      '["CONNECTION/eu:health",{"locationHint":"weur"}]',
    ]);
  });

  test("of a namespace that there is not is a store that is down", async () => {
    expect(() => objectAt(env, { ...here, binding: "CONNECTION_EU" })).toThrow(TypeError);
    vi.spyOn(Object.getPrototypeOf(env.CONNECTION), "idFromName").mockImplementation(() => {
      throw new TypeError("no such");
    });
    const answer = await get("/health?deep=1", ADMIN_KEY);
    expect(answer).toMatchObject({ status: 503, json: { code: "store_unavailable" } });
  });
});
