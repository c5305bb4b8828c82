/** Measures the work of the GPU. Nothing is counted outside measurements. */

import { measureGpu } from "../ffi/gpu.ts";

/** What the GPU did during a measurement. */
export interface GpuWork {
  /** Programs that it ran. */
  readonly dispatches: number;
  /** Bytes that they moved, where each reads and writes every element of its operands once. */
  readonly bytes: number;
  /** Seconds in which it was busy, by its own clock; null where it has none. */
  readonly seconds: number | null;
}

/** Measures the GPU's work for a function, until it is done. */
export function gpuWork(run: () => void): GpuWork {
  measureGpu(true);
  let measured: ReturnType<typeof measureGpu>;
  try {
    run();
  } finally {
    measured = measureGpu(false);
  }
  const [dispatches, bytes, nanoseconds] = measured;
  return { dispatches, bytes, seconds: Number.isNaN(nanoseconds) ? null : nanoseconds / 1e9 };
}
