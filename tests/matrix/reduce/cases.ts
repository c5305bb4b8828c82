/** Cases of reductions. */

import { argmax, argmin, max, mean, min, sum } from "../../../mod.ts";
import { type CaseInput, FLOATS, type OpCase, random } from "../cases.ts";
import * as reference from "../../common/references.ts";
import { named, REDUCED, totals } from "./reduced.ts";

/** Elements that differ and that both a maximum and a minimum of NaN and infinities has. */
const SPECIAL: readonly CaseInput[] = [
  { shape: [2, 3], data: [1, NaN, 3, -Infinity, 2, Infinity] },
  { shape: [4], data: [-Infinity, -Infinity, -Infinity, -Infinity] },
  { shape: [5], data: [2, 1, 2, 1, 2] },
];

function extremes(run: typeof max, largest: boolean): OpCase[] {
  const value = (values: readonly number[]) => values[reference.first(values, largest)]!;
  const place = (values: readonly number[]) => reference.first(values, largest);
  const cases: OpCase[] = [];
  for (const [shape, dim] of REDUCED) {
    if (dim === undefined) {
      cases.push({
        name: named(shape, dim),
        inputs: [random(...shape)],
        call: (x) => run(x),
        reference: (x) => reference.reduce(x, undefined, false, value),
      });
    } else if (typeof dim === "number") {
      for (const keepdim of [false, true]) {
        cases.push({
          name: named(shape, dim, keepdim),
          inputs: [random(...shape)],
          call: (x) => {
            const { values, indices } = run(x, dim, { keepdim });
            return [values, indices];
          },
          reference: (x) => [
            reference.reduce(x, dim, keepdim, value),
            reference.reduce(x, dim, keepdim, place),
          ],
          results: (dtype) => [dtype, "int32"],
        });
      }
    }
  }
  const special = SPECIAL.map((input): OpCase => ({
    name: `of ${input.data}`,
    inputs: [input],
    call: (x) => [run(x), run(x, -1).values, run(x, -1).indices],
    reference: (x) => [
      reference.reduce(x, undefined, false, value),
      reference.reduce(x, -1, false, value),
      reference.reduce(x, -1, false, place),
    ],
    dtypes: FLOATS,
    results: (dtype) => [dtype, dtype, "int32"],
    differentiable: false,
  }));
  return [...cases, ...special];
}

function places(run: typeof argmax, largest: boolean): OpCase[] {
  const place = (values: readonly number[]) => reference.first(values, largest);
  const single = REDUCED.map(([shape, dim]) =>
    [shape, typeof dim === "object" ? -1 : dim] as const
  );
  const cases = single.flatMap(([shape, dim]) =>
    [false, true].map((keepdim): OpCase => ({
      name: named(shape, dim, keepdim),
      inputs: [random(...shape)],
      call: (x) => run(x, dim, { keepdim }),
      reference: (x) => reference.reduce(x, dim, keepdim, place),
      results: () => "int32",
      differentiable: false,
    }))
  );
  const special = SPECIAL.map((input): OpCase => ({
    name: `of ${input.data}`,
    inputs: [input],
    call: (x) => run(x),
    reference: (x) => reference.reduce(x, undefined, false, place),
    dtypes: FLOATS,
    results: () => "int32",
    differentiable: false,
  }));
  return [...cases, ...special];
}

export const REDUCE_CASES = {
  sum: totals(sum, reference.total, {
    results: (dtype) => dtype === "bool" ? "int32" : dtype,
  }),
  mean: totals(mean, (values) => reference.total(values) / values.length, { dtypes: FLOATS }),
  max: extremes(max, true),
  min: extremes(min, false),
  argmax: places(argmax, true),
  argmin: places(argmin, false),
} satisfies Record<string, readonly OpCase[]>;
