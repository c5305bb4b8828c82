/** The tensor: shape, strides and elements, and its place on the tape. Methods only call ops. */

import { backward, type BackwardOptions } from "../autograd/backward.ts";
import { type GradHook, type HookHandle, registerHook, retainGrad } from "../autograd/hooks.ts";
import { leafNode, type Node, retire } from "../autograd/tape.ts";
import { wrongKind } from "../core/arguments.ts";
import { type DType, DTYPES, isFloat, type TypedArray } from "../core/dtype.ts";
import { engine } from "../core/engine.ts";
import { DeviceError, DTypeError, GradError, ShapeError, showShape } from "../core/errors.ts";
import { checkCount, FLAG } from "../core/options.ts";
import { sameShape, type Shape } from "../core/shape.ts";
import { type Batched, bindMethods, makeTensor } from "../core/tensor.ts";
import type { Device, Storage } from "../device/backend.ts";
import { backendOf } from "../device/devices.ts";
import { dropCollected, escape, giveBack, outlive } from "../device/memory.ts";
import { castTo, elementsOf, moveTo } from "../ops/copy/copy.ts";
import { bare, bareAs, batchedAs, inBatchOf } from "../ops/define/batch.ts";
import type { OpRule } from "../ops/define/record.ts";
import { at } from "../ops/index/at.ts";
import { mT } from "../ops/shape/views.ts";
import { CopyMethods } from "./methods/copy.ts";
import { destination, type ToOptions } from "./destination.ts";
import { formatTensor, type NestedArray, toNested } from "./print.ts";
import { refuseSetting } from "./read_only.ts";
import { tensorTable } from "./print_html.ts";

/** Refuses what cannot be the gradient of a tensor. */
function checkGradient(x: Tensor, g: unknown): asserts g is Tensor {
  const call = "set grad";
  if (!(g instanceof Tensor)) throw wrongKind(call, "it", "a tensor or null", g);
  g.storage.check("grad");
  // A tensor that is its own gradient is refused by the optimizer's step, which knows its name.
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
 * A multi-dimensional array of numbers that remembers how it was computed.
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
export abstract class Tensor extends CopyMethods {
  /** Extents of the dimensions. */
  declare readonly shape: Shape;
  /** Elements between neighbours along each dimension. */
  declare readonly strides: readonly number[];
  /** First element in the storage. */
  declare readonly offset: number;
  /** Number of elements. */
  declare readonly size: number;
  /** Whether the elements follow each other in row-major order. */
  declare readonly dense: boolean;
  /**
   * The elements' memory, shared by views.
   *
   * @internal
   */
  declare readonly storage: Storage;
  /**
   * Place on the tape; null if no gradient is wanted.
   *
   * @internal
   */
  declare node: Node | null;
  /**
   * Which output of its node this is.
   *
   * @internal
   */
  declare outputIndex: number;
  /**
   * The op that made the tensor.
   *
   * @internal
   */
  declare creator: OpRule | null;
  /**
   * The collected gradient, read by the engine without anyone else noticing.
   *
   * @internal
   */
  declare collected: Tensor | null;
  /**
   * What stands behind a tensor of single examples, as `vmap` makes them; null for any other.
   *
   * @internal
   */
  declare batched: Batched | null;

  /** For the library; users have {@linkcode tensor}. */
  constructor() {
    super();
    throw new TypeError(
      "Cannot make a tensor by its constructor: use tensor(data), zeros(shape) and the like",
    );
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

  /** Whether the tensor was created by the user and not computed from others with a gradient. */
  get isLeaf(): boolean {
    return this.node === null || this.node.leaf !== null;
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
   * The gradient that backward passes have collected; null before the first one and after zeroGrad. It can
   * be set to another tensor of the same shape, type and device.
   *
   * @throws {TypeError} If it is set to anything but a tensor or null.
   */
  get grad(): Tensor | null {
    const { collected } = bare(this);
    // The caller may keep it, so its memory is not reused.
    if (collected !== null) escape(collected.storage);
    return collected && batchedAs(collected, this);
  }

  set grad(value: Tensor | null) {
    if (value !== null) checkGradient(this, value);
    this.dropGrad();
    bare(this).collected = value && bareAs(value, this);
    // A gradient outlives the scope in which it was made.
    if (value !== null) outlive(value.storage);
  }

  /**
   * Drops the collected gradient, and reuses its memory if nobody has read it.
   *
   * @internal
   */
  dropGrad(): void {
    checkCount("run dropGrad", arguments.length, 0);
    const own = bare(this);
    const storage = own.collected?.storage;
    own.collected = null;
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
    if (this.batched !== null) this.node = this.batched.whole.requiresGrad_(on).node;
    else if (on) this.node = leafNode(this);
    else {
      retire(this);
      this.node = null;
    }
    return this;
  }

  /**
   * The elements of a contiguous CPU tensor, without copying: changes show in the tensor.
   *
   * @throws {TypeError} If the tensor is not contiguous.
   */
  get data(): TypedArray {
    if (this.batched !== null) return elementsOf(this, "data");
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
    if (this.batched !== null) return elementsOf(this, "item")[0]!;
    return this.storage.backend.read(this.storage, this.offset, 1)[0]!;
  }

  /** The elements as nested arrays; a plain number for a tensor without dimensions. */
  toArray(): NestedArray {
    checkCount("run toArray", arguments.length, 0);
    this.storage.check("toArray");
    return toNested(elementsOf(this, "toArray"), this.shape, this.dtype);
  }

  /** The tensor on the CPU. Meanwhile the event loop turns, so that finalizers free GPU memory. */
  cpu(): Promise<Tensor> {
    checkCount("run cpu", arguments.length, 0);
    const moved = this.to({ device: "cpu" });
    if (moved === this) return Promise.resolve(moved);
    return new Promise((resolve) => setImmediate(() => resolve(moved)));
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
   * Frees the memory immediately, for large tensors on the GPU; views of the tensor share it. Any later use
   * throws a `DeviceError`. Otherwise the garbage collector frees tensors that are no longer reachable.
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
    if (this.batched !== null) return inBatchOf(this, (whole) => whole.detach());
    const { storage, shape, strides, offset, size, dense } = this;
    return makeTensor(storage, shape, strides, offset, size, dense);
  }

  /**
   * Computes the gradients of the leaves that this tensor depends on and adds them to their `grad`.
   *
   * @param options Options, or the gradient of the tensor itself, from which to start.
   */
  backward(options?: BackwardOptions | Tensor): void {
    checkCount("run backward", arguments.length, 1);
    backward(this, options instanceof Tensor ? { gradient: options } : options);
  }

  /**
   * Calls a function with the tensor's gradient, summed over all paths, whenever a backward pass or `grad`
   * has computed it. If the function returns a tensor of the same shape, that replaces the gradient. Hooks
   * run in the order in which they were registered. Follows `torch.Tensor.register_hook`.
   *
   * @returns A handle that removes the hook, by `remove()` or `using`.
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
   * Makes a non-leaf tensor collect its gradient in `grad` too; does nothing for a leaf.
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

  /** The last two dimensions exchanged. */
  get mT(): Tensor {
    return mT(this);
  }

  /** The entries along the first dimension. */
  *[Symbol.iterator](): IterableIterator<Tensor> {
    if (this.ndim === 0) {
      throw new TypeError(
        "Cannot iterate over a tensor without dimensions: its number is item(), and reshape([1]) " +
          "gives it one",
      );
    }
    for (let i = 0; i < this.shape[0]!; i++) yield at(this, [i]);
  }

  /**
   * The value that JavaScript's operators use: the number of a tensor with one element, so that
   * `loss < best`, `Math.max(x, 0)` and `x + 1` work. Their result is a number and not a tensor, so a
   * gradient would be lost silently: a tensor on the tape is refused while ops are recorded, and so is one
   * with more elements. A template such as `${x}` shows the text of any tensor.
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
   * The value that `JSON.stringify` writes: the number, or nested arrays as from `toArray`. JSON has no NaN
   * and no infinities, so these become null, which `tensor` refuses.
   *
   * @param _key The key of the tensor, which is ignored.
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
   * Numbers, type and shape. All numbers have the same number of decimals, at most four; "rounded" says
   * that some have more. Long tensors are abbreviated.
   */
  override toString(): string {
    checkCount("run toString", arguments.length, 0);
    const { storage, shape, dtype } = this;
    if (storage.gone !== null) return `tensor(disposed, shape ${showShape(shape)})`;
    if (this.batched !== null) {
      const { size } = this.batched.batch;
      return `tensor(one of ${size} examples under vmap, ${dtype}, shape ${showShape(shape)})`;
    }
    return formatTensor(elementsOf(this, "toString"), shape, dtype, notesOf(this));
  }

  /** What `console.log` shows. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }

  /** What a notebook shows. */
  [Symbol.for("Jupyter.display")](): Record<string, string> {
    const text = { "text/plain": this.toString() };
    if (this.storage.gone !== null || this.batched !== null) return text;
    const { shape, dtype } = this;
    const table = tensorTable(elementsOf(this, "toString"), shape, dtype, notesOf(this));
    return table === null ? text : { "text/html": table, ...text };
  }
}

/** The notes after the numbers of a tensor. */
function notesOf({ dtype, shape, device, requiresGrad }: Tensor): string[] {
  return [
    dtype,
    `shape ${showShape(shape)}`,
    ...device === "cpu" ? [] : [device],
    ...requiresGrad ? ["requiresGrad"] : [],
  ];
}

refuseSetting(Tensor.prototype);
bindMethods(Tensor);
