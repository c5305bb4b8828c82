/** Good calls of the training loop and what belongs to it. */

import { data, losses, nn, ones, optim, train } from "../../mod.ts";
import { of, options, type Rows } from "../common/calls.ts";

const model = () => new nn.Linear(2, 1);
const set = () => new data.TensorDataset(ones([4, 2]), ones([4, 1]));
const batches = of(() => new data.DataLoader(set(), { batchSize: 2 }), "array");
const loss = of(() => losses.mse, "function");
const shared = model();
const own = of(() => shared);
const optimizer = () => new optim.SGD(shared.parameters(), { lr: 0.1 });
const sharedOptimizer = optimizer();
const metrics = of(() => ({ mae: losses.l1 }));
/** A model that gives what it is given, and batches for it. */
const any = of(() => new nn.Sequential());
const alike = of(() => [[ones([2, 1]), ones([2, 1])]]);
const two = of(() => 2);
const flag = of(() => false, "flag");

const step = of(() => undefined);
const trained = { model: own, loss, step, optimizer: of(optimizer) };

const evaluated = {
  model: own,
  loss,
  step,
  metrics,
  limitBatches: two,
} as const;
const text = of(() => "loss", "text");
const path = of(() => Deno.makeTempFileSync(), "text");
const parts = of(() => ({ model: shared }));
const history = () => {
  const made = new train.History();
  made.records.push({ epoch: 1, loss: 2 });
  return made;
};

/** Methods that callbacks have, which `fit` alone calls. */
type Turns = keyof train.Callback | "bestEpoch";

/** Training. */
export const TRAIN: Rows<Omit<typeof train, "FitError">, Turns> = {
  fit: {
    args: [
      options({
        ...evaluated,
        optimizer: of(() => sharedOptimizer),
        train: batches,
        validation: batches,
        epochs: two,
        scheduler: of(() => new optim.StepLR(sharedOptimizer, { stepSize: 1 })),
        clipGradNorm: of(() => 1, "number"),
        accumulate: two,
        average: of(() => new optim.ExponentialMovingAverage(model())),
        callbacks: of(() => [new train.EarlyStopping()]),
        progress: flag,
        signal: of(() => new AbortController().signal),
        fastDevRun: of(() => true, "flag"),
        overfitBatches: two,
        maxTime: of(() => 60, "number"),
        terminateOnNaN: flag,
        resume: of(() => "no_such_file", "text"),
      }),
    ],
  },
  experiment: { args: [text, options({ options: of(() => ({ epochs: 5 }), "object") })] },
  evaluate: { args: [options({ ...evaluated, data: batches })] },
  lrFind: {
    patient: ["numIter"],
    args: [
      options({ ...trained, train: batches }),
      options({
        startLr: of(() => 0.1, "number"),
        endLr: of(() => 1, "number"),
        numIter: two,
        stepMode: of(() => "linear"),
        smoothing: of(() => 0.5, "number"),
        divergence: two,
      }),
    ],
    // The range test itself reads the options.
    named: "run lr",
  },
  findBatchSize: {
    patient: ["steps"],
    args: [
      options(trained),
      of(set),
      options({ start: two, max: two, steps: two }),
    ],
  },
  topLosses: { args: [own, loss, of(set), options({ k: two })], named: "top losses" },
  save: { args: [path, parts] },
  load: {
    args: [
      of(() => {
        const made = Deno.makeTempFileSync();
        train.save(made, { model: shared });
        return made;
      }),
      parts,
    ],
  },
  latency: {
    patient: ["runs", "warmup"],
    args: [any, of(() => ones([1, 2]), "tensor"), options({ runs: two, warmup: two })],
  },
  selectModel: {
    args: [
      of(() => ({ one: new nn.Sequential() })),
      options({
        metric: of(() => losses.l1, "function"),
        mode: of(() => "min"),
        validation: alike,
        test: alike,
        input: of(() => ones([1, 2]), "tensor"),
        latencyBudgetMs: of(() => 1000, "number"),
        paramBudget: of(() => 1000, "number"),
      }),
    ],
  },
  trace: { args: [path, of(() => () => 1, "function"), options({ limit: two })] },
  History: {
    make: { args: [] },
    methods: {
      column: { on: history, args: [of(() => "loss")] },
      best: { on: history, args: [of(() => "loss"), options({ mode: of(() => "max") })] },
      toCsv: { on: history, args: [] },
      toString: { on: history, args: [] },
    },
  },
  EarlyStopping: {
    make: {
      args: [
        options({
          monitor: text,
          mode: of(() => "max"),
          patience: two,
          minDelta: of(() => 1, "number"),
          restoreBest: flag,
        }),
      ],
    },
    methods: {},
  },
  Checkpoint: {
    make: {
      args: [
        of(() => "file", "text"),
        options({
          every: two,
          everySteps: two,
          monitor: text,
          mode: of(() => "max"),
          saveTopK: two,
        }),
      ],
    },
    methods: {},
  },
  CsvLogger: { make: { args: [of(() => "file", "text")] }, methods: {} },
  JsonlLogger: { make: { args: [of(() => "file", "text")] }, methods: {} },
  TensorBoardLogger: {
    make: { args: [of(() => "folder", "text"), options({ every: two })] },
    methods: {},
  },
  ProgressBar: {
    make: { args: [options({ write: of(() => () => {}, "function"), moving: flag })] },
    methods: {},
  },
};
