/** Composites: indexing as in NumPy: integers, ranges, new axes and tensors of positions. */

import { DTypeError, ShapeError, showShape } from "../../core/errors.ts";
import { checkCount, shown } from "../../core/options.ts";
import { broadcastShapes, sameShape, type Shape, sizeOf } from "../../core/shape.ts";
import { isTensor } from "../../core/tensor.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { copyInto, copyOf, elementsOf, moveTo } from "../copy/copy.ts";
import { inBatchOf } from "../define/batch.ts";
import { checkTensor } from "../define/checks.ts";
import { tensorOver } from "../define/record.ts";
import { composites } from "../registry.ts";
import { flatten } from "../shape/composites.ts";
import { expand, permute, reshape, sliceBlock, sliceRange } from "../shape/primitives.ts";
import { selectChecked } from "./composites.ts";
import { outOfRange, scatterRows } from "./primitives.ts";

/**
 * One part of an index: an integer, a range `[start, end, step?]` of which null leaves an end open,
 * `":"` for a whole dimension, `"..."` for as many as are left, `null` for a new dimension, or a tensor
 * of int32 positions or of bool. A tensor of one position without dimensions stands for the integer. A
 * bool tensor without dimensions makes a new one, of extent 1 or 0.
 */
export type Index = number | readonly (number | null | undefined)[] | ":" | "..." | null | Tensor;

/** What an index asks of one dimension. */
type Part = Exclude<Index, "..." | ":">;

/** Refuses what is no part of an index. */
function checkPart(op: string, part: unknown, i: number): void {
  if (Array.isArray(part)) {
    if (part.length === 2 || part.length === 3) return;
    throw new RangeError(
      `Cannot compute ${op}: a range is [start, end] or [start, end, step], with null for an open ` +
        `end, got ${shown(part)} as part ${i}; a list of positions is an int32 tensor`,
    );
  }
  const known = typeof part === "number" || part === null || part === ":" || part === "..." ||
    isTensor(part);
  if (known) return;
  throw new TypeError(
    `Cannot compute ${op}: part ${i} of an index must be an integer, a range [start, end, step?], ` +
      `":", "...", null or a tensor, got ${shown(part)}`,
  );
}

function countDims(part: Index): number {
  if (part === null || part === "...") return 0;
  return isTensor(part) && part.dtype === "bool" ? part.ndim : 1;
}

/** Fills in `"..."`, `":"` and what is missing at the end. */
function complete(op: string, x: Tensor, index: readonly Index[]): Part[] {
  if (!Array.isArray(index)) {
    throw new TypeError(
      `Cannot compute ${op}: the index must be an array of parts, as [0, ":"], got ${shown(index)}`,
    );
  }
  for (let i = 0; i < index.length; i++) checkPart(op, index[i], i);
  const used = index.reduce((n: number, part) => n + countDims(part), 0);
  const gaps = index.filter((part) => part === "...").length;
  if (gaps > 1) {
    throw new ShapeError(`Cannot compute ${op}: an index may have one "...", got ${gaps}`, [
      x.shape,
    ]);
  }
  if (used > x.ndim) {
    throw new ShapeError(
      `Cannot compute ${op}: an index for ${used} dimensions does not fit shape ${
        showShape(x.shape)
      }`,
      [x.shape],
    );
  }
  const whole: Part = [0, Infinity];
  const rest = new Array<Part>(x.ndim - used).fill(whole);
  const full = gaps === 1 ? index : [...index, "..." as const];
  return full.flatMap((part): Part[] => part === "..." ? rest : [part === ":" ? whole : part]);
}

/** The positions where a bool tensor holds, in row-major order. */
function positions(op: string, mask: Tensor): Tensor {
  const elements = elementsOf(mask, op);
  let count = 0;
  for (let i = 0; i < elements.length; i++) count += elements[i]!;
  const list = new Int32Array(count);
  if (mask.ndim > 0) {
    for (let i = 0, next = 0; next < count; i++) if (elements[i] !== 0) list[next++] = i;
  }
  return tensorOver(list, [count]);
}

/** Positions in neighbouring dimensions of a view. */
interface Positions {
  /** The first dimension. */
  readonly dim: number;
  /** How many dimensions the positions count through: those of a mask, or one. */
  readonly dims: number;
  /** The positions. */
  readonly index: Tensor;
}

/** An index, resolved: a view of the tensor, and positions in some of its dimensions. */
interface Resolved {
  /** The view that integers, ranges and new axes give; positions apply to its dimensions. */
  readonly view: Tensor;
  /** By rising dimension. */
  readonly tensors: readonly Positions[];
}

function resolve(op: string, x: Tensor, index: readonly Index[]): Resolved {
  checkTensor(op, x);
  const starts: number[] = [];
  const counts: number[] = [];
  const steps: number[] = [];
  const shape: number[] = [];
  const tensors: Positions[] = [];
  const take = (start: number, count: number, step: number) => {
    starts.push(start);
    counts.push(count);
    steps.push(step);
  };
  for (const part of complete(op, x, index)) {
    const extent = x.shape[starts.length] ?? 0;
    if (part === null) {
      shape.push(1);
    } else if (typeof part === "number") {
      if (!Number.isInteger(part) || part < -extent || part >= extent) {
        throw new RangeError(
          `Cannot compute ${op}: index ${part} is out of range for dimension ${starts.length} of ` +
            `shape ${showShape(x.shape)}`,
        );
      }
      take(part < 0 ? part + extent : part, 1, 1);
    } else if (isTensor(part)) {
      const mask = part.dtype === "bool";
      const index = mask
        ? positions(op, checkMask(op, x, part, starts.length))
        : wrapped(op, part, extent);
      const dims = countDims(part);
      // A mask without dimensions makes a new one.
      const moved = moveTo(index, x.storage.backend);
      tensors.push({ dim: shape.length, dims: Math.max(1, dims), index: moved });
      if (dims === 0) shape.push(1);
      for (let i = 0; i < dims; i++) {
        const own = x.shape[starts.length]!;
        shape.push(own);
        take(0, own, 1);
      }
    } else {
      const [first, count, step] = sliceRange(op, extent, part[0], part[1], part[2]);
      shape.push(count);
      take(first, count, step);
    }
  }
  const block = sliceBlock(x, counts, { starts, steps });
  return { view: sameShape(shape, block.shape) ? block : reshape(block, shape), tensors };
}

function checkMask(op: string, x: Tensor, mask: Tensor, dim: number): Tensor {
  if (!sameShape(mask.shape, x.shape.slice(dim, dim + mask.ndim))) {
    throw new ShapeError(
      `Cannot compute ${op}: a mask of shape ${showShape(mask.shape)} does not fit dimension ` +
        `${dim} of ${showShape(x.shape)}`,
      [mask.shape, x.shape],
    );
  }
  return mask;
}

/** Positions with negative ones counted from the end. */
function wrapped(op: string, index: Tensor, extent: number): Tensor {
  if (index.dtype !== "int32") {
    throw new DTypeError(
      `Cannot compute ${op}: a tensor of positions must be int32 or bool, got ${index.dtype}`,
    );
  }
  if (index.batched !== null) return inBatchOf(index, (whole) => wrapped(op, whole, extent));
  const elements = elementsOf(index, op);
  let least = 0;
  for (let i = 0; i < elements.length; i++) {
    const value = elements[i]!;
    if (value < -extent || value >= extent) {
      throw outOfRange(op, "index", value, i, -extent, extent);
    }
    if (value < least) least = value;
  }
  // The copy stays as it is if the user changes the index.
  if (least === 0) return copyOf(index);
  const list = Int32Array.from(elements, (value) => value < 0 ? value + extent : value);
  return tensorOver(list, index.shape);
}

/** The indexed dimensions of a view in front, merged, and the positions in them. */
interface Rows {
  /** The view with the indexed dimensions in front. */
  readonly front: Tensor;
  /** How many dimensions those are. */
  readonly count: number;
  /** Positions in the merged dimensions, of one dimension. */
  readonly index: Tensor;
  /** The shape that the positions broadcast to. */
  readonly shape: Shape;
  /** Where that shape stands in the result: in place of neighbouring dimensions, else in front. */
  readonly place: number;
}

function toRows(op: string, { view, tensors }: Resolved): Rows {
  const dims = tensors.flatMap(({ dim, dims }) => Array.from({ length: dims }, (_, i) => dim + i));
  const shape = tensors.reduce((s: Shape, { index }) => broadcastShapes(op, s, index.shape), []);
  const linear = tensors.map(({ index }) => index).reduce((sum, index, i) => {
    const { dim, dims } = tensors[i]!;
    return sum.mul(sizeOf(view.shape.slice(dim, dim + dims))).add(index);
  });
  const others = view.shape.map((_, i) => i).filter((i) => !dims.includes(i));
  // A position without dimensions takes its dimension away, as an integer does, and then the others
  // may be neighbours.
  const single = new Set(tensors.filter(({ index }) => index.ndim === 0).map(({ dim }) => dim));
  const placed = view.shape.map((_, i) => i).filter((i) => !single.has(i))
    .flatMap((dim, i) => dims.includes(dim) ? [i] : []);
  const neighbours = placed.every((place, i) => i === 0 || place === placed[i - 1]! + 1);
  return {
    front: permute(view, [...dims, ...others]),
    count: dims.length,
    index: reshape(expand(linear, shape), [-1]),
    shape,
    place: neighbours ? placed[0] ?? 0 : 0,
  };
}

/** The order of dimensions that moves the positions' shape from the front to its place. */
function placing(rank: number, shape: Shape, place: number): number[] {
  const order = Array.from({ length: rank }, (_, i) => i);
  const front = order.splice(0, shape.length);
  return order.toSpliced(place, 0, ...front);
}

/**
 * Part of a tensor, as in NumPy; a view unless a tensor of positions is among the indices.
 *
 * @param index A part for each dimension, see {@linkcode Index}; whole dimensions may be left out at
 * the end.
 * @throws {RangeError} If a position is out of range.
 *
 * @example A column, a range, a mask
 * ```ts
 * import { at, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor([[1, 2, 3], [4, 5, 6]]);
 * assertEquals(at(x, [":", 0]).toArray(), [1, 4]);
 * assertEquals(at(x, [1, [1, null]]).toArray(), [5, 6]);
 * assertEquals(at(x, [x.gt(4)]).toArray(), [5, 6]);
 * ```
 */
export function at(x: Tensor, index: readonly Index[]): Tensor {
  checkCount("compute at", arguments.length, 2);
  const resolved = resolve("at", x, index);
  if (resolved.tensors.length === 0) return resolved.view;
  const { front, count, index: rows, shape, place } = toRows("at", resolved);
  const picked = selectChecked("at", flatten(front, 0, count - 1), 0, rows);
  const full = reshape(picked, [...shape, ...front.shape.slice(count)]);
  return permute(full, placing(full.ndim, shape, place));
}

/** Writes a value into part of a tensor; of repeated positions the last one stays. */
export function writeAt(x: Tensor, index: readonly Index[], value: Tensor): void {
  const resolved = resolve("setAt", x, index);
  if (resolved.tensors.length === 0) {
    copyInto(resolved.view, fitted(value, resolved.view.shape));
    return;
  }
  const { front, count, index: rows, shape, place } = toRows("setAt", resolved);
  const full = [...shape, ...front.shape.slice(count)];
  const order = placing(full.length, shape, place);
  const inverse = order.map((_, i) => order.indexOf(i));
  const source = permute(fitted(value, order.map((i) => full[i]!)), inverse);
  const target = copyOf(flatten(front, 0, count - 1));
  scatterRows(target, rows, reshape(source, [rows.size, ...front.shape.slice(count)]));
  copyInto(front, reshape(target, front.shape));
}

function fitted(value: Tensor, shape: Shape): Tensor {
  if (sameShape(value.shape, shape)) return value;
  if (!sameShape(broadcastShapes("setAt", value.shape, shape), shape)) {
    throw new ShapeError(
      `Cannot compute setAt: a value of shape ${showShape(value.shape)} does not fit the part of ` +
        `shape ${showShape(shape)}`,
      [value.shape, shape],
    );
  }
  return expand(value, shape);
}

composites({ at });
