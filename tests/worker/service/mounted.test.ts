/** Below a path in somebody else's Hono app: everything that a person and a backend follow leads back there. */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Hono } from "hono";
import { describe, expect, test } from "vitest";
import { createApp } from "../../../worker-shim/src/app.ts";
import type { Bindings } from "../../../worker-shim/src/env.ts";
import { navigationOf } from "../../world/sign-in.ts";
import { newOrg, newUser } from "../support/client.ts";
import { ADMIN_KEY, MOUNT, ORIGIN } from "../support/variables.ts";
import { ALICE, world } from "../support/world.ts";

const bindings: Bindings = {
  ...env,
  ...{ AZURE_REDIRECT_URI: `${ORIGIN}${MOUNT}/callback/azure` },
};

type Send = (url: string, init?: RequestInit) => Promise<Response>;

function mountedAt(pattern: string): Send {
  const outer = new Hono<{ Bindings: Bindings }>();
  outer.get("/", (c) => c.text("somebody else's"));
  outer.route(pattern, createApp());
  return async (url, init) => {
    const context = createExecutionContext();
    const response = await outer.fetch(new Request(url, { redirect: "manual", ...init }), bindings, context);
    await waitOnExecutionContext(context);
    return response;
  };
}

const attribute = (html: string, pattern: RegExp) => pattern.exec(html)?.[1] ?? "nothing";

/** What the page links to is there. */
async function expectLinks(send: Send, url: string, html: string): Promise<void> {
  const links = [...html.matchAll(/href="([^"]+)"/g)].map(([, href = ""]) => new URL(href, url).href);
  expect(links).toEqual([`${ORIGIN}${MOUNT}/assets/postern.svg`, `${ORIGIN}${MOUNT}/assets/postern.css`]);
  for (const link of links) {
    const response = await send(link);
    expect([link, response.status]).toEqual([link, 200]);
    await response.body?.cancel();
  }
}

describe("mounted in another app", () => {
  // A parameter of the outer app's is none of ours.
  test.each([MOUNT, MOUNT.replace("broker", ":product")])(
    "at %s: connect, callback, token",
    async (pattern) => {
      const send = mountedAt(pattern);
      const base = `${ORIGIN}${MOUNT}`;
      expect(await (await send(`${ORIGIN}/`)).text()).toBe("somebody else's");
      const created = await send(`${base}/v1/api-keys`, {
        method: "POST",
        headers: { authorization: `Bearer ${ADMIN_KEY}` },
        body: JSON.stringify({ org_id: newOrg(), name: "mounted", permissions: ["*"] }),
      });
      const { key } = (await created.json()) as { key: string };
      const headers = { authorization: `Bearer ${key}` };
      const user = newUser();

      const made = await send(`${base}/connect?user_id=${user}`, { headers });
      const { auth_url: link } = (await made.json()) as { auth_url: string };
      expect(link).toMatch(/^https:\/\/postern\.example\/broker\/oauth\/connect\/[\w-]{43}$/);
      const page = await (await send(link)).text();
      await expectLinks(send, link, page);

      const action = new URL(attribute(page, /action="([^"]+)"/), link).href;
      expect(action).toBe(link);
      const pressed = await send(action, {
        method: "POST",
        headers: { origin: ORIGIN, "sec-fetch-site": "same-origin" },
      });
      expect(pressed.status).toBe(200);
      const [cookie = ""] = pressed.headers.getSetCookie();
      // A browser takes a cookie of this name for the whole host only.
      expect(cookie).toMatch(/^__Host-postern-[\w-]+=[\w-]{43}; Path=\/;/);
      const callback = (await world.signIn(navigationOf(await pressed.text()), ALICE)).href;
      expect(callback.startsWith(`${base}/callback/azure?`)).toBe(true);
      const done = await send(callback, { headers: { cookie: cookie.split(";")[0] ?? "" } });
      expect(done.status).toBe(200);
      await expectLinks(send, callback, await done.text());

      const path = `${base}/v1/connections/azure/token?user_id=${user}`;
      const token = (await (await send(path, { headers })).json()) as { access_token: string };
      expect(token.access_token).toBe((await world.secrets()).access_tokens?.at(-1));
      // Loaded again, it says once more what became of it.
      const again = await send(callback, { headers: { cookie: cookie.split(";")[0] ?? "" } });
      expect(again.status).toBe(200);
      await expectLinks(send, callback, await again.text());
    },
  );
});
