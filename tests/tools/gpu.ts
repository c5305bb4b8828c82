/** Tests that need a GPU; without one they are skipped, with the reason. */

import { gpu } from "../../mod.ts";

const info = gpu.info();

/** If a software GPU is installed for the tests, none may be skipped. */
const required = Deno.env.get("ADJOINT_REQUIRE_GPU") === "1";

if (!info.available && !required) console.log(`GPU tests are skipped: ${info.reason}`);

/** Declares a test of the GPU. */
export function gpuTest(name: string, fn: () => void | Promise<void>): void {
  if (info.available) Deno.test(`gpu: ${name}`, fn);
  else if (!required) Deno.test.ignore(`gpu: ${name}`, fn);
  else {
    Deno.test(`gpu: ${name}`, () => {
      throw new Error(`ADJOINT_REQUIRE_GPU is set, but there is no GPU: ${info.reason}`);
    });
  }
}
