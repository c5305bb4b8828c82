/** Convolutions of any extents against sums of products of slices, in value and gradients. */

import { assertClose } from "../../../lib/testing/mod.ts";
import { conv2d, grad, manualSeed, randn, type Tensor } from "../../../mod.ts";
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

Deno.test("conv2d() of random extents is what slices and products give, and so are its gradients", () => {
  manualSeed(6);
  const next = stream("convolutions");
  const between = (least: number, most: number) => least + Math.floor(next() * (most - least + 1));
  const pair = (least: number, most: number) =>
    [between(least, most), between(least, most)] as const;
  let tried = 0;
  while (tried < 200) {
    const groups = between(1, 3);
    // From 16 channels on the kernels go another way.
    const [channels, filters] = [between(1, 20), groups * between(1, 20)];
    const move = { stride: pair(1, 4), padding: pair(0, 5), dilation: pair(1, 3), groups };
    const [kernel, extents] = [pair(1, 4), [between(1, 12), between(1, 30)]];
    const fits = extents.every((extent, i) =>
      extent + 2 * move.padding[i]! > move.dilation[i]! * (kernel[i]! - 1)
    );
    if (!fits) continue;
    tried++;
    const make = (...shape: number[]) => randn(shape, { dtype: "float64", requiresGrad: true });
    const inputs = [
      make(between(1, 3), groups * channels, ...extents),
      make(filters, channels, ...kernel),
    ] as const;
    const ours = conv2d(...inputs, move);
    const gradOutputs = randn(ours.shape, { dtype: "float64" });
    const truth = bySlices(...inputs, move);
    const both = [ours, truth].map((y) => [y, ...grad(y, inputs, { gradOutputs })]);
    const message = inputs.map(({ shape }) => `[${shape}]`).join(" by ") + JSON.stringify(move);
    both[0]!.forEach((x, i) => assertClose(x, both[1]![i]!, { rtol: 1e-11, atol: 1e-11, message }));
  }
});
