/**
 * Random programs under `vmap` against the loop over their examples. More of each op:
 * `deno test -A tests/programs/vmapped_programs_test.ts -- --each=65 --seed=7`.
 */

import { assert, assertEquals } from "@std/assert";
import { parseArgs } from "node:util";
import { OpRule } from "../../lib/ops/define/record.ts";
import { registeredOps } from "../../lib/ops/registry.ts";
import type { Tensor } from "../../mod.ts";
import { runMapped } from "./vmapped_programs.ts";

const FEW = 4;
const SEED = "adjoint";
const { values } = parseArgs({
  args: Deno.args,
  options: { each: { type: "string" }, seed: { type: "string" } },
  strict: false,
});
const each = Number(values.each ?? FEW);
const seed = String(values.seed ?? SEED);

Deno.test(`${each} random programs of each op under vmap are the loop, with gradients`, () => {
  const statistics = runMapped(each, seed);
  const { programs } = statistics;
  if (each > FEW) console.log(`${statistics}`);
  assertEquals(statistics.problems, [], statistics.problems.join("\n\n"));
  assert(statistics.failed > 0, "the programs make mistakes");
  if (each < FEW) return;
  assert(statistics.completed >= 0.8 * programs, `${statistics}`);
  assert(statistics.undecided <= 0.02 * programs, `${statistics}`);
  assert(statistics.gradients >= 0.35 * programs, `${statistics}`);
  assert(statistics.withRefused <= 0.12 * programs, `${statistics}`);
  assert(statistics.loose <= 0.001 * programs, `${statistics}`);
});

/** Batching rules, as far as they are replaced here. */
type Batching = { batch: (...given: never[]) => Tensor | readonly Tensor[] };

/** Leads the results of a batching rule through a function, until it is disposed. */
function spoiled(op: string, change: (whole: Tensor) => Tensor): Disposable {
  const found = registeredOps().find(({ name }) => name === op)?.rule;
  assert(found instanceof OpRule);
  const rule = found as unknown as Batching;
  const own = rule.batch;
  rule.batch = (...given) => {
    const whole = own(...given);
    return Array.isArray(whole) ? whole.map(change) : change(whole as Tensor);
  };
  return { [Symbol.dispose]: () => rule.batch = own };
}

/** What is wrong, with the batching rule of which op, in what way. */
const FAULTS: readonly (readonly [string, string, (whole: Tensor) => Tensor])[] = [
  ["is off by 1e-9", "sum", (y) => y.dtype === "float64" ? y.mul(1 + 1e-9) : y],
  ["gives each example what belongs to another", "matmul", (y) => y.flip(0)],
  [
    "gives all examples what belongs to the first",
    "cumsum",
    (y) => y.narrow(0, 0, 1).expand(y.shape),
  ],
  ["has no gradient", "permute", (y) => y.detach()],
  ["has twice its gradient", "cat", (y) => y.dtype === "float64" ? y.mul(2).sub(y.detach()) : y],
  ["gives another shape", "slice", (y) => y.unsqueeze(1)],
  ["refuses what the loop takes", "gather", () => {
    throw new RangeError("Cannot gather: no");
  }],
  ["fails with an error of the engine", "reshape", () => {
    throw new TypeError("x is undefined");
  }],
];

for (const [fault, op, change] of FAULTS) {
  Deno.test(`programs under vmap find that the batching rule of ${op} ${fault}`, () => {
    using _ = spoiled(op, change);
    const [found] = runMapped(FEW, SEED, true).problems;
    assert(found !== undefined, "not found");
    const items = found.split("\n").filter((line) => /^(?:v\d|backward)/.test(line));
    assert(items.length <= 5, `not cut down:\n${found}`);
  });
}
