/** `.dev.vars`: the secrets of a local Postern, random and written once. */
import { randomBytes, randomUUID } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { providerVariables, SINGLE_ORIGIN, type SingleOrigin } from "../tests/world/variables.ts";
import { RETURN_PATH } from "./demo-app.ts";
import { DEMO_ORG } from "./demo-key.ts";

export interface WorldOrigins {
  readonly login: string;
  readonly graph: string;
  readonly arm: string;
  /** Where files come from, whose URLs are secrets. */
  readonly content?: string;
}

export const LOCAL: WorldOrigins = {
  login: "http://localhost:4010",
  graph: "http://localhost:4011",
  arm: "http://localhost:4012",
  content: "http://localhost:4013",
};

/** The other providers by what their variables begin with; each has one origin. */
export type ProviderOrigins = { readonly [name in SingleOrigin]?: string };

const LOCAL_PROVIDERS: ProviderOrigins = {
  GITHUB: "http://localhost:4020",
  GOOGLE: "http://localhost:4030",
};

/** The demo application: where people may be sent back to. */
const LOCAL_APP = "http://localhost:4000";

/** The two variables that let people be sent back to an application that is not https. */
const returning = (app: string, insecure: string) => ({
  ALLOWED_RETURN_URLS: JSON.stringify({ [DEMO_ORG]: [`${app}${RETURN_PATH}`] }),
  ALLOW_INSECURE_ORIGINS: `${insecure},${app}`,
});

const redirectFor = (port: number) => `http://localhost:${port}/callback/azure`;
const LOCAL_REDIRECT = /^http:\/\/localhost:\d+(\/callback\/\w+)$/;

/**
 * Random secrets, for a Postern on `port` whose Microsoft is `world`, whose other providers are `providers`, and which sends
 * people back to `app`.
 */
export function freshVars(
  port: number,
  world = LOCAL,
  providers: ProviderOrigins = {},
  app?: string,
): Record<string, string> {
  const secret = () => randomBytes(32).toString("base64url");
  const postern = `http://localhost:${port}`;
  const others = SINGLE_ORIGIN.flatMap((name) => {
    const origin = providers[name];
    if (origin === undefined) return [];
    return [providerVariables(name, { origin, clientId: randomUUID(), clientSecret: secret() }, postern)];
  });
  const insecure = [...Object.values(world), ...Object.values(providers), postern].join(",");
  return {
    MASTER_KEYS: `k1:${secret()}`,
    ADMIN_API_KEY: secret(),
    AZURE_CLIENT_ID: randomUUID(),
    AZURE_CLIENT_SECRET: secret(),
    AZURE_TENANT_ID: "common",
    AZURE_REDIRECT_URI: redirectFor(port),
    AZURE_LOGIN_ORIGIN: world.login,
    GRAPH_ORIGIN: world.graph,
    ARM_ORIGIN: world.arm,
    ...Object.assign({}, ...others),
    ALLOW_INSECURE_ORIGINS: insecure,
    ALLOWED_RETURN_URLS: "{}",
    ...(app === undefined ? {} : returning(app, insecure)),
    // Whoever runs it on his own machine presses the button himself.
    CONNECT_CONFIRM_DEFAULT: "page",
  };
}

/** Single quotes: dotenv takes what is inside as it stands, JSON's double quotes too. */
const line = (name: string, value: string) => `${name}='${value}'`;

export function writeVars(file: string, values: Record<string, string>, heading: string): void {
  const lines = Object.entries(values).map(([name, value]) => line(name, value));
  writeFileSync(file, [heading, ...lines, ""].join("\n"), { mode: 0o600, flag: "wx" });
}

function parse(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [, name = "", raw = ""] of text.matchAll(
    /^[ \t]*(?:export[ \t]+)?(\w+)[ \t]*=[ \t]*(.*?)\s*$/gm,
  )) {
    const quoted = /^(['"`])(.*)\1$/.exec(raw);
    values[name] = quoted?.[2] ?? raw.replace(/\s+#.*$/, "");
  }
  return values;
}

/** Without what was not made at first. */
const namesIn = (values: Record<string, string>) =>
  Object.keys(values)
    .filter((name) => name !== "CONNECT_CONFIRM_DEFAULT")
    .sort()
    .join();

const HEADING = "# Local secrets, made by `npm start`. Never commit this file.";

/** As `npm start` made it, for emulated providers: nothing in it is somebody's own. It may be from before there were so many. */
function isMadeHere(file: string): boolean {
  if (!existsSync(file)) return false;
  const text = readFileSync(file, "utf8");
  const values = parse(text);
  const made = freshVars(0, LOCAL, providerOrigins(values));
  return (
    text.startsWith(`${HEADING}\n`) &&
    namesIn(values) === namesIn(made) &&
    worldOrigins(values) !== undefined &&
    values.AZURE_TENANT_ID === made.AZURE_TENANT_ID &&
    Object.entries(values).every(
      ([name, value]) => !/_CLIENT_SECRET$/.test(name) || /^[\w-]{43}$/.test(value),
    )
  );
}

/** Forgets the local data, and the secrets where nobody put their own among them. */
export function resetLocal(folder: string): void {
  rmSync(join(folder, ".local"), { recursive: true, force: true });
  const vars = join(folder, ".dev.vars");
  if (isMadeHere(vars)) rmSync(vars);
}

/**
 * Reads the file, or writes it. One that exists is the user's: only local redirects to emulated providers follow the port, and one
 * that was made here before there was a demo application is told of it.
 */
export function devVars(file: string, port: number): Record<string, string> {
  if (!existsSync(file)) {
    const values = freshVars(port, LOCAL, LOCAL_PROVIDERS, LOCAL_APP);
    writeVars(file, values, HEADING);
    return values;
  }
  let text = readFileSync(file, "utf8");
  const values = parse(text);
  const change = (name: string, value: string) => {
    if (values[name] === value) return;
    values[name] = value;
    text = text.replace(new RegExp(`^[ \\t]*(?:export[ \\t]+)?${name}[ \\t]*=.*$`, "gm"), line(name, value));
    writeFileSync(file, text);
  };
  if (values.ALLOWED_RETURN_URLS === "{}" && isMadeHere(file))
    for (const [name, value] of Object.entries(returning(LOCAL_APP, values.ALLOW_INSECURE_ORIGINS ?? "")))
      change(name, value);
  const emulated = [
    ...(worldOrigins(values) === undefined ? [] : ["AZURE"]),
    ...Object.keys(providerOrigins(values)),
  ];
  for (const name of emulated.map((provider) => `${provider}_REDIRECT_URI`)) {
    const path = LOCAL_REDIRECT.exec(values[name] ?? "")?.[1];
    if (path === undefined) continue;
    change(name, `http://localhost:${port}${path}`);
  }
  return values;
}

/** Where the local world has to listen, or undefined when `.dev.vars` names the real Microsoft. */
export function worldOrigins(values: Record<string, string>): WorldOrigins | undefined {
  const { AZURE_LOGIN_ORIGIN: login, GRAPH_ORIGIN: graph, ARM_ORIGIN: arm } = values;
  if (login === undefined || !login.startsWith("http://localhost:")) return undefined;
  return { login, graph: graph ?? LOCAL.graph, arm: arm ?? LOCAL.arm };
}

/** Where the demo application has to listen, or undefined where nobody of the demo organization may be sent to one here. */
export function appOrigin(values: Record<string, string>): string | undefined {
  const [, origin] =
    new RegExp(`"(http://localhost:\\d+)${RETURN_PATH}"`).exec(values.ALLOWED_RETURN_URLS ?? "") ?? [];
  return origin;
}

/** Which of the other providers are to be emulated, and where. */
export function providerOrigins(values: Record<string, string>): ProviderOrigins {
  const found = SINGLE_ORIGIN.map((name) => [name, values[`${name}_LOGIN_ORIGIN`]] as const);
  return Object.fromEntries(found.filter(([, origin]) => origin?.startsWith("http://localhost:") === true));
}
