/** Attention in windows of a picture. */

import { checkCount, checkKind, COUNT, NUMBER, optionReader } from "../../core/options.ts";
import { extentAt } from "../../core/shape.ts";
import { linear } from "../../ops/linalg/linear.ts";
import { gelu } from "../../ops/mod.ts";
import { fromTypedArray, zeros } from "../../tensor/create.ts";
import { rand } from "../../tensor/rand.ts";
import { arange } from "../../tensor/ranges.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { attend } from "../attention/scaled_dot_product.ts";
import { eachOf, EXTENTS, MARGINS, positions } from "../checks.ts";
import { checkProbability, dropout } from "../drop.ts";
import { normal_, xavierUniform_ } from "../init.ts";
import { LayerNorm } from "../layer_norm.ts";
import { Linear } from "../linear.ts";
import { Buffer, LAYER_OPTIONS, type LayerOptions, Module, Parameter } from "../module.ts";
import { checkMap } from "./patches.ts";

/** Options of `SwinBlock`. */
export interface SwinBlockOptions extends LayerOptions {
  /** Features between the two linear maps, as a multiple of those of the input. Default: 4. */
  mlpRatio?: number;
  /** Probability with which elements are dropped in training. Default: 0. */
  dropout?: number;
  /** Probability with which weights of attention are dropped in training. Default: 0. */
  attentionDropout?: number;
  /** Probability with which all that a block adds to an example is dropped in training. Default: 0. */
  stochasticDepthProb?: number;
}

const readBlock = optionReader<SwinBlockOptions>({
  ...LAYER_OPTIONS,
  mlpRatio: NUMBER,
  dropout: NUMBER,
  attentionDropout: NUMBER,
  stochasticDepthProb: NUMBER,
});

/** Height and width of something. */
type Pair = readonly [height: number, width: number];

/** The most places of a window: a number for each two of them takes less than 4 GiB. */
const MOST_PLACES = 2 ** 15 - 1;

/** Where in the table the bias of each two places of a window stands. */
function relativePositions([height, width]: Pair): Tensor {
  const apart = (extent: number) => {
    const place = arange(extent);
    return place.unsqueeze(1).sub(place).add(extent - 1);
  };
  const rows = apart(height).mul(2 * width - 1).reshape([height, 1, height, 1]);
  return rows.add(apart(width).reshape([1, width, 1, width])).flatten();
}

/** In which of three bands of a shifted picture a place of a dimension lies. */
function bandOf(place: number, extent: number, window: number, shift: number): number {
  return shift === 0 || place < extent - window ? 0 : place < extent - shift ? 1 : 2;
}

/** Windows of a picture that is turned by a shift. */
interface Windows {
  /** How many there are. */
  readonly count: number;
  /** Where in the picture each place of each window lies. */
  readonly places: number[];
  /** Where in the windows each place of the picture lies. */
  readonly back: number[];
  /** Which places of the windows were neighbours before the turn. */
  readonly regions: Int32Array<ArrayBuffer>;
}

function windowsOf([rows, columns]: Pair, [height, width]: Pair, shift: Pair): Windows {
  const count = rows / height * columns / width;
  const places: number[] = [];
  const back = new Array<number>(rows * columns).fill(0);
  const regions = new Int32Array(rows * columns);
  for (let top = 0; top < rows; top += height) {
    for (let left = 0; left < columns; left += width) {
      for (let row = top; row < top + height; row++) {
        const down = (row + shift[0]) % rows * columns;
        const band = bandOf(row, rows, height, shift[0]);
        for (let column = left; column < left + width; column++) {
          const place = down + (column + shift[1]) % columns;
          back[place] = places.length;
          regions[places.length] = 3 * band + bandOf(column, columns, width, shift[1]);
          places.push(place);
        }
      }
    }
  }
  return { count, places, back, regions };
}

/** Attention inside of windows, with a bias for each two places. */
class ShiftedWindowAttention extends Module {
  readonly relativePositionBiasTable: Parameter;
  readonly relativePositionIndex: Buffer;
  readonly qkv: Linear;
  readonly proj: Linear;

  constructor(
    readonly dim: number,
    readonly numHeads: number,
    readonly windowSize: Pair,
    readonly shiftSize: Pair,
    readonly dropout: number,
    readonly attentionDropout: number,
    layer: Required<LayerOptions>,
  ) {
    super();
    const [height, width] = windowSize;
    const table = zeros([(2 * height - 1) * (2 * width - 1), numHeads], layer);
    this.relativePositionBiasTable = normal_(new Parameter(table), 0, 0.02);
    this.relativePositionIndex = new Buffer(relativePositions(windowSize));
    this.qkv = new Linear(dim, 3 * dim, layer);
    this.proj = new Linear(dim, dim, layer);
  }

  override forward(x: Tensor): Tensor {
    const [batch = 0, rows = 0, columns = 0, features = 0] = x.shape;
    const [height, width] = this.windowSize;
    const [right, below] = [(width - columns % width) % width, (height - rows % height) % height];
    const padded = right + below === 0 ? x : x.pad([0, 0, 0, right, 0, below]);
    const extents: Pair = [rows + below, columns + right];
    // A window that holds everything has nowhere to be shifted.
    const shift = this.shiftSize.map((by, i) =>
      (this.windowSize[i] ?? 0) >= (extents[i] ?? 0) ? 0 : by
    ) as unknown as Pair;
    const { count, places, back, regions } = windowsOf(extents, this.windowSize, shift);
    const inside = padded.flatten(1, 2).indexSelect(1, positions(places, x))
      .reshape([batch, count, height * width, features]);
    const apart = shift[0] + shift[1] === 0 ? null : regions;
    const drop = { p: this.dropout, training: this.training };
    const attended = dropout(this.proj.forward(this.attention(inside, apart)), drop);
    const whole = attended.flatten(1, 2).indexSelect(1, positions(back, x))
      .reshape([batch, ...extents, features]);
    return right + below === 0 ? whole : whole.narrow(1, 0, rows).narrow(2, 0, columns);
  }

  /** Attention in each window, [batch, windows, places, features]. */
  protected attention(x: Tensor, regions: Int32Array<ArrayBuffer> | null): Tensor {
    const { dim, numHeads, qkv } = this;
    const [weights, biases] = [qkv.weight.split(dim), qkv.bias.split(dim)];
    const [q, k, v] = weights.map((weight, i) =>
      linear(x, weight, biases[i] ?? null).unflatten(-1, [numHeads, dim / numHeads]).transpose(2, 3)
    ) as [Tensor, Tensor, Tensor];
    const { output } = attend(q, k, v, {
      mask: this.scoresAdded(x, regions),
      seen: null,
      isCausal: false,
      dropoutP: this.training ? this.attentionDropout : 0,
      scale: null,
      needWeights: false,
    });
    return output.transpose(2, 3).flatten(3);
  }

  /** The bias of each two places, and what keeps apart those that are not of one region. */
  protected scoresAdded(x: Tensor, regions: Int32Array<ArrayBuffer> | null): Tensor {
    const [count, places] = [extentAt(x.shape, 1), extentAt(x.shape, 2)];
    const bias = this.relativePositionBiasTable.indexSelect(0, this.relativePositionIndex)
      .reshape([places, places, this.numHeads]).permute([2, 0, 1]);
    if (regions === null) return bias;
    const { dtype, device } = x;
    const own = fromTypedArray(regions, [count, 1, places]).to({ device });
    const apart = own.ne(own.transpose(1, 2)).to({ dtype }).mul(-100);
    return bias.add(apart.unsqueeze(1));
  }
}

/** All that is added to an example, dropped at random in training. */
function stochasticDepth(x: Tensor, p: number, training: boolean): Tensor {
  if (!training || p === 0) return x;
  if (p === 1) return x.mul(0);
  const { dtype, device } = x;
  const shape = x.shape.map((extent, i) => i === 0 ? extent : 1);
  return x.mul(rand(shape, { dtype, device }).ge(p).to({ dtype }).div(1 - p));
}

/**
 * Attention in windows of a picture, which may be shifted, and two linear maps, each normalised first and
 * with a residual. Liu and others, "Swin transformer", 2021; follows
 * `torchvision.models.swin_transformer.SwinTransformerBlock`. Where the windows do not fill the picture,
 * zeros are added for the attention.
 *
 * @example Windows of 4 × 4, shifted by half
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const block = new nn.SwinBlock(8, 2, 4, 2);
 * assertEquals(block.forward(zeros([1, 8, 8, 8])).shape, [1, 8, 8, 8]);
 * ```
 */
export class SwinBlock extends Module {
  /** Before the attention. */
  readonly norm1: LayerNorm;
  /** The attention in windows. */
  readonly attn: Module;
  /** Before the linear maps. */
  readonly norm2: LayerNorm;
  /** The two linear maps, at places 0 and 3, as in torchvision. */
  readonly mlp: readonly (Linear | null)[];
  /** Probability with which elements are dropped in training. */
  readonly dropout: number;
  /** Probability with which all that a block adds to an example is dropped in training. */
  readonly stochasticDepthProb: number;

  /**
   * Creates the block.
   *
   * @param dim Features of input and output, a multiple of the number of heads.
   * @param numHeads Number of heads.
   * @param windowSize Height and width of a window, or one number for both.
   * @param shiftSize By how much windows are shifted, less than their size; 0 for not at all.
   * @param options How the block is built.
   */
  constructor(
    readonly dim: number,
    readonly numHeads: number,
    windowSize: number | readonly number[],
    shiftSize: number | readonly number[],
    options?: SwinBlockOptions,
  ) {
    super();
    const call = "make SwinBlock";
    checkCount(call, arguments.length, 5);
    checkKind(call, "dim", dim, COUNT);
    checkKind(call, "numHeads", numHeads, COUNT);
    checkKind(call, "windowSize", windowSize, EXTENTS);
    checkKind(call, "shiftSize", shiftSize, MARGINS);
    const size = eachOf(call, "windowSize", windowSize, 2) as unknown as Pair;
    const shift = eachOf(call, "shiftSize", shiftSize, 2) as unknown as Pair;
    if (dim % numHeads !== 0) {
      throw new RangeError(
        `Cannot ${call}: dim must be a multiple of numHeads, got ${dim} and ${numHeads}`,
      );
    }
    if (size[0] * size[1] > MOST_PLACES) {
      throw new RangeError(
        `Cannot ${call}: a window must have at most ${MOST_PLACES} places, as each two of them have a ` +
          `bias, got windowSize [${size}]`,
      );
    }
    if (shift.some((by, i) => by >= (size[i] ?? 0))) {
      throw new RangeError(
        `Cannot ${call}: shiftSize must be less than windowSize, got [${shift}] and [${size}]`,
      );
    }
    const { dropout = 0, attentionDropout = 0, stochasticDepthProb = 0, mlpRatio = 4, ...rest } =
      readBlock(call, options);
    checkProbability(call, dropout, "dropout");
    checkProbability(call, attentionDropout, "attentionDropout");
    checkProbability(call, stochasticDepthProb, "stochasticDepthProb");
    const inner = Math.floor(dim * mlpRatio);
    checkKind(call, "mlpRatio", inner, { ...COUNT, needed: "such that it gives features" });
    const layer = { dtype: rest.dtype ?? "float32" };
    this.norm1 = new LayerNorm(dim, layer);
    this.attn = new ShiftedWindowAttention(
      dim,
      numHeads,
      size,
      shift,
      dropout,
      attentionDropout,
      layer,
    );
    this.norm2 = new LayerNorm(dim, layer);
    const maps = [new Linear(dim, inner, layer), new Linear(inner, dim, layer)] as const;
    for (const { weight, bias } of maps) {
      xavierUniform_(weight);
      normal_(bias, 0, 1e-6);
    }
    this.mlp = [maps[0], null, null, maps[1]];
    this.dropout = dropout;
    this.stochasticDepthProb = stochasticDepthProb;
  }

  /**
   * Computes the output.
   *
   * @param x Shape [batch, height, width, features].
   */
  override forward(x: Tensor): Tensor {
    checkCount("compute SwinBlock", arguments.length, 1);
    checkMap("compute SwinBlock", x, this.dim, 4);
    const { stochasticDepthProb: p, training } = this;
    const attended = this.attn.forward(this.norm1.forward(x));
    const y = x.add(stochasticDepth(attended, p, training));
    const [first, , , second] = this.mlp as readonly [Linear, null, null, Linear];
    const drop = { p: this.dropout, training };
    const inner = dropout(gelu(first.forward(this.norm2.forward(y))), drop);
    return y.add(stochasticDepth(dropout(second.forward(inner), drop), p, training));
  }
}
