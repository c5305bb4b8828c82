/** Backward passes: the one loop that walks the tape. */

import { engine, under } from "../core/engine.ts";
import { GradError } from "../core/errors.ts";
import { sameShape } from "../core/shape.ts";
import { collectInto, escape, handOver, outlive } from "../device/memory.ts";
import { clone, copyOf, filledLike } from "../ops/copy/copy.ts";
import { bare } from "../ops/define/batch.ts";
import { sumTo } from "../ops/shape/primitives.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Cotangent, Cotangents } from "./cotangents.ts";
import { DIAGONAL, lastNodeId, Node, NONE, type Rule, ZERO } from "./tape.ts";

/** Where a gradient flows to: an output of a node. */
export interface Edge {
  readonly node: Node;
  readonly outputIndex: number;
}

/** A place where gradients are collected. */
export interface Target extends Edge {
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
    for (const parent of order[i]!.parents) {
      if (parent !== null && use[parent.slot]!) on[i] = use[i] = true;
    }
  }
  return { use, on };
}

/**
 * A gradient that can be given away, in memory that nothing else shares: one that the pass itself made
 * and that nothing else uses, or a copy.
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
  if (held !== null) engine.watcher?.joined?.("the sum of gradients", leaf.collected, [held, g]);
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
    if (watcher === null && cotangents.addInto(node, g)) continue;
    const result = large
      ? cotangents.run(() => differentiate(g, node, i))
      : differentiate(g, node, i);
    if (watcher !== null) watcher.differentiated(node, i, result, [g]);
    cotangents.add(parent, node.outputIndices === null ? 0 : node.outputIndices[i]!, result);
  }
}

/** The cotangent of one output of a node. */
function outputOf(cotangent: Cotangent, outputIndex: number): Tensor | null {
  return Array.isArray(cotangent) ? cotangent[outputIndex]! : cotangent;
}

function usedUp(node: Node): GradError {
  return new GradError(
    `Cannot run backward: the tape of ${node.rule.name} was used up by an earlier backward ` +
      "pass; give that pass { retainGraph: true }",
  );
}

/** What a pass starts from, where it leads, and how it runs. */
export interface Pass {
  readonly roots: readonly { readonly tensor: Tensor; readonly gradient: Tensor }[];
  /** Where gradients are wanted; null for all leaves. */
  readonly targets: readonly Target[] | null;
  readonly retainGraph: boolean;
  /** The pass ends at nodes numbered up to this. */
  readonly floor: number;
  /** Whether the targets' gradients go to a user, and not to a rule of another pass. */
  readonly handsOut: boolean;
}

/** Runs a pass, which is itself recorded under `createGraph`. */
export function runPass(pass: Pass, createGraph: boolean): void {
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
        const g = outputOf(cotangent, target.outputIndex);
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
        const g = outputOf(cotangent, tensor.outputIndex);
        if (g !== null) accumulate(tensor, g, pass);
      }
    }
    if (node.released) throw usedUp(node);
    propagate(node, cotangent, cotangents, use);
    cotangents.release(taken);
    if (!retainGraph) node.release();
  }
}

/**
 * Gradients at places of the tape, for rules that differentiate something themselves. The pass ends at
 * nodes numbered up to the floor: the outer pass handles them, with their hooks.
 */
export function gradientsAt(
  outputs: readonly Tensor[],
  gs: readonly (Tensor | null)[],
  places: readonly Edge[],
  { createGraph, floor }: { createGraph: boolean; floor: number },
): (Tensor | null)[] {
  const roots: Pass["roots"][number][] = [];
  for (let i = 0; i < outputs.length; i++) {
    const [tensor, gradient] = [bare(outputs[i]!), gs[i]!];
    // Some outputs may have nothing to do with what is wanted.
    if (gradient !== null && tensor.node !== null) roots.push({ tensor, gradient });
  }
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
  const twins = twinsOf(inputs, node, needs);
  const places: Edge[] = [];
  for (let i = 0; i < inputs.length; i++) {
    if (needs[i]) places.push({ node: twins[i]!.node!, outputIndex: 0 });
  }
  const createGraph = engine.recording;
  const outputs = under({ recording: true }, () => composite(twins));
  const found = gradientsAt(outputs, gs, places, { createGraph, floor });
  let next = 0;
  return inputs.map((_, i) => needs[i] ? found[next++]! : null);
}
