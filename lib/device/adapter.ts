/** The GPU: whether there is one, and which. */

import { checkCount, shown } from "../core/options.ts";
import { closeGpu, openGpu } from "../ffi/gpu.ts";
import { setGpuLimit } from "./gpu.ts";

/** What is known of the GPU. */
export type GpuInfo =
  | {
    readonly available: true;
    /** A card, a part of the processor, a share of a card, a program, or what a driver does not tell. */
    readonly kind: "discrete" | "integrated" | "virtual" | "software" | "unknown";
    /** Its name, and that of its driver. */
    readonly name: string;
  }
  | { readonly available: false; readonly reason: string };

/**
 * The GPU. Any that Vulkan, Metal or Direct3D 12 offers serves: a card of its own before one that is part
 * of the processor, and one in software, which is much slower than the CPU, only where there is no other.
 */
export interface Gpu {
  /**
   * Whether tensors can be moved to `"gpu"`, be it in software. The device is opened on the first call.
   */
  available(): boolean;
  /** The kind of the device and its name, or why there is none. */
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
 * @example Use a real one where there is one
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
