/** What a careless caller hands to the instruments: refused by name, also where lists are long. */

import { assertAlmostEquals, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { ones, study, type Tensor, tensor, zeros } from "../../mod.ts";

const float64 = { dtype: "float64" } as const;
const squares = (x: Tensor) => x.square().sum();

/** Calls that are refused, and the message. */
const REFUSED: Readonly<Record<string, readonly [call: () => unknown, says: RegExp]>> = {
  "a point without elements": [
    () => study.hessianSpectrum(squares, zeros([0], float64)),
    /^Cannot compute study\.hessianSpectrum: the point must have elements, got shape \[0\]$/,
  ],
  "losses that are promised and then fail": [
    () => {
      const late = (() => Promise.reject(new Error("late"))) as never;
      return study.gradientSignalToNoise(late, zeros([1], float64));
    },
    /the function must return the losses of samples, .* got Promise/,
  ],
  "a random direction that is as long as a point of zeros": [
    () => study.lossLandscape(squares, zeros([3], float64)),
    /direction 0 has length 0, scaled by "filter" to the length of the point$/,
  ],
  "a direction of zeros": [
    () => {
      const ways = [tensor([1], float64), zeros([1], float64)] as const;
      return study.lossLandscape(squares, tensor([1], float64), ways);
    },
    /^Cannot compute study\.lossLandscape: direction 1 has length 0$/,
  ],
  ...Object.fromEntries([NaN, Infinity].map((odd) => [`a direction with ${odd}`, [
    () => study.lossLandscape(squares, tensor([1], float64), [tensor([odd], float64)]),
    new RegExp(`direction 0 has length ${odd}$`),
  ]])),
};

for (const [name, [call, says]] of Object.entries(REFUSED)) {
  Deno.test(`${name}: refused`, () => {
    assertMatch(assertThrows(call, Error).message, says);
  });
}

Deno.test("a random direction from a point of zeros goes somewhere without scaling", () => {
  const { values, center } = study.lossLandscape(squares, zeros([3], float64), 1, {
    points: 3,
    scale: "none",
  });
  assertEquals(center, 0);
  assertEquals((values.toArray() as number[]).map((loss) => loss > 0), [true, false, true]);
});

Deno.test("a point may have more tensors than a call takes arguments", () => {
  const names = Array.from({ length: 140_000 }, (_, i) => `p${i}`);
  const point = Object.fromEntries(names.map((name) => [name, zeros([], float64)]));
  const loss = (p: Record<string, Tensor>) => p["p0"]!.mul(3).add(p["p1"]!.mul(4)).square();
  // The Hessian 2·[9, 12; 12, 16], of which a sample is 50 ± 48.
  const { samples } = study.hessianTrace(loss, point, { probes: 2 });
  for (const sample of samples.toArray() as number[]) {
    assertAlmostEquals(Math.abs(sample - 50), 48, 1e-9);
  }
});

Deno.test("the length of a gradient neither vanishes nor leaves the range", () => {
  for (const scale of [1e-200, 1, 1e200]) {
    const { total } = study.gradientNorms(
      (a, b) => a.sum().mul(3 * scale).add(b.sum().mul(4 * scale)),
      [zeros([1], float64), zeros([1], float64)],
    );
    assertAlmostEquals(total["loss"]! / scale, 5, 1e-12);
  }
});

Deno.test("signal and noise of float32 neither vanish nor leave the range", () => {
  for (const scale of [1e-30, 1, 1e30]) {
    const each = (x: Tensor) => x.mul(tensor([1, 3])).mul(scale);
    const { ratio, signal, noise } = study.gradientSignalToNoise(each, ones([]));
    assertAlmostEquals(signal / scale, 2, 1e-6);
    assertAlmostEquals(noise / scale, Math.SQRT2, 1e-6);
    assertAlmostEquals(ratio, Math.SQRT2, 1e-6);
  }
});
