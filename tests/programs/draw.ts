/** Draws what programs are made of: leaves, and arguments that mostly fit what is there. */

import { type DType, type Tensor, tensor } from "../../mod.ts";
import { count, LAYOUTS, stream } from "../common/samples.ts";
import { type Arg, type Item, Ref } from "./program.ts";
import { elementsOf, Twin, World } from "./world.ts";

/** Types of elements by what ops take. */
export const KINDS = {
  any: ["float32", "float64", "int32", "bool"],
  numbers: ["float32", "float64", "int32"],
  floats: ["float32", "float64"],
  ints: ["int32"],
  bools: ["bool"],
} as const satisfies Record<string, readonly DType[]>;

/** What a tensor must be. */
export interface Wanted {
  /** Its types. Default: any. */
  readonly types?: readonly DType[];
  /** Whether a tensor fits. Default: all do. */
  readonly fits?: (x: Tensor) => boolean;
  /** Shape of a leaf that fits. */
  readonly shape?: () => readonly number[];
  /** Elements of such a leaf. */
  readonly element?: () => number;
}

/** Results beyond this size are not made. */
const MOST = 150_000;
/** What ops that multiply sizes take. */
const ROOMY = 600;

/** Shapes of large leaves: several threads work on them, or tiles. */
const LARGE = [
  [40_000],
  [34_000, 1],
  [200, 200],
  [300, 129],
  [3, 120, 110],
  [2, 3, 30, 40],
  [2, 64, 3, 100],
];

/** Shape to which two broadcast; null if they do not, or become too large. */
export function broadcast(a: readonly number[], b: readonly number[]): readonly number[] | null {
  const shape: number[] = [];
  for (let i = -Math.max(a.length, b.length); i < 0; i++) {
    const [x, y] = [a.at(i) ?? 1, b.at(i) ?? 1];
    if (x !== y && x !== 1 && y !== 1) return null;
    shape.push(x === 1 ? y : x);
  }
  return count(shape) <= MOST ? shape : null;
}

const NUMBER = tensor(0);

/** Whether two shapes are equal. */
function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((extent, i) => extent === b[i]);
}

/** Draws one program. */
export class Draw {
  /** The program so far. */
  readonly items: Item[] = [];
  /** Its run, as it is and on contiguous float64 copies. */
  readonly actual: World = new World();
  readonly twin: Twin = new Twin();
  /** Whether the arguments that are drawn now may be wrong. */
  careless = false;
  readonly #next: () => number;
  readonly #types: readonly DType[];
  readonly #extents: readonly number[];
  readonly #tracked: boolean;
  #large: boolean;

  constructor(name: string) {
    this.#next = stream(name);
    const float: DType = this.chance(0.3) ? "float64" : "float32";
    const other: DType = this.chance(0.3) ? "float64" : float;
    this.#types = [float, float, float, other, "int32", "int32", "bool"];
    this.#extents = [this.between(2, 5), this.between(2, 5)];
    this.#tracked = this.chance(0.7);
    this.#large = this.chance(0.02);
  }

  /** Whether something happens. */
  chance(probability: number): boolean {
    return this.#next() < probability;
  }

  /** Whether this argument is to be wrong. */
  wrong(): boolean {
    return this.careless && this.chance(0.6);
  }

  /** An integer in a range, both ends included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.#next() * (high - low + 1));
  }

  /** One of several. */
  pick<T>(list: readonly T[]): T {
    return list[this.between(0, list.length - 1)]!;
  }

  /** The same in random order. */
  shuffled<T>(list: readonly T[]): T[] {
    return list.map((value) => ({ value, key: this.#next() }))
      .sort((a, b) => a.key - b.key).map(({ value }) => value);
  }

  /** A number that float32 holds, as ops meet them beside tensors. */
  number(): number {
    return this.chance(0.5) ? this.between(-2, 3) : this.between(-12, 12) / 4;
  }

  /** The actual tensor of an argument; a number for what is no tensor by mistake. */
  look(arg: Arg): Tensor {
    return arg instanceof Ref ? this.actual.at(arg) : NUMBER;
  }

  /** Its shape. */
  shapeOf(arg: Arg): readonly number[] {
    return this.look(arg).shape;
  }

  /** An argument with the actual tensors in it. */
  filled(arg: Arg): unknown {
    return this.actual.filled(arg);
  }

  /** Its values, as the twin has them. */
  valuesOf(ref: Ref): Float64Array {
    return elementsOf(this.twin.at(ref));
  }

  /** All values so far. */
  refs(): Ref[] {
    return this.actual.values.flatMap((values, item) =>
      values.map((_, port) => new Ref(item, port))
    );
  }

  /** Those that fit, the newest more likely than the oldest; null if none does. */
  found({ types = KINDS.any, fits = () => true }: Wanted): Ref | null {
    const fitting = this.refs().filter((ref) => {
      const x = this.look(ref);
      return types.includes(x.dtype) && fits(x);
    });
    if (fitting.length === 0) return null;
    return fitting[Math.floor(Math.sqrt(this.#next()) * fitting.length)]!;
  }

  /** A tensor: one that is there, or a new leaf; a wrong one where mistakes are made. */
  tensor(wanted: Wanted = {}): Arg {
    if (this.wrong()) {
      if (this.chance(0.1)) return this.pick([null, 2, "x"]);
      return this.found({ fits: (x) => x.size <= ROOMY }) ?? this.leaf(wanted);
    }
    return (this.chance(0.85) ? this.found(wanted) : null) ?? this.leaf(wanted);
  }

  /** A tensor, also where mistakes are made: for methods, which nothing else has. */
  receiver(): Ref {
    return this.found({}) ?? this.leaf();
  }

  /** A tensor that ops which multiply sizes can take. */
  small(wanted: Wanted = {}): Arg {
    const { fits = () => true } = wanted;
    return this.tensor({
      ...wanted,
      fits: (x) => x.size <= ROOMY && fits(x),
      shape: wanted.shape ?? (() => this.shape(1, 3)),
    });
  }

  /** Extents of a number of dimensions. */
  shape(fewest = 0, most = 5): number[] {
    const rank = Math.min(most, Math.max(fewest, this.pick([0, 1, 1, 2, 2, 2, 3, 3, 3, 4, 5])));
    return Array.from({ length: rank }, () => this.extent());
  }

  /** An extent: often one of two that the program prefers, so that shapes fit; seldom 0. */
  extent(): number {
    return this.chance(0.03)
      ? 0
      : this.pick([1, ...this.#extents, ...this.#extents, this.between(1, 5)]);
  }

  /** A new leaf. */
  leaf({ types = KINDS.any, fits, shape, element }: Wanted = {}): Ref {
    const usual = this.#types.filter((type) => types.includes(type));
    const dtype = this.pick(usual.length > 0 ? usual : types);
    let extents: readonly number[] | undefined = shape?.();
    if (extents === undefined && this.#large && fits === undefined) {
      this.#large = false;
      extents = this.pick(LARGE);
    }
    extents ??= this.shape();
    const stretched = this.chance(0.12) && element === undefined;
    const inner = stretched
      ? extents.map((extent) => this.chance(0.5) ? 1 : extent).slice(this.between(0, 1))
      : extents;
    const draw = element ?? this.#elements(dtype);
    const roomy = count(inner.map((extent) => 2 * extent + 2)) <= 200_000;
    this.take({
      kind: "leaf",
      plain: { shape: inner, data: Array.from({ length: count(inner) }, draw) },
      shape: extents,
      dtype,
      layout: roomy && this.chance(0.7) ? this.pick(LAYOUTS) : "dense",
      requiresGrad: this.#tracked && dtype.startsWith("float") && this.chance(0.7),
    });
    return new Ref(this.items.length - 1);
  }

  /** How a leaf's elements are drawn; float32 holds them all. */
  #elements(dtype: DType): () => number {
    if (dtype === "bool") return () => this.between(0, 1);
    if (dtype === "int32") {
      return this.chance(0.05)
        ? () => this.between(-(2 ** 31), 2 ** 31 - 1)
        : () => this.between(-4, 9);
    }
    return this.pick([
      () => this.between(-32, 32) / 8,
      () => Math.fround(this.#next() * 6 - 3),
      () => Math.fround(this.#next() * 0.8 + 0.1),
      () => this.pick([-1, 0, 0.5, 1, 2]),
    ]);
  }

  /** Adds an item, and runs it on both sides. */
  take(item: Item): boolean {
    this.items.push(item);
    const [actual, twin] = [this.actual.take(item), this.twin.take(item)];
    return actual && twin;
  }

  /** A call that makes an argument, which works. */
  call(op: string, ...args: Arg[]): Ref {
    this.take({ kind: "call", op, args });
    return new Ref(this.items.length - 1);
  }

  /** A dimension of a tensor of some rank, from either end; a wrong one where mistakes are made. */
  dim(rank: number): number {
    if (this.wrong()) return this.pick([rank, -rank - 1, 0.5, NaN, rank + 3]);
    return rank === 0 ? this.pick([0, -1]) : this.between(-rank, rank - 1);
  }

  /** Several dimensions, each once. */
  dims(rank: number): number[] {
    const all = this.shuffled(Array.from({ length: rank }, (_, i) => i));
    const chosen = all.slice(0, this.between(Math.min(1, rank), rank));
    if (this.wrong()) chosen.push(this.pick([chosen[0] ?? 1, rank]));
    return chosen.map((dim) => this.chance(0.3) ? dim - rank : dim);
  }

  /** int32 positions below an extent, of a shape; a new leaf, or one that is there. */
  positions(shape: readonly number[], extent: number): Arg {
    const far = this.wrong() ? this.pick([extent, -1, extent + 7]) : null;
    const inside = this.refs().filter((ref) =>
      this.look(ref).dtype === "int32" && same(this.look(ref).shape, shape) &&
      this.valuesOf(ref).every((value) => value >= 0 && value < extent)
    );
    if (far === null && inside.length > 0 && this.chance(0.5)) return this.pick(inside);
    return this.leaf({
      types: KINDS.ints,
      shape: () => shape,
      element: () =>
        far !== null && this.chance(0.5) ? far : this.between(0, Math.max(0, extent - 1)),
    });
  }

  /** A tensor that broadcasts with others. */
  beside(others: readonly Arg[], types: readonly DType[] = KINDS.any): Arg {
    const common = others.filter((arg) => arg instanceof Ref)
      .map((ref) => this.shapeOf(ref))
      .reduce((a, b) => broadcast(a, b) ?? a, []);
    return this.tensor({
      types,
      fits: (x) => broadcast(common, x.shape) !== null,
      shape: () =>
        common.slice(this.pick([0, 0, 0, 0, 1, 2]))
          .map((extent) => this.wrong() ? extent + 1 : this.chance(0.2) ? 1 : extent),
    });
  }

  /** A tensor of a shape and a type. */
  exactly(shape: readonly number[], dtype: DType): Arg {
    return this.tensor({ types: [dtype], fits: (x) => same(x.shape, shape), shape: () => shape });
  }

  /** A tensor that stretches to a shape. */
  stretching(shape: readonly number[]): Arg {
    return this.tensor({
      fits: (x) => same(broadcast(x.shape, shape) ?? [-1], shape),
      shape: () => shape.slice(this.between(0, shape.length)),
    });
  }

  /** A tensor that may be changed: what that changes is the same on both sides. */
  target(): Arg {
    const sharing = (ref: Ref, world: World) =>
      this.refs().filter((other) => world.at(other).storage === world.at(ref).storage)
        .map((other) => `${other} ${overlaps(world.at(other))}`).join();
    const clear = this.refs().filter((ref) =>
      this.look(ref).size > 0 && sharing(ref, this.actual) === sharing(ref, this.twin)
    );
    return clear.length === 0 ? this.leaf() : this.pick(clear);
  }
}

/** Whether several elements share one place. */
function overlaps({ shape, strides }: Tensor): boolean {
  return strides.some((stride, i) => stride === 0 && shape[i]! > 1);
}
