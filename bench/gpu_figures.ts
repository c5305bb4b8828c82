/** The GPU's own figures of a row: the time by its own clock, and the bytes per second. */

import { gpu, ones, scope } from "@adjoint/ml";
import { gpuWork } from "../lib/device/gpu_work.ts";

const COPIES = 5;

/** Whether the GPU is a software device. */
export function isSoftware(): boolean {
  const info = gpu.info();
  return info.available && info.kind === "software";
}

/** The GPU's figures for a run of a row; null if it has no clock. */
export interface GpuFigures {
  /** Microseconds during which it was busy. */
  readonly gpu_us: number | null;
  /** Bytes per second, counting each operand once. */
  readonly bytes_per_s: number | null;
}

/** Runs so many times. */
export function gpuFigures(run: () => void, iterations: number): GpuFigures {
  const { bytes, seconds } = gpuWork(() => {
    for (let i = 0; i < iterations; i++) run();
  });
  if (seconds === null) return { gpu_us: null, bytes_per_s: null };
  return { gpu_us: seconds * 1e6 / iterations, bytes_per_s: seconds > 0 ? bytes / seconds : null };
}

/** The bytes per second of a large copy, the largest of several: the most that can be moved. */
export function copyRate(): number | null {
  return scope(() => {
    const x = ones([isSoftware() ? 2 ** 22 : 2 ** 26], { device: "gpu" });
    const copy = () => gpuFigures(() => scope(() => void x.clone()), 1).bytes_per_s;
    const rates = Array.from({ length: COPIES }, copy).filter((rate) => rate !== null);
    return rates.length === 0 ? null : Math.max(...rates);
  });
}
