/** Permissions that `tokens:read` and `*` do not stand for: one API's tokens, the organization's own connections. */
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import {
  type Answer,
  type Connected,
  connect,
  connected,
  createKey,
  expectProblem,
  get,
  newOrg,
  rpc,
  send,
} from "../support/client.ts";

/** Refused as HTTP refuses it, over RPC. */
const DENIED = { success: false, status: 403, code: "permission_denied" };

describe("tokens:read:arm", () => {
  const PERMISSIONS = ["tokens:read:arm"];
  const token = (key: string, user: string, resource?: string): Promise<Answer> =>
    get(
      `/v1/connections/azure/token?${new URLSearchParams({ user_id: user, ...(resource && { resource }) })}`,
      key,
    );

  test("is given the tokens of that API, and no other's", async () => {
    const { org, user, key: whole } = await connected();
    const { key } = await createKey(org, PERMISSIONS);
    const service = rpc(org, PERMISSIONS);
    // There, good, and known to the isolate.
    const graph = String((await token(whole, user, "graph")).json.access_token);
    for (const resource of ["graph", undefined]) {
      const refused = await token(key, user, resource);
      expectProblem(refused, 403, "permission_denied");
      expect(refused.json.error).toContain("tokens:read:graph");
      expect(refused.text).not.toContain(graph);
      expect(await service.getToken({ userId: user, ...(resource && { resource }) })).toMatchObject(DENIED);
    }
    const { status, json } = await token(key, user, "arm");
    expect([status, json.resource]).toEqual([200, "arm"]);
    expect(await service.getToken({ userId: user, resource: "arm" })).toMatchObject({
      access_token: json.access_token,
    });
  });
});

describe("connections:organization", () => {
  const OWN = { user_id: "-" };
  const AZURE = "/v1/connections/azure";
  const query = (more: Record<string, string> = {}) => new URLSearchParams({ ...OWN, ...more });

  /** An organization with its own connection, and a user's; an event of each is a dead letter, too. */
  async function furnished(): Promise<Connected & { readonly event: string }> {
    const org = newOrg();
    const { key } = await createKey(org, ["*", "connections:organization"]);
    for (const user of ["-", "ada"]) expect((await connect(key, user)).status).toBe(200);
    await env.DB.prepare(
      `INSERT INTO dead_letters (event_id, org_id, integration, user_id, type, occurred_at, data, webhook, attempts, reason,
         failed_at) SELECT id, org_id, integration, user_id, type, occurred_at, data, 'https://hook.example#1', 10, '410', 1
         FROM events WHERE org_id = ?`,
    )
      .bind(org)
      .run();
    const { events } = (await get(`/v1/events?${query()}`, key)).json as { events: { id: string }[] };
    expect(events).toHaveLength(1);
    return { org, key, user: "-", event: events[0]?.id ?? "" };
  }

  test("is needed besides to name the organization itself", async () => {
    const { org, key } = await furnished();
    const calls: [string, string, string][] = [
      ["connect", "GET", `/connect?${query()}`],
      ["tokens:read", "GET", `${AZURE}/token?${query()}`],
      ["connections:read", "GET", `${AZURE}?${query()}`],
      ["connections:read", "GET", `${AZURE}/versions?${query()}`],
      ["connections:write", "POST", `${AZURE}/refresh?${query()}`],
      ["graph:read", "GET", `/user?${query()}`],
      ["arm:read", "GET", `/subscriptions?${query()}`],
      ["connections:read", "GET", `/v1/connections?${query()}`],
      ["events:read", "GET", `/v1/events?${query()}`],
      ["connections:write", "DELETE", `${AZURE}?${query()}`],
    ];
    const all = await createKey(org);
    const alone = await createKey(org, ["connections:organization"]);
    for (const [permission, method, path] of calls) {
      const without = await send(method, path, all.key);
      expectProblem(without, 403, "permission_denied");
      expect([path, without.json.error]).toEqual([path, expect.stringContaining("connections:organization")]);
      // It allows nothing by itself.
      const other = await send(method, path, alone.key);
      expectProblem(other, 403, "permission_denied");
      expect([path, other.json.error]).toEqual([path, expect.stringContaining(permission)]);
    }
    const service = rpc(org);
    for (const refused of [
      await service.createConnectLink({ userId: "-" }),
      await service.getToken({ userId: "-" }),
      await service.getConnection({ userId: "-" }),
      await service.refresh({ userId: "-" }),
      await service.getUser({ userId: "-" }),
      await service.listConnections({ userId: "-" }),
      await service.listEvents({ userId: "-" }),
      await service.disconnect({ userId: "-" }),
    ])
      expect(refused).toMatchObject(DENIED);
    // Nothing of it was done, and who holds both may.
    for (const [, method, path] of calls)
      expect([path, (await send(method, path, key)).status]).toEqual([path, 200]);
    expectProblem(await get(`${AZURE}?${query()}`, key), 404, "not_connected");
  });

  test("is needed to see its connection, its events and its dead letters, and to send one again", async () => {
    const { org, key, event } = await furnished();
    const lists = ["connections", "events", "dead-letters"];
    const shown = async (by: string) =>
      Promise.all(
        lists.map(async (list) => {
          const { status, json } = await get(`/v1/${list}`, by);
          expect(status).toBe(200);
          const rows = json[list.replace("-", "_")] as { user_id?: string; data?: { user_id: string } }[];
          return rows.map(({ user_id, data }) => user_id ?? data?.user_id).sort();
        }),
      );
    const shownByRpc = async (permissions: readonly string[]) => {
      const service = rpc(org, permissions);
      const answers = [
        await service.listConnections(),
        await service.listEvents(),
        await service.listDeadLetters(),
      ];
      return answers.map(
        (answer) =>
          JSON.stringify(answer)
            .match(/"user_id":"[^"]*"/g)
            ?.sort() ?? [],
      );
    };
    const all = await createKey(org);
    const again = `/v1/events/${event}/redeliver`;

    expect(await shown(all.key)).toEqual(lists.map(() => ["ada"]));
    expect(await shownByRpc(["*"])).toEqual(lists.map(() => ['"user_id":"ada"']));
    expectProblem(await send("POST", again, all.key), 404, "not_found");
    expect(await rpc(org).redeliverEvent({ eventId: event })).toMatchObject({ code: "not_found" });

    expect(await shown(key)).toEqual(lists.map(() => ["-", "ada"]));
    expect(await shownByRpc(["*", "connections:organization"])).toEqual(
      lists.map(() => ['"user_id":"-"', '"user_id":"ada"']),
    );
    // Found; there is no webhook to send it to.
    expectProblem(await send("POST", again, key), 409, "no_webhook");
    expect(
      await rpc(org, ["*", "connections:organization"]).redeliverEvent({ eventId: event }),
    ).toMatchObject({
      code: "no_webhook",
    });
  });

  test("is needed to follow its events", async () => {
    const { org } = await furnished();
    const followed = async (permissions: string[], subject: { subject?: string } = {}) => {
      const users: string[] = [];
      const wish = { userId: "-", ...subject, seconds: 1 };
      const answer = await rpc(org, permissions).subscribe(wish, (events) => {
        for (const { data } of events as { data: { user_id: string } }[]) users.push(data.user_id);
        return false;
      });
      return { users, answer };
    };
    expect((await followed(["*"])).answer).toMatchObject(DENIED);
    // A user may be called so.
    expect((await followed(["*"], { subject: "user" })).users).toEqual([]);
    expect((await followed(["*", "connections:organization"])).users).toEqual(["-"]);
  });
});
