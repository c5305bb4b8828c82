/** The op matrix on the GPU: every elementwise row that has a program, against the CPU. */

import { makeTensor } from "../../lib/core/tensor.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { DeviceError, type DType, full, grad, Tensor, tensor, where } from "../../mod.ts";
import { gpuTest } from "../tools/gpu.ts";
import { supportsFloat64 } from "../tools/gpu_float64.ts";
import { inputsOf } from "./cases.ts";
import { IN_PLACE_CASES } from "./copy/inplace_cases.ts";
import { ELEMENTWISE, type Elementwise, resultType } from "../common/elementwise.ts";
import { samplesFor, smoothSamples, specialInputs } from "./elementwise/points.ts";
import { agreesAt } from "./gpu_differences.ts";
import { ABSENT } from "./gpu_absent.ts";
import { OP_CASES } from "./op_cases.ts";
import { assertTensor, type Tolerance, type Trial } from "../common/compare.ts";
import {
  laidOut,
  LAYOUTS,
  type Plain,
  plainOf,
  sample,
  show,
  tensorOf,
} from "../common/samples.ts";

const DTYPES: readonly DType[] = ["float32", "int32", "bool"];
const SHAPES = [[], [1], [5], [2, 3], [3, 1, 4], [0], [300], [70_001]];
const PAIRS = [[[2, 3], [3]], [[2, 1], [1, 3]], [[], [4]], [[3, 1, 2], [4, 1]]] as const;
/** The allowed error of a GPU in float32: its exp, log and pow are accurate to a few 1e-7 of x. */
const CLOSE: Tolerance = { rtol: 2e-5, atol: 2e-6 };

const ops: readonly Elementwise[] = ELEMENTWISE.filter(({ program }) => program);

function moved(x: Tensor): Tensor {
  return x.to({ device: "gpu" });
}

/** Compares a result on the GPU with that of the CPU. */
function same(trial: Trial, ours: Tensor, cpu: Tensor, tolerance = CLOSE): void {
  assertEquals([ours.device, cpu.device], ["gpu", "cpu"]);
  const exact = cpu.dtype === "float32" ? tolerance : undefined;
  assertTensor(trial, ours, plainOf(cpu), cpu.dtype, exact);
}

/** Compares a function on the GPU with the same function on the CPU. */
function compare(
  name: string,
  fn: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Plain[],
  dtype: DType,
): void {
  same({ name, dtype, inputs }, ...both(fn, inputs, dtype));
}

/** The results of a function on the GPU and on the CPU. */
function both(
  fn: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Plain[],
  dtype: DType,
): [ours: Tensor, cpu: Tensor] {
  const tensors = inputs.map((input) => tensorOf(input, dtype));
  return [fn(...tensors.map(moved)), fn(...tensors)];
}

Deno.test("every elementwise op has a program for the GPU", () => {
  assertEquals(ELEMENTWISE.filter(({ program }) => !program).map(({ name }) => name), []);
});

for (const op of ops) {
  for (const dtype of DTYPES) {
    if (resultType(op, dtype) === null) continue;
    gpuTest(`${op.name}() ${dtype} equals the CPU`, () => {
      for (const shape of SHAPES) {
        const inputs = samplesFor(op, shape, dtype);
        compare(`${op.name}() of ${show(shape)}`, op.call, inputs, dtype);
      }
    });

    gpuTest(`${op.name}() ${dtype} of strided inputs equals the CPU`, () => {
      for (const layout of LAYOUTS) {
        for (const shape of [[4, 5], [2, 3, 4]]) {
          const inputs = samplesFor(op, shape, dtype);
          const strided = inputs.map((input) => laidOut(input, dtype, layout));
          // Views are made on the GPU, so that strides and offsets reach the program.
          const views = strided.map((x) => {
            const { storage, strides, offset, size } = x;
            const base = makeTensor(storage, [storage.size], [1], 0, storage.size, true);
            return makeTensor(moved(base).storage, x.shape, strides, offset, size, x.dense);
          });
          const trial = { name: `${op.name}() of ${show(shape)}, ${layout}`, dtype, inputs };
          same(trial, op.call(...views), op.call(...strided));
        }
      }
    });
  }

  gpuTest(`${op.name}() equals the CPU at special points and at the ends of its domain`, () => {
    for (const dtype of ["float32", "int32"] as const) {
      if (resultType(op, dtype) === null) continue;
      const inputs = specialInputs(op, dtype);
      const [ours, cpu] = both(op.call, inputs, dtype);
      const trial = { name: `${op.name}() of special values`, dtype, inputs };
      assertTensor(trial, ours, plainOf(cpu), cpu.dtype, agreesAt(op.name, inputs));
    }
  });

  if (op.arity === 2) {
    gpuTest(`${op.name}() broadcasts and takes numbers as the CPU does`, () => {
      for (const pair of PAIRS) {
        const inputs = pair.map((shape, i) => sample(`${i}`, shape, "float32", op.domain));
        compare(`${op.name}() of ${pair.map(show).join(" and ")}`, op.call, inputs, "float32");
      }
      const x = [sample("x", [2, 3], "float32", op.domain)];
      for (const number of [2, 0.5]) {
        compare(`${op.name}() and ${number}`, (x) => op.call(x!, number), x, "float32");
        compare(`${op.name}() of ${number} and`, (x) => op.call(number, x!), x, "float32");
      }
    });
  }

  if (!op.compares) {
    gpuTest(`${op.name}() has the gradients of the CPU, first and second`, () => {
      const points = smoothSamples(op, ...new Array<number[]>(op.arity).fill([2, 3]));
      const inputs = points.map((input) => tensorOf(input, "float32"));
      const weights = tensor([[0.3, -1, 0.7], [1.1, 0.2, -0.4]]);
      const run = (leaves: Tensor[], weights: Tensor) => {
        leaves.forEach((leaf) => leaf.requiresGrad_());
        const first = grad(op.call(...leaves).mul(weights).sum(), leaves, {
          createGraph: true,
        });
        const total = first.map((g) => g.mul(weights).sum()).reduce((a, b) => a.add(b));
        const second = total.requiresGrad
          ? grad(total, leaves, { allowUnused: true }).map((g) => g ?? full([2, 3], 0))
          : [];
        return [...first, ...second].map((g) => g.to({ device: "gpu" }));
      };
      const ours = run(inputs.map((x) => moved(x).detach()), moved(weights));
      const wanted = run(inputs.map((x) => x.detach()), weights);
      assertEquals(ours.length, wanted.length);
      ours.forEach((g, i) => {
        const tolerance = { rtol: 1e-4, atol: 1e-5 };
        const name = `gradient ${i} of ${op.name}()`;
        const trial: Trial = { name, dtype: "float32", inputs: points };
        same(trial, g, wanted[i]!.to({ device: "cpu" }), tolerance);
      });
    });
  }
}

gpuTest("where() equals the CPU, in value and gradient", () => {
  const [a, b] = [[1, 2, 3], [4, 5, 6]].map((x) => tensor(x));
  for (const condition of [tensor([true, false, true]), tensor([[false], [true]])]) {
    const inputs = [condition, a!, b!];
    const trial: Trial = { name: "where()", dtype: "float32", inputs: inputs.map(plainOf) };
    same(trial, where(moved(condition), moved(a!), moved(b!)), where(condition, a!, b!));
  }
  const x = moved(a!).requiresGrad_();
  where(x.gt(1.5), x.square(), 0).sum().backward();
  assertEquals(x.grad!.toArray(), [0, 4, 6]);
});

gpuTest("to() casts between the types that a GPU has", () => {
  for (const from of DTYPES) {
    const x = plainOf(tensor([-1.5, 0, 0.3, 2.9]).to({ dtype: from }));
    for (const dtype of DTYPES) compare(`to() ${dtype}`, (x) => x!.to({ dtype }), [x], from);
  }
});

for (const [name, cases] of Object.entries({ ...OP_CASES, ...IN_PLACE_CASES })) {
  const absent = name in ABSENT;
  gpuTest(`${name}() ${absent ? "says that it has no program" : "equals the CPU"}`, () => {
    let refusals = 0;
    for (const one of cases) {
      for (const dtype of (one.dtypes ?? DTYPES).filter((dtype) => dtype !== "float64")) {
        const inputs = inputsOf(one, dtype);
        const trial = { name: `${name}() ${one.name}`, dtype, inputs: inputs.map(plainOf) };
        const listed = (y: Tensor | readonly Tensor[]) => y instanceof Tensor ? [y] : y;
        const run = () => listed(one.call(...inputs.map(moved)));
        if (absent) {
          try {
            run();
          } catch (error) {
            assert(error instanceof DeviceError, String(error));
            refusals++;
          }
          continue;
        }
        const wanted = listed(one.call(...inputs));
        if (wanted.some(({ dtype }) => dtype === "float64") && !supportsFloat64("copy")) {
          assertThrows(run, DeviceError, "float64");
          continue;
        }
        run().forEach((y, i) => same(trial, y, wanted[i]!, { rtol: 2e-5, atol: 2e-5 }));
      }
    }
    if (absent) assert(refusals > 0, `${name}() has a program now`);
  });
}
