/** Native calls for the GPU: a bad status is an error, a device that is not there a `DeviceError`. */

import { DeviceError, NativeError } from "../core/errors.ts";
import { frame, frameMessage, setCount, WORDS } from "./frame.ts";
import { native } from "./library.ts";

const FAILED = 1;
const NO_DEVICE = 3;
const NO_MEMORY = 4;

function check(op: string, status: number): void {
  if (status === 0) return;
  const told = [FAILED, NO_DEVICE, NO_MEMORY].includes(status);
  const reason = told ? frameMessage() : `status ${status}`;
  if (status === NO_DEVICE || status === NO_MEMORY) {
    throw new DeviceError(`Cannot ${op} on the GPU: ${reason}`);
  }
  throw new NativeError(`Cannot ${op} on the GPU: ${reason}`);
}

/** The name of the device, or why there is none. */
export function openGpu(): { name: string } | { reason: string } {
  const status = native.adjoint_gpu_open(frame, WORDS);
  return status === 0 ? { name: frameMessage() } : { reason: frameMessage() };
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

/** Any array whose elements take four bytes. */
export type Words = Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

/** Copies an array to the beginning of memory. */
export function writeGpu(handle: number, data: Words): void {
  if (data.length === 0) return;
  check("write", native.adjoint_gpu_write(frame, WORDS, handle, data, data.byteLength));
}

/** Waits for all launches and fills an array from memory, from an element on. */
export function readGpu(handle: number, start: number, data: Words): void {
  if (data.length === 0) return;
  check("read", native.adjoint_gpu_read(frame, WORDS, handle, 4 * start, data, data.byteLength));
}

/** Runs a kernel on the operands in the frame. */
export function launchGpu(kernel: number, name: string, operands: number): void {
  setCount(operands);
  check(`run ${name}`, native.adjoint_gpu_launch(kernel, frame, WORDS));
}
