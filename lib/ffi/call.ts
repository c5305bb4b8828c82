/** Launches: the operands stand in the frame, the arrays go beside it, a bad status is an error. */

import { NativeError } from "../core/errors.ts";
import { frame, frameMessage, type Memory, setCount, WORDS } from "./frame.ts";
import { kernelTable, native } from "./library.ts";

const { adjoint_launch4, adjoint_launch8 } = native;

// The statuses of `rust/src/abi.rs` that come with a message.
const FAILED = 1;
const NO_MEMORY = 4;
const OUT_OF_RANGE = 5;

function fail(kernel: number, status: number, operands: readonly (Memory | null)[]): never {
  const name = kernelTable()[kernel]?.name ?? `number ${kernel}`;
  if (status === NO_MEMORY || status === OUT_OF_RANGE) {
    const op = name.replace(/_[a-z]/g, (letter) => letter.slice(1).toUpperCase());
    throw new RangeError(
      status === NO_MEMORY
        ? `Cannot run ${op}: ${frameMessage()}`
        : `Cannot compute ${op}: ${frameMessage()}; cast to float64 first`,
    );
  }
  // Memory that is gone fails the extent check, so that nothing need be asked beforehand.
  for (const memory of operands) memory?.check(name, "cpu");
  const reason = status === FAILED ? frameMessage() : `status ${status}`;
  throw new NativeError(`Kernel ${name} refused a launch: ${reason}`);
}

type Bytes = Uint8Array<ArrayBuffer> | null;

// Deno takes any typed array for a buffer; its types name only some.
function bytes(memory: Memory | null): Bytes {
  return memory === null ? null : memory.array as Bytes;
}

/** Runs a kernel on up to four operands. */
export function launch4(
  kernel: number,
  count: number,
  a: Memory,
  b: Memory | null,
  c: Memory | null,
  d: Memory | null,
): void {
  setCount(count);
  const status = adjoint_launch4(kernel, frame, WORDS, bytes(a), bytes(b), bytes(c), bytes(d));
  if (status !== 0) fail(kernel, status, [a, b, c, d]);
}

/** Runs a kernel on up to eight operands. */
export function launch8(kernel: number, operands: readonly Memory[]): void {
  setCount(operands.length);
  const at = (i: number): Bytes => bytes(operands[i] ?? null);
  const status = adjoint_launch8(
    ...[kernel, frame, WORDS] as const,
    ...[at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7)] as const,
  );
  if (status !== 0) fail(kernel, status, operands);
}

/** Sets the number of threads; a positive integer. */
export function setNativeThreads(threads: number): void {
  if (native.adjoint_set_threads(threads) !== 0) {
    throw new NativeError(`Cannot use ${threads} threads`);
  }
}

/** The number of threads that kernels use. */
export function nativeThreads(): number {
  return native.adjoint_threads();
}
