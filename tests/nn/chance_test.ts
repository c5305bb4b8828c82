/** Layers in which chance plays a part: what stays on average, what is dropped together, gradients. */

import { assertEquals, assertThrows } from "@std/assert";
import { assertClose } from "../../lib/testing/mod.ts";
import { manualSeed, nn, ones, randn, RandomGenerator, ShapeError, vmap } from "../../mod.ts";

const CHANNELS = {
  Dropout1d: [40, 50, 3],
  Dropout2d: [40, 50, 2, 2],
  Dropout3d: [40, 50, 2, 1, 2],
} as const;

for (const [name, shape] of Object.entries(CHANNELS)) {
  const layer = name as keyof typeof CHANNELS;

  Deno.test(`nn.${layer} drops whole channels, as many as it says, and keeps the mean`, () => {
    manualSeed(7);
    const y = new nn[layer](0.25).forward(ones([...shape])).flatten(2);
    const first = y.narrow(2, 0, 1).contiguous();
    assertEquals(y.eq(first).all().item(), 1);
    assertEquals([...new Set(first.data)].toSorted(), [0, Math.fround(1 / 0.75)]);
    assertClose(first.eq(0).to({ dtype: "float32" }).mean().item(), 0.25, { atol: 0.04 });
    assertClose(y.mean().item(), 1, { atol: 0.05 });
  });

  Deno.test(`nn.${layer} takes one example, and refuses other ranks`, () => {
    const x = ones([...shape.slice(1)]);
    assertEquals(new nn[layer](1).forward(x).toArray(), x.mul(0).toArray());
    const call = `Cannot run ${layer[0]!.toLowerCase()}${layer.slice(1)}: the input must have`;
    assertThrows(() => new nn[layer]().forward(ones([2])), ShapeError, call);
  });
}

Deno.test("nn.AlphaDropout keeps mean 0 and variance 1, and sets what it drops to one number", () => {
  manualSeed(9);
  const x = randn([400, 400]);
  const y = new nn.AlphaDropout(0.3).forward(x);
  assertClose(y.mean().item(), 0, { atol: 0.01 });
  assertClose(y.var().item(), 1, { atol: 0.02 });
  // a·α' + b with a = ((1 − p)(1 + p·α'²))^(−1/2), b = −a·p·α' and α' = −1.7580993408473766.
  const scale = 1 / Math.sqrt(0.7 * (1 + 0.3 * 1.7580993408473766 ** 2));
  const dropped = y.sub(-scale * 1.7580993408473766 * 0.7).abs().lt(1e-5);
  assertClose(dropped.to({ dtype: "float32" }).mean().item(), 0.3, { atol: 0.01 });
});

Deno.test("dropout passes gradients to what it kept, drawn from the generator that it is given", () => {
  const { alphaDropout, dropout2d } = nn.functional;
  for (const drop of [alphaDropout, dropout2d]) {
    const draw = () => ({ p: 0.5, training: true, generator: new RandomGenerator(3) });
    const x = ones([2, 8, 1, 2]).requiresGrad_();
    const y = drop(x, draw());
    assertEquals(drop(x, draw()).toArray(), y.toArray());
    y.sum().backward();
    const kept = x.grad!.ne(0);
    const most = y.max().item();
    assertEquals(kept.toArray(), y.eq(most).toArray());
  }
});

Deno.test("dropout under vmap draws for each example, or the same for all, as it is told", () => {
  const rows = ones([64, 8]);
  const drop = (randomness: "same" | "different") =>
    vmap(nn.functional.dropout, { randomness })(rows);
  const same = drop("same");
  assertEquals(same.eq(same.narrow(0, 0, 1)).all().item(), 1);
  const own = drop("different");
  assertEquals(own.eq(own.narrow(0, 0, 1)).all().item(), 0);
});
