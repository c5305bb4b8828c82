/** Cases of the products that consist of matrix products. */

import { bmm, dot, einsum, outer } from "../../../mod.ts";
import { NUMBERS, type OpCase, random } from "../cases.ts";
import * as reference from "../../common/references.ts";
import { count } from "../../common/samples.ts";

/** A product by an equation; `plain` writes out the output and letters for "...". */
function summing(equation: string, shapes: number[][], plain = equation): OpCase {
  return {
    name: `${equation} of ${shapes.map((shape) => `[${shape}]`).join(" ")}`,
    inputs: shapes.map((shape) => random(...shape)),
    call: (...xs) => einsum(equation, ...xs),
    reference: (...xs) => reference.einsum(plain, ...xs),
    dtypes: NUMBERS,
    // Products of more than two elements are larger.
    terms: shapes.reduce((terms, shape) => terms * Math.max(1, count(shape)), 1),
  };
}

function product(
  run: typeof dot,
  equation: string,
  shapes: readonly (readonly [number[], number[]])[],
): OpCase[] {
  return shapes.map(([a, b]) => ({
    name: `[${a}] by [${b}]`,
    inputs: [random(...a), random(...b)],
    call: (x, y) => run(x, y),
    reference: (x, y) => reference.einsum(equation, x!, y!),
    dtypes: NUMBERS,
    terms: Math.max(1, a.at(-1)!),
  }));
}

export const PRODUCT_CASES = {
  dot: product(dot, "i,i->", [[[3], [3]], [[1], [1]], [[300], [300]]]),
  outer: product(outer, "i,j->ij", [[[3], [2]], [[1], [4]], [[0], [3]], [[3], [0]]]),
  bmm: product(bmm, "bij,bjk->bik", [
    [[2, 3, 4], [2, 4, 2]],
    [[1, 1, 3], [1, 3, 1]],
    [[3, 2, 2], [3, 2, 2]],
    [[0, 2, 3], [0, 3, 2]],
    [[2, 0, 3], [2, 3, 2]],
    [[2, 3, 0], [2, 0, 2]],
  ]),
  einsum: [
    summing("ij,jk->ik", [[2, 3], [3, 4]]),
    summing("ij,jk", [[2, 3], [3, 4]], "ij,jk->ik"),
    summing("ba,ac", [[2, 3], [3, 4]], "ba,ac->bc"),
    summing("jb,ja", [[3, 2], [3, 4]], "jb,ja->ab"),
    summing("bij,bjk->bik", [[2, 3, 2], [2, 2, 4]]),
    summing("bij,bjk->kbi", [[2, 3, 2], [2, 2, 4]]),
    summing("ij->ji", [[2, 3]]),
    summing("ba", [[2, 3]], "ba->ab"),
    summing("ij->", [[2, 3]]),
    summing("ij->j", [[2, 3]]),
    summing("ii->", [[3, 3]]),
    summing("ii", [[3, 3]], "ii->"),
    summing("ii->i", [[3, 3]]),
    summing("iji->ji", [[2, 3, 2]]),
    summing("iii->i", [[2, 2, 2]]),
    summing("ii,i->i", [[3, 3], [3]]),
    summing("i,i->", [[3], [3]]),
    summing("i,j->ij", [[3], [2]]),
    summing("ij,kl->jl", [[2, 3], [2, 2]]),
    summing("ij,ij->ij", [[2, 3], [2, 3]]),
    summing("ij,j->ij", [[2, 3], [3]]),
    summing("ij,ij->i", [[2, 3], [2, 3]]),
    summing("i,ij,j->", [[2], [2, 3], [3]]),
    summing("bi,ci,di->bcd", [[2, 3], [2, 3], [2, 3]]),
    summing("ij,jk,kl->il", [[2, 3], [3, 2], [2, 3]]),
    summing(" a b , b c -> a c ", [[2, 3], [3, 2]], "ab,bc->ac"),
    summing("...ij,...jk->...ik", [[4, 2, 3], [4, 3, 2]], "xij,xjk->xik"),
    summing("...ij,jk", [[2, 4, 2, 3], [3, 2]], "xyij,jk->xyik"),
    summing("...i,...i->...", [[2, 3], [3]], "xi,i->x"),
    summing("...ij,...jk->...ik", [[4, 1, 2, 3], [2, 3, 2]], "xyij,yjk->xyik"),
    summing("i...->...i", [[2, 3, 2]], "ixy->xyi"),
    summing("...->", [[2, 3]], "xy->"),
    summing("ij,ij->i", [[2, 3], [2, 1]]),
    summing("ij,kj->ik", [[2, 1], [3, 1]]),
    summing(",i->i", [[], [3]]),
    summing("->", [[]]),
    summing("ij,jk->ik", [[2, 0], [0, 3]]),
    summing("ij,jk->ik", [[0, 2], [2, 3]]),
  ],
} satisfies Record<string, readonly OpCase[]>;
