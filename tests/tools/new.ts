/**
 * Writes the stubs of something new, and lists what remains to be written, by file and line.
 *
 *     deno task new op NAME --family FAMILY --kind primitive|composite|fused [--inputs 2]
 *     deno task new loss NAME
 *     deno task new layer NAME
 *     deno task new optimizer NAME
 *     deno task new schedule NAME
 *
 * The stubs do not compile, or fail tests, until they are complete: the compiler and `deno task
 * test --op NAME` show what is missing. Nothing is overwritten; if anything is refused, nothing is
 * written.
 */

import { unknownKey } from "../../lib/core/options.ts";
import { ROOT, shown } from "./places.ts";
import { AREAS, newInArea } from "./new/area.ts";
import { type Draft, Refusal, type Step } from "./new/draft.ts";
import { oneOf } from "./new/names.ts";
import { newOp } from "./new/op.ts";

/** The kinds of things, with their options. */
const THINGS: Readonly<Record<string, readonly string[]>> = {
  op: ["family", "kind", "inputs"],
  loss: [],
  layer: [],
  optimizer: [],
  schedule: [],
};

/** The words and options of a command line. */
function parsed(args: readonly string[]): [words: string[], options: Map<string, string>] {
  const words: string[] = [];
  const options = new Map<string, string>();
  for (let i = 0; i < args.length; i++) {
    const [, key, value] = /^--([^=]*)(?:=(.*))?$/.exec(args[i]!) ?? [];
    if (key === undefined) words.push(args[i]!);
    else {
      const given = value ?? args[++i];
      options.set(key, given ?? "");
    }
  }
  return [words, options];
}

function drafted(root: URL, args: readonly string[]): [Draft, Step[]] {
  const [[first, name, ...rest], options] = parsed(args);
  const thing = oneOf("what to make", first, Object.keys(THINGS));
  for (const [key, value] of options) {
    const known = THINGS[thing]!;
    if (!known.includes(key)) throw new Refusal(unknownKey(`make ${thing}`, key, known).message);
    if (value === "") throw new Refusal(`Cannot make ${thing}: --${key} needs a value`);
  }
  if (name === undefined || rest.length > 0) {
    throw new Refusal(`Cannot make ${thing}: give one name, as in \`deno task new ${thing} NAME\``);
  }
  if (isArea(thing)) return newInArea(root, thing, name);
  return newOp(root, name, {
    family: options.get("family"),
    kind: options.get("kind"),
    inputs: options.get("inputs"),
  });
}

function isArea(thing: string): thing is keyof typeof AREAS {
  return thing in AREAS;
}

/** Makes what a command line asks for in a checkout; returns the lines to print. */
export async function make(root: URL, args: readonly string[]): Promise<string[]> {
  const [draft, steps] = drafted(root, args);
  await draft.format();
  const places = steps.map((step) => `${shown(draft.placeOf(step))}  ${step.what}`);
  draft.write();
  return [
    ...draft.files.map((file) => `wrote ${file}`),
    "",
    "What is left to write:",
    ...places,
  ];
}

if (import.meta.main) {
  try {
    for (const line of await make(ROOT, Deno.args)) console.log(line);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    console.error(error.message);
    Deno.exit(1);
  }
}
