/** Typed calls of Azure Resource Manager, all the way. */
import { beforeAll, describe, expect, test } from "vitest";
import { agreed, ok, PERMISSIONS } from "../support/agreed.ts";
import { type Connected, newUser, rpc } from "../support/client.ts";
import { world } from "../support/world.ts";

let who: Connected;
beforeAll(async () => {
  who = await agreed();
});
const service = () => rpc(who.org, PERMISSIONS);
const mine = () => ({ userId: who.user });

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
