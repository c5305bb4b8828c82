/** Averages of a model's weights during training, in a separate module. */

import { noGrad } from "../autograd/tape.ts";
import { isFloat } from "../core/dtype.ts";
import { checkCount, checkKind, FLAG, NUMBER, optionReader } from "../core/options.ts";
import { sameShape } from "../core/shape.ts";
import { ANY_MODULE, MODULE } from "../nn/checks.ts";
import { type AnyModule, Buffer, Module } from "../nn/module.ts";
import { zeros } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkRange } from "./optimizer.ts";

/** Options of `SWA`. */
export interface SWAOptions {
  /** Whether buffers are averaged too, instead of copied from the last model. Default: false. */
  useBuffers?: boolean;
}

/** Options of `ExponentialMovingAverage`. */
export interface ExponentialMovingAverageOptions extends SWAOptions {
  /** Weight of the previous average. Default: 0.999. */
  decay?: number;
}

/** An average of models, which can be used like a model. */
export abstract class AveragedModel<Inputs extends unknown[] = [Tensor], Output = Tensor>
  extends Module<Inputs, Output> {
  /** The module that holds the average. */
  readonly module: Module<Inputs, Output>;
  /** The number of averaged models. */
  readonly nAveraged: Buffer = new Buffer(zeros([], { dtype: "int32" }));
  /** Whether buffers are averaged too. */
  protected readonly useBuffers: boolean;

  /**
   * Creates the average.
   *
   * @param module A separate module, built like the model; its values do not matter.
   */
  constructor(module: Module<Inputs, Output>, useBuffers: boolean) {
    super();
    checkKind(`make ${new.target.name}`, "the module", module, MODULE);
    this.module = module;
    this.useBuffers = useBuffers;
  }

  /** The output of the averaged model. */
  override forward(...inputs: Inputs): Output {
    return this.module.forward(...inputs);
  }

  /** The average including one more model, after `count` of them. */
  protected abstract average(before: Tensor, value: Tensor, count: number): Tensor;

  /**
   * Adds the weights of a model to the average; the first ones are copied. Nothing changes if the
   * structure of the model differs.
   */
  update(model: AnyModule): void {
    const call = `update ${this.constructor.name}`;
    checkCount(call, arguments.length, 1);
    checkKind(call, "the model", model, ANY_MODULE);
    const own = new Set<Tensor>([...this.module.parameters(), ...this.module.buffers()]);
    if ([...model.parameters(), ...model.buffers()].some((x) => own.has(x))) {
      throw new RangeError(
        `Cannot ${call}: the model shares tensors with the average, which needs a module of its own`,
      );
    }
    const count = this.nAveraged.item();
    const before = this.module.stateDict();
    const learned = new Set(
      model.namedParameters({ removeDuplicate: false }).map(([name]) => name),
    );
    noGrad(() => {
      const after = Object.entries(model.stateDict()).map(([name, value]) => {
        const last = before[name];
        const averaged = learned.has(name) || (this.useBuffers && isFloat(value.dtype));
        // Loading refuses what does not fit.
        const fits = last !== undefined && sameShape(last.shape, value.shape);
        return [name, count > 0 && averaged && fits ? this.average(last, value, count) : value];
      });
      this.module.loadStateDict(Object.fromEntries(after));
      this.nAveraged.fill_(count + 1);
    });
  }
}

const readEMA = optionReader<ExponentialMovingAverageOptions>({ decay: NUMBER, useBuffers: FLAG });
const readSWA = optionReader<SWAOptions>({ useBuffers: FLAG });

/**
 * The exponential moving average of a model's weights. Follows
 * `torch.optim.swa_utils.AveragedModel` with `get_ema_avg_fn`; its state dict has the same keys.
 *
 * @example One step away
 * ```ts
 * import { nn, optim } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const make = () => new nn.Linear(1, 1, { bias: false });
 * const model = make();
 * const average = new optim.ExponentialMovingAverage(make(), { decay: 0.9 });
 * for (const weight of [1, 2]) {
 *   nn.init.constant_(model.weight, weight);
 *   average.update(model);
 * }
 * assertAlmostEquals(average.parameters()[0]!.item(), 1.1, 1e-6);
 * ```
 */
export class ExponentialMovingAverage<Inputs extends unknown[] = [Tensor], Output = Tensor>
  extends AveragedModel<Inputs, Output> {
  /** Weight of the previous average. */
  protected readonly decay: number;

  /**
   * Creates the average.
   *
   * @param module A separate module, built like the model; its values do not matter.
   */
  constructor(module: Module<Inputs, Output>, options?: ExponentialMovingAverageOptions) {
    const call = `make ${new.target.name}`;
    checkCount(call, arguments.length, 2);
    const { decay = 0.999, useBuffers = false } = readEMA(call, options);
    checkRange(new.target.name, "decay", decay, "[0, 1]");
    super(module, useBuffers);
    this.decay = decay;
  }

  /** The average including one more model. */
  protected override average(before: Tensor, value: Tensor): Tensor {
    return before.mul(this.decay).add(value.mul(1 - this.decay));
  }
}

/**
 * Stochastic weight averaging, the mean of a model's weights: Izmailov et al., "Averaging weights leads
 * to wider optima and better generalization", 2018. Follows `torch.optim.swa_utils.AveragedModel`; its
 * state dict has the same keys.
 *
 * @example The mean of three models
 * ```ts
 * import { nn, optim } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const make = () => new nn.Linear(1, 1, { bias: false });
 * const model = make();
 * const average = new optim.SWA(make());
 * for (const weight of [1, 2, 6]) {
 *   nn.init.constant_(model.weight, weight);
 *   average.update(model);
 * }
 * assertAlmostEquals(average.parameters()[0]!.item(), 3, 1e-6);
 * ```
 */
export class SWA<Inputs extends unknown[] = [Tensor], Output = Tensor>
  extends AveragedModel<Inputs, Output> {
  /**
   * Creates the average.
   *
   * @param module A separate module, built like the model; its values do not matter.
   */
  constructor(module: Module<Inputs, Output>, options?: SWAOptions) {
    const call = `make ${new.target.name}`;
    checkCount(call, arguments.length, 2);
    const { useBuffers = false } = readSWA(call, options);
    super(module, useBuffers);
  }

  /** The average including one more model, after `count` of them. */
  protected override average(before: Tensor, value: Tensor, count: number): Tensor {
    return before.add(value.sub(before).div(count + 1));
  }
}
