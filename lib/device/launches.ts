/**
 * Listening to launches and allocations. It costs nothing while nobody listens: the functions of the
 * devices are replaced only for that time.
 */

import { kernelTable } from "../ffi/library.ts";
import type { Backend, Device, Operand, Storage } from "./backend.ts";
import { cpu } from "./cpu.ts";
import { gpu } from "./gpu.ts";

/** Is notified of allocations and launches. */
export interface LaunchListener {
  /** Memory was taken for a result. */
  allocated(storage: Storage): void;
  /** A kernel ran, on the CPU, or was sent to the GPU; outputs come first among the operands. */
  launched(kernel: string, operands: readonly Operand[], device: Device, began: number): void;
}

function listenTo(
  backend: Backend,
  names: readonly string[],
  listener: LaunchListener,
): () => void {
  const { device, allocate, run1, run2, run3, run } = backend;
  const told = (kernel: number, operands: readonly Operand[], launch: () => void) => {
    const began = performance.now();
    launch();
    listener.launched(names[kernel] ?? "", operands, device, began);
  };
  backend.allocate = (code, size, zero) => {
    const storage = allocate(code, size, zero);
    listener.allocated(storage);
    return storage;
  };
  backend.run1 = (kernel, out, a) => told(kernel, [out, a], () => run1(kernel, out, a));
  backend.run2 = (kernel, out, a, b) => told(kernel, [out, a, b], () => run2(kernel, out, a, b));
  backend.run3 = (kernel, out, a, b, c) =>
    told(kernel, [out, a, b, c], () => run3(kernel, out, a, b, c));
  backend.run = (kernel, operands, ints, numbers) =>
    told(kernel, operands, () => run(kernel, operands, ints, numbers));
  return () => void Object.assign(backend, { allocate, run1, run2, run3, run });
}

/** Notifies a listener of all devices. The last to begin must end first. @returns Ends it. */
export function listen(listener: LaunchListener): () => void {
  const names = kernelTable().map(({ name }) => name);
  const ends = [cpu, gpu].map((backend) => listenTo(backend, names, listener));
  return () => ends.forEach((end) => end());
}
