/** The least that an HTTP answer can cost with Hono, and the least that an RPC answer can: a constant. */
import { WorkerEntrypoint } from "cloudflare:workers";
import { Hono } from "hono";

interface Env {
  ANSWER: string;
}

const app = new Hono<{ Bindings: Env }>();
// Parsed once: an answer that is made anew for each request is an object, not a string.
let answer: object | undefined;
const constant = (env: Env) => {
  answer ??= JSON.parse(env.ANSWER) as object;
  return answer;
};
app.get("/v1/connections/:integration/token", (c) => c.json(constant(c.env)));

export class ConstantService extends WorkerEntrypoint<Env> {
  getToken(_: { userId: string }): object {
    return constant(this.env);
  }
}

export default app;
