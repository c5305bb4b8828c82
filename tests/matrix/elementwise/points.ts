/** Points at which elementwise ops are tested, and the references there. */

import type { DType } from "../../../mod.ts";
import type { Elementwise } from "../../common/elementwise.ts";
import { asType, columns, count, type Plain, sample, stream } from "../../common/samples.ts";

/** Inputs of one shape; every fourth pair is equal, so that comparisons see ties. */
export function samplesFor(op: Elementwise, shape: readonly number[], dtype: DType): Plain[] {
  const inputs = Array.from(
    { length: op.arity },
    (_, i) => sample(`${op.name} ${i} ${shape}`, shape, dtype, op.domain),
  );
  const [a, b] = inputs;
  if (a === undefined || b === undefined) return inputs;
  return [a, { shape, data: b.data.map((value, i) => i % 4 === 3 ? a.data[i]! : value) }];
}

/** The distance of points from kinks, far above the steps of the differences. */
const CLEARANCE = 0.05;

/**
 * Inputs for gradients, away from the kinks, which for two inputs are those of each input or of
 * their difference. Shapes broadcast.
 */
export function smoothSamples(op: Elementwise, ...shapes: (readonly number[])[]): Plain[] {
  const kinks = op.sampling.kinks ?? [];
  const [low, high] = op.domain;
  const clear = (value: number) => kinks.every((kink) => Math.abs(value - kink) > CLEARANCE);
  const next = stream(`${op.name} smooth ${shapes.join(" and ")}`);
  const draw = (good: (value: number) => boolean): number => {
    for (;;) {
      const value = low + (high - low) * next();
      if (clear(value) && good(value)) return value;
    }
  };
  const first: number[] = Array.from({ length: count(shapes[0]!) }, () => draw(() => true));
  // Elements of the second input differ from all of a small first one, as any two may be paired.
  const others = first.length <= 30 && kinks.length > 0;
  const second = shapes[1] === undefined ? [] : Array.from(
    { length: count(shapes[1]) },
    (_, i) =>
      draw((value) => others ? first.every((a) => clear(a - value)) : clear(first[i]! - value)),
  );
  return shapes.map((shape, i) => ({ shape, data: i === 0 ? first : second }));
}

/** Large and small numbers, and NaN and infinities. */
const EXTREMES = {
  float32: [
    ...[0, 1e-30, 1.2e-38, 1, 2.5, 3, 20, 1e30, 3e38, Infinity].flatMap((x) => [x, -x]),
    ...[1e-4, -1e-4, NaN],
  ],
  float64: [
    ...[0, 1e-300, 2.3e-308, 1, 2.5, 3, 20, 1e300, 1.7e308, Infinity].flatMap((x) => [x, -x]),
    ...[1e-4, -1e-4, NaN],
  ],
  int32: [0, 1, -1, 3, -3, 46341, -46341, 2 ** 31 - 1, -(2 ** 31)],
};

/**
 * Extremes, the special points of an op's entry, and the ends of its domain; in pairs for two
 * inputs.
 */
export function specialInputs(
  { arity, sampling, domain }: Pick<Elementwise, "arity" | "sampling" | "domain">,
  dtype: "float32" | "float64" | "int32",
): Plain[] {
  const own = [...sampling.special ?? [], ...sampling.kinks ?? [], ...domain];
  const points = [...EXTREMES[dtype], ...own].map((x) => asType(x, dtype));
  return columns(
    arity,
    arity === 1 ? points.map((x) => [x]) : points.flatMap((a) => points.map((b) => [a, b])),
  );
}

/** Elementwise reference of broadcast inputs. */
export function expected(op: Elementwise, inputs: readonly Plain[]): Plain {
  const rank = Math.max(...inputs.map(({ shape }) => shape.length));
  const shape = Array.from({ length: rank }, (_, axis) => {
    const extents = inputs.map((input) => input.shape[axis - rank + input.shape.length] ?? 1);
    return extents.find((extent) => extent !== 1) ?? 1;
  });
  const index = new Array<number>(rank).fill(0);
  const data = Array.from({ length: count(shape) }, () => {
    const values = inputs.map((input) => {
      const missing = rank - input.shape.length;
      let position = 0;
      input.shape.forEach((extent, axis) => {
        position = position * extent + (extent === 1 ? 0 : index[axis + missing]!);
      });
      return input.data[position]!;
    });
    for (let axis = rank - 1; axis >= 0; axis--) {
      index[axis]!++;
      if (index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
    return op.sampling.ref(...values);
  });
  return { shape, data };
}

/** The one-sided slopes of the reference at a point, or null if they are not finite. */
export function slopes(
  ref: (x: number) => number,
  x: number,
): readonly [number, number] | null {
  const slope = (h: number) => (ref(x + h) - ref(x)) / h;
  // If the derivative is finite, two steps give about the same; for √x at 0 it grows by 100.
  const sides = [-1, 1].map((side) => [slope(side * 1e-4), slope(side * 1e-8)] as const);
  const settled = sides.every(([wide, narrow]) =>
    Math.abs(wide - narrow) <= 0.01 + 0.1 * Math.abs(wide)
  );
  return settled ? [sides[0]![1], sides[1]![1]] : null;
}
