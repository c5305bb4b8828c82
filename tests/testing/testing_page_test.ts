/** The page of the testing kit, which is its module's documentation: its messages are the real ones. */

import { assert, assertEquals } from "@std/assert";

const source = new URL("../../lib/testing/mod.ts", import.meta.url);

/** A block of code or text on the page. */
interface Block {
  readonly language: string;
  readonly text: string;
}

/** The blocks of the first comment of a file. */
function blocksOf(file: string): Block[] {
  const page = file.slice(0, file.indexOf("*/")).replace(/^ \* ?/gm, "");
  return [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, text]) => ({
    language: language!,
    text: text!,
  }));
}

/** What takes the place of `@std/assert`: it notes what was thrown. */
const RECORDER = `
export const thrown = [];
export function assertThrows(fn, type) {
  try {
    fn();
  } catch (error) {
    if (!(error instanceof type)) throw error;
    return void thrown.push(error.name + ": " + error.message);
  }
  throw new Error("nothing was thrown by " + fn);
}
`;

/** Runs a block of code and returns the errors that it expects, as Deno would print them. */
async function errorsOf(code: string, folder: string): Promise<string[]> {
  const name = crypto.randomUUID();
  const recorder = `${folder}/${name}_assert.js`;
  await Deno.writeTextFile(recorder, RECORDER);
  const resolved = code
    .replaceAll(/from "(@adjoint[^"]+)"/g, (_, name) => `from "${import.meta.resolve(name)}"`)
    .replaceAll('"@std/assert"', `"file://${recorder}"`)
    .replaceAll("import.meta.url", JSON.stringify(source.href));
  await Deno.writeTextFile(`${folder}/${name}.ts`, resolved);
  await import(`file://${folder}/${name}.ts`);
  const { thrown } = await import(`file://${recorder}`);
  return thrown;
}

/** Text without regard to where its lines break. */
function inWords(text: string): string {
  return text.split(/\s+/).filter((word) => word !== "").join(" ");
}

const blocks = blocksOf(await Deno.readTextFile(source));
const quoting = blocks.filter((_, i) => blocks[i + 1]?.language === "text");

Deno.test("the page of the testing kit quotes the errors of its examples", async () => {
  assert(quoting.length > 0);
  const folder = await Deno.makeTempDir();
  try {
    for (const block of quoting) {
      const quoted = blocks[blocks.indexOf(block) + 1]!.text;
      const errors = await errorsOf(block.text, folder);
      assert(errors.length > 0, block.text);
      assertEquals(inWords(errors.join("\n")), inWords(quoted));
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the page of the testing kit expects an error only where it quotes it", () => {
  const expecting = blocks.filter(({ text }) => text.includes("assertThrows("));
  assertEquals(expecting, quoting);
});
