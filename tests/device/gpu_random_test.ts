/** Random numbers on the GPU: the stream of the CPU, word for word, drawn there. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  bernoulli,
  type Device,
  DeviceError,
  distributions,
  full,
  memoryStats,
  nn,
  normal,
  ones,
  rand,
  randint,
  randintLike,
  randLike,
  randn,
  RandomGenerator,
  randperm,
  type Tensor,
  vmap,
  zeros,
} from "../../mod.ts";
import { assertTensor } from "../common/compare.ts";
import { plainOf } from "../common/samples.ts";
import { NORMAL_NUMBERS, NORMAL_NUMBERS_FLOAT64 } from "../matrix/gpu_differences.ts";
import { float64Test } from "../tools/gpu_float64.ts";
import { gpuTest } from "../tools/gpu.ts";

/** Where a stream stands. */
type RandomState = RandomGenerator["state"];

/** Where a draw happens, and what from. */
interface Place {
  readonly device: Device;
  readonly generator: RandomGenerator;
}

type Draw = (n: number, place: Place) => Tensor;

/** The same bits on both devices. */
const EXACT: Readonly<Record<string, Draw>> = {
  "rand()": (n, place) => rand([n], place),
  "randLike()": (n, { device, generator }) => randLike(zeros([n], { device }), { generator }),
  "randint() of few": (n, place) => randint(-2, 5, [n], place),
  "randint() of all": (n, place) => randint(-(2 ** 31), 2 ** 31, [n], place),
  "randint() of most": (n, place) => randint(-(2 ** 31), 2 ** 31 - 1, [n], place),
  "randintLike()": (n, { device, generator }) =>
    randintLike(zeros([n], { device }), 1000, { generator }),
  "randperm()": (n, place) => randperm(n % 100, place),
  "bernoulli()": (n, { device, generator }) => bernoulli(full([n], 0.3, { device }), { generator }),
  "dropout()": (n, { device, generator }) =>
    nn.functional.dropout(ones([n], { device }), { p: 0.25, generator }),
  "init.uniform_()": (n, { device, generator }) =>
    nn.init.uniform_(zeros([n], { device }), 0, 4, { generator }),
};

/** The same but for logarithms and cosines. */
const CLOSE: Readonly<Record<string, Draw>> = {
  "randn()": (n, place) => randn([n], place),
  "normal()": (n, { device, generator }) =>
    normal(full([n], 0, { device }), 2, undefined, { generator }),
  "distributions.Normal": (n, { device, generator }) =>
    new distributions.Normal(zeros([1], { device }), 1).sample([n], { generator }),
  "init.normal_()": (n, { device, generator }) =>
    nn.init.normal_(zeros([n], { device }), 0, 3, { generator }),
};

/** What those in float64 are like. */
const WIDE_EXACT: Readonly<Record<string, Draw>> = {
  "rand() of float64": (n, place) => rand([n], { ...place, dtype: "float64" }),
  "init.uniform_() of float64": (n, { device, generator }) =>
    nn.init.uniform_(zeros([n], { device, dtype: "float64" }), 0, 4, { generator }),
};
const WIDE_CLOSE: Readonly<Record<string, Draw>> = {
  "randn() of float64": (n, place) => randn([n], { ...place, dtype: "float64" }),
};

/** The last states reach the ends of both words of the counter. */
const STATES: readonly RandomState[] = [
  { seed: 0n, offset: 0n },
  { seed: 1766016000072n, offset: 2n ** 32n - 3n },
  { seed: 2n ** 64n - 1n, offset: 2n ** 64n - 2n },
];

const SIZES = [0, 1, 3, 4, 5, 1023, 5000];

/** What is drawn on a device, and where the stream stands then. */
function drawnOn(device: Device, draw: Draw, n: number, state: RandomState) {
  const generator = new RandomGenerator();
  generator.state = state;
  const x = draw(n, { device, generator });
  assertEquals(x.device, device);
  return { x, state: generator.state };
}

for (
  const [draws, tolerance, declare] of [
    [EXACT, { rtol: 0 }, gpuTest],
    [CLOSE, NORMAL_NUMBERS, gpuTest],
    [WIDE_EXACT, { rtol: 0 }, float64Test],
    [WIDE_CLOSE, NORMAL_NUMBERS_FLOAT64, float64Test],
  ] as const
) {
  for (const [name, draw] of Object.entries(draws)) {
    declare(`${name} draws what the CPU draws, and the stream goes on alike`, () => {
      for (const state of STATES) {
        for (const n of SIZES) {
          const [ours, cpu] = (["gpu", "cpu"] as const).map((d) => drawnOn(d, draw, n, state));
          const trial = `${name} of ${n} at ${state.offset}`;
          assertTensor(trial, ours!.x, plainOf(cpu!.x), cpu!.x.dtype, tolerance);
          assertEquals(ours!.state, cpu!.state);
        }
      }
    });
  }
}

gpuTest("draws on both devices in turn are those of one", () => {
  const run = (devices: readonly Device[]) => {
    const generator = new RandomGenerator(9);
    return devices.map((device, i) => rand([5 + i], { device, generator }).toArray());
  };
  const wanted = run(["cpu", "cpu", "cpu", "cpu"]);
  assertEquals(run(["gpu", "cpu", "gpu", "gpu"]), wanted);
  assertEquals(run(["cpu", "gpu", "cpu", "gpu"]), wanted);
});

gpuTest("under vmap each example gets what it gets on the CPU", () => {
  const run = (device: Device, randomness: "same" | "different") => {
    const generator = new RandomGenerator(4);
    const draw = (x: Tensor) => x.add(rand([3], { device, generator }));
    return vmap(draw, { randomness })(zeros([4, 3], { device })).toArray();
  };
  for (const randomness of ["same", "different"] as const) {
    assertEquals(run("gpu", randomness), run("cpu", randomness));
  }
});

gpuTest("nothing is drawn on the host and written, nor read back", () => {
  const generator = new RandomGenerator(1);
  const place = { device: "gpu", generator } as const;
  const x = ones([300], { device: "gpu" });
  const draw = () => [
    rand([300], place),
    randn([301], place),
    randint(10, [302], place),
    nn.functional.dropout(x, { p: 0.1, generator }),
    nn.init.normal_(x, 0, 2, { generator }),
  ];
  // Constants are written once.
  draw();
  const before = memoryStats();
  draw();
  const after = memoryStats();
  assertEquals([after.gpuWrites, after.gpuReads], [before.gpuWrites, before.gpuReads]);
  randperm(5, place);
  assertEquals(memoryStats().gpuWrites, before.gpuWrites + 1);
});

gpuTest("what a draw refuses takes nothing out of the stream", () => {
  const generator = new RandomGenerator(1);
  assertThrows(() => randn([2 ** 30], { device: "gpu", generator }), DeviceError, "limit");
  assertEquals(generator.state.offset, 0n);
});

gpuTest("draws of millions equal the CPU's at their ends", () => {
  const n = 2 ** 24 + 3;
  const [ours, cpu] = (["gpu", "cpu"] as const).map((device) => {
    const x = rand([n], { device, generator: new RandomGenerator(2) });
    return [x.narrow(0, 0, 9), x.narrow(0, n - 9, 9)].map((part) => part.toArray());
  });
  assertEquals(ours, cpu);
  assert(cpu!.flat().some((value) => value !== 0));
});
