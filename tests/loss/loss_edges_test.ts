/** Losses where nothing counts, where some is ignored, and with options that do not go together. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { assertClose } from "../../lib/testing/mod.ts";
import {
  DTypeError,
  full,
  grad,
  losses,
  ones,
  randn,
  RandomGenerator,
  ShapeError,
  type Tensor,
  tensor,
} from "../../mod.ts";

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

/** Logits of three classes, and where their labels lie. */
const SHAPES: readonly [logits: number[], labels: number[]][] = [
  [[2, 3], [2]],
  [[3], []],
  [[2, 3, 4], [2, 4]],
  [[2, 3, 2, 2], [2, 2, 2]],
];

const REDUCTIONS = ["mean", "sum", "none"] as const;

function allZero(x: Tensor): boolean {
  return x.eq(0).all().item() === 1;
}

for (const [shape, places] of SHAPES) {
  for (const ignoreIndex of [undefined, 1]) {
    const name = `logits [${shape}], ignoring ${ignoreIndex ?? "the default"}`;
    Deno.test(`losses.crossEntropy() of ignored labels alone reaches nothing: ${name}`, () => {
      const labels = full(places, ignoreIndex ?? -100, { dtype: "int32" });
      for (const given of OPTIONS) {
        for (const reduction of REDUCTIONS) {
          const options = {
            ...given,
            reduction,
            ...(ignoreIndex !== undefined && { ignoreIndex }),
          };
          const x = sample(shape);
          const loss = losses.crossEntropy(x, labels, options);
          assertEquals(Number.isNaN(loss.sum().item()), reduction === "mean");
          if (reduction !== "mean") assert(allZero(loss));
          const [g] = grad(loss.sum(), [x], { createGraph: true });
          assert(allZero(g));
          assert(allZero(grad(g.square().sum(), [x])[0]));
        }
      }
    });
  }
}

Deno.test("losses.crossEntropy() is the loss of the entries that count, whatever the others are", () => {
  const labels = int32([2, -100, 0, -100]);
  const kept = int32([0, 2]);
  for (const options of OPTIONS) {
    for (const reduction of ["mean", "sum"] as const) {
      for (const odd of [0, NaN, Infinity]) {
        const x = sample([4, 3]);
        x.detach().at(1).fill_(odd);
        const rest = x.detach().indexSelect(0, kept).requiresGrad_();
        const loss = losses.crossEntropy(x, labels, { ...options, reduction });
        const all = { ...options, reduction };
        const expected = losses.crossEntropy(rest, labels.indexSelect(0, kept), all);
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

Deno.test("a mean that divides by how many count, though none does, would be found", () => {
  const x = sample([2, 3]);
  const each = x.logSoftmax(1).at([0, 2], 0).mul(0);
  assert(!allZero(grad(each.sum().div(0), [x])[0]));
});

for (const name of ["mse", "huber"] as const) {
  Deno.test(`losses.${name}() of an empty mask reaches nothing`, () => {
    const mask = tensor([[false, false, false]]);
    for (const reduction of REDUCTIONS) {
      const inputs = [sample([2, 3]), sample([2, 3]), sample([3])];
      const [p, t, w] = inputs;
      p!.detach().fill_(NaN);
      for (const options of [{ mask, reduction }, { mask, reduction, weight: w! }]) {
        const loss = losses[name](p!, t!, options);
        assertEquals(Number.isNaN(loss.sum().item()), reduction === "mean");
        for (const g of grad(loss.sum(), inputs, { allowUnused: true })) {
          assert(g === null || allZero(g));
        }
      }
    }
  });

  Deno.test(`losses.${name}() refuses weights and masks that broadcast to another shape`, () => {
    const [p, t] = [ones([3]), ones([3])];
    for (const x of [ones([3, 1]), ones([2]), ones([1, 1])]) {
      const weigh = () => losses[name](p, t, { weight: x });
      const mask = () => losses[name](p, t, { mask: x.eq(1) });
      for (const call of [weigh, mask]) {
        assertThrows(call, ShapeError, "does not broadcast to the prediction's shape [3]");
      }
    }
    for (const x of [ones([3]), ones([1]), ones([])]) losses[name](p, t, { weight: x });
  });
}

Deno.test("losses.crossEntropy() says what labels and probabilities are", () => {
  const x = ones([2, 3]);
  const calls: [
    target: Tensor,
    options: losses.CrossEntropyOptions,
    kind: new (message: string) => Error,
    part: string,
  ][] = [
    [tensor([0, 1]), {}, DTypeError, "labels must be int32, got float32"],
    [int32([1, 0, 0, 1, 0, 0]).reshape([2, 3]), {}, ShapeError, "probabilities are floating"],
    [ones([2, 3]), { ignoreIndex: 1 }, TypeError, "ignoreIndex is for labels"],
    [ones([3, 2]), {}, ShapeError, "probabilities need the logits' shape [2, 3], got [3, 2]"],
  ];
  for (const [target, options, kind, part] of calls) {
    assertThrows(() => losses.crossEntropy(x, target, options), kind, part);
  }
  assertThrows(() => new losses.HuberLoss({ delta: Infinity }), RangeError, "positive and finite");
  assertThrows(() => new losses.CrossEntropyLoss({ labelSmoothing: 2 }), RangeError, "0 to 1");
});
