import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { type Microsoft, startMicrosoft } from "./microsoft.ts";
import {
  type Ask,
  armAs,
  at,
  codeIn,
  endOf,
  graphAs,
  type Item,
  itemsIn,
  pagesOf,
  textIn,
} from "./testing.ts";

let microsoft: Microsoft;
let graph: Ask;
let arm: Ask;
let subscription = "";
before(async () => {
  microsoft = await startMicrosoft();
  graph = await graphAs(microsoft, "Mail.Read Files.ReadWrite User.Read.All");
  const azure = await armAs(microsoft);
  arm = azure.ask;
  subscription = azure.subscriptions[0] ?? "";
});
after(() => microsoft.close());
afterEach(() => microsoft.control({ reset: true }));

test("what is locked is not deleted, and is once it is not", async () => {
  await graph("PUT", "/me/drive/root:/a.txt:/content", {});
  const group = at(`${subscription}/resourcegroups/rg-4`);
  const store = at(
    `${subscription}/resourceGroups/rg-4/providers/Microsoft.Storage/storageAccounts/store40`,
    "2023-05-01",
  );
  const all = [
    [graph, "/me/drive/root:/a.txt", 423, "resourceLocked"],
    [arm, store, 409, "ScopeLocked"],
    [arm, group, 409, "ScopeLocked"],
  ] as const;
  microsoft.control({ locked: true });
  for (const [ask, path, status, code] of all) {
    const refused = await ask("DELETE", path);
    assert.deepEqual([refused.status, codeIn(refused)], [status, code]);
    assert.equal((await ask("GET", path)).status, 200);
  }
  assert.match(textIn(await arm("DELETE", group)), /^The scope '.*' cannot perform delete operation because/);
  microsoft.control({ locked: false });
  for (const [ask, path] of all) {
    const gone = await ask("DELETE", path);
    assert.ok(gone.status === 204 || (await endOf(ask, gone)).status === 200);
    assert.equal((await ask("GET", path)).status, 404);
  }
  assert.throws(() => microsoft.control({ locked: "yes" as never }), /bad locked/);
});

test("parts of a batch are throttled, each by itself, and answered when they are asked again", async () => {
  const part = (id: string, url: string) => ({ id, method: "GET", url });
  const requests = [
    part("1", "/me"),
    part("2", "/me/messages?$top=1"),
    part("3", "/me/messages/msg-alice-1"),
  ];
  const statuses = async () => {
    const { status, body } = await graph("POST", "/$batch", { requests });
    assert.equal(status, 200);
    const responses = body.responses as { id: string; status: number; headers: Item; body: Item }[];
    return requests.map(({ id }) => responses.find((response) => response.id === id));
  };
  microsoft.control({
    graph: { kind: "status", status: 429, retry_after: 7, path: "/me/messages", times: 2 },
  });
  const [me, list, one] = await statuses();
  assert.deepEqual([me?.status, list?.status, one?.status], [200, 429, 429]);
  assert.equal(list?.headers["Retry-After"], "7");
  assert.equal((list?.body.error as Item | undefined)?.code, "TooManyRequests");
  assert.deepEqual(
    (await statuses()).map((response) => response?.status),
    [200, 200, 200],
  );
  // A fault that names no path is one of the whole batch.
  microsoft.control({ graph: { kind: "status", status: 429, retry_after: 1 } });
  assert.equal((await graph("POST", "/$batch", { requests })).status, 429);
  microsoft.control({ graph: { kind: "drop-before", path: "/me/messages/" } });
  assert.deepEqual(
    (await statuses()).map((response) => response?.status),
    [200, 200, 504],
  );
});

test("lists begin with a page that is empty, and are whole after it", async () => {
  microsoft.control({ pages: "empty-first" });
  const first = await graph("GET", "/me/messages?$top=20");
  assert.deepEqual([itemsIn(first), typeof first.body["@odata.nextLink"]], [[], "string"]);
  const sizes = (pages: Item[][]) => pages.map(({ length }) => length);
  assert.deepEqual(sizes(await pagesOf(graph, "/me/messages?$top=20")), [0, 20, 20, 7]);
  assert.deepEqual(sizes(await pagesOf(graph, "/users?$top=200")), [0, 200, 32]);
  assert.deepEqual(sizes(await pagesOf(graph, "/me/mailFolders/sentitems/messages")), [0, 0]);
  assert.deepEqual(sizes(await pagesOf(arm, at("/subscriptions", "2022-12-01"), "nextLink")), [0, 3, 3, 1]);
  assert.equal((await graph("GET", "/me")).body["@odata.nextLink"], undefined);
  microsoft.control({ links: "long" });
  assert.deepEqual(sizes(await pagesOf(graph, "/me/messages?$top=40")), [0, 40, 7]);
  assert.throws(() => microsoft.control({ pages: "none" as never }), /bad pages/);
});
