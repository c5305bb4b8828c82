/** Primitives: rounding and remainders. */

import { ZERO } from "../../autograd/tape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { binary, type BinaryOp, unary, type UnaryOp } from "../define/elementwise.ts";
import { eq, lt, ne, where } from "./compare.ts";

/** A step function: its gradient is 0, also at the steps. */
function step(name: string, ref: (x: number) => number, kinks: readonly number[]): UnaryOp {
  return unary(name, {
    integers: true,
    vjp: [ZERO],
    ref,
    kinks,
    special: [0, 0.5, -0.5, 1.5, 2.5, Infinity, -Infinity, NaN],
  });
}

const WHOLE = [-3, -2, -1, 0, 1, 2, 3];
const HALVES = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5];

/** Rounds half to even, as in PyTorch. */
function toEven(x: number): number {
  const below = Math.floor(x);
  if (x - below !== 0.5) return Math.round(x);
  const even = below % 2 === 0 ? below : below + 1;
  return even === 0 && x < 0 ? -0 : even;
}

/** The remainder of JavaScript, moved to the sign of the divisor. */
function modulo(a: number, b: number): number {
  const rest = a % b;
  return rest !== 0 && (rest < 0) !== (b < 0) ? rest + b : rest;
}

/** The largest integer that is not above x. */
export const floor: UnaryOp = step("floor", Math.floor, WHOLE);
/** The smallest integer that is not below x. */
export const ceil: UnaryOp = step("ceil", Math.ceil, WHOLE);
/** The nearest integer; a half is rounded to the even one. */
export const round: UnaryOp = step("round", toEven, HALVES);
/** x without its fraction. */
export const trunc: UnaryOp = step("trunc", Math.trunc, WHOLE);

/** ⌊a/b⌋ as PyTorch has it: NaN for an infinite a, −1 where a negative quotient is lost to rounding. */
function floorQuotient(a: Tensor, b: Tensor, y: Tensor): Tensor {
  const quotient = a.div(b);
  const lost = eq(quotient, 0).mul(lt(a.mul(b.sign()), 0));
  const whole = where(lost, -1, floor(quotient));
  return where(ne(y, y).mul(ne(b, 0)), NaN, whole);
}

// y = a − b·⌊a/b⌋: d/da = 1, d/db = −⌊a/b⌋
/**
 * Remainder of a / b with the sign of b, a − b·⌊a/b⌋. Of integers, 0 where b is 0; of floats NaN.
 * Follows `torch.remainder`.
 */
export const remainder: BinaryOp = binary("remainder", {
  integers: true,
  saves: "aby",
  vjp: [
    (g) => g,
    (g, { a, b, y }) => g.mul(floorQuotient(a, b, y)).neg(),
  ],
  ref: modulo,
  domain: [0.3, 3],
  kinks: [0],
});
