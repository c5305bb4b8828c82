/** Backward: the one loop that walks the tape. */

import { isFloat } from "../core/dtype.ts";
import { engine, under } from "../core/engine.ts";
import { GradError, ShapeError, showShape } from "../core/errors.ts";
import { ANY, checkCount, FLAG, optionReader, orNull, shown, TENSOR } from "../core/options.ts";
import { sameShape } from "../core/shape.ts";
import { isTensor } from "../core/tensor.ts";
import { collectInto, escape, handOver, outlive } from "../device/memory.ts";
import { castTo, clone, copyOf, filledLike } from "../ops/copy/copy.ts";
import { sumTo } from "../ops/shape/primitives.ts";
import { bare, bareAs, batchedAs, isInBatch } from "../ops/define/batch.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Cotangent, Cotangents } from "./cotangents.ts";
import { DIAGONAL, lastNodeId, Node, NONE, type Rule, ZERO } from "./tape.ts";

/** Options of `backward()`. */
export interface BackwardOptions {
  /** Cotangent of the tensor, of its shape; by default 1, for a tensor of one element. */
  gradient?: Tensor;
  /** Keeps the tape for another backward pass. Default: `createGraph`. */
  retainGraph?: boolean;
  /** Records the backward pass, so that gradients can be differentiated again. Default: false. */
  createGraph?: boolean;
}

/** Options of `grad()`. */
export interface GradOptions<Unused extends boolean = boolean> {
  /** Cotangents of the outputs, of their shapes; by default 1, for outputs of one element. */
  gradOutputs?: Tensor | readonly (Tensor | null)[];
  /** Keeps the tape for another backward pass. Default: `createGraph`. */
  retainGraph?: boolean;
  /** Records the backward pass, so that gradients can be differentiated again. Default: false. */
  createGraph?: boolean;
  /** Gives null for an input that the outputs don't depend on, in place of an error. Default: false. */
  allowUnused?: Unused;
}

const readBackward = optionReader<BackwardOptions>({
  gradient: orNull(TENSOR),
  retainGraph: FLAG,
  createGraph: FLAG,
});
const readGrad = optionReader<GradOptions>({
  gradOutputs: ANY,
  retainGraph: FLAG,
  createGraph: FLAG,
  allowUnused: FLAG,
});

/** Where a gradient flows to: an output of a node. */
export interface Edge {
  readonly node: Node;
  readonly outputIndex: number;
}

/** A place where gradients are collected. */
interface Target extends Edge {
  gradient: Tensor | null;
}

let passes = 0;

/**
 * The nodes that the roots depend on, newest first, each with its place in that order; none beyond
 * those numbered up to the floor.
 */
function collect(
  roots: readonly Node[],
  pass: number,
  held: (Node | number)[] | null,
  floor: number,
): Node[] {
  const order: Node[] = [];
  const pending = [...roots];
  while (pending.length > 0) {
    const node = pending.pop()!;
    if (node.mark === pass) continue;
    if (held !== null) held.push(node, node.mark, node.slot);
    node.mark = pass;
    order.push(node);
    if (node.id <= floor) continue;
    const { parents } = node;
    for (let i = parents.length - 1; i >= 0; i--) {
      const parent = parents[i]!;
      if (parent !== null && parent.mark !== pass) pending.push(parent);
    }
  }
  let sorted = true;
  for (let i = 1; i < order.length && sorted; i++) sorted = order[i - 1]!.id > order[i]!.id;
  if (!sorted) order.sort((a, b) => b.id - a.id);
  for (let i = 0; i < order.length; i++) order[i]!.slot = i;
  return order;
}

/** Whether each node is a target or leads to one, and whether it only is one. */
function paths(
  order: readonly Node[],
  targets: readonly Target[],
  floor: number,
): { use: boolean[]; on: boolean[] } {
  const use = new Array<boolean>(order.length).fill(false);
  const on = new Array<boolean>(order.length).fill(false);
  const pass = order[0]?.mark;
  for (const { node } of targets) if (node.mark === pass) use[node.slot] = true;
  for (let i = order.length - 1; i >= 0; i--) {
    if (order[i]!.id <= floor) continue;
    on[i] = order[i]!.parents.some((parent) => parent !== null && use[parent.slot]!);
    use[i] ||= on[i]!;
  }
  return { use, on };
}

/**
 * A gradient as somebody else may have it, in memory that nothing else shares: what the pass has made
 * and nobody else waits for, or a copy.
 */
function owned(g: Tensor, pass: number): Tensor {
  const { storage } = g;
  const { dense, size } = bare(g);
  const alone = storage.pass === pass && storage.references <= 1 && dense && size === storage.size;
  const own = alone ? g : engine.recording ? clone(g) : copyOf(g);
  escape(own.storage);
  return own;
}

/** Adds to the gradient that a tensor has collected. */
function accumulate(leaf: Tensor, g: Tensor, pass: number): void {
  const held = leaf.collected;
  leaf.collected = held === null ? owned(g, pass) : held.add(g);
  const { storage } = leaf.collected;
  // A recorded gradient is also held by the tape.
  if (engine.recording) outlive(storage);
  else collectInto(leaf, storage);
}

/** Fits a rule's result to the input it belongs to. */
function fit(g: Tensor, node: Node, input: number): Tensor {
  const shape = node.shapes?.[input];
  return shape === undefined || sameShape(g.shape, shape) ? g : sumTo(g, shape);
}

/** The gradient of one input. */
function differentiate(g: Tensor, node: Node, input: number): Tensor {
  const vjp = node.rule.vjp[input] as Exclude<typeof node.rule.vjp[number], typeof NONE>;
  return fit(vjp === ZERO ? filledLike(g, 0) : vjp(g, node), node, input);
}

function propagate(
  node: Node,
  cotangent: Cotangent,
  cotangents: Cotangents,
  use: readonly boolean[] | null,
): void {
  const { parents, rule } = node;
  const wanted = (parent: Node | null): parent is Node =>
    parent !== null && (use === null || use[parent.slot]!);
  const { watcher } = engine;
  if (rule.vjpAll !== undefined) {
    const given = Array.isArray(cotangent) ? cotangent : [cotangent];
    // A user's function may keep what it is given.
    const gs = rule.foreign ? given.map((g) => g && owned(g, engine.pass)) : given;
    const size = gs.reduce((n, g) => n + (g?.size ?? 0), 0);
    const compute = () =>
      rule.vjpAll!(gs, node, parents.map(wanted)).map((g, i) => g === null ? g : fit(g, node, i));
    const results = cotangents.isLarge(size) && !rule.foreign ? cotangents.run(compute) : compute();
    for (let i = 0; i < parents.length; i++) {
      const [parent, g] = [parents[i]!, results[i] ?? null];
      if (!wanted(parent) || g === null) continue;
      if (watcher !== null) watcher.differentiated(node, i, g, gs.filter((from) => from !== null));
      cotangents.add(parent, node.outputIndices?.[i] ?? 0, g);
    }
    return;
  }
  const g = cotangent as Tensor;
  const large = cotangents.isLarge(g.size);
  for (let i = 0; i < parents.length; i++) {
    const parent = parents[i]!;
    if (!wanted(parent)) continue;
    if (rule.vjp[i] === NONE) continue;
    if (watcher === null && cotangents.addPart(node, g)) continue;
    const result = large
      ? cotangents.run(() => differentiate(g, node, i))
      : differentiate(g, node, i);
    if (watcher !== null) watcher.differentiated(node, i, result, [g]);
    cotangents.add(parent, node.outputIndices === null ? 0 : node.outputIndices[i]!, result);
  }
}

function usedUp(node: Node): GradError {
  return new GradError(
    `Cannot run backward: the tape of ${node.rule.name} was used up by an earlier backward ` +
      "pass; give that pass { retainGraph: true }",
  );
}

/** What a pass starts from, where it leads, and how it runs. */
interface Pass {
  readonly roots: readonly { readonly tensor: Tensor; readonly gradient: Tensor }[];
  /** Where gradients are wanted; null for all leaves. */
  readonly targets: readonly Target[] | null;
  readonly retainGraph: boolean;
  /** Nodes numbered up to this are an end of the line. */
  readonly floor: number;
  /** Whether the targets' gradients go to a user, and not to a rule of another pass. */
  readonly handsOut: boolean;
}

function runPass(pass: Pass, createGraph: boolean): void {
  const outer = engine.pass;
  const id = ++passes;
  // A pass inside a rule of another may meet that one's nodes: it puts their marks back.
  const held: (Node | number)[] | null = outer !== 0 ? [] : null;
  try {
    under({ recording: createGraph, pass: id }, () => backpropagate(pass, id, outer, held));
  } finally {
    for (let i = 0; held !== null && i < held.length; i += 3) {
      const node = held[i] as Node;
      node.mark = held[i + 1] as number;
      node.slot = held[i + 2] as number;
    }
  }
}

function backpropagate(
  { roots, targets, retainGraph, floor, handsOut }: Pass,
  pass: number,
  outer: number,
  held: (Node | number)[] | null,
): void {
  const order = collect(roots.map(({ tensor }) => tensor.node!), pass, held, floor);
  const { use, on } = targets === null ? { use: null, on: null } : paths(order, targets, floor);
  if (targets?.some(({ node }) => node.mark !== pass)) {
    const released = order.find((node) => node.released);
    if (released !== undefined) throw usedUp(released);
  }
  const cotangents = new Cotangents(order.length, pass, !engine.recording);
  for (const { tensor, gradient } of roots) {
    cotangents.add(tensor.node!, tensor.outputIndex, gradient);
  }
  for (let i = 0; i < order.length; i++) {
    const node = order[i]!;
    const taken = cotangents.take(i);
    if (taken === undefined || (use !== null && !use[i])) continue;
    const { hooks } = node;
    const cotangent = hooks === null || node.id <= floor
      ? taken
      : hooks.apply(taken, (g) => owned(g, pass));
    if (targets !== null) {
      for (const target of targets) {
        if (target.node !== node) continue;
        const g = Array.isArray(cotangent) ? cotangent[target.outputIndex]! : cotangent;
        if (g === null) continue;
        target.gradient = handsOut ? owned(g, pass) : g;
        // It is the other pass's now, which may use its memory again.
        if (!handsOut && g.storage.pass === pass) handOver(g.storage, outer);
      }
      if (!on![i]) continue;
    } else if (node.leaf !== null) {
      accumulate(node.leaf, cotangent as Tensor, pass);
      cotangents.release(taken);
      continue;
    } else if (hooks !== null) {
      for (const tensor of hooks.retained) {
        const g = Array.isArray(cotangent) ? cotangent[tensor.outputIndex]! : cotangent;
        if (g !== null) accumulate(tensor, g, pass);
      }
    }
    if (node.released) throw usedUp(node);
    propagate(node, cotangent, cotangents, use);
    cotangents.release(taken);
    if (!retainGraph) node.release();
  }
}

/** Why a tensor cannot be differentiated. */
function untaped(op: string, tensor: Tensor): GradError {
  const { creator } = tensor;
  const made = creator === null ? "" : `, made by ${creator.name}`;
  const reason = !isFloat(tensor.dtype)
    ? `it is ${tensor.dtype}, and only float32 and float64 have gradients`
    : creator === null
    ? "it was created without { requiresGrad: true } or detached"
    : creator.unrecorded
    ? "it was made under noGrad"
    : "none of its inputs requires a gradient";
  return new GradError(
    `Cannot run ${op}: this tensor (shape ${
      showShape(tensor.shape)
    }${made}) is on no tape, as ${reason}`,
  );
}

/** The tensors of an argument of `grad`. */
function tensorList(role: string, list: unknown): readonly Tensor[] {
  if (!Array.isArray(list)) {
    throw new TypeError(
      `Cannot run grad: ${role} must be an array of tensors, as in grad(y, [x]), got ${
        shown(list)
      }`,
    );
  }
  for (const x of list) {
    if (isTensor(x)) continue;
    throw new TypeError(`Cannot run grad: ${role} must be tensors, got ${shown(x)}`);
  }
  return list;
}

/** The tensor on the tape to start from, with its cotangent. */
function start(op: string, tensor: Tensor, gradient: unknown): Pass["roots"][number] {
  const checked = startingGradient(op, tensor, gradient);
  return { tensor: bare(tensor), gradient: bareAs(checked, tensor) };
}

/** The cotangent to start from, checked. */
function startingGradient(op: string, tensor: Tensor, gradient: unknown): Tensor {
  if (tensor.node === null) throw untaped(op, tensor);
  if (gradient === undefined || gradient === null) {
    if (tensor.size !== 1) {
      throw new GradError(
        `Cannot run ${op}: only a tensor of one element has an implied gradient, got shape ` +
          `${showShape(tensor.shape)}; reduce it or pass a gradient`,
      );
    }
    return filledLike(tensor, 1);
  }
  if (!isTensor(gradient)) {
    throw new TypeError(
      `Cannot run ${op}: the gradient to start from must be a tensor, got ${shown(gradient)}`,
    );
  }
  if (!sameShape(gradient.shape, tensor.shape)) {
    throw new ShapeError(
      `Cannot run ${op}: the gradient has shape ${showShape(gradient.shape)}, the tensor ${
        showShape(tensor.shape)
      }`,
      [gradient.shape, tensor.shape],
    );
  }
  return castTo(gradient, tensor.dtype);
}

/** Refuses an input that all examples of a batch share where outputs are those of single examples. */
function checkOwn(i: number, input: Tensor, outputs: readonly Tensor[]): void {
  for (const y of outputs) {
    for (let { batched } = y; batched !== null; { batched } = batched.whole) {
      if (isInBatch(input, batched.batch)) continue;
      throw new GradError(
        `Cannot run grad under vmap: input ${i} (shape ${
          showShape(input.shape)
        }) is shared by all examples, so that each would have a gradient of its own; ` +
          "differentiate a function of it, as gradOf does",
      );
    }
  }
}

/**
 * Gradients at places of the tape, for rules that differentiate something themselves. Nodes numbered
 * up to the floor are an end of the line: their own pass treats them, with their hooks.
 */
export function gradientsAt(
  outputs: readonly Tensor[],
  gs: readonly (Tensor | null)[],
  places: readonly Edge[],
  { createGraph, floor }: { createGraph: boolean; floor: number },
): (Tensor | null)[] {
  const roots = outputs.flatMap((output, i) => {
    const [tensor, gradient] = [bare(output), gs[i]!];
    // Some outputs may have nothing to do with what is wanted.
    return gradient === null || tensor.node === null ? [] : [{ tensor, gradient }];
  });
  const targets = places.map(({ node, outputIndex }): Target => ({
    node,
    outputIndex,
    gradient: null,
  }));
  const pass = { roots, targets, retainGraph: createGraph, floor, handsOut: false };
  runPass(pass, createGraph);
  return targets.map(({ gradient }) => gradient);
}

/** Another name for a tensor: its gradient is that of the tensor. */
const TWIN: Rule = { name: "twin", saves: "", vjp: [(g) => g], jvp: DIAGONAL, outputs: 1 };

/** Twins of the inputs of a node that are wanted; the others as they are. */
export function twinsOf(
  inputs: readonly (Tensor | null)[],
  node: Node,
  wanted: readonly boolean[],
): (Tensor | null)[] {
  return inputs.map((input, i) => {
    if (!wanted[i] || input === null) return input;
    const twin = input.detach();
    twin.node = new Node(TWIN, [node.parents[i]!]);
    twin.node.outputIndices = node.outputIndices === null ? null : [node.outputIndices[i]!];
    return twin;
  });
}

/**
 * The gradients of a composite with respect to inputs that a node has saved. Each input is
 * differentiated at a twin of its own, which leads to the place where the input came from: inputs
 * may depend on each other, or be one and the same.
 */
export function gradientsOfComposite(
  composite: (inputs: readonly (Tensor | null)[]) => readonly Tensor[],
  inputs: readonly (Tensor | null)[],
  gs: readonly (Tensor | null)[],
  node: Node,
  needs: readonly boolean[],
): (Tensor | null)[] {
  const floor = lastNodeId();
  const wanted = inputs.flatMap((_, i) => needs[i] ? [i] : []);
  const twins = twinsOf(inputs, node, needs);
  const places = wanted.map((i): Edge => ({ node: twins[i]!.node!, outputIndex: 0 }));
  const createGraph = engine.recording;
  const outputs = under({ recording: true }, () => composite(twins));
  const found = gradientsAt(outputs, gs, places, { createGraph, floor });
  return inputs.map((_, i) => found[wanted.indexOf(i)] ?? null);
}

/** Computes the gradients of a tensor's leaves and adds them to their `grad`. */
export function backward(tensor: Tensor, given?: BackwardOptions): void {
  const options = readBackward("run backward", given);
  const createGraph = options.createGraph ?? false;
  const retainGraph = options.retainGraph ?? createGraph;
  const roots = [start("backward", tensor, options.gradient)];
  runPass({ roots, targets: null, retainGraph, floor: 0, handsOut: true }, createGraph);
}

/**
 * Gradients of outputs with respect to given inputs, which need not be leaves; no `.grad` changes.
 * Follows `torch.autograd.grad`.
 *
 * @param outputs One tensor or several, whose gradients are added.
 * @param inputs The tensors to differentiate with respect to.
 * @returns A gradient for each input, of its shape.
 * @throws {GradError} If an output is on no tape, or if an input is not part of it and
 * `allowUnused` is not set.
 *
 * @example A second derivative
 * ```ts
 * import { grad, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor(2, { requiresGrad: true });
 * const [first] = grad(x.pow(3), [x], { createGraph: true });
 * const [second] = grad(first, [x]);
 * assertEquals([first.item(), second.item()], [12, 12]);
 * ```
 */
export function grad<const Inputs extends readonly Tensor[], Unused extends boolean = false>(
  outputs: Tensor | readonly Tensor[],
  inputs: Inputs,
  given?: GradOptions<Unused>,
): { [I in keyof Inputs]: Unused extends true ? Tensor | null : Tensor } {
  checkCount("run grad", arguments.length, 3);
  const options = readGrad("run grad", given);
  const roots = tensorList("outputs", Array.isArray(outputs) ? outputs : [outputs]);
  tensorList("inputs", inputs);
  const { gradOutputs } = options;
  const seeds = Array.isArray(gradOutputs) ? gradOutputs : [gradOutputs];
  if (Array.isArray(gradOutputs) && seeds.length !== roots.length) {
    throw new GradError(
      `Cannot run grad: ${roots.length} outputs need as many gradOutputs, got ${seeds.length}`,
    );
  }
  if (roots.length === 0) throw new GradError("Cannot run grad: there are no outputs");
  const targets = inputs.map((input, i): Target => {
    if (input.node === null) {
      throw new GradError(
        `Cannot run grad: input ${i} (shape ${showShape(input.shape)}) requires no gradient`,
      );
    }
    return { node: input.node, outputIndex: input.outputIndex, gradient: null };
  });
  const createGraph = options.createGraph ?? false;
  const retainGraph = options.retainGraph ?? createGraph;
  const starts = roots.map((tensor, i) => start("grad", tensor, seeds[i]));
  inputs.forEach((input, i) => checkOwn(i, input, roots));
  runPass({ roots: starts, targets, retainGraph, floor: 0, handsOut: true }, createGraph);
  const gradients = targets.map(({ gradient }, i) => {
    if (gradient === null && options.allowUnused !== true) {
      throw new GradError(
        `Cannot run grad: the outputs do not depend on input ${i} (shape ${
          showShape(inputs[i]!.shape)
        }); pass { allowUnused: true } to get null for it`,
      );
    }
    return gradient && batchedAs(gradient, inputs[i]!);
  });
  return gradients as { [I in keyof Inputs]: Unused extends true ? Tensor | null : Tensor };
}
