/** PyTorch's side of the benchmark: a Python process that runs the rows of `torch/` on request. */

import type { Device } from "@adjoint/ml";
import { fileURLToPath } from "node:url";
import { BenchError } from "./program.ts";

const ENVIRONMENT = fileURLToPath(new URL(".venv", import.meta.url));
const SERVER = fileURLToPath(new URL("torch/server.py", import.meta.url));

/** The Python of the virtual environment that `makeEnvironment` makes. */
const OWN_PYTHON = ENVIRONMENT +
  (Deno.build.os === "windows" ? "\\Scripts\\python.exe" : "/bin/python");

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Starts a program; if it does not exist, says so in a sentence. */
function spawn(command: string, options: Deno.CommandOptions): Deno.ChildProcess {
  try {
    return new Deno.Command(command, options).spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new BenchError(`Cannot run ${command}: there is no such program`);
  }
}

/** The output of a program; if it fails, the last line is its error. */
export async function runProgram(
  command: string,
  args: string[],
  env: Record<string, string>,
): Promise<string> {
  const child = spawn(command, { args, env, stdout: "piped", stderr: "piped" });
  const { success, stdout, stderr } = await child.output();
  const text = new TextDecoder();
  if (success) return text.decode(stdout);
  throw new BenchError(
    `${command} ${args.join(" ")} failed: ${text.decode(stderr).trimEnd().slice(-2000)}`,
  );
}

/** The Python to use; null if none has PyTorch. */
export async function findPython(given: string | undefined): Promise<string | null> {
  return given ?? (await exists(OWN_PYTHON) ? OWN_PYTHON : null);
}

/** Makes a virtual environment with PyTorch, unless there is one. */
export async function makeEnvironment(): Promise<void> {
  const has = ["-c", "import torch"];
  const { success } = await exists(OWN_PYTHON)
    ? await spawn(OWN_PYTHON, { args: has, stderr: "null" }).status
    : { success: false };
  if (success) return;
  console.log("Making bench/.venv with PyTorch from PyPI, about 5 GB");
  const system = Deno.build.os === "windows" ? "python" : "python3";
  // Without NumPy, PyTorch warns whenever it starts.
  const steps: [string, string[]][] = [
    [system, ["-m", "venv", ENVIRONMENT]],
    [OWN_PYTHON, ["-m", "pip", "install", "torch", "numpy"]],
  ];
  for (const [command, args] of steps) {
    if (!(await spawn(command, { args }).status).success) {
      throw new BenchError(`Could not make bench/.venv: ${command} ${args.join(" ")} failed`);
    }
  }
}

/** A reply of the process. */
interface Reply {
  /** Microseconds of an iteration. */
  readonly us: number;
  /** Samples of each tensor. */
  readonly result: number[][];
}

async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}

/** The running process. */
export class TorchSide implements AsyncDisposable {
  /** Version of PyTorch. */
  readonly version: string;
  readonly #child: Deno.ChildProcess;
  readonly #replies: AsyncGenerator<string, undefined>;
  readonly #requests: WritableStreamDefaultWriter<Uint8Array>;
  readonly #threads: number;

  private constructor(
    child: Deno.ChildProcess,
    replies: AsyncGenerator<string, undefined>,
    version: string,
    threads: number,
  ) {
    this.#child = child;
    this.#replies = replies;
    this.#requests = child.stdin.getWriter();
    this.#threads = threads;
    this.version = version;
  }

  /** Starts the process with a Python that has PyTorch. */
  static async start(python: string, threads: number, device: Device): Promise<TorchSide> {
    // -B: no compiled files among the sources.
    const child = spawn(python, { args: ["-B", SERVER, device], stdin: "piped", stdout: "piped" });
    const replies = lines(child.stdout);
    const { value: hello } = await replies.next();
    if (hello === undefined) {
      throw new BenchError(`${python} could not run bench/torch/server.py: does it have PyTorch?`);
    }
    const { version } = JSON.parse(hello) as { version: string };
    return new TorchSide(child, replies, version, threads);
  }

  async #ask(row: string, iterations: number): Promise<Reply> {
    const request = JSON.stringify({ row, iterations, threads: this.#threads });
    await this.#requests.write(new TextEncoder().encode(request + "\n"));
    const { value: reply } = await this.#replies.next();
    if (reply === undefined) throw new BenchError(`PyTorch's side ended in row "${row}"`);
    return JSON.parse(reply) as Reply;
  }

  /** The results of a row; the first call of a row makes it anew. */
  async result(row: string): Promise<number[][]> {
    return (await this.#ask(row, 0)).result;
  }

  /** Microseconds of an iteration of a row. */
  async measure(row: string, iterations: number): Promise<number> {
    return (await this.#ask(row, iterations)).us;
  }

  /** Ends the process. */
  async [Symbol.asyncDispose](): Promise<void> {
    // A process that has failed takes no more requests, and its failure is already reported.
    await this.#requests.close().catch(() => {});
    await this.#child.status;
  }
}
