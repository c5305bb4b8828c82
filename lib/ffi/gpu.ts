/** Native calls for the GPU: a bad status is an error, a device that is not there a `DeviceError`. */

import { DeviceError, NativeError } from "../core/errors.ts";
import { frame, frameMessage, frameNumbers, setCount, WORDS } from "./frame.ts";
import { native } from "./library.ts";

const FAILED = 1;
const NO_DEVICE = 3;
const NO_MEMORY = 4;

/** How to get memory back, for messages. */
export const WAY_OUT = "memory is freed at the end of scope(() => …) and by dispose()";

function check(op: string, status: number): void {
  if (status === 0) return;
  const told = [FAILED, NO_DEVICE, NO_MEMORY].includes(status);
  const reason = told ? frameMessage() : `status ${status}`;
  if (status === NO_DEVICE) throw new DeviceError(`Cannot ${op} on the GPU: ${reason}`);
  if (status === NO_MEMORY) throw new DeviceError(`Cannot ${op} on the GPU: ${reason}; ${WAY_OUT}`);
  throw new NativeError(`Cannot ${op} on the GPU: ${reason}`);
}

/** What the device is, in a word, and its name, or why there is none. */
export function openGpu(): { kind: string; name: string } | { reason: string } {
  const status = native.adjoint_gpu_open(frame, WORDS);
  const told = frameMessage();
  if (status !== 0) return { reason: told };
  const space = told.indexOf(" ");
  return { kind: told.slice(0, space), name: told.slice(space + 1) };
}

/** Gives the device back. */
export function closeGpu(): void {
  check("close the device", native.adjoint_gpu_close(frame, WORDS));
}

/** A handle of new memory; null where there is none left. */
export function allocateGpu(bytes: number): number | null {
  const status = native.adjoint_gpu_allocate(frame, WORDS, bytes);
  if (status === NO_MEMORY) return null;
  check("allocate", status);
  return frame[0]! >>> 0;
}

/** Gives memory back; a device that is lost has none. */
export function freeGpu(handle: number): void {
  const status = native.adjoint_gpu_free(frame, WORDS, handle);
  if (status !== NO_DEVICE) check("free", status);
}

/** Any array whose elements are as they lie on the GPU. */
export type Words =
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>;

/** Copies an array to the beginning of memory. */
export function writeGpu(handle: number, data: Words): void {
  if (data.length === 0) return;
  check("write", native.adjoint_gpu_write(frame, WORDS, handle, data, data.byteLength));
}

/** Waits for all launches and fills an array from memory, from an element on. */
export function readGpu(handle: number, start: number, data: Words): void {
  if (data.length === 0) return;
  const first = data.BYTES_PER_ELEMENT * start;
  check("read", native.adjoint_gpu_read(frame, WORDS, handle, first, data, data.byteLength));
}

/** Runs a kernel on the operands in the frame; tells whether the device had memory for it. */
export function launchGpu(kernel: number, name: string, operands: number): boolean {
  setCount(operands);
  const status = native.adjoint_gpu_launch(kernel, frame, WORDS);
  if (status === NO_MEMORY) return false;
  check(`run ${name}`, status);
  return true;
}

/**
 * Ends a measurement of what the device is asked to do, after waiting for it, and begins another if asked
 * for. Gives the dispatches of the one that ended, the bytes they moved, and the nanoseconds they took,
 * NaN where the device has no clock.
 */
export function measureGpu(on: boolean): [number, number, number] {
  check("measure", native.adjoint_gpu_measure(frame, WORDS, Number(on)));
  return frameNumbers(3) as [number, number, number];
}
