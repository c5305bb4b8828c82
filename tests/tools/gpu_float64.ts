/** Tests that need float64 on a GPU. */

import { kernelTable } from "../../lib/ffi/library.ts";
import { gpu } from "../../mod.ts";
import { gpuTest } from "./gpu.ts";

/** Whether the GPU has a program for a kernel with float64 operands. */
export function supportsFloat64(kernel: string): boolean {
  return gpu.available() &&
    kernelTable().some(({ name, types }) => name === kernel && types.includes("float64"));
}

const absent = gpu.available() && !supportsFloat64("copy");

/** Declares a test of float64 on the GPU; skipped if the GPU has none. */
export function float64Test(name: string, fn: () => void | Promise<void>): void {
  if (absent) Deno.test.ignore(`gpu: ${name}`, fn);
  else gpuTest(name, fn);
}
