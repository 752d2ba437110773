/** An API call that the fixture has let through, answered by the emulator in the person's name. */
import type { Call, Reply } from "./http.ts";
import type { World } from "./state.ts";

const RELAYED_HEADERS = ["content-type", "link", "location"];

/** `bearer`: the token as the emulator knows it. `origin`: the world's, as callers know it. */
export async function relay(world: World, origin: string, call: Call, bearer: string): Promise<Reply> {
  const body = call.bytes.length === 0 ? {} : { body: new Uint8Array(call.bytes) };
  const type = call.headers["content-type"];
  const init = { method: call.method, ...body, headers: type === undefined ? {} : { "content-type": type } };
  const response = await world.forward(call.url.pathname + call.url.search, init, bearer);
  const headers: Record<string, string> = {};
  for (const name of RELAYED_HEADERS) {
    const value = response.headers.get(name);
    if (value !== null) headers[name] = world.asSeenFrom(origin, value);
  }
  const bytes = new Uint8Array(await response.arrayBuffer());
  const isText = /json|html/.test(headers["content-type"] ?? "html");
  const answer = isText ? world.asSeenFrom(origin, Buffer.from(bytes).toString("utf8")) : bytes;
  return { status: response.status, headers, body: answer };
}
