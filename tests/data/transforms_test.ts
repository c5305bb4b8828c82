/** Transforms: torchvision's values where nothing is random, and what may be random elsewhere. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { assertClose, CheckError } from "../../lib/testing/mod.ts";
import {
  arange,
  data,
  DTypeError,
  ones,
  rand,
  RandomGenerator,
  ShapeError,
  type Tensor,
  tensor,
  zeros,
} from "../../mod.ts";
import { casesOf, type Stored, unstored } from "../fixtures/stored.ts";

const { transforms } = data;
type Name =
  | "normalize"
  | "randomHorizontalFlip"
  | "randomVerticalFlip"
  | "centerCrop"
  | "affine"
  | "randomRotation";

interface Case {
  readonly name: Name;
  readonly args: readonly unknown[];
  readonly x: Stored;
  readonly y: Stored;
}

const CASES = casesOf<Case>("transforms");

function compare({ name, args, x, y }: Case, spoil = (value: Tensor) => value): void {
  const make = transforms[name] as (...args: readonly unknown[]) => data.transforms.Transform;
  const message = `${name} ${JSON.stringify(args)} of ${x.shape}`;
  assertClose(spoil(make(...args)(unstored(x))), unstored(y), { rtol: 1e-9, atol: 1e-9, message });
}

Deno.test("transforms follow torchvision", () => {
  for (const own of CASES) compare(own);
  const turned = CASES.find(({ args }) => JSON.stringify(args) === '[{"degrees":33}]')!;
  assertThrows(() => compare(turned, (x) => x.mul(1 + 1e-7)), CheckError);
  assertThrows(() => compare({ ...turned, args: [{ degrees: -33 }] }), CheckError);
});

/** Random transforms of images, each as it may be called. */
const RANDOM: Readonly<Record<string, data.transforms.Transform>> = {
  randomHorizontalFlip: transforms.randomHorizontalFlip(),
  randomVerticalFlip: transforms.randomVerticalFlip(),
  randomCrop: transforms.randomCrop([6, 6], { padding: 2 }),
  randomErasing: transforms.randomErasing(),
  gaussianNoise: transforms.gaussianNoise(),
  randomRotation: transforms.randomRotation(30),
  randomAffine: transforms.randomAffine({
    degrees: 30,
    translate: [0.2, 0.2],
    scale: [0.8, 1.2],
    shear: 10,
  }),
  compose: transforms.compose(transforms.randomRotation(10), transforms.gaussianNoise()),
};

for (const [name, own] of Object.entries(RANDOM)) {
  Deno.test(`transforms.${name}() draws from the stream that it is given alone, and keeps types`, () => {
    const x = rand([3, 6, 6], {
      dtype: "float64",
      generator: new RandomGenerator(1),
      requiresGrad: true,
    });
    const values = (seed: number) => JSON.stringify(own(x, new RandomGenerator(seed)).toArray());
    const seeds = Array.from({ length: 20 }, (_, seed) => values(seed));
    assertEquals(seeds, Array.from({ length: 20 }, (_, seed) => values(seed)));
    assert(new Set(seeds).size > 1);
    const generator = new RandomGenerator(3);
    const y = own(x, generator);
    assertEquals([y.dtype, y.shape], ["float64", [3, 6, 6]]);
    // What augments is differentiable, and leaves its input as it was.
    y.sum().backward();
    assertEquals(x.grad?.shape, [3, 6, 6]);
    assertEquals(own(rand([2, 3, 6, 6]), generator).shape, [2, 3, 6, 6]);
  });
}

Deno.test("transforms that happen sometimes happen as often as told", () => {
  const x = tensor([[1, 2]]);
  const generator = new RandomGenerator(2);
  const flips = (p: number) => {
    const flip = transforms.randomHorizontalFlip({ p });
    return Array.from({ length: 400 }, () => flip(x, generator).at(0, 0).item() === 2)
      .filter(Boolean).length;
  };
  assertEquals([flips(0), flips(1)], [0, 400]);
  const some = flips(0.25);
  assert(some > 70 && some < 130, `${some}`);
});

Deno.test("randomCrop() gives each part, and with padding each shift", () => {
  const x = arange(6).reshape([2, 3]).to({ dtype: "float32" });
  const seen = (own: data.transforms.Transform) => {
    const parts = new Set<string>();
    for (let seed = 0; seed < 200; seed++) {
      parts.add(JSON.stringify(own(x, new RandomGenerator(seed)).toArray()));
    }
    return [...parts].sort();
  };
  assertEquals(seen(transforms.randomCrop([1, 2])), ["[[0,1]]", "[[1,2]]", "[[3,4]]", "[[4,5]]"]);
  assertEquals(seen(transforms.randomCrop([2, 3], { padding: 1 })).length, 9);
  assertEquals(transforms.randomCrop([2, 3])(x).toArray(), x.toArray());
});

Deno.test("randomErasing() puts its value in a rectangle of the size that is allowed, of all images alike", () => {
  for (let seed = 0; seed < 50; seed++) {
    const own = transforms.randomErasing({ p: 1, scale: [0.1, 0.3], ratio: [0.5, 2], value: 9 });
    const y = own(zeros([2, 10, 12]), new RandomGenerator(seed));
    const erased = y.eq(9);
    assertEquals(erased.at(0).toArray(), erased.at(1).toArray());
    const area = erased.at(0).sum().item();
    // Sides are rounded.
    assert(area >= 0.06 * 120 && area <= 0.4 * 120, `${area}`);
    const rows = erased.at(0).any(1).sum().item();
    const columns = erased.at(0).any(0).sum().item();
    assertEquals(rows * columns, area);
  }
  const never = transforms.randomErasing({ p: 1, scale: [0.99, 1], ratio: [1, 1] });
  assertEquals(never(ones([4, 4])).sum().item(), 16);
});

Deno.test("mixup() and cutmix() mix inputs and targets in the same shares, which follow Beta", () => {
  const n = 6;
  const labels = tensor(Array.from({ length: n }, (_, i) => i)).unsqueeze(1);
  // Each image holds its own number, so that a mean tells the mixture.
  const images = labels.reshape([n, 1, 1, 1]).expand([n, 1, 8, 8]).contiguous();
  for (
    const [name, mix] of [["mixup", transforms.mixup()], ["cutmix", transforms.cutmix()]] as const
  ) {
    const shares: number[] = [];
    for (let seed = 0; seed < 300; seed++) {
      const [x, y] = mix(images, labels, new RandomGenerator(seed));
      assertClose(x.mean([1, 2, 3]), y.squeeze(1), { rtol: 1e-5, atol: 1e-5, message: name });
      if (name === "cutmix") assertEquals(x.sub(x.round()).abs().max().item(), 0);
      // Mixed with itself, an example stays as it is.
      const [same] = mix(ones([n, 1, 8, 8]), labels, new RandomGenerator(seed));
      assertClose(same, ones([n, 1, 8, 8]), { rtol: 1e-6 });
      shares.push(y.sum().item());
    }
    assert(shares.every((sum) => Math.abs(sum - 15) < 1e-4));
  }
});

Deno.test("the shares of mixup() have the moments of Beta(α, α)", () => {
  for (const alpha of [0.2, 1, 4]) {
    const mix = transforms.mixup({ alpha });
    const shares: number[] = [];
    for (let seed = 0; seed < 2000; seed++) {
      const [x] = mix(tensor([0, 1]), tensor([0, 1]), new RandomGenerator(seed));
      const share = x.at(1).item();
      // Where the order stays, there is nothing to see.
      if (share !== 1 || x.at(0).item() !== 0) shares.push(share);
    }
    const mean = shares.reduce((sum, x) => sum + x, 0) / shares.length;
    const square = shares.reduce((sum, x) => sum + (x - 0.5) ** 2, 0) / shares.length;
    assert(Math.abs(mean - 0.5) < 0.04, `${alpha}: ${mean}`);
    const variance = 1 / (4 * (2 * alpha + 1));
    assert(Math.abs(square / variance - 1) < 0.12, `${alpha}: ${square}, not ${variance}`);
  }
});

Deno.test("transforms refuse what they cannot change", () => {
  const wrong: readonly (readonly [() => unknown, new (text: string) => Error, string])[] = [
    [
      () => transforms.normalize([1, 2], 1)(ones([3, 2, 2])),
      ShapeError,
      "shape [..., 2, H, W], got [3, 2, 2]",
    ],
    [() => transforms.normalize(0, [1, 0]), RangeError, "std must not be 0"],
    [
      () => transforms.randomCrop([3, 3])(ones([1, 2, 4])),
      ShapeError,
      "images of 2 × 4 have no part of 3 × 3",
    ],
    [() => transforms.centerCrop([3, 0] as never), TypeError, "two positive integers"],
    [() => transforms.randomHorizontalFlip({ p: 1.5 }), TypeError, "a number from 0 to 1, got 1.5"],
    [() => transforms.randomHorizontalFlip()(ones([3])), ShapeError, "shape [..., H, W], got [3]"],
    [
      () => transforms.affine()(arange(4).reshape([2, 2])),
      DTypeError,
      "float32 or float64, got int32",
    ],
    [() => transforms.affine({ scale: 0 }), TypeError, "a positive finite number, got 0"],
    [() => transforms.randomRotation([3, 1]), TypeError, "in increasing order"],
    [
      () => transforms.mixup()(ones([2, 2]), arange(2)),
      DTypeError,
      "give classes as oneHot(labels, n)",
    ],
    [
      () => transforms.mixup()(ones([2, 2]), ones([3])),
      ShapeError,
      "the same first extent, got [2, 2] and [3]",
    ],
    [() => transforms.compose(1 as never), TypeError, "transform 0 must be a function"],
  ];
  for (const [call, error, says] of wrong) assertThrows(call, error, says);
});
