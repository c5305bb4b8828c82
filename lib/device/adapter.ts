/** The GPU: whether there is one, and which. */

import { checkCount, shown } from "../core/options.ts";
import { closeGpu, openGpu } from "../ffi/gpu.ts";
import { setGpuLimit } from "./gpu.ts";

/** What is known of the GPU. */
export type GpuInfo =
  | { readonly available: true; readonly name: string }
  | { readonly available: false; readonly reason: string };

/** The GPU. Any that Vulkan, Metal or Direct3D 12 offers serves, also one in software. */
export interface Gpu {
  /** Whether tensors can be moved to `"gpu"`. The device is opened on the first call. */
  available(): boolean;
  /** The name of the device and its driver, or why there is none. */
  info(): GpuInfo;
  /**
   * Sets how many bytes the tensors of this thread may take that were made outside of `scope` and are
   * not freed. Where a loop never lets the event loop turn, nothing frees them, and the next one is
   * refused. Default: 8 GiB.
   *
   * @throws {RangeError} If it is not a positive integer.
   */
  setMemoryLimit(bytes: number): void;
  /**
   * Gives the device back. Its tensors are lost, and this process can't open it again.
   *
   * @throws {DeviceError} If there is none.
   */
  close(): void;
}

/**
 * The GPU.
 *
 * @example Use it where there is one
 * ```ts
 * import { gpu, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const device = gpu.available() ? "gpu" : "cpu";
 * const x = tensor([1, 2, 3], { device, requiresGrad: true });
 * x.square().sum().backward();
 * assertEquals(x.grad?.toArray(), [2, 4, 6]);
 * ```
 */
export const gpu: Gpu = {
  available() {
    checkCount("run gpu.available", arguments.length, 0);
    return "name" in openGpu();
  },
  info() {
    checkCount("run gpu.info", arguments.length, 0);
    const opened = openGpu();
    return "name" in opened
      ? { available: true, name: opened.name }
      : { available: false, reason: opened.reason };
  },
  setMemoryLimit(bytes) {
    checkCount("run gpu.setMemoryLimit", arguments.length, 1);
    if (!Number.isSafeInteger(bytes) || bytes < 1) {
      throw new RangeError(
        `Cannot run gpu.setMemoryLimit: bytes must be a positive integer, got ${shown(bytes)}`,
      );
    }
    setGpuLimit(bytes);
  },
  close() {
    checkCount("run gpu.close", arguments.length, 0);
    closeGpu();
  },
};
