/** Typed calls, all the way: what is done at Graph and Azure Resource Manager, and what a caller is told. */
import { beforeAll, describe, expect, test } from "vitest";
import {
  Browser,
  type Connected,
  createKey,
  createLink,
  expectProblem,
  frontWith,
  get,
  newOrg,
  newUser,
  rpc,
  send,
} from "../support/client.ts";
import { CAROL, world } from "../support/world.ts";

const SCOPES = [
  "openid",
  "User.Read",
  "User.Read.All",
  "Mail.ReadWrite",
  "Mail.Send",
  "Calendars.ReadWrite",
  "Contacts.Read",
  "Files.ReadWrite",
  "Group.Read.All",
  "Team.ReadBasic.All",
  "Channel.ReadBasic.All",
  "ChannelMessage.Read.All",
  "ChannelMessage.Send",
  "Sites.Read.All",
  "https://management.azure.com/user_impersonation",
].join(" ");
const PERMISSIONS = [
  "graph:read",
  "mail:write",
  "calendar:write",
  "users:read",
  "groups:read",
  "contacts:read",
  "files:read",
  "files:write",
  "teams:read",
  "teams:write",
  "sites:read",
  "arm:read",
  "arm:write",
  "roles:read",
  "connect",
];
const allowing = frontWith({ AZURE_ALLOWED_SCOPES: SCOPES });

/** Somebody who agreed to all of it, and whose mail, files and resources no other test looks at. */
async function agreed(): Promise<Connected> {
  const org = newOrg();
  const [{ key }, user] = [await createKey(org, PERMISSIONS), newUser()];
  const browser = new Browser(allowing);
  const link = await createLink(key, user, { scopes: SCOPES }, allowing);
  const page = await browser.open(await browser.upToCallback(link.url, CAROL));
  if (page.status !== 200) throw new Error(`not connected: ${page.status} ${page.text}`);
  return { org, key, user };
}

let who: Connected;
beforeAll(async () => {
  who = await agreed();
});

type Item = Record<string, unknown>;
const own = () => `user_id=${who.user}`;
const service = () => rpc(who.org, PERMISSIONS);
const mine = () => ({ userId: who.user });
const ok = <T>(answer: T): Exclude<T, { success: false }> => {
  // Either all of it, to show why, or nothing.
  expect((answer as { success?: boolean }).success === false ? answer : undefined).toBeUndefined();
  return answer as Exclude<T, { success: false }>;
};

const ADDRESS = { emailAddress: { address: "bob.brandt@contoso.example" } };

describe("mail", () => {
  test("is sent, found among what was sent, answered and moved", async () => {
    const message = {
      subject: "Lunch on Friday",
      body: { contentType: "text", content: "At one?" },
      toRecipients: [ADDRESS],
    };
    const sent = await send("POST", `/mail?${own()}`, who.key, { message });
    expect([sent.status, sent.json]).toEqual([200, { status: 202 }]);
    const folders = ok(await service().listMailFolders(mine()));
    expect(folders.map(({ displayName }) => displayName)).toContain("Sent Items");
    const [first] = ok(await service().getMail({ ...mine(), folder: "sentitems", top: 1 }));
    expect(first?.subject).toBe("Lunch on Friday");
    const one = await get(`/mail/${encodeURIComponent(String(first?.id))}?${own()}`, who.key);
    expect(one.json.body).toMatchObject({ content: expect.stringContaining("At one?") });
    const [inbox] = ok(await service().getMail({ ...mine(), top: 1 }));
    const id = String(inbox?.id);
    const reply = { ...mine(), messageId: id, comment: "Yes" };
    expect(ok(await service().replyToMessage(reply))).toEqual({ status: 202 });
    expect(ok(await service().replyAllToMessage(reply))).toEqual({ status: 202 });
    const forward = { ...mine(), messageId: id, toRecipients: message.toRecipients };
    expect(ok(await service().forwardMessage(forward))).toEqual({ status: 202 });
    const moved = ok(await service().moveMessage({ ...mine(), messageId: id, destinationId: "archive" }));
    expect(moved.id).not.toBe(id);
    expectProblem(await get(`/mail/${encodeURIComponent(id)}?${own()}`, who.key), 404, "provider_not_found");
  });

  test("has attachments, with their content", async () => {
    const attachments = [
      { "@odata.type": "#microsoft.graph.fileAttachment", name: "a.txt", contentBytes: btoa("content") },
    ];
    const message = {
      subject: "With a file",
      body: { contentType: "text", content: "x" },
      toRecipients: [ADDRESS],
      attachments,
    };
    ok(await service().sendMail({ ...mine(), message, saveToSentItems: true }));
    const inSent = { ...mine(), folder: "sentitems", search: "With a file" };
    const [sent] = ok(await service().getMail(inSent));
    const messageId = String(sent?.id);
    const [file] = ok(await service().listAttachments({ ...mine(), messageId }));
    const attachment = { ...mine(), messageId, attachmentId: String(file?.id) };
    expect(ok(await service().getAttachment(attachment)).contentBytes).toBe(btoa("content"));
  });

  test("is searched, and not beside a filter", async () => {
    const found = await get(`/mail?${own()}&search=${encodeURIComponent("Lunch on Friday")}`, who.key);
    expect([found.status, (found.json.messages as Item[]).length > 0]).toEqual([200, true]);
    expectProblem(await get(`/mail?${own()}&search=x&filter=isRead`, who.key), 400, "invalid_request");
  });

  test("without the scope is refused, in words that say who can change it", async () => {
    const { key } = await createKey(who.org, ["mail:write"]);
    const plain = newUser();
    const browser = new Browser();
    const link = await createLink(who.key, plain);
    await browser.open(await browser.upToCallback(link.url, CAROL));
    const answer = await send("POST", `/mail?user_id=${plain}`, key, { message: { subject: "x" } });
    expectProblem(answer, 403, "provider_forbidden");
    expect(answer.json).toMatchObject({ provider_code: "ErrorAccessDenied", fix: "operator" });
  });
});

describe("the calendar", () => {
  const event = {
    subject: "Planning",
    start: { dateTime: "2026-12-03T09:00:00", timeZone: "UTC" },
    end: { dateTime: "2026-12-03T10:00:00", timeZone: "UTC" },
  };

  test("has an event made, changed and taken out, each against the ETag that its caller knows", async () => {
    const made = await send("POST", `/calendar/events?${own()}`, who.key, { event });
    expect([made.status, made.json.subject]).toEqual([200, "Planning"]);
    const eventId = String(made.json.id);
    const etag = String(made.json["@odata.etag"]);
    const change = { ...mine(), eventId, event: { subject: "Planning, moved" }, ifMatch: etag };
    expect(ok(await service().updateCalendarEvent(change)).subject).toBe("Planning, moved");
    expect(await service().updateCalendarEvent(change)).toMatchObject({ code: "provider_conflict" });
    expect(ok(await service().getCalendarEvent({ ...mine(), eventId })).subject).toBe("Planning, moved");
    expect(ok(await service().deleteCalendarEvent({ ...mine(), eventId }))).toEqual({ status: 204 });
    expect(await service().getCalendarEvent({ ...mine(), eventId })).toMatchObject({
      code: "provider_not_found",
    });
  });

  test("is listed, and says when people are free", async () => {
    expect(ok(await service().listCalendars(mine())).length).toBeGreaterThan(0);
    const asked = {
      schedules: [CAROL],
      start: "2026-12-01T09:00:00+01:00",
      end: "2026-12-01T18:00:00+01:00",
    };
    const free = ok(await service().getFreeBusy({ ...mine(), ...asked, interval: 60 }));
    expect(free.value[0]?.scheduleId).toBe(CAROL);
  });
});

describe("the directory", () => {
  test("lists, searches and counts its users", async () => {
    const page = await get(`/users?${own()}&top=3&count=true&select=id,displayName`, who.key);
    expect([page.status, (page.json.users as Item[]).length, Number(page.json.count) > 3]).toEqual([
      200,
      3,
      true,
    ]);
    const next = await get(
      `/users?${own()}&cursor=${encodeURIComponent(String(page.json.next_cursor))}`,
      who.key,
    );
    expect((next.json.users as Item[]).length).toBeGreaterThan(0);
    const found = ok(await service().listUsers({ ...mine(), search: "displayName:Carol" }));
    expect(found.length).toBeGreaterThan(0);
    const id = String(found[0]?.id);
    expect(ok(await service().getDirectoryUser({ ...mine(), id })).id).toBe(id);
  });

  test("lists groups and who is in them, contacts, teams and sites", async () => {
    const [group] = ok(await service().listGroups(mine()));
    const groupId = String(group?.id);
    expect(ok(await service().getGroup({ ...mine(), groupId })).id).toBe(groupId);
    expect(ok(await service().listGroupMembers({ ...mine(), groupId })).length).toBeGreaterThan(0);
    expect(ok(await service().listContacts(mine())).length).toBeGreaterThan(0);
    const [site] = ok(await service().searchSites({ ...mine(), query: "*" }));
    expect(ok(await service().getSite({ ...mine(), siteId: String(site?.id) })).id).toBe(site?.id);
  });

  test("has teams, in whose channels is written", async () => {
    const [team] = ok(await service().listTeams(mine()));
    const teamId = String(team?.id);
    const [channel] = ok(await service().listChannels({ ...mine(), teamId }));
    const place = { ...mine(), teamId, channelId: String(channel?.id) };
    const message = ok(
      await service().sendChannelMessage({ ...place, content: "Deployed", contentType: "text" }),
    );
    const listed = ok(await service().listChannelMessages(place));
    expect(listed.map(({ id }) => id)).toContain(message.id);
  });
});

describe("files", () => {
  test("are put, listed, found, read, by id and by path", async () => {
    const path = "Reports/plan b.txt";
    const put = await send(
      "PUT",
      `/files/by-path/content?${own()}&path=${encodeURIComponent(path)}`,
      who.key,
      "the plan",
    );
    expect([put.status, put.json.name]).toEqual([201, "plan b.txt"]);
    const itemId = String(put.json.id);
    expect(ok(await service().getFile({ ...mine(), itemId })).name).toBe("plan b.txt");
    expect(ok(await service().getFileByPath({ ...mine(), path })).id).toBe(itemId);
    const listed = ok(await service().listFiles({ ...mine(), path: "Reports" }));
    expect(listed.map(({ name }) => name)).toContain("plan b.txt");
    expect(ok(await service().listFiles(mine())).length).toBeGreaterThan(0);
    const found = ok(await service().searchFiles({ ...mine(), query: "plan b" }));
    expect(found.map(({ id }) => id)).toContain(itemId);
    expect(ok(await service().searchFiles({ ...mine(), query: "it's" }))).toEqual([]);
    expect((await get(`/files/${itemId}/content?${own()}`, who.key)).text).toBe("the plan");
    const read = await service().downloadFileByPath({ ...mine(), path });
    expect([read.status, await read.text()]).toEqual([200, "the plan"]);
  });
});

describe("Azure", () => {
  const subscriptionOf = async () => String(ok(await service().listSubscriptions(mine()))[0]?.subscriptionId);

  test("makes a resource group, and deletes it while the caller waits or asks again", async () => {
    const subscriptionId = await subscriptionOf();
    const group = { ...mine(), subscriptionId, resourceGroup: "rg-typed" };
    expect(ok(await service().getSubscription({ ...mine(), subscriptionId })).subscriptionId).toBe(
      subscriptionId,
    );
    const made = ok(
      await service().createResourceGroup({ ...group, location: "westeurope", tags: { a: "b" } }),
    );
    expect(made).toMatchObject({ name: "rg-typed", location: "westeurope", tags: { a: "b" } });
    expect(ok(await service().getResourceGroup(group)).name).toBe("rg-typed");
    const begun = ok(await service().deleteResourceGroup(group));
    expect(begun).toMatchObject({ state: "running", operation: expect.any(String) });
    let state: string = begun.state;
    let asked = 0;
    for (; state === "running" && asked < 10; asked += 1) {
      const answer = ok(await service().getOperation({ ...mine(), operation: String(begun.operation) }));
      state = answer.state;
    }
    expect([state, asked > 1]).toEqual(["done", true]);
    expect(await service().getResourceGroup(group)).toMatchObject({ code: "provider_not_found" });
    const other = { ...mine(), userId: newUser(), operation: String(begun.operation) };
    expect(await service().getOperation(other)).toMatchObject({ success: false, code: "not_connected" });
  });

  test.each(["Location", "Azure-AsyncOperation", "Operation-Location"])(
    "makes a resource, told by %s how far it is",
    async (polling) => {
      const subscriptionId = await subscriptionOf();
      await world.control({ polling });
      const [group] = ok(await service().listResourceGroups({ ...mine(), subscriptionId }));
      const name = `site-${polling.toLowerCase()}`;
      const resourceId = `${group?.id}/providers/Microsoft.Web/sites/${name}`;
      const resource = { ...mine(), resourceId };
      const put = { ...resource, definition: { location: "westeurope", properties: { x: 1 } }, wait: 30 };
      const made = ok(await service().createOrUpdateResource(put));
      expect(made).toMatchObject({ state: "done", result: { name } });
      expect(ok(await service().getResource(resource)).name).toBe(name);
      expect(ok(await service().deleteResource({ ...resource, wait: 30 })).state).toBe("done");
    },
  );

  test("says why what it accepted failed", async () => {
    const subscriptionId = await subscriptionOf();
    const [group] = ok(await service().listResourceGroups({ ...mine(), subscriptionId }));
    await world.control({ operations: "fail", polling: "Azure-AsyncOperation" });
    const resourceId = `${group?.id}/providers/Microsoft.Web/sites/fails`;
    const put = {
      ...mine(),
      resourceId,
      apiVersion: "2023-12-01",
      definition: { location: "westeurope" },
      wait: 30,
    };
    expect(await service().createOrUpdateResource(put)).toMatchObject({
      success: false,
      code: "operation_failed",
      provider_code: expect.any(String),
    });
  });
});

describe("what Azure is governed by", () => {
  const place = async () => {
    const [subscription] = ok(await service().listSubscriptions(mine()));
    const subscriptionId = String(subscription?.subscriptionId);
    const [group] = ok(await service().listResourceGroups({ ...mine(), subscriptionId }));
    return { ...mine(), subscriptionId, resourceGroup: String(group?.name), scope: String(group?.id) };
  };

  test("providers and their versions", async () => {
    const { userId, subscriptionId } = await place();
    expect(ok(await service().listProviders({ userId, subscriptionId })).length).toBeGreaterThan(1);
    const web = ok(await service().getProvider({ userId, subscriptionId, namespace: "Microsoft.Web" }));
    expect(web.resourceTypes?.map(({ resourceType }) => resourceType)).toContain("sites");
  });

  test("a version that the provider does not have is told", async () => {
    const { userId, scope } = await place();
    const resourceId = `${scope}/providers/Microsoft.Web/sites/none`;
    expect(await service().getResource({ userId, resourceId, apiVersion: "2001-01-01" })).toMatchObject({
      code: "invalid_request",
      provider_code: "NoRegisteredProviderFound",
    });
    for (const [odd, code] of [
      [`${scope}/providers/Microsoft.Web/nothing/none`, "invalid_request"],
      [scope, "invalid_request"],
      [`${scope}/../x`, "invalid_request"],
    ] as const)
      expect(await service().getResource({ userId, resourceId: odd })).toMatchObject({ code });
  });

  test("tags, merged, replaced and deleted", async () => {
    const { userId, subscriptionId, scope } = await place();
    const change = { userId, scope };
    ok(await service().updateTags({ ...change, operation: "Replace", tags: { a: "1", b: "2" } }));
    const merged = ok(await service().updateTags({ ...change, tags: { c: "3" } }));
    expect(merged.properties.tags).toEqual({ a: "1", b: "2", c: "3" });
    ok(await service().updateTags({ ...change, operation: "Delete", tags: { a: "1" } }));
    expect(ok(await service().getTags(change)).properties.tags).toEqual({ b: "2", c: "3" });
    const names = ok(await service().listTags({ userId, subscriptionId }));
    expect(names.map(({ tagName }) => tagName)).toContain("c");
  });

  test("deployments, looked at before they are made", async () => {
    const { userId, subscriptionId, resourceGroup } = await place();
    const resources = [
      { type: "Microsoft.Web/sites", apiVersion: "2023-12-01", name: "deployed", location: "westeurope" },
    ];
    const deployment = {
      ...{ userId, subscriptionId, resourceGroup, deployment: "first", mode: "Incremental", wait: 30 },
      template: {
        $schema: "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        resources,
      },
    };
    const preview = ok(await service().previewDeployment(deployment));
    expect(preview).toMatchObject({ state: "done", result: { properties: { changes: expect.any(Array) } } });
    expect(ok(await service().createDeployment(deployment)).state).toBe("done");
    const made = ok(
      await service().getDeployment({ userId, subscriptionId, resourceGroup, deployment: "first" }),
    );
    expect(made.properties?.provisioningState).toBe("Succeeded");
    const all = ok(await service().listDeployments({ userId, subscriptionId, resourceGroup }));
    expect(all.map(({ name }) => name)).toContain("first");
  });

  test("roles, and resources of all subscriptions by a query", async () => {
    const { userId, scope } = await place();
    expect(ok(await service().listRoleAssignments({ userId, scope })).length).toBeGreaterThan(0);
    const query = { userId, query: "Resources | project id, name", top: 2 };
    const first = ok(await service().queryResources(query));
    expect([first.count, (first.data as unknown[]).length]).toEqual([2, 2]);
    const next = ok(await service().queryResources({ ...query, skipToken: String(first.$skipToken) }));
    expect(next.data).not.toEqual(first.data);
  });

  test("resources, moved into another group", async () => {
    const { userId, subscriptionId } = await place();
    const make = async (resourceGroup: string) =>
      ok(
        await service().createResourceGroup({
          userId,
          subscriptionId,
          resourceGroup,
          location: "westeurope",
        }),
      );
    const [from, to] = [await make("rg-from"), await make("rg-to")];
    const resourceId = `${from.id}/providers/Microsoft.Web/sites/moves`;
    const definition = { location: "westeurope" };
    ok(await service().createOrUpdateResource({ userId, resourceId, definition, wait: 30 }));
    const move = { userId, subscriptionId, resourceGroup: "rg-from", resources: [resourceId] };
    expect(ok(await service().moveResources({ ...move, targetResourceGroup: to.id, wait: 30 })).state).toBe(
      "done",
    );
    const moved = `${to.id}/providers/Microsoft.Web/sites/moves`;
    expect(ok(await service().getResource({ userId, resourceId: moved })).name).toBe("moves");
    await world.control({ locked: true });
    expect(await service().deleteResource({ userId, resourceId: moved })).toMatchObject({
      code: "provider_conflict",
      provider_code: "ScopeLocked",
    });
  });

  test("a mailbox that there is not, and a list that begins with an empty page", async () => {
    await world.control({ mailbox: "missing" });
    expect(await service().getMail(mine())).toMatchObject({
      code: "provider_forbidden",
      fix: "administrator",
    });
    await world.control({ reset: true, pages: "empty-first" });
    expect(ok(await service().listGroups(mine())).length).toBeGreaterThan(0);
    expect(ok(await service().listSubscriptions(mine())).length).toBeGreaterThan(0);
  });
});

describe("a key", () => {
  test.each([
    ["mail:write", "POST", "/mail", { message: {} }],
    ["calendar:write", "POST", "/calendar/events", { event: {} }],
    ["users:read", "GET", "/users", undefined],
    ["groups:read", "GET", "/groups", undefined],
    ["contacts:read", "GET", "/contacts", undefined],
    ["files:read", "GET", "/files", undefined],
    ["files:write", "PUT", "/files/by-path/content?path=a", "x"],
    ["teams:read", "GET", "/teams", undefined],
    ["sites:read", "GET", "/sites?query=a", undefined],
    ["arm:write", "DELETE", "/resource?resource_id=/a/b&api_version=2023-01-01", undefined],
    ["roles:read", "GET", "/roleAssignments?scope=/a", undefined],
  ])("with all that there was at first is not allowed %s", async (permission, method, path, body) => {
    const { key } = await createKey(who.org);
    const url = `${path}${path.includes("?") ? "&" : "?"}${own()}`;
    const answer = await send(method, url, key, body);
    expectProblem(answer, 403, "permission_denied");
    expect(answer.text).toContain(permission);
  });
});
