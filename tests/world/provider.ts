/** What starting a provider takes whose login and API share one origin: a listener, an emulator behind it, a world between. */
import type { Emulator } from "emulate";
import { control, type Order } from "./control.ts";
import { type Handler, listen } from "./http.ts";
import { noted, type World } from "./state.ts";

export interface Provider<W extends World> {
  /** As clients know it. */
  readonly origin: string;
  /** Where it listens. */
  readonly port: number;
  readonly world: W;
  /** The same as `POST /__world/control`. */
  control(order: Order<W["settings"]>): void;
  close(): Promise<void>;
}

export interface ProviderOptions {
  /** 0 or absent: any free port. */
  readonly port?: number;
  /** What clients call the origin where something stands in front of it; its own address otherwise. */
  readonly publicOrigin?: string;
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly redirectUris?: readonly string[];
}

export async function startProvider<W extends World>(
  options: ProviderOptions,
  startEmulator: () => Promise<Emulator>,
  make: (origin: string, emulator: string) => W,
  handlerOf: (world: W) => Handler,
): Promise<Provider<W>> {
  // The handler knows the origin, which is known only once it listens.
  let handler: Handler = async () => "drop";
  const listener = await listen(options.port ?? 0, (call) => handler(call));
  try {
    const emulator = await startEmulator();
    const origin = options.publicOrigin ?? listener.origin;
    const world = make(origin, emulator.url);
    handler = noted(world, handlerOf(world));
    return {
      origin,
      port: Number(new URL(listener.origin).port),
      world,
      control: (order) => control(world, order),
      close: async () => void (await Promise.all([listener.close(), emulator.close()])),
    };
  } catch (error) {
    await listener.close();
    throw error;
  }
}
