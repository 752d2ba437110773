/** Fronts and an object that do nothing: what the runtime itself takes to carry a call there and back. */
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";

interface Env {
  OBJECT: DurableObjectNamespace<PlainObject>;
  ANSWER: string;
}

export class PlainObject extends DurableObject<Env> {
  run(_operation: string, _payload: Uint8Array): { body: Uint8Array } {
    return { body: new TextEncoder().encode(this.env.ANSWER) };
  }
}

async function ask(env: Env): Promise<Uint8Array<ArrayBuffer>> {
  const stub = env.OBJECT.get(env.OBJECT.idFromName("all"));
  const { body } = await stub.run("token", new Uint8Array(80));
  return body as Uint8Array<ArrayBuffer>;
}

export class PlainService extends WorkerEntrypoint<Env> {
  async getToken(_parameters: object): Promise<unknown> {
    return JSON.parse(new TextDecoder().decode(await ask(this.env)));
  }
}

export default {
  async fetch(_request: Request, env: Env): Promise<Response> {
    return new Response(await ask(env), { headers: { "content-type": "application/json" } });
  },
};
