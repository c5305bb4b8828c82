/** What all metrics share: a function of all data at once, and a stream that is updated batch by batch. */

import {
  checkCount,
  checkKind,
  isPlainObject,
  kept,
  kind,
  type OptionReader,
} from "../core/options.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** What a metric remembers of the examples it has seen: numbers, never tensors. */
export interface Sums<Inputs extends readonly unknown[], Result> {
  /** All of it: numbers, texts, flags, nulls, and arrays and plain objects of them. */
  readonly state: object;
  /** Adds examples: all of them, or none if they are refused. */
  add(...inputs: Inputs): void;
  /** The metric of what was added. */
  result(): Result;
}

/** A metric that is updated batch by batch, and keeps only numbers. */
export class MetricStream<Inputs extends readonly unknown[], Result> {
  readonly #call: string;
  readonly #inputs: number;
  readonly #begin: () => Sums<Inputs, Result>;
  #sums: Sums<Inputs, Result>;

  /**
   * For the library; users have the `stream` of a metric.
   *
   * @param call Its name in error messages.
   * @param inputs How many inputs a batch has.
   * @param begin Makes empty sums.
   */
  constructor(call: string, inputs: number, begin: () => Sums<Inputs, Result>) {
    this.#call = call;
    this.#inputs = inputs;
    this.#begin = begin;
    this.#sums = begin();
  }

  /** Adds a batch. One that is refused changes nothing. */
  update(...inputs: Inputs): void {
    checkCount(this.#call, inputs.length, this.#inputs);
    this.#sums.add(...inputs);
  }

  /** The metric of all batches since the last reset. */
  compute(): Result {
    checkCount(this.#call, arguments.length, 0);
    return this.#sums.result();
  }

  /** Forgets all batches. */
  reset(): void {
    checkCount(this.#call, arguments.length, 0);
    this.#sums = this.#begin();
  }

  /** What it remembers, to continue from. */
  stateDict(): object {
    checkCount(this.#call, arguments.length, 0);
    return structuredClone(this.#sums.state);
  }

  /** Continues from the state of a stream of the same metric with the same options. */
  loadStateDict(state: object): void {
    checkCount(this.#call, arguments.length, 1);
    const sums = this.#begin();
    const own = Object.entries(sums.state);
    const fits = kind(
      `a state of it, { ${own.map(([key]) => key).join(", ")} }`,
      (value) =>
        isPlainObject(value) && Object.keys(value).length === own.length &&
        own.every(([key, one]) => Object.hasOwn(value, key) && alike(one, value[key])),
    );
    checkKind(this.#call, "the state", state, fits);
    Object.assign(sums.state, structuredClone(state));
    this.#sums = sums;
  }
}

/** Whether two values are of one kind; a text may take the place of null. */
function alike(a: unknown, b: unknown): boolean {
  const sort = (x: unknown) => x === null ? "string" : Array.isArray(x) ? "array" : typeof x;
  return sort(a) === sort(b);
}

/** A metric: a function of all data at once, with its streaming form. */
export interface Metric<Inputs extends readonly unknown[], Options extends object, Result> {
  /** The metric of all data at once. */
  (...call: [...inputs: Inputs, options?: Options]): Result;
  /** The metric, updated batch by batch: from the same sums, so with the same value. */
  stream(options?: Options): MetricStream<Inputs, Result>;
}

/** How the values of classes are averaged. */
export type Average = "micro" | "macro" | "weighted" | "none";

/** The result of a metric of classes: a value for each class if the average is "none", else one. */
export type Averaged<O extends { average?: Average }> = unknown extends O["average"] ? number
  : [O["average"]] extends ["none"] ? number[]
  : "none" extends O["average"] ? number | number[]
  : number;

/** A metric of prediction and target that can give a value for each class. */
export interface ClassMetric<Options extends { average?: Average }> {
  /** The metric of all data at once. */
  <const O extends Options = Options & { average?: undefined }>(
    pred: Tensor,
    target: Tensor,
    options?: O,
  ): Averaged<O>;
  /** The metric, updated batch by batch: from the same sums, so with the same value. */
  stream<const O extends Options = Options & { average?: undefined }>(
    options?: O,
  ): MetricStream<[pred: Tensor, target: Tensor], Averaged<O>>;
}

/** Prediction and target. */
export type Pair = [pred: Tensor, target: Tensor];

/**
 * Makes a metric.
 *
 * @param inputs How many inputs it has, before the options.
 * @param read Reads its options.
 * @param begin Makes empty sums.
 */
export function metric<Inputs extends readonly unknown[], Options extends object, Result>(
  name: string,
  inputs: Inputs["length"],
  read: OptionReader<Options>,
  begin: (call: string, options: Options) => Sums<Inputs, Result>,
): Metric<Inputs, Options, Result> {
  const call = `compute metrics.${name}`;
  function whole(...given: [...inputs: Inputs, options?: Options]): Result {
    checkCount(call, given.length, inputs + 1);
    const sums = begin(call, read(call, given[inputs] as Options | undefined));
    sums.add(...given.slice(0, inputs) as unknown as Inputs);
    return sums.result();
  }
  function stream(options?: Options): MetricStream<Inputs, Result> {
    checkCount(call, arguments.length, 1);
    const own = kept(read(call, options));
    return new MetricStream(call, inputs, () => begin(call, own));
  }
  Object.defineProperty(whole, "name", { value: name });
  return Object.assign(whole, { stream });
}

/** The error for a metric of no examples. */
export function nothing(call: string): RangeError {
  return new RangeError(`Cannot ${call}: there are no examples that count`);
}
