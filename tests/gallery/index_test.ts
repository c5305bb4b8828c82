/** The index page of the examples: every script stands in it, and every link leads somewhere. */

import { assertEquals } from "@std/assert";

const EXAMPLES = new URL("../../examples/", import.meta.url);

/** Scripts that a page does not link to, and links that lead to no script. */
function astray(page: string, scripts: readonly string[]): string[] {
  const links = [...page.matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link!);
  return [
    ...scripts.filter((name) => !links.includes(name)),
    ...links.filter((link) => !scripts.includes(link)),
  ];
}

Deno.test("every script of examples/ stands in its index, and nothing else does", () => {
  assertEquals(astray("[a](a.ts) [c](c.ts)", ["a.ts", "b.ts"]), ["b.ts", "c.ts"]);
  const files = [...Deno.readDirSync(EXAMPLES)].map(({ name }) => name);
  const scripts = files.filter((name) => /\.(ts|ipynb)$/.test(name) && !name.endsWith("_test.ts"));
  const page = Deno.readTextFileSync(new URL("README.md", EXAMPLES));
  assertEquals(astray(page, [...scripts, "loss_test.ts"]), []);
});
