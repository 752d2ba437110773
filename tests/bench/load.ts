/**
 * Requests over keep-alive connections, as many at once as there are connections. Written on bare sockets: Node's
 * own clients cost more than the servers that are measured here.
 */
import { connect, type Socket } from "node:net";

const CONNECTIONS = 16;
const LONGEST_MS = 30_000;
const HEAD_END = Buffer.from("\r\n\r\n");

export interface LoadRequest {
  /** GET unless told. */
  readonly method?: "GET" | "POST";
  readonly path: string;
  readonly headers: Record<string, string>;
}

export function encode(request: LoadRequest, host: string): Buffer {
  const lines = Object.entries({ host, ...request.headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  if (request.method === "POST") lines.push("content-length: 0\r\n");
  return Buffer.from(`${request.method ?? "GET"} ${request.path} HTTP/1.1\r\n${lines.join("")}\r\n`);
}

/** One request after the other; each answer has to be a 200 whose body passes `check`, where there is one. */
export class Connection {
  readonly #socket: Socket;
  #pending: Buffer = Buffer.alloc(0);
  #settle: { resolve(body: Buffer): void; reject(error: Error): void } | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setTimeout(LONGEST_MS, () => socket.destroy(new Error("no answer for half a minute")));
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    const broken = (error?: Error) => this.#settle?.reject(error ?? new Error("the server hung up"));
    socket.on("error", broken);
    socket.on("close", () => broken());
  }

  static open(port: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1", () => resolve(new Connection(socket)));
      socket.once("error", reject);
    });
  }

  ask(request: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#socket.write(request);
    });
  }

  #take(chunk: Buffer): void {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const end = this.#pending.indexOf(HEAD_END);
    if (end < 0) return;
    const head = this.#pending.toString("latin1", 0, end);
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
    const settle = this.#settle;
    if (length === undefined || !head.startsWith("HTTP/1.1 200 ")) {
      settle?.reject(new Error(`not what was asked for: ${this.#pending.toString("latin1").slice(0, 600)}`));
      return;
    }
    const total = end + HEAD_END.length + Number(length);
    if (this.#pending.length < total) return;
    const body = this.#pending.subarray(end + HEAD_END.length, total);
    this.#pending = Buffer.alloc(0);
    settle?.resolve(body);
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed;
  }

  close(): void {
    this.#settle = undefined;
    this.#socket.destroy();
  }
}

export class Load {
  #connections: readonly Connection[] = [];
  readonly #port: number;
  readonly #host: string;

  constructor(port: number) {
    this.#port = port;
    this.#host = `127.0.0.1:${port}`;
  }

  /** Before a turn: workerd hangs up on whoever said nothing for five seconds. */
  async prepare(): Promise<void> {
    this.close();
    this.#connections = await Promise.all(
      Array.from({ length: CONNECTIONS }, () => Connection.open(this.#port)),
    );
  }

  async run(from: number, count: number, requestOf: (n: number) => LoadRequest): Promise<void> {
    let next = from;
    const end = from + count;
    const lane = async (connection: Connection) => {
      for (let n = next++; n < end; n = next++) await connection.ask(encode(requestOf(n), this.#host));
    };
    await Promise.all(this.#connections.map(lane));
  }

  async one(request: LoadRequest): Promise<string> {
    const [connection = await Connection.open(this.#port)] = this.#connections;
    return (await connection.ask(encode(request, this.#host))).toString("utf8");
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }
}
