/** Intervals and reports: exact where they can be, and right as often as they say. */

import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { metrics, randn, RandomGenerator, type Tensor, tensor } from "../../mod.ts";

const pred = tensor([[1, 2], [3, 5], [4, 4]], { dtype: "float64" });
const target = tensor([[1, 1], [3, 3], [5, 4]], { dtype: "float64" });
const generator = () => new RandomGenerator(5);

Deno.test("metricsReport() has the exact values of a fixed example", () => {
  const report = metrics.metricsReport(pred, target, {
    generator: generator(),
    resamples: 50,
    context: { commit: "abc", "a | b": 2 },
  });
  const { mse, rmse, mae, maxError, r2 } = report.metrics;
  // The residuals are 0, 1, 0, 2, −1, 0; the target's spread is 61 − 17²/6.
  const values = [mse, rmse, mae, maxError, r2].map(({ value }) => value);
  assertEquals(values.slice(0, 4), [1, 1, 4 / 6, 2]);
  assert(Math.abs(r2.value - (1 - 6 / (61 - 17 ** 2 / 6))) < 1e-12);
  for (const [i, name] of ["mse", "rmse", "mae", "r2"].entries()) {
    const own = { mse, rmse, mae, r2 }[name]!;
    assert(own.low <= own.value && own.value <= own.high, `${i}`);
  }
  assertEquals([report.examples, report.values, report.level], [3, 6, 0.95]);
  assertEquals(report.environment.deno, Deno.version.deno);
  const plain = JSON.parse(JSON.stringify(report));
  assertEquals(plain.metrics.mse, { ...mse });
  assertEquals(plain.context, { commit: "abc", "a | b": 2 });
  const text = report.toMarkdown();
  assertMatch(text, /not regulatory, clinical or pedagogical evidence/);
  assertMatch(text, /\| maxError \| 2 \| \d to 2 \|/);
  assertMatch(text, /\| a \\\| b \| 2 \|/);
  assertMatch(text, new RegExp(`\\| data \\(SHA-256\\) \\| ${report.dataHash} \\|`));
});

Deno.test("metricsReport() is the same for the same seed, and knows the data by its hash", () => {
  const of = (p: Tensor, seed: number) =>
    metrics.metricsReport(p, target, { generator: new RandomGenerator(seed), resamples: 20 });
  assertEquals(JSON.stringify(of(pred, 1)), JSON.stringify(of(pred, 1)));
  assert(JSON.stringify(of(pred, 1).metrics) !== JSON.stringify(of(pred, 2).metrics));
  assertEquals(of(pred, 1).dataHash, of(pred.mT.contiguous().mT, 1).dataHash);
  assert(of(pred, 1).dataHash !== of(pred.add(1e-12), 1).dataHash);
  // SHA-256 of 96 bytes, by another implementation.
  const bytes = new Uint8Array([pred, target].flatMap((x) => [...new Uint8Array(x.data.buffer)]));
  assertEquals(bytes.length, 96);
  return crypto.subtle.digest("SHA-256", bytes).then((digest) => {
    assertEquals(of(pred, 1).dataHash, new Uint8Array(digest).toHex());
  });
});

/** How many of 200 intervals of a mean square of normal numbers, which is 1, hold it. */
function coverage(interval: (x: Tensor, zero: Tensor, i: number) => { low: number; high: number }) {
  let held = 0;
  for (let i = 0; i < 200; i++) {
    const x = randn([200], { generator: new RandomGenerator(1000 + i) });
    const { low, high } = interval(x, x.mul(0), i);
    held += Number(low <= 1 && 1 <= high);
  }
  return held;
}

Deno.test("intervals of 95 % hold the true value in 90 % of 200 repeats or more, and narrow ones do not", () => {
  const options = (i: number, level?: number) => ({
    resamples: 200,
    generator: new RandomGenerator(i),
    ...level === undefined ? {} : { level },
  });
  const reported = coverage((x, zero, i) => metrics.metricsReport(x, zero, options(i)).metrics.mse);
  assert(reported >= 180 && reported < 200, `${reported}`);
  const half = coverage((x, zero, i) =>
    metrics.metricsReport(x, zero, options(i, 0.5)).metrics.mse
  );
  assert(half > 70 && half < 130, `${half}`);
});

Deno.test("bootstrapInterval() draws tensors and arrays alike, pairs staying together", () => {
  const numbers = [3, 1, 4, 1, 5, 9, 2, 6];
  const mean = (pairs: readonly number[], same: readonly number[]) => {
    assertEquals(pairs, same);
    return pairs.reduce((sum, x) => sum + x, 0) / pairs.length;
  };
  const options = () => ({ resamples: 100, generator: generator(), level: 0.8 });
  const listed = metrics.bootstrapInterval(mean, numbers, numbers, options());
  const x = tensor(numbers, { dtype: "float64", requiresGrad: true });
  const whole = metrics.bootstrapInterval(
    (p: Tensor, t: Tensor) => mean(p.toArray() as number[], t.toArray() as number[]),
    x,
    x,
    options(),
  );
  assertEquals(listed, whole);
  assertEquals([listed.value, listed.level], [31 / 8, 0.8]);
  // The percentiles, once more by hand.
  const stream = generator();
  const means = Array.from({ length: 100 }, () => {
    const draw = metrics.bootstrapInterval(mean, numbers, numbers, {
      resamples: 1,
      generator: stream,
    });
    return draw.low;
  }).sort((a, b) => a - b);
  assertEquals(listed.low, means[9]! + (means[10]! - means[9]!) * (9.9 % 1));
});

Deno.test("bootstrapInterval() passes over draws without a value, and is NaN if there is no other", () => {
  const labels = tensor([0, 1, 1, 1], { dtype: "int32" });
  const scores = tensor([0.1, 0.4, 0.2, 0.05]);
  const area = metrics.bootstrapInterval(metrics.rocAuc, scores, labels, {
    generator: generator(),
  });
  assert(area.low >= 0 && area.high <= 1 && area.low < area.high);
  const none = metrics.bootstrapInterval(() => NaN, labels, labels, { resamples: 3 });
  assertEquals([none.value, none.low, none.high], [NaN, NaN, NaN]);
  const single = metrics.bootstrapInterval(metrics.mse, tensor([3]), tensor([1]));
  assertEquals([single.value, single.low, single.high], [4, 4, 4]);
});

Deno.test("intervals and reports refuse what has no examples, or not as many", () => {
  const empty = tensor([]);
  const one = tensor([1]);
  const calls: readonly (readonly [() => unknown, string])[] = [
    [() => metrics.bootstrapInterval(metrics.mse, empty, empty), "no examples that count"],
    [
      () => metrics.bootstrapInterval(metrics.mse, one, empty),
      "equally many examples, got 1 and 0",
    ],
    [() => metrics.metricsReport(empty, empty), "no examples that count"],
    [() => metrics.metricsReport(tensor(1), tensor(1)), "shape [N, ...], got []"],
    [() => metrics.metricsReport(one, empty), "the same shape, got [1] and [0]"],
  ];
  for (const [call, says] of calls) assertThrows(call, RangeError, says);
  const level = 1.5;
  assertThrows(() => metrics.metricsReport(one, one, { level }), TypeError, "between 0 and 1");
  const wrong = () => metrics.bootstrapInterval((() => one) as never, one, one);
  assertThrows(wrong, TypeError, "the metric must return a number, got a tensor");
});
