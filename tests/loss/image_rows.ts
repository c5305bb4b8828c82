/** Losses of regions and of images. */

import { type losses, ones, ShapeError, tensor } from "../../mod.ts";
import { count } from "../common/samples.ts";
import { bits, double, pieces, positive, REDUCTIONS, sumOf, WORD } from "./plain.ts";
import type { Inputs, LossPoint, LossRow, Refusal } from "./row.ts";

/** 1 − (I + s)/(I + α·FP + β·FN + s) in plain numbers, for each map. */
function overlap(
  [p, t]: Inputs,
  { alpha = 0.5, beta = 0.5, smooth = 1e-5 }: losses.TverskyOptions,
) {
  const places = count(p.shape.slice(2));
  const targets = pieces(t, places);
  const each = pieces(p, places).map((map, i) => {
    const sum = (term: (p: number, t: number) => number) =>
      sumOf(map.map((value, at) => term(value, targets[i]![at]!)));
    const common = sum((p, t) => p * t);
    const all = common + alpha * sum((p, t) => p * (1 - t)) + beta * sum((p, t) => (1 - p) * t);
    return 1 - (common + smooth) / (all + smooth);
  });
  return { shape: p.shape.slice(0, 2), each, total: each.length };
}

const notNegative = (key: string): Refusal[] =>
  [-1, Infinity, NaN].map((value) => ({
    options: { [key]: value },
    error: RangeError,
    says: `${key} must be finite and not negative, got ${value}`,
  }));

/** Two empty regions, and one that is there though half of it is found; smooth is 1 and 0. */
function ends<O extends losses.OverlapOptions>(
  slope: number,
  half: number,
  slopeOfHalf: number,
): readonly LossPoint<O>[] {
  const inputs = (p: number[], t: number[]) => (): Inputs => [
    tensor([[p]], { dtype: "float64", requiresGrad: true }),
    tensor([[t]], { dtype: "float64" }),
  ];
  return [
    {
      title: "two empty regions",
      inputs: inputs([0, 0], [0, 0]),
      options: { smooth: 1 } as O,
      value: 0,
      gradient: [[[slope, slope]]],
    },
    {
      title: "a probability of 0 and one of 1",
      inputs: inputs([1, 0], [1, 1]),
      options: { smooth: 0 } as O,
      value: half,
      gradient: [[[slopeOfHalf, slopeOfHalf]]],
    },
  ];
}

/** What the losses of regions have in common. */
function regionRow<O extends losses.OverlapOptions>(
  reference: LossRow<O>["reference"],
  own: Omit<LossRow<O>["options"], "reduction" | "smooth">,
  points: readonly LossPoint<O>[],
): LossRow<O> {
  const shared = { reduction: () => REDUCTIONS, smooth: () => [0.5, 0] };
  return {
    samples: [[2, 3, 4], [3, 1, 2, 3], [0, 2, 3]].map((shape) => ({
      title: `[${shape.join(", ")}]`,
      inputs: () => [double("prediction", shape, [0.1, 0.9]), bits(shape)],
    })),
    options: { ...shared, ...own } as unknown as LossRow<O>["options"],
    reference,
    points,
    nothing: [],
    extremes: [1e-30, 0.5, 1].map((p) => () => [
      tensor([[[p, p, 0, 0]]], { requiresGrad: true }),
      tensor([[[1, 0, 1, 0]]]),
    ]),
    refuses: [
      WORD,
      ...["smooth", ...Object.keys(own)].flatMap(notNegative),
      {
        inputs: () => [ones([2, 3, 4]), ones([2, 1, 4])],
        error: ShapeError,
        says: "prediction has shape [2, 3, 4] but target has shape [2, 1, 4]",
      },
      {
        inputs: () => [ones([2, 3]), ones([2, 3])],
        error: ShapeError,
        says: "prediction must have shape [N, C, ...] with at least one dimension of places",
      },
    ],
  };
}

/** Dice loss. */
export const DICE: LossRow<losses.OverlapOptions> = regionRow(
  (inputs, { smooth = 1e-5 }) => overlap(inputs, { smooth: smooth / 2 }),
  {},
  ends(1, 1 / 3, -4 / 9),
);

/** Loss of the intersection over the union. */
export const JACCARD: LossRow<losses.OverlapOptions> = regionRow(
  (inputs, options) => overlap(inputs, { ...options, alpha: 1, beta: 1 }),
  {},
  ends(1, 1 / 2, -1 / 2),
);

/** Tversky's loss. */
export const TVERSKY: LossRow<losses.TverskyOptions> = regionRow<losses.TverskyOptions>(
  overlap,
  { alpha: () => [0.3], beta: () => [0.7, 0] },
  ends(0.5, 1 / 3, -4 / 9),
);

const images = (shape: readonly number[]) => (): Inputs => [
  double("prediction", shape, [0, 1]),
  double("target", shape, [0, 1]),
];

const imagesOf = <O>(beside: O, ...shapes: number[][]) =>
  shapes.map((shape) => ({
    title: `[${shape.join(", ")}]`,
    inputs: images(shape),
    beside,
  }));

const IMAGE_REFUSES: readonly Refusal[] = [
  WORD,
  ...positive("dataRange"),
  {
    inputs: () => [ones([2, 3, 4]), ones([2, 3, 4])],
    error: ShapeError,
    says: "prediction must have shape [N, C, H, W]",
  },
  {
    inputs: () => [ones([2, 1, 9, 9]), ones([1, 1, 9, 9])],
    error: ShapeError,
    says: "prediction has shape [2, 1, 9, 9] but target has shape [1, 1, 9, 9]",
  },
];

/** Ratio of peak signal to noise. */
export const PSNR: LossRow<losses.PSNROptions> = {
  samples: imagesOf({}, [2, 1, 2, 3], [1, 2, 2, 2], [0, 1, 2, 2]),
  options: { reduction: () => REDUCTIONS, dataRange: () => [2], eps: () => [0.5] },
  reference: ([p, t], { dataRange = 1, eps = 1e-8 }) => {
    const pixels = count(p.shape.slice(1));
    const targets = pieces(t, pixels);
    const each = pieces(p, pixels).map((image, i) => {
      const squares = image.map((value, at) => ((value - targets[i]![at]!) / dataRange) ** 2);
      return 10 * Math.log10(sumOf(squares) / pixels + eps);
    });
    return { shape: p.shape.slice(0, 1), each, total: each.length };
  },
  points: [{
    title: "equal images",
    inputs: () => [
      tensor([[[[1, 0]]]], { dtype: "float64", requiresGrad: true }),
      tensor([[[[1, 0]]]], { dtype: "float64" }),
    ],
    value: -80,
    gradient: [[[[0, 0]]]],
  }],
  nothing: [],
  extremes: [1e-5, 1e4, 1e15].map((size) => () => [
    tensor([[[[size, -size]]]], { requiresGrad: true }),
    tensor([[[[0, 0]]]]),
  ]),
  refuses: [...IMAGE_REFUSES, ...positive("eps")],
};

type Image = readonly (readonly number[])[];

/** The images of each channel in plain numbers. */
function channels({ shape }: Inputs[0], values: readonly number[][]): Image[] {
  const width = shape[3]!;
  return values.map((image) =>
    Array.from({ length: shape[2]! }, (_, y) => image.slice(y * width, (y + 1) * width))
  );
}

/** Similarity of structure of two images, window by window, and its part without the means. */
function similarity(
  p: Image,
  t: Image,
  { dataRange = 1, windowSize = 11, sigma = 1.5, k1 = 0.01, k2 = 0.03 }: losses.SSIMOptions,
): readonly [number, number] {
  const half = (windowSize - 1) / 2;
  const bell = Array.from(
    { length: windowSize },
    (_, i) => Math.exp(-((i - half) ** 2) / (2 * sigma ** 2)),
  );
  const total = sumOf(bell) ** 2;
  const [c1, c2] = [(k1 * dataRange) ** 2, (k2 * dataRange) ** 2];
  const [wholes, contrasts]: [number[], number[]] = [[], []];
  for (let y = 0; y + windowSize <= p.length; y++) {
    for (let x = 0; x + windowSize <= p[0]!.length; x++) {
      const mean = (of: (i: number, j: number) => number) =>
        sumOf(bell.flatMap((a, i) => bell.map((b, j) => a * b * of(y + i, x + j)))) / total;
      const mp = mean((i, j) => p[i]![j]!);
      const mt = mean((i, j) => t[i]![j]!);
      const vp = mean((i, j) => (p[i]![j]! - mp) ** 2);
      const vt = mean((i, j) => (t[i]![j]! - mt) ** 2);
      const both = mean((i, j) => (p[i]![j]! - mp) * (t[i]![j]! - mt));
      const contrast = (2 * both + c2) / (vp + vt + c2);
      contrasts.push(contrast);
      wholes.push(contrast * (2 * mp * mt + c1) / (mp * mp + mt * mt + c1));
    }
  }
  return [sumOf(wholes) / wholes.length, sumOf(contrasts) / contrasts.length];
}

/** Half as large, by means of four pixels; a border of 0 makes an odd extent even. */
function halved(image: Image): Image {
  const odd = [image.length % 2, image[0]!.length % 2] as const;
  const at = (y: number, x: number) => image[y - odd[0]]?.[x - odd[1]] ?? 0;
  const extents = [image.length, image[0]!.length].map((extent) => Math.ceil(extent / 2));
  return Array.from(
    { length: extents[0]! },
    (_, y) =>
      Array.from(
        { length: extents[1]! },
        (_, x) =>
          (at(2 * y, 2 * x) + at(2 * y + 1, 2 * x) + at(2 * y, 2 * x + 1) +
            at(2 * y + 1, 2 * x + 1)) / 4,
      ),
  );
}

/** One less the product of the scales' powers, for each image; without powers of one scale alone. */
function scales([p, t]: Inputs, { powers, ...rest }: losses.MSSSIMOptions) {
  const [n, c] = p.shape as [number, number];
  const [first, second] = [p, t].map((x) => channels(p, pieces(x, count(p.shape.slice(2)))));
  const alike = first!.map((image, i) => {
    let [a, b] = [image, second![i]!];
    if (powers === undefined) return similarity(a, b, rest)[0];
    let product = 1;
    for (const [scale, power] of powers.entries()) {
      const [whole, contrast] = similarity(a, b, rest);
      product *= Math.max(0, scale === powers.length - 1 ? whole : contrast) ** power;
      [a, b] = [halved(a), halved(b)];
    }
    return product;
  });
  const each = Array.from({ length: n }, (_, i) => 1 - sumOf(alike.slice(i * c, (i + 1) * c)) / c);
  return { shape: [n], each, total: n };
}

const SSIM_OPTIONS = {
  reduction: () => REDUCTIONS,
  dataRange: () => [2],
  sigma: () => [0.5],
  k1: () => [0.3],
  k2: () => [0.3],
} as const;

const flat = (value: number): Inputs => [
  tensor([[[[value, value]]]], { dtype: "float64", requiresGrad: true }),
  tensor([[[[1, 1]]]], { dtype: "float64" }),
];

const SSIM_REFUSES: readonly Refusal[] = [
  ...IMAGE_REFUSES,
  ...["sigma", "k1", "k2"].flatMap(positive),
  ...[0, 4, -1].map((windowSize) => ({
    options: { windowSize },
    error: RangeError,
    says: `windowSize must be odd and positive, got ${windowSize}`,
  })),
];

/** Similarity of structure. */
export const SSIM: LossRow<losses.SSIMOptions> = {
  samples: imagesOf({ windowSize: 3 }, [2, 1, 3, 4], [1, 2, 4, 3], [0, 1, 4, 4]),
  options: { ...SSIM_OPTIONS, windowSize: () => [1] },
  reference: scales,
  points: [{
    title: "images without structure, pixel by pixel",
    inputs: () => flat(0),
    options: { windowSize: 1 },
    value: 1 - 1e-4 / (1 + 1e-4),
    gradient: [[[[-1 / 1.0001, -1 / 1.0001]]]],
  }],
  nothing: [],
  extremes: [],
  refuses: [
    ...SSIM_REFUSES,
    {
      inputs: () => [ones([1, 1, 10, 20]), ones([1, 1, 10, 20])],
      error: ShapeError,
      says: "with H and W from 11, got [1, 1, 10, 20]",
    },
  ],
};

/** Similarity of structure over several scales. */
export const MS_SSIM: LossRow<losses.MSSSIMOptions> = {
  samples: imagesOf({ windowSize: 3, powers: [0.6, 0.4] }, [2, 1, 5, 6], [0, 1, 5, 5]),
  options: { ...SSIM_OPTIONS, windowSize: () => [1], powers: () => [[0.5, 2]] },
  reference: scales,
  points: [{
    title: "images without structure, pixel by pixel",
    inputs: () => flat(0),
    options: { windowSize: 1, powers: [1] },
    value: 1 - 1e-4 / (1 + 1e-4),
    gradient: [[[[-1 / 1.0001, -1 / 1.0001]]]],
  }],
  nothing: [],
  extremes: [],
  refuses: [
    ...SSIM_REFUSES,
    {
      inputs: () => [ones([1, 1, 160, 161]), ones([1, 1, 160, 161])],
      error: ShapeError,
      says: "with H and W from 161, got [1, 1, 160, 161]",
    },
    ...[[], [1, 0], [NaN]].map((powers) => ({
      options: { powers },
      error: TypeError,
      says: "powers must be an array of positive numbers, one or more, got ",
    })),
  ],
};
