/**
 * GitHub's API is the emulator's, for the tokens that the fixture knows to be alive; the end of a token at its app's
 * wish is the fixture's (docs.github.com/rest: "Getting started with the REST API", "User agent";
 * "REST API endpoints for OAuth authorizations").
 */
import { applyAfter, applyBefore, type Fault, isRecord } from "../faults.ts";
import { type Call, json, type Outcome, type Reply } from "../http.ts";
import { relay } from "../relay.ts";
import { basicCredentials, statusOf } from "../token.ts";
import type { GitHubWorld } from "./world.ts";

export async function handleApi(world: GitHubWorld, call: Call): Promise<Outcome> {
  const ending = /^\/applications\/([^/]+)\/(token|grant)$/.exec(call.url.pathname);
  const origin = ending === null ? "api" : "revocation";
  const answer = ending === null ? read(world, call) : end(world, call, ending[1], ending[2] === "grant");
  const outcome = await answer;
  const path = call.url.pathname + call.url.search;
  world.ledger.log({ origin, method: call.method, path, status: statusOf(outcome) });
  return outcome;
}

const apiError = (status: number, message: string): Reply =>
  json(status, { message, documentation_url: "https://docs.github.com/rest", status: String(status) });

const faultBody = (fault: Fault) => ({
  message: fault.status === 429 ? "API rate limit exceeded" : "An error that a test asked for.",
  documentation_url: "https://docs.github.com/rest",
});

/** "Requests with no User-Agent header will be rejected." */
function withoutUserAgent(call: Call): Reply | undefined {
  if ((call.headers["user-agent"] ?? "") !== "") return undefined;
  const body =
    "\r\nRequest forbidden by administrative rules. Please make sure your request has a User-Agent header.\r\n";
  return { status: 403, headers: { "content-type": "text/html" }, body };
}

async function read(world: GitHubWorld, call: Call): Promise<Outcome> {
  const fault = world.faults.take("api", { path: call.url.pathname });
  const early = (await applyBefore(fault, faultBody)) ?? withoutUserAgent(call);
  if (early !== undefined) return early;
  const presented = /^(?:bearer|token) (.+)$/i.exec(call.headers.authorization ?? "")?.[1];
  if (presented === undefined) return apiError(401, "Requires authentication");
  const session = world.ledger.byAccess.get(presented);
  if (session === undefined || !world.isAlive(session)) return apiError(401, "Bad credentials");
  const moved = world.renames.redirect(call, world.origin);
  if (moved !== undefined) return moved;
  const reply = await relay(world, world.origin, world.renames.resolve(call), session.emulated);
  if (typeof reply.body !== "string") return (await applyAfter(fault)) ?? reply;
  if (reply.status === 200) world.renames.note(call, reply.body);
  // The emulator has no host for uploads.
  const body = reply.body.replaceAll(`"upload_url":"${world.origin}/`, `"upload_url":"${world.uploads}/`);
  return (await applyAfter(fault)) ?? { ...reply, body };
}

/** "Upload a release asset", docs.github.com/rest/releases/assets: a host of its own, which serves nothing else. */
export async function handleUpload(world: GitHubWorld, call: Call): Promise<Outcome> {
  const isAsset = /^\/repos\/[^/]+\/[^/]+\/releases\/\d+\/assets$/.test(call.url.pathname);
  const outcome = call.method === "POST" && isAsset ? await read(world, call) : apiError(404, "Not Found");
  const path = call.url.pathname + call.url.search;
  world.ledger.log({ origin: "uploads", method: call.method, path, status: statusOf(outcome) });
  return outcome;
}

/**
 * "Delete an app token" and "Delete an app authorization", which ends all tokens of that person at that app. The
 * documentation names 204 and 422; 404 is what it says of a check of an invalid token, and of wrong credentials in
 * general ("Troubleshooting the REST API"). What it leaves open: here a refresh token ends with its access token, and an
 * access token that has expired is as unknown as any other.
 */
async function end(
  world: GitHubWorld,
  call: Call,
  clientId: string | undefined,
  all: boolean,
): Promise<Outcome> {
  const fault = world.faults.take("revocation", { path: call.url.pathname });
  const early = (await applyBefore(fault, faultBody)) ?? withoutUserAgent(call);
  if (early !== undefined) return early;
  const basic = basicCredentials(call.headers.authorization);
  const app = basic?.id === clientId ? world.app(basic?.id, basic?.secret) : undefined;
  if (app === undefined || call.method !== "DELETE") return apiError(404, "Not Found");
  const token = accessTokenIn(call.body);
  if (token === undefined) return apiError(422, "Validation Failed");
  const session = world.ledger.byAccess.get(token);
  if (session === undefined || session.clientId !== app.id || !world.isAlive(session))
    return apiError(404, "Not Found");
  session.ended = true;
  if (all) world.revoke(session.person.email, app.id);
  const late = await applyAfter(fault);
  return late ?? { status: 204, body: "" };
}

function accessTokenIn(body: string): string | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isRecord(value) && typeof value.access_token === "string" ? value.access_token : undefined;
  } catch {
    return undefined;
  }
}
