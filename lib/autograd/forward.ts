/** Forward mode: tangents, pushed through the recorded ops. */

import { sameShape, type Shape } from "../core/shape.ts";
import { GradError } from "../core/errors.ts";
import { engine, under } from "../core/engine.ts";
import { append } from "../core/lists.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Edge, gradientsAt, twinsOf } from "./pass.ts";
import { DIAGONAL, lastNodeId, type Node, NONE, ZERO } from "./tape.ts";

/** The tangents of a node's outputs; null for those that do not move. */
type Tangents = readonly (Tensor | null)[];

/** The nodes that lead to the outputs and are no older than the first place, the oldest first. */
function between(outputs: readonly Tensor[], places: readonly Edge[]): Node[] {
  const first = places.reduce((id, { node }) => Math.min(id, node.id), Infinity);
  const seen = new Set<Node>();
  const pending = outputs.map(({ node }) => node);
  while (pending.length > 0) {
    const node = pending.pop() ?? null;
    if (node === null || node.id < first || seen.has(node)) continue;
    if (node.released) {
      throw new GradError(
        `Cannot run forward mode: the tape of ${node.rule.name} was used up by a backward pass; give ` +
          "that pass { retainGraph: true }",
      );
    }
    seen.add(node);
    append(pending, node.parents);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}

/** A tangent of one input as the output's shape has it. */
function stretched(t: Tensor, shape: Shape | undefined): Tensor {
  return shape === undefined || sameShape(t.shape, shape) ? t : t.expand(shape);
}

/** Each tangent by the rule of its input, which is a product of elements, and their sum. */
function diagonal(node: Node, tangents: Tangents): Tensor | null {
  const { rule, shapes, parents } = node;
  let sum: Tensor | null = null;
  tangents.forEach((t, i) => {
    const vjp = rule.vjp[i]!;
    if (t === null || vjp === NONE || vjp === ZERO) return;
    const moved = vjp(stretched(t, shapes?.[parents.length]), node);
    sum = sum === null ? moved : sum.add(moved);
  });
  return sum;
}

function push(node: Node, tangents: Tangents): Tangents {
  const { jvp } = node.rule;
  const moved = jvp === DIAGONAL ? diagonal(node, tangents) : jvp(tangents, node);
  return Array.isArray(moved) ? moved : [moved as Tensor | null];
}

/**
 * The derivatives of outputs along directions of what stands at places of the tape: one tangent for
 * each, through every node once. Null for outputs that do not move.
 */
export function pushForward(
  outputs: readonly Tensor[],
  places: readonly Edge[],
  directions: readonly Tensor[],
): (Tensor | null)[] {
  const found = new Map<Node, (Tensor | null)[]>();
  places.forEach(({ node, outputIndex }, i) => {
    const tangents = found.get(node) ?? new Array<Tensor | null>(node.rule.outputs).fill(null);
    const held = tangents[outputIndex]!;
    tangents[outputIndex] = held === null ? directions[i]! : held.add(directions[i]!);
    found.set(node, tangents);
  });
  for (const node of between(outputs, places)) {
    if (found.has(node)) continue;
    const tangents = node.parents.map((parent, i) =>
      parent === null ? null : found.get(parent)?.[node.outputIndices?.[i] ?? 0] ?? null
    );
    if (tangents.some((t) => t !== null)) found.set(node, [...push(node, tangents)]);
  }
  return outputs.map(({ node, outputIndex }) =>
    node === null ? null : found.get(node)?.[outputIndex] ?? null
  );
}

/** Forward mode through a composite at inputs that a node has saved. */
export function tangentOfComposite(
  composite: (inputs: readonly (Tensor | null)[]) => readonly Tensor[],
  inputs: readonly (Tensor | null)[],
  node: Node,
  tangents: Tangents,
): (Tensor | null)[] {
  const twins = twinsOf(inputs, node, node.parents.map((parent) => parent !== null));
  const outputs = under({ recording: true }, () => composite(twins));
  const moving = tangents.flatMap((t, i) => t === null ? [] : [i]);
  const places = moving.map((i): Edge => ({ node: twins[i]!.node!, outputIndex: 0 }));
  return pushForward(outputs, places, moving.map((i) => tangents[i]!));
}

/**
 * Forward mode of what is known by its gradients alone: they are linear in the cotangents, so that
 * their own gradients for the cotangents are tangents.
 *
 * @param cotangents What the gradients are taken of, anything of the outputs' shapes.
 * @param gradients The gradients of the inputs for cotangents.
 */
export function transposed(
  cotangents: readonly Tensor[],
  gradients: (cotangents: readonly Tensor[]) => readonly (Tensor | null)[],
  tangents: Tangents,
): (Tensor | null)[] {
  const createGraph = engine.recording;
  const floor = lastNodeId();
  const own = cotangents.map((g) => g.detach().requiresGrad_());
  const back = under({ recording: true }, () => gradients(own));
  const used = back.flatMap((g, i) =>
    g === null || g.node === null || (tangents[i] ?? null) === null ? [] : [i]
  );
  const places = own.map((g): Edge => ({ node: g.node!, outputIndex: 0 }));
  return gradientsAt(used.map((i) => back[i]!), used.map((i) => tangents[i]!), places, {
    createGraph,
    floor,
  });
}
