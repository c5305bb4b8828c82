/** A function's run on inputs of its own, which is what every transform differentiates. */

import { grad } from "../autograd/backward.ts";
import { enableGrad, isGradEnabled, type Node } from "../autograd/tape.ts";
import { isFloat } from "../core/dtype.ts";
import { DTypeError, GradError, ShapeError, showShape } from "../core/errors.ts";
import { checkKind, FUNCTION, kind, shown } from "../core/options.ts";
import { sameShape } from "../core/shape.ts";
import { reshape } from "../ops/shape/primitives.ts";
import { zerosLike } from "../tensor/create.ts";
import { Tensor } from "../tensor/tensor.ts";

const TENSORS = kind(
  "a tensor or an array of tensors",
  (value) =>
    value instanceof Tensor ||
    (Array.isArray(value) &&
      Array.from(value as unknown[]).every((item) => item instanceof Tensor)),
);

/** Refuses what is no function. */
export function checkFunction(name: string, fn: unknown): void {
  checkKind(`run ${name}`, "the first argument", fn, FUNCTION);
}

/** One tensor or several, as a list; refuses anything else. */
export function listOf(
  name: string,
  role: string,
  tensors: Tensor | readonly Tensor[],
): readonly Tensor[] {
  checkKind(`run ${name}`, role, tensors, TENSORS);
  return tensors instanceof Tensor ? [tensors] : tensors;
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
      if (!around || input.node === null) return input.detach().requiresGrad_();
      recorded = true;
      return reshape(input, input.shape);
    });
    const output = run(own);
    const outputs = outputsOf(output);
    recorded ||= around && reachesOthers(outputs, own.map((input) => input.node!));
    return { inputs: own, output, recorded };
  });
}

/** What a function returned, as a list; refuses what is no tensor. */
export function outputList(name: string, output: unknown): readonly Tensor[] {
  const list: readonly unknown[] = Array.isArray(output) ? output : [output];
  for (const y of list) {
    if (y instanceof Tensor) continue;
    throw new TypeError(
      `Cannot run ${name}: the function must return a tensor or an array of them, got ${shown(y)}`,
    );
  }
  return list as readonly Tensor[];
}

/** The one number that a function returned. */
export function singleOutput(name: string, output: unknown): readonly [Tensor] {
  const list = outputList(name, output);
  if (list.length === 1 && list[0]!.size === 1 && !Array.isArray(output)) return [list[0]!];
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
  if (taped.length === 0) return inputs.map((x) => zerosLike(x));
  const gradients = grad(taped.map((i) => outputs[i]!), inputs, {
    ...options,
    gradOutputs: taped.map((i) => cotangents[i]!),
    allowUnused: true,
  });
  return gradients.map((g, i) => g ?? zerosLike(inputs[i]!));
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
