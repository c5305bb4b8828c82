import { assertEquals, AssertionError, assertThrows } from "@std/assert";
import { customFunction, isGradEnabled, tensor, where } from "../../mod.ts";
import { checkGradients, checkSecondGradients } from "./gradients.ts";

const point = () => tensor([0.5, -1.25, 2], { dtype: "float64" });

Deno.test("checkGradients() accepts a right rule", () => {
  checkGradients("square", (x) => x.square(), [point()]);
  checkSecondGradients("square", (x) => x.square(), [point()]);
});

Deno.test("checkGradients() finds half a gradient", () => {
  // x · x, of which one factor is cut off: the value of x² and half of its gradient.
  const check = () => checkGradients("square", (x) => x.mul(x.detach()), [point()]);
  const { message } = assertThrows(check, AssertionError);
  const [place, given] = message.split(/ is -0\.747\d+, expected -1\.494\d+ by differences, /);
  assertEquals(place, "square on cpu, float64: the gradient of input 0 at element 0 of [3]");
  assertEquals(given, "where the inputs are 0.5");
});

Deno.test("checkGradients() finds a fault in one element of the second input", () => {
  const last = tensor([false, false, true]);
  const faulty = () =>
    checkGradients("mul", (a, b) => a.mul(where(last, b.detach(), b)), [point(), point()]);
  assertThrows(
    faulty,
    AssertionError,
    "mul on cpu, float64: the gradient of input 1 at element 2 of [3] is 0, expected",
  );
});

Deno.test("checkGradients() finds a gradient that is NaN", () => {
  // √(x²) has no gradient at 0 in these ops, while its differences there are 0.
  const check = () =>
    checkGradients("root", (x) => x.square().sqrt(), [tensor([0], { dtype: "float64" })]);
  assertThrows(check, AssertionError, "is NaN, expected 0 by differences, where the inputs are 0");
});

Deno.test("checkSecondGradients() finds a fault that only shows in the second order", () => {
  // 2·x·c − c² with c = x cut off: value x² and gradient 2x are right, the second gradient is 0.
  const fn = (x: ReturnType<typeof point>) => x.mul(x.detach().mul(2)).sub(x.detach().square());
  checkGradients("hidden", fn, [point()]);
  const check = () => checkSecondGradients("hidden", fn, [point()]);
  assertThrows(
    check,
    AssertionError,
    "hidden, second order on cpu, float64: the gradient of input 0",
  );
});

Deno.test("checkSecondGradients() finds a second input that was cut off", () => {
  // The gradient of a·b by a is g·b, in which b is cut off here.
  const fn = (a: ReturnType<typeof point>, b: ReturnType<typeof point>) => a.mul(b.detach());
  const check = () => checkSecondGradients("mul", fn, [point(), point()]);
  assertThrows(check, AssertionError, "mul, second order on cpu, float64: the gradient of input 1");
});

Deno.test("checkGradients() finds a fault that only shows in the third order", () => {
  // x⁴ as its parabola at the point: value, first and second gradient are right, the third is 0.
  const fn = (x: ReturnType<typeof point>) => {
    const c = x.detach();
    const away = x.sub(c);
    return c.pow(4).add(away.mul(c.pow(3).mul(4))).add(away.square().mul(c.square().mul(6)));
  };
  checkGradients("parabola", fn, [point()]);
  checkSecondGradients("parabola", fn, [point()]);
  for (const projected of [false, true]) {
    const check = () => checkGradients("parabola", fn, [point()], { order: 3, projected });
    assertThrows(
      check,
      AssertionError,
      "parabola, third order on cpu, float64: the gradient of input 0",
    );
    checkGradients("pow", (x) => x.pow(4), [point()], { order: 3, projected });
  }
});

Deno.test("checkGradients() finds a fault in one element along a random direction", () => {
  const last = tensor([false, false, true]);
  const faulty = (a: ReturnType<typeof point>) => where(last, a.square().mul(0.5), a.square());
  checkGradients("right", faulty, [point()], { projected: true });
  const half = (a: ReturnType<typeof point>) => where(last, a.mul(a.detach()), a.square());
  const check = () => checkGradients("half", half, [point()], { projected: true });
  assertThrows(check, AssertionError, "the gradient of input 0 along a random direction is");
});

Deno.test("checkGradients() finds a fault of gradients that are recorded, and takes other steps", () => {
  const square = customFunction({
    forward: (context, x) => {
      context.save(x);
      return x.square();
    },
    backward: ({ saved: [x] }, g) => g.mul(x!).mul(isGradEnabled() ? 2.02 : 2),
  });
  checkGradients("square", square, [point()]);
  const check = () => checkGradients("square", square, [point()], { recorded: true });
  assertThrows(check, AssertionError, "square on cpu, float64: the gradient of input 0");
  // A step of 1e-6 is lost in float32.
  const narrow = (x: ReturnType<typeof point>) => x.to({ dtype: "float32" });
  assertThrows(() => checkGradients("narrow", narrow, [point()]), AssertionError);
  checkGradients("narrow", narrow, [point()], { step: 2 ** -8 });
});
