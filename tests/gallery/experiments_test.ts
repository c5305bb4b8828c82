/** Scripts that stand beside a twin in PyTorch, with `--quick`: what each shows, and its control does not. */

import { assert } from "@std/assert";
import { runScript } from "./script.ts";

type Numbers = Readonly<Record<string, number & readonly number[]>>;

/** What the figures of a script must be, by its name. */
const SHOWS: Readonly<Record<string, (figures: Numbers) => boolean>> = {
  // Steps on a new wave help initial weights that were trained for it, and hardly those that were not.
  maml: ({ maml, none }) => maml![2]! < 0.8 * maml![0]! && none![2]! > 0.9 * none![0]!,
};

for (const [name, shows] of Object.entries(SHOWS)) {
  Deno.test(`examples/${name}.ts shows what it says, and its control does not`, async () => {
    const [told, control] = await Promise.all([
      runScript(`${name}.ts`, "--quick", "--seed", "1"),
      runScript(`${name}.ts`, "--quick", "--seed", "1", "--control"),
    ]);
    const [found, spoilt] = [told, control].map(({ figures }) => figures[name]) as Numbers[];
    assert(shows(found!), JSON.stringify(found));
    assert(!shows(spoilt!), `control: ${JSON.stringify(spoilt)}`);
    const script = new URL(`../../examples/${name}.ts`, import.meta.url);
    const lines = Deno.readTextFileSync(script).trimEnd().split("\n").length;
    assert(lines <= 60, `${name} has ${lines} lines`);
  });
}
