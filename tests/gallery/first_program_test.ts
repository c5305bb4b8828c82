/** The shortest program of the gallery needs no permission but that for the library and for reading. */

import { assert, assertEquals } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);

/** Whether the program runs with some permissions. */
async function runs(...permissions: string[]): Promise<boolean> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-check",
      "--no-prompt",
      ...permissions,
      "examples/first_program.ts",
      "--quick",
    ],
    cwd: ROOT,
  }).output();
  return success;
}

Deno.test("examples/first_program.ts runs with --allow-ffi and --allow-read alone", async () => {
  assert(await runs("--allow-ffi", "--allow-read"));
  assertEquals(await runs("--allow-ffi"), false);
});
