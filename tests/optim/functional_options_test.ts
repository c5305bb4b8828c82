/** Options of functional steps as tensors: the same values as with numbers, and derivatives. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { assertClose, CheckError, gradcheck } from "../../lib/testing/mod.ts";
import { grad, ones, optim, stack, type Tensor, tensor, vmap } from "../../mod.ts";
import { type OptimizerName, OPTIMIZERS, STEPS } from "./table.ts";

type Options = Readonly<Record<string, unknown>>;

/** Gradients of seven steps. */
const GRADIENTS = [
  [0.4, 0.5, 0, -1],
  [-0.3, 0.2, 0.7, 2],
  [0.9, 0.3, 0, 0.1],
  [0.5, -0.4, 1, 0.2],
  [-0.6, 0.2, 0.3, 0.7],
  [0.1, 0.8, 0.6, -0.7],
  [0.2, 1, 0.2, 0.3],
];

const scalar = (value: number, shape: number[] = []) =>
  tensor([value], { dtype: "float64" }).reshape(shape);

/** The parameter after seven steps. */
function walk(name: OptimizerName, options: Options): Tensor {
  const shape = OPTIMIZERS[name].matrices ? [2, 2] : [4];
  const shaped = (data: number[]) => tensor(data, { dtype: "float64" }).reshape(shape);
  const step = optim.functional[STEPS[name]] as optim.functional.FunctionalStep<object, object>;
  let p = shaped([1, -1, 0.5, 0.3]);
  let state = {};
  for (const g of GRADIENTS) {
    const stepped = step([p], [shaped(g)], state, options);
    [p] = stepped.params as [Tensor];
    state = stepped.state;
  }
  return p;
}

/** The options that are tried, by an option that is a number, or by its place in a list. */
function numbersOf(
  name: OptimizerName,
): [place: string, value: number, at: (x: unknown) => Options][] {
  const { rule, functional, smooth } = OPTIMIZERS[name];
  const [first = {}] = Object.values(smooth);
  const base: Options = { ...rule.defaults, lr: 0.1, ...functional, ...first };
  // At 0 an option may change what is kept, and with it the formula.
  const moved = (value: number) => value === 0 ? 0.1 : value;
  return Object.entries(base).flatMap(([key, value]): ReturnType<typeof numbersOf> => {
    if (typeof value === "number") {
      const more = key === "dampening" ? { momentum: 0.9 } : {};
      return [[key, moved(value), (x) => ({ ...base, ...more, [key]: x })]];
    }
    if (!Array.isArray(value)) return [];
    return value.flatMap((item: unknown, i): ReturnType<typeof numbersOf> =>
      typeof item === "number"
        ? [[`${key}.${i}`, moved(item), (x) => ({ ...base, [key]: value.with(i, x) })]]
        : []
    );
  });
}

/** Compares a step by a tensor with one by a number, and its derivative with differences. */
function check(value: number, counts: boolean, run: (x: number | Tensor) => Tensor): void {
  const tolerances = { rtol: 1e-12, atol: 1e-14 };
  assertClose(run(scalar(value)), run(value), tolerances);
  assertClose(run(scalar(value, [1])), run(value), tolerances);
  if (!counts) gradcheck(run, [scalar(value).requiresGrad_()]);
}

for (const name of Object.keys(OPTIMIZERS) as OptimizerName[]) {
  const { counts = [] } = OPTIMIZERS[name];
  for (const [place, value, at] of numbersOf(name)) {
    Deno.test(`functional ${STEPS[name]} of ${name} takes a tensor as ${place}`, () => {
      check(value, counts.includes(place), (x) => walk(name, at(x)));
    });
  }

  Deno.test(`functional ${STEPS[name]} of ${name} takes a rate for each example of vmap`, () => {
    const { functional } = OPTIMIZERS[name];
    const run = (lr: Tensor) => walk(name, { ...functional, lr });
    const rates = [0.1, 0.02, 0.9].map((rate) => scalar(rate));
    assertClose(vmap(run)(stack(rates)), stack(rates.map(run)), { rtol: 1e-12, atol: 1e-14 });
    assertThrows(() => vmap(run)(stack([...rates, scalar(-1)])), RangeError, "lr must lie in [0, ");
  });

  Deno.test(`functional ${STEPS[name]} of ${name} is tried with a tensor in place of each number`, () => {
    const places = numbersOf(name).map(([place]) => place);
    assert(counts.every((place) => places.includes(place)), places.join());
    const own = Object.entries(OPTIMIZERS[name].rule.defaults).flatMap(([key, value]) => {
      if (Array.isArray(value)) return value[0] === null ? [] : [`${key}.0`, `${key}.1`];
      return typeof value === "number" ? [key] : [];
    });
    assertEquals(own.filter((place) => !places.includes(place)), []);
  });
}

Deno.test("a step that takes the value of a tensor, or another value, is found", () => {
  const sgd = (lr: number | Tensor) => walk("SGD", { lr });
  check(0.1, false, sgd);
  const detached = (x: number | Tensor) =>
    typeof x === "number" ? sgd(x) : sgd(x.item()).add(x.mul(0));
  assertThrows(() => check(0.1, false, detached), CheckError);
  const other = (x: number | Tensor) => typeof x === "number" ? sgd(x) : sgd(x.mul(1 + 1e-9));
  assertThrows(() => check(0.1, false, other), CheckError);
});

Deno.test("a learning rate can be learned, in the type of the parameters", () => {
  const lr = tensor([0.1], { requiresGrad: true });
  const p = ones([2], { dtype: "float64" });
  const { params: [next] } = optim.functional.adam([p], [p], {}, { lr });
  assertEquals(next!.dtype, "float64");
  assertClose(grad(next!.sum(), [lr])[0], [-2], { rtol: 1e-6 });
});

Deno.test("functional steps refuse tensors that are no number, or out of range", () => {
  const wrong: [lr: unknown, says: string][] = [
    [ones([2]), "lr must be a number or a float tensor with one element"],
    [tensor(1, { dtype: "int32" }), "lr must be a number or a float tensor with one element"],
    [tensor(-1), "lr must lie in [0, ∞), got -1"],
  ];
  for (const [lr, says] of wrong) {
    const run = () => optim.functional.sgd([ones([1])], [ones([1])], {}, { lr: lr as Tensor });
    assertThrows(run, Error, says);
  }
});
