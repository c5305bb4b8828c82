/** Inputs and options that layers refuse: ranks, channels, sizes, and what does not go together. */

import { assertEquals, assertThrows } from "@std/assert";
import { assertClose } from "../../lib/testing/mod.ts";
import { DTypeError, nn, ones, rand, ShapeError, tensor, zeros } from "../../mod.ts";

const F = nn.functional;

/** What is refused, with which error, and what it says. */
const REFUSED: Readonly<
  Record<
    string,
    readonly [run: () => unknown, kind: abstract new (...args: never[]) => Error, says: string]
  >
> = {
  "a convolution of another number of channels": [
    () => new nn.Conv2d(3, 4, 2).forward(ones([1, 2, 4, 4])),
    ShapeError,
    "conv2d",
  ],
  "a padding of circles that goes around twice": [
    () => new nn.Conv1d(1, 1, 1, { padding: 4, paddingMode: "circular" }).forward(ones([1, 1, 3])),
    ShapeError,
    "circular takes amounts up to 3 for an extent of 3, got [4, 4]",
  ],
  "a mirror of a single element": [
    () => F.pad(ones([1]), [1, 0], { mode: "reflect" }),
    ShapeError,
    "reflect takes amounts up to 0",
  ],
  "circles around more than is left": [
    () => F.pad(ones([4]), [4, -1], { mode: "circular" }),
    ShapeError,
    "circular takes amounts up to 3 for an extent of 3, got [4, 0]",
  ],
  "a mirror without an extent that is left": [
    () => F.pad(ones([4]), [-5, 0], { mode: "reflect" }),
    ShapeError,
    "extents must be non-negative",
  ],
  "amounts that are no whole numbers": [
    () => F.pad(ones([3]), [1.5, 1], { mode: "replicate" }),
    ShapeError,
    "amounts must be pairs of integers",
  ],
  "amounts without end": [
    () => F.pad(ones([3]), [Infinity, 0], { mode: "replicate" }),
    ShapeError,
    "amounts must be pairs of integers",
  ],
  "amounts for which there is no room": [
    () => F.pad(ones([3]), [2 ** 30, 0], { mode: "replicate" }),
    ShapeError,
    "shape [1073741827] and type float32: it would take 4 GiB or more",
  ],
  "a total length for which there is no room": [
    () =>
      nn.utils.padPackedSequence(nn.utils.packSequence([ones([2, 4])]), { totalLength: 2 ** 28 }),
    ShapeError,
    "shape [268435456, 1, 4] and type float32: it would take 4 GiB or more",
  ],
  "windows for which there is no room": [
    () => F.unfold(ones([1, 1, 40_000]), [1, 30_000], { padding: [0, 20_000] }),
    ShapeError,
    "Cannot make windows of shape [1, 30000, 1, 50001] and type int32: it would take 4 GiB or more",
  ],
  "an odd number of amounts": [
    () => F.pad(ones([3]), [1], { mode: "replicate" }),
    ShapeError,
    "amounts must be pairs",
  ],
  "the same extents with a stride": [
    () => new nn.Conv1d(1, 1, 3, { padding: "same", stride: 2 }),
    RangeError,
    'make Conv1d: padding "same" needs a stride of 1',
  ],
  "groups that do not divide the channels": [
    () => new nn.ConvTranspose2d(4, 3, 1, { groups: 2 }),
    RangeError,
    "make ConvTranspose2d: groups must divide outChannels, got 3 and 2",
  ],
  "extents of another number of dimensions": [
    () => new nn.MaxPool2d([2, 2, 2]),
    RangeError,
    "make MaxPool2d: kernelSize must be one number or 2 of them",
  ],
  "a stride of another number of dimensions": [
    () => new nn.Conv2d(1, 1, 1, { stride: [1, 1, 1] }),
    RangeError,
    "make Conv2d: stride must be one number or 2 of them",
  ],
  "columns that are no windows": [
    () => F.fold(ones([4, 3]), 3, 2),
    ShapeError,
    "4 of them, are needed, got shape [4, 3]",
  ],
  "windows larger than the image": [
    () => F.unfold(ones([1, 2, 2]), 3),
    ShapeError,
    "windows of [3, 3]",
  ],
  "no windows": [() => new nn.AdaptiveMaxPool2d(0), TypeError, "outputSize must be an integer"],
  "windows over nothing": [
    () => F.adaptiveAvgPool1d(ones([2, 1, 0]), 1),
    ShapeError,
    "only batch and channels may be empty",
  ],
  "neither a size nor a factor": [() => new nn.Upsample({}), TypeError, "needed, got none"],
  "both a size and a factor": [
    () => F.interpolate(ones([1, 1, 2]), { size: 2, scaleFactor: 2 }),
    TypeError,
    "needed, got both",
  ],
  "aligned corners of the nearest": [
    () => F.interpolate(ones([1, 1, 2]), { size: 2, alignCorners: true }),
    TypeError,
    'not for mode "nearest"',
  ],
  "a mode for images on lines": [
    () => F.interpolate(ones([1, 1, 2]), { size: 2, mode: "bilinear" }),
    ShapeError,
    "must have 4 dimensions",
  ],
  "an image that becomes nothing": [
    () => F.interpolate(ones([1, 1, 2]), { scaleFactor: 0.1 }),
    ShapeError,
    "must not be 0, got [2] and [0]",
  ],
  "channels that are no squares of pixels": [
    () => F.pixelShuffle(ones([3, 2, 2]), 2),
    ShapeError,
    "divisible by 4",
  ],
  "a batch of another number of channels": [
    () => new nn.BatchNorm2d(3).forward(ones([2, 4, 2, 2])),
    ShapeError,
    "compute BatchNorm2d: the input must have 3 channels, got shape [2, 4, 2, 2]",
  ],
  "a batch of another rank": [
    () => new nn.BatchNorm2d(3).forward(ones([2, 3, 2])),
    ShapeError,
    "compute BatchNorm2d: the input must have 4 dimensions",
  ],
  "the statistics of one value": [
    () => new nn.BatchNorm1d(3).forward(ones([1, 3])),
    ShapeError,
    "compute BatchNorm1d: training needs more than one value for each channel",
  ],
  "the statistics of an instance of one value": [
    () => new nn.InstanceNorm1d(3).forward(ones([2, 3, 1])),
    ShapeError,
    "more than one value",
  ],
  "evaluation without statistics": [
    () => F.batchNorm(ones([2, 3]), null, null),
    TypeError,
    "running statistics are needed",
  ],
  "groups that do not divide the channels of a norm": [
    () => new nn.GroupNorm(2, 3),
    RangeError,
    "numGroups must divide numChannels, got 2 and 3",
  ],
  "weights of another number of channels": [
    () => F.groupNorm(ones([2, 4, 2]), 2, { weight: ones([2]) }),
    ShapeError,
    "the weight must have shape [4]",
  ],
  "a row of another length": [
    () => new nn.RMSNorm(3).forward(ones([2, 4])),
    ShapeError,
    "must end in the normalized shape [3]",
  ],
  "words that are no positions": [
    () => new nn.Embedding(3, 2).forward(ones([2])),
    DTypeError,
    "the input must be int32, got float32",
  ],
  "a word beyond the table": [
    () => new nn.Embedding(3, 2).forward(tensor([3], { dtype: "int32" })),
    RangeError,
    "from 0 to 2",
  ],
  "padding beyond the table": [
    () => new nn.Embedding(3, 2, { paddingIdx: 3 }),
    RangeError,
    "paddingIdx must be a row of the 3",
  ],
  "offsets that fall": [
    () => {
      const [ids, offsets] = [[0, 1, 2], [0, 2, 1]].map((list) => tensor(list, { dtype: "int32" }));
      new nn.EmbeddingBag(3, 2).forward(ids!, offsets!);
    },
    RangeError,
    "offsets must increase from 0 to at most 3, got [0, 2, 1]",
  ],
  "factors of means": [
    () => {
      const ids = tensor([[0, 1]], { dtype: "int32" });
      new nn.EmbeddingBag(3, 2).forward(ids, null, ones([1, 2]));
    },
    TypeError,
    'perSampleWeights need mode "sum"',
  ],
  "an odd extent to halve": [() => F.glu(ones([3])), ShapeError, "must be even"],
  "slopes of another number of channels": [
    () => new nn.PReLU({ numParameters: 2 }).forward(ones([1, 3])),
    ShapeError,
    "must have shape [1] or [3]",
  ],
  "bounds that are none": [
    () => new nn.Hardtanh({ minVal: 2 }),
    RangeError,
    "make Hardtanh: minVal must be below maxVal, got 2 and 1",
  ],
  "integers": [() => F.silu(tensor([1], { dtype: "int32" })), DTypeError, "got int32"],
  "inputs of other rows": [
    () => new nn.Bilinear(2, 2, 1).forward(ones([3, 2]), ones([4, 2])),
    ShapeError,
    "compute bilinear",
  ],
};

for (const [what, [run, kind, says]] of Object.entries(REFUSED)) {
  Deno.test(`layers refuse ${what}`, () => {
    const error = assertThrows(run, Error, says);
    assertEquals(error instanceof kind, true, String(error));
  });
}

Deno.test("activations stay finite far out, and pass NaN on", () => {
  const far = tensor([-1e30, 1e30]).requiresGrad_();
  const all = [
    F.leakyRelu,
    F.elu,
    F.celu,
    F.selu,
    F.silu,
    F.mish,
    F.softplus,
    F.hardtanh,
    F.hardswish,
    F.gelu,
  ];
  for (const activate of all) {
    far.grad = null;
    const y = activate(far);
    y.sum().backward();
    assertEquals([y, far.grad!].map((x) => x.isfinite().all().item()), [1, 1], activate.name);
    assertEquals(activate(tensor([NaN])).toArray(), [NaN]);
  }
});

Deno.test("norms and bags take one element, and bags may be empty", () => {
  assertEquals(F.groupNorm(ones([1, 1, 1]), 1).item(), 0);
  assertClose(F.rmsNorm(ones([1]), [1]).item(), 1, { rtol: 1e-6 });
  const table = rand([3, 2]);
  const [none, offsets] = [[], [0, 0]].map((list) => tensor(list, { dtype: "int32" }));
  for (const mode of ["sum", "mean", "max"] as const) {
    const y = F.embeddingBag(none!, table, { offsets: offsets!, mode });
    assertEquals(y.toArray(), zeros([2, 2]).toArray());
  }
});

Deno.test("batch norm follows its own running statistics in evaluation, by hand", () => {
  const layer = new nn.BatchNorm1d(1, { eps: 0, dtype: "float64" });
  layer.forward(tensor([[1], [3]], { dtype: "float64" }));
  // Mean 2 and unbiased variance 2, a tenth of the way from 0 and 1.
  assertClose([layer.runningMean!, layer.runningVar!].map((x) => x.item()), [0.2, 1.1]);
  assertEquals(layer.numBatchesTracked!.item(), 1);
  const y = layer.eval().forward(tensor([[1]], { dtype: "float64" }));
  assertClose(y.item(), 0.8 / Math.sqrt(1.1), { rtol: 1e-12 });
});

Deno.test("nn.Embedding shortens rows in place, once each, however often they are looked up", () => {
  const layer = new nn.Embedding(2, 2, { maxNorm: 1 });
  layer.loadStateDict({ weight: tensor([[3, 4], [0.3, 0.4]]) });
  const y = layer.forward(tensor([0, 0, 1], { dtype: "int32" }));
  assertClose(y, [[0.6, 0.8], [0.6, 0.8], [0.3, 0.4]], { atol: 1e-6 });
  assertClose(layer.weight.detach(), [[0.6, 0.8], [0.3, 0.4]], { atol: 1e-6 });
});
