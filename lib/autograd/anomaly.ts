/** Finding the op, and the line, that made the first NaN or infinity. */

import { isFloat } from "../core/dtype.ts";
import { userLine } from "../core/call_site.ts";
import { checkFunction, engine, Guard, settled, under } from "../core/engine.ts";
import { GradError, showShape } from "../core/errors.ts";
import { checkCount } from "../core/options.ts";
import { elementsOf } from "../ops/copy/copy.ts";
import { bare } from "../ops/define/batch.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Node, Watcher } from "./tape.ts";

/** What is wrong with the numbers of a tensor. */
function wrongIn(x: Tensor): "NaN" | "an infinity" | null {
  if (!isFloat(x.dtype)) return null;
  let wrong: "an infinity" | null = null;
  for (const value of elementsOf(bare(x), "detectAnomaly")) {
    if (Number.isNaN(value)) return "NaN";
    if (value === Infinity || value === -Infinity) wrong = "an infinity";
  }
  return wrong;
}

/** What is wrong with a result, unless it is already wrong with its inputs. */
function newlyWrong(made: Tensor, from: readonly Tensor[]): "NaN" | "an infinity" | null {
  const wrong = wrongIn(made);
  if (wrong === null) return null;
  const before = from.map(wrongIn);
  if (before.includes("NaN") || before.includes(wrong)) return null;
  return wrong;
}

/** Looks at every result and every gradient. */
class AnomalyWatcher implements Watcher {
  /** Where each recorded op was called. */
  readonly #lines = new WeakMap<Node, string>();

  made(name: string, y: Tensor, inputs: readonly Tensor[]): void {
    if (y.node !== null) this.#lines.set(y.node, userLine());
    // What a rule computes is judged as a whole, as the gradient that it gives.
    if (engine.pass !== 0) return;
    const wrong = newlyWrong(y, inputs);
    if (wrong === null) return;
    throw new GradError(
      `Detected an anomaly: ${name} made ${wrong} (shape ${
        showShape(y.shape)
      }) out of finite numbers, called at ${userLine()}`,
    );
  }

  differentiated(node: Node, input: number, g: Tensor, from: readonly Tensor[]): void {
    const wrong = newlyWrong(g, from);
    if (wrong === null) return;
    const line = this.#lines.get(node) ?? "a line that ran before detectAnomaly";
    throw new GradError(
      `Detected an anomaly: the gradient of ${node.rule.name} for input ${input} has ${wrong} ` +
        `(shape ${
          showShape(g.shape)
        }) where what came back to it has none; ${node.rule.name} was ` +
        `called at ${line}`,
    );
  }

  joined(what: string, g: Tensor, from: readonly Tensor[]): void {
    const wrong = newlyWrong(g, from);
    if (wrong === null) return;
    throw new GradError(
      `Detected an anomaly: ${what} has ${wrong} (shape ${
        showShape(g.shape)
      }) where the gradients ` +
        "before it have none",
    );
  }
}

/**
 * Runs a function and stops at the first op that makes a NaN or an infinity out of finite numbers, in the
 * forward pass or in a gradient, with an error that names the op and the line that called it. Every
 * result is inspected, which is slow: use it to find a bug, not for training. Infinities in the inputs,
 * as in a mask, are allowed. Follows `torch.autograd.detect_anomaly`, which inspects gradients only.
 *
 * @param fn A synchronous function, with its backward passes.
 * @returns What the function returns.
 * @throws {GradError} At the first anomaly, or if the function returns a promise.
 *
 * @example Where a gradient becomes infinite
 * ```ts
 * import { detectAnomaly, GradError, tensor } from "@adjoint/ml";
 * import { assertThrows } from "@std/assert";
 *
 * const x = tensor([0, 1], { requiresGrad: true });
 * assertThrows(
 *   () => detectAnomaly(() => x.sqrt().sum().backward()),
 *   GradError,
 *   "the gradient of sqrt for input 0 has an infinity",
 * );
 * ```
 */
export function detectAnomaly<T>(fn: () => T): T;
/** A guard that ends the search when it is disposed; it may span an `await`, as of `fit`, if nothing else runs. */
export function detectAnomaly(): Disposable;
export function detectAnomaly<T>(fn?: () => T): T | Disposable {
  checkCount("run detectAnomaly", arguments.length, 1);
  const watcher = new AnomalyWatcher();
  if (arguments.length === 0) return new Guard("detectAnomaly", { watcher });
  checkFunction("detectAnomaly", fn);
  const consequence = "the search would end before it";
  return under({ watcher }, () => settled("detectAnomaly", consequence, fn!(), GradError));
}
