/**
 * The tape: one node for each recorded op, linked to the nodes of its inputs, never to the inputs
 * themselves. Nodes are numbered in the order in which they are made, so descending numbers are a
 * valid order for backward.
 */

import { checkFunction, engine, Guard, settled, under } from "../core/engine.ts";
import { GradError } from "../core/errors.ts";
import { checkCount } from "../core/options.ts";
import type { Shape } from "../core/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { NodeHooks } from "./hooks.ts";

/** What a rule may read: the saved inputs (`x` or `a`, `b`, `c`), the output and the attributes. */
export interface Context<A = unknown> {
  /** The only input. */
  readonly x: Tensor;
  /** The first input. */
  readonly a: Tensor;
  /** The second input. */
  readonly b: Tensor;
  /** The third input. */
  readonly c: Tensor;
  /** The output. */
  readonly y: Tensor;
  /** What the op was called with beside tensors. */
  readonly attrs: A;
  /** An input by number; null where it was left out of the call, or where the rule saves none. */
  saved(input: number): Tensor | null;
}

/** Gradient of one input: the cotangent times the derivative, in differentiable ops. */
export type Vjp<A> = (g: Tensor, context: Context<A>) => Tensor;

/** Adds the gradient of the first input to a sum, in place. */
export type VjpInto<A> = (sum: Tensor, g: Tensor, context: Context<A>) => void;

/** Flat almost everywhere: the gradient is zero. */
export const ZERO = "zero";
/** No gradient exists: indices and conditions. */
export const NONE = "none";

/** All gradients in one pass, for ops of several outputs and fused ones. */
export type VjpAll<A> = (
  gs: readonly (Tensor | null)[],
  context: Context<A>,
  needs: readonly boolean[],
) => readonly (Tensor | null)[];

/**
 * Forward mode: the tangent of the output, or of each, from the tangents of the inputs, in differentiable
 * ops. An input without tangent has null.
 */
export type Jvp<A> = (
  tangents: readonly (Tensor | null)[],
  context: Context<A>,
) => Tensor | readonly (Tensor | null)[];

/** Forward mode of an elementwise op: each tangent through the rule of its input, and their sum. */
export const DIAGONAL = "diagonal";

/** How an op is differentiated. */
export interface Rule<A = unknown> {
  /** Name for messages. */
  readonly name: string;
  /** Which of `a`, `b`, `c` and `y` the rules read. */
  readonly saves: string;
  /** One rule for each input; of ops with any number of inputs, the function that gives it. */
  readonly vjp: readonly (Vjp<A> | typeof ZERO | typeof NONE)[];
  /** Replaces `vjp` if one pass gives all gradients. */
  readonly vjpAll?: VjpAll<A>;
  /** Number of differentiable outputs. */
  readonly outputs: number;
  /** Forward mode. */
  readonly jvp: Jvp<A> | typeof DIAGONAL;
  /** Whether the rule runs a user's function, which may keep what is made in it. */
  readonly foreign?: boolean;
  /** For an op that reads parts of its first input. */
  readonly vjpInto?: VjpInto<A>;
}

/** A leaf's place on the tape: the end of the line, where gradients are collected. */
const LEAF: Rule = { name: "leaf", saves: "", vjp: [], jvp: DIAGONAL, outputs: 1 };
const NOTHING: readonly never[] = [];

let lastId = 0;

/** The number of the newest node. */
export function lastNodeId(): number {
  return lastId;
}

/** One recorded op. */
export class Node implements Context {
  /** Rises with time. */
  readonly id: number = ++lastId;
  /** How to differentiate. */
  readonly rule: Rule;
  /** The nodes of the inputs; null for inputs without gradient. */
  parents: readonly (Node | null)[];
  /** Which output of its node each input was; null if all are the first. */
  outputIndices: readonly number[] | null = null;
  /** Shapes of the inputs, and behind them of the output, where the op broadcast them. */
  shapes: readonly Shape[] | null = null;
  /** Attributes of the call. */
  attrs: unknown;
  /** The tensor that collects gradients, for a leaf. */
  readonly leaf: Tensor | null;
  /** Whether a backward pass has used the node up. */
  released = false;
  /** What users want done with the gradients of its outputs; null for nothing. */
  hooks: NodeHooks | null = null;
  /** The pass that has visited the node, and its place there. */
  mark = 0;
  slot = 0;
  #a: Tensor | null = null;
  #b: Tensor | null = null;
  #c: Tensor | null = null;
  #y: Tensor | null = null;
  #versions = 0;

  /**
   * Creates the object.
   *
   * @param parents The nodes of the inputs.
   */
  constructor(
    rule: Rule,
    parents: readonly (Node | null)[],
    attrs: unknown = null,
    leaf: Tensor | null = null,
  ) {
    this.rule = rule;
    this.parents = parents;
    this.attrs = attrs;
    this.leaf = leaf;
  }

  /** Keeps the tensors that the rule declares, and notes their versions. */
  save(a: Tensor | null, b: Tensor | null, c: Tensor | null, y: Tensor): void {
    const { saves } = this.rule;
    let versions = 0;
    for (let i = 0; i < saves.length; i++) {
      const name = saves[i];
      const saved = name === "a"
        ? this.#a = a
        : name === "b"
        ? this.#b = b
        : name === "c"
        ? this.#c = c
        : this.#y = y;
      versions += saved?.storage.version ?? 0;
    }
    this.#versions = versions;
  }

  // Versions only rise, so their sum changes exactly when one of them does.
  #checkVersions(): void {
    const now = (this.#a?.storage.version ?? 0) + (this.#b?.storage.version ?? 0) +
      (this.#c?.storage.version ?? 0) + (this.#y?.storage.version ?? 0);
    if (now === this.#versions) return;
    throw new GradError(
      `Cannot run backward: a tensor that ${this.rule.name} saved for its gradient was changed ` +
        "in place since; change a copy (x.clone()) instead",
    );
  }

  #check(saved: Tensor | null, name: string): Tensor {
    this.#checkVersions();
    if (saved === null) {
      throw new GradError(`The rule of ${this.rule.name} reads ${name}, which it does not save`);
    }
    return saved;
  }

  /** An input by number; null where it was left out of the call, or where the rule saves none. */
  saved(input: number): Tensor | null {
    this.#checkVersions();
    return input === 0 ? this.#a : input === 1 ? this.#b : input === 2 ? this.#c : null;
  }

  /** The only input. */
  get x(): Tensor {
    return this.#check(this.#a, "x");
  }
  /** The first input. */
  get a(): Tensor {
    return this.#check(this.#a, "a");
  }
  /** The second input. */
  get b(): Tensor {
    return this.#check(this.#b, "b");
  }
  /** The third input. */
  get c(): Tensor {
    return this.#check(this.#c, "c");
  }
  /** The output. */
  get y(): Tensor {
    return this.#check(this.#y, "y");
  }

  /** What the node holds for backward. */
  savedTensors(): Tensor[] {
    return [this.#a, this.#b, this.#c, this.#y].filter((saved) => saved !== null);
  }

  /** Forgets everything that only backward needed. */
  release(): void {
    this.released = true;
    this.parents = NOTHING;
    this.#a =
      this.#b =
      this.#c =
      this.#y =
        null;
    this.attrs = null;
    this.hooks = null;
  }
}

/** The places of leaves that want no gradient for a while. */
const retired = new WeakMap<Tensor, Node>();

/** A leaf's place on the tape: the one that it had before, with its hooks, if it had one. */
export function leafNode(leaf: Tensor): Node {
  return retired.get(leaf) ?? new Node(LEAF, NOTHING, null, leaf);
}

/** Keeps the place of a leaf that wants no gradient any more, as it may want one again. */
export function retire(leaf: Tensor): void {
  if (leaf.node !== null) retired.set(leaf, leaf.node);
}

/**
 * Whether ops are recorded at the moment.
 *
 * @example Inside `noGrad`
 * ```ts
 * import { isGradEnabled, noGrad } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([isGradEnabled(), noGrad(() => isGradEnabled())], [true, false]);
 * ```
 */
export function isGradEnabled(): boolean {
  checkCount("run isGradEnabled", arguments.length, 0);
  return engine.recording;
}

/** Observes every result and every gradient, to find anomalies. */
export interface Watcher {
  /** A result of an op, after it was recorded. */
  made(name: string, y: Tensor, inputs: readonly Tensor[]): void;
  /** The gradient of a node for one of its inputs, and what it was made of. */
  differentiated(node: Node, input: number, g: Tensor, from: readonly Tensor[]): void;
  /** What became a gradient beside the rules: what a hook gave, or a sum. */
  joined?(what: string, g: Tensor, from: readonly Tensor[]): void;
}

function withMode<T>(
  op: string,
  recording: boolean,
  fn: (() => T) | undefined,
  given: number,
): T | Disposable {
  checkCount(`run ${op}`, given, 1);
  // Undefined in a function's place is no call for a guard, which would leave the mode on.
  if (given === 0) return new Guard(op, { recording });
  checkFunction(op, fn);
  const consequence = "the mode would end before it";
  return under({ recording }, () => settled(op, consequence, fn!(), GradError));
}

/**
 * Runs a function without recording or, without an argument, returns a guard for `using`.
 *
 * @param fn A synchronous function.
 * @returns What the function returns.
 * @throws {GradError} If the function returns a promise.
 *
 * @example Both forms
 * ```ts
 * import { noGrad, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor([2], { requiresGrad: true });
 * assertEquals(noGrad(() => x.mul(3)).requiresGrad, false);
 * {
 *   using _ = noGrad();
 *   assertEquals(x.mul(3).requiresGrad, false);
 * }
 * assertEquals(x.mul(3).requiresGrad, true);
 * ```
 */
export function noGrad<T>(fn: () => T): T;
/** A guard that ends the mode when it is disposed; it must not span an `await`. */
export function noGrad(): Disposable;
export function noGrad<T>(fn?: () => T): T | Disposable {
  return withMode("noGrad", false, fn, arguments.length);
}

/**
 * Records again inside `noGrad`.
 *
 * @param fn A synchronous function.
 * @returns What the function returns.
 * @throws {GradError} If the function returns a promise.
 *
 * @example Recording inside `noGrad`
 * ```ts
 * import { enableGrad, noGrad, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor([2], { requiresGrad: true });
 * assertEquals(noGrad(() => enableGrad(() => x.mul(3))).requiresGrad, true);
 * ```
 */
export function enableGrad<T>(fn: () => T): T;
/** A guard that ends the mode when it is disposed; it must not span an `await`. */
export function enableGrad(): Disposable;
export function enableGrad<T>(fn?: () => T): T | Disposable {
  return withMode("enableGrad", true, fn, arguments.length);
}
