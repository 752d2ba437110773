/** Answers and bodies of any length over bare sockets. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { encode, type LoadRequest } from "./load.ts";

const PIECE = Buffer.alloc(64 * 1024, "y");
const HEAD_END = Buffer.from("\r\n\r\n");

/** An answer whose header has come; nothing more is read before `resume`. */
export interface Stream {
  /** Reads on, and throws away. */
  readonly resume: () => void;
  /** Settles when the whole body is read. */
  readonly end: () => Promise<void>;
  readonly close: () => void;
}

async function opened(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.setNoDelay(true);
  await once(socket, "connect");
  return socket;
}

/** The header, and how many bytes behind it came with it. */
async function head(socket: Socket): Promise<{ length: number; behind: number }> {
  let pending: Buffer = Buffer.alloc(0);
  for (;;) {
    const [piece] = (await once(socket, "data")) as [Buffer];
    pending = pending.length === 0 ? piece : Buffer.concat([pending, piece]);
    const end = pending.indexOf(HEAD_END);
    if (end < 0) continue;
    socket.pause();
    const text = pending.toString("latin1", 0, end);
    if (!text.startsWith("HTTP/1.1 200 ")) throw new Error(`not what was asked for: ${text.slice(0, 300)}`);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? Number.NaN);
    return { length, behind: pending.length - end - HEAD_END.length };
  }
}

export async function openStream(port: number, request: LoadRequest): Promise<Stream> {
  const socket = await opened(port);
  socket.write(encode(request, `127.0.0.1:${port}`));
  const { length, behind } = await head(socket);
  let left = length - behind;
  const finished = new Promise<void>((resolve, reject) => {
    socket.on("data", (piece: Buffer) => {
      left -= piece.length;
      if (left === 0) resolve();
    });
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("the server hung up")));
    if (left === 0) resolve();
  });
  finished.catch(() => undefined);
  socket.pause();
  return {
    resume: () => socket.resume(),
    end: () => {
      socket.resume();
      return finished;
    },
    close: () => socket.destroy(),
  };
}

/** PUT of so many bytes, as fast as they are taken; throws unless the API got them all. */
export async function upload(port: number, request: LoadRequest, length: number): Promise<void> {
  const socket = await opened(port);
  const lines = Object.entries({ host: `127.0.0.1:${port}`, ...request.headers });
  const headers = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  socket.write(`PUT ${request.path} HTTP/1.1\r\n${headers}content-length: ${length}\r\n\r\n`);
  const answered = answerOf(socket, `{"received":${length}}`);
  for (let sent = 0; sent < length; sent += PIECE.length)
    if (!socket.write(PIECE.subarray(0, Math.min(PIECE.length, length - sent)))) await once(socket, "drain");
  await answered;
  socket.destroy();
}

/** Settles when it has this in it. */
function answerOf(socket: Socket, wanted: string): Promise<void> {
  let text = "";
  return new Promise((resolve, reject) => {
    socket.on("data", (piece: Buffer) => {
      text += piece.toString("latin1");
      if (text.includes(wanted)) resolve();
    });
    socket.on("close", () => reject(new Error(`not all arrived: ${text.slice(0, 300)}`)));
  });
}
