/** Each call that the providers describe is found by its path, and the descriptions are whole. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Description, loadDescriptions, match, type Schema, schemaOf } from "./descriptions.ts";

const descriptions = loadDescriptions();
const SUBSCRIPTION = "/subscriptions/5f3c";
const GROUP = `${SUBSCRIPTION}/resourcegroups/production`;
const MACHINE = `${SUBSCRIPTION}/resourceGroups/production/providers/Microsoft.Compute/virtualMachines/web`;
const DEPLOYMENTS = "/providers/Microsoft.Resources/deployments";
const GROUP_PATH = "/subscriptions/{subscriptionId}/resourcegroups/{resourceGroupName}";
const TAGS = "/providers/Microsoft.Resources/tags/default";
const ROLES = "/providers/Microsoft.Authorization/roleAssignments";

/** Calls, and the path of the description that each has. */
const ROWS: readonly (readonly [call: string, described: string])[] = [
  ["GET /v1.0/me", "/v1.0/me"],
  ["GET /v1.0/me/messages/AAMk%3D/attachments", "/v1.0/me/messages/{message-id}/attachments"],
  ["POST /v1.0/me/messages/AAMk/move", "/v1.0/me/messages/{message-id}/move"],
  ["GET /v1.0/me/drive/root:/a/b.txt", "/v1.0/me/drive/root:/{item-path}"],
  ["GET /v1.0/me/drive/root:/a/b:/children", "/v1.0/me/drive/root:/{item-path}:/children"],
  ["GET /v1.0/me/drive/root/search(q='tax')", "/v1.0/me/drive/root/search(q='{search-text}')"],
  ["GET /v1.0/sites?search=sales", "/v1.0/sites"],
  ["POST /v1.0/$batch", "/v1.0/$batch"],
  ["GET /subscriptions?api-version=2020-01-01", "/subscriptions"],
  [`DELETE ${GROUP}`, GROUP_PATH],
  [`GET ${GROUP.toUpperCase()}`, GROUP_PATH],
  [`PUT ${MACHINE}`, "/{resourceId}"],
  [`GET ${MACHINE}/extensions/agent`, "/{resourceId}"],
  [`PATCH ${MACHINE}${TAGS}`, `/{scope}${TAGS}`],
  [`GET ${GROUP}${ROLES}`, `/{scope}${ROLES}`],
  [`GET ${GROUP}${DEPLOYMENTS}`, `${GROUP_PATH}${DEPLOYMENTS}/`],
  [`POST ${GROUP}${DEPLOYMENTS}/first/whatIf`, `${GROUP_PATH}${DEPLOYMENTS}/{deploymentName}/whatIf`],
];

/** Those of the rows whose call is not described as they say. */
function wrongIn(rows: typeof ROWS, among: readonly Description[]): string[] {
  return rows
    .filter(([call, path]) => {
      const [method = "", target = ""] = call.split(" ");
      return match(method, target, among)?.path !== path;
    })
    .map(([call]) => call);
}

const found = (method: string, path: string): Description => {
  const description = match(method, path, descriptions);
  assert.ok(description, `${method} ${path}`);
  return description;
};

test("every call of the list has its description", () => {
  assert.deepEqual(wrongIn(ROWS, descriptions), []);
});

test("a call whose description is missing is told", () => {
  const without = descriptions.filter(({ path }) => path !== "/v1.0/me/messages/{message-id}/move");
  assert.deepEqual(wrongIn(ROWS, without), ["POST /v1.0/me/messages/AAMk/move"]);
  assert.deepEqual(wrongIn(ROWS, []).length, ROWS.length);
});

test("what no provider describes is not found", () => {
  for (const path of [
    "/v1.0/me/Messages",
    "/v1.0/me/messages/a/b",
    "/v1.0/subscriptions",
    "/subscription",
    `${GROUP}/providers/Microsoft.Compute/virtualMachines`,
    ROLES,
  ])
    assert.equal(match("GET", path, descriptions), undefined, path);
  assert.equal(match("DELETE", "/v1.0/me", descriptions), undefined);
});

test("a description tells of options, bodies, answers and long operations", () => {
  assert.deepEqual(found("GET", "/v1.0/users").headers, ["ConsistencyLevel"]);
  assert.equal(found("GET", "/v1.0/users").query.includes("$skip"), false);
  assert.ok(found("GET", "/v1.0/sites").query.includes("search"));
  assert.deepEqual(found("POST", "/v1.0/me/sendMail").answers, { "202": null });
  assert.equal(found("POST", "/v1.0/me/messages/a/move").answers["201"]?.members.subject, "string");
  const messages = found("GET", "/v1.0/me/messages").answers["2XX"];
  assert.equal(messages?.list, "value");
  assert.equal(messages?.of?.members.subject, "string");
  const group = found("PUT", GROUP);
  assert.deepEqual(group.body?.required, ["location"]);
  assert.deepEqual(group.apiVersions, ["2021-04-01"]);
  assert.equal(group.longRunning, false);
  assert.equal(found("DELETE", GROUP).longRunning, true);
  assert.ok(schemaOf("graph", "array of Recipient")?.members.emailAddress);
});

test("every operation is described once, and every type is a word or a schema", () => {
  const names = descriptions.map(({ method, path }) => `${method} ${path}`);
  assert.equal(new Set(names).size, names.length);
  const words = /^(?:string|number|boolean|object|anything)$/;
  for (const { api, body, answers, source } of descriptions) {
    assert.match(source, /\d/);
    const told = [body, ...Object.values(answers).flatMap((one) => [one, one?.of])];
    const queue = told.filter((one): one is Schema => one !== null && one !== undefined);
    const seen = new Set<string>();
    for (const { members, required } of queue) {
      for (const name of required) assert.ok(name in members, name);
      for (const word of Object.values(members).map((one) => one.replace(/^(?:(?:array|map) of )+/, ""))) {
        if (words.test(word) || seen.has(word)) continue;
        seen.add(word);
        const schema = schemaOf(api, word);
        assert.ok(schema, word);
        queue.push(schema);
      }
    }
  }
});
