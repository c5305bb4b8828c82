/** Convolutions of any extents against sums of products of slices, in value and gradients. */

import { assertEquals } from "@std/assert";
import { assertClose } from "../../../lib/testing/mod.ts";
import {
  conv2d,
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

/** How the window moves over two dimensions. */
interface Move {
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly groups: number;
}

/** For each tap of the window the part of the input that it reads, times its weights. */
function bySlices(x: Tensor, w: Tensor, { stride, padding, dilation, groups }: Move): Tensor {
  const [batch, , ...extents] = x.shape as [number, number, number, number];
  const [filters, channels, ...kernel] = w.shape as [number, number, number, number];
  const space = extents.map((extent, i) => {
    const room = extent + 2 * padding[i]! - dilation[i]! * (kernel[i]! - 1) - 1;
    return Math.floor(room / stride[i]!) + 1;
  });
  const padded = x.pad([padding[1], padding[1], padding[0], padding[0]]);
  const read = (x: Tensor, i: number, tap: number) => {
    const from = tap * dilation[i]!;
    return x.slice(2 + i, from, from + (space[i]! - 1) * stride[i]! + 1, stride[i]!);
  };
  const terms: Tensor[] = [];
  for (let row = 0; row < kernel[0]; row++) {
    for (let column = 0; column < kernel[1]; column++) {
      const part = read(read(padded, 0, row), 1, column);
      const weights = w.at(":", ":", row, column).reshape([groups, filters / groups, channels]);
      terms.push(weights.matmul(part.reshape([batch, groups, channels, -1])));
    }
  }
  return terms.reduce((sum, term) => sum.add(term)).reshape([batch, filters, ...space]);
}

/** A random call. */
interface Call {
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly move: Move;
}

/** Calls with extents of all kinds: one column, fewer outputs than a vector has, many groups. */
function* randomCalls(name: string, tries: number, most: number): Generator<Call> {
  const next = stream(name);
  const between = (least: number, most: number) => least + Math.floor(next() * (most - least + 1));
  const pair = (least: number, most: number) =>
    [between(least, most), between(least, most)] as const;
  let made = 0;
  while (made < tries) {
    // From 8 groups on, each is a piece of work of its own.
    const groups = [1, 2, 3, 9][between(0, 3)]!;
    // From 16 channels on the kernels go another way.
    const [channels, filters] = [between(1, 20), groups * between(1, 20)];
    const move = { stride: pair(1, 4), padding: pair(0, 5), dilation: pair(1, 3), groups };
    const [kernel, extents] = [pair(1, 4), [between(1, 12), between(1, 30)]];
    const fits = extents.every((extent, i) =>
      extent + 2 * move.padding[i]! > move.dilation[i]! * (kernel[i]! - 1)
    );
    if (!fits) continue;
    made++;
    const x = [between(1, most), groups * channels, ...extents];
    yield { x, w: [filters, channels, ...kernel], move };
  }
}

function show({ x, w, move }: Call): string {
  return `[${x}] by [${w}] ${JSON.stringify(move)}`;
}

/** The result, and the gradients that lead from it back to both inputs. */
function bothWays(conv: typeof bySlices, inputs: readonly [Tensor, Tensor], move: Move): Tensor[] {
  const y = conv(...inputs, move);
  const gradOutputs = y.detach().mul(0.5).add(1);
  return [y, ...grad(y, inputs, { gradOutputs })];
}

Deno.test("conv2d() of random extents is what slices and products give, and so are its gradients", () => {
  manualSeed(6);
  for (const call of randomCalls("convolutions", 200, 3)) {
    const make = (shape: readonly number[]) =>
      randn([...shape], { dtype: "float64", requiresGrad: true });
    const inputs = [make(call.x), make(call.w)] as const;
    const ours = bothWays(conv2d, inputs, call.move);
    const truth = bothWays(bySlices, inputs, call.move);
    const message = show(call);
    ours.forEach((x, i) => assertClose(x, truth[i]!, { rtol: 1e-11, atol: 1e-11, message }));
  }
});

Deno.test("conv2d() in float32 is near to float64, with the same bits on any number of threads", () => {
  manualSeed(7);
  const before = getThreads();
  try {
    for (const call of randomCalls("float32", 60, 12)) {
      const make = (shape: readonly number[]) => randn([...shape], { requiresGrad: true });
      const inputs = [make(call.x), make(call.w)] as const;
      const [one, three] = [1, 3].map((threads) => {
        setThreads(threads);
        return bothWays(conv2d, inputs, call.move);
      });
      const wide = inputs.map((x) => x.detach().to("float64").requiresGrad_());
      const truth = bothWays(conv2d, wide as [Tensor, Tensor], call.move);
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
