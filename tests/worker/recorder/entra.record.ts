/** What 798e5f2 did not know: what a sign-in asked for, and an administrator's consent. */
import { expect } from "vitest";
import { Browser, connect, get } from "../support/client.ts";
import { SECOND } from "../support/clock.ts";
import { ALICE } from "../support/world.ts";
import { moment, settled } from "./recorder.ts";

const CONTOSO = "11111111-1111-4111-8111-111111111111";

moment(
  "scopes",
  {
    about: "A link that asked for other scopes than its integration does; an administrator's consent.",
    judgements: ["as before", "serves", "disconnects"],
  },
  async (stage) => {
    const scopes = "openid offline_access User.Read Mail.Read";
    expect((await connect(stage.who.key, stage.who.user, ALICE, { scopes })).status).toBe(200);
    stage.tell("connected");
    await stage.pass(SECOND);
    await stage.refresh();
    const asked = await get("/v1/integrations/azure/admin-consent-url", stage.who.key);
    const state = new URL(String(asked.json.url)).searchParams.get("state") ?? "";
    const answer = new URLSearchParams({ admin_consent: "True", tenant: CONTOSO, state });
    expect((await new Browser().open(`/callback/azure?${answer}`)).status).toBe(200);
    await settled(stage);
  },
);
