/**
 * Wrong calls that no table makes: each is refused in the name of what was called, and says what it
 * got, before memory or time is spent.
 */

import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { landscape, spectrum } from "../../lib/plot/mod.ts";
import {
  data,
  histc,
  lerp,
  losses,
  meta,
  nn,
  ones,
  optim,
  rl,
  scope,
  stackModuleState,
  study,
  type Tensor,
  tensor,
  tensordot,
  vmap,
  zeros,
} from "../../mod.ts";

/** A list with a hole behind an item. */
function holed<T>(item: T): T[] {
  return Object.assign(new Array<T>(2), { 0: item });
}

function disposed(...shape: number[]): Tensor {
  const x = zeros(shape);
  x.dispose();
  return x;
}

function outlived(...shape: number[]): Tensor {
  const made: Tensor[] = [];
  scope(() => {
    made.push(ones(shape).mul(2));
  });
  return made[0]!;
}

const { affine, randomAffine, randomRotation } = data.transforms;
const bent = study.hessianSpectrum((x) => x.square().sum(), ones([2]));
const line = study.lossLandscape((x) => x.square().sum(), ones([2]), 1);
const perLr = (run: (lr: Tensor) => Tensor) => () => vmap(run)(tensor([0.1, 0.2]));
const pair = [ones([2, 2])];

const REFUSED: Readonly<Record<string, readonly [call: () => unknown, said: RegExp]>> = {
  "a picture smaller than a patch": [
    () => new nn.PatchEmbed(3, 8, [4, 2]).forward(ones([1, 3, 3, 2])),
    /^Cannot compute PatchEmbed: .* a patch of \[4, 2\], got \[1, 3, 3, 2\]$/,
  ],
  "an affine map of no pixels": [
    () => affine({ degrees: 5 })(ones([3, 0, 0])),
    /^Cannot run transforms\.affine: x must have pixels, got shape \[3, 0, 0\]$/,
  ],
  "a rotation of no pixels": [
    () => randomRotation(30)(ones([3, 4, 0])),
    /^Cannot run transforms\.randomRotation: x must have pixels, got shape \[3, 4, 0\]$/,
  ],
  "a random affine map of no pixels": [
    () => randomAffine({ degrees: 30 })(ones([0, 4])),
    /^Cannot run transforms\.randomAffine: x must have pixels, got shape \[0, 4\]$/,
  ],
  "a word with NUL": [
    () => new data.BytePairEncoding(["a\0b"], 2),
    /^Cannot make BytePairEncoding: the words must be .* NUL, got \[ "a\\x00b" \]$/,
  ],
  "a word with NUL to split": [
    () => new data.BytePairEncoding(["ab"], 2).split("a\0b"),
    /^Cannot run BytePairEncoding\.split: the word must be .* NUL, got "a\\x00b"$/,
  ],
  "examples with a hole": [
    () => data.collate(holed(1)),
    /^Cannot collate: all examples must have the same kind of value, got 1 and undefined$/,
  ],
  "padding to an immense length": [
    () => data.padSequences([ones([2]), ones([3])], { length: 2 ** 30 }),
    /^Cannot make padded sequences of shape \[2, 1073741824\]/,
  ],
  "modules with a hole": [
    () => stackModuleState(holed(new nn.ReLU())),
    /^Cannot run stackModuleState: module 1 must be .*, got undefined$/,
  ],
  "dims with a hole": [
    () => tensordot(ones([2]), ones([2]), holed([0]) as unknown as [number[], number[]]),
    /^Cannot compute tensordot: dims must be a number or a pair of arrays/,
  ],
  "graphs with a hole": [
    () => nn.batchGraphs(holed({ x: ones([1, 1]), edgeIndex: zeros([2, 0], { dtype: "int32" }) })),
    /^Cannot run batchGraphs: the graphs must be /,
  ],
  "truth values as weights": [
    () => lerp(ones([2]), ones([2]), tensor([true, false])),
    /^Cannot compute lerp: the weight is bool; cast it first$/,
  ],
  "a place in a lane of too many numbers": [
    () => data.synthetic.lanes([new Array(200).fill(0)] as unknown as [number, number][]),
    /^Cannot run synthetic\.lanes: place 0 must be \[offset, curvature\], got [^\n]*$/,
  ],
  "a spectrum without its least value": [
    () => spectrum({ ...bent, least: undefined as unknown as number }),
    /^Cannot draw spectrum: spectrum must be the result of study\.hessianSpectrum/,
  ],
  "a landscape with a wrong mark": [
    () => landscape(line, { references: [{ y: NaN }] }),
    /^Cannot draw landscape with references\[0\]: y must be a finite number, got NaN$/,
  ],
  "a decay rate in a step that decides by it, under vmap": [
    perLr((rate) =>
      optim.functional.radam(pair, pair, {}, { lr: 0.1, betas: [0.9, rate] }).params[0]!
    ),
    /^Cannot run optim\.functional\.radam under vmap: /,
  ],
  "rates of which one is wrong, under vmap": [
    () =>
      vmap((lr: Tensor) =>
        meta.innerLoop({ params: ones([2]), loss: (w) => w.square().sum(), lr })
      )(tensor([0.1, -1])),
    /^Cannot run meta\.innerLoop: lr must lie in \[0, ∞\), got -1$/,
  ],
  "learners that see too much": [
    () => new rl.StrategyBandit({ count: 2 ** 20, features: 4096 }),
    /^Cannot make what rl\.StrategyBandit sees of shape \[1048576, 4096\]/,
  ],
  "a prediction disposed of": [
    () => losses.mse(disposed(2), ones([2])),
    /^Cannot compute losses\.mse: the tensor given as prediction has been disposed$/,
  ],
  "gradients of which one is disposed of": [
    () => losses.mgda([ones([2, 2]), disposed(2, 2)]),
    /^Cannot compute losses\.mgda: the tensor given as gradients has been disposed$/,
  ],
  "rewards of a scope that ended": [
    () => rl.discountedReturns(outlived(2, 3)),
    /^Cannot compute rl\.discountedReturns: the tensor given as rewards was made inside scope\(\)/,
  ],
  "the elements of an op disposed of": [
    () => disposed(2, 3).std(),
    /^Cannot compute std: the tensor given as the input has been disposed$/,
  ],
};

for (const [what, [call, said]] of Object.entries(REFUSED)) {
  Deno.test(`${what} is refused in the name of what was called`, () => {
    assertMatch(assertThrows(call, Error).message, said);
  });
}

Deno.test("inner loops and functional steps take a rate for each example under vmap", () => {
  const after = perLr((lr) =>
    meta.innerLoop({ params: ones([1]), loss: (w) => w.square().sum(), lr })
  )();
  const each = [0.1, 0.2].map((lr) =>
    meta.innerLoop({ params: ones([1]), loss: (w) => w.square().sum(), lr }).toArray()
  );
  assertEquals(after.toArray(), each as number[][]);
  const stepped = perLr((lr) => optim.functional.adam(ones([1]), ones([1]), {}, { lr }).params)();
  assertEquals(
    stepped.toArray(),
    [0.1, 0.2].map((lr) =>
      optim.functional.adam(ones([1]), ones([1]), {}, { lr }).params.toArray() as number[]
    ),
  );
});

Deno.test("columns of whole numbers that a number would round are text, unless they are said to hold numbers", () => {
  const text = "id,n,x\n9007199254740993,9007199254740992,1e30\n2,-9007199254740994,0\n";
  const table = data.parseCsv(text);
  assertEquals(table.column("id"), ["9007199254740993", "2"]);
  assertEquals(table.column("n"), [2 ** 53, -(2 ** 53) - 2]);
  assertEquals(table.column("x"), [1e30, 0]);
  assertEquals(data.parseCsv(text, { types: { id: "number" } }).column("id"), [2 ** 53, 2]);
});

Deno.test("histc() counts the largest element where float32 rounds the number of bins up", () => {
  const counts = histc(tensor([0, 1]), { bins: 2 ** 25 - 1 });
  assertEquals([counts.at(0).item(), counts.at(-1).item()], [1, 1]);
});
