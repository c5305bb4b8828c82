/** Modules: objects that hold parameters and compute something with them. */

import { noGrad } from "../autograd/tape.ts";
import { type DType, isFloat } from "../core/dtype.ts";
import { DTypeError } from "../core/errors.ts";
import {
  checkCount,
  checkKind,
  FLAG,
  FUNCTION,
  oneOf,
  optionReader,
  type OptionTable,
  TENSOR,
  TEXT,
} from "../core/options.ts";
import { TensorCore } from "../core/tensor.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type LoadOptions, type LoadResult, loadState, type StateDict } from "./state_dict.ts";

export type { LoadOptions, LoadResult, StateDict };

/** Options of `Parameter`. */
export interface ParameterOptions {
  /** Whether the parameter is learned. Default: true. */
  requiresGrad?: boolean;
}

const readParameter = optionReader<ParameterOptions>({ requiresGrad: FLAG });

/** The elements of a tensor, in order, for one of another class to share. */
function elementsOf(name: string, data: Tensor): Tensor {
  checkKind(`make a ${name}`, "data", data, TENSOR);
  data.storage.check(name);
  return noGrad(() => data.contiguous());
}

/**
 * A tensor that a module learns: found by `parameters()` when it is a property of a module.
 *
 * @example A learnable scale
 * ```ts
 * import { nn, ones, type Tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * class Scale extends nn.Module {
 *   factor = new nn.Parameter(ones([1]));
 *   override forward(x: Tensor): Tensor {
 *     return x.mul(this.factor);
 *   }
 * }
 * assertEquals(new Scale().parameters().length, 1);
 * ```
 */
export interface Parameter extends Tensor {}

/** A tensor that is learned. */
export class Parameter extends TensorCore {
  /**
   * Creates the tensor.
   *
   * @param data Initial values, of floating type; the parameter shares their memory if contiguous.
   */
  constructor(data: Tensor, options?: ParameterOptions) {
    checkCount("make a Parameter", arguments.length, 2);
    const { requiresGrad = true } = readParameter("make a Parameter", options);
    const { storage, shape, strides, offset, size } = elementsOf("Parameter", data);
    super(storage, shape, strides, offset, size, true);
    if (!isFloat(data.dtype)) {
      throw new DTypeError(
        `Cannot make a Parameter: its type must be float32 or float64, got ${data.dtype}`,
      );
    }
    this.requiresGrad_(requiresGrad);
  }
}

/** A tensor that belongs to a module's state without being learned. */
export interface Buffer extends Tensor {}

/** A tensor that belongs to a module's state without being learned. */
export class Buffer extends TensorCore {
  /**
   * Creates the tensor.
   *
   * @param data Initial values; the buffer shares their memory if contiguous.
   */
  constructor(data: Tensor) {
    checkCount("make a Buffer", arguments.length, 1);
    const { storage, shape, strides, offset, size } = elementsOf("Buffer", data);
    super(storage, shape, strides, offset, size, true);
  }
}

/** Options of `namedParameters` and `namedBuffers`. */
export interface NamedOptions {
  /** Whether a tensor that stands in several places is given only at the first. Default: true. */
  removeDuplicate?: boolean;
}

const readNamed = optionReader<NamedOptions>({ removeDuplicate: FLAG });

/** The name of a property in a state dict, as Python would spell it: `selfAttn` is `self_attn`. */
function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter, at) => `${at === 0 ? "" : "_"}${letter.toLowerCase()}`);
}

/** A value by its name; what stands in an array by its place there, however deep. */
function placed(name: string, value: unknown): [string, unknown][] {
  if (!Array.isArray(value)) return [[name, value]];
  return value.flatMap((item, i) => placed(`${name}.${i}`, item));
}

/** A module and all below it, each before what it holds. */
function namedModulesOf(
  name: string,
  module: AnyModule,
  above: readonly AnyModule[],
): [string, AnyModule][] {
  if (above.includes(module)) {
    throw new TypeError(`Cannot list the modules: the one called "${name}" holds itself`);
  }
  const path = [...above, module];
  const below = module.namedChildren().flatMap(([own, child]) =>
    namedModulesOf(name === "" ? own : `${name}.${own}`, child, path)
  );
  return [[name, module], ...below];
}

/**
 * What all modules have, whatever they take and give: parameters, submodules, state. Classes of
 * one's own extend {@linkcode Module}.
 */
export abstract class AnyModule {
  /** Whether the module is being trained; dropout and the like depend on it. */
  training = true;

  /**
   * Names and values that may be parameters, buffers or modules; a class may give its own names.
   *
   * @internal
   */
  members(): [string, unknown][] {
    return Object.entries(this).flatMap(([name, value]) => placed(snakeCase(name), value));
  }

  /** The submodules of this module by name, not theirs. */
  namedChildren(): [string, AnyModule][] {
    checkCount("list namedChildren", arguments.length, 0);
    return this.members().filter((member): member is [string, AnyModule] =>
      member[1] instanceof AnyModule
    );
  }

  /** The submodules of this module, not theirs. */
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

  #named<T extends Tensor>(
    kind: new (...args: never[]) => T,
    { removeDuplicate = true }: NamedOptions,
  ): [string, T][] {
    const seen = new Set<T>();
    return namedModulesOf("", this, []).flatMap(([prefix, module]) =>
      module.members().flatMap(([name, value]): [string, T][] => {
        if (!(value instanceof kind) || (removeDuplicate && seen.has(value))) return [];
        seen.add(value);
        return [[prefix === "" ? name : `${prefix}.${name}`, value]];
      })
    );
  }

  /** The parameters of this module and all below it by name, each once unless told otherwise. */
  namedParameters(options?: NamedOptions): [string, Parameter][] {
    checkCount("list namedParameters", arguments.length, 1);
    return this.#named(Parameter, readNamed("list namedParameters", options));
  }

  /** The parameters of this module and all below it, each once. */
  parameters(): Parameter[] {
    checkCount("list parameters", arguments.length, 0);
    return this.namedParameters().map(([, parameter]) => parameter);
  }

  /** The buffers of this module and all below it by name, each once unless told otherwise. */
  namedBuffers(options?: NamedOptions): [string, Buffer][] {
    checkCount("list namedBuffers", arguments.length, 1);
    return this.#named(Buffer, readNamed("list namedBuffers", options));
  }

  /** The buffers of this module and all below it, each once. */
  buffers(): Buffer[] {
    checkCount("list buffers", arguments.length, 0);
    return this.namedBuffers().map(([, buffer]) => buffer);
  }

  /**
   * All parameters and buffers by PyTorch's names, sharing memory with the module. One that stands in
   * several places has several names.
   */
  stateDict(): StateDict {
    checkCount("make a state dict", arguments.length, 0);
    const state: StateDict = {};
    const views = new Map<Tensor, Tensor>();
    const all = { removeDuplicate: false };
    for (const [key, value] of [...this.namedParameters(all), ...this.namedBuffers(all)]) {
      if (Object.hasOwn(state, key)) {
        throw new TypeError(`Cannot make a state dict: two tensors are called "${key}"`);
      }
      const view = views.get(value) ?? value.detach();
      views.set(value, view);
      state[key] = view;
    }
    return state;
  }

  /**
   * Copies values into the parameters and buffers. Nothing changes if anything does not fit. Of
   * several values for one tensor the last stays.
   *
   * @returns The keys that were missing or unexpected, where `strict` is false.
   * @throws {TypeError} If keys are missing or unexpected and `strict` is not false, or if a value is
   * no tensor.
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
      fn(module);
    };
    namedModulesOf("", this, []);
    visit(this);
    return this;
  }

  /** Sets whether the parameters are learned. */
  requiresGrad_(on = true): this {
    checkCount("run requiresGrad_", arguments.length, 1);
    checkKind("run requiresGrad_", "its argument", on, FLAG);
    for (const parameter of this.parameters()) parameter.requiresGrad_(on);
    return this;
  }

  /** Forgets the gradients of the parameters. */
  zeroGrad(): void {
    checkCount("run zeroGrad", arguments.length, 0);
    for (const parameter of this.parameters()) parameter.dropGrad();
  }

  /** What stands in the brackets after the name of the class. */
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
 * Base of everything with parameters. Parameters, buffers and submodules are its own enumerable
 * properties, arrays of them included; `#private` ones are invisible to it.
 *
 * @typeParam Inputs What `forward` takes; a tensor by default.
 * @typeParam Output What `forward` gives; a tensor by default.
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
  #hooks: readonly BoundHook<Inputs, Output>[] = [];
  #unhook: () => void = () => {};

  /** Computes the output. */
  abstract forward(...inputs: Inputs): Output;

  /**
   * Calls a function after each `forward` of this instance; what it returns replaces the output
   * unless it is undefined. Several run in the order in which they were registered.
   *
   * @returns A function that takes the hook away; calling it twice is no error.
   */
  registerForwardHook(
    hook: (module: this, inputs: Inputs, output: Output) => Output | void,
  ): () => void {
    checkCount("run registerForwardHook", arguments.length, 1);
    checkKind("run registerForwardHook", "the hook", hook, FUNCTION);
    const bound: BoundHook<Inputs, Output> = {
      run: (inputs, output) => hook(this, inputs, output) ?? output,
    };
    if (this.#hooks.length === 0) this.#unhook = hookForward(this, () => this.#hooks);
    this.#hooks = [...this.#hooks, bound];
    return () => {
      if (!this.#hooks.includes(bound)) return;
      this.#hooks = this.#hooks.filter((other) => other !== bound);
      if (this.#hooks.length === 0) this.#unhook();
    };
  }
}

/** A hook with the module that it belongs to. */
interface BoundHook<Inputs, Output> {
  run(inputs: Inputs, output: Output): Output;
}

/**
 * Lets hooks run after an instance's `forward`, and after whatever else is put in its place.
 *
 * @returns A function that leaves the instance without them.
 */
function hookForward<Inputs extends unknown[], Output>(
  module: Module<Inputs, Output>,
  hooks: () => readonly BoundHook<Inputs, Output>[],
): () => void {
  let { forward } = module;
  let own = Object.hasOwn(module, "forward");
  function hooked(...inputs: Inputs): Output {
    const output = forward.apply(module, inputs);
    return hooks().reduce((last, hook) => hook.run(inputs, last), output);
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

/** Options that every layer with parameters takes. */
export interface LayerOptions {
  /** Element type of the parameters. Default: "float32". */
  dtype?: DType;
}

/** What the options that every layer with parameters takes must be. */
export const LAYER_OPTIONS: OptionTable<LayerOptions> = { dtype: oneOf("float32", "float64") };
