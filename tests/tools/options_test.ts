/** Commands tell what is wrong with their options in one line. */

import { assertEquals } from "@std/assert";

const COMMANDS = [
  "tests/tools/fix.ts",
  "tests/tools/layers.ts",
  "tests/tools/losses.ts",
  "tests/tools/ops.ts",
  "tests/tools/run_tests.ts",
  "tests/gallery/gallery.ts",
  "lib/install/mod.ts",
];

for (const file of COMMANDS) {
  Deno.test(`${file} refuses an unknown option in one line`, async () => {
    const command = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", file, "--odd"],
      env: { NO_COLOR: "1" },
    });
    const { code, stderr } = await command.output();
    const lines = new TextDecoder().decode(stderr).trim().split("\n");
    assertEquals([code, lines.length], [2, 1], lines.join("\n"));
    assertEquals(lines[0]?.slice(0, 22), "Unknown option '--odd'");
  });
}
