/** Hooks that run before and after a module's `forward`, and when gradients pass it. */

import { customFunction } from "../autograd/custom.ts";
import { isTensor } from "../core/tensor.ts";
import { leavesOf, rebuild } from "../core/tree.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Anything with a `forward` that hooks can run around. */
interface Hooked<Inputs extends unknown[], Output> {
  forward(...inputs: Inputs): Output;
}

/** Gradients with respect to the inputs or outputs that are tensors; null for none. */
export type Gradients = readonly (Tensor | null)[];

/** Returns the gradients of the inputs, given them and those of the outputs. */
type BackwardHook = (gradInputs: Gradients, gradOutputs: Gradients) => Gradients;

/** The hooks of a module, which replace its `forward` while there are any. */
export class Hooks<Inputs extends unknown[], Output> {
  readonly #module: Hooked<Inputs, Output>;
  readonly #before = new Set<(inputs: Inputs) => Inputs>();
  readonly #after = new Set<(inputs: Inputs, output: Output) => Output>();
  readonly #backward = new Set<BackwardHook>();
  #unhook: () => void = () => {};

  /**
   * Creates the object.
   *
   * @param module The module.
   */
  constructor(module: Hooked<Inputs, Output>) {
    this.#module = module;
  }

  /** Replaces the inputs. */
  before(hook: (inputs: Inputs) => Inputs): () => void {
    return this.#add(this.#before, hook);
  }

  /** Replaces the output. */
  after(hook: (inputs: Inputs, output: Output) => Output): () => void {
    return this.#add(this.#after, hook);
  }

  /** Replaces the gradients. */
  backward(hook: BackwardHook): () => void {
    return this.#add(this.#backward, hook);
  }

  get #count(): number {
    return this.#before.size + this.#after.size + this.#backward.size;
  }

  /** Adds a hook; the function that is returned removes it. */
  #add<Hook>(hooks: Set<Hook>, hook: Hook): () => void {
    if (this.#count === 0) {
      this.#unhook = hookForward(this.#module, (forward, inputs) => this.#run(forward, inputs));
    }
    hooks.add(hook);
    return () => {
      if (hooks.delete(hook) && this.#count === 0) this.#unhook();
    };
  }

  #run(forward: (inputs: Inputs) => Output, given: Inputs): Output {
    const inputs = [...this.#before].reduce((last, hook) => hook(last), given);
    const watch = this.#backward.size === 0 ? null : new Watch(inputs, [...this.#backward]);
    const output = forward(watch === null ? inputs : watch.inputs as Inputs);
    const last = [...this.#after].reduce((last, hook) => hook(inputs, last), output);
    return watch === null ? last : watch.outputs(last);
  }
}

/** Observes the gradients of one call on their way back. */
class Watch {
  readonly inputs: readonly unknown[];
  readonly #hooks: readonly BackwardHook[];
  readonly #count: number;
  readonly #tracked: boolean;
  #gradOutputs: Gradients = [];

  constructor(inputs: readonly unknown[], hooks: readonly BackwardHook[]) {
    this.#hooks = hooks;
    const tensors = inputs.filter(isTensor);
    this.#count = tensors.length;
    this.#tracked = tensors.some((x) => x.requiresGrad);
    const seen = this.#tracked ? passing((...gs) => this.#finish(gs))(tensors) : tensors;
    let next = 0;
    this.inputs = inputs.map((x) => isTensor(x) ? seen[next++] : x);
  }

  #finish(gradInputs: Gradients): Gradients {
    return this.#hooks.reduce((last, hook) => hook(last, this.#gradOutputs), gradInputs);
  }

  /** The tensors of an output, whose gradients arrive first. */
  outputs<Output>(output: Output): Output {
    const leaves = leavesOf(output);
    if (leaves === null || !leaves.some((y) => y.requiresGrad)) return output;
    const seen = passing((...gs) => {
      this.#gradOutputs = gs;
      // Where no input has a gradient, this is the end of the way.
      if (!this.#tracked) this.#finish(new Array<null>(this.#count).fill(null));
      return gs;
    })(leaves);
    return rebuild(output, seen) as Output;
  }
}

/** The same tensors, whose gradients a function sees and may replace. */
function passing(
  backward: (...gs: Tensor[]) => Gradients,
): (tensors: readonly Tensor[]) => readonly Tensor[] {
  const pass = customFunction<Tensor[], readonly Tensor[]>({
    name: "registerFullBackwardHook",
    forward: (_, ...own) => own.map((x) => x.detach()),
    backward: (_, ...gs) => backward(...gs),
  });
  return (tensors) => pass(...tensors);
}

/**
 * Has hooks run around an instance's `forward`, and around whatever replaces it.
 *
 * @returns A function that removes them from the instance.
 */
function hookForward<Inputs extends unknown[], Output>(
  module: Hooked<Inputs, Output>,
  run: (forward: (inputs: Inputs) => Output, inputs: Inputs) => Output,
): () => void {
  let { forward } = module;
  let own = Object.hasOwn(module, "forward");
  function hooked(...inputs: Inputs): Output {
    return run((given) => forward.apply(module, given), inputs);
  }
  Object.defineProperty(module, "forward", {
    configurable: true,
    get: () => hooked,
    set: (other: typeof forward) => {
      forward = other;
      own = true;
    },
  });
  return () => {
    Reflect.deleteProperty(module, "forward");
    if (own) module.forward = forward;
  };
}
