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
import { redirectUri, SINGLE_ORIGIN, type SingleOrigin } from "../tests/world/variables.ts";
import { STARTERS } from "../tests/world/worlds.ts";
import { stopChild, takenPorts } from "./children.ts";
import { APP_USER, type Demo, more, reads, shown } from "./demo.ts";
import { startDemoApp } from "./demo-app.ts";
import { demoKey } from "./demo-key.ts";
import { appOrigin, devVars, providerOrigins, resetLocal, worldOrigins } from "./dev-vars.ts";
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
  const app = appOrigin(vars);
  const besides = [
    ...portsOf(origins ?? {}),
    ...portsOf(others),
    ...(app === undefined ? [] : portsOf({ app })),
  ];
  const [taken] = await takenPorts([port, ...besides]);
  if (taken === port)
    throw new Problem(`Port ${port} is taken. Stop what uses it, or: npm start -- --port ${port + 1}`);
  if (taken !== undefined)
    throw new Problem(
      `Port ${taken} is taken; an emulated provider or the demo application needs it. Stop what uses it.`,
    );

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
  const admin = vars.ADMIN_API_KEY ?? "";
  const key = await demoKey(origin, admin, join(local, "key.json"));
  if (app !== undefined) {
    const [appPort = 0] = portsOf({ app });
    const demoApp = await startDemoApp({ port: appPort, postern: () => ({ origin, key }), user: APP_USER });
    stops.push(() => demoApp.close());
  }
  const link = await ask(`${origin}/connect?user_id=user_1&confirm=page`, key);
  const integrations = SINGLE_ORIGIN.filter((name) => vars[`${name}_CLIENT_ID`]).map((name) =>
    name.toLowerCase(),
  );
  const demo = { origin, key, admin, app, others: integrations };
  report(demo, String(link.auth_url), origins !== undefined, Object.entries(others));
  if (watch) stops.push(await rebuildOnChange(join(local, "build.log")));
}

function report(demo: Demo, link: string, emulated: boolean, others: readonly [string, string][]): void {
  const people = PEOPLE.map((who) => who.email).join(", ");
  const microsoft = emulated
    ? `emulated (begin with the first; no passwords): ${people}`
    : "Microsoft Entra ID, as .dev.vars says";
  const also = others.map(([name, at]) => [name.toLowerCase(), `emulated, at ${at}`]);
  const facts = [
    ["Postern", demo.origin],
    ["microsoft", microsoft],
    ...also,
    ...(demo.app === undefined
      ? []
      : [["application", `${demo.app}, where a connect link may lead back to`]]),
    ["API key", `${demo.key} (KEY in README.md; organization "demo", all permissions)`],
  ];
  console.log(`
${facts.map(([name = "", fact]) => `${name.padEnd(12)} ${fact}`).join("\n")}

1. Open this link in a browser (ten minutes, once) to connect an account for user_1:

  ${link}

2. Then ask for it. Each line may be pasted as it stands (GitHub and Google have tokens, and no mail):

${shown(reads(demo))}

3. More to try:

${shown(more(demo))}

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
