/** Where a program runs: as it is, or as its twin on contiguous copies, in float64 for float32. */

import { engine, under } from "../../lib/core/engine.ts";
import { cpu } from "../../lib/device/cpu.ts";
import { logsumexpComposite } from "../../lib/ops/normalize/fused.ts";
import * as adjoint from "../../mod.ts";
import { type DType, noGrad, Tensor } from "../../mod.ts";
import { opOf } from "../common/op_names.ts";
import { expand } from "../common/references.ts";
import { count, laidOut, stream, tensorOf } from "../common/samples.ts";
import { type Arg, type Backward, type Call, type Item, type Leaf, Ref } from "./program.ts";
import { Rounding } from "./rounding.ts";

/** Ops by the names that programs use. */
export type Ops = Readonly<Record<string, (...args: never[]) => unknown>>;

/** Ops that are methods only. */
export const METHODS = {
  to: (x: Tensor, options: adjoint.ToOptions) => x.to(options),
  detach: (x: Tensor) => x.detach(),
  copy_: (x: Tensor, value: Tensor | number, quiet: boolean) =>
    quietly(quiet, () => x.copy_(value)),
  fill_: (x: Tensor, value: number, quiet: boolean) => quietly(quiet, () => x.fill_(value)),
  zero_: (x: Tensor, quiet: boolean) => quietly(quiet, () => x.zero_()),
  setAt: (x: Tensor, index: adjoint.Index[], value: Tensor | number, quiet: boolean) =>
    quietly(quiet, () => x.setAt(index, value)),
};

function quietly<T>(quiet: boolean, change: () => T): T {
  return quiet ? noGrad(change) : change();
}

/** The ops of the library; those that have a namespace are looked up there. */
export const OPS: Ops = { ...adjoint as unknown as Ops, ...METHODS };

/** The same for twins, which may have to copy where the program views. */
const TWIN_OPS: Ops = { ...OPS, view: adjoint.reshape };

// Where roundings are simulated, fused ops run their composites, of which each step rounds.
const { supports } = cpu;
cpu.supports = (kernel, code) => !(engine.watcher instanceof Rounding) && supports(kernel, code);

/**
 * The same where roundings are simulated: in steps what one kernel does, and solvers on a matrix
 * nearby.
 */
const SIMULATED_OPS: Ops = {
  ...TWIN_OPS,
  logaddexp: (a: Tensor | number, b: Tensor | number) => {
    const { shape, dtype, size } = adjoint.logaddexp(a, b);
    const sides = [a, b].map((side) =>
      (typeof side === "number" ? adjoint.tensor(side) : side).to({ dtype }).expand(shape)
    );
    return size === 0 ? sides[0]! : logsumexpComposite(adjoint.stack(sides), [0], false);
  },
  logcumsumexp: (x: Tensor, dim: number) => {
    const { ndim, size } = adjoint.logcumsumexp(x, dim);
    if (ndim === 0 || size === 0) return x;
    const axis = dim < 0 ? dim + ndim : dim;
    const sums = Array.from(
      { length: x.shape[axis]! },
      (_, i) => logsumexpComposite(x.narrow(axis, 0, i + 1), [axis], true),
    );
    return adjoint.cat(sums, axis);
  },
  variance: (x: Tensor, dim?: number | number[], options: adjoint.VarianceOptions = {}) => {
    const y = adjoint.variance(x, dim, options);
    const divisor = divisorOf(x, y, options);
    return divisor > 0
      ? centered(x, dim).square().sum(dim, { keepdim: options.keepdim ?? false }).div(divisor)
      : y;
  },
  std: (x: Tensor, dim?: number | number[], options: adjoint.VarianceOptions = {}) => {
    const y = adjoint.std(x, dim, options);
    const divisor = divisorOf(x, y, options);
    if (divisor <= 0) return y;
    const { keepdim = false } = options;
    const dims = dim === undefined ? {} : { dim };
    return adjoint.norm(centered(x, dim), { ...dims, keepdim }).div(Math.sqrt(divisor));
  },
  ...Object.fromEntries(
    ["cholesky", "det", "inv", "solve", "solveTriangular", "qr", "eigh", "cg"].map((name) => [
      `linalg.${name}`,
      (a: Tensor, ...rest: unknown[]) =>
        opOf(`linalg.${name}`)(
          engine.watcher instanceof Rounding ? engine.watcher.nearby(a) : a,
          ...rest,
        ),
    ]),
  ),
};

function centered(x: Tensor, dim: number | number[] | undefined): Tensor {
  return x.sub(x.mean(dim, { keepdim: true }));
}

/** What a variance's sum is divided by; 0 where there is nothing to add up. */
function divisorOf(x: Tensor, y: Tensor, { correction = 1 }: adjoint.VarianceOptions): number {
  return x.size === 0 ? 0 : x.size / y.size - correction;
}

/** The type that stands for another in the twin. */
export function wide(dtype: DType): DType {
  return dtype === "float32" ? "float64" : dtype;
}

/** Weights of a sum, so that a gradient in the wrong place is seen; float32 holds them. */
function weights(like: Tensor): Tensor {
  const next = stream(`weights ${like.shape}`);
  const data = Array.from({ length: like.size }, () => Math.floor(next() * 32 - 16) / 8 + 1 / 16);
  return tensorOf({ shape: like.shape, data }, like.dtype);
}

function tensorsIn(result: unknown): readonly Tensor[] {
  if (result instanceof Tensor) return [result];
  if (typeof result === "boolean") return [adjoint.tensor(result)];
  return Object.values(result as Record<string, Tensor>);
}

/** What an item gave: the results of a call; the gradients of the leaves. */
export type Values = readonly (Tensor | null)[];

/** The item at which a program stopped. */
export interface Failure {
  readonly item: number;
  readonly error: unknown;
}

/** One run of a program as it is, item by item. */
export class World {
  /** What each item gave. */
  readonly values: Values[] = [];
  /** What stopped the program. */
  failure: Failure | null = null;
  readonly #ops: Ops;
  readonly #leaves: Tensor[] = [];

  constructor(ops: Ops = OPS) {
    this.#ops = ops;
  }

  /** The value that a reference names. */
  at(ref: Ref): Tensor {
    return this.values[ref.item]![ref.port]!;
  }

  /** Runs the next item; false if it failed. */
  take(item: Item | null): boolean {
    try {
      this.values.push(item === null ? [] : this.#run(item));
      return true;
    } catch (error) {
      this.failure = { item: this.values.length, error };
      return false;
    }
  }

  #run(item: Item): Values {
    if (item.kind === "call") return this.#call(item);
    if (item.kind === "backward") return this.#backward(item);
    const x = this.made(item);
    if (item.requiresGrad) this.#leaves.push(x.requiresGrad_());
    return [x];
  }

  /** The tensor of a leaf. */
  protected made({ plain, shape, dtype, layout }: Leaf): Tensor {
    return (layout === "dense" ? tensorOf(plain, dtype) : laidOut(plain, dtype, layout))
      .expand(shape);
  }

  #call({ op, args }: Call): Values {
    const run = (this.#ops[op] ?? opOf(op)) as (...args: unknown[]) => unknown;
    return tensorsIn(run(...args.map((arg) => this.filled(arg)))).map((y) => this.result(y));
  }

  /** What counts as a result. */
  protected result(y: Tensor): Tensor {
    return y;
  }

  /** An argument with the tensors in it that it names. */
  filled(arg: Arg): unknown {
    if (arg instanceof Ref) return this.at(arg);
    if (Array.isArray(arg)) return arg.map((part) => this.filled(part));
    if (typeof arg !== "object" || arg === null) return this.constant(arg);
    return Object.fromEntries(
      Object.entries(arg).map(([name, value]) => [name, this.filled(value)]),
    );
  }

  /** An argument that names no tensor. */
  protected constant(arg: unknown): unknown {
    return arg;
  }

  /** What a backward pass starts from. */
  loss({ outputs, bare }: Backward): Tensor {
    const sums = outputs.map((ref) => this.at(ref).mul(weights(this.at(ref))).sum());
    return bare ? this.at(outputs[0]!) : sums.reduce((a, b) => a.add(b));
  }

  /** The gradients of all leaves that require one, in order. */
  #backward(item: Backward): Values {
    this.loss(item).backward();
    return this.#leaves.map((leaf) => leaf.grad);
  }
}

/** A run of a program on contiguous copies, in float64 for float32. */
export class Twin extends World {
  readonly #rounding: Rounding | null;

  constructor(rounding: Rounding | null = null) {
    super(rounding === null ? TWIN_OPS : SIMULATED_OPS);
    this.#rounding = rounding;
  }

  override take(item: Item | null): boolean {
    return under({ watcher: this.#rounding }, () => super.take(item));
  }

  protected override made({ plain, shape, dtype }: Leaf): Tensor {
    const { data } = count(shape) === count(plain.shape) ? plain : expand(plain, shape);
    return tensorOf({ shape, data }, wide(dtype));
  }

  /** Ops of integers give float32, also here. */
  protected override result(y: Tensor): Tensor {
    return y.to({ dtype: wide(y.dtype) });
  }

  protected override constant(arg: unknown): unknown {
    return arg === "float32" ? "float64" : arg;
  }
}

/** The elements in order, read from memory without any op. */
export function elementsOf({ storage, shape, strides, offset, size }: Tensor): Float64Array {
  const elements = new Float64Array(size);
  const index = new Array<number>(shape.length).fill(0);
  let place = storage.base + offset;
  for (let i = 0; i < size; i++) {
    elements[i] = storage.array[place]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      place += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      place -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return elements;
}
