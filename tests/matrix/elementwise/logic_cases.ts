/** Cases of logical ops and of the replacement of infinities, and calls of them that must fail. */

import {
  type DType,
  isfinite,
  isinf,
  isnan,
  lerp,
  logicalAnd,
  logicalNot,
  logicalOr,
  logicalXor,
  logSigmoid,
  nanToNum,
  type Tensor,
} from "../../../mod.ts";
import { notTensor } from "../bad_input.ts";
import { type ErrorCase, FLOATS, type OpCase, random } from "../cases.ts";
import { map } from "../../common/references.ts";
import type { Plain } from "../../common/samples.ts";

const bool = (): DType => "bool";
const MIXED = { shape: [6], data: [NaN, 1, -Infinity, Infinity, 0, -2] };
const BITS = [[0, 0, 1, 1], [0, 1, 0, 1]].map((data) => ({ shape: [2, 2], data }));

function pairs(
  call: (a: Tensor, b: Tensor) => Tensor,
  value: (a: boolean, b: boolean) => boolean,
): OpCase[] {
  return [{
    name: "of all pairs",
    inputs: BITS,
    call,
    reference: (a, b) => ({
      shape: a.shape,
      data: a.data.map((x, i) => Number(value(x !== 0, b.data[i] !== 0))),
    }),
    results: bool,
    differentiable: false,
  }];
}

function tests(call: (x: Tensor) => Tensor, value: (x: number) => boolean): OpCase[] {
  const reference = (x: Plain) => map(x, (x) => Number(value(x)));
  const common = { call, reference, results: bool, differentiable: false };
  return [
    { name: "of numbers", inputs: [random(3, 4)], ...common },
    { name: "of NaN and infinities", inputs: [MIXED], dtypes: FLOATS, ...common },
  ];
}

export const LOGIC_CASES = {
  logicalAnd: pairs(logicalAnd, (a, b) => a && b),
  logicalOr: pairs(logicalOr, (a, b) => a || b),
  logicalXor: pairs(logicalXor, (a, b) => a !== b),
  logicalNot: tests(logicalNot, (x) => x === 0),
  isnan: tests(isnan, Number.isNaN),
  isinf: tests(isinf, (x) => Math.abs(x) === Infinity),
  isfinite: tests(isfinite, Number.isFinite),
  nanToNum: [
    {
      name: "with numbers of its own",
      inputs: [MIXED],
      call: (x) => nanToNum(x, { nan: 7, posinf: 8, neginf: 9 }),
      reference: (x) =>
        map(x, (x) => Number.isNaN(x) ? 7 : x === Infinity ? 8 : x === -Infinity ? 9 : x),
      dtypes: FLOATS,
      differentiable: false,
    },
    {
      name: "by default, of numbers",
      inputs: [random(3, 4)],
      call: (x) => nanToNum(x),
      reference: (x) => x,
    },
  ],
  lerp: [{
    name: "by a number and by a tensor",
    inputs: [random(3, 4), random(3, 4), random(4)],
    call: (a, b, weight) => [lerp(a, b, 0.25), lerp(a, b, weight)],
    reference: (a, b, weight) =>
      [() => 0.25, (i: number) => weight.data[i % 4]!].map((at) => ({
        shape: a.shape,
        data: a.data.map((x, i) => x + at(i) * (b.data[i]! - x)),
      })),
    dtypes: FLOATS,
    terms: 4,
  }],
  logSigmoid: [{
    name: "of numbers",
    inputs: [random(3, 4)],
    call: (x) => logSigmoid(x),
    reference: (x) => map(x, (x) => -Math.log1p(Math.exp(-x))),
    dtypes: FLOATS,
    terms: 1,
  }],
} satisfies Record<string, readonly OpCase[]>;

const refused = (call: (x: Tensor) => unknown): readonly ErrorCase[] => [notTensor(call)];

export const LOGIC_ERRORS = {
  logicalAnd: refused((x) => logicalAnd(x, x)),
  logicalOr: refused((x) => logicalOr(x, x)),
  logicalXor: refused((x) => logicalXor(x, x)),
  logicalNot: refused(logicalNot),
  isnan: refused(isnan),
  isinf: refused(isinf),
  isfinite: refused(isfinite),
  nanToNum: refused((x) => nanToNum(x)),
  lerp: refused((x) => lerp(x, x, 0.5)),
  logSigmoid: refused(logSigmoid),
} satisfies Record<string, readonly ErrorCase[]>;
