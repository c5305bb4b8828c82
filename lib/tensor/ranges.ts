/** Tensors of numbers at equal distances or ratios. */

import { checkNumber } from "../core/arguments.ts";
import { checkCount, NUMBER, optionReader, TENSOR_OPTIONS } from "../core/options.ts";
import type { TensorOptions } from "./create.ts";
import { checkExtent, finish, make, once, readTensorOptions, splitRest, write } from "./fresh.ts";
import type { Tensor } from "./tensor.ts";

/** Options of `arange`. */
export interface ArangeOptions extends TensorOptions {
  /** Distance of two numbers. Default: 1. */
  step?: number;
}

const readArangeOptions = optionReader<ArangeOptions>({ ...TENSOR_OPTIONS, step: NUMBER });

/** The numbers from 0 up to, not including, `end`. Follows `torch.arange`. */
export function arange(end: number, options?: ArangeOptions): Tensor;
/** Numbers from `start` up to, not including, `end`. Follows `torch.arange`. */
export function arange(start: number, end: number | undefined, options?: ArangeOptions): Tensor;
/**
 * Numbers from `start` up to, not including, `end`. Integers give int32, others float32. Follows
 * `torch.arange`.
 *
 * @param step Distance of two numbers; may also stand in the options. Default: 1.
 * @throws {RangeError} If the step does not lead from `start` to `end`.
 *
 * @example Up and down
 * ```ts
 * import { arange } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(arange(0, 10, 4).toArray(), [0, 4, 8]);
 * assertEquals(arange(1, -0.5, { step: -0.5 }).toArray(), [1, 0.5, 0]);
 * ```
 */
export function arange(
  start: number,
  end: number | undefined,
  step: number | undefined,
  options?: TensorOptions,
): Tensor;
export function arange(first: number, ...rest: unknown[]): Tensor {
  const call = "run arange";
  const { numbers, options } = splitRest<ArangeOptions>(call, 1, ["end", "step"], rest);
  const read = readArangeOptions(call, options);
  const step = once(call, "step", numbers[1], read.step) ?? 1;
  checkNumber(call, numbers[0] === undefined ? "end" : "start", first);
  const [from, to] = numbers[0] === undefined ? [0, first] : [first, numbers[0]];
  const count = Math.ceil((to - from) / step);
  if (![from, to, step].every(Number.isFinite) || step === 0 || count < 0) {
    throw new RangeError(`Cannot ${call}: step ${step} does not lead from ${from} to ${to}`);
  }
  const whole = [from, to, step].every(Number.isInteger);
  const x = make("arange", [count], read.dtype ?? (whole ? "int32" : "float32"));
  write("arange", x, (i) => from + i * step);
  return finish(x, read);
}

/** Checks the arguments of `linspace` and `logspace`. */
function checkSpace(op: string, start: unknown, end: unknown, steps: unknown): void {
  checkNumber(`run ${op}`, "start", start);
  checkNumber(`run ${op}`, "end", end);
  if (!Number.isFinite(start) || !Number.isFinite(end)) {
    throw new RangeError(`Cannot run ${op}: start and end must be finite, got ${start} and ${end}`);
  }
  checkExtent(op, "steps", steps);
}

/** The i-th of `steps` numbers from `start` to `end`, both included, at equal distances. */
function between(start: number, end: number, steps: number): (i: number) => number {
  const parts = Math.max(1, steps - 1);
  // The whole distance may leave the range.
  const whole = end - start;
  const distance = Number.isFinite(whole) ? whole / parts : end / parts - start / parts;
  // From the nearer end, so that the sequence is symmetric and ends exactly.
  return (i) => i < steps / 2 ? start + i * distance : end - (steps - 1 - i) * distance;
}

/**
 * `steps` numbers from `start` to `end`, both included, at equal distances. Follows
 * `torch.linspace`.
 *
 * @example Both ends
 * ```ts
 * import { linspace } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(linspace(0, 1, 5).toArray(), [0, 0.25, 0.5, 0.75, 1]);
 * ```
 */
export function linspace(
  start: number,
  end: number,
  steps: number,
  options?: TensorOptions,
): Tensor {
  checkCount("run linspace", arguments.length, 4);
  checkSpace("linspace", start, end, steps);
  const read = readTensorOptions("run linspace", options);
  const x = make("linspace", [steps], read.dtype ?? "float32");
  write("linspace", x, between(start, end, steps));
  return finish(x, read);
}

/** Options of `logspace`. */
export interface LogspaceOptions extends TensorOptions {
  /** The number whose powers are taken. Default: 10. */
  base?: number;
}

const readLogspaceOptions = optionReader<LogspaceOptions>({ ...TENSOR_OPTIONS, base: NUMBER });

/** `steps` powers of 10, with exponents as of `linspace`. Follows `torch.logspace`. */
export function logspace(
  start: number,
  end: number,
  steps: number,
  options?: LogspaceOptions,
): Tensor;
/**
 * `steps` powers of `base`, whose exponents go from `start` to `end`, both included, at equal
 * distances. Follows `torch.logspace`.
 *
 * @param base May also stand in the options. Default: 10.
 *
 * @example Powers of 2
 * ```ts
 * import { logspace } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(logspace(0, 3, 4, 2).toArray(), [1, 2, 4, 8]);
 * ```
 */
export function logspace(
  start: number,
  end: number,
  steps: number,
  base: number | undefined,
  options?: TensorOptions,
): Tensor;
export function logspace(
  start: number,
  end: number,
  steps: number,
  ...rest: unknown[]
): Tensor {
  const call = "run logspace";
  checkSpace("logspace", start, end, steps);
  const { numbers, options } = splitRest<LogspaceOptions>(call, 3, ["base"], rest);
  const read = readLogspaceOptions(call, options);
  const base = once(call, "base", numbers[0], read.base) ?? 10;
  const x = make("logspace", [steps], read.dtype ?? "float32");
  const exponent = between(start, end, steps);
  write("logspace", x, (i) => base ** exponent(i));
  return finish(x, read);
}
