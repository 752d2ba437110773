import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { answerOf } from "../testing.ts";
import { POLLING } from "./azure.ts";
import { type Microsoft, startMicrosoft } from "./microsoft.ts";
import { ALICE, ARM_SCOPE, redeem } from "./testing.ts";

let microsoft: Microsoft;
let token: unknown;
let subscription = "";
before(async () => {
  microsoft = await startMicrosoft();
  token = (await redeem(microsoft, ALICE, ARM_SCOPE)).body.access_token;
  const { body } = await ask("GET", "/subscriptions?api-version=2022-12-01");
  subscription = (body.value as { id: string }[])[0]?.id ?? "";
});
after(() => microsoft.close());
afterEach(() => microsoft.control({ reset: true }));

type Item = Record<string, unknown>;

async function ask(method: string, path: string, body?: unknown) {
  const url = path.startsWith("http") ? path : `${microsoft.armOrigin}${path}`;
  const response = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return answerOf(response);
}

const group = (name: string) => `${subscription}/resourceGroups/${name}?api-version=2025-04-01`;
const resource = (name: string) =>
  `${subscription}/resourcegroups/rg-0/providers/Microsoft.Cache/redis/${name}?api-version=2024-11-01`;
const state = (item: Item) => (item.properties as Item).provisioningState;

/** Asks until the operation has ended; answers all statuses, the last answer, and whether each said when to ask again. */
async function ended(url: string) {
  const seen: unknown[] = [];
  for (;;) {
    const answer = await ask("GET", url);
    const status = answer.body.status ?? answer.status;
    seen.push(status);
    if (status !== "InProgress" && status !== 202) return { seen, answer };
    assert.equal(answer.headers.get("retry-after"), "0");
  }
}

test("a resource group is put at once, and is there in any case of its name", async () => {
  assert.equal((await ask("PUT", group("rg-new"), {})).status, 400);
  const made = await ask("PUT", group("rg-new"), { location: "westeurope", tags: { a: "b" } });
  assert.deepEqual([made.status, state(made.body)], [201, "Succeeded"]);
  assert.equal((await ask("PUT", group("RG-NEW"), { location: "westeurope" })).status, 200);
  assert.equal((await ask("HEAD", group("Rg-New"))).status, 204);
  assert.equal((await ask("HEAD", group("none"))).status, 404);
  const listed = await ask("GET", `${subscription}/resourcegroups?api-version=2021-04-01&$top=100`);
  assert.equal((listed.body.value as Item[]).length, 6);
});

for (const polling of POLLING)
  test(`a resource and a group are put and deleted by ${polling}`, async () => {
    await microsoft.control({ polling });
    const name = `cache-${POLLING.indexOf(polling)}`;
    const made = await ask("PUT", resource(name), { location: "westeurope", properties: { sku: "x" } });
    const isLocation = polling === "Location";
    assert.equal(made.status, isLocation ? 202 : 201);
    for (const other of POLLING) assert.equal(made.headers.has(other), other === polling);
    assert.ok(made.headers.get(polling)?.startsWith(`${microsoft.armOrigin}/subscriptions/`));
    assert.equal(state((await ask("GET", resource(name))).body), "Accepted");
    const put = await ended(String(made.headers.get(polling)));
    assert.deepEqual(put.seen, isLocation ? [202, 202, 200] : ["InProgress", "InProgress", "Succeeded"]);
    const { body } = await ask("GET", resource(name));
    assert.deepEqual(body.properties, { sku: "x", provisioningState: "Succeeded" });
    if (isLocation) assert.deepEqual(put.answer.body, body);

    const deletion = await ask("DELETE", resource(name));
    assert.equal(deletion.status, 202);
    assert.equal(state((await ask("GET", resource(name))).body), "Deleting");
    const gone = await ended(String(deletion.headers.get(polling)));
    assert.equal(gone.seen.at(-1), isLocation ? 200 : "Succeeded");
    assert.equal((await ask("GET", resource(name))).status, 404);
    assert.equal((await ask("DELETE", resource(name))).status, 204);

    await ask("PUT", group(name), { location: "eastus" });
    await ended(String((await ask("DELETE", group(name))).headers.get(polling)));
    assert.equal((await ask("GET", group(name))).status, 404);
  });

test("an operation can fail, and what it should have done has not happened", async () => {
  for (const polling of ["Azure-AsyncOperation", "Location"] as const) {
    await microsoft.control({ polling, operations: "fail" });
    const deletion = await ask("DELETE", group("rg-1"));
    const { answer } = await ended(String(deletion.headers.get(polling)));
    assert.equal((answer.body.error as Item).code, "ResourceOperationFailure");
    assert.equal((await ask("GET", group("rg-1"))).status, 200);
  }
});

test("versions of today and of before are taken, others are not", async () => {
  for (const [path, version, status] of [
    ["/subscriptions", "2022-12-01", 200],
    ["/subscriptions", "2020-01-01", 200],
    ["/subscriptions", "2019-01-01", 400],
    [`${subscription}/resourcegroups`, "2025-04-01", 200],
    [`${subscription}/resources`, "2021-04-01", 200],
    [`${subscription}/resources`, "2022-12-01", 400],
    [subscription, "2022-12-01", 200],
  ] as const)
    assert.equal((await ask("GET", `${path}?api-version=${version}`)).status, status, `${path} ${version}`);
  assert.equal((await ask("GET", resource("none").replace("2024-11-01", "latest"))).status, 400);
  assert.equal((await ask("POST", group("rg-1"), {})).status, 405);
});
