/** Cases of differences, integrals and running sums of exponentials, and calls that must fail. */

import {
  diff,
  DTypeError,
  logcumsumexp,
  ShapeError,
  tensor,
  trapezoid,
  zeros,
} from "../../../mod.ts";
import { bad, badDims, bools, index, matrix, notTensor, untyped, vector } from "../bad_input.ts";
import { type ErrorCase, FLOATS, NUMBERS, type OpCase, random } from "../cases.ts";
import * as reference from "../../common/references.ts";
import { count, type Plain } from "../../common/samples.ts";
import { lanes, SHAPES } from "./lanes.ts";

function differences(lane: readonly number[]): number[] {
  return lane.slice(1).map((value, i) => value - lane[i]!);
}

/** Differences along a dimension, including none. */
function plainDiff(x: Plain, dim: number, fn = differences): Plain {
  const axis = dim < 0 ? dim + x.shape.length : dim;
  const shape = x.shape.with(axis, Math.max(0, x.shape[axis]! - 1));
  return count(shape) === 0 ? { shape, data: [] } : lanes(x, dim, fn);
}

function differing(shape: number[], dim: number, n = 1): OpCase {
  return {
    name: `[${shape}] along ${dim}, ${n} times`,
    inputs: [random(...shape)],
    call: (x) => n === 1 && dim === -1 ? diff(x!) : diff(x!, { dim, n }),
    reference: (x) => {
      let y = x!;
      for (let i = 0; i < n; i++) y = plainDiff(y, dim);
      return y;
    },
    dtypes: NUMBERS,
    terms: 2 ** n,
  };
}

function integral(values: readonly number[], widths: readonly number[]): number {
  return reference.total(
    values.slice(1).map((value, i) => (value + values[i]!) / 2 * widths[i]!),
  );
}

function integrating(shape: number[], dim: number, dx?: number): OpCase {
  return {
    name: `[${shape}] along ${dim}${dx === undefined ? "" : ` by ${dx}`}`,
    inputs: [random(...shape)],
    call: (y) => trapezoid(y!, dx === undefined ? { dim } : { dim, dx }),
    reference: (y) =>
      reference.reduce(
        y!,
        dim,
        false,
        (values) => integral(values, new Array(values.length).fill(dx ?? 1)),
      ),
    dtypes: NUMBERS,
    results: (dtype) => dtype === "float64" ? "float64" : "float32",
    terms: 8,
  };
}

/** Shapes of a function and of its positions, and the dimension. */
const PLACED: readonly (readonly [y: number[], x: number[], dim: number])[] = [
  [[4], [4], -1],
  [[2, 3], [3], 1],
  [[3, 2], [3], 0],
  [[2, 3, 4], [3], 1],
  [[2, 3], [2, 3], 1],
  [[3, 2], [3, 1], 0],
  [[2, 3, 2], [3, 2], 1],
  [[3, 2], [2, 3, 2], 0],
];

const placed = PLACED.map(([shape, places, dim]): OpCase => ({
  name: `[${shape}] at [${places}] along ${dim}`,
  inputs: [random(...shape), random(...places)],
  call: (y, x) => dim === -1 ? trapezoid(y!, x!) : trapezoid(y!, { x: x!, dim }),
  reference: (y, x) => {
    const after = dim === -1 ? 0 : shape.length - 1 - dim;
    const wide = places.length === 1 ? [...places, ...new Array(after).fill(1)] : places;
    const full = wide.length > shape.length ? wide : shape;
    const [ys, xs] = [reference.expand(y!, full), reference.expand({ ...x!, shape: wide }, full)];
    const axis = full.length - 1 - after;
    const kept = full.with(axis, 1);
    const values = reference.build(kept, (at) => {
      const lane = (of: Plain) =>
        reference.positions(full[axis]!, 0, Infinity)
          .map((i) => reference.read(of, at.with(axis, i)));
      return integral(lane(ys), differences(lane(xs)));
    });
    return reference.reshape(values, kept.toSpliced(axis, 1));
  },
  dtypes: FLOATS,
  terms: 16,
}));

/** Running sums of exponentials. */
function runningExponentials(lane: readonly number[]): number[] {
  return lane.map((_, i) => reference.logsumexp(lane.slice(0, i + 1)));
}

export const SCAN_COMPOSITE_CASES = {
  diff: [
    differing([5], -1),
    differing([2, 3], -1),
    differing([3, 2], 0),
    differing([2, 4, 3], 1, 2),
    differing([5], 0, 3),
    differing([2, 3], 1, 0),
    differing([2, 3], 1, 4),
    differing([0, 3], 1),
    differing([3, 0], 1),
    {
      name: "between what stands before and after",
      inputs: [random(2, 3), random(2, 1), random(2, 2)],
      call: (x, prepend, append) => diff(x!, { prepend: prepend!, append: append! }),
      reference: (x, prepend, append) => plainDiff(reference.cat([prepend!, x!, append!], 1), 1),
      dtypes: NUMBERS,
      terms: 2,
    },
    {
      name: "after what stands before, along 0",
      inputs: [random(2, 3), random(1, 3)],
      call: (x, prepend) => diff(x!, { prepend: prepend!, dim: 0, n: 2 }),
      reference: (x, prepend) => plainDiff(plainDiff(reference.cat([prepend!, x!], 0), 0), 0),
      dtypes: FLOATS,
      terms: 4,
    },
    {
      name: "of bool, whether they differ",
      inputs: [random(2, 5)],
      call: (x) => diff(x!),
      reference: (x) => plainDiff(x!, 1, (lane) => differences(lane).map(Math.abs)),
      dtypes: ["bool"],
      differentiable: false,
    },
  ],
  trapezoid: [
    integrating([5], -1),
    integrating([2, 3], 1, 0.5),
    integrating([3, 2], 0, -2),
    integrating([2, 3, 4], 1),
    integrating([1], 0),
    integrating([0], 0),
    integrating([2, 0], 1),
    ...placed,
  ],
  logcumsumexp: [
    ...SHAPES.filter(([shape]) => shape[0] !== 40).map(([shape, dim]): OpCase => ({
      name: `[${shape}] dim ${dim}`,
      inputs: [random(...shape)],
      call: (x) => logcumsumexp(x!, dim),
      reference: (x) => lanes(x!, dim, runningExponentials),
      dtypes: FLOATS,
      terms: 8,
    })),
    {
      name: "of 37 elements",
      inputs: [random(2, 37)],
      call: (x) => logcumsumexp(x!, 1),
      reference: (x) => lanes(x!, 1, runningExponentials),
      dtypes: FLOATS,
      terms: 16,
    },
    {
      name: "of elements whose exponentials leave the range",
      inputs: [{ shape: [6], data: [-2000, -1000, 1000, -3000, 1000.5, 900] }],
      call: (x) => logcumsumexp(x!, 0),
      reference: (x) => lanes(x!, 0, runningExponentials),
      dtypes: FLOATS,
      terms: 8,
    },
    {
      name: "of infinities and NaN",
      inputs: [{ shape: [5], data: [-Infinity, -Infinity, 1, Infinity, NaN] }],
      call: (x) => logcumsumexp(x!, 0),
      reference: (x) => lanes(x!, 0, runningExponentials),
      dtypes: FLOATS,
      differentiable: false,
    },
  ],
} satisfies Record<string, readonly OpCase[]>;

export const SCAN_COMPOSITE_ERRORS = {
  diff: [
    ...badDims((x, dim) => diff(x, { dim })),
    bad("n below 0", RangeError, () => diff(vector, { n: -1 }), "negative", "got -1"),
    bad("n by position", TypeError, () => untyped.diff(vector, 2), "{ n: 2 }"),
    bad(
      "other extents before it",
      ShapeError,
      () => diff(matrix, { prepend: zeros([3, 1]) }),
      "prepend",
      "[2, 3] and [3, 1]",
    ),
    bad("other ranks after it", ShapeError, () => diff(matrix, { append: vector }), "append"),
  ],
  trapezoid: [
    ...badDims((x, dim) => trapezoid(x, { dim })),
    bad("bool", DTypeError, () => trapezoid(bools), "bool"),
    bad("bool places", DTypeError, () => trapezoid(vector, bools), "bool"),
    bad("places and a distance", TypeError, () => trapezoid(vector, { x: vector, dx: 1 }), "both"),
    bad("a distance by position", TypeError, () => untyped.trapezoid(vector, 2), "{ dx: 2 }"),
    bad("too few places", ShapeError, () => trapezoid(vector, tensor([1])), "3 entries", "[1]"),
    bad("too few places in rows", ShapeError, () => trapezoid(matrix, zeros([2, 2])), "[2, 2]"),
    bad("places of no dimension", ShapeError, () => trapezoid(vector, tensor(1)), "[]"),
  ],
  logcumsumexp: [
    ...badDims((x, dim) => logcumsumexp(x, dim)),
    notTensor((x) => logcumsumexp(x, 0)),
    bad("int32", DTypeError, () => logcumsumexp(index, 0), "float", "int32"),
  ],
} satisfies Record<string, readonly ErrorCase[]>;
