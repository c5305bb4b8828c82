/** Modules: objects that hold parameters and compute with them. */

import { noGrad } from "../autograd/tape.ts";
import { type DType, isFloat } from "../core/dtype.ts";
import { settled } from "../core/engine.ts";
import { DTypeError } from "../core/errors.ts";
import {
  checkCount,
  checkKind,
  FLAG,
  FUNCTION,
  oneOf,
  optionReader,
  type OptionTable,
  shown,
  TEXT,
} from "../core/options.ts";
import { adopt } from "../tensor/adopt.ts";
import { type Destination, destination, type ToOptions } from "../tensor/destination.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { copied, instanceLike } from "./copy.ts";
import { type Gradients, Hooks } from "./hooks.ts";
import { Buffer, type BufferOptions, Parameter, type ParameterOptions } from "./parameter.ts";
import { placeErrors } from "./part.ts";
import {
  distinct,
  type LoadOptions,
  type LoadResult,
  loadState,
  type StateDict,
} from "./state_dict.ts";

export { Buffer, type BufferOptions, Parameter, type ParameterOptions };
export type { Gradients, LoadOptions, LoadResult, StateDict };

/** Options of `namedParameters` and `namedBuffers`. */
export interface NamedOptions {
  /** Whether a tensor that occurs in several places is listed only once. Default: true. */
  removeDuplicate?: boolean;
}

const readNamed = optionReader<NamedOptions>({ removeDuplicate: FLAG });

/** The name of a property in a state dict, as Python would spell it: `selfAttn` is `self_attn`. */
function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter, at) => `${at === 0 ? "" : "_"}${letter.toLowerCase()}`);
}

/** A value by its name; those in arrays by their index, however deeply nested. */
function placed(name: string, value: unknown): [string, unknown][] {
  if (!Array.isArray(value)) return [[name, value]];
  return value.flatMap((item, i) => placed(`${name}.${i}`, item));
}

/** A module and all below it, each before what it contains. */
function namedModulesOf(
  name: string,
  module: AnyModule,
  above: readonly AnyModule[],
): [string, AnyModule][] {
  if (above.includes(module)) {
    throw new TypeError(`Cannot list the modules: the one called "${name}" contains itself`);
  }
  const path = [...above, module];
  const below = module.namedChildren().flatMap(([own, child]) =>
    namedModulesOf(name === "" ? own : `${name}.${own}`, child, path)
  );
  return [[name, module], ...below];
}

/** The tensors of a class in a module and all below it, by name. */
function namedOf<T extends Tensor>(
  module: AnyModule,
  kind: new (...args: never[]) => T,
  { removeDuplicate = true }: NamedOptions,
): [string, T][] {
  const seen = new Set<T>();
  const named = namedModulesOf("", module, []).flatMap(([prefix, module]) =>
    module.members().flatMap(([name, value]): [string, T][] => {
      if (!(value instanceof kind) || (removeDuplicate && seen.has(value))) return [];
      seen.add(value);
      return [[prefix === "" ? name : `${prefix}.${name}`, value]];
    })
  );
  return distinct(`list the tensors of ${module.constructor.name}`, named);
}

/** A tensor of another's class. */
function tensorLike(like: Tensor, elements: Tensor): Tensor {
  const { requiresGrad } = like;
  if (like instanceof Parameter) return new Parameter(elements, { requiresGrad });
  if (like instanceof Buffer) elements = new Buffer(elements, { persistent: like.persistent });
  return requiresGrad ? elements.requiresGrad_() : elements;
}

/** The parameters of a module and then its persistent buffers, not those of the modules below it. */
function stateOf([prefix, module]: [string, AnyModule]): [string, Tensor][] {
  const members = module.members().filter(([, x]) => !(x instanceof Buffer) || x.persistent);
  return [Parameter, Buffer].flatMap((kind) =>
    members.flatMap(([name, value]): [string, Tensor][] =>
      value instanceof kind ? [[prefix === "" ? name : `${prefix}.${name}`, value]] : []
    )
  );
}

/**
 * What all modules have, whatever their inputs and outputs: parameters, submodules and state. Your own
 * classes extend {@linkcode Module}.
 */
export abstract class AnyModule {
  /** Whether the module is being trained; dropout and the like depend on it. */
  training = true;

  /**
   * Names and values that may be parameters, buffers or modules; a class may use its own names.
   *
   * @internal
   */
  members(spelled: (name: string) => string = snakeCase): [string, unknown][] {
    return Object.entries(this).flatMap(([name, value]) => placed(spelled(name), value));
  }

  /** The submodules of this module by name, without their own. */
  namedChildren(): [string, AnyModule][] {
    checkCount("list namedChildren", arguments.length, 0);
    return this.members().filter((member): member is [string, AnyModule] =>
      member[1] instanceof AnyModule
    );
  }

  /** The submodules of this module, without their own. */
  children(): AnyModule[] {
    checkCount("list children", arguments.length, 0);
    return this.namedChildren().map(([, child]) => child);
  }

  /** This module and all below it by name; its own name is empty, or the prefix of all. */
  namedModules(prefix = ""): [string, AnyModule][] {
    checkCount("list namedModules", arguments.length, 1);
    checkKind("list namedModules", "the prefix", prefix, TEXT);
    return namedModulesOf(prefix, this, []);
  }

  /** This module and all below it. */
  modules(): AnyModule[] {
    checkCount("list modules", arguments.length, 0);
    return namedModulesOf("", this, []).map(([, module]) => module);
  }

  /** The parameters of this module and all below it by name, each once by default. */
  namedParameters(options?: NamedOptions): [string, Parameter][] {
    checkCount("list namedParameters", arguments.length, 1);
    return namedOf(this, Parameter, readNamed("list namedParameters", options));
  }

  /** The parameters of this module and all below it, each once. */
  parameters(): Parameter[] {
    checkCount("list parameters", arguments.length, 0);
    return this.namedParameters().map(([, parameter]) => parameter);
  }

  /** The buffers of this module and all below it by name, each once by default. */
  namedBuffers(options?: NamedOptions): [string, Buffer][] {
    checkCount("list namedBuffers", arguments.length, 1);
    return namedOf(this, Buffer, readNamed("list namedBuffers", options));
  }

  /** The buffers of this module and all below it, each once. */
  buffers(): Buffer[] {
    checkCount("list buffers", arguments.length, 0);
    return this.namedBuffers().map(([, buffer]) => buffer);
  }

  /**
   * All parameters and persistent buffers by PyTorch's names, sharing memory with the module. One that
   * occurs in several places has several names.
   */
  stateDict(): StateDict {
    checkCount("make a state dict", arguments.length, 0);
    const state: StateDict = {};
    const views = new Map<Tensor, Tensor>();
    const named = namedModulesOf("", this, []).flatMap(stateOf);
    for (const [key, value] of distinct("make a state dict", named)) {
      const view = views.get(value) ?? value.detach();
      views.set(value, view);
      state[key] = view;
    }
    return state;
  }

  /**
   * Copies values into the parameters and buffers. Nothing changes unless everything fits. Of several
   * values for one tensor, the last one wins.
   *
   * @returns The keys that were missing or unexpected, where `strict` is false.
   * @throws {TypeError} If keys are missing or unexpected and `strict` is not false, or if a value is
   * not a tensor.
   * @throws {ShapeError} If a shape differs.
   */
  loadStateDict(state: StateDict, options?: LoadOptions): LoadResult {
    checkCount("load the state", arguments.length, 2);
    return loadState(Object.entries(this.stateDict()), state, options);
  }

  /** Sets this module and all below it to training. */
  train(mode = true): this {
    checkCount("set train", arguments.length, 1);
    checkKind("set train", "the mode", mode, FLAG);
    for (const module of this.modules()) module.training = mode;
    return this;
  }

  /** Sets this module and all below it to evaluation. */
  eval(): this {
    checkCount("set eval", arguments.length, 0);
    return this.train(false);
  }

  /** Calls a function on every module, the innermost first. */
  apply(fn: (module: AnyModule) => void): this {
    checkCount("run apply", arguments.length, 1);
    checkKind("run apply", "its argument", fn, FUNCTION);
    const visit = (module: AnyModule) => {
      module.children().forEach(visit);
      settled("apply", "the modules would be read before it ends", fn(module));
    };
    namedModulesOf("", this, []);
    visit(this);
    return this;
  }

  /** Sets whether the parameters are trained. */
  requiresGrad_(on = true): this {
    checkCount("run requiresGrad_", arguments.length, 1);
    checkKind("run requiresGrad_", "its argument", on, FLAG);
    for (const parameter of this.parameters()) parameter.requiresGrad_(on);
    return this;
  }

  /** Drops the gradients of the parameters. */
  zeroGrad(): void {
    checkCount("run zeroGrad", arguments.length, 0);
    for (const parameter of this.parameters()) parameter.dropGrad();
  }

  /** Moves the parameters and buffers to another device, or casts them, or both. */
  to(device: NonNullable<ToOptions["device"]>, dtype?: DType): this;
  /** Casts the parameters and buffers. */
  to(dtype: DType): this;
  /**
   * Moves or casts the parameters and buffers in place, so that an optimizer of them can continue.
   * Integer buffers keep their type.
   *
   * @param options A type, a device, or both.
   * @throws {DTypeError} If the type is not floating.
   *
   * @example Double precision
   * ```ts
   * import { nn, zeros } from "@adjoint/ml";
   * import { assertEquals } from "@std/assert";
   *
   * const model = new nn.Linear(3, 2).to({ dtype: "float64" });
   * assertEquals(model.forward(zeros([1, 3], { dtype: "float64" })).dtype, "float64");
   * ```
   */
  to(options: ToOptions): this;
  to(target: Destination, dtype?: DType): this {
    checkCount("run to", arguments.length, 2);
    const where = destination(target, dtype);
    if (where.dtype !== undefined && !isFloat(where.dtype)) {
      throw new DTypeError(
        `Cannot run to: the type of a module must be float32 or float64, got ${where.dtype}`,
      );
    }
    const { dtype: _, ...device } = where;
    noGrad(() => {
      // Everything new is made before anything changes.
      const moved = [...this.parameters(), ...this.buffers()].map((x) =>
        [x, x.detach().to(isFloat(x.dtype) ? where : device)] as const
      );
      for (const [x, other] of moved) if (other.storage !== x.storage) adopt(x, other);
    });
    return this;
  }

  /**
   * A copy with parameters, buffers and modules of its own, which starts with the same values and
   * gradients. A parameter in several places has one copy in all of them. Hooks are not copied.
   *
   * @throws {TypeError} If a class has `#private` members and does not define {@linkcode blank}.
   *
   * @example A copy that learns on its own
   * ```ts
   * import { nn } from "@adjoint/ml";
   * import { assertEquals } from "@std/assert";
   *
   * const model = new nn.Linear(2, 1);
   * const other = model.copy();
   * nn.init.zeros_(other.weight);
   * assertEquals(other.weight.toArray(), [[0, 0]]);
   * assertEquals(model.weight.eq(0).any().item(), 0);
   * ```
   */
  copy(): this {
    checkCount("run copy", arguments.length, 0);
    return copied(
      this,
      (value) => value instanceof AnyModule ? value.blank() : null,
      tensorLike,
    );
  }

  /**
   * A new instance of the class, into which {@linkcode copy} copies the properties of this one. A class
   * with `#private` members, which cannot be copied from outside, must override it.
   *
   * @example A module with a private number
   * ```ts
   * import { nn, ones, type Tensor } from "@adjoint/ml";
   * import { assertEquals } from "@std/assert";
   *
   * class Scaled extends nn.Module {
   *   readonly #factor: number;
   *   inner = new nn.ReLU();
   *   constructor(factor: number) {
   *     super();
   *     this.#factor = factor;
   *   }
   *   override forward(x: Tensor): Tensor {
   *     return this.inner.forward(x).mul(this.#factor);
   *   }
   *   protected override blank(): Scaled {
   *     return new Scaled(this.#factor);
   *   }
   * }
   * assertEquals(new Scaled(3).copy().forward(ones([1])).item(), 3);
   * ```
   */
  protected blank(): AnyModule {
    return instanceLike(this);
  }

  /** The text in the parentheses after the name of the class. */
  protected describe(): string {
    return "";
  }

  /** The tree of modules. */
  toString(): string {
    namedModulesOf("", this, []);
    const children = this.namedChildren().map(([name, child]) =>
      `  (${name}): ${child.toString().replaceAll("\n", "\n  ")}`
    );
    const inner = children.length === 0 ? this.describe() : `\n${children.join("\n")}\n`;
    return `${this.constructor.name}(${inner})`;
  }

  /** What `console.log` shows. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }
}

/**
 * Base class of everything with parameters. Parameters, buffers and submodules are its own enumerable
 * properties, or in arrays of them; `#private` ones are invisible to it.
 *
 * @typeParam Inputs The inputs of `forward`; a tensor by default.
 * @typeParam Output The output of `forward`; a tensor by default.
 *
 * @example A network
 * ```ts
 * import { nn, type Tensor, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * class Net extends nn.Module {
 *   fc1 = new nn.Linear(4, 8);
 *   fc2 = new nn.Linear(8, 2);
 *   override forward(x: Tensor): Tensor {
 *     return this.fc2.forward(this.fc1.forward(x).relu());
 *   }
 * }
 * const net = new Net();
 * assertEquals(Object.keys(net.stateDict()), ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"]);
 * assertEquals(net.forward(zeros([3, 4])).shape, [3, 2]);
 * ```
 */
export abstract class Module<Inputs extends unknown[] = [Tensor], Output = Tensor>
  extends AnyModule {
  /** Creates the module. */
  constructor() {
    super();
    placeErrors(new.target.prototype);
  }

  /** Computes the output. */
  abstract forward(...inputs: Inputs): Output;

  /**
   * Calls a function after each `forward` of this instance. If it returns anything, that replaces the
   * output. Several hooks run in the order in which they were registered.
   *
   * @returns A function that removes the hook; calling it twice is not an error.
   */
  registerForwardHook(
    hook: (module: this, inputs: Inputs, output: Output) => Output | void,
  ): () => void {
    checkHook("registerForwardHook", arguments.length, hook);
    return hooksOf(this).after((inputs, output) => {
      const given = hook(this, inputs, output);
      return settled("forward", "a hook must be done when it returns", given) ?? output;
    });
  }

  /**
   * Calls a function before each `forward` of this instance. If it returns an array of inputs, these
   * replace the inputs.
   *
   * @returns A function that removes the hook; calling it twice is not an error.
   *
   * @example Inputs that are scaled
   * ```ts
   * import { nn, tensor } from "@adjoint/ml";
   * import { assertEquals } from "@std/assert";
   *
   * const layer = new nn.ReLU();
   * layer.registerForwardPreHook((_, [x]) => [x.mul(2)]);
   * assertEquals(layer.forward(tensor([3])).item(), 6);
   * ```
   */
  registerForwardPreHook(hook: (module: this, inputs: Inputs) => Inputs | void): () => void {
    checkHook("registerForwardPreHook", arguments.length, hook);
    return hooksOf(this).before((inputs) => {
      const other = hook(this, inputs) ?? inputs;
      if (Array.isArray(other)) return other;
      throw new TypeError(
        `Cannot run a forward pre-hook: it must return an array of inputs or nothing, got ${
          shown(other)
        }`,
      );
    });
  }

  /**
   * Calls a function in each backward pass through this instance, with the gradients of the tensors
   * among its inputs and among its outputs; what it returns replaces the former unless it is
   * undefined. If no input has a gradient, the former are null.
   *
   * @returns A function that removes the hook; calling it twice is not an error.
   *
   * @example How large gradients are
   * ```ts
   * import { nn, tensor } from "@adjoint/ml";
   * import { assertEquals } from "@std/assert";
   *
   * const layer = new nn.ReLU();
   * const seen: unknown[] = [];
   * layer.registerFullBackwardHook((_, [gradInput], [gradOutput]) => {
   *   seen.push(gradInput?.toArray(), gradOutput?.toArray());
   * });
   * layer.forward(tensor([-1, 2], { requiresGrad: true })).sum().backward();
   * assertEquals(seen, [[0, 1], [1, 1]]);
   * ```
   */
  registerFullBackwardHook(
    hook: (module: this, gradInputs: Gradients, gradOutputs: Gradients) => Gradients | void,
  ): () => void {
    checkHook("registerFullBackwardHook", arguments.length, hook);
    return hooksOf(this).backward(
      (gradInputs, gradOutputs) => hook(this, gradInputs, gradOutputs) ?? gradInputs,
    );
  }
}

/** The hooks of modules that have or had some. */
const HOOKS = new WeakMap<AnyModule, unknown>();

/** The hooks of a module. */
function hooksOf<Inputs extends unknown[], Output>(
  module: Module<Inputs, Output>,
): Hooks<Inputs, Output> {
  const hooks = (HOOKS.get(module) ?? new Hooks(module)) as Hooks<Inputs, Output>;
  HOOKS.set(module, hooks);
  return hooks;
}

function checkHook(name: string, given: number, hook: unknown): void {
  checkCount(`run ${name}`, given, 1);
  checkKind(`run ${name}`, "the hook", hook, FUNCTION);
}

/** Options that every layer with parameters takes. */
export interface LayerOptions {
  /** Element type of the parameters. Default: "float32". */
  dtype?: DType;
}

/** The kinds of the options that every layer with parameters takes. */
export const LAYER_OPTIONS: OptionTable<LayerOptions> = { dtype: oneOf("float32", "float64") };
