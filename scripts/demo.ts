/** What `npm start` says that one can do: each line may be pasted into a shell as it stands (tests/e2e/start.test.ts runs them). */
import { RETURN_PATH } from "./demo-app.ts";
import { DEMO_ORG } from "./demo-key.ts";

export interface Demo {
  readonly origin: string;
  readonly key: string;
  /** The administrator's key, which makes other keys. */
  readonly admin: string;
  /** The demo application, where it may be returned to. */
  readonly app: string | undefined;
  /** Integrations besides Microsoft's that are configured, by name. */
  readonly others: readonly string[];
}

/** Who is signed in at the demo application. */
export const APP_USER = "user_3";

export interface Step {
  readonly what: string;
  readonly command: string;
}

interface Call {
  readonly method?: string;
  readonly bearer?: string;
  readonly body?: unknown;
}

function curlOf(demo: Demo) {
  return (path: string, { method, bearer = demo.key, body }: Call = {}) =>
    [
      // A newline behind the answer, so that the prompt is where it was.
      "curl -sS -w '\\n'",
      ...(method === undefined ? [] : [`-X ${method}`]),
      `-H 'Authorization: Bearer ${bearer}'`,
      ...(body === undefined ? [] : ["-H 'Content-Type: application/json'", `-d '${JSON.stringify(body)}'`]),
      `'${demo.origin}${path}'`,
    ].join(" ");
}

/** Of a connected user. */
export function reads(demo: Demo): Step[] {
  const curl = curlOf(demo);
  return [
    { what: "the profile", command: curl("/user?user_id=user_1") },
    { what: "the newest mail", command: curl("/mail?user_id=user_1&top=3") },
    { what: "the calendar", command: curl("/calendar/events?user_id=user_1&top=3") },
    { what: "the Azure subscriptions", command: curl("/subscriptions?user_id=user_1") },
    {
      what: "a fresh access token, for Microsoft Graph",
      command: curl("/v1/connections/azure/token?user_id=user_1&resource=graph"),
    },
    {
      what: "any other call of Microsoft Graph, with Postern's URL for Graph's (docs/proxy.md)",
      command: curl("/v1/proxy/azure/user_1/v1.0/me"),
    },
    { what: "who is connected, without tokens", command: curl("/v1/connections") },
    { what: "what has happened", command: curl("/v1/events") },
  ];
}

export function more(demo: Demo): Step[] {
  const curl = curlOf(demo);
  const key = (org: string) => ({ org_id: org, name: "first", permissions: ["*"] });
  const returning = demo.app && encodeURIComponent(`${demo.app}${RETURN_PATH}`);
  return [
    {
      what: "a new link for user_1, where the first one was used or has expired; open the auth_url of the answer",
      command: curl("/connect?user_id=user_1&confirm=page"),
    },
    { what: "a link for another user", command: curl("/connect?user_id=user_2&confirm=page") },
    ...demo.others.flatMap((name) => [
      {
        what: `a link for another provider: ${name}`,
        command: curl(`/connect?user_id=user_1&integration=${name}&confirm=page`),
      },
      {
        what: `then its token: ${name}`,
        command: curl(`/v1/connections/${name}/token?user_id=user_1`),
      },
    ]),
    ...(returning === undefined
      ? []
      : [
          {
            what: "a link that comes back to an application, which confirms the connection: it tells how",
            command: curl(`/connect?user_id=${APP_USER}&return_to=${returning}&confirm=backend`),
          },
        ]),
    {
      what: "another API key, by the administrator's key",
      command: curl("/v1/api-keys", { method: "POST", bearer: demo.admin, body: key(DEMO_ORG) }),
    },
    {
      what: "another organization: the first key that names it makes it, and sees nothing of demo's",
      command: curl("/v1/api-keys", { method: "POST", bearer: demo.admin, body: key("acme") }),
    },
    {
      what: "disconnect",
      command: curl("/v1/connections/azure?user_id=user_1", { method: "DELETE" }),
    },
  ];
}

export const shown = (steps: readonly Step[]) =>
  steps.map(({ what, command }) => `  # ${what}\n  ${command}`).join("\n\n");
