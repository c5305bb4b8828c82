/** What the GPU says of a row itself: its time by its own clock, and how fast it moves bytes. */

import { gpu, ones, scope } from "@adjoint/ml";
import { gpuWork } from "../lib/device/gpu_work.ts";

const COPIES = 5;

/** Whether the GPU is a program. */
export function isSoftware(): boolean {
  const info = gpu.info();
  return info.available && info.kind === "software";
}

/** What the GPU did for a run of a row; null where it has no clock. */
export interface GpuFigures {
  /** Microseconds in which it was busy. */
  readonly gpu_us: number | null;
  /** Bytes in a second, where each operand is read or written once. */
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

/** The bytes in a second of a large copy, the most of several: what can be moved at all. */
export function copyRate(): number | null {
  return scope(() => {
    const x = ones([isSoftware() ? 2 ** 22 : 2 ** 26], { device: "gpu" });
    const copy = () => gpuFigures(() => scope(() => void x.clone()), 1).bytes_per_s;
    const rates = Array.from({ length: COPIES }, copy).filter((rate) => rate !== null);
    return rates.length === 0 ? null : Math.max(...rates);
  });
}
