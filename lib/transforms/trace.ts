/** A function's run on inputs of its own, which is what every transform differentiates. */

import { grad } from "../autograd/backward.ts";
import { engine, settled } from "../core/engine.ts";
import { enableGrad, isGradEnabled, type Node } from "../autograd/tape.ts";
import { isFloat } from "../core/dtype.ts";
import { DTypeError, GradError, ShapeError, showShape } from "../core/errors.ts";
import { checkKind, FUNCTION, kind, shown } from "../core/options.ts";
import { sameShape } from "../core/shape.ts";
import { leavesOf, type Mirror, rebuildWith, type TensorTree } from "../core/tree.ts";
import { bare, batchedAs, ownOfEach } from "../ops/define/batch.ts";
import { reshape } from "../ops/shape/primitives.ts";
import { zerosLike } from "../tensor/create.ts";
import { Tensor } from "../tensor/tensor.ts";

const TREE = kind(
  "a tensor, or an array or record of tensors",
  (value) => leavesOf(value) !== null,
);

/** What a function takes that is called with inputs: the entries of an array, else one argument. */
export type ArgumentsOf<Inputs> = Inputs extends Tensor ? [Tensor]
  : Inputs extends readonly unknown[]
    ? Mirror<Inputs> extends infer List extends unknown[] ? List : never
  : [Mirror<Inputs>];

/** Calls a function with inputs in whose places other tensors stand. */
export function callWith<Args extends unknown[], Output>(
  fn: (...inputs: Args) => Output,
  inputs: TensorTree,
): (own: readonly Tensor[]) => Output {
  return (own) => {
    const args = rebuildWith(inputs, own);
    return fn(...(Array.isArray(args) ? args : [args]) as Args);
  };
}

/** Refuses what is no function. */
export function checkFunction(name: string, fn: unknown): void {
  checkKind(`run ${name}`, "the first argument", fn, FUNCTION);
}

/** The tensors of a tree, as a list; refuses anything else. */
export function listOf(name: string, role: string, tree: TensorTree): readonly Tensor[] {
  checkKind(`run ${name}`, role, tree, TREE);
  return leavesOf(tree)!;
}

/** What a function made of inputs that nothing else has. */
export interface Trace<Output> {
  /** The inputs under places of their own on the tape, so that nested transforms stay apart. */
  readonly inputs: readonly Tensor[];
  /** What the function returned. */
  readonly output: Output;
  /** Whether anything around the transform may differentiate its results. */
  recorded: boolean;
}

/** Whether outputs depend on a leaf beside the given places. */
function reachesOthers(outputs: readonly Tensor[], own: readonly Node[]): boolean {
  const seen = new Set<Node>(own);
  const pending = outputs.map(({ node }) => node);
  while (pending.length > 0) {
    const node = pending.pop() ?? null;
    if (node === null || seen.has(node)) continue;
    if (node.leaf !== null) return true;
    seen.add(node);
    for (const parent of node.parents) pending.push(parent);
  }
  return false;
}

/** Runs a function for a transform; `outputsOf` checks what it returns. */
export function trace<Output>(
  name: string,
  run: (inputs: readonly Tensor[]) => Output,
  inputs: readonly Tensor[],
  outputsOf: (output: Output) => readonly Tensor[],
): Trace<Output> {
  for (const { dtype } of inputs) {
    if (isFloat(dtype)) continue;
    throw new DTypeError(
      `Cannot run ${name}: what is differentiated must be float32 or float64, got ${dtype}`,
    );
  }
  const around = isGradEnabled();
  return enableGrad(() => {
    let recorded = false;
    const own = inputs.map((input) => {
      if (!around || input.node === null) {
        return ownOfEach(input.detach(), engine.batch).requiresGrad_();
      }
      recorded = true;
      return reshape(ownOfEach(input, engine.batch), input.shape);
    });
    const output = settled(name, "its derivatives would be taken before it ends", run(own));
    const outputs = outputsOf(output);
    recorded ||= around && reachesOthers(outputs, own.map((input) => input.node!));
    return { inputs: own, output, recorded };
  });
}

/** What a function returned, as a list; refuses what is no tensor. */
export function outputList(name: string, output: unknown): readonly Tensor[] {
  const leaves = leavesOf(output);
  if (leaves !== null) return leaves;
  throw new TypeError(
    `Cannot run ${name}: the function must return a tensor, or an array or record of tensors, got ${
      shown(output)
    }`,
  );
}

/** The one number that a function returned. */
export function singleOutput(name: string, output: unknown): readonly [Tensor] {
  const list = outputList(name, output);
  if (list.length === 1 && list[0]!.size === 1 && output instanceof Tensor) return [list[0]!];
  const got = list.map(({ shape }) => showShape(shape)).join(", ");
  throw new GradError(
    `Cannot run ${name}: the function must return one tensor of one element, got shape ${got}`,
  );
}

/** Products of cotangents with the derivatives of outputs; zeros where there is no dependence. */
export function pullBack(
  outputs: readonly Tensor[],
  cotangents: readonly Tensor[],
  inputs: readonly Tensor[],
  options: { createGraph: boolean; retainGraph?: boolean },
): Tensor[] {
  const taped = outputs.flatMap((y, i) => y.node === null ? [] : [i]);
  if (taped.length === 0) return inputs.map(zerosFor);
  const gradients = grad(taped.map((i) => outputs[i]!), inputs, {
    ...options,
    gradOutputs: taped.map((i) => cotangents[i]!),
    allowUnused: true,
  });
  return gradients.map((g, i) => g ?? zerosFor(inputs[i]!));
}

/** Zeros for a tensor: of single examples, where it is one of those. */
export function zerosFor(x: Tensor): Tensor {
  return batchedAs(zerosLike(bare(x)), x);
}

/** Refuses vectors that do not match, one by one, the tensors they are multiplied with. */
export function checkMatch(
  name: string,
  what: string,
  vectors: readonly Tensor[],
  tensors: readonly Tensor[],
): void {
  if (vectors.length !== tensors.length) {
    throw new GradError(
      `Cannot run ${name}: ${tensors.length} ${what}s are needed, got ${vectors.length}`,
    );
  }
  vectors.forEach((vector, i) => {
    const { shape } = tensors[i]!;
    if (sameShape(vector.shape, shape)) return;
    throw new ShapeError(
      `Cannot run ${name}: ${what} ${i} has shape ${showShape(vector.shape)}, needed is ${
        showShape(shape)
      }`,
      [vector.shape, shape],
    );
  });
}
