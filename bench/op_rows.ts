/** The rows of single ops, by group. `torch/op_rows.py` has the same rows by the same names. */

import {
  cat,
  conv1d,
  conv2d,
  conv3d,
  einsum,
  layerNorm,
  maxPool2d,
  type Tensor,
  type ValuesAndIndices,
} from "@adjoint/ml";
import { positions, wave } from "./inputs.ts";
import { computing, type Instance, type Row } from "./row.ts";

/** The shapes of the inputs, and the function of them. */
type Op<Result> = [shapes: readonly number[][], compute: (...inputs: Tensor[]) => Result];

/** Inputs around 1/2, since sums of a sine would be only rounding. */
function inputsOf(shapes: readonly number[][]): Tensor[] {
  return shapes.map((shape, i) => wave(shape, { phase: 0.3 + i, offset: 0.5 }));
}

/** The op without recording. */
function forward(...[shapes, compute]: Op<Tensor | readonly Tensor[]>): Instance {
  const inputs = inputsOf(shapes);
  return computing(() => compute(...inputs));
}

/** The op with the gradients of all inputs. */
function backward(...[shapes, compute]: Op<Tensor>): Instance {
  const inputs = inputsOf(shapes);
  const gradient = wave(compute(...inputs).shape, { phase: 2.3, offset: 0.5 });
  for (const x of inputs) x.requiresGrad_();
  return computing(() => {
    for (const x of inputs) x.grad = null;
    const y = compute(...inputs);
    y.backward({ gradient });
    return y;
  }, () => inputs.map((x) => x.grad));
}

/** Rows that differ only in name and inputs. */
function group(
  common: Pick<Row, "target" | "large">,
  makes: Readonly<Record<string, () => Instance>>,
): Row[] {
  return Object.entries(makes).map(([name, make]) => ({ name, ...common, make }));
}

const both = ({ values, indices }: ValuesAndIndices): Tensor[] => [values, indices];

const square = [512, 512];
const images = [64, 32, 32, 32];
const logits = [64, 1000];
const table = [10000, 64];

function views(recording = false): Instance {
  const x = wave([64]).requiresGrad_(recording);
  return computing(() => x.reshape([4, 16]).transpose(0, 1).slice(0, 2, 10).expand([3, 8, 4]));
}

const normalized: Op<Tensor> = [
  [[64, 50, 256], [256], [256]],
  (x, weight, bias) => layerNorm(x, [256], { weight, bias }),
];

function gather(): Instance {
  const index = positions([1000, 64], 10000);
  return forward([table], (x) => x.gather(0, index));
}

function scatterAdd(): Instance {
  const index = positions([1000, 64], 10000);
  return forward([table, [1000, 64]], (x, source) => x.scatterAdd(0, index, source));
}

function indexSelect(): Instance {
  const index = positions([1000], 10000);
  return forward([table], (x) => x.indexSelect(0, index));
}

function indexAdd(): Instance {
  const index = positions([1000], 10000);
  return forward([table, [1000, 64]], (x, source) => x.indexAdd(0, index, source));
}

function atPositions(): Instance {
  const index = positions([32, 32], 10000);
  return forward([table], (x) => x.at(index));
}

function atMask(): Instance {
  const mask = wave(square).gt(0);
  return forward([square], (x) => x.at(mask));
}

function embedding(): Instance {
  const words = positions([32, 32], 1000);
  return backward([[1000, 64]], (weight) => weight.at(words));
}

const signal: Op<Tensor> = [
  [[16, 64, 256], [64, 64, 5]],
  (x, weight) => conv1d(x, weight, { padding: 2 }),
];
const features: Op<Tensor> = [
  [[8, 64, 32, 32], [64, 64, 3, 3]],
  (x, weight) => conv2d(x, weight, { padding: 1 }),
];
const pictures: Op<Tensor> = [
  [[16, 3, 64, 64], [32, 3, 3, 3]],
  (x, weight) => conv2d(x, weight, { padding: 1, stride: 2 }),
];
const volumes: Op<Tensor> = [
  [[2, 16, 16, 16, 16], [16, 16, 3, 3, 3]],
  (x, weight) => conv3d(x, weight, { padding: 1 }),
];
const scan: Op<Tensor> = [
  [[1, 1, 32, 32, 32], [8, 1, 3, 3, 3]],
  (x, weight) => conv3d(x, weight, { padding: 1 }),
];

const products: Op<Tensor> = [
  [[16, 64, 64], [16, 64, 64]],
  (a, b) => einsum("bij,bjk->bik", a, b),
];
const attention: Op<Tensor> = [
  [[2, 4, 64, 32], [2, 4, 64, 32]],
  (queries, keys) => einsum("bhid,bhjd->bhij", queries, keys),
];

/** The rows of single ops, in the order of the table. */
export const opRows: readonly Row[] = [
  ...group({}, {
    "4 views of 64 floats, not recording": () => views(),
    "4 views of 64 floats, recording": () => views(true),
  }),
  ...group({ target: 1, large: true }, {
    "copy of 512x512, transposed": () => forward([square], (x) => x.transpose(0, 1).contiguous()),
    "copy of 64x32x32x32, permuted to 0, 2, 3, 1": () =>
      forward([images], (x) => x.permute([0, 2, 3, 1]).contiguous()),
    "copy of each second column of 512x512": () =>
      forward([square], (x) => x.slice(1, 0, 512, 2).contiguous()),
    "cat of two 512x512 over 1": () => forward([square, square], (a, b) => cat([a, b], 1)),
    "sum over 0 of 64x32x32x32": () => forward([images], (x) => x.sum(0)),
    "sum over 1 of 64x32x32x32": () => forward([images], (x) => x.sum(1)),
    "sum over 2, 3 of 64x32x32x32": () => forward([images], (x) => x.sum([2, 3])),
    "sum over 0, 2, 3 of 64x32x32x32": () => forward([images], (x) => x.sum([0, 2, 3])),
    "mean of 512x512": () => forward([square], (x) => x.mean()),
    "max over 0 of 512x512, with indices": () => forward([square], (x) => both(x.max(0))),
    "max over 1 of 512x512, with indices": () => forward([square], (x) => both(x.max(1))),
    "argmax over 1 of 512x512": () => forward([square], (x) => x.argmax(1)),
    "variance over 1 of 512x512": () => forward([square], (x) => x.var(1)),
    "norm over 1 of 512x512": () => forward([square], (x) => x.norm({ dim: 1 })),
    "logsumexp over 1 of 512x512": () => forward([square], (x) => x.logsumexp(1)),
    "cumsum over 0 of 512x512": () => forward([square], (x) => x.cumsum(0)),
    "cumsum over 1 of 512x512": () => forward([square], (x) => x.cumsum(1)),
    "softmax over 0 of 64x1000": () => forward([logits], (x) => x.softmax(0)),
    "softmax over 1 of 64x1000": () => forward([logits], (x) => x.softmax(1)),
    "gelu of 512x512, backward": () => backward([square], (x) => x.gelu()),
    "softmax over 1 of 512x512, backward": () => backward([square], (x) => x.softmax(1)),
    "logSoftmax over 0 of 64x1000": () => forward([logits], (x) => x.logSoftmax(0)),
    "logSoftmax over 1 of 64x1000": () => forward([logits], (x) => x.logSoftmax(1)),
    "logSoftmax over 1 of 512x512, backward": () => backward([square], (x) => x.logSoftmax(1)),
    "layer norm over 256 of 64x50x256": () => forward(...normalized),
    "layer norm over 256 of 64x50x256, backward": () => backward(...normalized),
  }),
  ...group({ large: true }, {
    "gather of 1000x64 from 10000x64": gather,
    "scatterAdd of 1000x64 to 10000x64": scatterAdd,
    "indexSelect of 1000 rows from 10000x64": indexSelect,
    "indexAdd of 1000 rows to 10000x64": indexAdd,
    "at 32x32 positions of 10000x64": atPositions,
    "at a mask of 512x512": atMask,
    "embedding of 32x32 words by 1000x64, backward": embedding,
    "conv1d 5 of 16x64x256 to 64": () => forward(...signal),
    "conv1d 5 of 16x64x256 to 64, backward": () => backward(...signal),
  }),
  ...group({ target: 1.2, large: true }, {
    "conv2d 3x3 of 8x64x32x32 to 64": () => forward(...features),
    "conv2d 3x3 of 8x64x32x32 to 64, backward": () => backward(...features),
    "conv2d 3x3 of 16x3x64x64 to 32, stride 2": () => forward(...pictures),
    "conv2d 3x3 of 16x3x64x64 to 32, stride 2, backward": () => backward(...pictures),
  }),
  ...group({ target: 0.5, large: true }, {
    "conv3d 3x3x3 of 2x16x16x16x16 to 16": () => forward(...volumes),
    "conv3d 3x3x3 of 2x16x16x16x16 to 16, backward": () => backward(...volumes),
    "conv3d 3x3x3 of 1x1x32x32x32 to 8": () => forward(...scan),
    "conv3d 3x3x3 of 1x1x32x32x32 to 8, backward": () => backward(...scan),
  }),
  ...group({ large: true }, {
    "maxPool2d 2 of 16x32x64x64, backward": () =>
      backward([[16, 32, 64, 64]], (x) => maxPool2d(x, 2)),
    "sort over 1 of 512x512": () => forward([square], (x) => both(x.sort(1))),
    "topk 10 over 1 of 512x512": () => forward([square], (x) => both(x.topk(10, 1))),
    "einsum bij,bjk->bik of 16x64x64": () => forward(...products),
  }),
  ...group({}, {
    "einsum bhid,bhjd->bhij of 2x4x64x32": () => forward(...attention),
  }),
];
