/** Cases of the choice between two tensors. */

import { where } from "../../../mod.ts";
import { mask, NUMBERS, type OpCase, random } from "../cases.ts";
import * as reference from "../../common/references.ts";
import { count } from "../../common/samples.ts";

function choosing(condition: number[], a: number[], b: number[], shape: number[]): OpCase {
  const bits = Array.from({ length: count(condition) }, (_, i) => Number(i % 3 !== 1));
  return {
    name: `[${condition}], [${a}] and [${b}]`,
    inputs: [mask(condition, bits), random(...a), random(...b)],
    call: (c, x, y) => where(c, x, y),
    reference: (...inputs) => {
      const [c, x, y] = inputs.map((input) => reference.expand(input, shape));
      return { shape, data: c!.data.map((holds, i) => (holds ? x! : y!).data[i]!) };
    },
  };
}

export const WHERE_CASES = {
  where: [
    choosing([3], [3], [3], [3]),
    choosing([2, 3], [3], [2, 1], [2, 3]),
    choosing([2, 1], [3], [], [2, 3]),
    choosing([], [2], [2], [2]),
    choosing([3], [], [], [3]),
    choosing([0], [1], [], [0]),
    choosing([2, 1], [1, 300], [1], [2, 300]),
    {
      name: "numbers",
      inputs: [mask([3], [1, 0, 1]), random(3)],
      call: (c, x) => [where(c, x, 0), where(c, 1, x)],
      reference: (c, x) => [
        { shape: [3], data: x!.data.map((value, i) => c!.data[i] ? value : 0) },
        { shape: [3], data: x!.data.map((value, i) => c!.data[i] ? 1 : value) },
      ],
      dtypes: NUMBERS,
      results: (dtype) => [dtype, dtype],
    },
  ],
} satisfies Record<string, readonly OpCase[]>;
