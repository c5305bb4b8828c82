/** `deno task new` for losses, layers, optimizers and schedules, on copies of the checkout. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { checkoutCopy, contents, typeErrors } from "./checkout_copy.ts";
import { make } from "./new.ts";
import { Refusal } from "./new/draft.ts";
import { snakeCase } from "./new/names.ts";
import { ROOT } from "./places.ts";

const THINGS = [
  ["loss", "welsch"],
  ["layer", "Snake"],
  ["optimizer", "Novograd"],
  ["schedule", "InverseLR"],
] as const;

/** The cases for PyTorch that are written. */
const CASES = [
  /^save\("losses\/welsch", \[case\(F\.welsch_loss, /m,
  /^layer\(nn\.Snake, case\("by default", /m,
  /^optimizer\(torch\.optim\.Novograd, /m,
  /^schedule\("InverseLR", /m,
];

Deno.test("new loss, layer, optimizer, schedule: what is left is where the compiler finds it missing", async () => {
  await using copy = await checkoutCopy();
  const before = contents(copy.root);
  const places: string[] = [];
  for (const [thing, name] of THINGS) {
    const lines = await make(copy.root, [thing, name]);
    const left = lines.slice(lines.indexOf("") + 2).map((line) =>
      /^(\S+:\d+) {2}\S/.exec(line)![1]!
    );
    assert(left.length >= 4, lines.join("\n"));
    assertEquals(left.filter((place) => place.startsWith("tests/tools/")), []);
    places.push(...left);
  }
  const now = contents(copy.root);
  for (const [file, text] of before) assert(now.get(file)!.startsWith(text), file);
  const added = [...now.keys()].filter((file) => !before.has(file)).toSorted();
  assertEquals(added, [
    "lib/loss/welsch.ts",
    "lib/nn/snake.ts",
    "lib/optim/novograd.ts",
    "lib/optim/schedules/inverse_lr.ts",
  ]);
  const found = (await typeErrors(copy.root)).map(({ file, line }) => `${file}:${line}`);
  assertEquals(found.filter((place) => !places.includes(place)), []);
  for (
    const file of [
      ...added,
      "bench/loss_rows.ts",
      "tests/loss/table.ts",
      "tests/nn/table.ts",
      "tests/optim/table.ts",
      "tests/optim/schedule_table.ts",
    ]
  ) {
    assert(found.some((place) => place.startsWith(`${file}:`)), `${file} compiles`);
  }
  const makers = [...now].filter(([file]) => file.endsWith(".py")).map(([, text]) => text).join(
    "\n",
  );
  for (const call of CASES) assertMatch(makers, call);
});

/** Refused command lines, and the errors. */
const REFUSED: readonly (readonly [args: readonly string[], message: RegExp])[] = [
  [["loss", "huber"], /is taken in lib\/loss\/regression\.ts:\d+$/],
  [["loss", "crossEntropy"], /is taken in lib\/loss\/classification\.ts:\d+$/],
  [["loss", "elementLoss"], /is taken in lib\/loss\/loss\.ts:\d+$/],
  [["loss", "Welsch"], /must be a word in camelCase; did you mean welsch$/],
  [["loss", "welsch", "--family", "regression"], /Cannot make loss: there is no option "family"/],
  [["layer", "Linear"], /is taken in lib\/nn\/linear\.ts:\d+$/],
  [["layer", "leaky_relu"], /must be a word in PascalCase; did you mean LeakyRelu$/],
  [["layer", "Functional"], /lib\/nn\/functional\.ts: it exists already$/],
  [["optimizer", "Adam"], /is taken in lib\/optim\/adam\.ts:\d+$/],
  [["schedule", "StepLR"], /is taken in lib\/optim\/schedules\/decay\.ts:\d+$/],
  [["optimizer"], /give one name/],
  [["optimiser", "LBFGS"], /got optimiser; did you mean optimizer$/],
];

Deno.test("new loss, layer, optimizer, schedule: what is refused changes nothing", async () => {
  await using copy = await checkoutCopy();
  const before = contents(copy.root);
  for (const [args, message] of REFUSED) {
    const error = await assertRejects(() => make(copy.root, args), Refusal, "", args.join(" "));
    assertMatch(error.message, message);
    assertMatch(error.message, /^Cannot [^\n]*[^.\n]$/);
  }
  assertEquals(contents(copy.root), before);
  Deno.removeSync(new URL("tests/fixtures/losses.py", copy.root));
  const without = contents(copy.root);
  await assertRejects(
    () => make(copy.root, ["loss", "welsch"]),
    Refusal,
    "losses.py: there is no",
  );
  assertEquals(contents(copy.root), without);
});

Deno.test("the commands on the page for contributors write stubs", async () => {
  await using copy = await checkoutCopy();
  const page = Deno.readTextFileSync(new URL("CONTRIBUTING.md", ROOT));
  const commands = [...page.matchAll(/^deno task new (.+)$/gm)].map(([, command]) => command!);
  assertEquals(commands.map((command) => command.split(" ")[0]), ["op", ...THINGS.map(([x]) => x)]);
  for (const command of commands) await make(copy.root, command.split(" "));
});

Deno.test("snakeCase() names files and functions as PyTorch does", () => {
  const names = {
    logSoftmax: "log_softmax",
    avgPool1d: "avg_pool1d",
    LeakyReLU: "leaky_relu",
    SiLU: "silu",
    RMSprop: "rmsprop",
    AdamW: "adamw",
    LayerNorm: "layer_norm",
    GELU: "gelu",
    rot90: "rot90",
    StepLR: "step_lr",
    InverseSqrtLR: "inverse_sqrt_lr",
    MinimaxMSE: "minimax_mse",
  };
  for (const [name, snake] of Object.entries(names)) assertEquals(snakeCase(name), snake);
});
