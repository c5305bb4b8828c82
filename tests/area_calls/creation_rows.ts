/** Good calls of what makes tensors, of random streams, of the runtime, and of a tensor's methods. */

import type * as random from "../../lib/core/random.ts";
import type { Gpu } from "../../lib/device/adapter.ts";
import type * as runtime from "../../lib/device/runtime.ts";
import type * as create from "../../lib/tensor/create.ts";
import type * as rand from "../../lib/tensor/rand.ts";
import type * as sample from "../../lib/tensor/random_tensors.ts";
import type * as ranges from "../../lib/tensor/ranges.ts";
import { gpu, ones, RandomGenerator, type Tensor, tensor } from "../../mod.ts";
import { type Call, type MethodRows, of, options, type Rows } from "../common/calls.ts";

const shape = of(() => [2, 3]);
const like = of(() => ones([2, 3]), "tensor");
const flag = of(() => false, "flag");
const size = of(() => 3);
const number = of(() => 2, "number");
const optional = of(() => 2, "number", "undefined");
const place = { device: of(() => "cpu"), requiresGrad: flag };
const made = { dtype: of(() => "float64"), ...place };
const drawn = { ...made, generator: of(() => new RandomGenerator(1)) };
const seed = of(() => 5, "bigint");
const leaf = () => ones([2]).requiresGrad_();

/** Tensors from numbers and arrays, and the simplest random ones. */
export const CREATE: Rows<typeof create & typeof rand> = {
  tensor: {
    args: [of(() => [1, 2], "number", "NaN", "flag"), options(made)],
    named: "make a tensor",
  },
  fromTypedArray: { args: [of(() => Float32Array.of(1, 2, 3, 4, 5, 6)), shape, options(place)] },
  zeros: { args: [shape, options(made)] },
  ones: { args: [shape, options(made)] },
  full: { args: [shape, of(() => 2, "number", "NaN"), options(made)] },
  empty: { args: [shape, options(made)] },
  zerosLike: { args: [like, options(made)] },
  onesLike: { args: [like, options(made)] },
  fullLike: { args: [like, of(() => 2, "number", "NaN"), options(made)] },
  emptyLike: { args: [like, options(made)] },
  eye: { args: [size, of(() => 3, "undefined"), options(made)] },
  rand: { args: [shape, options(drawn)] },
  randn: { args: [shape, options(drawn)] },
  randLike: { args: [like, options(drawn)] },
  randnLike: { args: [like, options(drawn)] },
  randperm: { args: [size, options(drawn)] },
};

const anyNumber = of(() => 1, "number", "NaN");
const anyBase = of(() => 2, "number", "NaN", "undefined");

/** Numbers at equal distances. */
export const RANGES: Rows<typeof ranges> = {
  arange: { args: [of(() => 1, "number"), optional, optional, options(made)] },
  linspace: { args: [anyNumber, anyNumber, size, options(made)] },
  logspace: { args: [anyNumber, anyNumber, size, anyBase, options(made)] },
};

const parameter = of(() => 2, "number");

/** Draws from distributions. */
export const SAMPLE: Rows<typeof sample> = {
  randint: { args: [of(() => 1), of(() => 5), shape, options(drawn)] },
  randintLike: { args: [like, of(() => 1), of(() => 5), options(drawn)] },
  normal: {
    args: [of(() => 2, "number", "NaN"), parameter, shape, options(drawn)],
  },
  bernoulli: { args: [of(() => tensor([0.5])), options({ generator: drawn.generator })] },
  multinomial: {
    args: [
      of(() => tensor([0.5, 1])),
      of(() => 2),
      options({ generator: drawn.generator, replacement: flag }),
    ],
  },
};

const absent = of(() => undefined, "undefined");

/** Calls of the same functions that leave arguments out, or give them in another form. */
export const OTHER_FORMS: readonly (readonly [title: string, name: string, call: Call])[] = [
  ["eye(n, options)", "eye", { args: [size, options({ ...made, m: of(() => 3) })] }],
  ["arange(end, options)", "arange", { args: [number, options({ ...made, step: number })] }],
  [
    "arange(start, end, undefined, options)",
    "arange",
    { args: [of(() => 1, "number"), optional, absent, options({ ...made, step: number })] },
  ],
  [
    "logspace(start, end, steps, undefined, options)",
    "logspace",
    { args: [anyNumber, anyNumber, size, absent, options({ ...made, base: anyNumber })] },
  ],
  ["randint(high, shape, options)", "randint", { args: [of(() => 5), shape, options(drawn)] }],
  ["randintLike(x, high, options)", "randintLike", {
    args: [like, of(() => 5), options(drawn)],
  }],
  ["normal(mean, std, options)", "normal", {
    args: [
      of(() => ones([2]), "number", "NaN"),
      of(() => ones([2]), "number"),
      options(drawn),
    ],
  }],
];

/** Random streams; what is exported for the library's own use is no part of it. */
export const RANDOM: Rows<Pick<typeof random, "manualSeed" | "RandomGenerator">> = {
  manualSeed: { args: [seed], named: "seed" },
  RandomGenerator: {
    make: { args: [of(() => 5, "bigint", "undefined")], named: "seed" },
    methods: {
      // A wrong seed is one, whatever it is given to.
      manualSeed: { on: () => new RandomGenerator(1), args: [seed], named: "eed" },
      take: { on: () => new RandomGenerator(1), args: [size] },
      words: { on: () => new RandomGenerator(1), args: [size] },
      permutation: { on: () => new RandomGenerator(1), args: [size] },
    },
  },
};

/** Threads and memory. */
export const RUNTIME: Rows<typeof runtime> = {
  memoryStats: { args: [] },
  setThreads: { args: [of(() => 2)], named: "set threads" },
  getThreads: { args: [], named: "get threads" },
};

/** The GPU; to close one ends it for the process. */
export const GPU: MethodRows<Omit<Gpu, "close">> = {
  available: { on: () => gpu, args: [] },
  info: { on: () => gpu, args: [] },
  setMemoryLimit: { on: () => gpu, args: [of(() => 2 ** 33)] },
};

/** The methods of a tensor that are no op; those that are stand in the table of ops. */
export const TENSOR: Readonly<Record<string, Call & { readonly on: () => Tensor }>> = {
  requiresGrad_: { on: leaf, args: [of(() => true, "flag", "undefined")], named: "requiresGrad" },
  item: { on: () => ones([1]), args: [] },
  toArray: { on: () => ones([2]), args: [] },
  cpu: { on: () => ones([2]), args: [] },
  to: { on: () => ones([2]), args: [of(() => "cpu"), of(() => "float64", "undefined")] },
  dispose: { on: () => ones([2]), args: [] },
  detach: { on: leaf, args: [] },
  backward: {
    on: () => leaf().sum(),
    args: [options({ gradient: of(() => ones([]), "null"), retainGraph: flag, createGraph: flag })],
  },
  registerHook: { on: leaf, args: [of(() => () => undefined, "function")] },
  retainGrad: { on: leaf, args: [] },
  dropGrad: { on: leaf, args: [] },
  toString: { on: () => ones([2]), args: [] },
  // JSON.stringify tells it the key.
  toJSON: {
    on: () => ones([2]),
    args: [
      of(
        () => "",
        "undefined",
        "null",
        "text",
        "number",
        "NaN",
        "bigint",
        "flag",
        "tensor",
        "array",
        "digits",
        "holes",
        "object",
        "circle",
        "symbol",
        "function",
        "class",
        "instance",
      ),
    ],
  },
};

/** `to` with its options. */
export const TO_OPTIONS: Call & { readonly on: () => Tensor } = {
  on: () => ones([2]),
  args: [options({ dtype: of(() => "float64"), device: of(() => "cpu") })],
};
