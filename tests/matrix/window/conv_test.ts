/** Convolutions of any extents against sums of products of slices, in values and gradients. */

import { assertEquals } from "@std/assert";
import { assertClose } from "../../../lib/testing/mod.ts";
import {
  conv2d,
  conv3d,
  getThreads,
  grad,
  manualSeed,
  ones,
  randn,
  setThreads,
  type Tensor,
  zeros,
} from "../../../mod.ts";
import { stream } from "../../common/samples.ts";

/** The options of the window over two or three dimensions. */
interface Move {
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
}

/** The positions of all taps of a window. */
function tapsOf(kernel: readonly number[]): number[][] {
  return kernel.reduce<number[][]>(
    (taps, extent) => taps.flatMap((tap) => Array.from({ length: extent }, (_, i) => [...tap, i])),
    [[]],
  );
}

/** For each tap of the window, the part of the input that it reads, times its weights. */
function bySlices(x: Tensor, w: Tensor, { stride, padding, dilation, groups }: Move): Tensor {
  const [batch, , ...extents] = x.shape as [number, number, ...number[]];
  const [filters, channels, ...kernel] = w.shape as [number, number, ...number[]];
  const space = extents.map((extent, i) => {
    const room = extent + 2 * padding[i]! - dilation[i]! * (kernel[i]! - 1) - 1;
    return Math.floor(room / stride[i]!) + 1;
  });
  const padded = x.pad(padding.toReversed().flatMap((zeros) => [zeros, zeros]));
  const read = (x: Tensor, tap: number, i: number) => {
    const from = tap * dilation[i]!;
    return x.slice(2 + i, from, from + (space[i]! - 1) * stride[i]! + 1, stride[i]!);
  };
  const terms = tapsOf(kernel).map((tap) => {
    const part = tap.reduce(read, padded);
    const weights = w.at(":", ":", ...tap).reshape([groups, filters / groups, channels]);
    return weights.matmul(part.reshape([batch, groups, channels, -1]));
  });
  return terms.reduce((sum, term) => sum.add(term)).reshape([batch, filters, ...space]);
}

/** A random call. */
interface Call {
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly move: Move;
}

/** The limits of random calls: examples, channels, the window's extents, and the input's. */
interface Most {
  readonly batch: number;
  readonly channels: number;
  readonly kernel: number;
  readonly extents: readonly number[];
}

const PLANES: Most = { batch: 3, channels: 20, kernel: 4, extents: [12, 30] };
const SPACES: Most = { batch: 2, channels: 3, kernel: 3, extents: [9, 15, 15] };

/** Calls with extents of all kinds: one column, fewer outputs than a vector has, many groups. */
function* randomCalls(name: string, tries: number, most: Most): Generator<Call> {
  const next = stream(name);
  const between = (least: number, most: number) => least + Math.floor(next() * (most - least + 1));
  const each = (least: number, greatest: number) =>
    most.extents.map(() => between(least, greatest));
  let made = 0;
  while (made < tries) {
    // From 8 groups on, each group is a separate unit of work.
    const groups = [1, 2, 3, 9][between(0, 3)]!;
    // From 16 channels on, the kernels use another algorithm.
    const channels = between(1, most.channels);
    const filters = groups * between(1, most.channels);
    const strides = each(1, next() < 0.5 ? 1 : 4);
    const move = { stride: strides, padding: each(0, 5), dilation: each(1, 3), groups };
    const kernel = each(1, most.kernel);
    const extents = most.extents.map((extent) => between(1, extent));
    const fits = extents.every((extent, i) =>
      extent + 2 * move.padding[i]! > move.dilation[i]! * (kernel[i]! - 1)
    );
    if (!fits) continue;
    made++;
    const x = [between(1, most.batch), groups * channels, ...extents];
    yield { x, w: [filters, channels, ...kernel], move };
  }
}

const PLAIN: Move = { stride: [1, 1, 1], padding: [0, 0, 0], dilation: [1, 1, 1], groups: 1 };

/** Calls in which two lengths are equal that usually differ. */
const COINCIDENCES: readonly Call[] = [
  // With two planes, the lines read for one are as long as what is written for both.
  { x: [1, 1, 7, 13, 9], w: [1, 1, 3, 3, 2], move: { ...PLAIN, padding: [1, 1, 1] } },
  // Each plane has one line, and what is read for it has the same length.
  {
    x: [1, 3, 8, 3, 10],
    w: [9, 1, 2, 3, 1],
    move: { ...PLAIN, padding: [4, 1, 1], dilation: [1, 2, 3], groups: 3 },
  },
  // The single output reads as much as the input has, but starting in the zeros before it.
  {
    x: [1, 3, 9, 3, 2],
    w: [6, 1, 1, 2, 1],
    move: { stride: [1, 3, 1], padding: [0, 1, 0], dilation: [1, 2, 3], groups: 3 },
  },
];

function show({ x, w, move }: Call): string {
  return `[${x}] by [${w}] ${JSON.stringify(move)}`;
}

/** The result, and the gradients with respect to both inputs. */
function bothWays(conv: typeof bySlices, inputs: readonly [Tensor, Tensor], move: Move): Tensor[] {
  const y = conv(...inputs, move);
  const gradOutputs = y.detach().mul(0.5).add(1);
  return [y, ...grad(y, inputs, { gradOutputs })];
}

/** A convolution by the library. */
function byKernels(x: Tensor, w: Tensor, move: Move): Tensor {
  return (w.ndim === 4 ? conv2d : conv3d)(x, w, move);
}

for (
  const [name, calls] of Object.entries({
    conv2d: [...randomCalls("convolutions", 200, PLANES)],
    conv3d: [...COINCIDENCES, ...randomCalls("in space", 1000, SPACES)],
  })
) {
  Deno.test(`${name}() of random extents is what slices and products give, and so are its gradients`, () => {
    manualSeed(6);
    for (const call of calls) {
      const make = (shape: readonly number[]) =>
        randn([...shape], { dtype: "float64", requiresGrad: true });
      const inputs = [make(call.x), make(call.w)] as const;
      const ours = bothWays(byKernels, inputs, call.move);
      const truth = bothWays(bySlices, inputs, call.move);
      const message = show(call);
      ours.forEach((x, i) => assertClose(x, truth[i]!, { rtol: 1e-11, atol: 1e-11, message }));
    }
  });
}

Deno.test("conv2d() in float32 is near to float64, with the same bits on any number of threads", () => {
  manualSeed(7);
  const before = getThreads();
  try {
    for (const call of randomCalls("float32", 60, { ...PLANES, batch: 12 })) {
      const make = (shape: readonly number[]) => randn([...shape], { requiresGrad: true });
      const inputs = [make(call.x), make(call.w)] as const;
      const [one, three] = [1, 3].map((threads) => {
        setThreads(threads);
        return bothWays(byKernels, inputs, call.move);
      });
      const wide = inputs.map((x) => x.detach().to("float64").requiresGrad_());
      const truth = bothWays(byKernels, wide as [Tensor, Tensor], call.move);
      one!.forEach((x, i) => {
        assertEquals(three![i]!.data, x.data, show(call));
        const largest = truth[i]!.abs().max().item();
        const options = { rtol: 0, atol: 2e-5 * largest, message: show(call) };
        assertClose(x.to("float64"), truth[i]!, options);
      });
    }
  } finally {
    setThreads(before);
  }
});

Deno.test("what leads back from an empty batch is empty or 0", () => {
  const x = zeros([0, 3, 5, 1], { requiresGrad: true });
  const w = ones([4, 3, 3, 1], { requiresGrad: true });
  const y = conv2d(x, w, { padding: [1, 0] });
  assertEquals(y.shape, [0, 4, 5, 1]);
  const [toX, toW] = grad(y, [x, w], { gradOutputs: y.detach() }) as [Tensor, Tensor];
  assertEquals(toX.shape, x.shape);
  assertEquals(toW.toArray(), zeros(w.shape).toArray());
});
