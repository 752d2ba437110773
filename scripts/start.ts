/**
 * Postern and its world on this machine: emulated providers, D1 migrations, `wrangler dev`, a first key and link.
 *   --port N   Postern's port (8787)
 *   --reset    forget all local data first, and the secrets in .dev.vars where they are of its own making
 *   --watch    build the wasm anew when the core changes
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startMicrosoft } from "../tests/world/microsoft/microsoft.ts";
import { PEOPLE } from "../tests/world/microsoft/people.ts";
import { redirectUri, type SingleOrigin } from "../tests/world/variables.ts";
import { STARTERS } from "../tests/world/worlds.ts";
import { stopChild, takenPorts } from "./children.ts";
import { devVars, providerOrigins, resetLocal, worldOrigins } from "./dev-vars.ts";
import {
  ask,
  type LocalPostern,
  lastLines,
  migrate,
  Problem,
  root,
  startDev,
  waitForHealth,
} from "./local-postern.ts";
import { rebuildOnChange } from "./rebuild.ts";

const local = join(root, ".local");

const stops: (() => Promise<void>)[] = [];
let stopping: Promise<never> | undefined;

function stop(code: number, message?: string): Promise<never> {
  stopping ??= (async () => {
    if (message !== undefined) console.error(`\n${message}`);
    for (const one of stops.reverse()) await one();
    process.exit(code);
  })();
  return stopping;
}

function options() {
  const { values } = parseArgs({
    options: { port: { type: "string" }, reset: { type: "boolean" }, watch: { type: "boolean" } },
  });
  const port = Number(values.port ?? 8787);
  if (!Number.isInteger(port) || port < 1 || port > 65535)
    throw new Problem("--port takes a number from 1 to 65535.");
  return { port, reset: values.reset === true, watch: values.watch === true };
}

async function main(): Promise<void> {
  const { port, reset, watch } = options();
  if (reset) resetLocal(root);
  mkdirSync(local, { recursive: true, mode: 0o700 });
  const vars = devVars(join(root, ".dev.vars"), port);
  const origins = worldOrigins(vars);
  const others = providerOrigins(vars);
  const portsOf = (all: object) => Object.values(all).map((one: string) => Number(new URL(one).port));
  const worldPorts = [...portsOf(origins ?? {}), ...portsOf(others)];
  const [taken] = await takenPorts([port, ...worldPorts]);
  if (taken === port)
    throw new Problem(`Port ${port} is taken. Stop what uses it, or: npm start -- --port ${port + 1}`);
  if (taken !== undefined)
    throw new Problem(`Port ${taken} is taken; an emulated provider needs it. Stop what uses it.`);

  if (origins !== undefined) {
    const [loginPort = 0, graphPort = 0, armPort = 0] = portsOf(origins);
    const redirect = vars.AZURE_REDIRECT_URI ?? `http://localhost:${port}/callback/azure`;
    const microsoft = await startMicrosoft({
      loginPort,
      graphPort,
      armPort,
      clientId: vars.AZURE_CLIENT_ID ?? "",
      clientSecret: vars.AZURE_CLIENT_SECRET ?? "",
      // The bare origin is where the logout URL comes back to.
      redirectUris: [redirect, `http://localhost:${port}/callback`, `http://localhost:${port}/`],
    });
    stops.push(() => microsoft.close());
  }
  for (const [name, one] of Object.entries(others) as [SingleOrigin, string][]) {
    const provider = await STARTERS[name]({
      port: Number(new URL(one).port),
      clientId: vars[`${name}_CLIENT_ID`] ?? "",
      clientSecret: vars[`${name}_CLIENT_SECRET`] ?? "",
      redirectUris: [vars[`${name}_REDIRECT_URI`] ?? redirectUri(name, `http://localhost:${port}`)],
    });
    stops.push(() => provider.close());
  }
  if (stopping !== undefined) return;
  const postern: LocalPostern = {
    port,
    state: join(".local", "state"),
    log: join(local, "wrangler.log"),
    logs: join(local, "logs"),
  };
  migrate(postern);
  if (stopping !== undefined) return;
  const dev = startDev(postern);
  stops.push(() => stopChild(dev));
  dev.once("exit", () => void stop(1, `wrangler dev ended.\n${lastLines(postern.log)}`));

  const origin = `http://localhost:${port}`;
  await waitForHealth(postern);
  const key = await ask(`${origin}/v1/api-keys`, vars.ADMIN_API_KEY ?? "", {
    org_id: "demo",
    name: "local",
    permissions: ["*"],
  });
  const link = await ask(`${origin}/connect?user_id=user_1&confirm=page`, String(key.key));
  report(origin, String(key.key), String(link.auth_url), origins !== undefined, Object.entries(others));
  if (watch) stops.push(await rebuildOnChange(join(local, "build.log")));
}

function report(
  origin: string,
  key: string,
  link: string,
  emulated: boolean,
  others: readonly [string, string][],
): void {
  const curl = (path: string) => `  curl -H 'Authorization: Bearer ${key}' '${origin}${path}'`;
  const people = PEOPLE.map((who) => who.email).join(", ");
  const microsoft = emulated
    ? `emulated Microsoft (sign in as ${people})`
    : "Microsoft Entra ID, as .dev.vars says";
  const also = others.map(([name, at]) => `Emulated   ${name.toLowerCase()} at ${at}\n`).join("");
  console.log(`
Postern    ${origin}
Microsoft  ${microsoft}
${also}API key    ${key}   (organization "demo", all permissions)

1. Open this link in a browser (ten minutes, once) to connect an account for user_1:

  ${link}

2. Then:

${curl("/user?user_id=user_1")}
${curl("/subscriptions?user_id=user_1")}
${curl("/v1/connections/azure/token?user_id=user_1&resource=graph")}

Log: .local/wrangler.log. Ctrl-C stops everything; data stays, npm start -- --reset forgets it.`);
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void stop(0));
// The parent is gone without a word (killed): nobody else would end our children.
process.on("disconnect", () => void stop(1));

main().catch((error: unknown) =>
  stop(
    1,
    error instanceof Problem ? error.message : error instanceof Error ? String(error.stack) : String(error),
  ),
);
