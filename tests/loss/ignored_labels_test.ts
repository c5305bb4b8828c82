/** What is ignored does not matter. */

import { assert } from "@std/assert";
import { assertClose } from "../../lib/testing/mod.ts";
import { grad, losses, randn, RandomGenerator, type Tensor, tensor } from "../../mod.ts";

const generator = new RandomGenerator(3);
const sample = (shape: number[]) => randn(shape, { dtype: "float64", generator }).requiresGrad_();
const int32 = (data: number[]) => tensor(data, { dtype: "int32" });
const weight = tensor([1, 2, 3], { dtype: "float64" });

const OPTIONS: readonly losses.CrossEntropyOptions[] = [
  {},
  { labelSmoothing: 0.1 },
  { weight },
  { weight, labelSmoothing: 0.1 },
];

function allZero(x: Tensor): boolean {
  return x.eq(0).all().item() === 1;
}

type Loss = (x: Tensor, labels: Tensor, options: losses.CrossEntropyOptions) => Tensor;

/** The losses, each with the options that it has. */
const LOSSES: readonly [
  name: string,
  loss: Loss,
  options: readonly losses.CrossEntropyOptions[],
][] = [
  ["crossEntropy", losses.crossEntropy, OPTIONS],
  ["nll", losses.nll, [{}, { weight }]],
  ["poly1", losses.poly1, [{}]],
];

for (const [name, compute, given] of LOSSES) {
  Deno.test(`losses.${name}() is the loss of the entries that count, whatever the others are`, () => {
    const labels = int32([2, -100, 0, -100]);
    const kept = int32([0, 2]);
    for (const options of given) {
      for (const reduction of ["mean", "sum"] as const) {
        for (const odd of [0, NaN, Infinity]) {
          const x = sample([4, 3]);
          x.detach().at(1).fill_(odd);
          const rest = x.detach().indexSelect(0, kept).requiresGrad_();
          const all = { ...options, reduction };
          const loss = compute(x, labels, all);
          const expected = compute(rest, labels.indexSelect(0, kept), all);
          assertClose(loss.detach(), expected.detach(), { rtol: 1e-14, atol: 0 });
          const [g] = grad(loss, [x]);
          assertClose(g.indexSelect(0, kept), grad(expected, [rest])[0], {
            rtol: 1e-14,
            atol: 1e-16,
          });
          assert(allZero(g.indexSelect(0, int32([1, 3]))));
        }
      }
    }
  });
}

Deno.test("a mean that divides by how many count, though none does, would be found", () => {
  const x = sample([2, 3]);
  const each = x.logSoftmax(1).at([0, 2], 0).mul(0);
  assert(!allZero(grad(each.sum().div(0), [x])[0]));
});
