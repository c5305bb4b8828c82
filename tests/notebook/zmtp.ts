/** Sockets of ZeroMQ over TCP, as far as a client of a kernel needs them: ZMTP 3.0, without security. */

/** A message: its frames. */
export type Message = readonly Uint8Array<ArrayBuffer>[];

const text = new TextEncoder();

/** Bits of a frame's first byte. */
const [MORE, LONG, COMMAND] = [1, 2, 4];

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A frame with its head. */
function frame(flags: number, body: Uint8Array): Uint8Array {
  if (body.length < 256) return joined(new Uint8Array([flags, body.length]), body);
  const head = new DataView(new ArrayBuffer(9));
  head.setUint8(0, flags | LONG);
  head.setBigUint64(1, BigInt(body.length));
  return joined(new Uint8Array(head.buffer), body);
}

/** What both sides say first: a signature, the version 3.0, the mechanism NULL, and that it is no server. */
function greeting(): Uint8Array {
  const bytes = new Uint8Array(64);
  bytes.set([0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 0]);
  bytes.set(text.encode("NULL"), 12);
  return bytes;
}

/** The command that tells what kind of socket this is. */
function ready(type: string): Uint8Array {
  const [name, key, value] = ["READY", "Socket-Type", type].map((word) => text.encode(word));
  const head = new Uint8Array([name!.length]);
  return frame(
    COMMAND,
    joined(
      head,
      name!,
      new Uint8Array([key!.length]),
      key!,
      new Uint8Array([0, 0, 0, value!.length]),
      value!,
    ),
  );
}

/** One socket. */
export class Socket implements Disposable {
  readonly #connection: Deno.TcpConn;
  #buffer = new Uint8Array(0);

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  /** Connects to one that waits, for as long as the kernel takes to start. */
  static async connect(type: "DEALER" | "SUB", port: number): Promise<Socket> {
    for (let tries = 0;; tries++) {
      try {
        const socket = new Socket(await Deno.connect({ hostname: "127.0.0.1", port }));
        await socket.#begin(type);
        return socket;
      } catch (error) {
        if (!(error instanceof Deno.errors.ConnectionRefused) || tries === 600) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  async #begin(type: "DEALER" | "SUB"): Promise<void> {
    await this.#write(greeting());
    await this.#take(64);
    await this.#write(ready(type));
    await this.#frame();
    // To everything.
    if (type === "SUB") await this.send([new Uint8Array([1])]);
  }

  /** Sends a message. */
  async send(message: Message): Promise<void> {
    await this.#write(
      joined(...message.map((body, i) => frame(i < message.length - 1 ? MORE : 0, body))),
    );
  }

  /** Waits for the next message. */
  async receive(): Promise<Message> {
    const frames: Uint8Array<ArrayBuffer>[] = [];
    while (true) {
      const { flags, body } = await this.#frame();
      if ((flags & COMMAND) !== 0) continue;
      frames.push(body);
      if ((flags & MORE) === 0) return frames;
    }
  }

  async #frame(): Promise<{ flags: number; body: Uint8Array<ArrayBuffer> }> {
    const flags = (await this.#take(1))[0]!;
    const long = (flags & LONG) !== 0;
    const head = new DataView((await this.#take(long ? 8 : 1)).buffer);
    const length = long ? Number(head.getBigUint64(0)) : head.getUint8(0);
    return { flags, body: await this.#take(length) };
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      done += await this.#connection.write(bytes.subarray(done));
    }
  }

  /** The next bytes. */
  async #take(length: number): Promise<Uint8Array<ArrayBuffer>> {
    const chunk = new Uint8Array(65536);
    while (this.#buffer.length < length) {
      const read = await this.#connection.read(chunk);
      if (read === null) throw new Error("The kernel has closed the connection");
      this.#buffer = joined(this.#buffer, chunk.subarray(0, read));
    }
    const taken = this.#buffer.slice(0, length);
    this.#buffer = this.#buffer.slice(length);
    return taken;
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }
}
