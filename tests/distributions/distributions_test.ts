/** Distributions against PyTorch, against differences, at their ends, and as streams of numbers. */

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { assertClose, checkGradients } from "../../lib/testing/mod.ts";
import {
  cat,
  distributions,
  DTypeError,
  grad,
  manualSeed,
  noGrad,
  ones,
  rand,
  randn,
  RandomGenerator,
  ShapeError,
  type Tensor,
  tensor,
  vmap,
  zeros,
} from "../../mod.ts";
import { casesOf, type Stored, unstored } from "../fixtures/stored.ts";

const { Categorical, kl, Normal } = distributions;
const float64 = { dtype: "float64" } as const;
const int32 = { dtype: "int32" } as const;

interface Case {
  readonly name: "Normal" | "Categorical";
  readonly what: "logProb" | "entropy" | "kl";
  readonly parameters: Readonly<Record<string, Stored>>;
  readonly value?: Stored;
  readonly result: Stored;
  readonly gradients: readonly Stored[];
}

type Parameters = Readonly<Record<string, Tensor>>;

/** The distribution whose parameters have names that end so. */
function made(name: Case["name"], p: Parameters, end = "") {
  const of = (key: string) => p[`${key}${end}`]!;
  if (name === "Normal") return new Normal(of("loc"), of("scale"));
  return `probs${end}` in p
    ? new Categorical({ probs: of("probs") })
    : new Categorical({ logits: of("logits") });
}

function computed({ name, what }: Case, p: Parameters, value: Tensor | null): Tensor {
  if (what === "kl") return kl(made(name, p, "0") as never, made(name, p, "1") as never);
  return what === "entropy" ? made(name, p).entropy() : made(name, p).logProb(value!);
}

/** As `wave` of the fixtures' script. */
function weights(shape: readonly number[]): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  const numbers = Array.from({ length: size }, (_, i) => Math.sin(i * 0.7 + 1.1) + 2);
  return tensor(Float64Array.from(numbers)).reshape(shape);
}

/** A line if a case is not as PyTorch has it. */
function difference(own: Case, change = (x: Tensor) => x): string | null {
  const leaves = Object.fromEntries(
    Object.entries(own.parameters).map(([key, x]) => [key, unstored(x).requiresGrad_()]),
  );
  const value = own.value === undefined ? null : unstored(own.value);
  const floating = value?.dtype === "float64" ? [value.requiresGrad_()] : [];
  try {
    const result = change(computed(own, leaves, value));
    const wanted = unstored(own.result);
    assertEquals(result.shape, wanted.shape);
    assertClose(result, wanted, { rtol: 1e-12, atol: 1e-14 });
    const inputs = [...Object.values(leaves), ...floating];
    const found = grad(result.mul(weights(result.shape)).sum(), inputs, { allowUnused: true });
    own.gradients.forEach((stored, i) => {
      const g = found[i] ?? zeros(inputs[i]!.shape, float64);
      assertClose(g, unstored(stored), { rtol: 1e-9, atol: 1e-12 });
    });
    return null;
  } catch (error) {
    return `${own.name}.${own.what}: ${(error as Error).message}`;
  }
}

const cases = casesOf<Case>("distributions");

Deno.test("values and gradients of distributions are PyTorch's", () => {
  assertEquals(cases.map((own) => difference(own)).filter((line) => line !== null), []);
});

Deno.test("each case of PyTorch's finds a result that is 1e-6 too large", () => {
  const filled = cases.filter(({ result }) => result.data.some((x) => Math.abs(Number(x)) > 1e-3));
  assert(filled.length > 20);
  const missed = filled.filter((own) => difference(own, (x) => x.mul(1 + 1e-6)) === null);
  assertEquals(missed, []);
});

Deno.test("gradients of distributions are right to the second order", () => {
  const scale = (x: Tensor) => x.square().add(0.5);
  checkGradients((loc, s, x) => new Normal(loc, scale(s)).logProb(x), [[2, 3], [3], [4, 1, 3]]);
  checkGradients((s) => new Normal(0, scale(s)).entropy(), [[3]]);
  checkGradients(
    (a, b, c, d) => kl(new Normal(a, scale(b)), new Normal(c, scale(d))),
    [[2, 3], [3], [2, 1], [3]],
  );
  checkGradients((loc, s) => {
    return new Normal(loc, scale(s)).rsample([2], { generator: new RandomGenerator(3) });
  }, [[3], [2, 3]]);
  const outcomes = tensor([[2, 0], [1, 1], [0, 2]], int32);
  checkGradients((logits) => new Categorical({ logits }).logProb(outcomes), [[2, 3]]);
  checkGradients((x) => new Categorical({ probs: scale(x) }).logProb(outcomes), [[2, 3]]);
  checkGradients((logits) => new Categorical({ logits }).entropy(), [[2, 3]]);
  checkGradients((p, q) => {
    return kl(new Categorical({ logits: p }), new Categorical({ probs: scale(q) }));
  }, [[2, 3], [3]]);
});

Deno.test("what is impossible has log-probability -Infinity and adds nothing, also to gradients", () => {
  for (const dtype of ["float32", "float64"] as const) {
    const probs = tensor([0, 0.25, 0.75, 0], { dtype, requiresGrad: true });
    const logits = tensor([-Infinity, 0, Math.log(3), -Infinity], { dtype, requiresGrad: true });
    const p = new Categorical({ probs });
    const q = new Categorical({ logits });
    for (const [one, leaf] of [[p, probs], [q, logits]] as const) {
      const at = one.logProb(tensor([0, 1, 2, 3], int32));
      assertEquals([at.toArray()].flat().map(Number.isFinite), [false, true, true, false]);
      assertEquals(at.at(0).item(), -Infinity);
      const entropy = one.entropy();
      assertAlmostEquals(entropy.item(), -0.25 * Math.log(0.25) - 0.75 * Math.log(0.75), 1e-6);
      const [g] = grad(entropy.add(kl(one, one)).add(at.at(1)), [leaf]);
      assert(g.data.every(Number.isFinite), `${g}`);
      // Weights of 0 take part in the sum alone, impossible logits not at all.
      if (leaf === logits) assertEquals([g.at(0).item(), g.at(3).item()], [0, 0]);
    }
    assertAlmostEquals(kl(p, q).item(), 0, 1e-6);
    const narrower = new Categorical({ probs: tensor([0, 1, 0, 0], { dtype }) });
    assertAlmostEquals(kl(narrower, p).item(), Math.log(4), 1e-6);
    assertEquals(kl(p, narrower).item(), Infinity);
    assertEquals([narrower.entropy().item(), kl(narrower, narrower).item()], [0, 0]);
  }
});

Deno.test("extreme logits and widths stay finite", () => {
  const logits = tensor([1e4, 0, -1e4], { requiresGrad: true });
  const p = new Categorical({ logits });
  const [g] = grad(p.entropy().add(p.logProb(tensor(2, int32))), [logits]);
  assert(g.data.every(Number.isFinite), `${g}`);
  assertEquals(new Categorical({ probs: tensor([1e-30, 1e30]) }).probs.toArray(), [0, 1]);
  const narrow = new Normal(0, 1e-30);
  assert(Number.isFinite(narrow.logProb(tensor(1e-30)).item()));
  assert(Number.isFinite(kl(narrow, narrow).item()));
});

Deno.test("kl() of widths whose ratio leaves the range is what it is in float64, with its gradients", () => {
  for (const [width, other] of [[1e-25, 1e25], [1e25, 1e-25], [1e-25, 1e-25]] as const) {
    const [found, wanted] = (["float32", "float64"] as const).map((dtype) => {
      const scales = [width, other].map((x) => tensor(x, { dtype, requiresGrad: true }));
      const [p, q] = scales.map((scale) => new Normal(0, scale));
      const value = kl(p!, q!);
      return tensor([value, ...grad(value, scales)].map((x) => x.item()));
    });
    assertClose(found!, wanted!, { rtol: 1e-5, atol: 0 });
  }
});

Deno.test("Categorical.sample() draws in proportion, and never what is impossible", () => {
  const generator = new RandomGenerator(5);
  const probs = tensor([[0, 0.5, 0.25, 0.25, 0], [0, 0, 0, 0, 3]]);
  const drawn = new Categorical({ probs }).sample([20_000], { generator });
  assertEquals([drawn.shape, drawn.dtype], [[20_000, 2], "int32"]);
  const counts = [0, 1, 2, 3, 4].map((k) => drawn.eq(k).sum(0).toArray() as number[]);
  assertEquals(counts.map(([, last]) => last), [0, 0, 0, 0, 20_000]);
  assertEquals([counts[0]![0], counts[4]![0]], [0, 0]);
  // Five standard errors.
  const far = [10_000, 5000, 5000].map((n, i) => Math.abs(counts[i + 1]![0]! - n));
  assert(far.every((x) => x < 5 * Math.sqrt(5000)), `${far}`);
});

Deno.test("Normal.sample() has mean and deviation, and the numbers of rsample()", () => {
  const normal = new Normal(tensor([1, -2]), tensor([[0.5], [3]]).requiresGrad_());
  const x = normal.sample([10_000], { generator: new RandomGenerator(2) });
  assertEquals([x.shape, x.requiresGrad], [[10_000, 2, 2], false]);
  const same = normal.rsample([10_000], { generator: new RandomGenerator(2) });
  assertEquals([same.requiresGrad, same.toArray()], [true, x.toArray()]);
  assertClose(x.mean(0), tensor([[1, -2], [1, -2]]), { atol: 0.15, rtol: 0 });
  assertClose(x.std(0), tensor([[0.5, 0.5], [3, 3]]), { atol: 0, rtol: 0.05 });
  // A mean of 0.2 beside the right one is found.
  assertThrows(() => assertClose(x.mean(0), tensor([[1.2, -2], [1, -2]]), { atol: 0.15, rtol: 0 }));
});

Deno.test("draws follow the seed, the stream that is handed in, and no gradient", () => {
  const logits = randn([4, 3]).requiresGrad_();
  for (const make of [() => new Categorical({ logits }), () => new Normal(logits, 1)]) {
    manualSeed(9);
    const first = make().sample();
    assertEquals([first.shape, first.requiresGrad], [make().batchShape, false]);
    manualSeed(9);
    assertEquals(make().sample().toArray(), first.toArray());
    manualSeed(10);
    assert(String(make().sample([20]).toArray()) !== String(make().sample([20]).toArray()));
  }
});

Deno.test("batches may be empty, of one element, without dimensions, and of float64", () => {
  const none = new Categorical({ logits: zeros([0, 3]) });
  assertEquals([none.sample([2]).shape, none.entropy().shape], [[2, 0], [0]]);
  assertEquals(none.logProb(zeros([0], int32)).shape, [0]);
  const sure = new Categorical({ logits: tensor([7], float64) });
  assertEquals([sure.sample().item(), sure.batchShape], [0, []]);
  assertEquals([sure.entropy().item(), sure.entropy().dtype], [0, "float64"]);
  assertEquals(new Normal(zeros([0]), 1).sample([3]).shape, [3, 0]);
  const single = new Normal(1, tensor(2, float64));
  assertEquals([single.loc.dtype, single.sample().dtype, single.sample().shape], [
    "float64",
    "float64",
    [],
  ]);
  assertEquals(new Categorical({ logits: zeros([2, 3]) }).sample([0]).shape, [0, 2]);
});

Deno.test("distributions are made of tensors that may change, be disposed, and be handed in twice", () => {
  const x = ones([3]);
  const twice = new Normal(x, x);
  assertAlmostEquals(kl(twice, twice).sum().item(), 0, 1e-7);
  const logits = zeros([2]);
  const p = new Categorical({ logits });
  noGrad(() => logits.fill_(5));
  logits.dispose();
  assertAlmostEquals(p.entropy().item(), Math.LN2, 1e-6);
});

Deno.test("distributions work under vmap, where draws are as it is told", () => {
  const logits = randn([4, 3]);
  const outcomes = tensor([0, 2, 1, 1], int32);
  const each = vmap((row: Tensor, k: Tensor) => {
    const p = new Categorical({ logits: row });
    return p.logProb(k).add(p.entropy());
  })(logits, outcomes);
  const whole = new Categorical({ logits });
  assertClose(each, whole.logProb(outcomes).add(whole.entropy()));
  const sure = tensor([[-Infinity, 0, -Infinity], [0, -Infinity, -Infinity]]);
  const drawn = vmap((row: Tensor) => new Categorical({ logits: row }).sample([5]), {
    randomness: "different",
  })(sure);
  assertEquals(drawn.toArray(), [[1, 1, 1, 1, 1], [0, 0, 0, 0, 0]]);
});

Deno.test("distributions say what they cannot be made of, and what has no probability", () => {
  const p = new Categorical({ logits: zeros([2, 3]) });
  const refused: [() => unknown, new (...args: never[]) => Error, string][] = [
    [() => new Categorical({} as never), TypeError, "needs one of probs and logits, got none"],
    [
      () => new Categorical({ probs: ones([2]), logits: ones([2]) } as never),
      TypeError,
      "needs one of probs and logits, got both",
    ],
    [() => new Categorical({ probs: tensor([1, -1]) }), RangeError, "not negative, got -1"],
    [() => new Categorical({ probs: tensor([1, NaN]) }), RangeError, "not negative, got NaN"],
    [
      () => new Categorical({ probs: tensor([[0, 1], [0, 0]]) }),
      RangeError,
      "probs that are all 0",
    ],
    [() => new Categorical({ logits: tensor([NaN]) }), RangeError, "infinity, got NaN"],
    [() => new Categorical({ logits: tensor([-Infinity]) }), RangeError, "must be possible"],
    [() => new Categorical({ logits: tensor(1) }), ShapeError, "last dimension, got shape []"],
    [() => new Categorical({ logits: ones([2], int32) }), DTypeError, "float32 or float64"],
    [() => p.logProb(tensor([0, 3], int32)), RangeError, "value must lie in 0 to 2, got 3"],
    [() => p.logProb(zeros([3], int32)), ShapeError, "does not fit the batch [2]"],
    [() => p.logProb(zeros([2])), DTypeError, "value must be int32, got float32"],
    [() => new Normal(0, 0), RangeError, "scale must be positive, got 0"],
    [() => new Normal(0, tensor([1, NaN])), RangeError, "scale must be positive, got NaN"],
    [() => new Normal(NaN, 1), RangeError, "loc must not be NaN"],
    [() => new Normal(zeros([2]), ones([3])), ShapeError, "[2]"],
    [() => new Normal(zeros([2], int32), 1), DTypeError, "loc must be float32"],
    [() => kl(p as never, new Normal(0, 1)), TypeError, "got Categorical and Normal"],
    [() => kl(p, new Categorical({ logits: ones([2]) })), ShapeError, "got 3 and 2"],
  ];
  for (const [call, Wrong, words] of refused) assertThrows(call, Wrong, words);
});

Deno.test("weights count by their shares, however large or small they are", () => {
  for (const [dtype, far] of [["float32", 2 ** 127], ["float64", 2 ** 1023]] as const) {
    for (const scale of [far, 1, 1 / far]) {
      const probs = tensor([1 * scale, 0.5 * scale, 0, 1.5 * scale], { dtype, requiresGrad: true });
      const p = new Categorical({ probs });
      assertClose(p.probs, tensor([1 / 3, 1 / 6, 0, 1 / 2], { dtype }), { rtol: 1e-6 });
      assertAlmostEquals(
        p.entropy().item(),
        Math.log(3) / 3 + Math.log(6) / 6 + Math.LN2 / 2,
        1e-6,
      );
      p.logProb(tensor(0, int32)).backward();
      // d/dw₀ ln (w₀/Σw) = 1/w₀ − 1/Σw
      if (scale > 1 / far) {
        assertAlmostEquals(probs.grad!.at(0).mul(scale).item(), 1 - 1 / 3, 1e-6);
      }
    }
  }
});

Deno.test("a share that is too small for its type keeps its logarithm, with gradients", () => {
  for (const [dtype, far] of [["float32", 1e30], ["float64", 1e300]] as const) {
    const probs = tensor([1 / far, far, 2 * far, 0], { dtype, requiresGrad: true });
    const p = new Categorical({ probs });
    const small = -2 * Math.log(far) - Math.log(3);
    const wanted = tensor([small, -Math.log(3), Math.log(2 / 3), -Infinity], { dtype });
    assertClose(p.logits, wanted, { rtol: 1e-6 });
    const value = p.entropy().add(kl(p, p)).add(p.logProb(tensor(0, int32)));
    const [g] = grad(value, [probs]);
    assert(g.data.every(Number.isFinite), `${g}`);
    // d/dw₀ ln (w₀/Σw) = 1/w₀ − 1/Σw
    assertAlmostEquals(g.at(0).div(far).item(), 1, 1e-6);
  }
});

Deno.test("kl() is infinite where p can be what q cannot, with PyTorch's gradients of the rest", () => {
  const q = new Categorical({ probs: tensor([1, 1, 0]) });
  // Of torch.distributions.kl_divergence; the last share of the second row is 0 in float32.
  const rows = [[0, 1, 2, -0.064787, 0.068532, -0.003745], [0, 1, -200, -0.196612, 0.196612, 0]];
  for (const [a = 0, b = 0, c = 0, ...wanted] of rows) {
    const logits = tensor([a, b, c], { requiresGrad: true });
    const divergence = kl(new Categorical({ logits }), q);
    assertEquals(divergence.item(), Infinity);
    assertClose(grad(divergence, [logits])[0], tensor(wanted), { atol: 1e-4 });
  }
});

for (
  const [batch, shape] of [[[], [200]], [[], [3, 70]], [[4], [50]], [[2, 3], [5, 6]], [[0], [4]], [[
    3,
  ], [0]]]
) {
  Deno.test(`Categorical draws [${shape}] of batch [${batch}] as when each is compared with all`, () => {
    const places = batch!.reduce((all, own) => all * own, 1);
    const weights = randn([...batch!, 9], { generator: new RandomGenerator(places), ...float64 })
      .relu();
    // Outcomes that cannot be, also the first and the last; one that can.
    const probs = cat([
      zeros([...batch!, 1], float64),
      weights,
      ones([...batch!, 1], float64),
      zeros([...batch!, 1], float64),
    ], -1);
    const x = new Categorical({ probs });
    const drawn = x.sample(shape, { generator: new RandomGenerator(3) });
    const share = rand([...shape!, ...batch!, 1], {
      generator: new RandomGenerator(3),
      ...float64,
    });
    const upTo = x.probs.cumsum(-1);
    const each = upTo.le(share.mul(upTo.narrow(-1, 11, 1))).sum(-1);
    assertEquals([drawn.dtype, drawn.shape], ["int32", [...shape!, ...batch!]]);
    assertEquals(drawn.toArray(), each.toArray());
  });
}

Deno.test("Categorical draws many of many outcomes without a number for each pair", () => {
  // All pairs would take 16 GiB.
  const drawn = new Categorical({ probs: ones([2 ** 16]) }).sample([2 ** 18]);
  assertEquals(drawn.shape, [2 ** 18]);
  assertAlmostEquals(drawn.to("float64").mean().item() / 2 ** 16, 0.5, 0.01);
});
