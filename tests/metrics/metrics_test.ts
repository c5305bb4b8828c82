/** Each metric of the table follows its reference, whole and in batches, and refuses what is wrong. */

import { assertEquals, assertThrows } from "@std/assert";
import { assertType, type IsExact } from "@std/testing/types";
import { metrics, ones, type Tensor, tensor, train, vmap } from "../../mod.ts";
import { casesOf } from "../fixtures/stored.ts";
import {
  type AnyMetric,
  checkCase,
  checkLayouts,
  checkRefusals,
  checkStates,
  inputsOf,
  type MetricCase,
  metricOf,
} from "./checks.ts";
import { type MetricName, type MetricRow, METRICS } from "./table.ts";

const ROWS = Object.entries(METRICS) as [MetricName, MetricRow<object>][];
const fixturesOf = (name: MetricName) => casesOf<MetricCase>(`metrics/${name}`);

for (const [name, row] of ROWS) {
  const cases = fixturesOf(name);
  const metric = metricOf(name);

  Deno.test(`metrics.${name}() follows its reference, whole and in batches`, () => {
    for (const own of cases) {
      try {
        checkCase(metric, own);
      } catch (error) {
        throw new Error(`${own.title}, ${JSON.stringify(own.options)}`, { cause: error });
      }
    }
  });

  Deno.test(`metrics.${name}() goes on from a state`, () => {
    for (const own of cases) checkStates(metric, own);
    const file = Deno.makeTempFileSync();
    checkStates(metric, cases[0]!, (from, to) => {
      train.save(file, { stream: from });
      train.load(file, { stream: to });
    });
    Deno.removeSync(file);
  });

  Deno.test(`metrics.${name}() reads any layout`, () => checkLayouts(metric, cases[0]!));

  Deno.test(`metrics.${name}() refuses what is wrong and what is empty, and then adds nothing`, () => {
    checkRefusals(metric, row, cases[0]!);
  });

  Deno.test(`metrics.${name}() is compared with its reference for each option`, () => {
    const tried = new Set(cases.flatMap(({ options }) => Object.keys(options)));
    assertEquals([...tried].sort(), Object.keys(row.options).sort());
  });
}

/** A mean of the batches' values, which is not that of the whole where batches differ in size. */
const MEAN_OF_BATCHES: AnyMetric = Object.assign(
  (...call: unknown[]) => metricOf("rmse")(...call),
  {
    stream: () => {
      let values: number[] = [];
      return {
        update: (...inputs: unknown[]) => {
          if ((inputs[0] as { size: number }).size === 0) return;
          values.push(metricOf("rmse")(...inputs) as number);
        },
        compute: () => values.reduce((sum, x) => sum + x, 0) / values.length,
        reset: () => values = [],
      } as unknown as ReturnType<AnyMetric["stream"]>;
    },
  },
);

/** Keeps the tensors that it is given. */
const KEEPS_TENSORS: AnyMetric = Object.assign(
  (...call: unknown[]) => metricOf("mse")(...call),
  {
    stream: () => {
      let kept: unknown[][] = [];
      return {
        update: (...inputs: unknown[]) => kept.push(inputs),
        compute: () => metricOf("mse")(...kept[0]!),
        reset: () => kept = [],
      } as unknown as ReturnType<AnyMetric["stream"]>;
    },
  },
);

Deno.test("a metric that is a little off, one that averages batches, and one that keeps tensors are found", () => {
  const [own] = fixturesOf("rmse");
  const off = { ...own!, value: own!.value as number * (1 + 1e-11) };
  assertThrows(() => checkCase(metricOf("rmse"), off), Error, "the whole is");
  assertThrows(() => checkCase(MEAN_OF_BATCHES, own!), Error, "batches of 1 is");
  const [mse] = fixturesOf("mse");
  assertThrows(() => checkCase(KEEPS_TENSORS, mse!), Error, "made inside scope()");
});

Deno.test("a metric of classes gives numbers, or arrays where the average is none", () => {
  const [pred, target] = inputsOf(fixturesOf("accuracy")[0]!) as Parameters<
    typeof metrics.accuracy
  >;
  const one = metrics.accuracy(pred, target);
  const each = metrics.accuracy(pred, target, { average: "none" });
  const some = metrics.accuracy(pred, target, { average: "none" as metrics.Average });
  assertType<IsExact<typeof one, number>>(true);
  assertType<IsExact<typeof each, number[]>>(true);
  assertType<IsExact<typeof some, number | number[]>>(true);
  assertEquals(some, each);
});

Deno.test("NaN is the largest score of classes, and leaves the area under a curve without a value", () => {
  const labels = tensor([0, 1], { dtype: "int32" });
  assertEquals(metrics.accuracy(tensor([[NaN, 1], [NaN, 1]]), labels), 0.5);
  assertEquals(metrics.accuracy(tensor([[NaN, 1], [2, NaN]]), labels, { topK: 1 }), 1);
  assertEquals(metrics.rocAuc(tensor([NaN, 1]), labels), NaN);
  assertEquals(metrics.averagePrecision(tensor([NaN, 1]), labels), NaN);
  assertEquals(metrics.mse(tensor([NaN, 1]), labels), NaN);
  assertEquals(metrics.r2(tensor([NaN, 1]), labels), NaN);
});

Deno.test("of equal scores the first classes are among the best", () => {
  const scores = tensor([[1, 1, 1, 0]]);
  const hit = (label: number, topK: number) =>
    metrics.accuracy(scores, tensor([label], { dtype: "int32" }), { topK });
  assertEquals([hit(0, 1), hit(1, 1), hit(1, 2), hit(2, 2), hit(2, 3), hit(3, 3)], [
    1,
    0,
    1,
    0,
    1,
    0,
  ]);
});

Deno.test("a stream takes classes as they come, but not another number of scores", () => {
  const labels = (...values: number[]) => tensor(values, { dtype: "int32" });
  const stream = metrics.confusionMatrix.stream();
  stream.update(labels(0), labels(0));
  assertEquals(stream.compute(), [[1]]);
  stream.update(labels(2), labels(1));
  assertEquals(stream.compute(), [[1, 0, 0], [0, 0, 1], [0, 0, 0]]);
  const area = metrics.rocAuc.stream();
  area.update(tensor([[0.1, 0.9]]), labels(1));
  assertThrows(
    () => area.update(tensor([[0.1, 0.9, 0]]), labels(1)),
    RangeError,
    "pred must have scores of 2 classes as before, got 3",
  );
});

Deno.test("metrics refuse single examples of vmap and tensors that are gone, in words of their own", () => {
  const [pred, target] = [ones([3, 2]), ones([3, 2])];
  const mapped = vmap((p: Tensor, t: Tensor) => p.mul(metrics.mse(p, t)));
  assertThrows(() => mapped(pred, target), TypeError, "Cannot run metrics.mse under vmap");
  pred.dispose();
  assertThrows(() => metrics.mse(pred, target), Error, "disposed");
});
