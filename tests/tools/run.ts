/** Runs commands; their output is passed through, and kept for counting tests. */

import { ROOT } from "./places.ts";

/** The result of a command. */
export interface Outcome {
  /** Exit status. */
  readonly code: number;
  /** All output, without colours. */
  readonly output: string;
}

/** How to run a command. */
export interface RunOptions {
  /** Variables added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether to show the output. Default: true. */
  readonly show?: boolean;
}

async function pass(
  from: ReadableStream<Uint8Array>,
  to: { write(bytes: Uint8Array): Promise<number> } | null,
  keep: (text: string) => void,
): Promise<void> {
  const decoder = new TextDecoder();
  for await (const chunk of from) {
    keep(decoder.decode(chunk, { stream: true }));
    for (let rest = chunk; to !== null && rest.length > 0;) {
      rest = rest.subarray(await to.write(rest));
    }
  }
}

/** Runs a command in the checkout, and shows its output. */
export function run(command: string, ...args: string[]): Promise<Outcome> {
  return runWith({}, command, ...args);
}

/** The same, with options. */
export async function runWith(
  { env = {}, show = true }: RunOptions,
  command: string,
  ...args: string[]
): Promise<Outcome> {
  if (show) {
    console.log(`\n> ${[command === Deno.execPath() ? "deno" : command, ...args].join(" ")}`);
  }
  // The sanitizer is only for Deno, which loads the library; compilers cannot run with it.
  const unwatched = command === Deno.execPath() ? {} : { LD_PRELOAD: "" };
  const child = new Deno.Command(command, {
    args,
    cwd: ROOT,
    env: { ...unwatched, ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let output = "";
  const keep = (text: string) => output += text;
  await Promise.all([
    pass(child.stdout, show ? Deno.stdout : null, keep),
    pass(child.stderr, show ? Deno.stderr : null, keep),
  ]);
  const { code } = await child.status;
  // deno-lint-ignore no-control-regex
  return { code, output: output.replace(/\x1b\[[0-9;]*m/g, "") };
}

/** Runs a command, and ends this process with its status if it fails. */
export async function must(command: string, ...args: string[]): Promise<Outcome> {
  const outcome = await run(command, ...args);
  if (outcome.code !== 0) Deno.exit(outcome.code);
  return outcome;
}

/** Runs a command silently; if it fails, the error contains its output. */
export async function quietly(
  env: Readonly<Record<string, string>>,
  command: string,
  ...args: string[]
): Promise<Outcome> {
  const outcome = await runWith({ env, show: false }, command, ...args);
  if (outcome.code === 0) return outcome;
  const line = [command === Deno.execPath() ? "deno" : command, ...args].join(" ");
  throw new Error(`\`${line}\` failed with status ${outcome.code}:\n${outcome.output}`);
}

/** Runs cargo; if it is not installed, says in one sentence how to get it. */
export async function cargo(...args: string[]): Promise<Outcome> {
  try {
    return await must("cargo", ...args);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.error(
      "Building the native library needs Rust, which is not installed: run " +
        "`curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh`",
    );
    Deno.exit(1);
  }
}
