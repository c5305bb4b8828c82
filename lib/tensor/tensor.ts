/** The tensor: shape, strides and elements, and its place on the tape. Methods only call ops. */

import { backward, type BackwardOptions } from "../autograd/backward.ts";
import { type GradHook, type HookHandle, registerHook, retainGrad } from "../autograd/hooks.ts";
import { leafNode, type Node } from "../autograd/tape.ts";
import type { Device, Storage } from "../device/backend.ts";
import { adopt } from "../device/cpu.ts";
import { backendOf } from "../device/devices.ts";
import { dropCollected, escape, giveBack, outlive } from "../device/memory.ts";
import { spreadOut, wrongKind } from "../core/arguments.ts";
import { engine } from "../core/engine.ts";
import { markTensors } from "../core/marks.ts";
import { checkCount, DEVICE, DTYPE, FLAG, optionReader, shown } from "../core/options.ts";
import { type DType, DTYPES, isFloat, type TypedArray } from "../core/dtype.ts";
import { DeviceError, DTypeError, GradError, ShapeError, showShape } from "../core/errors.ts";
import { det, inv } from "../ops/linalg/factor.ts";
import { copy_, fill_, setAt } from "../ops/copy/inplace.ts";
import { castTo, elementsOf, moveTo } from "../ops/copy/copy.ts";
import * as ops from "../ops/mod.ts";
import type { OpRule } from "../ops/define/record.ts";
import { formatTensor, type NestedArray, toNested } from "./print.ts";
import { contiguousStrides, sameShape, type Shape } from "../core/shape.ts";

/** What `to` changes. */
export interface ToOptions {
  /** Element type. */
  dtype?: DType;
  /** Device. */
  device?: Device;
}

const readTo = optionReader<ToOptions>({ dtype: DTYPE, device: DEVICE });

/** What `to` is asked for: options, a type, a device, or a device and a type. */
function destination(target: DType | Device | ToOptions, dtype: DType | undefined): ToOptions {
  const alone = dtype === undefined;
  if (typeof target === "object" && target !== null) {
    checkCount("run to", alone ? 1 : 2, 1);
    return readTo("run to", target);
  }
  if (alone && DTYPE.accepts(target)) return { dtype: target as DType };
  if (DEVICE.accepts(target)) {
    const device = target as Device;
    return alone ? { device } : readTo("run to", { device, dtype });
  }
  throw new TypeError(
    `Cannot run to: it needs a type (${DTYPES.join(", ")}) or a device (cpu, gpu), as in ` +
      `to("float64"), to("gpu") or to({ dtype, device }), got ${shown(target)}`,
  );
}

/** Refuses what cannot be the gradient of a tensor. */
function checkGradient(x: Tensor, g: unknown): asserts g is Tensor {
  const call = "set grad";
  if (!(g instanceof Tensor)) throw wrongKind(call, "it", "a tensor or null", g);
  g.storage.check("grad");
  // That a tensor is its own gradient, the step of an optimizer says, by its name.
  if (g !== x && g.isLeaf && g.requiresGrad) {
    throw new GradError(
      `Cannot ${call}: the gradient requires a gradient itself, as parameters do; detach it first`,
    );
  }
  if (!sameShape(g.shape, x.shape)) {
    throw new ShapeError(
      `Cannot ${call}: the gradient has shape ${showShape(g.shape)}, the tensor ${
        showShape(x.shape)
      }`,
      [g.shape, x.shape],
    );
  }
  if (!isFloat(x.dtype)) {
    throw new DTypeError(
      `Cannot ${call}: only float32 and float64 tensors have a gradient, got ${x.dtype}`,
    );
  }
  if (g.dtype !== x.dtype) {
    throw new DTypeError(
      `Cannot ${call}: the gradient is ${g.dtype}, the tensor ${x.dtype}; cast it first`,
    );
  }
  if (g.device !== x.device) {
    throw new DeviceError(
      `Cannot ${call}: the gradient is on ${g.device}, the tensor on ${x.device}; move it first`,
    );
  }
}

/**
 * An array of numbers with a shape, which remembers how it was computed.
 *
 * Made by {@linkcode tensor} and its relatives, never by the constructor. Every op is a method and a
 * function of the same name.
 *
 * @example Values and gradients
 * ```ts
 * import { tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor([1, 2, 3], { requiresGrad: true });
 * const y = x.square().sum();
 * y.backward();
 * assertEquals(y.item(), 14);
 * assertEquals(x.grad?.toArray(), [2, 4, 6]);
 * ```
 */
export class Tensor {
  /** Extents of the dimensions. */
  readonly shape: Shape;
  /** Elements between neighbours along each dimension. */
  readonly strides: readonly number[];
  /** First element in the storage. */
  readonly offset: number;
  /** Number of elements. */
  readonly size: number;
  /** Whether the elements follow each other in row-major order. */
  readonly dense: boolean;
  /**
   * The elements' memory, shared by views.
   *
   * @internal
   */
  readonly storage: Storage;
  /**
   * Place on the tape; null if no gradient is wanted.
   *
   * @internal
   */
  node: Node | null = null;
  /**
   * Which output of its node this is.
   *
   * @internal
   */
  port = 0;
  /**
   * The op that made the tensor.
   *
   * @internal
   */
  origin: OpRule | null = null;
  /**
   * The collected gradient, read by the engine without anyone else noticing.
   *
   * @internal
   */
  collected: Tensor | null = null;

  /**
   * For the library; users have {@linkcode tensor}.
   *
   * @param storage Where the elements lie.
   */
  constructor(
    storage: Storage,
    shape: Shape,
    strides: readonly number[],
    offset: number,
    size: number,
    dense: boolean,
  ) {
    if (dense === undefined) {
      throw new TypeError(
        "Cannot make a tensor by its constructor: use tensor(data), zeros(shape) and the like",
      );
    }
    this.storage = storage;
    this.shape = shape;
    this.strides = strides;
    this.offset = offset;
    this.size = size;
    this.dense = dense;
  }

  /**
   * A tensor over an array, which it keeps; for the library.
   *
   * @internal
   */
  static over(array: TypedArray, shape: Shape): Tensor {
    const storage = adopt("fromTypedArray", array);
    return new Tensor(storage, shape, contiguousStrides(shape), 0, storage.size, true);
  }

  /** Number of dimensions. */
  get ndim(): number {
    return this.shape.length;
  }

  /** Element type. */
  get dtype(): DType {
    return DTYPES[this.storage.code]!;
  }

  /** Device that holds the elements. */
  get device(): Device {
    return this.storage.backend.device;
  }

  /** Whether ops on the tensor are recorded. Can be set on a leaf of floating type. */
  get requiresGrad(): boolean {
    return this.node !== null;
  }

  set requiresGrad(on: boolean) {
    if (!FLAG.accepts(on)) throw wrongKind("set requiresGrad", "it", FLAG.needed, on);
    this.requiresGrad_(on);
  }

  /**
   * The gradient that backward passes have collected; null before the first and after zeroGrad. What
   * is assigned must be another tensor of the same shape, type and device.
   *
   * @throws {TypeError} If something else than a tensor or null is assigned.
   */
  get grad(): Tensor | null {
    // Whoever reads it may hold it, so its memory is not used again.
    if (this.collected !== null) escape(this.collected.storage);
    return this.collected;
  }

  set grad(value: Tensor | null) {
    if (value !== null) checkGradient(this, value);
    this.dropGrad();
    this.collected = value;
    // A gradient outlives the scope in which it was made.
    if (value !== null) outlive(value.storage);
  }

  /**
   * Forgets the collected gradient, and uses its memory again if nobody has read it.
   *
   * @internal
   */
  dropGrad(): void {
    checkCount("run dropGrad", arguments.length, 0);
    const storage = this.collected?.storage;
    this.collected = null;
    if (storage !== undefined) dropCollected(storage);
  }

  /** Sets whether ops on this leaf are recorded; returns the tensor. */
  requiresGrad_(on?: boolean): this {
    checkCount("run requiresGrad_", arguments.length, 1);
    if (on === undefined) on = true;
    if (!FLAG.accepts(on)) throw wrongKind("set requiresGrad", "it", FLAG.needed, on);
    if (on === this.requiresGrad) return this;
    if (on && !isFloat(this.dtype)) {
      throw new DTypeError(
        `Cannot require a gradient: only float32 and float64 tensors have one, got ${this.dtype}`,
      );
    }
    if (!this.isLeaf) {
      throw new GradError("Cannot change requiresGrad: the tensor is not a leaf; detach it first");
    }
    this.node = on ? leafNode(this) : null;
    return this;
  }

  /** Whether the tensor was created by the user and not computed from others with a gradient. */
  get isLeaf(): boolean {
    return this.node === null || this.node.leaf !== null;
  }

  /**
   * The elements of a contiguous CPU tensor, without copying: changes show in the tensor.
   *
   * @throws {TypeError} If the tensor is not contiguous.
   */
  get data(): TypedArray {
    if (!this.dense) {
      throw new TypeError(
        `Cannot read data: the tensor of shape ${showShape(this.shape)} is not contiguous; ` +
          "call contiguous() first",
      );
    }
    const array = this.storage.own();
    const end = this.offset + this.size;
    return this.size === array.length ? array : array.subarray(this.offset, end);
  }

  /** The number in a tensor of one element; 1 and 0 for bool. */
  item(): number {
    checkCount("run item", arguments.length, 0);
    if (this.size !== 1) {
      throw new RangeError(
        `Cannot read item: the tensor must have one element, got shape ${showShape(this.shape)}`,
      );
    }
    this.storage.check("item");
    return this.storage.backend.read(this.storage, this.offset, 1)[0]!;
  }

  /** The elements as nested arrays; a plain number for a tensor without dimensions. */
  toArray(): NestedArray {
    checkCount("run toArray", arguments.length, 0);
    this.storage.check("toArray");
    return toNested(elementsOf(this), this.shape, this.dtype);
  }

  /** The tensor on the CPU. Meanwhile the event loop turns, so that finalizers free GPU memory. */
  cpu(): Promise<Tensor> {
    checkCount("run cpu", arguments.length, 0);
    const moved = this.to({ device: "cpu" });
    if (moved === this) return Promise.resolve(moved);
    return new Promise((resolve) => setTimeout(() => resolve(moved), 0));
  }

  /** With another element type or on another device; the tensor itself if nothing changes. */
  to(options: ToOptions): Tensor;
  /** With another element type; the tensor itself if it has it. */
  to(dtype: DType): Tensor;
  /**
   * On another device, and with another element type if one is given; the tensor itself if nothing
   * changes.
   *
   * @example By position and by name
   * ```ts
   * import { tensor } from "@adjoint/ml";
   * import { assertEquals } from "@std/assert";
   *
   * const x = tensor([1.5, 2]);
   * assertEquals(x.to("int32").toArray(), [1, 2]);
   * assertEquals(x.to("cpu", "float64").dtype, x.to({ dtype: "float64" }).dtype);
   * ```
   */
  to(device: Device, dtype?: DType): Tensor;
  to(target: DType | Device | ToOptions, type?: DType): Tensor {
    checkCount("run to", arguments.length, 2);
    const { dtype = this.dtype, device = this.device } = destination(target, type);
    const backend = backendOf("to", device);
    // A type that only the CPU has is cast there.
    return device === "cpu"
      ? castTo(moveTo(this, backend), dtype)
      : moveTo(castTo(this, dtype), backend);
  }

  /**
   * Frees the memory at once, for large tensors on the GPU; views of the tensor share it. Any later
   * use throws a `DeviceError`. Without it the collector frees what is not reachable any more.
   */
  dispose(): void {
    checkCount("run dispose", arguments.length, 0);
    giveBack(this.storage, "dispose");
  }

  /** Frees the memory at the end of a block, with `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** The same elements without a place on the tape: a view. */
  detach(): Tensor {
    checkCount("run detach", arguments.length, 0);
    const { storage, shape, strides, offset, size, dense } = this;
    return new Tensor(storage, shape, strides, offset, size, dense);
  }

  /**
   * Computes the gradients of the leaves that this tensor depends on and adds them to their `grad`.
   *
   * @param options Or the gradient alone: that of the tensor itself, to start from.
   */
  backward(options?: BackwardOptions | Tensor): void {
    checkCount("run backward", arguments.length, 1);
    backward(this, options instanceof Tensor ? { gradient: options } : options);
  }

  /**
   * Calls a function with the tensor's gradient whenever a backward pass or `grad` has computed it,
   * all paths added; what it returns, of the same shape, takes the gradient's place. Several hooks
   * run in the order in which they were registered. Follows `torch.Tensor.register_hook`.
   *
   * @returns A handle that takes the hook away, by `remove()` or `using`.
   * @throws {GradError} If the tensor requires no gradient.
   *
   * @example Gradients no larger than 1
   * ```ts
   * import { tensor } from "@adjoint/ml";
   * import { assertEquals } from "@std/assert";
   *
   * const x = tensor([1, 2], { requiresGrad: true });
   * x.registerHook((g) => g.clamp(-1, 1));
   * x.mul(5).sum().backward();
   * assertEquals(x.grad?.toArray(), [1, 1]);
   * ```
   */
  registerHook(hook: GradHook): HookHandle {
    checkCount("run registerHook", arguments.length, 1);
    return registerHook(this, hook);
  }

  /**
   * Lets a tensor that is no leaf collect its gradient in `grad` too; nothing changes for a leaf.
   * Follows `torch.Tensor.retain_grad`.
   *
   * @throws {GradError} If the tensor requires no gradient.
   *
   * @example The gradient half-way
   * ```ts
   * import { tensor } from "@adjoint/ml";
   * import { assertEquals } from "@std/assert";
   *
   * const y = tensor([1, 2], { requiresGrad: true }).mul(3);
   * y.retainGrad();
   * y.square().sum().backward();
   * assertEquals(y.grad?.toArray(), [6, 12]);
   * ```
   */
  retainGrad(): void {
    checkCount("run retainGrad", arguments.length, 0);
    retainGrad(this);
  }

  /** −x, elementwise. */
  neg(): Tensor {
    checkCount("run neg", arguments.length, 0);
    return ops.neg(this);
  }
  /** |x|, elementwise. */
  abs(): Tensor {
    checkCount("run abs", arguments.length, 0);
    return ops.abs(this);
  }
  /** Sign of x, elementwise. */
  sign(): Tensor {
    checkCount("run sign", arguments.length, 0);
    return ops.sign(this);
  }
  /** eˣ, elementwise. */
  exp(): Tensor {
    checkCount("run exp", arguments.length, 0);
    return ops.exp(this);
  }
  /** ln x, elementwise. */
  log(): Tensor {
    checkCount("run log", arguments.length, 0);
    return ops.log(this);
  }
  /** log₂ x, elementwise. */
  log2(): Tensor {
    checkCount("run log2", arguments.length, 0);
    return ops.log2(this);
  }
  /** ln(1 + x), elementwise. */
  log1p(): Tensor {
    checkCount("run log1p", arguments.length, 0);
    return ops.log1p(this);
  }
  /** √x, elementwise. */
  sqrt(): Tensor {
    checkCount("run sqrt", arguments.length, 0);
    return ops.sqrt(this);
  }
  /** 1/√x, elementwise. */
  rsqrt(): Tensor {
    checkCount("run rsqrt", arguments.length, 0);
    return ops.rsqrt(this);
  }
  /** x², elementwise. */
  square(): Tensor {
    checkCount("run square", arguments.length, 0);
    return ops.square(this);
  }
  /** 1/x, elementwise. */
  reciprocal(): Tensor {
    checkCount("run reciprocal", arguments.length, 0);
    return ops.reciprocal(this);
  }
  /** tanh x, elementwise. */
  tanh(): Tensor {
    checkCount("run tanh", arguments.length, 0);
    return ops.tanh(this);
  }
  /** 1 / (1 + e⁻ˣ), elementwise. */
  sigmoid(): Tensor {
    checkCount("run sigmoid", arguments.length, 0);
    return ops.sigmoid(this);
  }
  /** max(x, 0), elementwise. */
  relu(): Tensor {
    checkCount("run relu", arguments.length, 0);
    return ops.relu(this);
  }
  /** Ln(1 + eˣ), elementwise. */
  softplus(): Tensor {
    checkCount("run softplus", arguments.length, 0);
    return ops.softplus(this);
  }
  /** eˣ − 1, exact for small x, elementwise. */
  expm1(): Tensor {
    checkCount("run expm1", arguments.length, 0);
    return ops.expm1(this);
  }
  /** Sine, elementwise. */
  sin(): Tensor {
    checkCount("run sin", arguments.length, 0);
    return ops.sin(this);
  }
  /** Cosine, elementwise. */
  cos(): Tensor {
    checkCount("run cos", arguments.length, 0);
    return ops.cos(this);
  }
  /** Tangent, elementwise. */
  tan(): Tensor {
    checkCount("run tan", arguments.length, 0);
    return ops.tan(this);
  }
  /** Inverse of the sine, elementwise. */
  asin(): Tensor {
    checkCount("run asin", arguments.length, 0);
    return ops.asin(this);
  }
  /** Inverse of the cosine, elementwise. */
  acos(): Tensor {
    checkCount("run acos", arguments.length, 0);
    return ops.acos(this);
  }
  /** Inverse of the tangent, elementwise. */
  atan(): Tensor {
    checkCount("run atan", arguments.length, 0);
    return ops.atan(this);
  }
  /** Hyperbolic sine, elementwise. */
  sinh(): Tensor {
    checkCount("run sinh", arguments.length, 0);
    return ops.sinh(this);
  }
  /** Hyperbolic cosine, elementwise. */
  cosh(): Tensor {
    checkCount("run cosh", arguments.length, 0);
    return ops.cosh(this);
  }
  /** Error function, elementwise. */
  erf(): Tensor {
    checkCount("run erf", arguments.length, 0);
    return ops.erf(this);
  }
  /** Inverse of the error function, elementwise. */
  erfinv(): Tensor {
    checkCount("run erfinv", arguments.length, 0);
    return ops.erfinv(this);
  }
  /** ln |Γ(x)|, elementwise. */
  lgamma(): Tensor {
    checkCount("run lgamma", arguments.length, 0);
    return ops.lgamma(this);
  }
  /** Derivative of ln Γ(x), elementwise. */
  digamma(): Tensor {
    checkCount("run digamma", arguments.length, 0);
    return ops.digamma(this);
  }
  /** Largest whole number that is not above, elementwise. */
  floor(): Tensor {
    checkCount("run floor", arguments.length, 0);
    return ops.floor(this);
  }
  /** Smallest whole number that is not below, elementwise. */
  ceil(): Tensor {
    checkCount("run ceil", arguments.length, 0);
    return ops.ceil(this);
  }
  /** Nearest whole number, a half to the even one, elementwise. */
  round(): Tensor {
    checkCount("run round", arguments.length, 0);
    return ops.round(this);
  }
  /** Without the fraction, elementwise. */
  trunc(): Tensor {
    checkCount("run trunc", arguments.length, 0);
    return ops.trunc(this);
  }
  /** x + other; shapes broadcast. */
  add(other: Tensor | number): Tensor {
    checkCount("run add", arguments.length, 1);
    return ops.add(this, other);
  }
  /** x − other; shapes broadcast. */
  sub(other: Tensor | number): Tensor {
    checkCount("run sub", arguments.length, 1);
    return ops.sub(this, other);
  }
  /** x · other; shapes broadcast. */
  mul(other: Tensor | number): Tensor {
    checkCount("run mul", arguments.length, 1);
    return ops.mul(this, other);
  }
  /** x / other; shapes broadcast. */
  div(other: Tensor | number): Tensor {
    checkCount("run div", arguments.length, 1);
    return ops.div(this, other);
  }
  /** x to the power of other; shapes broadcast. */
  pow(other: Tensor | number): Tensor {
    checkCount("run pow", arguments.length, 1);
    return ops.pow(this, other);
  }
  /** Angle of the point with this ordinate and that abscissa, elementwise. */
  atan2(other: Tensor | number): Tensor {
    checkCount("run atan2", arguments.length, 1);
    return ops.atan2(this, other);
  }
  /** Remainder with the sign of the divisor, elementwise. */
  remainder(other: Tensor | number): Tensor {
    checkCount("run remainder", arguments.length, 1);
    return ops.remainder(this, other);
  }
  /** The larger of x and other; shapes broadcast. */
  maximum(other: Tensor | number): Tensor {
    checkCount("run maximum", arguments.length, 1);
    return ops.maximum(this, other);
  }
  /** The smaller of x and other; shapes broadcast. */
  minimum(other: Tensor | number): Tensor {
    checkCount("run minimum", arguments.length, 1);
    return ops.minimum(this, other);
  }
  /** x = other, as bool; shapes broadcast. */
  eq(other: Tensor | number): Tensor {
    checkCount("run eq", arguments.length, 1);
    return ops.eq(this, other);
  }
  /** x ≠ other, as bool; shapes broadcast. */
  ne(other: Tensor | number): Tensor {
    checkCount("run ne", arguments.length, 1);
    return ops.ne(this, other);
  }
  /** x < other, as bool; shapes broadcast. */
  lt(other: Tensor | number): Tensor {
    checkCount("run lt", arguments.length, 1);
    return ops.lt(this, other);
  }
  /** x ≤ other, as bool; shapes broadcast. */
  le(other: Tensor | number): Tensor {
    checkCount("run le", arguments.length, 1);
    return ops.le(this, other);
  }
  /** x > other, as bool; shapes broadcast. */
  gt(other: Tensor | number): Tensor {
    checkCount("run gt", arguments.length, 1);
    return ops.gt(this, other);
  }
  /** x ≥ other, as bool; shapes broadcast. */
  ge(other: Tensor | number): Tensor {
    checkCount("run ge", arguments.length, 1);
    return ops.ge(this, other);
  }
  /** Sum over the given dimensions, or all. */
  sum(dim?: ops.Dims, options?: ops.ReduceOptions): Tensor {
    checkCount("run sum", arguments.length, 2);
    return ops.sum(this, dim, options);
  }
  /** Mean over the given dimensions, or all. */
  mean(dim?: ops.Dims, options?: ops.ReduceOptions): Tensor {
    checkCount("run mean", arguments.length, 2);
    return ops.mean(this, dim, options);
  }
  /** Product over the given dimensions, or all. */
  prod(dim?: ops.Dims, options?: ops.ReduceOptions): Tensor {
    checkCount("run prod", arguments.length, 2);
    return ops.prod(this, dim, options);
  }
  /** Variance over the given dimensions, or all. */
  var(dim?: ops.Dims, options?: ops.VarianceOptions): Tensor {
    checkCount("run var", arguments.length, 2);
    return ops.variance(this, dim, options);
  }
  /** Standard deviation over the given dimensions, or all. */
  std(dim?: ops.Dims, options?: ops.VarianceOptions): Tensor {
    checkCount("run std", arguments.length, 2);
    return ops.std(this, dim, options);
  }
  /** Norm of some order over some dimensions; by default Euclidean and over all. */
  norm(options?: ops.NormOptions): Tensor {
    checkCount("run norm", arguments.length, 1);
    return ops.norm(this, options);
  }
  /** Whether an element is not 0, over the given dimensions, or all. */
  any(dim?: ops.Dims, options?: ops.ReduceOptions): Tensor {
    checkCount("run any", arguments.length, 2);
    return ops.any(this, dim, options);
  }
  /** Whether no element is 0, over the given dimensions, or all. */
  all(dim?: ops.Dims, options?: ops.ReduceOptions): Tensor {
    checkCount("run all", arguments.length, 2);
    return ops.all(this, dim, options);
  }
  /** The largest element. */
  max(): Tensor;
  /** The largest elements along a dimension, and where they stand. */
  max(dim: number, options?: ops.ReduceOptions): ops.ValuesAndIndices;
  max(dim?: number, options?: ops.ReduceOptions): Tensor | ops.ValuesAndIndices {
    checkCount("run max", arguments.length, 2);
    return ops.max(this, dim as number, options);
  }
  /** The smallest element. */
  min(): Tensor;
  /** The smallest elements along a dimension, and where they stand. */
  min(dim: number, options?: ops.ReduceOptions): ops.ValuesAndIndices;
  min(dim?: number, options?: ops.ReduceOptions): Tensor | ops.ValuesAndIndices {
    checkCount("run min", arguments.length, 2);
    return ops.min(this, dim as number, options);
  }
  /** Position of the largest element, int32. */
  argmax(dim?: number, options?: ops.ReduceOptions): Tensor {
    checkCount("run argmax", arguments.length, 2);
    return ops.argmax(this, dim, options);
  }
  /** Position of the smallest element, int32. */
  argmin(dim?: number, options?: ops.ReduceOptions): Tensor {
    checkCount("run argmin", arguments.length, 2);
    return ops.argmin(this, dim, options);
  }
  /** Running sum along a dimension. */
  cumsum(dim: number): Tensor {
    checkCount("run cumsum", arguments.length, 1);
    return ops.cumsum(this, dim);
  }
  /** Running product along a dimension. */
  cumprod(dim: number): Tensor {
    checkCount("run cumprod", arguments.length, 1);
    return ops.cumprod(this, dim);
  }
  /** Elements in order along a dimension, and where they stood. */
  sort(dim?: number, options?: ops.SortOptions): ops.ValuesAndIndices {
    checkCount("run sort", arguments.length, 2);
    return ops.sort(this, dim, options);
  }
  /** Positions that sort a dimension, int32. */
  argsort(dim?: number, options?: ops.SortOptions): Tensor {
    checkCount("run argsort", arguments.length, 2);
    return ops.argsort(this, dim, options);
  }
  /** The k largest elements along a dimension, and where they stand. */
  topk(k: number, dim?: number, options?: ops.TopkOptions): ops.ValuesAndIndices {
    checkCount("run topk", arguments.length, 3);
    return ops.topk(this, k, dim, options);
  }
  /** The median, the lower one of two. */
  median(): Tensor;
  /** Medians along a dimension, the lower one of two, and where they stand. */
  median(dim: number, options?: ops.ReduceOptions): ops.ValuesAndIndices;
  median(dim?: number, options?: ops.ReduceOptions): Tensor | ops.ValuesAndIndices {
    checkCount("run median", arguments.length, 2);
    return ops.median(this, dim as number, options);
  }
  /** The elements that a share of the others lies below, along a dimension, or of all. */
  quantile(q: Tensor | number, dim?: number, options?: ops.QuantileOptions): Tensor {
    checkCount("run quantile", arguments.length, 3);
    return ops.quantile(this, q, dim, options);
  }
  /** ln Σ eˣ over the given dimensions, or all. */
  logsumexp(dim?: ops.Dims, options?: ops.ReduceOptions): Tensor {
    checkCount("run logsumexp", arguments.length, 2);
    return ops.logsumexp(this, dim, options);
  }
  /** eˣ / Σ eˣ along a dimension. */
  softmax(dim: number): Tensor {
    checkCount("run softmax", arguments.length, 1);
    return ops.softmax(this, dim);
  }
  /** ln of the softmax along a dimension. */
  logSoftmax(dim: number): Tensor {
    checkCount("run logSoftmax", arguments.length, 1);
    return ops.logSoftmax(this, dim);
  }
  /** Whether both are not 0, elementwise. */
  logicalAnd(other: Tensor): Tensor {
    checkCount("run logicalAnd", arguments.length, 1);
    return ops.logicalAnd(this, other);
  }
  /** Whether one or both are not 0, elementwise. */
  logicalOr(other: Tensor): Tensor {
    checkCount("run logicalOr", arguments.length, 1);
    return ops.logicalOr(this, other);
  }
  /** Whether exactly one is not 0, elementwise. */
  logicalXor(other: Tensor): Tensor {
    checkCount("run logicalXor", arguments.length, 1);
    return ops.logicalXor(this, other);
  }
  /** Whether elements are 0. */
  logicalNot(): Tensor {
    checkCount("run logicalNot", arguments.length, 0);
    return ops.logicalNot(this);
  }
  /** Whether elements are NaN. */
  isnan(): Tensor {
    checkCount("run isnan", arguments.length, 0);
    return ops.isnan(this);
  }
  /** Whether elements are infinite. */
  isinf(): Tensor {
    checkCount("run isinf", arguments.length, 0);
    return ops.isinf(this);
  }
  /** Whether elements are neither infinite nor NaN. */
  isfinite(): Tensor {
    checkCount("run isfinite", arguments.length, 0);
    return ops.isfinite(this);
  }
  /** Numbers in place of NaN and the infinities. */
  nanToNum(options?: ops.NanToNumOptions): Tensor {
    checkCount("run nanToNum", arguments.length, 1);
    return ops.nanToNum(this, options);
  }
  /** The point between this tensor and another, this + weight · (other − this). */
  lerp(other: Tensor, weight: Tensor | number): Tensor {
    checkCount("run lerp", arguments.length, 2);
    return ops.lerp(this, other, weight);
  }
  /** ln of the logistic function, elementwise. */
  logSigmoid(): Tensor {
    checkCount("run logSigmoid", arguments.length, 0);
    return ops.logSigmoid(this);
  }
  /** The elements, moved to the bounds where they lie outside; null for no bound. */
  clamp(min?: Tensor | number | null, max?: Tensor | number | null): Tensor {
    checkCount("run clamp", arguments.length, 2);
    return ops.clamp(this, min, max);
  }
  /** Matrix product. */
  matmul(other: Tensor): Tensor {
    checkCount("run matmul", arguments.length, 1);
    return ops.matmul(this, other);
  }
  /** Sum of the products of two vectors. */
  dot(other: Tensor): Tensor {
    checkCount("run dot", arguments.length, 1);
    return ops.dot(this, other);
  }
  /** Products of all pairs of elements of two vectors. */
  outer(other: Tensor): Tensor {
    checkCount("run outer", arguments.length, 1);
    return ops.outer(this, other);
  }
  /** Matrix products of two batches. */
  bmm(other: Tensor): Tensor {
    checkCount("run bmm", arguments.length, 1);
    return ops.bmm(this, other);
  }
  /** Determinants of square matrices. */
  det(): Tensor {
    checkCount("run det", arguments.length, 0);
    return det(this);
  }
  /** Inverses of square matrices: `linalg.inv`. */
  inverse(): Tensor {
    checkCount("run inverse", arguments.length, 0);
    return inv(this);
  }
  /** The same elements under another shape, one extent of which may be -1. */
  reshape(shape: readonly number[]): Tensor {
    if (arguments.length > 1) throw spreadOut("reshape", arguments);
    return ops.reshape(this, shape);
  }
  /** The dimensions in another order. */
  permute(dims: readonly number[]): Tensor {
    if (arguments.length > 1) throw spreadOut("permute", arguments);
    return ops.permute(this, dims);
  }
  /** Two dimensions exchanged. */
  transpose(dim0: number, dim1: number): Tensor {
    checkCount("run transpose", arguments.length, 2);
    return ops.transpose(this, dim0, dim1);
  }
  /** Dimensions of extent 1 stretched, new ones in front; -1 keeps an extent. */
  expand(shape: readonly number[]): Tensor {
    if (arguments.length > 1) throw spreadOut("expand", arguments);
    return ops.expand(this, shape);
  }
  /** A new dimension of extent 1. */
  unsqueeze(dim: number): Tensor {
    checkCount("run unsqueeze", arguments.length, 1);
    return ops.unsqueeze(this, dim);
  }
  /** Without dimensions of extent 1. */
  squeeze(dim?: number | readonly number[]): Tensor {
    checkCount("run squeeze", arguments.length, 1);
    return ops.squeeze(this, dim);
  }
  /** The dimensions from `startDim` to `endDim` as one. */
  flatten(startDim?: number, endDim?: number): Tensor {
    checkCount("run flatten", arguments.length, 2);
    return ops.flatten(this, startDim, endDim);
  }
  /** Part of one dimension; null leaves an end open. */
  slice(dim: number, start?: number | null, end?: number | null, step?: number | null): Tensor {
    checkCount("run slice", arguments.length, 4);
    return ops.slice(this, dim, start, end, step);
  }
  /** Elements added at the ends of dimensions, the last one first. */
  pad(amounts: readonly number[], options?: ops.PadOptions): Tensor {
    checkCount("run pad", arguments.length, 2);
    return ops.pad(this, amounts, options);
  }
  /** The same elements under another shape, never copied. */
  view(shape: readonly number[]): Tensor {
    if (arguments.length > 1) throw spreadOut("view", arguments);
    return ops.view(this, shape);
  }
  /** One dimension as several. */
  unflatten(dim: number, sizes: readonly number[]): Tensor {
    checkCount("run unflatten", arguments.length, 2);
    return ops.unflatten(this, dim, sizes);
  }
  /** The last two dimensions exchanged. */
  get mT(): Tensor {
    return ops.mT(this);
  }
  /** Dimensions of extent 1 stretched, new ones in front. */
  broadcastTo(shape: readonly number[]): Tensor {
    if (arguments.length > 1) throw spreadOut("broadcastTo", arguments);
    return ops.broadcastTo(this, shape);
  }
  /** `length` entries of a dimension. */
  narrow(dim: number, start: number, length: number): Tensor {
    checkCount("run narrow", arguments.length, 3);
    return ops.narrow(this, dim, start, length);
  }
  /** Parts of a dimension of a given extent, or of given extents. */
  split(size: number | readonly number[], dim?: number): Tensor[] {
    checkCount("run split", arguments.length, 2);
    return ops.split(this, size, dim);
  }
  /** At most `chunks` parts of a dimension. */
  chunk(chunks: number, dim?: number): Tensor[] {
    checkCount("run chunk", arguments.length, 2);
    return ops.chunk(this, chunks, dim);
  }
  /** The entries along a dimension, without it. */
  unbind(dim?: number): Tensor[] {
    checkCount("run unbind", arguments.length, 1);
    return ops.unbind(this, dim);
  }
  /** The elements of matrices where row plus offset equals column; a number is the offset. */
  diagonal(options?: ops.DiagonalOptions | number): Tensor {
    checkCount("run diagonal", arguments.length, 1);
    return ops.diagonal(this, options);
  }
  /** A copy that is repeated along each dimension, new ones in front. */
  repeat(repeats: readonly number[]): Tensor {
    if (arguments.length > 1) throw spreadOut("repeat", arguments);
    return ops.repeat(this, repeats);
  }
  /** A copy that is repeated along the last dimensions. */
  tile(repeats: readonly number[]): Tensor {
    if (arguments.length > 1) throw spreadOut("tile", arguments);
    return ops.tile(this, repeats);
  }
  /** The elements moved along dimensions, around their ends. */
  roll(shifts: number | readonly number[], dims?: number | readonly number[]): Tensor {
    checkCount("run roll", arguments.length, 2);
    return ops.roll(this, shifts, dims);
  }
  /** The elements in opposite order along the given dimensions. */
  flip(dims: number | readonly number[]): Tensor {
    if (arguments.length > 1) throw spreadOut("flip", arguments);
    return ops.flip(this, dims);
  }
  /** Windows of `size` entries along a dimension, every `step` positions. */
  unfold(dim: number, size: number, step: number): Tensor {
    checkCount("run unfold", arguments.length, 3);
    return ops.unfold(this, dim, size, step);
  }
  /** Matrices with zeros above a diagonal; a number is the diagonal. */
  tril(options?: ops.TriangleOptions | number): Tensor {
    checkCount("run tril", arguments.length, 1);
    return ops.tril(this, options);
  }
  /** Matrices with zeros below a diagonal; a number is the diagonal. */
  triu(options?: ops.TriangleOptions | number): Tensor {
    checkCount("run triu", arguments.length, 1);
    return ops.triu(this, options);
  }
  /** Elements at given positions along a dimension. */
  gather(dim: number, index: Tensor): Tensor {
    checkCount("run gather", arguments.length, 2);
    return ops.gather(this, dim, index);
  }
  /** A copy with `source` added at given positions along a dimension. */
  scatterAdd(dim: number, index: Tensor, source: Tensor): Tensor {
    checkCount("run scatterAdd", arguments.length, 3);
    return ops.scatterAdd(this, dim, index, source);
  }
  /** A copy with `source` written at given positions along a dimension. */
  scatter(dim: number, index: Tensor, source: Tensor | number): Tensor {
    checkCount("run scatter", arguments.length, 3);
    return ops.scatter(this, dim, index, source);
  }
  /** A copy with the entries of `source` added to those that an index names. */
  indexAdd(dim: number, index: Tensor, source: Tensor, options?: ops.IndexAddOptions): Tensor {
    checkCount("run indexAdd", arguments.length, 4);
    return ops.indexAdd(this, dim, index, source, options);
  }
  /** The tensor with a value where a mask holds. */
  maskedFill(mask: Tensor, value: Tensor | number): Tensor {
    checkCount("run maskedFill", arguments.length, 2);
    return ops.maskedFill(this, mask, value);
  }
  /** The elements where a condition holds, those of another tensor or a number elsewhere. */
  where(condition: Tensor, other: Tensor | number): Tensor {
    checkCount("run where", arguments.length, 2);
    return ops.where(condition, this, other);
  }
  /** The elements where a mask holds, in one dimension. */
  maskedSelect(mask: Tensor): Tensor {
    checkCount("run maskedSelect", arguments.length, 1);
    return ops.maskedSelect(this, mask);
  }
  /** Positions of the elements that are not 0, a row for each, int32. */
  nonzero(): Tensor {
    checkCount("run nonzero", arguments.length, 0);
    return ops.nonzero(this);
  }
  /** Entries along a dimension in the order of an index. */
  indexSelect(dim: number, index: Tensor): Tensor {
    checkCount("run indexSelect", arguments.length, 2);
    return ops.indexSelect(this, dim, index);
  }
  /**
   * Part of the tensor: integers, ranges `[start, end, step?]` with null for an open end, ":", "...",
   * null, or tensors.
   */
  at(...index: ops.Index[]): Tensor {
    return ops.at(this, index);
  }
  /** A copy with memory of its own. */
  clone(): Tensor {
    checkCount("run clone", arguments.length, 0);
    return ops.clone(this);
  }
  /** The tensor itself if it is contiguous, else a copy that is. */
  contiguous(): Tensor {
    checkCount("run contiguous", arguments.length, 0);
    return ops.contiguous(this);
  }

  /** Writes another tensor or a number into this one; under noGrad if it requires a gradient. */
  copy_(value: Tensor | number): this {
    checkCount("run copy_", arguments.length, 1);
    copy_(this, value);
    return this;
  }
  /** Sets every element; under noGrad if the tensor requires a gradient. */
  fill_(value: number): this {
    checkCount("run fill_", arguments.length, 1);
    fill_(this, value);
    return this;
  }
  /** Sets every element to 0; under noGrad if the tensor requires a gradient. */
  zero_(): this {
    checkCount("run zero_", arguments.length, 0);
    fill_(this, 0, "zero_");
    return this;
  }
  /** Writes into part of the tensor, which `at` would give; under noGrad if it requires a gradient. */
  setAt(index: readonly ops.Index[], value: Tensor | number): this {
    checkCount("run setAt", arguments.length, 2);
    setAt(this, index, value);
    return this;
  }

  /** The entries along the first dimension. */
  *[Symbol.iterator](): IterableIterator<Tensor> {
    if (this.ndim === 0) {
      throw new TypeError(
        "Cannot iterate over a tensor without dimensions: its number is item(), and reshape([1]) " +
          "gives it one",
      );
    }
    for (let i = 0; i < this.shape[0]!; i++) yield ops.at(this, [i]);
  }

  /**
   * What JavaScript's own operators see: of one element its number, so that `loss < best`,
   * `Math.max(x, 0)` and `x + 1` mean the number. They give a number and no tensor, so a gradient
   * would be lost without a word: a tensor on the tape is refused while ops are recorded, as is a
   * tensor of more elements. A template such as `${x}` shows the text of any tensor.
   *
   * @throws {TypeError} If the tensor has not one element.
   * @throws {GradError} If the tensor requires a gradient, unless under `noGrad`.
   *
   * @example Numbers and text
   * ```ts
   * import { tensor } from "@adjoint/ml";
   * import { assertEquals, assertThrows } from "@std/assert";
   *
   * const loss = tensor(0.5);
   * assertEquals([Number(loss), Number(loss) + 1], [0.5, 1.5]);
   * assertThrows(() => Number(tensor([1, 2])), TypeError, "x.add(y)");
   * assertEquals(`${loss}`, "tensor(0.5, float32, shape [])");
   * ```
   */
  [Symbol.toPrimitive](hint: string): number | string {
    if (hint === "string") return this.toString();
    const methods =
      "operators are methods, x.add(y) for x + y, x.mul(y) for x * y, x.lt(y) for x < y";
    if (this.size !== 1) {
      throw new TypeError(
        `Cannot use a tensor of shape ${showShape(this.shape)} as a number: ${methods}`,
      );
    }
    if (this.requiresGrad && engine.recording) {
      throw new GradError(
        `Cannot use a tensor that requires a gradient as a number, as its gradient would be lost: ` +
          `${methods}; x.item() is the number alone`,
      );
    }
    return this.item();
  }

  /**
   * What `JSON.stringify` writes: the number, or nested arrays as of `toArray`. JSON has no NaN and no
   * infinity, so these become null, which `tensor` refuses.
   *
   * @param _key Where the tensor stands; of no interest.
   *
   * @example A loss among others
   * ```ts
   * import { tensor } from "@adjoint/ml";
   * import { assertEquals } from "@std/assert";
   *
   * assertEquals(JSON.stringify({ loss: tensor(0.5), w: tensor([1, NaN]) }), '{"loss":0.5,"w":[1,null]}');
   * ```
   */
  toJSON(_key?: string): NestedArray {
    checkCount("run toJSON", arguments.length, 1);
    return this.toArray();
  }

  /**
   * Numbers, type and shape. All numbers have as many digits after the point, four at most; "rounded"
   * says that some have more. Long tensors are shown without their middle.
   */
  toString(): string {
    checkCount("run toString", arguments.length, 0);
    const { storage, shape, dtype } = this;
    if (storage.gone !== null) return `tensor(disposed, shape ${showShape(shape)})`;
    return formatTensor(elementsOf(this), shape, dtype, [
      dtype,
      `shape ${showShape(shape)}`,
      ...this.device === "cpu" ? [] : [this.device],
      ...this.requiresGrad ? ["requiresGrad"] : [],
    ]);
  }

  /** What `console.log` shows. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }

  /** What a notebook shows. */
  [Symbol.for("Jupyter.display")](): Record<string, string> {
    return { "text/plain": this.toString() };
  }
}

markTensors(Tensor.prototype);
