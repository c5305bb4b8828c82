/** Data as long as people have it: more than a call takes arguments, and more than a square has time for. */

import { assert, assertEquals } from "@std/assert";
import { arange, data, metrics, ones, train } from "../../mod.ts";

const MANY = 200_000;
const list = Array.from({ length: MANY }, (_, i) => i);
const source: data.Dataset<number> = { length: MANY, get: (index) => index };

const SAMPLERS: Readonly<Record<string, () => data.Sampler>> = {
  SequentialSampler: () => new data.SequentialSampler(source),
  RandomSampler: () => new data.RandomSampler(source),
  WeightedRandomSampler: () => new data.WeightedRandomSampler(ones([MANY]), MANY),
  MPerClassSampler: () => new data.MPerClassSampler(list.map((i) => i % 100), 2),
  SubsetRandomSampler: () => new data.SubsetRandomSampler(list),
  DistributedSampler: () => new data.DistributedSampler(source, { rank: 0, worldSize: 1 }),
};

for (const [name, make] of Object.entries(SAMPLERS)) {
  Deno.test(`data.${name} goes through ${MANY} examples`, () => {
    const sampler = make();
    const loader = new data.DataLoader(source, {
      batchSampler: new data.BatchSampler(sampler, 1000),
      collate: (examples) => examples.length,
    });
    assertEquals([...loader].reduce((sum, own) => sum + own), sampler.length);
  });
}

/** What else has as many parts as there are data. */
const LONG: Readonly<Record<string, () => number>> = {
  "a batch of all": () => [...new data.DataLoader(source, { batchSize: MANY })][0]!.size,
  "data.randomSplit": () => data.randomSplit(source, [MANY, 0])[0]!.length,
  "data.kFold": () => data.kFold(source, 2)[0]!.train.length * 2,
  "data.Subset": () => new data.Subset(source, list).length,
  "data.parseCsv": () => data.parseCsv(`a\n${list.join("\n")}`).length,
  "data.parseJsonl": () => data.parseJsonl(list.join("\n")).length,
  "metrics.accuracy": () =>
    metrics.accuracy(arange(MANY), arange(MANY), { average: "none" })
      .reduce((sum, own) => sum + own, 0),
  "metrics.expectedCalibrationError": () =>
    MANY * Math.ceil(metrics.expectedCalibrationError(
      arange(MANY).div(MANY),
      arange(MANY).remainder(2),
      { bins: MANY, norm: "max" },
    )),
  "train.History": () => {
    const history = new train.History();
    for (const epoch of list) history.records.push({ epoch });
    const other = new train.History();
    other.loadStateDict(history.stateDict());
    assert(other.toString().endsWith(`${MANY - 1}`));
    return other.records.length;
  },
};

for (const [name, run] of Object.entries(LONG)) {
  Deno.test(`${name} takes ${MANY} of them`, () => assertEquals(run(), MANY));
}
