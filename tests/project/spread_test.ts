/** Lists that may be as long as data are not spread into calls, which take some ten thousand arguments. */

import { assertEquals } from "@std/assert";

/** The areas in which lists are as long as data, sequences or steps. */
const AREAS = [
  "autograd",
  "classic",
  "core",
  "data",
  "distributions",
  "io",
  "loss",
  "meta",
  "metrics",
  "nn",
  "ops",
  "optim",
  "plot",
  "runs",
  "study",
  "tensor",
  "testing",
  "train",
];
/** A list of any length as the arguments of a function that takes any number of them. */
const SPREAD = /(?:\.(?:push|unshift)|Math\.(?:max|min|hypot)|String\.from\w+)\(\.\.\.[^)]/;

function spreads(text: string): string[] {
  return text.split("\n").map((line) => line.trim())
    .filter((line) => SPREAD.test(line) && !line.startsWith("*") && !line.startsWith("//"));
}

function filesIn(folder: URL): URL[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesIn(new URL(`${name}/`, folder)) : [new URL(name, folder)]
  );
}

Deno.test("no list is spread into a call that takes any number of arguments", () => {
  const lib = new URL("../../lib/", import.meta.url);
  const found = AREAS.flatMap((area) => filesIn(new URL(`${area}/`, lib))).flatMap((file) =>
    spreads(Deno.readTextFileSync(file)).map((line) =>
      `${file.pathname.slice(lib.pathname.length)}: ${line}`
    )
  );
  assertEquals(found, []);
});

Deno.test("a list that is spread is found", () => {
  const planted = [
    "order.push(...more);",
    "const most = Math.max(...lengths);",
    "const length = Math.hypot(...parts);",
    "x.push(1, 2);",
  ];
  assertEquals(spreads(planted.join("\n")), planted.slice(0, 3));
});
