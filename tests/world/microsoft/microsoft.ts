/**
 * Microsoft, locally: `emulate` does sign-in, PKCE, codes and strict rotation; the fixture in front of it serves what
 * the emulator lacks: `/{tenant}/…`, one resource per token, expiry, denial, faults, Graph, ARM and a key vault.
 */
import { createEmulator } from "emulate";
import { control, type Order } from "../control.ts";
import { type Handler, listen } from "../http.ts";
import { type Client, noted } from "../state.ts";
import { armHandler } from "./arm.ts";
import { contentHandler } from "./content.ts";
import { graphHandler } from "./graph.ts";
import { loginHandler } from "./login.ts";
import { displayName, PEOPLE } from "./people.ts";
import { vaultHandler } from "./vault.ts";
import { MicrosoftWorld, type Settings } from "./world.ts";

export interface MicrosoftOptions {
  /** 0 or absent: any free port. */
  readonly loginPort?: number;
  readonly graphPort?: number;
  readonly armPort?: number;
  readonly vaultPort?: number;
  readonly contentPort?: number;
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly redirectUris?: readonly string[];
  /** What clients call the login origin where something stands in front of it; its own address otherwise. */
  readonly publicLoginOrigin?: string;
}

export interface Microsoft {
  readonly loginOrigin: string;
  /** Where the login origin listens. */
  readonly loginPort: number;
  readonly graphOrigin: string;
  readonly armOrigin: string;
  /** Of the one key vault that there is. */
  readonly vaultOrigin: string;
  /** Where pre-authenticated URLs lead. */
  readonly contentOrigin: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly world: MicrosoftWorld;
  /** The same as `POST /__world/control`. */
  control(order: Order<Settings>): void;
  close(): Promise<void>;
}

export const DEFAULT_REDIRECTS = [
  "http://localhost:8787/callback",
  "http://localhost:8787/callback/azure",
] as const;

export async function startMicrosoft(options: MicrosoftOptions = {}): Promise<Microsoft> {
  const client = {
    id: options.clientId ?? "00000000-0000-4000-8000-00000000c1e4",
    secret: options.clientSecret ?? "local-world-secret",
    name: "Postern",
  };
  const opened: { close(): Promise<void> }[] = [];
  const close = async () => void (await Promise.all(opened.map((one) => one.close())));
  // Handlers know all origins, which are known only once all listen.
  let handlers: Record<Role, Handler> | undefined;
  const open = async (role: Role, port = 0) => {
    const listener = await listen(port, async (call) => handlers?.[role](call) ?? "drop");
    opened.push(listener);
    return listener.origin;
  };
  try {
    const login = await open("login", options.loginPort);
    const origins = {
      login: options.publicLoginOrigin ?? login,
      graph: await open("graph", options.graphPort),
      arm: await open("arm", options.armPort),
      vault: await open("vault", options.vaultPort),
      content: await open("content", options.contentPort),
    };
    const emulator = await startEmulator(client, options.redirectUris ?? DEFAULT_REDIRECTS);
    opened.push(emulator);
    const world = new MicrosoftWorld(client, origins, emulator.url);
    world.ledger.remember("client_secrets", client.secret);
    handlers = {
      login: noted(world, loginHandler(world)),
      graph: noted(world, graphHandler(world)),
      arm: noted(world, armHandler(world)),
      vault: noted(world, vaultHandler(world)),
      content: noted(world, contentHandler(world)),
    };
    return {
      loginOrigin: origins.login,
      loginPort: Number(new URL(login).port),
      graphOrigin: origins.graph,
      armOrigin: origins.arm,
      vaultOrigin: origins.vault,
      contentOrigin: origins.content,
      clientId: client.id,
      clientSecret: client.secret,
      world,
      control: (order) => control(world, order),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

type Role = "login" | "graph" | "arm" | "vault" | "content";

function startEmulator(client: Client, redirectUris: readonly string[]) {
  return createEmulator({
    service: "microsoft",
    port: 0,
    seed: {
      microsoft: {
        users: PEOPLE.map((who) => ({ email: who.email, name: displayName(who), tenant_id: who.tid })),
        oauth_clients: [
          {
            client_id: client.id,
            client_secret: client.secret,
            name: client.name,
            redirect_uris: [...redirectUris],
          },
        ],
      },
    },
  });
}
