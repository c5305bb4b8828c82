/** Cases of comparisons of whole tensors, and calls of them that must fail. */

import {
  allclose,
  type ClosenessOptions,
  equal,
  isclose,
  ShapeError,
  type Tensor,
  tensor,
  zeros,
} from "../../../mod.ts";
import { bad, notTensor, untyped, vector } from "../bad_input.ts";
import { type CaseInput, type ErrorCase, FLOATS, type OpCase } from "../cases.ts";
import { build, expand, read } from "../../common/references.ts";
import type { Plain } from "../../common/samples.ts";

const BOOL: Pick<OpCase, "results" | "differentiable"> = {
  results: () => "bool",
  differentiable: false,
};

function close(a: number, b: number, options: ClosenessOptions = {}): boolean {
  const { rtol = 1e-5, atol = 1e-8, equalNan = false } = options;
  if (a === b || (equalNan && Number.isNaN(a) && Number.isNaN(b))) return true;
  const away = Math.abs(a - b);
  return Number.isFinite(away) && away <= atol + rtol * Math.abs(b);
}

/** Pairs of elements, the tolerances, and whether a pair is only for float64. */
const PAIRS: readonly (readonly [CaseInput, CaseInput, ClosenessOptions?])[] = [
  [{ shape: [4], data: [1, 2, 3, 0] }, { shape: [4], data: [1.000001, 2.1, 3, 0] }],
  [{ shape: [2, 2], data: [1, 2, 3, 4] }, { shape: [2], data: [1, 2] }],
  [{ shape: [3], data: [1, 2, 100] }, { shape: [3], data: [1.25, 2.75, 125] }, { rtol: 0.25 }],
  [{ shape: [3], data: [0, 2, 3] }, { shape: [3], data: [0.5, 3, 3] }, { atol: 0.5, rtol: 0 }],
  [
    { shape: [6], data: [NaN, Infinity, Infinity, -Infinity, 1, NaN] },
    { shape: [6], data: [NaN, Infinity, -Infinity, 1, Infinity, 1] },
    { equalNan: true },
  ],
  [{ shape: [2], data: [NaN, Infinity] }, { shape: [2], data: [NaN, Infinity] }],
  [{ shape: [], data: [2] }, { shape: [1], data: [2] }],
  [{ shape: [0], data: [] }, { shape: [0], data: [] }],
];

const WHOLE: readonly (readonly [CaseInput, CaseInput])[] = [
  [{ shape: [2, 2], data: [1, 0, 0, 1] }, { shape: [2, 2], data: [1, 0, 1, 1] }],
  [{ shape: [2], data: [1, 0] }, { shape: [2], data: [1, 0] }],
];

function name([a, b, options]: typeof PAIRS[number]): string {
  return `of [${a.data}] and [${b.data}], ${JSON.stringify(options ?? {})}`;
}

function elements(a: Plain, b: Plain, value: (a: number, b: number) => boolean): Plain {
  const shape = a.shape.length < b.shape.length ? b.shape : a.shape;
  const [x, y] = [expand(a, shape), expand(b, shape)];
  return build(shape, (at) => Number(value(read(x, at), read(y, at))));
}

function decided(
  call: (a: Tensor, b: Tensor, options?: ClosenessOptions) => boolean,
  value: (a: number, b: number, options?: ClosenessOptions) => boolean,
  pairs: typeof PAIRS,
): OpCase[] {
  return pairs.map((pair): OpCase => ({
    name: name(pair),
    inputs: pair.slice(0, 2) as CaseInput[],
    call: (a, b) => tensor(call(a!, b!, pair[2]), { device: a!.device }),
    reference: (a, b) => ({
      shape: [],
      data: [Math.min(1, ...elements(a!, b!, (a, b) => value(a, b, pair[2])).data)],
    }),
    dtypes: FLOATS,
    ...BOOL,
  }));
}

function sameShapes([a, b]: typeof PAIRS[number]): boolean {
  return `${a.shape}` === `${b.shape}`;
}

/** The pairs in other types too. */
const inAllTypes = (cases: readonly OpCase[]) => cases.map(({ dtypes: _, ...one }) => one);

export const CLOSENESS_CASES = {
  isclose: [...PAIRS, ...WHOLE].map((pair, i): OpCase => ({
    name: name(pair as typeof PAIRS[number]),
    inputs: pair.slice(0, 2) as CaseInput[],
    call: (a, b) => isclose(a!, b!, pair[2] as ClosenessOptions | undefined),
    reference: (a, b) => elements(a!, b!, (a, b) => close(a, b, pair[2] as ClosenessOptions)),
    ...i < PAIRS.length ? { dtypes: FLOATS } : {},
    ...BOOL,
  })),
  allclose: [
    ...decided(allclose, close, PAIRS),
    ...inAllTypes(decided(allclose, close, WHOLE)),
  ],
  equal: [
    ...decided((a, b) => equal(a, b), (a, b) => a === b, PAIRS.filter(sameShapes)),
    ...inAllTypes(decided((a, b) => equal(a, b), (a, b) => a === b, WHOLE)),
    {
      name: "of other shapes, which broadcast",
      inputs: [{ shape: [2], data: [1, 1] }, { shape: [1], data: [1] }],
      call: (a, b) => tensor(equal(a!, b!), { device: a!.device }),
      reference: () => ({ shape: [], data: [0] }),
      ...BOOL,
    },
  ],
} satisfies Record<string, readonly OpCase[]>;

function badPairs(call: (a: Tensor, b: Tensor) => unknown): ErrorCase[] {
  return [notTensor((x) => call(x, vector)), notTensor((x) => call(vector, x))];
}

function badTolerances(
  call: (a: Tensor, b: Tensor, options?: ClosenessOptions) => unknown,
): ErrorCase[] {
  return [
    ...badPairs(call),
    bad("other shapes", ShapeError, () => call(vector, zeros([2])), "[3]", "[2]"),
    bad("rtol below 0", RangeError, () => call(vector, vector, { rtol: -1 }), "rtol", "got -1"),
    bad("atol of NaN", RangeError, () => call(vector, vector, { atol: NaN }), "atol", "got NaN"),
  ];
}

export const CLOSENESS_ERRORS = {
  isclose: badTolerances(isclose),
  allclose: [
    ...badTolerances(allclose),
    bad("rtol by position", TypeError, () => untyped.allclose(vector, vector, 1), "{ rtol: 1 }"),
  ],
  equal: badPairs(equal),
} satisfies Record<string, readonly ErrorCase[]>;
