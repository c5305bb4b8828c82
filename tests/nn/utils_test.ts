/** Clipped gradients: PyTorch's values, the published ones, and what is refused. */

import { assertEquals, assertThrows } from "@std/assert";
import { assertClose, CheckError } from "../../lib/testing/mod.ts";
import { nn, ones, type Tensor, tensor, zeros } from "../../mod.ts";
import { casesOf, type Stored, unstored } from "../fixtures/stored.ts";

interface Clipping {
  readonly clip: "clipGradNorm_" | "clipGradValue_";
  readonly bound: number;
  readonly options: Readonly<Record<string, number | string | boolean>>;
  readonly before: readonly Stored[];
  readonly after: readonly Stored[];
  readonly norm: Stored | null;
}

type Signatures = Readonly<Record<Clipping["clip"], object>>;

const [signatures, ...cases] = casesOf<unknown>("clipping") as [Signatures, ...Clipping[]];

const LARGE = { rtol: 1e-12, atol: 1e-15 };

/** Compares what a function does to the gradients with what PyTorch's does. */
function compare({ clip, bound, options, before, after, norm }: Clipping, maxNorm = bound): void {
  const parameters = before.map((x) => {
    const g = unstored(x);
    return Object.assign(zeros(g.shape, { dtype: "float64", requiresGrad: true }), { grad: g });
  });
  const bare = zeros([2], { requiresGrad: true });
  const all = [...parameters, bare];
  if (clip === "clipGradValue_") nn.utils.clipGradValue_(all, maxNorm);
  else {
    const { normType, ...rest } = options;
    const order = normType === undefined
      ? {}
      : { normType: normType === "inf" ? Infinity : Number(normType) };
    assertClose(
      nn.utils.clipGradNorm_(all, maxNorm, { ...order, ...rest }),
      unstored(norm!),
      LARGE,
    );
  }
  parameters.forEach(({ grad }, i) => assertClose(grad!, unstored(after[i]!), LARGE));
  assertEquals(bare.grad, null);
}

for (const clipping of cases) {
  const { clip, bound, options } = clipping;
  Deno.test(`nn.utils.${clip} to ${bound} follows PyTorch with ${JSON.stringify(options)}`, () => {
    compare(clipping);
  });
}

Deno.test("a bound that is a little off would be found", () => {
  assertThrows(() => compare(cases[0]!, cases[0]!.bound + 1e-9), CheckError);
});

Deno.test("clipping has the options of PyTorch's but `foreach`, which says how and not what", () => {
  assertEquals(signatures, {
    clipGradNorm_: { normType: 2, errorIfNonfinite: false, foreach: null },
    clipGradValue_: { foreach: null },
  });
  const tried = new Set(cases.flatMap(({ options }) => Object.keys(options)));
  assertEquals(tried, new Set(["normType", "errorIfNonfinite"]));
});

function leaf(g: number[]): Tensor {
  return Object.assign(zeros([g.length], { requiresGrad: true }), { grad: tensor(g) });
}

Deno.test("nn.utils.clipGradNorm_() gives the known values, and 0 where there is no gradient", () => {
  const x = leaf([3, 4]);
  assertEquals(nn.utils.clipGradNorm_(x, 0.5).item(), 5);
  assertClose(x.grad!, [0.29999995, 0.39999992], { rtol: 1e-7, atol: 0 });
  const small = leaf([0.1, 0.1]);
  nn.utils.clipGradNorm_([small], 0.5);
  assertEquals(small.grad!.toArray(), tensor([0.1, 0.1]).toArray());
  const norm = nn.utils.clipGradNorm_(new nn.Linear(2, 1).parameters(), 0.5);
  assertEquals([norm.item(), norm.shape], [0, []]);
});

Deno.test("nn.utils.clipGradNorm_() takes gradients of both types together", () => {
  const wide = zeros([1], { dtype: "float64", requiresGrad: true });
  wide.grad = tensor([4], { dtype: "float64" });
  const narrow = leaf([3]);
  assertClose(nn.utils.clipGradNorm_([narrow, wide], 2.5).item(), 5, { rtol: 1e-7 });
  assertEquals([narrow.grad!.dtype, wide.grad!.dtype], ["float32", "float64"]);
  assertClose(wide.grad!.item(), 2, { rtol: 1e-6 });
});

Deno.test("clipping refuses what is no bound, no parameter, and norms that are not finite if told so", () => {
  const { clipGradNorm_, clipGradValue_ } = nn.utils;
  const x = leaf([Infinity, 1]);
  const strict = { errorIfNonfinite: true };
  assertThrows(() => clipGradNorm_([x], 1, strict), RangeError, "the norm is Infinity, so nothing");
  assertEquals(x.grad!.toArray(), [Infinity, 1]);
  assertThrows(() => clipGradNorm_([x], -1), RangeError, "maxNorm must be at least 0, got -1");
  assertThrows(() => clipGradNorm_([x], NaN), RangeError, "maxNorm must be at least 0, got NaN");
  assertThrows(() => clipGradValue_([x], -1), RangeError, "clipValue must be at least 0, got -1");
  assertThrows(() => clipGradNorm_([x], 1, { normType: 0 }), TypeError, "a positive number, got 0");
  const model = new nn.Linear(2, 1) as unknown as Tensor;
  assertThrows(() => clipGradNorm_(model, 1), TypeError, "must be a tensor or an array of tensors");
  assertThrows(() => clipGradValue_([1 as unknown as Tensor], 1), TypeError, "each of parameters");
  const gone = leaf([1]);
  gone.grad!.dispose();
  assertThrows(() => clipGradNorm_([leaf([1]), gone], 1), Error, "disposed");
});

Deno.test("the clipped gradients of a model have the norm that they are clipped to", () => {
  const model = new nn.Linear(2, 1);
  model.forward(ones([3, 2])).mul(100).sum().backward();
  const before = nn.utils.clipGradNorm_(model.parameters(), 1).item();
  const after = nn.utils.clipGradNorm_(model.parameters(), 1).item();
  assertClose([before > 100 ? 1 : 0, after], [1, 1], { rtol: 1e-5 });
});

/** Tensors that cannot be written, and why. */
const UNWRITABLE: Record<string, [make: () => Tensor, told: string]> = {
  "an expanded view": [() => zeros([1]).expand([2]), "several elements of this expanded view"],
  "a disposed one": [() => {
    const gone = zeros([2]);
    gone.dispose();
    return gone;
  }, "disposed"],
};

for (const [name, [make, told]] of Object.entries(UNWRITABLE)) {
  Deno.test(`nn.utils.vectorToParameters() writes none where one is ${name}`, () => {
    const first = zeros([2]);
    const write = () => nn.utils.vectorToParameters(ones([4]), [first, make()]);
    assertThrows(write, Error, told);
    assertEquals(first.toArray(), [0, 0]);
  });
}
