/** Functions with a gradient written by the user, in differentiable ops like every rule. */

import { type DType, isFloat } from "../core/dtype.ts";
import { engine, settled, under } from "../core/engine.ts";
import { GradError, ShapeError, showShape } from "../core/errors.ts";
import { checkCount, FUNCTION, isListOf, optionReader, shown, TEXT } from "../core/options.ts";
import { sameShape } from "../core/shape.ts";
import { isTensor } from "../core/tensor.ts";
import { escape } from "../device/memory.ts";
import { castTo } from "../ops/copy/copy.ts";
import { anyBatched, inBatch } from "../ops/define/batch.ts";
import { OpRule, recordAll, zeroed } from "../ops/define/record.ts";
import { stack } from "../ops/shape/composites.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { transposed } from "./forward.ts";
import { isGradEnabled, noGrad } from "./tape.ts";

/** What the forward of a custom function leaves for its backward. */
export class FunctionContext<Attrs extends object = Record<string, unknown>> {
  /** Anything that backward needs besides tensors, which belong in `save`. */
  readonly attrs: Attrs = {} as Attrs;
  /** Whether each input requires a gradient. */
  readonly needs: readonly boolean[];
  readonly #name: string;
  readonly #saved: Tensor[];
  #versions: readonly number[] = [];

  /**
   * For the library.
   *
   * @internal
   */
  constructor(name: string, needs: readonly boolean[], saved: Tensor[]) {
    this.#name = name;
    this.needs = needs;
    this.#saved = saved;
  }

  /**
   * Keeps tensors for backward: inputs and outputs, so that second derivatives flow through them.
   * Intermediate results of forward are constants there.
   */
  save(...tensors: Tensor[]): void {
    for (const x of tensors) {
      if (isTensor(x)) continue;
      throw new TypeError(
        `Cannot compute ${this.#name}: save() takes tensors, got ${
          shown(x)
        }; other values belong ` +
          "in context.attrs",
      );
    }
    this.#saved.splice(0, this.#saved.length, ...tensors);
    this.#versions = tensors.map(({ storage }) => storage.version);
  }

  /**
   * The saved tensors.
   *
   * @throws {GradError} If one of the tensors was changed in place since.
   */
  get saved(): readonly Tensor[] {
    if (this.#saved.some(({ storage }, i) => storage.version !== this.#versions[i])) {
      throw new GradError(
        `Cannot run backward: a tensor that ${this.#name} saved for its gradient was changed in ` +
          "place since; change a copy (x.clone()) instead",
      );
    }
    return this.#saved;
  }
}

/** What `customFunction` makes a function of. */
export interface CustomFunctionSpec<
  Inputs extends Tensor[],
  Output extends Tensor | readonly Tensor[],
  Attrs extends object,
> {
  /** Name for messages. Default: "customFunction". */
  name?: string;
  /** Computes the output; nothing in it is recorded. */
  forward: (context: FunctionContext<Attrs>, ...inputs: Inputs) => Output;
  /**
   * Computes the gradient of each input, or null for none, from those of the outputs. Outputs that
   * nothing depends on have zeros.
   */
  backward: (
    context: FunctionContext<Attrs>,
    ...gradients: Tensor[]
  ) => Tensor | null | readonly (Tensor | null)[];
  /**
   * Computes the output for a batch of examples under `vmap`: inputs that are in the batch have it as
   * first dimension, and so has each output. It is made of ops and may call the function itself.
   * Default: a loop over the examples.
   */
  vmap?: (info: VmapInfo, ...inputs: Inputs) => Output;
}

/** What a custom function is told of a batch. */
export interface VmapInfo {
  /** Number of examples. */
  readonly batchSize: number;
  /** For each input 0, where the batch is its first dimension, or null. */
  readonly inDims: readonly (0 | null)[];
}

const readSpec = optionReader<
  Partial<Record<"name" | "forward" | "backward" | "vmap", unknown>>
>({ name: TEXT, forward: FUNCTION, backward: FUNCTION, vmap: FUNCTION });

interface Form {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** One call, as the tape keeps it; the list of saved tensors is the context's. */
interface Call {
  readonly context: unknown;
  readonly saved: readonly Tensor[];
  readonly inputs: readonly Form[];
  readonly outputs: readonly Form[];
}

function formOf({ shape, dtype }: Tensor): Form {
  return { shape, dtype };
}

/** The gradients that a backward returned, checked. */
function checked(name: string, given: unknown, inputs: readonly Form[]): (Tensor | null)[] {
  const returned = settled(name, "its gradients would be needed before it ends", given, GradError);
  const list: readonly unknown[] = Array.isArray(returned) ? returned : [returned];
  if (list.length !== inputs.length) {
    throw new GradError(
      `Cannot run backward: ${name} took ${inputs.length} inputs, so its backward must return as ` +
        `many gradients (null for none), got ${list.length}`,
    );
  }
  return list.map((g, i) => {
    if (g === null) return g;
    const { shape, dtype } = inputs[i]!;
    if (!isTensor(g)) {
      throw new GradError(
        `Cannot run backward: the backward of ${name} must return tensors or null, got ${
          Deno.inspect(g)
        } for input ${i}`,
      );
    }
    if (!sameShape(g.shape, shape)) {
      throw new ShapeError(
        `Cannot run backward: the backward of ${name} returned shape ${
          showShape(g.shape)
        } for input ${i}, which has shape ${showShape(shape)}`,
        [g.shape, shape],
      );
    }
    const gradient = castTo(g, dtype);
    // The function's owner may hold it, so the pass must not write into it.
    escape(gradient.storage);
    return gradient;
  });
}

/** Refuses what depends on an example that was not handed in: of which one, nothing says. */
function refuseExamples(name: string, found: unknown): void {
  const list: readonly unknown[] = Array.isArray(found) ? found : [found];
  if (!list.some((x) => isTensor(x) && x.batched !== null)) return;
  throw new GradError(
    `Cannot compute ${name} under vmap: it closes over a tensor of single examples; make it an input`,
  );
}

/** What a forward or a rule for batches returned, as a list; refuses what are no tensors, and none. */
function outputList(name: string, role: string, output: unknown): readonly Tensor[] {
  const list: unknown = Array.isArray(output) ? output : [output];
  if (isListOf(list, isTensor) && list.length > 0) return list as readonly Tensor[];
  throw new TypeError(
    `Cannot compute ${name}: ${role} must return a tensor or an array of them, got ${
      shown(output)
    }`,
  );
}

/** Outputs that are tensors of their own, on no tape yet. */
function ownOutputs(name: string, output: unknown, inputs: readonly Tensor[]): Tensor[] {
  const list = outputList(name, "forward", output);
  return list.map((y, i) =>
    y.node !== null || inputs.includes(y) || list.indexOf(y) < i ? y.detach() : y
  );
}

/** What a rule for batches returned: outputs with the batch in front. */
function batchedOutputs(name: string, given: unknown, size: number): readonly Tensor[] {
  const output = settled(name, "its examples would be gone before it ends", given);
  const list = outputList(name, "vmap", output);
  for (const { shape } of list) {
    if (shape[0] === size) continue;
    throw new ShapeError(
      `Cannot compute ${name}: vmap must return outputs with the batch of ${size} as first dimension, ` +
        `got ${showShape(shape)}`,
      [shape],
    );
  }
  return list;
}

/** A custom function as it runs: on tensors or, under `vmap`, on a batch. */
class CustomFunction<
  Inputs extends Tensor[],
  Output extends Tensor | readonly Tensor[],
  Attrs extends object,
> {
  readonly #name: string;
  readonly #spec: CustomFunctionSpec<Inputs, Output, Attrs>;
  /** By number of outputs. */
  readonly #rules = new Map<number, OpRule<Call>>();

  constructor(name: string, spec: CustomFunctionSpec<Inputs, Output, Attrs>) {
    this.#name = name;
    this.#spec = spec;
  }

  run(inputs: Inputs): Output {
    inputs.forEach((input, i) => {
      if (isTensor(input)) return;
      throw new TypeError(
        `Cannot compute ${this.#name}: input ${i} must be a tensor, got ${Deno.inspect(input)}`,
      );
    });
    if (anyBatched(inputs)) return this.#runOnBatch(inputs);
    const needs = inputs.map((input) => isGradEnabled() && input.requiresGrad);
    const saved: Tensor[] = [];
    const context = new FunctionContext<Attrs>(this.#name, needs, saved);
    const consequence = "its output is needed at once";
    const output = noGrad(() =>
      settled(this.#name, consequence, this.#spec.forward(context, ...inputs), GradError)
    );
    const outputs = ownOutputs(this.#name, output, inputs);
    recordAll(this.#ruleFor(outputs.length), inputs, outputs, {
      context,
      saved,
      inputs: inputs.map(formOf),
      outputs: outputs.map(formOf),
    });
    for (const y of outputs) if (!isFloat(y.dtype)) y.node = null;
    return (Array.isArray(output) ? outputs : outputs[0]) as Output;
  }

  /** By the user's rule, or one example after the other. */
  #runOnBatch(inputs: Inputs): Output {
    const { vmap } = this.#spec;
    let isList = false;
    const listOf = (output: Output): readonly Tensor[] => {
      isList = Array.isArray(output);
      return isList ? output as readonly Tensor[] : [output as Tensor];
    };
    const found = inBatch<null>(
      (given, _, { size, mapped }) => {
        const wholes = given as Inputs;
        if (vmap !== undefined) {
          const info: VmapInfo = { batchSize: size, inDims: mapped.map((is) => is ? 0 : null) };
          const output = vmap(info, ...wholes);
          batchedOutputs(this.#name, output, size);
          return listOf(output);
        }
        const runOn = (example: number) => {
          const own = wholes.map((x, i) => mapped[i] ? x.at(example) : x);
          const outputs = listOf(this.run(own as Inputs));
          if (!anyBatched(own)) refuseExamples(this.#name, outputs);
          return outputs;
        };
        const each = under(
          { batch: engine.batch?.outer ?? null },
          () => Array.from({ length: size }, (_, example) => runOn(example)),
        );
        return each[0]!.map((_, k) => stack(each.map((outputs) => outputs[k]!)));
      },
      inputs,
      null,
    );
    return (isList ? found : found[0]) as Output;
  }

  /** The user's backward, whose gradients are checked. */
  #backward(attrs: Call, gs: readonly Tensor[]): (Tensor | null)[] {
    const returned = this.#spec.backward(attrs.context as FunctionContext<Attrs>, ...gs);
    if (!anyBatched(gs)) refuseExamples(this.#name, returned);
    return checked(this.#name, returned, attrs.inputs);
  }

  #ruleFor(outputs: number): OpRule<Call> {
    const made = this.#rules.get(outputs) ?? new OpRule<Call>(this.#name, {
      vjp: [],
      outputs,
      foreign: true,
      vjpAll: (gs, { attrs }, needs) => {
        const like = gs.find((g) => g !== null)!;
        const full = gs.map((g, i) => {
          const { shape, dtype } = attrs.outputs[i]!;
          return g ?? zeroed(like, dtype, shape);
        });
        return this.#backward(attrs, full).map((g, i) => needs[i] ? g : null);
      },
      jvp: (tangents, { attrs }) => {
        const like = tangents.find((t) => t !== null)!;
        const cotangents = attrs.outputs.map(({ shape, dtype }) => zeroed(like, dtype, shape));
        return transposed(cotangents, (gs) => this.#backward(attrs, gs), tangents);
      },
    });
    this.#rules.set(outputs, made);
    return made;
  }
}

/**
 * A differentiable function with its own forward and backward. Forward is not recorded; backward is
 * written in ops and is recorded under `createGraph`, so second derivatives are right as long as it uses
 * only its gradients and saved inputs and outputs. Forward mode transposes backward, and takes it to be
 * linear in its gradients. Follows
 * `torch.autograd.Function`.
 *
 * @param spec `forward`, `backward` and a name for messages.
 * @returns A function of the tensors that forward takes after the context.
 * @throws {GradError} In a backward pass, if `backward` returns too many or too few gradients.
 * @throws {ShapeError} In a backward pass, if a gradient does not have its input's shape.
 *
 * @example Rounding whose gradient passes straight through
 * ```ts
 * import { customFunction, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const sign = customFunction({
 *   name: "straightThroughSign",
 *   forward: (_, x) => x.sign(),
 *   backward: (_, g) => g,
 * });
 * const x = tensor([-2, 3], { requiresGrad: true });
 * sign(x).mul(x).sum().backward();
 * assertEquals(x.grad?.toArray(), [-3, 4]);
 * ```
 */
export function customFunction<
  Inputs extends Tensor[] = Tensor[],
  Output extends Tensor | readonly Tensor[] = Tensor,
  Attrs extends object = Record<string, unknown>,
>(spec: CustomFunctionSpec<Inputs, Output, Attrs>): (...inputs: Inputs) => Output {
  checkCount("make customFunction", arguments.length, 1);
  readSpec("make customFunction", spec ?? {});
  const { name = "customFunction", forward, backward } = spec ?? {};
  for (const [role, fn] of Object.entries({ forward, backward })) {
    if (typeof fn === "function") continue;
    throw new TypeError(
      `Cannot make customFunction: it takes { forward, backward }, got ${shown(fn)} for ${role}`,
    );
  }
  const custom = new CustomFunction(name, spec);
  const run = (...inputs: Inputs): Output => custom.run(inputs);
  // Messages about the function, as of gradcheck, use its name.
  return Object.defineProperty(run, "name", { value: name });
}
