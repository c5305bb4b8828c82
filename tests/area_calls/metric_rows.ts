/** Good calls of metrics. */

import { arange, metrics, ones, RandomGenerator, type Tensor, tensor, zeros } from "../../mod.ts";
import { type Call, of, options, type Rows } from "../common/calls.ts";

const scores = of(() => tensor([[0.5, 0.2], [0.1, 0.9]]));
const labels = of(() => arange(2));
const x = of(() => tensor([1, 2]));
const flag = of(() => true, "flag");
const word = (value: string) => of(() => value);
const ofClasses = {
  task: word("multiclass"),
  threshold: of(() => 0.5, "number", "NaN"),
  ignoreIndex: of(() => -1, "null"),
  numClasses: of(() => 2),
} as const;
const ofCurve = {
  task: word("multiclass"),
  average: word("macro"),
  ignoreIndex: ofClasses.ignoreIndex,
} as const;
const averaged = { ...ofClasses, average: word("macro") } as const;
const positive = of(() => 0.5, "number");
const images = of(() => zeros([1, 1, 11, 11]));
const bootstrap = {
  level: of(() => 0.5, "number"),
  resamples: of(() => 3),
  generator: of(() => new RandomGenerator(1)),
} as const;
const none = options({});

/** Metrics. */
export const METRICS: Rows<typeof metrics> = {
  accuracy: { args: [scores, labels, options({ ...averaged, topK: of(() => 1) })] },
  confusionMatrix: {
    args: [scores, labels, options({ ...ofClasses, normalize: of(() => "pred", "null") })],
  },
  precisionRecallF1: { args: [scores, labels, options(averaged)] },
  iou: { args: [scores, labels, options(averaged)] },
  rocAuc: { args: [scores, labels, options(ofCurve)] },
  averagePrecision: { args: [scores, labels, options(ofCurve)] },
  mse: { args: [x, x, none] },
  rmse: { args: [x, x, none] },
  mae: { args: [x, x, none] },
  nmse: { args: [x, x, options({ centered: flag })] },
  r2: { args: [x, x, options({ multioutput: word("uniform_average") })] },
  psnr: { args: [x, x, options({ dataRange: positive })] },
  ssim: {
    args: [
      images,
      images,
      options({
        dataRange: positive,
        windowSize: of(() => 11),
        sigma: positive,
        k1: positive,
        k2: positive,
      }),
    ],
    // The loss that it is made of checks the images.
    named: "ssim",
  },
  ndcg: { args: [x, x, options({ topK: of(() => 1) })] },
  recallAtK: { args: [x, x, options({ topK: of(() => 1) })] },
  adjustedRandIndex: { args: [x, x, none] },
  expectedCalibrationError: {
    args: [
      of(() => tensor([0.5, 0.6])),
      labels,
      options({ bins: of(() => 3), norm: word("l2"), ignoreIndex: ofCurve.ignoreIndex }),
    ],
  },
  rouge: { args: [of(() => "a b", "text", "array"), of(() => "a b", "text", "array"), none] },
  bleu: {
    args: [
      of(() => "a b", "text", "array"),
      of(() => "a b", "text", "array"),
      options({ nGram: of(() => 2), smooth: flag, weights: of(() => [0.5, 0.5]) }),
    ],
  },
  meanAveragePrecision: {
    args: [
      of(() => [{ boxes: ones([1, 4]), labels: zeros([1]), scores: ones([1]) }]),
      of(() => [{ boxes: ones([1, 4]), labels: zeros([1]) }]),
      options({ iouThresholds: of(() => [0.5]), maxDetections: of(() => 1) }),
    ],
  },
  privacySpent: {
    args: [
      of(() => ({ noiseMultiplier: 1, sampleRate: 0.1, steps: 10, delta: 1e-5 })),
    ],
  },
  boxIou: { args: [of(() => ones([2, 4])), of(() => ones([3, 4]))] },
  nms: {
    args: [of(() => ones([2, 4])), of(() => ones([2])), of(() => 0.5, "number")],
  },
  bootstrapInterval: {
    args: [
      of(() => (pred: Tensor) => pred.sum().item()),
      of(() => ones([7]), "tensor", "array"),
      of(() => ones([7]), "tensor", "array"),
      options(bootstrap),
    ],
  },
  Ewma: {
    make: {
      args: [of(() => [1, 2, 3], "tensor"), options({ alpha: positive, threshold: positive })],
    },
    methods: {
      update: { on: () => new metrics.Ewma([1, 2]), args: [of(() => 1, "number")], named: "Ewma" },
      reset: { on: () => new metrics.Ewma([1, 2]), args: [], named: "Ewma" },
    },
  },
  Cusum: {
    make: {
      args: [of(() => [1, 2, 3], "tensor"), options({ slack: positive, threshold: positive })],
    },
    methods: {
      update: {
        on: () => new metrics.Cusum([1, 2]),
        args: [of(() => 1, "number")],
        named: "Cusum",
      },
      reset: { on: () => new metrics.Cusum([1, 2]), args: [], named: "Cusum" },
    },
  },
  metricsReport: {
    args: [x, x, options({ ...bootstrap, context: of(() => ({ seed: 1 }), "object") })],
  },
};

type Loose = (...args: unknown[]) => unknown;

/** What streams do: a row for making one and one for feeding it, of the row of the metric. */
export const STREAMS: Readonly<Record<string, Call>> = Object.fromEntries(
  (Object.entries(METRICS) as [keyof typeof METRICS, Call][]).flatMap(([name, row]) => {
    const metric = metrics[name];
    if (!("stream" in metric)) return [];
    const stream = metric.stream as Loose;
    const named = row.named ?? `metrics.${name}`;
    return [
      [`metrics.${name}.stream()`, { run: stream, args: row.args.slice(-1), named }],
      [`metrics.${name}.stream().update()`, {
        run: (...inputs: unknown[]) => (stream() as { update: Loose }).update(...inputs),
        args: row.args.slice(0, -1),
        named,
      }],
    ];
  }),
);
