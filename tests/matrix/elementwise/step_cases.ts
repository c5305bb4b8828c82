/** Cases of xlogy and of steps, and calls of them that must fail. */

import { type DType, heaviside, ShapeError, tensor, xlogy, zeros } from "../../../mod.ts";
import { bad, notTensor, untyped, vector } from "../bad_input.ts";
import { type ErrorCase, FLOATS, NUMBERS, type OpCase, positions, random } from "../cases.ts";
import { build, expand, map, read } from "../../common/references.ts";
import type { Plain } from "../../common/samples.ts";

/** Integers become float32. */
const floated = (dtype: DType): DType => dtype === "float64" ? dtype : "float32";

function pairwise(
  shape: readonly number[],
  a: Plain,
  b: Plain,
  value: (a: number, b: number) => number,
): Plain {
  const [x, y] = [expand(a, shape), expand(b, shape)];
  return build(shape, (at) => value(read(x, at), read(y, at)));
}

function entropic(a: number, b: number): number {
  return a === 0 && !Number.isNaN(b) ? 0 : a * Math.log(b);
}

function logs(a: number[], b: number[], shape: number[]): OpCase {
  return {
    name: `[${a}] and [${b}]`,
    inputs: [random(...a), random(...b)],
    // Logarithms of positive numbers only.
    call: (a, b) => xlogy(a!, b!.square().add(1)),
    reference: (a, b) => pairwise(shape, a!, b!, (a, b) => entropic(a, b * b + 1)),
    dtypes: NUMBERS,
    results: floated,
    terms: 4,
  };
}

function stepping(a: number[], b: number[], shape: number[]): OpCase {
  return {
    name: `[${a}] and [${b}]`,
    inputs: [random(...a), random(...b)],
    call: (x, values) => heaviside(x!, values!),
    reference: (x, values) =>
      pairwise(shape, x!, values!, (x, value) => x === 0 ? value : Number(x > 0)),
  };
}

export const STEP_CASES = {
  xlogy: [
    logs([2, 3], [2, 3], [2, 3]),
    logs([2, 1], [3], [2, 3]),
    logs([], [4], [4]),
    logs([0, 3], [3], [0, 3]),
    {
      name: "of 0 among others, beside positive numbers",
      inputs: [{ shape: [4], data: [0, 1, -2, 0] }, { shape: [4], data: [2, 0.5, 3, 0] }],
      call: (a, b) => xlogy(a!, b!.square().add(1)),
      reference: (a, b) => pairwise([4], a!, b!, (a, b) => entropic(a, b * b + 1)),
      dtypes: FLOATS,
      terms: 1,
    },
    {
      name: "of 0 and of others beside what has no logarithm",
      inputs: [
        { shape: [7], data: [0, 0, 0, 0, -0, 2, 2] },
        { shape: [7], data: [0, -1, NaN, Infinity, 0, 0, -1] },
      ],
      call: (a, b) => xlogy(a!, b!),
      reference: (a, b) => pairwise([7], a!, b!, entropic),
      dtypes: FLOATS,
      differentiable: false,
    },
    {
      name: "of a number on either side",
      inputs: [{ shape: [3], data: [0.5, 1, 2] }],
      call: (x) => [xlogy(x!, 2.5), xlogy(2, x!), xlogy(0, x!.sub(1))],
      reference: (x) => [
        map(x!, (x) => x * Math.log(2.5)),
        map(x!, (x) => 2 * Math.log(x)),
        map(x!, () => 0),
      ],
      dtypes: FLOATS,
      terms: 1,
    },
  ],
  heaviside: [
    stepping([2, 3], [2, 3], [2, 3]),
    stepping([2, 1], [3], [2, 3]),
    stepping([4], [], [4]),
    stepping([0], [1], [0]),
    {
      name: "of 0 among others, which takes the gradient of its value",
      inputs: [positions([4], [0, -1, 2, 0]), random(4)],
      call: (x, values) => heaviside(x!, values!),
      reference: (x, values) =>
        pairwise([4], x!, values!, (x, value) => x === 0 ? value : Number(x > 0)),
      dtypes: FLOATS,
    },
    {
      name: "of NaN, infinities and both zeros",
      inputs: [{ shape: [5], data: [NaN, -Infinity, Infinity, 0, -0] }],
      call: (x) => heaviside(x!, tensor(0.5, { dtype: x!.dtype, device: x!.device })),
      reference: (x) => map(x!, (x) => x === 0 ? 0.5 : Number(x > 0)),
      dtypes: FLOATS,
      differentiable: false,
    },
  ],
} satisfies Record<string, readonly OpCase[]>;

export const STEP_ERRORS = {
  xlogy: [
    notTensor((x) => xlogy(x, 2)),
    notTensor((x) => xlogy(vector, x)),
    bad("two numbers", TypeError, () => untyped.xlogy(1, 2), "must be a tensor"),
    bad("other shapes", ShapeError, () => xlogy(vector, zeros([2])), "[3]", "[2]"),
  ],
  heaviside: [
    notTensor((x) => heaviside(x, vector)),
    notTensor((x) => heaviside(vector, x)),
    bad("a number", TypeError, () => untyped.heaviside(vector, 0.5), "must be a tensor"),
    bad("other shapes", ShapeError, () => heaviside(vector, zeros([2])), "[3]", "[2]"),
  ],
} satisfies Record<string, readonly ErrorCase[]>;
