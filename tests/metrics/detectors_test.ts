/** Detectors of change: on numbers worked out by hand, and how soon and how seldom they ring. */

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { metrics, randn, RandomGenerator, tensor } from "../../mod.ts";

/** Numbers of mean 10 and deviation 2. */
function stream(n: number, seed: number): number[] {
  const drawn = randn([n], { generator: new RandomGenerator(seed), dtype: "float64" });
  return drawn.mul(2).add(10).toArray() as number[];
}

Deno.test("Ewma weighs the newest number by alpha, and its limit is that of the moving mean", () => {
  const detector = new metrics.Ewma([8, 10, 12], { alpha: 0.5, threshold: 2 });
  assertAlmostEquals(detector.limit, 10 + 2 * 2 * Math.sqrt(1 / 3), 1e-12);
  assertEquals([detector.update(12), detector.level], [false, 11]);
  assertEquals([detector.update(14), detector.level], [true, 12.5]);
  detector.reset();
  assertEquals([detector.level, detector.update(10)], [10, false]);
  const single = new metrics.Ewma(tensor([8, 10, 12]), { alpha: 1, threshold: 1 });
  assertEquals([11.9, 12.1, 11.9].map((value) => single.update(value)), [false, true, false]);
});

Deno.test("Cusum sums what is above the mean and the slack, and never falls below 0", () => {
  const detector = new metrics.Cusum([8, 10, 12], { slack: 0.5, threshold: 2 });
  const levels = [0, 14, 14, 10, 20].map((value) => [detector.update(value), detector.level]);
  assertEquals(levels, [[false, 0], [false, 1.5], [true, 3], [true, 2.5], [true, 7]]);
  detector.reset();
  assertEquals([detector.update(10), detector.level], [false, 0]);
});

Deno.test("detectors ring soon after a small shift, and seldom before", () => {
  for (const Detector of [metrics.Ewma, metrics.Cusum]) {
    const alarms = [1, 2, 3, 4, 5, 6, 7, 8].map((seed) => {
      const detector = new Detector(stream(200, 100 + seed), { threshold: 5 });
      const before = stream(100, seed).filter((value) => detector.update(value)).length;
      return [before, stream(100, 50 + seed).findIndex((value) => detector.update(value + 4))];
    });
    // On average a Cusum of these settings rings once in 465 calm numbers.
    assert(alarms.filter(([before]) => before! > 0).length <= 2, `${Detector.name} ${alarms}`);
    const soon = alarms.every(([, delay]) => delay! >= 0 && delay! < 20);
    assert(soon, `${Detector.name} ${alarms}`);
  }
});

Deno.test("detectors refuse a stretch that tells no deviation, and numbers that are none", () => {
  for (const Detector of [metrics.Ewma, metrics.Cusum]) {
    for (const calm of [[], [1], [2, 2], [1, NaN], tensor([3])]) {
      assertThrows(() => new Detector(calm), RangeError, "two finite numbers that differ");
    }
    const detector = new Detector([1, 2]);
    assertThrows(() => detector.update(NaN), TypeError, "must be a finite number, got NaN");
  }
  assertThrows(() => new metrics.Ewma([1, 2], { alpha: 0 }), TypeError, "above 0 and at most 1");
});
