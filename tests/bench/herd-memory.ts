/** What the isolates hold while a herd waits, as V8 tells it: its heap, and the bytes of buffers and of WebAssembly. */
import type { Instances } from "./herd-calls.ts";
import { AUTHORITY, frontsOf } from "./herd-cast.ts";
import type { HerdWorkers } from "./herd-workers.ts";

const SAMPLE_MS = 50;

interface HeapUsage {
  readonly usedSize: number;
  readonly embedderHeapUsedSize: number;
  readonly backingStorageSize: number;
}

/** One isolate's inspector. */
class Inspector {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (result: unknown) => void>();
  #asked = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      const { id, result } = JSON.parse(String(data)) as { id?: number; result: unknown };
      if (id === undefined) return;
      this.#waiting.get(id)?.(result);
      this.#waiting.delete(id);
    };
  }

  static open(url: string): Promise<Inspector> {
    const socket = new WebSocket(url);
    return new Promise((resolve, reject) => {
      socket.onopen = () => resolve(new Inspector(socket));
      socket.onerror = () => reject(new Error(`no inspector at ${url}`));
    });
  }

  async bytes(): Promise<number> {
    const id = ++this.#asked;
    const answer = new Promise<unknown>((resolve) => this.#waiting.set(id, resolve));
    this.#socket.send(JSON.stringify({ id, method: "Runtime.getHeapUsage" }));
    const usage = (await answer) as HeapUsage;
    return usage.usedSize + usage.embedderHeapUsedSize + usage.backingStorageSize;
  }

  close(): void {
    this.#socket.close();
  }
}

/** The most that each isolate was seen to hold, in bytes; garbage that is not yet collected is among it. */
export type Peaks = Record<string, number>;

export class MemoryWatch {
  readonly #inspectors: ReadonlyMap<string, Inspector>;
  readonly #peaks: Peaks = {};
  #watching: Promise<void> | undefined;
  #stopped = false;

  private constructor(inspectors: ReadonlyMap<string, Inspector>) {
    this.#inspectors = inspectors;
  }

  static async open(workers: HerdWorkers, fronts: readonly string[]): Promise<MemoryWatch> {
    const url = await workers.inspector();
    const inspectors = new Map<string, Inspector>();
    for (const name of [...fronts, AUTHORITY])
      inspectors.set(name, await Inspector.open(new URL(`/core:user:${name}`, url).href));
    return new MemoryWatch(inspectors);
  }

  start(): void {
    this.#watching = this.#watch();
  }

  async #watch(): Promise<void> {
    while (!this.#stopped) {
      for (const [name, inspector] of this.#inspectors)
        this.#peaks[name] = Math.max(this.#peaks[name] ?? 0, await inspector.bytes());
      await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
    }
  }

  async stop(): Promise<Peaks> {
    this.#stopped = true;
    await this.#watching;
    for (const inspector of this.#inspectors.values()) inspector.close();
    return this.#peaks;
  }
}

export interface InUse {
  /** Of all fronts together. */
  readonly fronts: number;
  readonly authority: number;
}

export function inUse(instances: Record<string, Instances>): InUse {
  const fronts = frontsOf("postern").map((name) => instances[name]?.live ?? Number.NaN);
  return {
    fronts: fronts.reduce((sum, live) => sum + live, 0),
    authority: instances[AUTHORITY]?.live ?? Number.NaN,
  };
}
