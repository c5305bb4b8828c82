/** What the rows of all losses that are computed element by element have in common. */

import { DTypeError, full, type losses, ShapeError, tensor, zeros } from "../../mod.ts";
import { count, sample, tensorOf, valuesOf } from "../common/samples.ts";
import type { Entries, Inputs, LossPoint, LossRow, LossSample, Refusal } from "./row.ts";

/** What is peculiar to one of them. */
interface ElementLoss<O extends losses.ElementLossOptions<string>> {
  /** The loss of an element in plain numbers. */
  readonly each: (prediction: number, target: number, options: O, ...more: number[]) => number;
  /** Its reductions. Default: those of all losses. */
  readonly reductions?: readonly NonNullable<O["reduction"]>[];
  /** Values of its own options. */
  readonly options: Omit<LossRow<O>["options"], keyof losses.ElementLossOptions>;
  /** What else an option needs to make a difference. */
  readonly beside?: NonNullable<LossRow<O>["beside"]>;
  readonly points: readonly LossPoint<O>[];
  /** Predictions beside a target of 0, or of the first class, whose value and gradient must be finite in float32. */
  readonly extremes: readonly number[];
  /** Ranges of the samples. Default: -3 to 3. */
  readonly predictions?: readonly [number, number];
  readonly targets?: readonly [number, number];
  /** The two targets that there are, where they are classes. */
  readonly classes?: readonly [number, number];
  /** Ranges of the samples of what else it takes, whose values are 1 where they do not matter. */
  readonly more?: readonly (readonly [number, number])[];
  /** Samples beside those of random numbers. */
  readonly samples?: readonly LossSample<O>[];
  readonly refuses?: readonly Refusal[];
}

const double = (name: string, shape: readonly number[], range?: readonly [number, number]) =>
  tensorOf(sample(name, shape, "float64", range), "float64").requiresGrad_();

/** Weights for each element, for the last dimension, and for all at once. */
function weightsFor([{ shape }]: Inputs) {
  return [shape, shape.slice(-1), []].map((own) => double("weight", own, [0.5, 2]));
}

/** Targets that are two classes by turns; they have no gradient. */
function classesFor(shape: readonly number[], classes: readonly [number, number]) {
  const data = Array.from({ length: count(shape) }, (_, i) => classes[Number(i % 3 === 0)]!);
  return tensorOf({ shape, data }, "float64");
}

/** A mask that lets two of three elements count. */
export function maskFor({ shape }: Inputs[0]) {
  const data = Array.from({ length: count(shape) }, (_, i) => Number(i % 3 !== 1));
  return tensorOf({ shape, data }, "bool");
}

const SHAPES = [[4, 3], [2, 3, 2], [], [0, 3]] as const;

function referenceOf<O extends losses.ElementLossOptions<string>>({ each }: ElementLoss<O>) {
  return ([p, t, ...more]: Inputs, options: O): Entries => {
    const { weight = full([], 1), mask = tensor(true) } = options;
    const [factors, counts] = [weight, mask].map((x) => valuesOf(x.expand(p.shape)));
    const targets = valuesOf(t);
    const others = more.map((x) => valuesOf(x));
    const loss = (x: number, i: number) =>
      counts![i] === 1
        ? each(x, targets[i]!, options, ...others.map((y) => y[i]!)) * factors![i]!
        : 0;
    return {
      shape: p.shape,
      each: valuesOf(p).map(loss),
      total: counts!.reduce((sum, count) => sum + count, 0),
    };
  };
}

const three = (): Inputs => [zeros([3]), zeros([3])];
const unfit = (x: readonly number[]) => ({
  inputs: three,
  error: ShapeError,
  says: `of shape [${x.join(", ")}] does not broadcast to the prediction's shape [3]`,
});

/** What they all refuse. */
const REFUSES: readonly Refusal[] = [
  ...[[3, 1], [2], [1, 1]].flatMap((shape) => [
    { ...unfit(shape), options: { weight: full(shape, 1) } },
    { ...unfit(shape), options: { mask: full(shape, 1, { dtype: "bool" }) } },
  ]),
  {
    inputs: () => [zeros([32, 1]), zeros([32])],
    error: ShapeError,
    says:
      "prediction has shape [32, 1] but target has shape [32], which would broadcast to [32, 32]",
  },
  {
    inputs: () => [zeros([3]), zeros([2])],
    error: ShapeError,
    says: "prediction has shape [3] but target has shape [2], they must be equal",
  },
  {
    inputs: () => [zeros([3], { dtype: "int32" }), zeros([3])],
    error: DTypeError,
    says: "prediction must be float32 or float64, got int32",
  },
  { inputs: () => [zeros([3]), [0, 0, 0]], error: TypeError, says: "target must be a tensor" },
  { options: { reduction: "average" }, error: TypeError, says: '"mean", "sum" or "none"' },
  { options: { mask: full([3], 1) }, error: TypeError, says: "mask must be a bool tensor" },
  { options: { weigth: full([3], 1) }, error: TypeError, says: 'did you mean "weight"' },
];

/** The row of a loss that is computed element by element. */
export function elementRow<O extends losses.ElementLossOptions<string>>(
  own: ElementLoss<O>,
): LossRow<O> {
  const {
    predictions,
    targets,
    classes,
    points,
    reductions = ["mean", "sum", "none"],
    beside = {},
    more = [],
    samples = [],
    refuses = [],
  } = own;
  const targetsOf = (shape: readonly number[]) =>
    classes === undefined ? double("target", shape, targets) : classesFor(shape, classes);
  const shared: LossRow<losses.ElementLossOptions<string>>["options"] = {
    reduction: () => reductions,
    weight: weightsFor,
    mask: ([p]) => [maskFor(p)],
  };
  const ones = (x: unknown) => more.map(() => full((x as Inputs[0]).shape, 1));
  const odd = () => {
    const p = full([2, 3], NaN, { dtype: "float64", requiresGrad: true });
    return [p, double("t", [2, 3]), ...more.map(() => p.detach().clone().requiresGrad_())];
  };
  const mask = tensor([[false, false, false]]);
  return {
    samples: [
      ...SHAPES.map((shape) => ({
        title: `[${shape.join(", ")}]`,
        inputs: (): Inputs => [
          double("prediction", shape, predictions),
          targetsOf(shape),
          ...more.map((range, i) => double(`more ${i}`, shape, range)),
        ],
      })),
      ...samples,
    ],
    options: { ...shared, ...own.options } as LossRow<O>["options"],
    beside,
    reference: referenceOf(own),
    points,
    nothing: [{ mask }, { mask, weight: double("weight", [3], [0.5, 2]) }].map((options) => ({
      inputs: odd as () => [Inputs[0], Inputs[1]],
      options: () => options as O,
    })),
    extremes: own.extremes.map((size) => () => [
      tensor([size, -size], { requiresGrad: true }),
      full([2], own.classes?.[0] ?? 0),
      ...more.map(() => full([2], 1)),
    ]),
    refuses: [
      ...REFUSES.map(({ inputs, ...rest }) =>
        inputs === undefined ? rest : {
          ...rest,
          inputs: () => {
            const pair = inputs();
            return [...pair, ...ones(pair[0])];
          },
        }
      ),
      ...refuses,
    ],
  };
}
