import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { answerOf } from "../testing.ts";
import { type Microsoft, startMicrosoft } from "./microsoft.ts";
import { ALICE, DAVE, tokenFor } from "./testing.ts";

let microsoft: Microsoft;
let token: unknown;
before(async () => {
  microsoft = await startMicrosoft();
  token = await tokenFor(microsoft, ALICE, "User.ReadWrite.All");
});
after(() => microsoft.close());

type Item = Record<string, unknown>;

async function ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const url = path.startsWith("http") ? path : `${microsoft.graphOrigin}/v1.0${path}`;
  const response = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return answerOf(response);
}

const newUser = (name: string) => ({
  accountEnabled: true,
  displayName: name,
  mailNickname: name.toLowerCase(),
  userPrincipalName: `${name.toLowerCase()}@contoso.example`,
  passwordProfile: { password: "a long one", forceChangePasswordNextSignIn: true },
});
const code = (answer: { body: Item }) => (answer.body.error as Item).code;

test("users come in pages to the end, nobody twice", async () => {
  const ids: unknown[] = [];
  const sizes: number[] = [];
  for (let next: unknown = "/users"; typeof next === "string"; ) {
    const { body } = await ask("GET", next);
    const page = body.value as Item[];
    sizes.push(page.length);
    ids.push(...page.map(({ id }) => id));
    next = body["@odata.nextLink"];
  }
  assert.deepEqual(sizes, [100, 100, 32]);
  assert.equal(new Set(ids).size, 232);
  assert.equal(((await ask("GET", "/users?$top=3&$select=displayName")).body.value as Item[]).length, 3);
  assert.equal(code(await ask("GET", "/users?$skiptoken=made-up")), "Directory_ExpiredPageToken");
  assert.equal((await ask("GET", "/users?$top=1000")).status, 400);
});

test("a count and a search want the header ConsistencyLevel", async () => {
  const eventual = { consistencylevel: "eventual" };
  assert.equal((await ask("GET", "/users?$count=true")).body["@odata.count"], undefined);
  assert.equal(
    (await ask("GET", "/users?$count=true&$top=1", undefined, eventual)).body["@odata.count"],
    232,
  );
  assert.equal(code(await ask("GET", '/users?$search="displayName:x"')), "Request_UnsupportedQuery");
  const logged = microsoft.world.ledger.requests.filter((request) => request.consistencyLevel === "eventual");
  assert.equal(logged.length, 1);
});

test("a user is created, read, changed and deleted", async () => {
  const created = await ask("POST", "/users", newUser("Erin"));
  assert.equal(created.status, 201);
  assert.equal(
    created.headers.get("location"),
    `${microsoft.graphOrigin}/v1.0/users/${String(created.body.id)}`,
  );
  assert.equal(code(await ask("POST", "/users", newUser("Erin"))), "Request_BadRequest");
  assert.equal(code(await ask("POST", "/users", { displayName: "Nobody" })), "Request_BadRequest");
  const path = `/users/${String(created.body.id)}`;
  assert.equal((await ask("PATCH", path, { jobTitle: "Tester" })).status, 204);
  const { body } = await ask("GET", "/users/erin@contoso.example");
  assert.deepEqual([body.id, body.jobTitle], [created.body.id, "Tester"]);
  assert.equal((await ask("DELETE", path)).status, 204);
  const gone = await ask("GET", path);
  assert.deepEqual([gone.status, code(gone)], [404, "Request_ResourceNotFound"]);
  assert.equal((await ask("PUT", `/users/${ALICE}`)).status, 405);
});

test("each world has users of its own", async () => {
  const other = await startMicrosoft();
  const { tid } = microsoft.world.rules.people[0] as never as { tid: string };
  microsoft.world.directory.remove(tid, microsoft.world.directory.usersOf(tid).at(-1) as never);
  assert.equal(other.world.directory.usersOf(tid).length - microsoft.world.directory.usersOf(tid).length, 1);
  await other.close();
});

test("who may not is refused", async () => {
  const kept = token;
  token = await tokenFor(microsoft, ALICE, "User.Read");
  const [list, write, self] = [
    await ask("GET", "/users"),
    await ask("POST", "/users", newUser("Frank")),
    await ask("GET", `/users/${ALICE}`),
  ];
  token = await tokenFor(microsoft, DAVE, "User.ReadWrite.All");
  const personal = await ask("GET", "/users");
  token = kept;
  assert.deepEqual([list.status, write.status, self.status, personal.status], [403, 403, 200, 403]);
  assert.equal(code(list), "Authorization_RequestDenied");
});

test("a batch is answered part by part, with links to the next page inside", async () => {
  const { status, body } = await ask("POST", "/$batch", {
    requests: [
      { id: "1", method: "GET", url: "/users?$top=2" },
      {
        id: "2",
        method: "POST",
        url: "/users",
        headers: { "Content-Type": "application/json" },
        body: newUser("Gina"),
      },
      { id: "3", method: "DELETE", url: "users/gina@contoso.example", dependsOn: ["2"] },
      { id: "4", method: "GET", url: "/nothing" },
      { id: "5", method: "GET", url: "/me", dependsOn: ["4"] },
    ],
  });
  assert.equal(status, 200);
  const responses = body.responses as { id: string; status: number; headers: Item; body: Item }[];
  const by = new Map(responses.map((response) => [response.id, response]));
  assert.deepEqual(
    ["1", "2", "3", "4", "5"].map((id) => by.get(id)?.status),
    [200, 201, 204, 404, 424],
  );
  const next = String(by.get("1")?.body["@odata.nextLink"]);
  assert.ok(next.startsWith(`${microsoft.graphOrigin}/v1.0/users?`), next);
  assert.equal(((await ask("GET", next)).body.value as Item[]).length, 2);
  assert.match(String(by.get("2")?.headers.Location), /\/v1\.0\/users\//);
});

test("a batch that is none is refused whole", async () => {
  const part = (id: string, more: object = {}) => ({ id, method: "GET", url: "/me", ...more });
  const many = Array.from({ length: 21 }, (_, n) => part(String(n)));
  const refused = [
    {},
    { requests: [] },
    { requests: many },
    { requests: [part("1"), part("1")] },
    { requests: [part("1", { url: "https://graph.microsoft.com/v1.0/me" })] },
    { requests: [part("1", { method: "POST", body: {} })] },
  ];
  for (const body of refused)
    assert.equal((await ask("POST", "/$batch", body)).status, 400, JSON.stringify(body).slice(0, 80));
  assert.equal((await ask("GET", "/$batch")).status, 405);
});
