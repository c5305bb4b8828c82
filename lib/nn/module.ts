/** Modules: objects that hold parameters and compute something with them. */

import { type DType, isFloat } from "../dtype.ts";
import { DTypeError, ShapeError, showShape } from "../errors.ts";
import { noGrad } from "../autograd/tape.ts";
import { Tensor } from "../tensor.ts";
import { sameShape } from "../shape.ts";

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
export class Parameter extends Tensor {
  /**
   * Creates the tensor.
   *
   * @param data Initial values, of floating type; the parameter shares their memory if contiguous.
   * @param options `requiresGrad`: whether the parameter is learned, default true.
   */
  constructor(data: Tensor, { requiresGrad = true }: { requiresGrad?: boolean } = {}) {
    const { storage, shape, strides, offset, size } = noGrad(() => data.contiguous());
    super(storage, shape, strides, offset, size, true);
    if (!isFloat(data.dtype)) {
      throw new DTypeError(
        `Cannot make a parameter: its type must be float32 or float64, got ${data.dtype}`,
      );
    }
    this.requiresGrad_(requiresGrad);
  }
}

/** A tensor that belongs to a module's state without being learned. */
export class Buffer extends Tensor {
  /**
   * Creates the tensor.
   *
   * @param data Initial values; the buffer shares their memory if contiguous.
   */
  constructor(data: Tensor) {
    const { storage, shape, strides, offset, size } = noGrad(() => data.contiguous());
    super(storage, shape, strides, offset, size, true);
  }
}

/** Parameters and buffers by name. */
export type StateDict = Record<string, Tensor>;

/** Options of `loadStateDict`. */
export interface LoadOptions {
  /** Whether every key must be there on both sides. Default: true. */
  strict?: boolean;
  /** Gives the key under which a key of the module stands in the state. */
  rename?: (key: string) => string;
}

/** What `loadStateDict` did not find, and what it did not use. */
export interface LoadResult {
  /** Keys of the module that the state lacks. */
  readonly missing: readonly string[];
  /** Keys of the state that the module lacks. */
  readonly unexpected: readonly string[];
}

/** The name of a property in a state dict, as Python would spell it: `selfAttn` is `self_attn`. */
function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter, at) => `${at === 0 ? "" : "_"}${letter.toLowerCase()}`);
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
    return Object.entries(this).flatMap(([name, value]): [string, unknown][] => {
      const key = snakeCase(name);
      return Array.isArray(value)
        ? value.map((item, i): [string, unknown] => [`${key}.${i}`, item])
        : [[key, value]];
    });
  }

  /** The submodules of this module by name, not theirs. */
  namedChildren(): [string, AnyModule][] {
    return this.members().filter((member): member is [string, AnyModule] =>
      member[1] instanceof AnyModule
    );
  }

  /** The submodules of this module, not theirs. */
  children(): AnyModule[] {
    return this.namedChildren().map(([, child]) => child);
  }

  /** This module and all below it by name; its own name is empty. */
  namedModules(prefix = ""): [string, AnyModule][] {
    const below = this.namedChildren().flatMap(([name, child]) =>
      child.namedModules(prefix === "" ? name : `${prefix}.${name}`)
    );
    return [[prefix, this], ...below];
  }

  /** This module and all below it. */
  modules(): AnyModule[] {
    return this.namedModules().map(([, module]) => module);
  }

  #named<T extends Tensor>(kind: new (...args: never[]) => T): [string, T][] {
    const seen = new Set<T>();
    return this.namedModules().flatMap(([prefix, module]) =>
      module.members().flatMap(([name, value]): [string, T][] => {
        if (!(value instanceof kind) || seen.has(value)) return [];
        seen.add(value);
        return [[prefix === "" ? name : `${prefix}.${name}`, value]];
      })
    );
  }

  /** The parameters of this module and all below it by name, each once. */
  namedParameters(): [string, Parameter][] {
    return this.#named(Parameter);
  }

  /** The parameters of this module and all below it, each once. */
  parameters(): Parameter[] {
    return this.namedParameters().map(([, parameter]) => parameter);
  }

  /** The buffers of this module and all below it by name. */
  namedBuffers(): [string, Buffer][] {
    return this.#named(Buffer);
  }

  /** The buffers of this module and all below it. */
  buffers(): Buffer[] {
    return this.namedBuffers().map(([, buffer]) => buffer);
  }

  /** All parameters and buffers by PyTorch's names, sharing memory with the module. */
  stateDict(): StateDict {
    const state: StateDict = {};
    for (const [key, value] of [...this.namedParameters(), ...this.namedBuffers()]) {
      if (Object.hasOwn(state, key)) {
        throw new TypeError(`Cannot make a state dict: two tensors are called "${key}"`);
      }
      state[key] = value.detach();
    }
    return state;
  }

  /**
   * Copies values into the parameters and buffers. Nothing changes if anything does not fit.
   *
   * @returns The keys that were missing or unexpected, where `strict` is false.
   * @throws {TypeError} If keys are missing or unexpected and `strict` is not false.
   * @throws {ShapeError} If a shape differs.
   */
  loadStateDict(state: StateDict, { strict = true, rename }: LoadOptions = {}): LoadResult {
    const own = Object.entries(this.stateDict());
    const sourceOf = (key: string) => rename?.(key) ?? key;
    const missing = own.map(([key]) => key).filter((key) => !Object.hasOwn(state, sourceOf(key)));
    const used = new Set(own.map(([key]) => sourceOf(key)));
    const unexpected = Object.keys(state).filter((key) => !used.has(key));
    if (strict && missing.length + unexpected.length > 0) {
      const name = (keys: string[]) => keys.length === 0 ? "none" : keys.join(", ");
      throw new TypeError(
        `Cannot load the state: missing keys ${name(missing)}, unexpected keys ${name(unexpected)}`,
      );
    }
    const pairs = own.flatMap(([key, target]): [string, Tensor, Tensor][] => {
      const value = state[sourceOf(key)];
      return value === undefined ? [] : [[key, target, value]];
    });
    for (const [key, target, value] of pairs) {
      if (!sameShape(target.shape, value.shape)) {
        throw new ShapeError(
          `Cannot load the state: "${key}" has shape ${showShape(target.shape)}, the state ${
            showShape(value.shape)
          }`,
          [target.shape, value.shape],
        );
      }
    }
    noGrad(() => {
      for (const [, target, value] of pairs) target.copy_(value);
    });
    return { missing, unexpected };
  }

  /** Sets this module and all below it to training. */
  train(mode = true): this {
    for (const module of this.modules()) module.training = mode;
    return this;
  }

  /** Sets this module and all below it to evaluation. */
  eval(): this {
    return this.train(false);
  }

  /** Calls a function on every module, the innermost first. */
  apply(fn: (module: AnyModule) => void): this {
    for (const child of this.children()) child.apply(fn);
    fn(this);
    return this;
  }

  /** Sets whether the parameters are learned. */
  requiresGrad_(on = true): this {
    for (const parameter of this.parameters()) parameter.requiresGrad_(on);
    return this;
  }

  /** Forgets the gradients of the parameters. */
  zeroGrad(): void {
    for (const parameter of this.parameters()) parameter.dropGrad();
  }

  /** What stands in the brackets after the name of the class. */
  protected describe(): string {
    return "";
  }

  /** The tree of modules. */
  toString(): string {
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
  /** Computes the output. */
  abstract forward(...inputs: Inputs): Output;

  /**
   * Calls a function after each `forward` of this instance; what it returns replaces the output
   * unless it is undefined.
   *
   * @returns A function that takes the hook away.
   */
  registerForwardHook(
    hook: (module: this, inputs: Inputs, output: Output) => Output | void,
  ): () => void {
    const before = this.forward;
    const own = Object.hasOwn(this, "forward");
    const define = (value: unknown) =>
      Object.defineProperty(this, "forward", { value, configurable: true, enumerable: false });
    define((...inputs: Inputs): Output => {
      const output = before.apply(this, inputs);
      return hook(this, inputs, output) ?? output;
    });
    return () => {
      if (own) define(before);
      else Reflect.deleteProperty(this, "forward");
    };
  }
}

/** Options that every layer with parameters takes. */
export interface LayerOptions {
  /** Element type of the parameters. Default: "float32". */
  dtype?: DType;
}
