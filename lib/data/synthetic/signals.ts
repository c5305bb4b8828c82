/** Synthetic signals: of learners and of machines. Nobody was taught, and nothing was watched. */

import { NOT_NEGATIVE, optionReader, SHARE } from "../../core/options.ts";
import { cat, where } from "../../ops/mod.ts";
import { fromTypedArray, tensor } from "../../tensor/create.ts";
import { rand, randn } from "../../tensor/rand.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { below, normal, uniform } from "../draws.ts";
import {
  readArguments,
  readSynthetic,
  readWorld,
  type Samples,
  SYNTHETIC_OPTIONS,
  type SyntheticOptions,
  WORLD_OPTIONS,
  type WorldOptions,
} from "./options.ts";
import { chosen, type GroupedSamples, labelled } from "./tables.ts";

/**
 * Synthetic windows of behaviour of three learner states: 24 numbers about the centre of a state, and
 * a score that depends on what is not the state. The world has the centres.
 *
 * @param n How many.
 * @returns x of shape [n, 24]; y of shape [n, 1]: the score; group int32: the state, 0 to 2.
 *
 * @example Three states
 * ```ts
 * import { data } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(data.synthetic.behaviours(300).group.max().item(), 2);
 * ```
 */
export function behaviours(n: number, options?: WorldOptions): GroupedSamples {
  const { generator, world } = readArguments("behaviours", arguments.length, n, options, readWorld);
  const centres = randn([3, 24], { generator: world }).mul(0.5);
  const mix = randn([24, 24], { generator: world }).div(5);
  const score = randn([24, 1], { generator: world }).div(5);
  const [group, own] = labelled(n, centres, generator);
  const x = own.add(randn([n, 24], { generator }));
  return { x: x.matmul(mix).tanh().add(x), y: x.matmul(score), group };
}

/**
 * Synthetic courses of an error over 60 lessons, of three types of learner: a fast plateau, a slow
 * fall, and one that comes and goes. Nobody was taught.
 *
 * @param n How many.
 * @returns x of shape [n, 60]; y int32, the type.
 *
 * @example Three types
 * ```ts
 * import { data } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(data.synthetic.learningCurves(9).x.shape, [9, 60]);
 * ```
 */
export function learningCurves(n: number, options?: SyntheticOptions): Samples {
  const { generator } = readArguments(
    "learningCurves",
    arguments.length,
    n,
    options,
    readSynthetic,
  );
  const types = Int32Array.from({ length: n }, () => below(generator, 3));
  const x = new Float32Array(n * 60);
  types.forEach((type, i) => {
    const [speed, phase] = [0.8 + 0.4 * uniform(generator), 2 * Math.PI * uniform(generator)];
    for (let t = 0; t < 60; t++) {
      const fall = type === 0 ? Math.exp(-t * speed / 6) : Math.exp(-t * speed / 40);
      const swing = type === 2 ? 0.25 * Math.sin(t * speed / 3 + phase) : 0;
      x[i * 60 + t] = 0.1 + 0.9 * fall + swing + 0.05 * normal(generator);
    }
  });
  return { x: fromTypedArray(x, [n, 60]), y: fromTypedArray(types, [n]) };
}

/** Options of `sensors`. */
export interface SensorsOptions extends SyntheticOptions {
  /** The share of windows with a fault. Default: 0. */
  faults?: number;
  /** How large the fault's tone is. Default: 0.5. */
  amplitude?: number;
}

const sensorsOptions = optionReader<SensorsOptions>({
  ...SYNTHETIC_OPTIONS,
  faults: SHARE,
  amplitude: NOT_NEGATIVE,
});

/**
 * Synthetic windows of a sensor: three cycles of any phase with noise, and on those with a fault a tone
 * of nine cycles.
 *
 * @param n How many.
 * @returns x of shape [n, 32]; y int32, 1 for a fault.
 *
 * @example All of them whole
 * ```ts
 * import { data } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(data.synthetic.sensors(5).y.sum().item(), 0);
 * ```
 */
export function sensors(n: number, options?: SensorsOptions): Samples {
  const { generator, options: { faults = 0, amplitude = 0.5 } } = readArguments(
    "sensors",
    arguments.length,
    n,
    options,
    sensorsOptions,
  );
  const time = tensor(Array.from({ length: 32 }, (_, t) => 2 * Math.PI * t / 32)).unsqueeze(0);
  const column = () => rand([n, 1], { generator });
  const wave = (cycles: number) => time.mul(cycles).add(column().mul(2 * Math.PI)).sin();
  const whole = wave(3).mul(column().mul(0.4).add(0.8)).add(randn([n, 32], { generator }).mul(0.1));
  const fault = chosen(n, faults, generator);
  const tone = where(fault.unsqueeze(1), wave(9).mul(amplitude), 0);
  return { x: whole.add(tone), y: fault.to({ dtype: "int32" }) };
}

/** Streams of three kinds of the same learners. */
export interface Learners {
  /** Shape [n, 20, 8]. */
  readonly speech: Tensor;
  /** Shape [n, 20, 2]: where the eyes are. */
  readonly gaze: Tensor;
  /** Shape [n, 20, 3]: 0 or 1. */
  readonly touch: Tensor;
  /** int32, of shape [n]: 0 or 1. */
  readonly attention: Tensor;
  /** Shape [n, 1], of deviation 1. */
  readonly mastery: Tensor;
  /** int32, of shape [n]: 0 to 3. */
  readonly strategy: Tensor;
}

/**
 * Synthetic streams of speech, eyes and fingers of learners, each of which shows one of three hidden
 * numbers, and what depends on several of them. Nobody was watched.
 *
 * @param n How many.
 *
 * @example Three streams
 * ```ts
 * import { data } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const { speech, gaze, touch } = data.synthetic.learners(4);
 * assertEquals([speech, gaze, touch].map((x) => x.shape[2]), [8, 2, 3]);
 * ```
 */
export function learners(n: number, options?: SyntheticOptions): Learners {
  const { generator } = readArguments("learners", arguments.length, n, options, readSynthetic);
  const hidden = randn([n, 3], { generator });
  const [a, b, c] = [0, 1, 2].map((i) => hidden.narrow(1, i, 1)) as [Tensor, Tensor, Tensor];
  const cycle = tensor(Array.from({ length: 20 }, (_, t) => Math.sin(4 * Math.PI * t / 20)));
  const loud = tensor(Array.from({ length: 8 }, (_, i) => 0.5 + i / 14));
  const speech = a.unsqueeze(2).mul(cycle.reshape([1, 20, 1])).mul(loud)
    .add(randn([n, 20, 8], { generator }).mul(0.7));
  const restless = b.mul(0.6).exp().mul(0.3).unsqueeze(2);
  const gaze = randn([n, 20, 2], { generator }).mul(restless).cumsum(1);
  const chance = c.mul(1.5).sub(0.5).sigmoid().unsqueeze(2);
  const touch = rand([n, 20, 3], { generator }).lt(chance).to({ dtype: "float32" });
  const [first, third] = [a.gt(0), c.gt(0)].map((x) => x.squeeze(1).to({ dtype: "int32" })) as [
    Tensor,
    Tensor,
  ];
  return {
    speech,
    gaze,
    touch,
    attention: a.add(b).gt(0).squeeze(1).to({ dtype: "int32" }),
    mastery: cat([a, b, c.neg()], 1).sum(1, { keepdim: true }).div(Math.sqrt(3)),
    strategy: first.mul(2).add(third),
  };
}

/** What three kinds of stream show of the same moments. */
export interface Moments {
  /** Shape [n, 16]. */
  readonly speech: Tensor;
  /** Shape [n, 8]. */
  readonly gaze: Tensor;
  /** Shape [n, 12]. */
  readonly touch: Tensor;
}

/**
 * Synthetic moments of which speech, eyes and fingers all show the same four hidden numbers, each in its
 * own way and with noise of deviation 0.1. The world has the ways. Nobody was watched.
 *
 * @param n How many.
 *
 * @example Three views
 * ```ts
 * import { data } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const { speech, gaze, touch } = data.synthetic.moments(4);
 * assertEquals([speech, gaze, touch].map((x) => x.shape[1]), [16, 8, 12]);
 * ```
 */
export function moments(n: number, options?: WorldOptions): Moments {
  const { generator, world } = readArguments("moments", arguments.length, n, options, readWorld);
  const hidden = randn([n, 4], { generator });
  const view = (width: number) =>
    hidden.matmul(randn([4, width], { generator: world }).div(2)).tanh()
      .add(randn([n, width], { generator }).mul(0.1));
  return { speech: view(16), gaze: view(8), touch: view(12) };
}

/** Options of `lapses`. */
export interface LapsesOptions extends WorldOptions {
  /** The share of windows, the last ones, in which attention has lapsed. Default: 0. */
  lapsed?: number;
}

const lapsesOptions = optionReader<LapsesOptions>({ ...WORLD_OPTIONS, lapsed: SHARE });

/**
 * Synthetic windows of a learner's behaviour: twelve numbers that three hidden ones make, with noise of
 * deviation 0.3. Where attention has lapsed the numbers no longer go together: they are mixed up and
 * smaller, with noise of 0.9. The world has how they go together. Nobody was watched.
 *
 * @param n How many windows, one after the other.
 * @returns x of shape [n, 12]; y int32, 1 where attention has lapsed.
 *
 * @example The last third
 * ```ts
 * import { data } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(data.synthetic.lapses(3, { lapsed: 1 / 3 }).y.toArray(), [0, 0, 1]);
 * ```
 */
export function lapses(n: number, options?: LapsesOptions): Samples {
  const { generator, world, options: { lapsed = 0 } } = readArguments(
    "lapses",
    arguments.length,
    n,
    options,
    lapsesOptions,
  );
  const together = randn([3, 12], { generator: world });
  const mixed = fromTypedArray(world.permutation(12), [12]);
  const shown = randn([n, 3], { generator }).matmul(together);
  const noise = randn([n, 12], { generator });
  const first = n - Math.round(lapsed * n);
  const y = fromTypedArray(Int32Array.from({ length: n }, (_, i) => Number(i >= first)), [n]);
  const calm = shown.add(noise.mul(0.3));
  const away = shown.indexSelect(1, mixed).mul(0.6).add(noise.mul(0.9));
  return { x: where(y.eq(1).unsqueeze(1), away, calm), y };
}
