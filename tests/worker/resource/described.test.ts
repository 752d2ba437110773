/**
 * Every row of the table of calls, held against the published descriptions of its API (tests/data/descriptions): what is
 * asked is what the API takes, and what it answers has the members that are declared of it. A row without a description fails.
 */
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { Schema } from "../../structure/descriptions.ts";
import { type Description, loadDescriptions, match, schemaOf } from "../../structure/descriptions.ts";
import { type Connected, connected, rpc } from "../support/client.ts";
import { complaintsOfAnswer, type Declared, type DeclaredParameter, manifest } from "../support/declared.ts";
import { world } from "../support/world.ts";

const descriptions = loadDescriptions();
const rows = manifest.operations.filter(({ call }) => call !== undefined);
const SUBSCRIPTION = "00000000-0000-0000-0000-000000000001";
const RESOURCE = `/subscriptions/${SUBSCRIPTION}/resourceGroups/shop/providers/Microsoft.Web/sites/front`;

/** What stands in calls beside the row's own parameters, and what goes with no other. */
const LEFT_OUT = new Set(["account", "subject", "integration", "tenant", "cursor", "wait", "orderby"]);
const SAMPLES: Record<string, unknown> = {
  subscription_id: SUBSCRIPTION,
  resource_id: RESOURCE,
  scope: RESOURCE,
  path: "Reports/2026.xlsx",
  secret_name: "some-secret",
  filter: "startswith(name,'a')",
  target_resource_group: `/subscriptions/${SUBSCRIPTION}/resourceGroups/other`,
};
const SAMPLES_BY_KIND: Record<string, unknown> = {
  integer: 5,
  flag: true,
  timestamp: "2026-12-01T08:00:00+01:00",
  names: ["a"],
  words: ["ada@example.com", "bob@example.com"],
};
const ADDRESS = { emailAddress: { name: "Ada", address: "ada@example.com" } };
const TIME = { dateTime: "2026-12-01T08:00:00", timeZone: "UTC" };
/** By the type that is declared of the parameter. */
const SAMPLES_BY_TYPE: Record<string, unknown> = {
  GraphMessageInput: {
    subject: "Lunch",
    body: { contentType: "text", content: "At one?" },
    toRecipients: [ADDRESS],
    ccRecipients: [ADDRESS],
  },
  "GraphAddress[]": [ADDRESS],
  GraphEventInput: { subject: "Lunch", start: TIME, end: TIME, attendees: [ADDRESS], isAllDay: false },
  AzureResourceInput: { location: "westeurope", tags: { a: "b" }, sku: { name: "B1" }, properties: {} },
  "{[tag: string]: string}": { environment: "test" },
  "string[]": [RESOURCE],
  "GraphBatchRequest[]": [{ id: "1", method: "GET", url: "/me" }],
  "Record<string, unknown>": { $schema: "https://example.com/schema", resources: [] },
  "{uri?: string, id?: string}": { uri: "https://example.com/template.json" },
  "{[name: string]: {value: unknown}}": { size: { value: "B1" } },
  VaultSecretInput: {
    value: "secret",
    contentType: "text/plain",
    attributes: { enabled: true },
    tags: { a: "b" },
  },
};

function sampleOf({ name, kind, type }: DeclaredParameter): unknown {
  if (type !== undefined) return SAMPLES_BY_TYPE[type];
  return SAMPLES[name] ?? SAMPLES_BY_KIND[kind] ?? (name === "api_version" ? undefined : `some-${name}`);
}

interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: unknown;
}

/** A value of a type as descriptions write it. */
function valueOfType(api: Description["api"], word: string, depth: number): unknown {
  if (word.startsWith("array of ")) return [valueOfType(api, word.slice("array of ".length), depth)];
  if (word.startsWith("map of ")) return { key: valueOfType(api, word.slice("map of ".length), depth) };
  if (word === "string") return "text";
  if (word === "number") return 1;
  if (word === "boolean") return true;
  const schema = schemaOf(api, word);
  return schema === undefined || depth === 0 ? {} : objectOf(api, schema, depth - 1);
}

function objectOf(api: Description["api"], { members }: Schema, depth = 3): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(members).map(([name, word]) => [name, valueOfType(api, word, depth)]),
  );
}

function answerOf(description: Description): Response {
  const [[status = "200", answer = null] = []] = Object.entries(description.answers);
  const code = status === "2XX" ? 200 : Number(status);
  if (answer === null) return new Response(null, { status: code });
  const { api } = description;
  const item = answer.of === undefined ? undefined : objectOf(api, answer.of);
  const body = answer.list === undefined ? objectOf(api, answer) : { [answer.list]: [item] };
  // Long operations have ended where they say so.
  const ended = { ...body, ...("properties" in body && description.longRunning ? { properties: {} } : {}) };
  return Response.json(ended, { status: code });
}

/** JSON as flows write it; content is a text here. */
const sentBody = (body: unknown): unknown =>
  body instanceof Uint8Array && body[0] === "{".charCodeAt(0)
    ? JSON.parse(new TextDecoder().decode(body))
    : undefined;
const apiAt = (origin: string): Description["api"] | undefined =>
  (({ [env.GRAPH_ORIGIN]: "graph", [env.ARM_ORIGIN]: "arm", [env.VAULT_ORIGIN]: "vault" }) as const)[origin];
const matchAt = (method: string, { origin, pathname }: URL) =>
  match(method, pathname, descriptions, apiAt(origin));

let asked: Asked[] = [];
/** What an API is asked that no description knows is answered 404. */
function playApis(): void {
  const real = globalThis.fetch;
  asked = [];
  vi.stubGlobal("fetch", (input: string, init: RequestInit = {}) => {
    const url = new URL(input);
    if (apiAt(url.origin) === undefined) return real(input, init);
    const method = init.method ?? "GET";
    const body = init.body === undefined ? undefined : sentBody(init.body);
    asked.push({ method, url, headers: new Headers(init.headers), body });
    const description = matchAt(method, url);
    return Promise.resolve(description ? answerOf(description) : new Response("{}", { status: 404 }));
  });
}

let who: Connected;
beforeAll(async () => {
  who = await connected();
  // Nobody is asked for it on connecting.
  await world.control({ consent: "any" });
  for (const resource of ["graph", "arm", "vault"])
    await rpc(who.org, ["tokens:read", "tokens:read:vault"]).getToken({ userId: who.user, resource });
  await world.reset();
});
afterEach(() => void vi.unstubAllGlobals());

const lower = (names: Iterable<string>) => new Set([...names].map((name) => name.toLowerCase()));

/** Of a body that is sent: members that nobody described, those of another type, and those that are missing. */
function complaintsOfBody(api: Description["api"], schema: Schema, value: unknown, place = "body"): string[] {
  if (typeof value !== "object" || value === null) return [`${place} is no object`];
  const known = new Map(Object.entries(schema.members).map(([name, word]) => [name.toLowerCase(), word]));
  const given = lower(Object.keys(value));
  return [
    ...schema.required
      .filter((name) => !given.has(name.toLowerCase()))
      .map((name) => `${place}.${name} is missing`),
    ...Object.entries(value).flatMap(([name, member]) => {
      const word = known.get(name.toLowerCase());
      if (word === undefined) return schema.open ? [] : [`${place}.${name} is described nowhere`];
      return complaintsOfValue(api, word, member, `${place}.${name}`);
    }),
  ];
}

function complaintsOfValue(api: Description["api"], word: string, value: unknown, place: string): string[] {
  if (word === "anything" || word === "object") return [];
  if (word.startsWith("array of ")) {
    if (!Array.isArray(value)) return [`${place} is no list`];
    return value.flatMap((item, n) =>
      complaintsOfValue(api, word.slice("array of ".length), item, `${place}[${n}]`),
    );
  }
  if (word.startsWith("map of "))
    return Object.entries(value as object).flatMap(([name, item]) =>
      complaintsOfValue(api, word.slice("map of ".length), item, `${place}.${name}`),
    );
  if (["string", "number", "boolean"].includes(word))
    return typeof value === word ? [] : [`${place} is ${typeof value}, not ${word}`];
  const schema = schemaOf(api, word);
  return schema === undefined ? [] : complaintsOfBody(api, schema, value, place);
}

type Call = (parameters: Record<string, unknown>) => Promise<unknown>;

async function call(row: Declared, parameters: readonly DeclaredParameter[]) {
  playApis();
  const given = Object.fromEntries(
    parameters
      .map((parameter) => [parameter.rpc_name, sampleOf(parameter)] as const)
      .filter(([, value]) => value !== undefined),
  );
  const service = rpc(who.org, [row.permission]) as unknown as Record<string, Call>;
  const content = row.streams && row.result !== "Response" ? { content: "content" } : {};
  // Otherwise the resource's provider is asked for it first.
  const version = row.call?.target.includes("{+resource_id}") ? { apiVersion: "2023-01-01" } : {};
  const answer = await service[row.rpc]?.({ ...given, ...version, ...content, userId: who.user });
  const [first] = asked;
  if (!first) throw new Error(`${row.name} asked nothing: ${JSON.stringify(answer)}`);
  return { answer, first };
}

const own = ({ parameters }: Declared) =>
  parameters.filter(({ name }) => !LEFT_OUT.has(name) && name !== "user_id");

function check(row: Declared, { answer, first }: Awaited<ReturnType<typeof call>>): void {
  const { method, url, headers, body } = first;
  const description = matchAt(method, url);
  if (!description) throw new Error(`no description of ${method} ${url.pathname}`);
  expect(apiAt(url.origin)).toBe(row.call?.api);
  const taken = lower([...description.query, "api-version"]);
  expect([...url.searchParams.keys()].filter((name) => !taken.has(name.toLowerCase()))).toEqual([]);
  const version = url.searchParams.get("api-version");
  if (description.apiVersions.length > 0 && !url.pathname.includes("Microsoft.Web"))
    expect(description.apiVersions).toContain(version);
  if (headers.has("consistencylevel")) expect(lower(description.headers)).toContain("consistencylevel");
  const complaints = description.body
    ? complaintsOfBody(description.api, description.body, body)
    : body === undefined
      ? []
      : ["a body that nobody described"];
  expect(complaints).toEqual([]);
  if (answer instanceof Response) return;
  expect(complaintsOfAnswer(row, answer, "rpc")).toEqual([]);
  expect(answer).not.toMatchObject({ success: false });
}

test("there are rows, and none is described twice", () => {
  expect(rows.length).toBeGreaterThan(50);
  expect(new Set(rows.map(({ call }) => call?.target)).size).toBe(rows.length);
});

describe.each(rows.map((row) => [row.name, row] as const))("%s", (_, row) => {
  test("with what it needs asks as its API takes it, and answers what is declared", async () => {
    check(
      row,
      await call(
        row,
        own(row).filter(({ required }) => required),
      ),
    );
  });

  test("with all that it takes", async () => {
    // Where an API cannot select members of lists, it is done here: the rest would be missing.
    const conflicts = row.name === "get_mail" ? ["search"] : row.call?.api === "graph" ? [] : ["select"];
    check(
      row,
      await call(
        row,
        own(row).filter(({ name }) => !conflicts.includes(name)),
      ),
    );
  });

  test("declares no member of an answer that its API does not describe", () => {
    const method = row.call?.target.split(" ", 1)[0] ?? "";
    const found = descriptions.filter((one) => one.api === row.call?.api && one.method === method);
    expect(found.length).toBeGreaterThan(0);
    expect(undescribed(row)).toEqual([]);
  });
});

/** Of what some of the items are, and not all. */
const OF_DERIVED_TYPES: Record<string, readonly string[]> = {
  // fileAttachment (learn.microsoft.com/graph/api/resources/fileattachment).
  GraphAttachment: ["contentBytes"],
  // Users, groups and devices have a name; directoryObject, which they are all, has an id alone.
  GraphDirectoryObject: ["displayName"],
};

/** Members of the declared type, at its first level, that the description's answer does not have. */
function undescribed(row: Declared): string[] {
  const declared = itemType(row);
  const first = asked[0];
  const description = first ? matchAt(first.method, first.url) : undefined;
  const answer = Object.values(description?.answers ?? {}).find((one) => one !== null);
  // A list by another name than `value`: a member of the answer.
  const [, member = ""] = /^\{(\w+): \w+\[\]/.exec(row.result) ?? [];
  const inMember =
    description && answer ? schemaOf(description.api, answer.members[member] ?? "") : undefined;
  const schema = answer?.of ?? inMember ?? answer;
  if (!schema || schema.open || declared === undefined || row.result === "AzureOperation") return [];
  const known = lower([...Object.keys(schema.members), ...(OF_DERIVED_TYPES[declared.name] ?? [])]);
  return membersOf(declared.type).filter((name) => !known.has(name.toLowerCase()));
}

function itemType({ result }: Declared) {
  const name = /^\{\w+: (\w+)\[\]/.exec(result)?.[1] ?? result;
  return manifest.shapes.find((shape) => shape.name === name);
}

/** At the first level. */
function membersOf(type: string): string[] {
  let depth = 0;
  const flat = [...type.slice(1, -1)].filter((c) => {
    if (c === "{") depth += 1;
    if (c === "}") depth -= 1;
    return depth === 0 && c !== "}";
  });
  return [...flat.join("").matchAll(/(?:^|, )"?([$@\w.]+)"?\??:/g)].map(([, name = ""]) => name);
}
