/** Cases of counts, and calls of them that must fail. */

import {
  bincount,
  DTypeError,
  histc,
  type HistcOptions,
  ShapeError,
  tensor,
} from "../../../mod.ts";
import {
  bad,
  badPositions,
  bools,
  index,
  matrix,
  notTensor,
  untyped,
  vector,
} from "../bad_input.ts";
import {
  type CaseInput,
  type ErrorCase,
  FLOATS,
  type OpCase,
  positions,
  random,
} from "../cases.ts";
import type { Plain } from "../../common/samples.ts";

const INT32: Pick<OpCase, "results" | "differentiable"> = {
  results: () => "int32",
  differentiable: false,
};

function counted(x: Plain, weights: readonly number[], minlength = 0): Plain {
  const length = Math.max(minlength, 0, ...x.data.map((value) => value + 1));
  const data = Array.from(
    { length },
    (_, number) => x.data.reduce((sum, at, i) => sum + (at === number ? weights[i]! : 0), 0),
  );
  return { shape: [length], data };
}

const NUMBERS: readonly (readonly number[])[] = [[0, 2, 2, 5], [3], [1, 1, 1], []];

function histogram(x: Plain, bins: number, low: number, high: number): Plain {
  const data = new Array<number>(bins).fill(0);
  for (const value of x.data) {
    if (!(value >= low && value <= high)) continue;
    data[Math.min(bins - 1, Math.floor((value - low) / (high - low) * bins))]!++;
  }
  return { shape: [bins], data };
}

function binned(input: CaseInput, options: HistcOptions): OpCase {
  const { bins = 100, min = 0, max = 0 } = options;
  return {
    name: `of ${input.data?.join(" ") ?? `[${input.shape}]`}, ${JSON.stringify(options)}`,
    inputs: [input],
    call: (x) => histc(x!, options),
    reference: (x) => {
      if (min < max) return histogram(x!, bins, min, max);
      const [low, high] = [Math.min(...x!.data), Math.max(...x!.data)];
      if (x!.data.length === 0) return histogram(x!, bins, 0, 1);
      return low < high ? histogram(x!, bins, low, high) : histogram(x!, bins, low - 1, high + 1);
    },
    dtypes: FLOATS,
    ...INT32,
  };
}

export const COUNT_CASES = {
  bincount: [
    ...NUMBERS.flatMap((data): OpCase[] => {
      const x = positions([data.length], data);
      const name = `of [${data}]`;
      return [
        {
          name,
          inputs: [x],
          call: (x) => [bincount(x!), bincount(x!, { minlength: 4 })],
          reference: (x) => [
            counted(x!, x!.data.map(() => 1)),
            counted(x!, x!.data.map(() => 1), 4),
          ],
          dtypes: ["int32"],
          ...INT32,
        },
        {
          name: `${name} with weights`,
          inputs: [x, random(data.length)],
          call: (x, weights) => bincount(x!, { weights: weights! }),
          reference: (x, weights) => counted(x!, weights!.data),
          results: (dtype) => dtype === "float32" ? "float32" : "float64",
          terms: 4,
        },
      ];
    }),
  ],
  histc: [
    binned(random(40), { bins: 7, min: -2, max: 2.5 }),
    binned(random(5, 6), { bins: 7 }),
    binned(random(9), {}),
    binned({ shape: [8], data: [0, 1, 2, 3, 4, 4, 5, -1] }, { bins: 4, min: 0, max: 4 }),
    binned({ shape: [4], data: [NaN, Infinity, -Infinity, 1] }, { bins: 2, min: 0, max: 2 }),
    binned({ shape: [3], data: [2, 2, 2] }, { bins: 4 }),
    binned({ shape: [0], data: [] }, { bins: 3 }),
    binned({ shape: [], data: [1] }, { bins: 3 }),
  ],
} satisfies Record<string, readonly OpCase[]>;

export const COUNT_ERRORS = {
  bincount: [
    ...badPositions((_, x) => bincount(x)).filter(({ name }) => /float32|bool/.test(name)),
    notTensor((x) => bincount(x)),
    bad("a negative number", RangeError, () => bincount(index.sub(1)), "negative", "got -1"),
    bad("a matrix", ShapeError, () => bincount(index.reshape([1, 2])), "one dimension", "[1, 2]"),
    bad("too few weights", ShapeError, () => bincount(index, { weights: vector }), "[3]", "[2]"),
    bad("minlength below 0", RangeError, () => bincount(index, { minlength: -1 }), "got -1"),
    bad(
      "weights by position",
      TypeError,
      () => untyped.bincount(index, vector),
      "{ weights: tensor }",
    ),
    bad(
      "2^31 counts",
      ShapeError,
      () => bincount(tensor([2 ** 31 - 1], { dtype: "int32" })),
      "2^31",
    ),
  ],
  histc: [
    notTensor((x) => histc(x)),
    bad("int32", DTypeError, () => histc(index), "float", "int32"),
    bad("bool", DTypeError, () => histc(bools), "float", "bool"),
    bad("no bins", RangeError, () => histc(matrix, { bins: 0 }), "at least 1", "got 0"),
    bad("bins by position", TypeError, () => untyped.histc(vector, 5), "{ bins: 5 }"),
    bad("min above max", RangeError, () => histc(vector, { min: 2, max: 1 }), "got 2 and 1"),
    bad("a bound of NaN", RangeError, () => histc(vector, { min: NaN }), "got NaN and 0"),
    bad("no last bound", RangeError, () => histc(vector, { max: Infinity }), "Infinity"),
    bad("elements without bounds", RangeError, () => histc(tensor([1, Infinity])), "Infinity"),
    bad("NaN without bounds", RangeError, () => histc(tensor([1, NaN])), "NaN"),
  ],
} satisfies Record<string, readonly ErrorCase[]>;
