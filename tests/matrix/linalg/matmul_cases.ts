/** Cases of matrix products. */

import { matmul } from "../../../mod.ts";
import { NUMBERS, type OpCase, random } from "../cases.ts";
import * as reference from "../../common/references.ts";

function multiplying(a: number[], b: number[]): OpCase {
  return {
    name: `[${a}] by [${b}]`,
    inputs: [random(...a), random(...b)],
    call: (x, y) => matmul(x, y),
    reference: (x, y) => reference.matmul(x!, y!),
    dtypes: NUMBERS,
    terms: a.at(-1)!,
  };
}

export const MATMUL_CASES = {
  matmul: [
    multiplying([2, 3], [3, 4]),
    multiplying([1, 1], [1, 1]),
    multiplying([3], [3]),
    multiplying([3], [3, 2]),
    multiplying([2, 3], [3]),
    multiplying([4, 2, 3], [3, 2]),
    multiplying([2, 3], [4, 3, 2]),
    multiplying([2, 2, 3], [2, 3, 2]),
    multiplying([2, 1, 2, 3], [3, 3, 1]),
    multiplying([1, 2, 3], [4, 3, 2]),
    multiplying([3], [2, 3, 4]),
    multiplying([2, 4, 3], [3]),
    multiplying([0, 3], [3, 2]),
    multiplying([2, 0], [0, 3]),
    multiplying([2, 3], [3, 0]),
    multiplying([0, 2, 3], [3, 2]),
    multiplying([0, 2, 3], [1, 3, 2]),
    multiplying([0], [0]),
    multiplying([17, 33], [33, 9]),
    multiplying([65, 70], [70, 64]),
  ],
} satisfies Record<string, readonly OpCase[]>;
