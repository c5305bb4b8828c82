/** A client of Deno's kernel for notebooks, over the protocol that all Jupyter kernels speak. */

import { type Message, Socket } from "./zmtp.ts";

/** What a kernel says, as far as it is looked at. */
interface Said {
  readonly type: string;
  /** The request that it belongs to. */
  readonly parent: string;
  readonly content: Readonly<Record<string, unknown>>;
}

/** What a cell gave. */
export interface Output {
  readonly type: string;
  readonly content: Readonly<Record<string, unknown>>;
}

/** What a cell gave, and how it ended. */
export interface Cell {
  readonly status: string;
  readonly outputs: readonly Output[];
}

const DELIMITER = "<IDS|MSG>";
const CHANNELS = ["shell", "control", "iopub", "stdin", "hb"] as const;

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

/** A kernel that runs. */
export class Kernel implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #file: string;
  readonly #key: CryptoKey;
  readonly #session = crypto.randomUUID();
  readonly #shell: Socket;
  readonly #control: Socket;
  readonly #iopub: Socket;

  private constructor(
    process: Deno.ChildProcess,
    file: string,
    key: CryptoKey,
    [shell, control, iopub]: readonly [Socket, Socket, Socket],
  ) {
    this.#process = process;
    this.#file = file;
    this.#key = key;
    this.#shell = shell;
    this.#control = control;
    this.#iopub = iopub;
  }

  /** Starts a kernel in a folder, whose `deno.json` it follows, with variables beside those here. */
  static async start(cwd: string, env: Readonly<Record<string, string>> = {}): Promise<Kernel> {
    const secret = crypto.randomUUID();
    const ports = Object.fromEntries(CHANNELS.map((name) => [`${name}_port`, freePort()]));
    const file = await Deno.makeTempFile({ suffix: ".json" });
    const at = { ip: "127.0.0.1", transport: "tcp", signature_scheme: "hmac-sha256", key: secret };
    await Deno.writeTextFile(file, JSON.stringify({ ...at, ...ports }));
    const args = ["jupyter", "--kernel", "--conn", file];
    const process = new Deno.Command(Deno.execPath(), {
      args,
      cwd,
      env,
      stdout: "null",
      stderr: "null",
    })
      .spawn();
    try {
      const sockets = await Promise.all([
        Socket.connect("DEALER", ports.shell_port!),
        Socket.connect("DEALER", ports.control_port!),
        Socket.connect("SUB", ports.iopub_port!),
      ]);
      const hash = { name: "HMAC", hash: "SHA-256" };
      const bytes = new TextEncoder().encode(secret);
      const key = await crypto.subtle.importKey("raw", bytes, hash, false, ["sign"]);
      const kernel = new Kernel(process, file, key, sockets);
      await kernel.#heard();
      return kernel;
    } catch (error) {
      process.kill("SIGKILL");
      throw error;
    }
  }

  /** Waits until what the kernel says to all is heard: what it said before a subscription is lost. */
  async #heard(): Promise<void> {
    const first = this.#said(this.#iopub);
    let heard = false;
    const done = first.then(() => heard = true);
    while (!heard) {
      await this.#ask(this.#shell, "kernel_info_request", {});
      await this.#said(this.#shell);
      await Promise.race([done, new Promise((resolve) => setTimeout(resolve, 50))]);
    }
  }

  /** Runs a cell; `while_` sees each output when it comes. */
  async run(code: string, during?: (output: Output) => void | Promise<void>): Promise<Cell> {
    const request = { code, silent: false, store_history: true, allow_stdin: false };
    const id = await this.#ask(this.#shell, "execute_request", { ...request, stop_on_error: true });
    const reply = this.#reply(id);
    // It is waited for when the outputs are there; until then nobody would hear of its end.
    reply.catch(() => {});
    const outputs: Output[] = [];
    await this.#until(id, async ({ type, parent, content }) => {
      if (parent !== id || type === "status" || type === "execute_input") return;
      outputs.push({ type, content });
      await during?.({ type, content });
    });
    const { content } = await reply;
    // What a cell gave may be sent after it was said to be done; a second question comes after it.
    const info = await this.#ask(this.#shell, "kernel_info_request", {});
    await this.#until(info, ({ type, parent, content }) => {
      if (parent === id && type !== "status") outputs.push({ type, content });
    });
    await this.#reply(info);
    return { status: String(content.status), outputs };
  }

  /** Hears what is said to all until a request is done. */
  async #until(id: string, hear: (said: Said) => void | Promise<void>): Promise<void> {
    while (true) {
      const said = await this.#said(this.#iopub);
      await hear(said);
      if (said.parent === id && said.content.execution_state === "idle") return;
    }
  }

  /** The process. */
  get pid(): number {
    return this.#process.pid;
  }

  /** Ends what the cell does that runs. */
  async interrupt(): Promise<void> {
    await this.#ask(this.#control, "interrupt_request", {});
    await this.#said(this.#control);
  }

  async #reply(id: string): Promise<Said> {
    while (true) {
      const said = await this.#said(this.#shell);
      if (said.parent === id) return said;
    }
  }

  async #ask(socket: Socket, type: string, content: object): Promise<string> {
    const id = crypto.randomUUID();
    const header = {
      msg_id: id,
      session: this.#session,
      username: "test",
      date: new Date().toISOString(),
      msg_type: type,
      version: "5.3",
    };
    const encoder = new TextEncoder();
    const parts = [header, {}, {}, content].map((part) => encoder.encode(JSON.stringify(part)));
    const signed = await new Blob(parts).arrayBuffer();
    const signature = new Uint8Array(await crypto.subtle.sign("HMAC", this.#key, signed)).toHex();
    await socket.send([encoder.encode(DELIMITER), encoder.encode(signature), ...parts]);
    return id;
  }

  async #said(socket: Socket): Promise<Said> {
    const message: Message = await socket.receive();
    const texts = message.map((frame) => new TextDecoder().decode(frame));
    const [, header, parent, , content] = texts.slice(texts.indexOf(DELIMITER) + 1);
    return {
      type: JSON.parse(header!).msg_type,
      parent: JSON.parse(parent!).msg_id,
      content: JSON.parse(content!),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.status;
    for (const socket of [this.#shell, this.#control, this.#iopub]) socket[Symbol.dispose]();
    await Deno.remove(this.#file);
  }
}
