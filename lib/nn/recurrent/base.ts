/** What recurrent layers share: several steps, several layers, both directions, packed sequences. */

import { ShapeError, showShape } from "../../core/errors.ts";
import { append } from "../../core/lists.ts";
import {
  checkKind,
  COUNT,
  FLAG,
  kind,
  NUMBER,
  type OptionTable,
  TENSOR,
} from "../../core/options.ts";
import { extentAt, sameShape } from "../../core/shape.ts";
import { cat, stack } from "../../ops/mod.ts";
import { zeros } from "../../tensor/create.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { layersFrom } from "../checks.ts";
import { checkProbability, dropout } from "../drop.ts";
import { uniform_ } from "../init.ts";
import { LAYER_OPTIONS, type LayerOptions, Module, Parameter } from "../module.ts";
import { shownCall } from "../shown.ts";
import { PackedSequence } from "./packed.ts";
import { GATES, noStates, project, type RNNMode, scan, type Weights } from "./steps.ts";

/** Options of all recurrent layers. */
export interface RNNBaseOptions extends LayerOptions {
  /** How many layers stand on each other. Default: 1. */
  numLayers?: number;
  /** Whether there are biases. Default: true. */
  bias?: boolean;
  /** Whether the batch is the first dimension of input and output, and the step the second. Default: false. */
  batchFirst?: boolean;
  /** Probability with which outputs of all layers but the last are dropped in training. Default: 0. */
  dropout?: number;
  /** Whether another net reads the sequence backwards, whose outputs stand behind. Default: false. */
  bidirectional?: boolean;
}

/** What the options of all recurrent layers must be. */
export const BASE_OPTIONS: OptionTable<RNNBaseOptions> = {
  ...LAYER_OPTIONS,
  numLayers: layersFrom(1),
  bias: FLAG,
  batchFirst: FLAG,
  dropout: NUMBER,
  bidirectional: FLAG,
};

/** A sequence that recurrent layers take and give. */
export type Sequence = Tensor | PackedSequence;

const SEQUENCE = kind(
  "a tensor or a PackedSequence",
  (value) => TENSOR.accepts(value) || value instanceof PackedSequence,
);

/** The input as rows of features, step by step, and how many sequences each step has. */
interface Rows {
  readonly rows: Tensor;
  readonly batchSizes: readonly number[];
}

/** Steps that follow each other and have equally many sequences. */
interface Run {
  readonly start: number;
  readonly steps: number;
  readonly batch: number;
}

function runsOf(batchSizes: readonly number[]): Run[] {
  const runs: Run[] = [];
  let start = 0;
  for (const batch of batchSizes) {
    const last = runs.at(-1);
    if (last?.batch === batch) runs[runs.length - 1] = { ...last, steps: last.steps + 1 };
    else runs.push({ start, steps: 1, batch });
    start += batch;
  }
  return runs;
}

/** The outputs of all rows, and the states at the ends of all sequences. */
interface Read {
  readonly output: Tensor;
  readonly states: readonly Tensor[];
}

/** One direction of one layer over all steps. */
function read(
  mode: RNNMode,
  rows: Tensor,
  runs: readonly Run[],
  initial: readonly Tensor[],
  weights: Weights,
  reverse: boolean,
): Read {
  const gates = project(mode, rows, weights);
  const outputs: Tensor[] = [];
  const ended: Tensor[][] = initial.map(() => []);
  const [first] = reverse ? runs.slice(-1) : runs;
  let batch = first?.batch ?? 0;
  let states = initial.map((state) => part(state, 0, batch));
  for (const run of reverse ? runs.toReversed() : runs) {
    if (run.batch < batch) {
      states.forEach((state, i) => ended[i]?.unshift(part(state, run.batch, batch - run.batch)));
      states = states.map((state) => part(state, 0, run.batch));
    } else if (run.batch > batch) {
      states = states.map((state, i) =>
        cat([state, ...initial.slice(i, i + 1).map((s) => part(s, batch, run.batch - batch))])
      );
    }
    ({ batch } = run);
    const inputs = part(gates, run.start, run.steps * batch);
    const shape = [run.steps, batch, extentAt(gates.shape, -1)];
    const scanned = scan(mode, inputs.reshape(shape), states, weights, reverse);
    states = [...scanned.states];
    const flat = scanned.output.flatten(0, 1);
    if (reverse) outputs.unshift(flat);
    else outputs.push(flat);
  }
  return {
    output: joined(outputs),
    states: states.map((state, i) => joined([state, ...ended[i] ?? []])),
  };
}

function part(x: Tensor, start: number, length: number): Tensor {
  return start === 0 && length === x.shape[0] ? x : x.narrow(0, start, length);
}

function joined(parts: readonly Tensor[], dim = 0): Tensor {
  const [only] = parts;
  return only !== undefined && parts.length === 1 ? only : cat(parts, dim);
}

/** How a recurrent net is built. */
type Build = Pick<
  RNNBase<unknown, unknown>,
  | "mode"
  | "inputSize"
  | "hiddenSize"
  | "projSize"
  | "bias"
  | "batchFirst"
  | "bidirectional"
  | "numLayers"
  | "weightNames"
>;

/** How many nets read the sequence. */
function directionsOf({ bidirectional }: Pick<Build, "bidirectional">): number {
  return bidirectional ? 2 : 1;
}

/** The properties that hold the weights of each layer and direction, such as `weightIhL0Reverse`. */
function weightNames(build: Omit<Build, "weightNames">): string[][] {
  const directions = directionsOf(build);
  const kinds = [
    "weightIh",
    "weightHh",
    ...build.bias ? ["biasIh", "biasHh"] : [],
    ...build.projSize > 0 ? ["weightHr"] : [],
  ];
  return Array.from({ length: build.numLayers * directions }, (_, i) => {
    const place = `L${Math.floor(i / directions)}${i % directions === 1 ? "Reverse" : ""}`;
    return kinds.map((kind) => kind + place);
  });
}

/** The weights of a layer and direction, each read once: some are computed whenever they are read. */
function weightsAt(build: Build, i: number): Parameter[] {
  return (build.weightNames[i] ?? []).map((name) => Reflect.get(build, name) as Parameter);
}

/** The weights of a layer and direction by what they are. */
function weightsOf(build: Build, i: number): Weights {
  const [weightIh, weightHh, ...rest] = weightsAt(build, i) as [Tensor, Tensor, ...Tensor[]];
  const [biasIh = null, biasHh = null] = build.bias ? rest : [];
  const [weightHr = null] = build.projSize > 0 ? rest.slice(-1) : [];
  return { weightIh, weightHh, biasIh, biasHh, weightHr };
}

/** The extents of the states of a sequence. */
function stateSizes({ mode, hiddenSize, projSize }: Build): number[] {
  return mode === "lstm" ? [projSize || hiddenSize, hiddenSize] : [hiddenSize];
}

function refuse(call: string, needed: string, x: Tensor): never {
  throw new ShapeError(`Cannot ${call}: ${needed}, got shape ${showShape(x.shape)}`, [x.shape]);
}

/** The rows of the input. */
function rowsOf(call: string, { inputSize, batchFirst }: Build, x: Sequence): Rows {
  if (x instanceof PackedSequence) {
    if (x.data.ndim !== 2 || x.data.shape[1] !== inputSize) {
      refuse(call, `packed entries must have shape [${inputSize}]`, x.data);
    }
    return { rows: x.data, batchSizes: x.batchSizes };
  }
  const dims = batchFirst ? "batch, steps" : "steps, batch";
  if ((x.ndim !== 2 && x.ndim !== 3) || x.shape.at(-1) !== inputSize) {
    refuse(call, `the input must have shape [${dims}, ${inputSize}] or [steps, ${inputSize}]`, x);
  }
  const stepsFirst = x.ndim === 2 ? x.unsqueeze(1) : batchFirst ? x.transpose(0, 1) : x;
  const [steps = 0, batch = 0] = stepsFirst.shape;
  if (steps === 0) refuse(call, "the input must have at least one step", x);
  const batchSizes = new Array<number>(steps).fill(batch);
  return { rows: stepsFirst.reshape([steps * batch, inputSize]), batchSizes };
}

/** The states at the beginning, [layers · directions, batch, …] each. */
function statesOf(
  call: string,
  build: Build,
  x: Sequence,
  rows: Rows,
  given: Readonly<Record<string, Tensor>> | null,
): Tensor[] {
  const batch = rows.batchSizes[0] ?? 0;
  const shapes = stateSizes(build).map((size) => [build.weightNames.length, batch, size]);
  if (given === null) return noStates(rows.rows, shapes);
  const single = !(x instanceof PackedSequence) && x.ndim === 2;
  return Object.entries(given).map(([name, state], i) => {
    const shape = (shapes[i] ?? []).toSpliced(1, single ? 1 : 0);
    if (!sameShape(state.shape, shape)) {
      refuse(call, `${name} must have shape ${showShape(shape)}`, state);
    }
    if (single) return state.unsqueeze(1);
    const order = x instanceof PackedSequence ? x.sortedIndices : null;
    return order === null ? state : state.indexSelect(1, order);
  });
}

/** The output and the states after a forward pass. */
export interface RNNRun {
  /** The outputs of the last layer, in the form of the input. */
  readonly output: Sequence;
  /** The states, [layers · directions, batch, …] each. */
  readonly states: readonly Tensor[];
}

/** The name of a weight of a layer and direction, such as "weightHhL0" or "biasIhL1Reverse". */
export type RNNWeightName = `${`${"weight" | "bias"}${"Ih" | "Hh"}` | "weightHr"}L${number}${
  | ""
  | "Reverse"}`;

/**
 * What recurrent layers share. Follows `torch.nn.RNNBase`. The weights of layer 0 are the properties
 * `weightIhL0`, `weightHhL0`, `biasIhL0`, `biasHhL0` and `weightHrL0`, those of the other direction
 * `weightIhL0Reverse` and so on.
 *
 * @typeParam State What a state is given as.
 * @typeParam Output What `forward` gives.
 */
export abstract class RNNBase<State, Output> extends Module<
  [x: Sequence, state?: State],
  Output
> {
  /** The weights by layer and direction. Those that a layer lacks are undefined. */
  [name: RNNWeightName]: Parameter;
  /** How many layers stand on each other. */
  readonly numLayers: number;
  /** Whether there are biases. */
  readonly bias: boolean;
  /** Whether the batch is the first dimension of input and output. */
  readonly batchFirst: boolean;
  /** Probability with which outputs between layers are dropped in training. */
  readonly dropout: number;
  /** Whether the sequence is also read backwards. */
  readonly bidirectional: boolean;
  /** The kind of step. */
  readonly mode: RNNMode;
  /** The properties that hold the weights of each layer and direction, in the order of `allWeights`. */
  readonly weightNames: readonly (readonly string[])[];

  /**
   * Creates the layer.
   *
   * @param name What the messages call it.
   * @param mode The kind of step.
   * @param inputSize Extent of the input's last dimension.
   * @param hiddenSize Extent of the states.
   * @param options How the layer is built.
   * @param projSize Extent that hidden states are projected to; 0 for none.
   */
  constructor(
    name: string,
    mode: RNNMode,
    readonly inputSize: number,
    readonly hiddenSize: number,
    options: RNNBaseOptions,
    readonly projSize = 0,
  ) {
    super();
    checkKind(`make ${name}`, "inputSize", inputSize, COUNT);
    checkKind(`make ${name}`, "hiddenSize", hiddenSize, COUNT);
    if (projSize >= hiddenSize) {
      throw new RangeError(
        `Cannot make ${name}: projSize must be less than hiddenSize, got ${projSize} and ${hiddenSize}`,
      );
    }
    const { numLayers = 1, bias = true, batchFirst = false, dropout = 0, bidirectional = false } =
      options;
    checkProbability(`make ${name}`, dropout, "dropout");
    this.mode = mode;
    this.numLayers = numLayers;
    this.bias = bias;
    this.batchFirst = batchFirst;
    this.dropout = dropout;
    this.bidirectional = bidirectional;
    const bound = 1 / Math.sqrt(hiddenSize);
    const { dtype = "float32" } = options;
    const make = (...shape: number[]) =>
      uniform_(new Parameter(zeros(shape, { dtype })), -bound, bound);
    const gates = GATES[mode] * hiddenSize;
    const outSize = projSize || hiddenSize;
    this.weightNames = weightNames(this);
    this.weightNames.forEach((names, i) => {
      const inner = i < directionsOf(this) ? inputSize : outSize * directionsOf(this);
      const weights = [
        make(gates, inner),
        make(gates, outSize),
        ...bias ? [make(gates), make(gates)] : [],
        ...projSize > 0 ? [make(projSize, hiddenSize)] : [],
      ];
      names.forEach((name, k) => Reflect.set(this, name, weights[k]));
    });
  }

  /** The weights of each layer and direction: of inputs, of states, their biases, the projection. */
  get allWeights(): readonly (readonly Parameter[])[] {
    return this.weightNames.map((_, i) => weightsAt(this, i));
  }

  /**
   * All layers over a sequence.
   *
   * @param x The sequence.
   * @param given The states to begin with; null for zeros.
   */
  protected run(x: Sequence, given: Readonly<Record<string, Tensor>> | null): RNNRun {
    const call = `compute ${this.constructor.name}`;
    checkKind(call, "the input", x, SEQUENCE);
    const input = rowsOf(call, this, x);
    const initial = statesOf(call, this, x, input, given);
    const runs = runsOf(input.batchSizes);
    let { rows } = input;
    const found: (readonly Tensor[])[] = [];
    for (let layer = 0; layer < this.numLayers; layer++) {
      if (layer > 0) rows = dropout(rows, { p: this.dropout, training: this.training });
      const directions = Array.from({ length: directionsOf(this) }, (_, direction) => {
        const i = layer * directionsOf(this) + direction;
        const own = initial.map((state) => state.at(i));
        return read(this.mode, rows, runs, own, weightsOf(this, i), direction === 1);
      });
      rows = joined(directions.map(({ output }) => output), -1);
      append(found, directions.map(({ states }) => states));
    }
    const states = initial.map((_, k) => stack(found.flatMap((own) => own.slice(k, k + 1))));
    if (x instanceof PackedSequence) {
      const { unsortedIndices } = x;
      return {
        output: new PackedSequence({ ...x, data: rows }),
        states: unsortedIndices === null
          ? states
          : states.map((state) => state.indexSelect(1, unsortedIndices)),
      };
    }
    const steps = input.batchSizes.length;
    if (x.ndim === 2) return { output: rows, states: states.map((state) => state.squeeze(1)) };
    const output = rows.reshape([steps, input.batchSizes[0] ?? 0, extentAt(rows.shape, 1)]);
    return { output: this.batchFirst ? output.transpose(0, 1) : output, states };
  }

  /** What stands in the brackets after the name. */
  protected override describe(): string {
    const { numLayers, bias, batchFirst, dropout, bidirectional } = this;
    const options = { numLayers, bias, batchFirst, dropout, bidirectional };
    return shownCall([this.inputSize, this.hiddenSize], { ...this.described(), ...options });
  }

  /** What else is told of the layer. */
  protected described(): Readonly<Record<string, unknown>> {
    return {};
  }
}
