/** @microsoft/microsoft-graph-client 3, unchanged but for its base URL, its host and its token. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, afterEach, before, test } from "node:test";
import {
  BatchRequestContent,
  BatchResponseContent,
  Client,
  FileUpload,
  type GraphError,
  LargeFileUploadTask,
  PageIterator,
  ResponseType,
} from "@microsoft/microsoft-graph-client";
import { Stack } from "./stack.ts";

let stack: Stack;
let client: Client;
before(async () => {
  stack = await Stack.start("azure");
  client = clientWith(stack.key);
});
after(() => stack.finish());
afterEach(() => stack.worlds.microsoft.control({ reset: true }));

function clientWith(key: string, user?: string): Client {
  return Client.initWithMiddleware({
    authProvider: { getAccessToken: async () => key },
    baseUrl: `${stack.proxy("azure", user)}/`,
    // Without its port.
    customHosts: new Set(["localhost"]),
  });
}

const graph = () => stack.worlds.microsoft.world.ledger.requests.filter(({ origin }) => origin === "graph");

const newUser = (name: string) => ({
  accountEnabled: true,
  displayName: name,
  mailNickname: name,
  userPrincipalName: `${name}@contoso.example`,
  passwordProfile: { password: "a long one", forceChangePasswordNextSignIn: true },
});

async function refusalOf(asking: Promise<unknown>): Promise<GraphError> {
  return await asking.then(
    () => assert.fail("it was not refused"),
    (error: unknown) => error as GraphError,
  );
}

test("a list is read to its end by a PageIterator", async () => {
  const first = await client
    .api("/users")
    .header("ConsistencyLevel", "eventual")
    .count(true)
    .top(50)
    .select(["id", "displayName"])
    .get();
  assert.equal(first["@odata.count"], 232);
  const ids: string[] = [];
  const iterator = new PageIterator(client, first, (user: { id: string }) => ids.push(user.id) > 0);
  await iterator.iterate();
  assert.ok(iterator.isComplete());
  assert.deepEqual([ids.length, new Set(ids).size], [232, 232]);
  const listed = graph().filter(({ path }) => path.startsWith("/v1.0/users"));
  assert.equal(listed.length, 5);
  assert.equal(listed[0]?.consistencyLevel, "eventual");
});

test("a user is created and deleted", async () => {
  const created = await client.api("/users").post(newUser("erin"));
  assert.equal((await client.api(`/users/${created.id}`).get()).displayName, "erin");
  await client.api(`/users/${created.id}`).update({ jobTitle: "Tester" });
  await client.api(`/users/${created.id}`).delete();
  assert.equal((await refusalOf(client.api(`/users/${created.id}`).get())).statusCode, 404);
});

test("a batch is answered, and a link inside leads back through the proxy", async () => {
  const step = (id: string, url: string, init: RequestInit = {}) => ({
    id,
    // The SDK takes the path of it alone.
    request: new Request(`https://graph.example${url}`, init),
  });
  const headers = { "content-type": "application/json" };
  const content = new BatchRequestContent([
    step("1", "/users", { method: "POST", headers, body: JSON.stringify(newUser("frank")) }),
    step("2", "/users?$top=2"),
    step("3", "/users/frank@contoso.example", { method: "DELETE" }),
    step("4", "/users/nobody@contoso.example"),
  ]);
  for (const id of ["2", "3", "4"]) content.addDependency(id, "1");
  const answer = new BatchResponseContent(await client.api("/$batch").post(await content.getContent()));
  const statuses = ["1", "2", "3", "4"].map((id) => answer.getResponseById(id).status);
  assert.deepEqual(statuses, [201, 200, 204, 404]);
  const page = (await answer.getResponseById("2").json()) as Record<string, string>;
  const link = page["@odata.nextLink"] ?? "";
  assert.ok(link.startsWith(`${stack.proxy("azure")}/v1.0/users?`), link);
  assert.equal((await client.api(link).get()).value.length, 2);
});

test("a file of 20 MiB is uploaded, and read again", async () => {
  const bytes = randomBytes(20 << 20);
  const session = await LargeFileUploadTask.createUploadSession(
    client,
    "/me/drive/root:/large%20file.bin:/createUploadSession",
    { item: { "@microsoft.graph.conflictBehavior": "replace" } },
  );
  assert.ok(session.url.startsWith(`${stack.origin}/`), session.url);
  const progress: number[] = [];
  const task = new LargeFileUploadTask(
    client,
    new FileUpload(bytes, "large file.bin", bytes.length),
    session,
    {
      uploadEventHandlers: { progress: (range) => void progress.push(range?.maxValue ?? 0) },
    },
  );
  const { responseBody } = await task.upload();
  const item = responseBody as { id: string; size: number; file: { hashes: { sha256Hash: string } } };
  assert.equal(item.size, bytes.length);
  assert.equal(item.file.hashes.sha256Hash.toLowerCase(), createHash("sha256").update(bytes).digest("hex"));
  assert.equal(progress.length, 4);

  const read = client.api(`/me/drive/items/${item.id}/content`).responseType(ResponseType.ARRAYBUFFER);
  assert.ok(Buffer.from(await read.get()).equals(bytes));
});

test("an upload is cancelled, and its status asked", async () => {
  const path = "/me/drive/root:/cancelled.bin:/createUploadSession";
  const session = await LargeFileUploadTask.createUploadSession(client, path, {});
  const file = new FileUpload(randomBytes(1 << 20), "cancelled.bin", 1 << 20);
  const task = new LargeFileUploadTask(client, file, session);
  assert.deepEqual(((await task.getStatus()) as { nextExpectedRanges: string[] }).nextExpectedRanges, ["0-"]);
  assert.equal(((await task.cancel()) as Response).status, 204);
  assert.equal((await refusalOf(task.getStatus())).statusCode, 404);
});

test("errors are shown by code and message: the API's and Postern's", async () => {
  const missing = await refusalOf(client.api("/users/nobody@contoso.example").get());
  assert.deepEqual([missing.statusCode, missing.code], [404, "Request_ResourceNotFound"]);
  assert.match(missing.message, /nobody@contoso\.example/);
  assert.match(String(missing.requestId), /^[0-9a-f-]{36}$/);

  const unknown = await refusalOf(clientWith(stack.key, "nobody").api("/me").get());
  assert.deepEqual([unknown.statusCode, unknown.code], [404, "not_connected"]);
  assert.notEqual(unknown.message, "");
  const strange = await refusalOf(clientWith("pk_no_such_key").api("/me").get());
  assert.deepEqual([strange.statusCode, strange.code], [401, "unauthenticated"]);
  assert.notEqual(strange.message, "");
  const other = await stack.newKey("connections:read");
  const forbidden = await refusalOf(clientWith(other).api("/me").get());
  assert.deepEqual([forbidden.statusCode, forbidden.code], [403, "permission_denied"]);
});

test("after two answers 429 comes a good one", async () => {
  stack.worlds.microsoft.control({ graph: { kind: "status", status: 429, retry_after: 0, times: 2 } });
  assert.equal((await client.api("/me").get()).displayName, "Alice Anders");
  assert.deepEqual(
    graph().map(({ status }) => status),
    [429, 429, 200],
  );
});

test("what is too long to be sent again by Postern is sent again by the client", async () => {
  stack.worlds.microsoft.control({ graph: { kind: "status", status: 429, retry_after: 1 } });
  const long = { ...newUser("gina"), aboutMe: "x".repeat(100_000) };
  assert.equal((await client.api("/users").post(long)).displayName, "gina");
  const told = stack.told().filter((line) => line.startsWith("POST /v1/proxy/azure/user-1/v1.0/users:"));
  assert.deepEqual(
    told.slice(-2).map((line) => line.split(": ").at(-1)),
    ["429", "201"],
  );
});

test("a token that ended meanwhile is renewed, and the client is not told", async () => {
  await client.api("/me").get();
  stack.worlds.microsoft.control({ expire_access_tokens: true });
  const created = await client.api("/users").post(newUser("hanna"));
  assert.equal(created.displayName, "hanna");
  assert.deepEqual(
    graph().map(({ status }) => status),
    [200, 401, 201],
  );
});
