/** Rules, results and their recording on the tape: what every kind of op is made with. */

import {
  DIAGONAL,
  type Jvp,
  Node,
  type NONE,
  type Rule,
  type Vjp,
  type VjpAll,
  type VjpInto,
  type ZERO,
} from "../../autograd/tape.ts";
import { CODES, type DType, stored, type TypedArray } from "../../core/dtype.ts";
import { engine } from "../../core/engine.ts";
import {
  checkRoom,
  contiguousStrides,
  isContiguous,
  type Shape,
  sizeOf,
} from "../../core/shape.ts";
import { makeTensor } from "../../core/tensor.ts";
import { adopt } from "../../device/cpu.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type Kind, register } from "../registry.ts";
import type { BatchRule } from "./batch.ts";

/** What a rule table entry may leave out. */
export interface RuleSpec<A> {
  /** Which of `a` (or `x`), `b`, `c` and `y` the rules read. */
  readonly saves?: string;
  readonly vjp: readonly (Vjp<A> | typeof ZERO | typeof NONE)[];
  readonly vjpAll?: VjpAll<A>;
  /** Forward mode. Default: that of an elementwise op. */
  readonly jvp?: Jvp<A> | typeof DIAGONAL;
  readonly outputs?: number;
  readonly foreign?: boolean;
  /** Adds the first input's gradient to a sum in place, for an op that reads parts of the input. */
  readonly vjpInto?: VjpInto<A>;
}

/** The rules of an op that is not elementwise, where nothing follows from the others. */
export interface StructuralSpec<A> extends RuleSpec<A> {
  /** Forward mode. */
  readonly jvp: Jvp<A> | typeof DIAGONAL;
  /** How the op runs on a batch of examples. */
  readonly batch: BatchRule<A>;
}

/** A rule of an op that is not elementwise. */
export interface StructuralRule<A> extends OpRule<A> {
  readonly batch: BatchRule<A>;
}

/** A rule, ready for recording. */
export class OpRule<A = unknown> implements Rule {
  /** Name for messages. */
  readonly name: string;
  /** Which tensors the rules read. */
  readonly saves: string;
  /** A rule for each input. */
  readonly vjp: readonly (Vjp<unknown> | typeof ZERO | typeof NONE)[];
  /** All gradients in one pass. */
  readonly vjpAll?: VjpAll<unknown>;
  /** Forward mode. */
  readonly jvp: Jvp<unknown> | typeof DIAGONAL;
  /** Number of outputs. */
  readonly outputs: number;
  /** Whether the rule runs a user's function. */
  readonly foreign: boolean;
  /** Adds the first input's gradient to a sum. */
  readonly vjpInto?: VjpInto<unknown>;
  /** Whether this is the twin of a rule, for tensors made while nothing was recorded. */
  readonly unrecorded: boolean;
  /** The twin. */
  readonly unrecordedTwin: OpRule<A>;

  /**
   * Creates the object.
   *
   * @param name Name for messages.
   */
  constructor(name: string, spec: RuleSpec<A>, unrecorded = false) {
    this.name = name;
    this.saves = (spec.saves ?? "").replace("x", "a");
    this.vjp = spec.vjp as readonly (Vjp<unknown> | typeof ZERO | typeof NONE)[];
    if (spec.vjpAll !== undefined) this.vjpAll = spec.vjpAll as VjpAll<unknown>;
    if (spec.vjpInto !== undefined) this.vjpInto = spec.vjpInto as VjpInto<unknown>;
    this.jvp = (spec.jvp ?? DIAGONAL) as Jvp<unknown> | typeof DIAGONAL;
    this.outputs = spec.outputs ?? 1;
    this.foreign = spec.foreign ?? false;
    this.unrecorded = unrecorded;
    this.unrecordedTwin = unrecorded ? this : new OpRule(name, spec, true);
  }
}

/** Makes a rule for an op that is not elementwise. */
export function rule<A = unknown>(
  name: string,
  spec: StructuralSpec<A>,
  kind: Kind = "primitive",
): StructuralRule<A> {
  const made = Object.assign(new OpRule<A>(name, spec), { batch: spec.batch });
  register({
    name,
    kind,
    integers: true,
    rule: made as OpRule,
    sampling: undefined,
    run: undefined,
  });
  return made;
}

/** A new tensor for the result of an op on `like`'s device. */
export function result(like: Tensor, dtype: DType, shape: Shape): Tensor {
  return allocated(like, dtype, shape, false);
}

function allocated(like: Tensor, dtype: DType, shape: Shape, zero: boolean): Tensor {
  const size = shape === like.shape ? like.size : sizeOf(shape);
  const code = CODES[dtype];
  checkRoom(shape, size, code);
  const storage = like.storage.backend.allocate(code, size, zero);
  const strides = shape === like.shape && like.dense ? like.strides : contiguousStrides(shape);
  return makeTensor(storage, shape, strides, 0, size, true);
}

/** A new tensor of zeros on `like`'s device. */
export function zeroed(like: Tensor, dtype: DType, shape: Shape): Tensor {
  return allocated(like, dtype, shape, true);
}

/** Records an op of one input, if it is to be. */
export function record1<A>(rule: OpRule<A>, a: Tensor, y: Tensor, attrs: A | null = null): Tensor {
  if (!engine.recording) y.creator = rule.unrecordedTwin;
  else {
    y.creator = rule;
    if (a.node !== null) {
      const node = new Node(rule as OpRule, [a.node], attrs);
      if (a.outputIndex !== 0) node.outputIndices = [a.outputIndex];
      node.save(a, null, null, y);
      y.node = node;
    }
  }
  if (engine.watcher !== null) engine.watcher.made(rule.name, y, [a]);
  return y;
}

/** Records an op of two inputs, if it is to be. */
export function record2<A>(
  rule: OpRule<A>,
  a: Tensor,
  b: Tensor,
  y: Tensor,
  attrs: A | null = null,
): Tensor {
  if (!engine.recording) y.creator = rule.unrecordedTwin;
  else {
    y.creator = rule;
    if (a.node !== null || b.node !== null) {
      const node = new Node(rule as OpRule, [a.node, b.node], attrs);
      if (a.outputIndex !== 0 || b.outputIndex !== 0) {
        node.outputIndices = [a.outputIndex, b.outputIndex];
      }
      if (a.shape !== y.shape || b.shape !== y.shape) node.shapes = [a.shape, b.shape, y.shape];
      node.save(a, b, null, y);
      y.node = node;
    }
  }
  if (engine.watcher !== null) engine.watcher.made(rule.name, y, [a, b]);
  return y;
}

/**
 * Records an op of any number of inputs, if it is to be; the first three can be saved. An input that
 * was left out of the call is null.
 */
export function recordAll<A>(
  rule: OpRule<A>,
  inputs: readonly (Tensor | null)[],
  outputs: readonly Tensor[],
  attrs: A | null = null,
): void {
  const enabled = engine.recording;
  for (const y of outputs) y.creator = enabled ? rule : rule.unrecordedTwin;
  if (enabled) {
    for (const input of inputs) {
      if (input === null || input.node === null) continue;
      recordNode(rule, inputs, outputs, attrs);
      break;
    }
  }
  if (engine.watcher === null) return;
  const present = inputs.filter((input) => input !== null);
  for (const y of outputs) engine.watcher.made(rule.name, y, present);
}

function recordNode<A>(
  rule: OpRule<A>,
  inputs: readonly (Tensor | null)[],
  outputs: readonly Tensor[],
  attrs: A | null,
): void {
  const node = new Node(rule as OpRule, inputs.map((input) => input?.node ?? null), attrs);
  const outputIndices = inputs.map((input) => input?.outputIndex ?? 0);
  if (outputIndices.some((outputIndex) => outputIndex !== 0)) node.outputIndices = outputIndices;
  const shapes = inputs.map((input) => input?.shape ?? NO_DIMENSIONS);
  shapes.push(outputs[0]!.shape);
  node.shapes = shapes;
  node.save(inputs[0] ?? null, inputs[1] ?? null, inputs[2] ?? null, outputs[0]!);
  outputs.forEach((y, outputIndex) => {
    y.node = node;
    y.outputIndex = outputIndex;
  });
}

/** A tensor without dimensions for a number beside a tensor. */
export function scalar(value: number, dtype: DType, like: Tensor): Tensor {
  const storage = like.storage.backend.scalar(CODES[dtype], stored(value, dtype));
  return makeTensor(storage, NO_DIMENSIONS, NO_DIMENSIONS, 0, 1, true);
}

const NO_DIMENSIONS: readonly number[] = [];

/** A tensor over an array, which it keeps. */
export function tensorOver(array: TypedArray, shape: Shape): Tensor {
  const storage = adopt("fromTypedArray", array);
  return makeTensor(storage, shape, contiguousStrides(shape), 0, storage.size, true);
}

/** Another view of a tensor's memory, not recorded. */
export function viewOf(
  x: Tensor,
  shape: Shape,
  strides: readonly number[],
  offset: number,
  size: number,
): Tensor {
  return makeTensor(x.storage, shape, strides, offset, size, isContiguous(shape, strides));
}
