/**
 * Postern as it is deployed, in workerd behind TLS, and every provider emulated: what clients that know nothing of it are
 * pointed at. One for each file of tests.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import type { Miniflare as Runtime, V4MiniflareOptions } from "miniflare";
import { freshVars } from "../../scripts/dev-vars.ts";
import { root } from "../../scripts/local-postern.ts";
import { convertV4MiniflareOptions, Miniflare, uploaded, wranglerSettings } from "../bench/deployed.ts";
import { navigationOf, signIn } from "../world/sign-in.ts";
import { ALICE } from "../world/testing.ts";
import { providerVariables, redirectUri } from "../world/variables.ts";
import { addressesOf, startWorlds, type Worlds } from "../world/worlds.ts";
import { type Certificate, makeCertificate } from "./certificate.ts";
import { type Recorder, startRecorder } from "./recorder.ts";

const ORGANIZATION = "acme";
export const USER = "user-1";

const GRAPH_SCOPES = "User.Read User.ReadWrite.All Files.ReadWrite Mail.Read";
const ARM_SCOPE = "https://management.azure.com/user_impersonation";
const SCOPES = {
  AZURE_SCOPES: `openid profile email offline_access ${GRAPH_SCOPES} ${ARM_SCOPE}`,
  GITHUB_SCOPES: "repo",
  GOOGLE_SCOPES: "openid email https://www.googleapis.com/auth/drive",
};

/** Of what a world remembers, that no caller may ever see. */
const SECRETS = ["access_tokens", "refresh_tokens", "id_tokens", "client_secrets", "code_verifiers"] as const;

export type Integration = "azure" | "github" | "google";

interface Parts {
  readonly worlds: Worlds;
  readonly recorder: Recorder;
  readonly miniflare: Runtime;
  readonly admin: string;
}

export class Stack {
  readonly worlds: Worlds;
  readonly origin: string;
  readonly #parts: Parts;
  #key = "";

  private constructor(parts: Parts) {
    this.#parts = parts;
    this.worlds = parts.worlds;
    this.origin = originOf(parts.recorder);
  }

  /** With somebody's account at each of these connected. */
  static async start(...integrations: Integration[]): Promise<Stack> {
    const certificate = makeCertificate();
    // As NODE_EXTRA_CA_CERTS, which is read once before anything runs.
    setDefaultCACertificates([...getCACertificates("default"), certificate.cert]);
    const recorder = await startRecorder(certificate);
    const origin = originOf(recorder);
    const worlds = await startWorlds({
      microsoft: { redirectUris: [`${origin}/callback/azure`] },
      github: { redirectUris: [redirectUri("GITHUB", origin)] },
      google: { redirectUris: [redirectUri("GOOGLE", origin)] },
    });
    const vars = variables(worlds, origin, recorder.port);
    const miniflare = startPostern(vars, certificate);
    const stack = new Stack({ worlds, recorder, miniflare, admin: vars.ADMIN_API_KEY ?? "" });
    try {
      recorder.passTo(Number((await miniflare.ready).port));
      await migrate(miniflare);
      const helper = await stack.newKey("*");
      for (const integration of integrations) await stack.#connect(helper, integration);
      stack.#key = await stack.newKey("proxy");
      return stack;
    } catch (error) {
      await stack.close();
      throw error;
    }
  }

  /** The key of the caller under test: it may call every API, and nothing else. */
  get key(): string {
    return this.#key;
  }

  /** Below which the paths of an API stand: `azure`, `azure.arm`, … */
  proxy(api: string, user = USER): string {
    return `${this.origin}/v1/proxy/${api}/${user}`;
  }

  /** A key of the organization's with these permissions. No provider may ever get to see it. */
  async newKey(...permissions: string[]): Promise<string> {
    const response = await fetch(`${this.origin}/v1/api-keys`, {
      method: "POST",
      headers: { authorization: `Bearer ${this.#parts.admin}`, "content-type": "application/json" },
      body: JSON.stringify({ org_id: ORGANIZATION, name: "sdk", permissions }),
    });
    const { key } = (await response.json()) as { key?: string };
    if (key === undefined) throw new Error(`no key: ${response.status}`);
    for (const world of this.#all()) world.ledger.watchFor(key);
    return key;
  }

  async #connect(key: string, integration: Integration): Promise<void> {
    const query = new URLSearchParams({ user_id: USER, confirm: "page", integration });
    const headers = { authorization: `Bearer ${key}` };
    const asked = await fetch(`${this.origin}/connect?${query}`, { headers });
    const text = await asked.text();
    if (asked.status !== 200) throw new Error(`no link: ${asked.status} ${text}`);
    const { auth_url: link } = JSON.parse(text) as { auth_url: string };
    const pressed = await fetch(link, { method: "POST", headers: { origin: this.origin } });
    const cookie = (pressed.headers.getSetCookie()[0] ?? "").split(";")[0] ?? "";
    const callback = await signIn({ authorizeUrl: navigationOf(await pressed.text()), email: ALICE });
    const done = await fetch(callback, { headers: { cookie } });
    if (done.status !== 200) throw new Error(`not connected: ${done.status} ${await done.text()}`);
  }

  /** What clients asked and with which status they were answered, a line each. */
  told(): string[] {
    return this.#parts.recorder.answers().map((text) => text.split("\n", 1)[0] ?? "");
  }

  #all() {
    const { microsoft, github, google } = this.worlds;
    return [microsoft.world, github.world, google.world];
  }

  /** Nothing of the callers' came to a provider, and nothing of the providers' to a caller. */
  scan(): void {
    const { contentOrigin } = this.worlds.microsoft;
    for (const { ledger } of this.#all()) {
      assert.deepEqual(ledger.strays(), [], "a caller's key at a provider");
      const good = new Set(ledger.secrets().access_tokens?.map((token) => `Bearer ${token}`));
      const arrived = ledger.authorizations();
      for (const [origin, values] of Object.entries(arrived))
        assert.ok(
          values.every((value) => good.has(value)),
          `${origin} was sent what is none of its tokens`,
        );
      assert.equal(arrived[contentOrigin], undefined, "an Authorization where URLs are the secrets");
    }
    const answers = this.#parts.recorder.answers();
    const where = (value: string) =>
      answers.filter((text) => text.includes(value)).map((text) => text.split("\n", 1)[0]);
    // What finds nothing would find nothing wrong: its own key was told to the administrator.
    assert.deepEqual(where(this.key), ["POST /v1/api-keys: 201"]);
    for (const { ledger } of this.#all()) {
      const known = ledger.secrets();
      for (const kind of SECRETS)
        for (const value of known[kind] ?? []) assert.deepEqual(where(value), [], `one of ${kind} was told`);
    }
  }

  async finish(): Promise<void> {
    try {
      this.scan();
    } finally {
      await this.close();
    }
  }

  async close(): Promise<void> {
    // What never started cannot be disposed of.
    await this.#parts.miniflare.dispose().catch((error: unknown) => console.error(error));
    await this.#parts.recorder.close();
    await this.worlds.close();
  }
}

const originOf = ({ port }: Recorder) => `https://localhost:${port}`;

function startPostern(bindings: Record<string, string>, { key, cert }: Certificate): Runtime {
  const options: V4MiniflareOptions = {
    cf: false,
    telemetry: { enabled: false },
    logRequests: false,
    handleStructuredLogs: () => {},
    host: "127.0.0.1",
    port: 0,
    https: true,
    httpsKey: key,
    httpsCert: cert,
    workers: [
      {
        name: "postern",
        ...wranglerSettings(),
        ...uploaded(),
        bindings,
        kvNamespaces: ["AZURE_TOKENS"],
        d1Databases: ["DB"],
        durableObjects: { CONNECTION: { className: "ConnectionObject", useSQLite: true } },
      },
    ],
  };
  return new Miniflare(convertV4MiniflareOptions(options));
}

function variables(worlds: Worlds, origin: string, port: number): Record<string, string> {
  const { microsoft, github } = worlds;
  const { GITHUB, GOOGLE } = addressesOf(worlds);
  const origins = { login: microsoft.loginOrigin, graph: microsoft.graphOrigin, arm: microsoft.armOrigin };
  const vars = freshVars(port, origins);
  const insecure = [...Object.values(origins), microsoft.contentOrigin, GITHUB.origin, GOOGLE.origin];
  return {
    ...vars,
    ...SCOPES,
    AZURE_CLIENT_ID: microsoft.clientId,
    AZURE_CLIENT_SECRET: microsoft.clientSecret,
    AZURE_REDIRECT_URI: `${origin}/callback/azure`,
    ...providerVariables("GITHUB", GITHUB, origin),
    ...providerVariables("GOOGLE", GOOGLE, origin),
    GITHUB_UPLOADS_ORIGIN: github.uploadsOrigin,
    ALLOW_INSECURE_ORIGINS: [...insecure, github.uploadsOrigin, origin].join(","),
  };
}

async function migrate(miniflare: Runtime): Promise<void> {
  const database = await miniflare.getD1Database("DB", "postern");
  const folder = join(root, "worker-shim", "migrations");
  for (const file of readdirSync(folder).sort()) {
    const text = readFileSync(join(folder, file), "utf8").replaceAll(/--.*$/gm, "");
    for (const statement of text.split(";").filter((part) => part.trim() !== ""))
      await database.prepare(statement).run();
  }
}
