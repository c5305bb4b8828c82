/** Initialisers draw what PyTorch's draw, by moments and bounds. */

import { assertEquals, assertThrows } from "@std/assert";
import { assertClose } from "../../lib/testing/mod.ts";
import { eye, manualSeed, nn, ShapeError, type Tensor, zeros } from "../../mod.ts";
import { casesOf, type Stored, unstored } from "../fixtures/stored.ts";
import { assertMoments, type Moments, momentsOf } from "./moments.ts";

interface InitCase {
  readonly name: string;
  readonly shape: readonly number[];
  readonly args: readonly number[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly moments?: Moments;
  /** The share of zeros. */
  readonly zeros?: number;
  readonly values?: Stored;
}

const [head, ...cases] = casesOf<unknown>("init") as [{ names: string[] }, ...InitCase[]];

function drawn({ name, shape, args, options }: InitCase): Tensor {
  manualSeed(3);
  const fill = Reflect.get(nn.init, name) as (x: Tensor, ...given: unknown[]) => Tensor;
  const given = Object.keys(options).length === 0 ? args : [...args, options];
  const x = zeros([...shape], { dtype: "float64" });
  assertEquals(fill(x, ...given), x);
  return x;
}

function compare(one: InitCase, x = drawn(one)): void {
  if (one.values !== undefined) return assertEquals(x.toArray(), unstored(one.values).toArray());
  const values = Array.from(x.data);
  assertMoments(momentsOf(values), one.moments!, one.name);
  assertClose(values.filter((value) => value === 0).length / values.length, one.zeros!);
}

for (const one of cases) {
  const given = JSON.stringify([one.shape, ...one.args, one.options]);
  Deno.test(`nn.init.${one.name} fills as PyTorch's with ${given}`, () => compare(one));
}

Deno.test("nn.init has all of PyTorch's initialisers, and each is tried", () => {
  const ours = Object.keys(nn.init).filter((name) => name.endsWith("_"));
  assertEquals(ours.toSorted(), head.names);
  assertEquals([...new Set(cases.map(({ name }) => name))].toSorted(), head.names);
});

Deno.test("a spread or a bound that is a little off would be found", () => {
  for (const name of ["uniform_", "normal_", "truncNormal_", "kaimingUniform_"]) {
    const one = cases.find((other) => other.name === name)!;
    assertThrows(() => compare(one, drawn(one).mul(1.05)), Error, "is");
  }
  const uniform = cases[0]!;
  const normal = nn.init.normal_(zeros([300, 40]), 0.5, Math.sqrt(1 / 12));
  assertThrows(() => compare(uniform, normal), Error, "kurtosis");
});

Deno.test("nn.init.orthogonal_() has orthogonal rows or columns, whatever its shape", () => {
  const wide = nn.init.orthogonal_(zeros([3, 2, 4], { dtype: "float64" }), 2).flatten(1);
  assertClose(wide.matmul(wide.mT), eye(3, { dtype: "float64" }).mul(4), { atol: 1e-12 });
  const tall = nn.init.orthogonal_(zeros([5, 2]));
  assertClose(tall.mT.matmul(tall), eye(2), { atol: 1e-6 });
  assertEquals(nn.init.orthogonal_(zeros([0, 3])).shape, [0, 3]);
});

Deno.test("nn.init.calculateGain() gives PyTorch's gains", () => {
  const { calculateGain } = nn.init;
  assertEquals(calculateGain("leakyRelu"), Math.sqrt(2 / (1 + 0.01 ** 2)));
  assertEquals(calculateGain("leakyRelu", 0.2), Math.sqrt(2 / 1.04));
  assertEquals(["linear", "tanh", "selu"].map((name) => calculateGain(name as "tanh")), [
    1,
    5 / 3,
    0.75,
  ]);
});

Deno.test("initialisers refuse shapes and numbers that make no distribution", () => {
  assertThrows(() => nn.init.kaimingUniform_(zeros([3])), ShapeError, "two dimensions");
  assertThrows(() => nn.init.eye_(zeros([3])), ShapeError, "must have 2 dimensions");
  assertThrows(() => nn.init.dirac_(zeros([3, 3])), ShapeError, "3 to 5 dimensions");
  assertThrows(() => nn.init.dirac_(zeros([3, 3, 1]), 2), ShapeError, "divide the first extent");
  assertThrows(() => nn.init.truncNormal_(zeros([3]), 0, 1, 2, 1), RangeError, "a below b");
  assertThrows(() => nn.init.sparse_(zeros([3, 3]), 1.5), TypeError, "from 0 to 1");
});
