import { AssertionError, assertThrows } from "@std/assert";
import { tensor } from "../../mod.ts";
import { assertTensor, failure, near, type Trial } from "./compare.ts";

const A = { shape: [2, 3], data: [1, 2, 3, 4, -0, NaN] };
const ROW = { shape: [3], data: [10, 20, 30] };
const TRIAL: Trial = { name: "mul() of [2, 3] and [3]", dtype: "float32", inputs: [A, ROW] };

Deno.test("assertTensor() names op, sample, device, type, place, inputs there, and both numbers", () => {
  const right = { shape: [2, 3], data: [10, 40, 90, 40, -0, NaN] };
  const y = (...data: number[]) => tensor(data, { dtype: "float32" }).reshape([2, 3]);
  assertTensor(TRIAL, y(...right.data), right, "float32");
  const wrong = (place: number, text: string) =>
    assertThrows(
      () => assertTensor(TRIAL, y(...right.data.with(place, 7)), right, "float32"),
      AssertionError,
      `mul() of [2, 3] and [3] on cpu, float32: the result at element ${place} of [2, 3] is 7, ${text}`,
    );
  wrong(2, "expected 90, where the inputs are 3 and 30");
  wrong(4, "expected -0, where the inputs are -0 and 20");
  wrong(5, "expected NaN, where the inputs are NaN and 30");
  const sign = (came: number, wanted: number) => Object.is(came, wanted);
  assertThrows(
    () => assertTensor(TRIAL, y(10, 40, 90, 40, 0, NaN), right, "float32", sign),
    AssertionError,
    "at element 4 of [2, 3] is 0, expected -0",
  );
  assertThrows(() => assertTensor(TRIAL, y(...right.data), ROW, "float32"), Error, "on cpu: shape");
  assertThrows(() => assertTensor(TRIAL, y(...right.data), right, "int32"), Error, "on cpu: type");
});

Deno.test("failure() shows the beginning of inputs that have no element at the place", () => {
  const long = { shape: [20], data: Array.from({ length: 20 }, (_, i) => i) };
  const inputs = [A, long, { shape: [], data: [5] }];
  const wrong = { device: "gpu", at: 1, shape: [3], came: 1, wanted: "0 to 0.5" };
  const given =
    "where the inputs are [2, 3] of 1, 2, 3, 4, -0, NaN and [20] of 0, 1, 2, 3, 4, 5, 6, 7, … and 5";
  assertThrows(
    () => {
      throw failure({ ...TRIAL, inputs }, wrong);
    },
    AssertionError,
    `on gpu, float32: the result at element 1 of [3] is 1, expected 0 to 0.5, ${given}`,
  );
  assertThrows(
    () => {
      throw failure("view()", { ...wrong, part: "the gradient of input 1", at: "in all" });
    },
    AssertionError,
    "view() on gpu: the gradient of input 1 in all is 1, expected 0 to 0.5",
  );
});

Deno.test("near() takes infinities exactly, and NaN for NaN alone", () => {
  const cases = [[1, 1 + 1e-7, true], [1, 1.1, false], [NaN, NaN, true], [1, NaN, false]] as const;
  const ends = [[Infinity, Infinity, true], [1e308, Infinity, false], [
    NaN,
    Infinity,
    false,
  ]] as const;
  for (const [came, wanted, agrees] of [...cases, ...ends]) {
    if (near(came, wanted, { rtol: 1e-6 }) !== agrees) throw new Error(`${came} for ${wanted}`);
  }
});
