/** Which files `deno task fix` says it changed, and which Python it takes. */

import { assertEquals } from "@std/assert";
import { changed, fingerprints, pythonWithTorch } from "./renewal.ts";
import { pathToFileURL } from "node:url";

Deno.test("changed() names files that differ, came or went", async () => {
  const folder = await Deno.makeTempDir();
  const root = pathToFileURL(`${folder}/`);
  const write = (file: string, text: string) => Deno.writeTextFileSync(new URL(file, root), text);
  Deno.mkdirSync(new URL("lib/ops", root), { recursive: true });
  Deno.mkdirSync(new URL("target", root));
  for (const file of ["README.md", "lib/a.ts", "lib/ops/b.ts", "lib/ops/c.ts"]) write(file, "1");
  const before = await fingerprints(root);
  write("lib/a.ts", "1");
  write("lib/ops/b.ts", "2");
  write("lib/new.ts", "1");
  write("target/built.ts", "1");
  Deno.removeSync(new URL("lib/ops/c.ts", root));
  const after = await fingerprints(root);
  await Deno.remove(folder, { recursive: true });
  assertEquals(changed(before, after), [
    "lib/new.ts (new)",
    "lib/ops/b.ts",
    "lib/ops/c.ts (removed)",
  ]);
  assertEquals(changed(before, before), []);
});

Deno.test({
  name: "pythonWithTorch() takes what can load PyTorch, and nothing else",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const folder = await Deno.makeTempDir();
    const script = async (name: string, status: number) => {
      await Deno.writeTextFile(`${folder}/${name}`, `#!/bin/sh\nexit ${status}\n`, { mode: 0o755 });
      return `${folder}/${name}`;
    };
    const [without, with_] = [await script("without", 1), await script("with", 0)];
    const found = [
      await pythonWithTorch(without),
      await pythonWithTorch(with_),
      await pythonWithTorch(`${folder}/missing`),
    ];
    await Deno.remove(folder, { recursive: true });
    assertEquals(found, [null, with_, null]);
  },
});
