/** What the generated tests share: numbers that are the same in each run, tensors of every layout. */

import { type DType, fromTypedArray, type NestedArray, type Tensor } from "../../mod.ts";

/** A tensor as the references see it: extents and elements in row-major order, in float64. */
export interface Plain {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** Numbers in [0, 1) that depend on a name only (mulberry32), not on the library's own stream. */
export function stream(name: string): () => number {
  let state = 0x9e3779b9;
  for (const letter of name) state = Math.imul(state ^ letter.charCodeAt(0), 0x01000193) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ state >>> 15, 1 | state);
    t = (t + Math.imul(t ^ t >>> 7, 61 | t)) ^ t;
    return ((t ^ t >>> 14) >>> 0) / 0x100000000;
  };
}

/** Number of elements. */
export function count(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** Elements of one type as the reference gets them: rounded, truncated or reduced to 0 and 1. */
export function asType(value: number, dtype: DType): number {
  if (dtype === "float64") return value;
  if (dtype === "float32") return Math.fround(value);
  return dtype === "int32" ? Math.trunc(value) | 0 : Number(value !== 0);
}

/** Random elements of a type: floats in a range, the integers in it, or 0 and 1. */
export function sample(
  name: string,
  shape: readonly number[],
  dtype: DType,
  [low, high]: readonly [number, number] = [-3, 3],
): Plain {
  const next = stream(name);
  const [first, last] = [Math.ceil(low), Math.floor(high)];
  const draw = {
    float64: () => low + (high - low) * next(),
    float32: () => Math.fround(low + (high - low) * next()),
    int32: () => first + Math.floor(next() * (last - first + 1)),
    bool: () => Number(next() < 0.5),
  }[dtype];
  return { shape, data: Array.from({ length: count(shape) }, draw) };
}

/** The inputs of many calls of one number each as one call. */
export function columns(arity: number, calls: readonly (readonly number[])[]): Plain[] {
  return Array.from({ length: arity }, (_, i) => ({
    shape: [calls.length],
    data: calls.map((call) => call[i]!),
  }));
}

const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  bool: Uint8Array,
} as const;

/** A contiguous tensor with the given elements. */
export function tensorOf({ shape, data }: Plain, dtype: DType): Tensor {
  return fromTypedArray(ARRAYS[dtype].from(data), shape);
}

/** The elements of a tensor in order; bool as 0 and 1. */
export function valuesOf(x: Tensor): number[] {
  const values: number[] = [];
  const visit = (part: NestedArray) => {
    if (Array.isArray(part)) part.forEach(visit);
    else values.push(Number(part));
  };
  visit(x.toArray());
  return values;
}

/** A tensor as the references see it. */
export function plainOf(x: Tensor): Plain {
  return { shape: x.shape, data: valuesOf(x) };
}

/** The ways in which the elements of a tensor can lie. */
export const LAYOUTS = ["permuted", "stepped", "offset"] as const;

/** One of those ways. */
export type Layout = typeof LAYOUTS[number];

/** A tensor with the given elements that lie in memory in another way than row by row. */
export function laidOut(plain: Plain, dtype: DType, layout: Layout): Tensor {
  const { shape } = plain;
  const dims = shape.map((_, i) => i);
  if (layout === "permuted") {
    const back = dims.toReversed();
    return tensorOf(plain, dtype).permute(back).clone().permute(back);
  }
  const step = layout === "stepped" ? 2 : 1;
  const around = { shape: shape.map((extent) => 1 + extent * step + 1), data: [] as number[] };
  around.data = new Array<number>(count(around.shape)).fill(1);
  let view = tensorOf(around, dtype);
  for (const dim of dims) view = view.slice(dim, 1, 1 + shape[dim]! * step, step);
  return view.copy_(tensorOf(plain, dtype));
}

/** Writes a shape as test names have it. */
export function show(shape: readonly number[]): string {
  return `[${shape.join(", ")}]`;
}

/** The members of a class by name, with those that it inherits from classes of ours. */
export function membersOf(prototype: object): [name: string, member: PropertyDescriptor][] {
  const own = Object.entries(Object.getOwnPropertyDescriptors(prototype));
  const above = Object.getPrototypeOf(prototype);
  return above === Object.prototype || above === null ? own : [...own, ...membersOf(above)];
}
