/** Cases of running sums and products, and calls of them that must fail. */

import { cumprod, cumsum } from "../../../mod.ts";
import { bad, badDims, huge, large } from "../bad_input.ts";
import { type ErrorCase, FLOATS, NUMBERS, type OpCase, random } from "../cases.ts";
import { lanes, SHAPES } from "./lanes.ts";

function running(lane: readonly number[]): number[] {
  let sum = 0;
  return lane.map((value) => sum += value);
}

function growing(lane: readonly number[]): number[] {
  let product = 1;
  return lane.map((value) => product *= value);
}

export const SCAN_CASES = {
  cumsum: SHAPES.map(([shape, dim]): OpCase => ({
    name: `[${shape}] dim ${dim}`,
    inputs: [random(...shape)],
    call: (x) => cumsum(x, dim),
    reference: (x) => lanes(x, dim, running),
    results: (dtype) => dtype === "bool" ? "int32" : dtype,
    terms: 300,
  })),
  cumprod: [
    ...SHAPES.filter(([shape]) => shape[0] !== 40).map(([shape, dim]): OpCase => ({
      name: `[${shape}] dim ${dim}`,
      inputs: [random(...shape)],
      call: (x) => cumprod(x, dim),
      reference: (x) => lanes(x, dim, growing),
      results: (dtype) => dtype === "bool" ? "int32" : dtype,
      terms: 5,
    })),
    {
      name: "of 19 elements",
      inputs: [{ shape: [19], data: Array.from({ length: 19 }, (_, i) => [2, -1, 0.5][i % 3]!) }],
      call: (x) => cumprod(x, 0),
      reference: (x) => lanes(x, 0, growing),
      dtypes: FLOATS,
    },
    {
      name: "of zeros among others",
      inputs: [{ shape: [3, 4], data: [0, 2, 3, 4, 2, 0, 3, 0, 1, 2, 3, 0] }],
      call: (x) => cumprod(x, 1),
      reference: (x) => lanes(x, 1, growing),
      dtypes: NUMBERS,
    },
    {
      name: "up to the ends of int32, and 0 after what leaves float64",
      inputs: [{
        shape: [2, 40],
        data: [-65536, ...new Array(38).fill(1), 32768, 0, ...new Array(39).fill(2 ** 30)],
      }],
      call: (x) => cumprod(x, 1),
      reference: (x) => lanes(x, 1, growing),
      dtypes: ["int32"],
      differentiable: false,
    },
  ],
} satisfies Record<string, readonly OpCase[]>;

export const SCAN_ERRORS = {
  cumsum: [
    ...badDims((x, dim) => cumsum(x, dim)),
    bad("a sum beyond int32", RangeError, () => cumsum(large, 0), "leaves int32"),
  ],
  cumprod: [
    ...badDims((x, dim) => cumprod(x, dim)),
    bad("a product beyond int32", RangeError, () => cumprod(large, 0), "leaves int32"),
    bad("one beyond float64", RangeError, () => cumprod(huge, 0), "leaves int32"),
  ],
} satisfies Record<string, readonly ErrorCase[]>;
