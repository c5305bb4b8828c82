/** Cases of the reductions that are made of others. */

import { all, any, nanmean, nansum, norm, prod, std, variance } from "../../../mod.ts";
import { type CaseInput, FLOATS, type OpCase } from "../cases.ts";
import * as reference from "../../common/references.ts";
import { EMPTY, REDUCED, SEVERAL, totals } from "./reduced.ts";

/** Shapes with few elements, so that rounding errors of products stay small. */
const FEW = [...REDUCED, ...SEVERAL].filter(([, , terms]) => terms <= 24);

function spread(values: readonly number[], correction: number): number {
  const middle = reference.total(values) / values.length;
  const squares = values.map((value) => (value - middle) ** 2);
  return reference.total(squares) / Math.max(0, values.length - correction);
}

function spreads(run: typeof variance, value: (variance: number) => number): OpCase[] {
  const enough = [...REDUCED, ...SEVERAL].filter(([, , terms]) => terms > 1);
  return [
    ...totals(
      (x, dim, options) => run(x, dim, options),
      (values) => value(spread(values, 1)),
      { dtypes: FLOATS },
      enough,
    ),
    ...totals(
      (x, dim, options) => run(x, dim, { ...options, correction: 0 }),
      (values) => value(spread(values, 0)),
      { dtypes: FLOATS },
      [...REDUCED, ...SEVERAL],
    ).map((one) => ({ ...one, name: `${one.name} of a population` })),
    ...totals(
      (x, dim, options) => run(x, dim, options),
      () => NaN,
      { dtypes: FLOATS, differentiable: false },
      EMPTY,
    ),
    {
      name: "of one element",
      inputs: [{ shape: [2, 1], data: [1, 2] }],
      call: (x) => run(x, 1),
      reference: () => ({ shape: [2], data: [NaN, NaN] }),
      dtypes: FLOATS,
      differentiable: false,
    },
  ];
}

const NORMS: Readonly<Record<string, (sizes: readonly number[]) => number>> = {
  2: (sizes) => Math.hypot(...sizes),
  1: reference.total,
  0: (sizes) => sizes.filter((size) => size !== 0).length,
  3: (sizes) => Math.cbrt(reference.total(sizes.map((size) => size ** 3))),
  0.5: (sizes) => reference.total(sizes.map(Math.sqrt)) ** 2,
  "-1": (sizes) => 1 / reference.total(sizes.map((size) => 1 / size)),
  Infinity: (sizes) => Math.max(...sizes),
  "-Infinity": (sizes) => Math.min(...sizes),
};

/** Orders that are tested with NaN and infinities. */
const SPECIAL = [2, 1, Infinity];

function norms(): OpCase[] {
  return Object.entries(NORMS).flatMap(([key, value]) => {
    const p = Number(key);
    const tried = p === 2 || p === 1 ? [...REDUCED, ...SEVERAL, ...EMPTY] : FEW;
    return totals(
      (x, dim, options) => norm(x, { ...p === 2 ? {} : { p }, dim, ...options }),
      (values) => value(values.map(Math.abs)),
      { dtypes: FLOATS },
      tried,
    ).map((one) => ({ ...one, name: `of order ${key} ${one.name}` }));
  });
}

/** Elements of which some, all or none are 0. */
const ZEROS: readonly CaseInput[] = [
  { shape: [2, 3], data: [0, 2, 3, 0, 5, 0] },
  { shape: [3, 2], data: [0, 0, 1, 0, 2, 1] },
  { shape: [3], data: [0, 0, 0] },
];

function decisions(run: typeof any, value: (values: readonly number[]) => boolean): OpCase[] {
  const spec: Partial<OpCase> = { results: () => "bool", terms: 0, differentiable: false };
  const special = (input: CaseInput): OpCase => ({
    name: `of ${input.data}`,
    inputs: [input],
    call: (x) => [run(x), run(x, -1)],
    reference: (x) =>
      [undefined, -1].map((dim) =>
        reference.reduce(x!, dim, false, (values) => Number(value(values)))
      ),
    dtypes: FLOATS,
    ...spec,
  });
  return [
    ...totals(run, (values) => Number(value(values)), spec),
    ...ZEROS.map(special),
    special({ shape: [2, 2], data: [0, NaN, -0, Infinity] }),
  ];
}

/** The elements that are not NaN. */
function present(values: readonly number[]): number[] {
  return values.filter((value) => !Number.isNaN(value));
}

function presentMean(values: readonly number[]): number {
  return reference.total(present(values)) / present(values).length;
}

/** Rows of which some, all or none are NaN. */
const MISSING: CaseInput = { shape: [3, 3], data: [1, NaN, 3, NaN, NaN, NaN, -1, 0.5, 2] };

function withoutNaN(
  run: typeof nansum,
  value: (values: readonly number[]) => number,
  spec: Partial<OpCase>,
): OpCase[] {
  return [
    ...totals(run, value, spec),
    {
      name: "of some, all and no NaN",
      inputs: [MISSING],
      call: (x) => [run(x!, 1), run(x!, 0, { keepdim: true }), run(x!)],
      reference: (x) =>
        ([[1, false], [0, true], [undefined, false]] as const).map(([dim, keepdim]) =>
          reference.reduce(x!, dim, keepdim, value)
        ),
      dtypes: FLOATS,
      terms: 9,
      // Differences with NaN are meaningless; `nan_reductions_test.ts` tests the gradients.
      differentiable: false,
    },
  ];
}

function product(values: readonly number[]): number {
  return values.reduce((all, value) => all * value, 1);
}

/** The product of integers, exactly. */
function wholeProduct(values: readonly number[]): number {
  return Number(values.reduce((all, value) => all * BigInt(value), 1n));
}

export const REDUCTION_CASES = {
  variance: spreads(variance, (value) => value),
  std: spreads(std, Math.sqrt),
  norm: [
    ...norms(),
    ...[NaN, -Infinity].map((value): OpCase => ({
      name: `of ${value} among others`,
      inputs: [{ shape: [3], data: [1, value, 2] }],
      call: (x) => SPECIAL.map((p) => norm(x, { p })),
      reference: (x) =>
        SPECIAL.map((p) => ({ shape: [], data: [NORMS[p]!(x!.data.map(Math.abs))] })),
      dtypes: FLOATS,
      differentiable: false,
    })),
  ],
  prod: [
    {
      name: "up to the ends of int32, and 0 beside what leaves float64",
      inputs: [{
        shape: [2, 40],
        data: [-65536, ...new Array(38).fill(1), 32768, ...new Array(39).fill(2 ** 30), 0],
      }],
      call: (x) => prod(x, 1),
      reference: (x) => reference.reduce(x!, 1, false, wholeProduct),
      dtypes: ["int32"],
      differentiable: false,
    },
    ...totals(prod, product, {
      results: (dtype) => dtype === "bool" ? "int32" : dtype,
    }, [...FEW, ...EMPTY]),
    ...ZEROS.map((input): OpCase => ({
      name: `of ${input.data}`,
      inputs: [input],
      call: (x) => [prod(x), prod(x, -1)],
      reference: (x) => [undefined, -1].map((dim) => reference.reduce(x!, dim, false, product)),
      dtypes: FLOATS,
    })),
  ],
  any: decisions(any, (values) => values.some((value) => value !== 0)),
  all: decisions(all, (values) => values.every((value) => value !== 0)),
  nansum: withoutNaN(nansum, (values) => reference.total(present(values)), {
    results: (dtype) => dtype === "bool" ? "int32" : dtype,
  }),
  nanmean: withoutNaN(nanmean, presentMean, { dtypes: FLOATS }),
} satisfies Record<string, readonly OpCase[]>;
