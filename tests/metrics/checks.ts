/** The checks of a metric: it follows its reference, whole and in any batches, and keeps numbers. */

import { assert, assertEquals, AssertionError, assertThrows } from "@std/assert";
import { metrics, scope, Tensor } from "../../mod.ts";
import { near } from "../common/compare.ts";
import { laidOut, plainOf } from "../common/samples.ts";
import { NUMBERS, type Stored, unstored } from "../fixtures/stored.ts";
import type { MetricName, MetricRow } from "./table.ts";

/** A call and the reference's value. */
export interface MetricCase {
  readonly title: string;
  readonly rtol: number;
  readonly inputs: readonly unknown[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly value: unknown;
}

type Stream = metrics.MetricStream<readonly unknown[], unknown>;

/** A metric of whatever inputs. */
export interface AnyMetric {
  (...call: unknown[]): unknown;
  stream(options?: unknown): Stream;
}

/** The metric of a name. */
export function metricOf(name: MetricName): AnyMetric {
  return metrics[name] as unknown as AnyMetric;
}

function isStored(value: unknown): value is Stored {
  return typeof value === "object" && value !== null && "dtype" in value && "data" in value;
}

/** An input of a file: a tensor, or arrays and records of them, or text. */
function inputOf(value: unknown): unknown {
  if (isStored(value)) return unstored(value);
  if (Array.isArray(value)) return value.map(inputOf);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, own]) => [key, inputOf(own)]));
}

/** The inputs of a case. */
export function inputsOf({ inputs }: MetricCase): unknown[] {
  return inputs.map(inputOf);
}

function isNumberName(value: unknown): value is keyof typeof NUMBERS {
  return typeof value === "string" && value in NUMBERS;
}

/** Fails unless a value is what the reference has, in form and in numbers. */
export function assertValue(actual: unknown, expected: unknown, rtol: number, at = "value"): void {
  if (typeof expected === "number" || isNumberName(expected)) {
    const wanted = typeof expected === "number" ? expected : NUMBERS[expected];
    if (typeof actual === "number" && near(actual, wanted, { rtol, atol: rtol })) return;
    throw new AssertionError(`${at} is ${Deno.inspect(actual)}, expected ${wanted}`);
  }
  assert(typeof actual === "object" && actual !== null, `${at} is ${Deno.inspect(actual)}`);
  const wanted = expected as Readonly<Record<string, unknown>>;
  assertEquals(Object.keys(actual).sort(), Object.keys(wanted).sort(), at);
  for (const [key, own] of Object.entries(wanted)) {
    assertValue(Reflect.get(actual, key), own, rtol, `${at}.${key}`);
  }
}

/** Examples of an input from one to another. */
function part(input: unknown, from: number, to: number): unknown {
  return input instanceof Tensor
    ? input.narrow(0, from, to - from).clone()
    : (input as unknown[]).slice(from, to);
}

function lengthOf(input: unknown): number {
  return input instanceof Tensor ? input.shape[0]! : (input as unknown[]).length;
}

/** Fails unless the whole, and batches of any sizes, have the reference's value. */
export function checkCase(metric: AnyMetric, own: MetricCase): void {
  const { options, value, rtol } = own;
  const inputs = inputsOf(own);
  assertValue(metric(...inputs, options), value, rtol, "the whole");
  const stream = metric.stream(options);
  const n = lengthOf(inputs[0]);
  for (const size of [n, 1, Math.ceil(n / 2) + 1]) {
    for (let from = 0; from < n; from += size) {
      // What was made in a scope is gone after it: nothing of it may be needed later.
      scope(() => {
        const to = Math.min(from + size, n);
        stream.update(...inputs.map((input) => part(input, from, to)));
      });
      stream.update(...inputs.map((input) => part(input, 0, 0)));
    }
    for (let twice = 0; twice < 2; twice++) {
      assertValue(stream.compute(), value, rtol, `batches of ${size}`);
    }
    stream.reset();
  }
  assertThrows(() => stream.compute(), RangeError, "there are no examples that count");
}

/** Fails unless a stream goes on from the state of another, and refuses what is none. */
export function checkStates(
  metric: AnyMetric,
  own: MetricCase,
  carry = (from: Stream, to: Stream) => to.loadStateDict(from.stateDict()),
): void {
  const { options, value, rtol } = own;
  const inputs = inputsOf(own);
  const n = lengthOf(inputs[0]);
  for (const at of [0, 1, n]) {
    const [one, other] = [metric.stream(options), metric.stream(options)];
    if (at > 0) one.update(...inputs.map((input) => part(input, 0, at)));
    carry(one, other);
    // What the first learns later is not the other's.
    one.update(...inputs);
    if (at < n) other.update(...inputs.map((input) => part(input, at, n)));
    assertValue(other.compute(), value, rtol, `gone on from ${at}`);
    const before = other.stateDict();
    for (const wrong of wrongStates(before)) {
      assertThrows(() => other.loadStateDict(wrong as object), TypeError, "must be a state of it");
    }
    assertEquals(other.stateDict(), before);
  }
}

function wrongStates(state: object): unknown[] {
  const keys = Object.keys(state);
  return [
    "text",
    null,
    {},
    { ...state, odd: 1 },
    ...keys.flatMap((key) => [{ ...state, [key]: true }, { ...state, [key]: undefined }]),
  ];
}

/** Fails unless a metric reads elements wherever they lie, and of tensors on the tape. */
export function checkLayouts(metric: AnyMetric, own: MetricCase): void {
  const inputs = inputsOf(own);
  for (const layout of ["permuted", "stepped", "offset"] as const) {
    const laid = inputs.map((x) => {
      if (!(x instanceof Tensor)) return x;
      const other = laidOut(plainOf(x), x.dtype, layout);
      return x.dtype === "float64" ? other.requiresGrad_() : other;
    });
    assertValue(metric(...laid, own.options), own.value, own.rtol, layout);
  }
}

/** Fails unless wrong calls are refused, of the whole and of a batch, which then adds nothing. */
export function checkRefusals(metric: AnyMetric, row: MetricRow<object>, own: MetricCase): void {
  const empty = inputsOf(own).map((input) => part(input, 0, 0));
  assertThrows(() => metric(...empty, own.options), RangeError, "there are no examples that count");
  for (const { inputs, options, error, says } of row.refuses) {
    assertThrows(() => metric(...inputs(), options), error, says);
    const stream = metric.stream({ ...own.options, ...options });
    try {
      stream.update(...inputsOf(own));
    } catch {
      // Options may fit the wrong inputs alone.
      stream.reset();
    }
    const before = resultOf(stream);
    assertThrows(() => stream.update(...inputs()), error);
    assertEquals(resultOf(stream), before, says);
  }
}

function resultOf(stream: Stream): unknown {
  try {
    return stream.compute();
  } catch (error) {
    return String(error);
  }
}
