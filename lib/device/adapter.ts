/** The GPU, as users see it. */

import { checkCount, shown } from "../core/options.ts";
import { closeGpu, openGpu } from "../ffi/gpu.ts";
import { setGpuLimit } from "./gpu.ts";

/** The GPU that was found, or why there is none. */
export type GpuInfo =
  | {
    readonly available: true;
    /** A card, part of the processor, a virtual device, software, or what the driver does not say. */
    readonly kind: "discrete" | "integrated" | "virtual" | "software" | "unknown";
    /** Its name, and that of its driver. */
    readonly name: string;
  }
  | { readonly available: false; readonly reason: string };

/**
 * The GPU: any that is reachable through Vulkan, Metal or Direct3D 12. A discrete card is preferred to an
 * integrated one; software, which is much slower than the CPU, is used only if there is nothing else.
 */
export interface Gpu {
  /**
   * Whether tensors can be moved to `"gpu"`, which may be software. The first call opens the device.
   */
  available(): boolean;
  /** The kind of the device and its name, or why there is none. */
  info(): GpuInfo;
  /**
   * Sets how many bytes tensors of this thread may take that were made outside `scope` and not yet freed.
   * In a loop that never lets the event loop turn, nothing frees them, and the next tensor over the limit
   * is refused. Default: 8 GiB.
   *
   * @throws {RangeError} If it is not a positive integer.
   */
  setMemoryLimit(bytes: number): void;
  /**
   * Closes the device. Its tensors are lost, and this process cannot open it again.
   *
   * @throws {DeviceError} If there is none.
   */
  close(): void;
}

/**
 * The GPU.
 *
 * @example Use hardware if there is any
 * ```ts
 * import { gpu, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const info = gpu.info();
 * const device = info.available && info.kind !== "software" ? "gpu" : "cpu";
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
    return { available: "name" in opened, ...opened } as GpuInfo;
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
