/** `.dev.vars`: the secrets of a local Postern, random and written once. */
import { randomBytes, randomUUID } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface WorldOrigins {
  readonly login: string;
  readonly graph: string;
  readonly arm: string;
}

export const LOCAL: WorldOrigins = {
  login: "http://localhost:4010",
  graph: "http://localhost:4011",
  arm: "http://localhost:4012",
};

const redirectFor = (port: number) => `http://localhost:${port}/callback/azure`;
const LOCAL_REDIRECT = /^http:\/\/localhost:\d+\/callback\/azure$/;

/** Random secrets, for a Postern on `port` whose Microsoft is `world`. */
export function freshVars(port: number, world = LOCAL): Record<string, string> {
  const secret = () => randomBytes(32).toString("base64url");
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
    ALLOW_INSECURE_ORIGINS: [...Object.values(world), `http://localhost:${port}`].join(","),
    ALLOWED_RETURN_URLS: "{}",
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

const HEADING = "# Local secrets, made by `npm start`. Never commit this file.";

/** As `npm start` made it, for the emulated Microsoft: nothing in it is somebody's own. */
function isMadeHere(file: string): boolean {
  if (!existsSync(file)) return false;
  const text = readFileSync(file, "utf8");
  const values = parse(text);
  const made = freshVars(0);
  return (
    text.startsWith(`${HEADING}\n`) &&
    Object.keys(values).sort().join() === Object.keys(made).sort().join() &&
    worldOrigins(values) !== undefined &&
    values.AZURE_TENANT_ID === made.AZURE_TENANT_ID &&
    /^[\w-]{43}$/.test(values.AZURE_CLIENT_SECRET ?? "")
  );
}

/** Forgets the local data, and the secrets where nobody put their own among them. */
export function resetLocal(folder: string): void {
  rmSync(join(folder, ".local"), { recursive: true, force: true });
  const vars = join(folder, ".dev.vars");
  if (isMadeHere(vars)) rmSync(vars);
}

/** Reads the file, or writes it. One that exists is the user's: only a local redirect follows the port. */
export function devVars(file: string, port: number): Record<string, string> {
  if (!existsSync(file)) {
    const values = freshVars(port);
    writeVars(file, values, HEADING);
    return values;
  }
  const text = readFileSync(file, "utf8");
  const values = parse(text);
  const redirect = values.AZURE_REDIRECT_URI;
  if (redirect === undefined || redirect === redirectFor(port) || !LOCAL_REDIRECT.test(redirect))
    return values;
  if (worldOrigins(values) === undefined) return values;
  writeFileSync(
    file,
    text.replace(
      /^[ \t]*(?:export[ \t]+)?AZURE_REDIRECT_URI[ \t]*=.*$/gm,
      line("AZURE_REDIRECT_URI", redirectFor(port)),
    ),
  );
  return { ...values, AZURE_REDIRECT_URI: redirectFor(port) };
}

/** Where the local world has to listen, or undefined when `.dev.vars` names the real Microsoft. */
export function worldOrigins(values: Record<string, string>): WorldOrigins | undefined {
  const { AZURE_LOGIN_ORIGIN: login, GRAPH_ORIGIN: graph, ARM_ORIGIN: arm } = values;
  if (login === undefined || !login.startsWith("http://localhost:")) return undefined;
  return { login, graph: graph ?? LOCAL.graph, arm: arm ?? LOCAL.arm };
}
