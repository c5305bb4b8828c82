/** The state that an optimizer keeps for a parameter, and the check of a loaded one. */

import { isFloat } from "../core/dtype.ts";
import { DTypeError, ShapeError, showShape } from "../core/errors.ts";
import { checkKind, NUMBER, shown, TENSOR, WHOLE } from "../core/options.ts";
import { sameShape } from "../core/shape.ts";
import { Tensor } from "../tensor/tensor.ts";

/**
 * The state that an optimizer keeps for a parameter: tensors and numbers; `step` counts the steps.
 */
export type ParamState = Record<string, Tensor | number>;

/** The numbers that are counted, not computed. */
const COUNTS: ReadonlySet<string> = new Set(["step", "funcEvals", "nIter"]);

/** A copy that shares no memory. */
export function copyState(state: ParamState): ParamState {
  const entries = Object.entries(state).map(([key, value]) => [
    key,
    value instanceof Tensor ? value.detach().clone() : value,
  ]);
  return Object.fromEntries(entries);
}

/** A copy of a loaded tensor, in the type and on the device of the one that it replaces. */
function fittedTensor(op: string, name: string, given: unknown, like: Tensor): Tensor {
  const call = `load the state of ${op}`;
  checkKind(call, name, given, TENSOR);
  const value = given as Tensor;
  value.storage.check(`loadStateDict of ${op}`);
  if (!sameShape(value.shape, like.shape)) {
    throw new ShapeError(
      `Cannot ${call}: ${name} needs shape ${showShape(like.shape)}, got ${showShape(value.shape)}`,
      [like.shape, value.shape],
    );
  }
  if (!isFloat(value.dtype)) {
    throw new DTypeError(`Cannot ${call}: ${name} must be float32 or float64, got ${value.dtype}`);
  }
  const cast = value.detach().to({ dtype: like.dtype, device: like.device }).contiguous();
  return cast.storage === value.storage ? cast.clone() : cast;
}

/**
 * A copy of a loaded state of a parameter, in the parameter's type.
 *
 * @param op The optimizer.
 * @param name The name of the state in messages.
 * @param blank The state before the first step, whose entries are required.
 * @param optional Optional entries, which are tensors like the parameter.
 */
export function fittedState(
  op: string,
  name: string,
  given: ParamState,
  blank: ParamState,
  optional: readonly string[],
  p: Tensor,
): ParamState {
  const call = `load the state of ${op}`;
  const known = [...new Set([...Object.keys(blank), ...optional])];
  const needed = Object.keys(blank).filter((key) => !optional.includes(key));
  const own = Object.keys(given);
  if (own.some((key) => !known.includes(key)) || needed.some((key) => !own.includes(key))) {
    throw new TypeError(
      `Cannot ${call}: ${name} needs ${known.join(", ")}, got ${own.join(", ") || shown(given)}`,
    );
  }
  return Object.fromEntries(own.map((key) => {
    const like = blank[key] ?? p;
    const value: unknown = given[key];
    if (like instanceof Tensor) return [key, fittedTensor(op, `${key} of ${name}`, value, like)];
    // What an optimizer has computed itself, it must take back: a loss may have been infinite.
    checkKind(call, `${key} of ${name}`, value, COUNTS.has(key) ? WHOLE : NUMBER);
    return [key, value as number];
  }));
}
