/** Places in a sequence as waves. */

import { CODES } from "../../core/dtype.ts";
import { ShapeError, showShape } from "../../core/errors.ts";
import { checkCount, checkKind, COUNT, FLAG, NUMBER, optionReader } from "../../core/options.ts";
import { checkRoom, checkShape, extentAt } from "../../core/shape.ts";
import { fromTypedArray } from "../../tensor/create.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkFloating } from "../checks.ts";
import { Dropout } from "../dropout.ts";
import { Buffer, LAYER_OPTIONS, type LayerOptions, Module } from "../module.ts";
import { checkProbability } from "../drop.ts";

/** Options of `PositionalEncoding`. */
export interface PositionalEncodingOptions extends LayerOptions {
  /** Probability with which elements are dropped in training. Default: 0.1. */
  dropout?: number;
  /** The longest sequence. Default: 5000. */
  maxLen?: number;
  /** Whether the batch is the first dimension, and the step the second. Default: false. */
  batchFirst?: boolean;
}

const readOptions = optionReader<PositionalEncodingOptions>({
  ...LAYER_OPTIONS,
  dropout: NUMBER,
  maxLen: COUNT,
  batchFirst: FLAG,
});

/** Sine and cosine by turns, of longer and longer waves, for each place. */
function waves(places: number, features: number): Float64Array<ArrayBuffer> {
  return Float64Array.from({ length: places * features }, (_, i) => {
    const [place, feature] = [Math.floor(i / features), i % features];
    const angle = place * 10000 ** (-(feature - feature % 2) / features);
    return feature % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
  });
}

/**
 * Adds to each entry of a sequence what tells its place: sin(t/10000^(2i/d)) and cos(t/10000^(2i/d)).
 * Vaswani and others, "Attention is all you need", 2017; follows the tutorial of PyTorch.
 *
 * @example Two places
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertClose } from "@adjoint/ml/testing";
 *
 * const encoding = new nn.PositionalEncoding(2, { dropout: 0, maxLen: 10 });
 * assertClose(encoding.forward(zeros([2, 1, 2])), [[[0, 1]], [[Math.sin(1), Math.cos(1)]]]);
 * ```
 */
export class PositionalEncoding extends Module {
  /** Behind the sum. */
  readonly dropout: Dropout;
  /** What is added to each place, [maxLen, 1, features]. */
  readonly pe: Buffer;
  /** Whether the batch is the first dimension. */
  readonly batchFirst: boolean;

  /**
   * Creates the layer.
   *
   * @param dModel Features of the entries.
   * @param options How long sequences are, and what is dropped.
   */
  constructor(readonly dModel: number, options?: PositionalEncodingOptions) {
    super();
    const call = "make PositionalEncoding";
    checkCount(call, arguments.length, 2);
    checkKind(call, "dModel", dModel, COUNT);
    const { dropout = 0.1, maxLen = 5000, batchFirst = false, dtype = "float32" } = readOptions(
      call,
      options,
    );
    checkProbability(call, dropout, "dropout");
    checkShape("PositionalEncoding", [maxLen, 1, dModel]);
    checkRoom(
      [maxLen, 1, dModel],
      maxLen * dModel,
      CODES.float64,
      "the table of PositionalEncoding",
    );
    this.dropout = new Dropout(dropout);
    this.pe = new Buffer(
      fromTypedArray(waves(maxLen, dModel), [maxLen, 1, dModel]).to({ dtype }),
    );
    this.batchFirst = batchFirst;
  }

  /**
   * Computes the output.
   *
   * @param x Shape [steps, batch, features], with `batchFirst` [batch, steps, features], or
   * [steps, features].
   */
  override forward(x: Tensor): Tensor {
    const call = "compute PositionalEncoding";
    checkCount(call, arguments.length, 1);
    checkFloating(call, x);
    const stepsAt = this.batchFirst && x.ndim === 3 ? 1 : 0;
    const most = extentAt(this.pe.shape, 0);
    const steps = x.shape[stepsAt] ?? 0;
    if ((x.ndim !== 2 && x.ndim !== 3) || x.shape.at(-1) !== this.dModel || steps > most) {
      throw new ShapeError(
        `Cannot ${call}: the input must have ${
          this.batchFirst ? "[batch, steps, features]" : "[steps, batch, features]"
        } or [steps, features] with ${this.dModel} features and at most ${most} steps, got ${
          showShape(x.shape)
        }`,
        [x.shape],
      );
    }
    const own = this.pe.narrow(0, 0, steps);
    return this.dropout.forward(x.add(x.ndim === 3 && stepsAt === 0 ? own : own.squeeze(1)));
  }
}
