/** Runs the tests of the GPU's counts in a process of their own, where no other test asks for work. */

import { assert } from "@std/assert";
import { gpuTest } from "../tools/gpu.ts";

gpuTest("its work is counted and timed, and is what formulas say", () => {
  const file = new URL("gpu_work_alone.ts", import.meta.url).pathname;
  const args = ["test", "-A", "--no-check", file];
  const { success, stdout } = new Deno.Command(Deno.execPath(), { args }).outputSync();
  assert(success, new TextDecoder().decode(stdout));
});
