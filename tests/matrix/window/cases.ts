/** Cases of convolutions and pools. */

import {
  avgPool1d,
  avgPool2d,
  avgPool3d,
  conv1d,
  conv2d,
  conv3d,
  type ConvOptions,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  type ConvTransposeOptions,
  maxPool1d,
  maxPool2d,
  maxPool3d,
  type Tensor,
} from "../../../mod.ts";
import { FLOATS, type OpCase, random } from "../cases.ts";
import { count, show } from "../../common/samples.ts";
import * as reference from "./references.ts";

/**
 * Input, weight and output of a case, and the options of the window; one number is for all
 * dimensions.
 */
interface Spec {
  readonly x: readonly number[];
  readonly w: readonly number[];
  /** Extents of the output. */
  readonly y: readonly number[];
  readonly options?: ConvOptions & Pick<ConvTransposeOptions, "outputPadding">;
  readonly bias?: boolean;
}

function list(given: unknown, dims: number, otherwise: number): readonly number[] {
  if (Array.isArray(given) && given.length === dims) return given;
  const one = Array.isArray(given) ? given[0] : given;
  return new Array<number>(dims).fill(one as number ?? otherwise);
}

function moveOf({ y, options = {} }: Spec, kernel: readonly number[]): reference.Move {
  const dims = y.length;
  const dilation = list(options.dilation, dims, 1);
  const same = options.padding === "same";
  return {
    stride: list(options.stride, dims, 1),
    dilation,
    padding: same
      ? kernel.map((extent, i) => Math.floor(dilation[i]! * (extent - 1) / 2))
      : list(options.padding === "valid" ? 0 : options.padding, dims, 0),
    groups: options.groups ?? 1,
  };
}

/** A convolution or a transposed one, which refuses some of the options. */
type Convolution = (x: Tensor, w: Tensor, options: object) => Tensor;

function convolutions(
  run: Convolution,
  compute: typeof reference.convolution,
  specs: readonly Spec[],
): OpCase[] {
  return specs.map((spec) => {
    const { x, w, y, options = {}, bias = false } = spec;
    const dims = y.length;
    // Without a batch, the reference gets one and its result loses it.
    const alone = x.length === dims + 1;
    const move = moveOf(spec, w.slice(2));
    const transposed = compute === reference.transposedConvolution;
    const filters = transposed ? w[1]! * move.groups : w[0]!;
    return {
      name: `${show(x)} by ${show(w)} ${Deno.inspect(options, { breakLength: Infinity })}`,
      inputs: [random(...x), random(...w), ...bias ? [random(filters)] : []],
      call: (x, w, b) => run(x!, w!, b === undefined ? options : { ...options, bias: b }),
      reference: (x, w, b) => {
        const batch = alone ? { ...x!, shape: [1, ...x!.shape] } : x!;
        const result = compute(batch, w!, b, move, y);
        return alone ? { ...result, shape: result.shape.slice(1) } : result;
      },
      dtypes: FLOATS,
      terms: count(w) + 1,
    };
  });
}

const LINE: readonly Spec[] = [
  { x: [2, 17, 9], w: [5, 17, 3], y: [9], options: { padding: 1 }, bias: true },
  { x: [2, 3, 7], w: [4, 3, 3], y: [5] },
  { x: [2, 3, 7], w: [4, 3, 3], y: [4], options: { stride: 2, padding: 1 }, bias: true },
  { x: [1, 2, 9], w: [2, 2, 3], y: [7], options: { dilation: 3, padding: [2], stride: 1 } },
  { x: [2, 4, 5], w: [6, 2, 2], y: [4], options: { groups: 2 }, bias: true },
  { x: [2, 3, 6], w: [3, 1, 3], y: [6], options: { groups: 3, padding: 1 } },
  { x: [3, 6], w: [2, 3, 1], y: [6], bias: true },
  { x: [2, 3, 6], w: [2, 3, 1], y: [6] },
  { x: [1, 2, 6], w: [2, 2, 4], y: [6], options: { padding: "same" } },
  { x: [1, 2, 5], w: [2, 2, 3], y: [5], options: { padding: "same", dilation: 2 } },
  { x: [1, 2, 5], w: [2, 2, 5], y: [1], options: { padding: "valid" } },
  { x: [1, 1, 8], w: [1, 1, 2], y: [2], options: { stride: 5 } },
  { x: [0, 2, 5], w: [3, 2, 2], y: [4], bias: true },
  { x: [2, 2, 1500], w: [3, 2, 3], y: [1500], options: { padding: 1 } },
];

const PLANE: readonly Spec[] = [
  {
    x: [1, 32, 6, 5],
    w: [4, 16, 3, 2],
    y: [3, 4],
    options: { groups: 2, stride: [2, 1], padding: [1, 0] },
  },
  { x: [2, 2, 5, 4], w: [3, 2, 3, 2], y: [3, 3] },
  { x: [2, 2, 5, 4], w: [3, 2, 3, 3], y: [3, 2], options: { stride: 2, padding: 1 }, bias: true },
  {
    x: [1, 2, 6, 5],
    w: [2, 1, 2, 3],
    y: [3, 7],
    options: { groups: 2, stride: [2, 1], padding: [0, 2] },
  },
  { x: [1, 2, 7, 6], w: [2, 2, 3, 2], y: [3, 5], options: { dilation: [2, 1] } },
  { x: [4, 4, 4], w: [4, 2, 1, 1], y: [4, 4], options: { groups: 2 }, bias: true },
  { x: [1, 3, 6, 6], w: [3, 1, 3, 3], y: [3, 3], options: { groups: 3, stride: 2, padding: 1 } },
  { x: [1, 2, 4, 5], w: [2, 2, 2, 3], y: [4, 5], options: { padding: "same" } },
  { x: [1, 2, 3, 3], w: [2, 2, 1, 1], y: [7, 7], options: { padding: 2 } },
  { x: [3, 2, 20, 30], w: [4, 2, 3, 3], y: [20, 30], options: { padding: 1 } },
];

const SPACE: readonly Spec[] = [
  { x: [1, 16, 3, 3, 3], w: [2, 16, 2, 2, 2], y: [2, 2, 2] },
  { x: [1, 1, 2, 2, 3], w: [2, 1, 2, 1, 2], y: [1, 2, 2], bias: true },
  { x: [1, 2, 3, 4, 3], w: [2, 2, 2, 2, 2], y: [2, 3, 2], bias: true },
  { x: [2, 2, 3, 3, 4], w: [2, 2, 3, 2, 3], y: [2, 2, 2], options: { stride: 2, padding: 1 } },
  {
    x: [1, 2, 4, 3, 5],
    w: [2, 1, 2, 1, 2],
    y: [2, 5, 3],
    options: { groups: 2, stride: [2, 1, 1], padding: [0, 1, 0], dilation: [1, 1, 2] },
  },
  { x: [2, 2, 3, 3], w: [2, 2, 3, 3, 3], y: [2, 3, 3], options: { padding: 1 }, bias: true },
];

const LINE_BACK: readonly Spec[] = [
  { x: [1, 16, 4], w: [16, 2, 3], y: [6] },
  { x: [2, 3, 5], w: [3, 4, 3], y: [7] },
  { x: [2, 3, 4], w: [3, 2, 3], y: [7], options: { stride: 2, padding: 1 }, bias: true },
  { x: [2, 3, 4], w: [3, 2, 3], y: [8], options: { stride: 2, padding: 1, outputPadding: 1 } },
  { x: [1, 4, 4], w: [4, 3, 2], y: [5], options: { groups: 2 }, bias: true },
  { x: [1, 2, 4], w: [2, 2, 3], y: [6], options: { dilation: 3, padding: 3, outputPadding: 2 } },
  { x: [2, 5], w: [2, 3, 1], y: [5], bias: true },
  { x: [1, 2, 4], w: [2, 2, 2], y: [12], options: { stride: 4, padding: 1 } },
  { x: [0, 2, 4], w: [2, 3, 2], y: [5] },
];

const PLANE_BACK: readonly Spec[] = [
  { x: [2, 2, 3, 4], w: [2, 3, 3, 2], y: [5, 5] },
  {
    x: [1, 2, 3, 3],
    w: [2, 1, 3, 3],
    y: [6, 5],
    options: { groups: 2, stride: 2, padding: 1, outputPadding: [1, 0] },
    bias: true,
  },
  { x: [2, 4, 3], w: [2, 2, 2, 2], y: [5, 4], options: { dilation: [1, 1] } },
  { x: [1, 2, 3, 2], w: [2, 2, 2, 3], y: [3, 4], options: { dilation: [2, 1], padding: [1, 0] } },
];

const SPACE_BACK: readonly Spec[] = [
  { x: [1, 2, 2, 3, 2], w: [2, 2, 2, 2, 2], y: [3, 4, 3], bias: true },
  {
    x: [1, 2, 2, 2, 3],
    w: [2, 1, 3, 2, 3],
    y: [3, 2, 5],
    options: { groups: 2, stride: 2, padding: 1 },
  },
];

type PoolOptions = NonNullable<Parameters<typeof maxPool1d>[2] & Parameters<typeof avgPool1d>[2]>;

/** Input, window and extents of the output. */
interface PoolSpec {
  readonly x: readonly number[];
  readonly kernel: number | readonly number[];
  readonly y: readonly number[];
  readonly options?: PoolOptions;
}

/** The value of a window, from its elements and their number including the padding. */
type Value = (elements: readonly number[], padded: number, options: PoolOptions) => number;

function pools(run: typeof maxPool1d | typeof avgPool1d, value: Value, specs: readonly PoolSpec[]) {
  return specs.map(({ x, kernel, y, options = {} }): OpCase => {
    const dims = y.length;
    const extents = list(kernel, dims, 1);
    const alone = x.length === dims + 1;
    const move = {
      stride: options.stride === undefined ? extents : list(options.stride, dims, 1),
      padding: list(options.padding, dims, 0),
      dilation: list((options as { dilation?: number }).dilation, dims, 1),
      groups: 1,
    };
    return {
      name: `${show(x)} by ${show(extents)} ${Deno.inspect(options, { breakLength: Infinity })}`,
      inputs: [random(...x)],
      call: (x) => run(x!, kernel, options),
      reference: (x) => {
        const batch = alone ? { ...x!, shape: [1, ...x!.shape] } : x!;
        const result = reference.pool(
          batch,
          extents,
          move,
          y,
          (elements, padded) => value(elements, padded, options),
        );
        return alone ? { ...result, shape: result.shape.slice(1) } : result;
      },
      dtypes: FLOATS,
      terms: run === maxPool1d || run === maxPool2d || run === maxPool3d ? 0 : count(extents) + 1,
    };
  });
}

const POOL_LINE: readonly PoolSpec[] = [
  { x: [2, 3, 8], kernel: 2, y: [4] },
  { x: [2, 2, 7], kernel: 3, y: [7], options: { stride: 1, padding: 1 } },
  { x: [2, 7], kernel: 3, y: [3], options: { stride: 2 } },
  { x: [1, 2, 8], kernel: 3, y: [4], options: { stride: 2, ceilMode: true } },
  { x: [1, 2, 7], kernel: 2, y: [4], options: { stride: 2, padding: 1 } },
  { x: [1, 1, 5], kernel: 2, y: [3], options: { ceilMode: true, padding: 1 } },
  { x: [0, 2, 6], kernel: 2, y: [3] },
  { x: [3, 400, 40], kernel: 4, y: [10] },
  { x: [1, 2, 3], kernel: 9, y: [3], options: { stride: 1, padding: 4 } },
  { x: [2, 1, 2], kernel: 7, y: [2], options: { stride: 3, padding: 3, ceilMode: true } },
  { x: [2, 1], kernel: 30, y: [2], options: { stride: 1, padding: 15 } },
];

const POOL_PLANE: readonly PoolSpec[] = [
  { x: [2, 2, 4, 6], kernel: 2, y: [2, 3] },
  { x: [1, 2, 5, 6], kernel: [3, 2], y: [3, 3], options: { stride: 2, padding: [1, 0] } },
  { x: [2, 5, 5], kernel: 2, y: [3, 3], options: { ceilMode: true } },
  { x: [1, 1, 2, 3], kernel: [8, 7], y: [3, 2], options: { stride: [1, 2], padding: [4, 3] } },
];

const POOL_SPACE: readonly PoolSpec[] = [
  { x: [1, 2, 4, 2, 4], kernel: 2, y: [2, 1, 2] },
  {
    x: [2, 3, 4, 5],
    kernel: [1, 2, 3],
    y: [3, 5, 2],
    options: { stride: [1, 1, 2], padding: [0, 1, 0] },
  },
];

/** With dilation, which averages do not have. */
const DILATED = {
  1: [
    { x: [2, 2, 9], kernel: 3, y: [4], options: { dilation: 2, stride: 2, padding: 1 } },
    { x: [1, 2, 3], kernel: 5, y: [2], options: { dilation: 3, stride: 2, padding: 6 } },
  ],
  2: [{ x: [1, 2, 6, 5], kernel: 2, y: [4, 3], options: { dilation: 2, stride: 1 } }],
  3: [{ x: [1, 2, 5, 4, 3], kernel: 2, y: [3, 2, 2], options: { dilation: [2, 2, 1], stride: 1 } }],
} as const;

const UNCOUNTED: readonly PoolSpec[] = [
  { x: [2, 2, 7], kernel: 3, y: [4], options: { stride: 2, padding: 1, countIncludePad: false } },
  { x: [1, 2, 7], kernel: 3, y: [3], options: { divisorOverride: 2.5, stride: 2 } },
];

const UNCOUNTED_PLANE: readonly PoolSpec[] = [
  {
    x: [1, 2, 5, 4],
    kernel: [3, 2],
    y: [3, 3],
    options: { stride: 2, padding: 1, countIncludePad: false, ceilMode: true },
  },
];

const largest: Value = (elements) => Math.max(...elements);

const average: Value = (elements, padded, { countIncludePad = true, divisorOverride }) =>
  elements.reduce((sum, x) => sum + x, 0) /
  (divisorOverride ?? (countIncludePad ? padded : elements.length));

export const WINDOW_CASES = {
  conv1d: convolutions(conv1d, reference.convolution, LINE),
  conv2d: convolutions(conv2d, reference.convolution, PLANE),
  conv3d: convolutions(conv3d, reference.convolution, SPACE),
  convTranspose1d: convolutions(convTranspose1d, reference.transposedConvolution, LINE_BACK),
  convTranspose2d: convolutions(convTranspose2d, reference.transposedConvolution, PLANE_BACK),
  convTranspose3d: convolutions(convTranspose3d, reference.transposedConvolution, SPACE_BACK),
  maxPool1d: [
    ...pools(maxPool1d, largest, [...POOL_LINE, ...DILATED[1]]),
    {
      name: "of NaN, infinities and ties",
      inputs: [{ shape: [1, 8], data: [1, NaN, -Infinity, -Infinity, 2, 2, Infinity, 0] }],
      call: (x) => maxPool1d(x!, 2),
      reference: () => ({ shape: [1, 4], data: [NaN, -Infinity, 2, Infinity] }),
      dtypes: FLOATS,
      differentiable: false,
    },
    {
      name: "by windows of 2^31 - 1",
      inputs: [random(1, 2)],
      call: (x) => maxPool1d(x!, 2 ** 31 - 1, { padding: 2 ** 30 - 1, stride: 1 }),
      reference: (x) => ({ shape: [1, 2], data: [Math.max(...x!.data), Math.max(...x!.data)] }),
      dtypes: FLOATS,
    },
    {
      name: "where gaps lead windows past the input",
      inputs: [random(2, 1)],
      call: (x) => maxPool1d(x!, 2, { dilation: 2, padding: 1 }),
      reference: () => ({ shape: [2, 1], data: [-Infinity, -Infinity] }),
      dtypes: FLOATS,
      differentiable: false,
    },
  ],
  maxPool2d: pools(maxPool2d, largest, [...POOL_PLANE, ...DILATED[2]]),
  maxPool3d: pools(maxPool3d, largest, [...POOL_SPACE, ...DILATED[3]]),
  avgPool1d: pools(avgPool1d, average, [...POOL_LINE, ...UNCOUNTED]),
  avgPool2d: pools(avgPool2d, average, [...POOL_PLANE, ...UNCOUNTED_PLANE]),
  avgPool3d: pools(avgPool3d, average, POOL_SPACE),
} satisfies Record<string, readonly OpCase[]>;
