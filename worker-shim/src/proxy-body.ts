/** The body that a caller sends: held where it is short, so that it can be sent again, and passed on as it comes otherwise. */

/** Up to here a body is held. */
const MOST_HELD_BODY = 64 * 1024;
/** Whoever sends piece by piece may wait for what the API makes of the first ones. */
const LONGEST_HELD_MS = 200;

export type Body = Uint8Array<ArrayBuffer> | StreamedBody | null;

/** What is wrong with it, in words for the caller. */
export class UnusableBody extends Error {}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

interface Begun {
  readonly pieces: readonly Uint8Array[];
  readonly reader: Reader;
  /** On its way already. */
  readonly next?: ReturnType<Reader["read"]>;
}

/** A body that is sent once: what was read of it, and the rest as it comes. */
export class StreamedBody {
  readonly #rest: ReadableStream;
  readonly #length: number | undefined;
  readonly #begun: Begun | undefined;

  /** `length`: what its caller named. */
  constructor(rest: ReadableStream, length?: number, begun?: Begun) {
    this.#rest = rest;
    this.#length = length;
    this.#begun = begun;
  }

  /** What is to be sent. `broken` is called where the caller's body breaks off: to the API its end would be a whole body's. */
  start(broken: (reason: unknown) => void): ReadableStream {
    const { readable, writable } =
      this.#length === undefined ? new IdentityTransformStream() : new FixedLengthStream(this.#length);
    this.#pump(writable).catch(broken);
    return readable;
  }

  async #pump(writable: WritableStream): Promise<void> {
    if (this.#begun) {
      const { pieces, reader, next } = this.#begun;
      next?.catch(() => undefined);
      const writer = writable.getWriter();
      try {
        for (const piece of pieces) await writer.write(piece);
        const piece = await next;
        if (piece?.value) await writer.write(piece.value);
        if (piece?.done) return await writer.close();
      } finally {
        writer.releaseLock();
        reader.releaseLock();
      }
    }
    // An aborted writable ends as cleanly as a closed one: it is left open.
    await this.#rest.pipeTo(writable, { preventAbort: true });
  }
}

export async function bodyOf(request: Request): Promise<Body> {
  const { body, method } = request;
  if (body === null) return null;
  const named = request.headers.get("content-length");
  const length = named === null ? undefined : Number(named);
  const readsOnly = method === "GET" || method === "HEAD";
  if (length !== undefined && length > MOST_HELD_BODY && !readsOnly) return new StreamedBody(body, length);
  const { total, begun } = await begin(body, readsOnly ? 0 : MOST_HELD_BODY, readsOnly || named !== null);
  if (readsOnly) {
    if (total === 0) return null;
    throw new UnusableBody("The proxy passes no body of GET and HEAD on: call without it");
  }
  if (length !== undefined && total !== length)
    throw new UnusableBody("The body is not as long as its Content-Length says");
  return begun instanceof Uint8Array ? begun : new StreamedBody(body, undefined, begun);
}

/** Up to the end, or a piece beyond `most`; or, unless it is `patient`, as much as came at once. */
async function begin(body: ReadableStream<Uint8Array>, most: number, patient: boolean) {
  const reader = body.getReader();
  const pieces: Uint8Array[] = [];
  let total = 0;
  const late = patient ? undefined : scheduler.wait(LONGEST_HELD_MS);
  while (total <= most) {
    const next = reader.read();
    const piece = await (late ? Promise.race([next, late]) : next);
    if (!piece) return { total, begun: { pieces, reader, next } };
    if (piece.done) return { total, begun: joined(pieces, total) };
    pieces.push(piece.value);
    total += piece.value.length;
  }
  return { total, begun: { pieces, reader } };
}

function joined(pieces: readonly Uint8Array[], total: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(total);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
