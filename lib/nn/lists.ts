/** Lists and dictionaries of modules and of parameters, whose members belong to a module. */

import { append } from "../core/lists.ts";
import { checkCount, checkKind, INTEGER, isPlainObject, shown, TEXT } from "../core/options.ts";
import { isTensor } from "../core/tensor.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { ANY_MODULE } from "./checks.ts";
import { AnyModule, Parameter } from "./module.ts";

/** Refuses anything but a module. */
function moduleOf<M extends AnyModule>(call: string, name: string, item: M): M {
  checkKind(call, name, item, ANY_MODULE);
  return item;
}

/** A parameter as it is, and a tensor made into one. */
function parameterOf(call: string, name: string, item: Tensor): Parameter {
  if (item instanceof Parameter) return item;
  if (isTensor(item)) return new Parameter(item);
  throw new TypeError(`Cannot ${call}: ${name} must be a tensor, got ${shown(item)}`);
}

function listGiven(call: string, given: unknown): Iterable<unknown> {
  const iterable = typeof given === "object" && given !== null && Symbol.iterator in given &&
    !isTensor(given);
  if (iterable) return given as Iterable<unknown>;
  throw new TypeError(`Cannot ${call}: the items must be in an array, got ${shown(given)}`);
}

/** Members by index. */
export abstract class ListModule<Given, Item> extends AnyModule {
  /** The members in order. */
  readonly items: Item[] = [];

  /** What a member becomes; throws if it cannot be one. */
  protected abstract own(call: string, name: string, item: Given): Item;

  /** Adds what a constructor was given. */
  protected fill(given: Iterable<Given>): void {
    const call = `make ${this.constructor.name}`;
    const list = [...listGiven(call, given)] as Given[];
    append(this.items, list.map((item, i) => this.own(call, `item ${i}`, item)));
  }

  /** How many members there are. */
  get length(): number {
    return this.items.length;
  }

  /**
   * The member at an index, counted from the end if negative.
   *
   * @throws {RangeError} If there is none.
   */
  at(index: number): Item {
    checkCount("run at", arguments.length, 1);
    checkKind("run at", "the index", index, INTEGER);
    const item = this.items.at(index);
    if (item !== undefined) return item;
    throw new RangeError(
      `Cannot run at: there is no item ${index} among the ${this.length} of ${this.constructor.name}`,
    );
  }

  /** Adds members at the end. */
  push(...items: Given[]): this {
    const own = items.map((item, i) => this.own("run push", `item ${i}`, item));
    append(this.items, own);
    return this;
  }

  /** The members in order. */
  [Symbol.iterator](): IterableIterator<Item> {
    return this.items[Symbol.iterator]();
  }

  /**
   * The members by index.
   *
   * @internal
   */
  override members(): [string, unknown][] {
    return this.items.map((item, i) => [String(i), item]);
  }
}

/** Refuses what cannot be a part of a name in a state dict. */
function checkName(call: string, name: unknown): void {
  checkKind(call, "the name", name, TEXT);
  if (name !== "" && !(name as string).includes(".")) return;
  throw new RangeError(
    `Cannot ${call}: a name must not be empty or contain a dot, got ${shown(name)}`,
  );
}

/** Members by name. */
export abstract class DictModule<Given, Item> extends AnyModule {
  /** The members by name. */
  readonly items: Record<string, Item> = {};

  /** What a member becomes; throws if it cannot be one. */
  protected abstract own(call: string, name: string, item: Given): Item;

  /** Adds what a constructor was given. */
  protected fill(given: Readonly<Record<string, Given>>): void {
    const call = `make ${this.constructor.name}`;
    if (!isPlainObject(given)) {
      throw new TypeError(`Cannot ${call}: the items must be in an object, got ${shown(given)}`);
    }
    for (const [name, item] of Object.entries(given)) {
      checkName(call, name);
      this.items[name] = this.own(call, `"${name}"`, item as Given);
    }
  }

  /** The member of a name; undefined if there is none. */
  get(name: string): Item | undefined {
    checkCount("run get", arguments.length, 1);
    checkKind("run get", "the name", name, TEXT);
    return this.has(name) ? this.items[name] : undefined;
  }

  /** Whether there is a member of a name. */
  has(name: string): boolean {
    checkCount("run has", arguments.length, 1);
    checkKind("run has", "the name", name, TEXT);
    return Object.hasOwn(this.items, name);
  }

  /** Adds a member, or replaces one. */
  set(name: string, item: Given): this {
    checkCount("run set", arguments.length, 2);
    checkName("run set", name);
    this.items[name] = this.own("run set", `"${name}"`, item);
    return this;
  }

  /** Removes a member; returns whether there was one. */
  delete(name: string): boolean {
    checkCount("run delete", arguments.length, 1);
    const there = this.has(name);
    if (there) Reflect.deleteProperty(this.items, name);
    return there;
  }

  /** The members with their names, in the order in which they were added. */
  [Symbol.iterator](): IterableIterator<[string, Item]> {
    return Object.entries(this.items)[Symbol.iterator]();
  }

  /**
   * The members by name.
   *
   * @internal
   */
  override members(): [string, unknown][] {
    return Object.entries(this.items);
  }
}

/**
 * A list of modules. Follows `torch.nn.ModuleList`.
 *
 * @example Layers that are run by a loop
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const layers = new nn.ModuleList([new nn.Linear(3, 3)]);
 * layers.push(new nn.Linear(3, 2));
 * let y = zeros([1, 3]);
 * for (const layer of layers) y = layer.forward(y);
 * assertEquals(y.shape, [1, 2]);
 * assertEquals(Object.keys(layers.stateDict())[2], "1.weight");
 * ```
 */
export class ModuleList<M extends AnyModule = AnyModule> extends ListModule<M, M> {
  /**
   * Creates the list.
   *
   * @param modules The modules in order. Default: none.
   */
  constructor(modules: Iterable<M> = []) {
    super();
    checkCount("make ModuleList", arguments.length, 1);
    this.fill(modules);
  }

  /** A module as it is. */
  protected override own(call: string, name: string, item: M): M {
    return moduleOf(call, name, item);
  }
}

/**
 * Modules by name. Follows `torch.nn.ModuleDict`.
 *
 * @example Heads of a net
 * ```ts
 * import { nn } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const heads = new nn.ModuleDict({ depth: new nn.Linear(8, 1), labels: new nn.Linear(8, 5) });
 * assertEquals(heads.get("labels")?.outFeatures, 5);
 * assertEquals(Object.keys(heads.stateDict())[0], "depth.weight");
 * ```
 */
export class ModuleDict<M extends AnyModule = AnyModule> extends DictModule<M, M> {
  /**
   * Creates the dictionary.
   *
   * @param modules The modules by name. Default: none.
   */
  constructor(modules: Readonly<Record<string, M>> = {}) {
    super();
    checkCount("make ModuleDict", arguments.length, 1);
    this.fill(modules);
  }

  /** A module as it is. */
  protected override own(call: string, name: string, item: M): M {
    return moduleOf(call, name, item);
  }
}

/**
 * A list of parameters; tensors become parameters. Follows `torch.nn.ParameterList`.
 *
 * @example Coefficients
 * ```ts
 * import { nn, ones, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const coefficients = new nn.ParameterList([zeros([2]), ones([3])]);
 * assertEquals(coefficients.parameters().length, 2);
 * assertEquals(coefficients.at(1).requiresGrad, true);
 * ```
 */
export class ParameterList extends ListModule<Tensor, Parameter> {
  /**
   * Creates the list.
   *
   * @param parameters The parameters in order. Default: none.
   */
  constructor(parameters: Iterable<Tensor> = []) {
    super();
    checkCount("make ParameterList", arguments.length, 1);
    this.fill(parameters);
  }

  /** A parameter as it is, and a tensor made into one. */
  protected override own(call: string, name: string, item: Tensor): Parameter {
    return parameterOf(call, name, item);
  }
}

/**
 * Parameters by name; tensors become parameters. Follows `torch.nn.ParameterDict`.
 *
 * @example A scale and a shift
 * ```ts
 * import { nn, ones, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const own = new nn.ParameterDict({ scale: ones([1]), shift: zeros([1]) });
 * assertEquals(Object.keys(own.stateDict()), ["scale", "shift"]);
 * ```
 */
export class ParameterDict extends DictModule<Tensor, Parameter> {
  /**
   * Creates the dictionary.
   *
   * @param parameters The parameters by name. Default: none.
   */
  constructor(parameters: Readonly<Record<string, Tensor>> = {}) {
    super();
    checkCount("make ParameterDict", arguments.length, 1);
    this.fill(parameters);
  }

  /** A parameter as it is, and a tensor made into one. */
  protected override own(call: string, name: string, item: Tensor): Parameter {
    return parameterOf(call, name, item);
  }
}
