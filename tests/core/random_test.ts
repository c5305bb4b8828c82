/** Random streams: their numbers from a seed, their bits, and the moments of what is drawn. */

import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import { beside, philox } from "../../lib/core/random.ts";
import {
  type DType,
  DTypeError,
  getThreads,
  manualSeed,
  rand,
  randn,
  RandomGenerator,
  setThreads,
} from "../../mod.ts";

Deno.test("manualSeed() takes integers from 0 to 2^64 - 1", () => {
  const draws = [0, 1, 784441416n, 1766016000072n, 2n ** 32n, 2n ** 64n - 1n, 2 ** 53 - 1].map(
    (seed) => {
      manualSeed(seed);
      const first = rand([4]).toArray();
      manualSeed(BigInt(seed));
      assertEquals(rand([4]).toArray(), first);
      return JSON.stringify(first);
    },
  );
  // Among them two seeds with equal low words.
  assertEquals(1766016000072n & 0xffffffffn, 784441416n);
  assertEquals(new Set(draws).size, draws.length);
  for (const seed of [-1, -1n, 2n ** 64n, 0.5, NaN, Infinity, 2 ** 53]) {
    assertThrows(() => manualSeed(seed), RangeError, "Cannot seed");
    assertThrows(() => new RandomGenerator(seed), RangeError, "Cannot seed");
  }
});

Deno.test("rand() and randn() go on where the stream stands", () => {
  const generator = new RandomGenerator(5);
  const start = generator.state;
  const [a, b] = [rand([3], { generator }).toArray(), rand([3], { generator }).toArray()];
  assertNotEquals(a, b);
  const { state } = generator;
  const next = randn([2], { generator }).toArray();
  generator.state = state;
  assertEquals(randn([2], { generator }).toArray(), next);
  generator.state = start;
  assertEquals(rand([3], { generator }).toArray(), a);
  rand([0], { generator });
  assertEquals(rand([3], { generator }).toArray(), b);
});

Deno.test("rand() and randn() leave other streams alone", () => {
  manualSeed(1);
  const alone = rand([2]).toArray();
  manualSeed(1);
  rand([10], { generator: new RandomGenerator(1) });
  assertEquals(rand([2]).toArray(), alone);
});

Deno.test("rand() and randn() are drawn in floating types only", () => {
  for (const dtype of ["int32", "bool"] as DType[]) {
    assertThrows(() => rand([2], { dtype }), DTypeError, dtype);
    assertThrows(() => randn([2], { dtype }), DTypeError, dtype);
  }
});

Deno.test("rand() and randn() give the same numbers on any number of threads", () => {
  const before = getThreads();
  try {
    for (const dtype of ["float32", "float64"] as const) {
      for (const draw of [rand, randn]) {
        const [one, two, seven] = [1, 2, 7].map((threads) => {
          setThreads(threads);
          return draw([100_003], { dtype, generator: new RandomGenerator(11) }).data;
        });
        assertEquals(two, one);
        assertEquals(seven, one);
      }
    }
  } finally {
    setThreads(before);
  }
});

Deno.test("setThreads() takes positive integers", () => {
  const before = getThreads();
  for (const n of [0, -1, 1.5, NaN, Infinity, 2000]) {
    assertThrows(() => setThreads(n), RangeError, "Cannot set threads");
  }
  assertEquals(getThreads(), before);
});

Deno.test("philox() gives the known answers of its authors", () => {
  const pi = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344] as const;
  const all = 0xffffffff;
  assertEquals(philox([0, 0, 0, 0], [0, 0]), [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
  assertEquals(
    philox([all, all, all, all], [all, all]),
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  );
  assertEquals(
    philox(pi, [0xa4093822, 0x299f31d0]),
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  );
});

/** Offsets whose counters carry into the high word, and around the end. */
const OFFSETS = [0n, 2n ** 32n - 3n, 2n ** 63n - 2n, 2n ** 64n - 2n];

for (const offset of OFFSETS) {
  Deno.test(`rand() has the bits of philox() from offset ${offset}`, () => {
    for (const seed of [0n, 1766016000072n, 2n ** 64n - 1n]) {
      const at = () => {
        const generator = new RandomGenerator(seed);
        generator.state = { seed, offset };
        return generator;
      };
      const words = at().words(1002);
      const key = [Number(seed & 0xffffffffn), Number(seed >> 32n)] as const;
      const fifth = BigInt.asUintN(64, offset + 5n);
      const counter = [Number(fifth & 0xffffffffn), Number(fifth >> 32n), 0, 0] as const;
      assertEquals([...words.subarray(20, 24)], philox([...counter], [...key]));
      const single = rand([1002], { generator: at() }).data;
      assertEquals([...single], Array.from(words, (word) => (word >>> 8) * 2 ** -24));
      const double = rand([501], { generator: at(), dtype: "float64" }).data;
      const pairs = Array.from(double, (_, i) => {
        const bits = BigInt(words[2 * i]!) << 32n | BigInt(words[2 * i + 1]!);
        return Number(bits >> 11n) * 2 ** -53;
      });
      assertEquals([...double], pairs);
    }
  });
}

Deno.test("randn() turns uniform numbers into normal ones by Box and Muller", () => {
  const uniform = rand([1000], { generator: new RandomGenerator(9), dtype: "float64" }).data;
  const normal = randn([1000], { generator: new RandomGenerator(9), dtype: "float64" }).data;
  for (let i = 0; i < 1000; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - uniform[i]!));
    const angle = 2 * Math.PI * uniform[i + 1]!;
    assertAlmostEquals(normal[i]!, radius * Math.cos(angle), 1e-12);
    assertAlmostEquals(normal[i + 1]!, radius * Math.sin(angle), 1e-12);
  }
});

function moments(values: ArrayLike<number>): { mean: number; variance: number } {
  const list = Array.from(values);
  const mean = list.reduce((a, b) => a + b, 0) / list.length;
  return { mean, variance: list.reduce((a, b) => a + (b - mean) ** 2, 0) / list.length };
}

const N = 200_000;

for (const dtype of ["float32", "float64"] as const) {
  Deno.test(`rand() ${dtype} is uniform in [0, 1)`, () => {
    const values = rand([N], { dtype, generator: new RandomGenerator(17) }).data;
    assert(values.every((value) => value >= 0 && value < 1));
    const { mean, variance } = moments(values);
    // Five standard errors.
    assert(Math.abs(mean - 1 / 2) < 5 * Math.sqrt(1 / 12 / N), `${mean}`);
    assert(Math.abs(variance - 1 / 12) < 5 * Math.sqrt(1 / 180 / N), `${variance}`);
    const bins = new Array<number>(10).fill(0);
    for (const value of values) bins[Math.floor(value * 10)]!++;
    for (const bin of bins) assert(Math.abs(bin - N / 10) < 5 * Math.sqrt(N * 0.09), `${bins}`);
  });

  Deno.test(`randn() ${dtype} is normal`, () => {
    const values = randn([N], { dtype, generator: new RandomGenerator(17) }).data;
    assert(values.every(Number.isFinite));
    const { mean, variance } = moments(values);
    assert(Math.abs(mean) < 5 * Math.sqrt(1 / N), `${mean}`);
    assert(Math.abs(variance - 1) < 5 * Math.sqrt(2 / N), `${variance}`);
    // Shares within one, two and three standard deviations.
    for (const [bound, share] of [[1, 0.682689], [2, 0.9545], [3, 0.9973]] as const) {
      const inside = Array.from(values).filter((value) => Math.abs(value) < bound).length / N;
      assert(Math.abs(inside - share) < 5 * Math.sqrt(share * (1 - share) / N), `${inside}`);
    }
    // Neighbours, which come from one block, do not depend on each other.
    let product = 0;
    for (let i = 1; i < N; i++) product += values[i]! * values[i - 1]!;
    assert(Math.abs(product / N) < 5 / Math.sqrt(N), `${product / N}`);
  });
}

Deno.test("streams beside another differ from it and from each other, and leave it where it is", () => {
  const stream = new RandomGenerator(2n ** 40n + 3n);
  const { state } = stream;
  const first = (branch: number, twig: number, at = state) =>
    beside(at, branch, twig).state.seed.toString();
  const seeds = [first(0, 0), first(0, 1), first(1, 0), first(2 ** 32 - 2, 5)];
  const moved = [{ ...state, offset: 1n }, { ...state, offset: 2n ** 32n }, { ...state, seed: 3n }];
  assertEquals(new Set([...seeds, ...moved.map((at) => first(0, 0, at))]).size, 7);
  assertEquals(first(0, 1), first(0, 1));
  assertEquals(stream.state, state);
});
