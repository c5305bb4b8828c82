/**
 * Fused ops: a composite, which is the reference, and a faster kernel. This file decides when the kernel
 * is used, what is recorded, and how a recorded backward pass differentiates to any order.
 */

import { gradientsOfComposite } from "../../autograd/pass.ts";
import { tangentOfComposite } from "../../autograd/forward.ts";
import type { Context, Jvp, Node } from "../../autograd/tape.ts";
import { engine } from "../../core/engine.ts";
import type { Shape } from "../../core/shape.ts";
import { kernelNumber } from "../../ffi/library.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { register } from "../registry.ts";
import { anyBatched, type BatchedInputs, type BatchRule, inBatch } from "./batch.ts";
import { OpRule, recordAll, result, zeroed } from "./record.ts";

/** The inputs of a call; null where one was left out. */
export type Inputs = readonly (Tensor | null)[];

/** Parameters of a launch beside its tensors. */
export interface Parameters {
  readonly ints?: readonly number[];
  readonly numbers?: readonly number[];
}

/** What a fused op consists of. */
export interface FusedSpec<A> {
  /** The outputs, in other ops: the reference. */
  readonly composite: (inputs: Inputs, attrs: A) => readonly Tensor[];
  /** The kernel that gives the outputs from the inputs. */
  readonly kernel: string;
  /** The operands of the kernel, if they are not the inputs as they are. */
  readonly operands?: (inputs: Inputs, attrs: A) => readonly Tensor[];
  /** The outputs' shapes; they have the first input's type. */
  readonly shapes: (inputs: Inputs, attrs: A) => readonly Shape[];
  /** The parameters of both kernels. */
  readonly parameters?: (attrs: A, inputs: Inputs) => Parameters;
  /** Which inputs (`a`, `b`, `c`) and whether the output `y` the gradients need. */
  readonly saves: string;
  /** The kernel that gives the gradients of all inputs in one launch, for passes not recorded. */
  readonly gradKernel?: string;
  /** Whether that kernel takes no elements as the cotangent of an output that nothing depends on. Default: zeros. */
  readonly emptyCotangents?: boolean;
  /** How many inputs, from the first on, have gradients. Default: all. */
  readonly gradients?: number;
  /** The operands of that kernel after the gradients. Default: the cotangents, and what is saved. */
  readonly gradOperands?: (gs: readonly Tensor[], context: Context<A>) => readonly Tensor[];
  /** The gradients in ops, if that is shorter than differentiating the composite. */
  readonly vjp?: (
    gs: readonly Tensor[],
    context: Context<A>,
    needs: readonly boolean[],
  ) => readonly (Tensor | null)[];
  /** Forward mode, if that is shorter than pushing tangents through the composite. */
  readonly jvp?: Jvp<A>;
  /**
   * How the op runs on a batch: returns the outputs, or null to run the composite. Default: the
   * composite.
   */
  readonly batch?: (
    inputs: Inputs,
    attrs: A,
    batched: BatchedInputs,
  ) => Tensor | readonly Tensor[] | null;
  /** Number of outputs. Default: 1. */
  readonly outputs?: number;
}

const NOTHING: Shape = [0];

/** A fused op: from inputs and attributes to outputs. */
export type FusedOp<A> = (inputs: Inputs, attrs: A) => readonly Tensor[];

const NO_OUTPUTS: readonly Tensor[] = [];
const NO_PARAMETERS: Parameters = {};

function savedInputs(node: Node): (Tensor | null)[] {
  return node.parents.map((_, i) => node.saved(i));
}

/** Defines a fused op. Inputs have been checked, and have one floating type but for indices. */
export function fused<A>(name: string, spec: FusedSpec<A>): FusedOp<A> {
  const { composite, shapes, parameters, saves, gradOperands, vjp, outputs = 1 } = spec;
  const kernel = kernelNumber(spec.kernel);
  const gradKernel = spec.gradKernel === undefined ? null : kernelNumber(spec.gradKernel);

  /** The cotangents of all outputs: zeros, or nothing at all, for those that nothing depends on. */
  function complete(
    gs: readonly (Tensor | null)[],
    node: Node & Context<A>,
    empty = false,
  ): readonly Tensor[] {
    if (!gs.includes(null)) return gs as readonly Tensor[];
    const like = gs.find((g) => g !== null)!;
    if (empty) return gs.map((g) => g ?? result(like, like.dtype, NOTHING));
    const all = shapes(savedInputs(node), node.attrs);
    return gs.map((g, i) => g ?? zeroed(like, like.dtype, all[i]!));
  }

  /** All gradients in one launch; those that nobody needs have no elements. */
  function launched(
    gs: readonly Tensor[],
    node: Node & Context<A>,
    needs: readonly boolean[],
    kernel: number,
  ): (Tensor | null)[] {
    const like = gs[0]!;
    const gradients: Tensor[] = [];
    for (let i = 0; i < (spec.gradients ?? node.parents.length); i++) {
      gradients.push(result(like, like.dtype, needs[i] ? node.shapes![i]! : NOTHING));
    }
    const inputs = savedInputs(node);
    const operands = gradients.slice();
    for (const x of gradOperands?.(gs, node) ?? [...gs, ...inputs]) {
      if (x !== null) operands.push(x);
    }
    const { ints, numbers } = parameters?.(node.attrs, inputs) ?? NO_PARAMETERS;
    like.storage.backend.run(kernel, operands, ints, numbers);
    return gradients.map((g, i) => needs[i] ? g : null);
  }

  const batch: BatchRule<A> = (inputs, attrs, batched) =>
    spec.batch?.(inputs, attrs, batched) ?? NO_OUTPUTS;
  const own = new OpRule<A>(name, {
    saves,
    outputs,
    vjp: [],
    vjpAll: (given, context, needs) => {
      const node = context as Node & Context<A>;
      const { backend, code } = given.find((g) => g !== null)!.storage;
      const fast = !engine.recording && gradKernel !== null &&
        backend.supports(gradKernel, code) && !anyBatched(given);
      if (fast) {
        return launched(complete(given, node, spec.emptyCotangents), node, needs, gradKernel);
      }
      if (vjp !== undefined) return vjp(complete(given, node), node, needs);
      const reference = (twins: Inputs) => composite(twins, node.attrs);
      return gradientsOfComposite(reference, savedInputs(node), given, node, needs);
    },
    jvp: spec.jvp ?? ((tangents, context) => {
      const node = context as Node & Context<A>;
      const reference = (twins: Inputs) => composite(twins, node.attrs);
      return tangentOfComposite(reference, savedInputs(node), node, tangents);
    }),
  });
  const rule: OpRule<A> & { readonly batch?: BatchRule<A> } = Object.assign(
    own,
    spec.batch === undefined ? {} : { batch },
  );

  function run(inputs: Inputs, attrs: A): readonly Tensor[] {
    if (anyBatched(inputs)) {
      const found = rule.batch === undefined ? NO_OUTPUTS : inBatch(rule.batch, inputs, attrs);
      return found.length === 0 ? composite(inputs, attrs) : found;
    }
    const first = inputs[0]!;
    const { backend, code } = first.storage;
    if (first.size === 0 || !backend.supports(kernel, code)) return composite(inputs, attrs);
    const operands: Tensor[] = [];
    for (const shape of shapes(inputs, attrs)) operands.push(result(first, first.dtype, shape));
    const ys = operands.slice();
    for (const x of spec.operands?.(inputs, attrs) ?? inputs) if (x !== null) operands.push(x);
    const { ints, numbers } = parameters?.(attrs, inputs) ?? NO_PARAMETERS;
    backend.run(kernel, operands, ints, numbers);
    recordAll(rule, inputs, ys, attrs);
    return ys;
  }
  register({
    name,
    kind: "fused",
    integers: true,
    rule: rule as OpRule,
    sampling: undefined,
    run,
  });
  return run;
}
