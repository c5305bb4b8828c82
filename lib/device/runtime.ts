/** The number of threads, and counts of memory. */

import { checkCount, shown } from "../core/options.ts";
import { nativeThreads, setNativeThreads } from "../ffi/call.ts";
import { cpuCounts } from "./cpu.ts";
import { gpuCounts } from "./gpu.ts";

/** What the library has allocated so far, and what the process holds. */
export interface MemoryStats {
  /** Storages made since the start. */
  readonly storages: number;
  /** Their bytes. */
  readonly storageBytes: number;
  /** Bytes that were reclaimed and wait for the next use. */
  readonly freeBytes: number;
  /** Handles of GPU memory in use. */
  readonly gpuHandles: number;
  /** Bytes of tensors on the GPU. */
  readonly gpuBytes: number;
  /** Bytes on the GPU that were reclaimed and wait for the next use. */
  readonly gpuFreeBytes: number;
  /** How often elements were read back from the GPU, which waits for its work. */
  readonly gpuReads: number;
  /** How often elements were written to the GPU, which submits pending work. */
  readonly gpuWrites: number;
  /** Bytes of array buffers and the like that the process holds now. */
  readonly externalBytes: number;
  /** Resident bytes of the process. */
  readonly residentBytes: number;
}

/**
 * Counts of memory. The garbage collector frees tensors on the CPU that are no longer reachable.
 *
 * @example Allocation of a step
 * ```ts
 * import { memoryStats, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const before = memoryStats().storageBytes;
 * zeros([256, 256]);
 * assertEquals(memoryStats().storageBytes - before, 4 * 256 * 256);
 * ```
 */
export function memoryStats(): MemoryStats {
  checkCount("run memoryStats", arguments.length, 0);
  const { storages, bytes, freeBytes } = cpuCounts();
  const gpu = gpuCounts();
  const { external, rss } = Deno.memoryUsage();
  return {
    storages,
    storageBytes: bytes,
    freeBytes,
    gpuHandles: gpu.handles,
    gpuBytes: gpu.bytes,
    gpuFreeBytes: gpu.freeBytes,
    gpuReads: gpu.reads,
    gpuWrites: gpu.writes,
    externalBytes: external,
    residentBytes: rss,
  };
}

/**
 * Sets the number of threads of the kernels; results don't depend on it.
 *
 * @param n An integer from 1 to 1024. At the start it is the number of processors.
 *
 * @example One thread
 * ```ts
 * import { getThreads, setThreads } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const before = getThreads();
 * setThreads(1);
 * assertEquals(getThreads(), 1);
 * setThreads(before);
 * ```
 */
export function setThreads(n: number): void {
  checkCount("set threads", arguments.length, 1);
  if (!Number.isInteger(n) || n < 1 || n > 1024) {
    throw new RangeError(
      `Cannot set threads: the number must be an integer from 1 to 1024, got ${shown(n)}`,
    );
  }
  setNativeThreads(n);
}

/**
 * The number of threads of the kernels.
 *
 * @example At least one
 * ```ts
 * import { getThreads } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(getThreads() >= 1, true);
 * ```
 */
export function getThreads(): number {
  checkCount("get threads", arguments.length, 0);
  return nativeThreads();
}
