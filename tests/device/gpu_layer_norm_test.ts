/** Layer norm on the GPU: rows of all lengths and layouts, in one launch each way. */

import { assert, assertEquals } from "@std/assert";
import { listen } from "../../lib/device/launches.ts";
import { grad, layerNorm, manualSeed, nn, ones, randn, type Tensor, tensor } from "../../mod.ts";
import { assertTensor } from "../common/compare.ts";
import { plainOf } from "../common/samples.ts";
import { float64Test } from "../tools/gpu_float64.ts";
import { gpuTest } from "../tools/gpu.ts";

const CLOSE = { rtol: 2e-5, atol: 2e-5 };

/**
 * Lengths of rows as elements and as vectors, of one invocation, 32 and 256, of which each keeps its
 * items, or reads them again.
 */
const LENGTHS = [1, 3, 4, 8, 32, 33, 100, 512, 516, 600, 1030, 2048, 2050, 8196];

/** Weight and bias, or not. */
const FORMS = [[true, true], [true, false], [false, true], [false, false]] as const;

function same(name: string, ours: Tensor, cpu: Tensor, tolerance = CLOSE): void {
  assertEquals(ours.device, "gpu");
  assertTensor(name, ours, plainOf(cpu), cpu.dtype, tolerance);
}

/** The output and the gradients of all inputs. */
function run(inputs: readonly Tensor[], g: Tensor, [weighted, biased]: readonly boolean[]) {
  const leaves = inputs.map((x) => x.detach().requiresGrad_());
  const [x, ...rest] = leaves;
  const weight = weighted ? rest[0]! : null;
  const bias = biased ? rest.at(-1)! : null;
  const y = layerNorm(x!, x!.shape.slice(1), { weight, bias });
  return [y.detach(), ...grad(y, leaves, { gradOutputs: g })];
}

/** The inputs of a form, the cotangent last. */
function inputsOf(shape: readonly number[], form: readonly boolean[]): Tensor[] {
  const row = shape.slice(1);
  return [
    randn(shape).mul(3).add(1),
    ...form.filter((given) => given).map(() => randn(row)),
    randn(shape),
  ];
}

const moved = (x: Tensor) => x.to({ device: "gpu" });

for (const [i, length] of LENGTHS.entries()) {
  gpuTest(`layerNorm() of rows of ${length}, with its gradients, is the CPU's`, () => {
    manualSeed(i);
    // Each form is a program of its own.
    for (const form of i === 0 || length === 100 ? FORMS : FORMS.slice(0, 1)) {
      const inputs = inputsOf([37, length], form);
      const both = [inputs.map(moved), inputs].map((all) =>
        run(all.slice(0, -1), all.at(-1)!, form)
      );
      both[0]!.forEach((x, k) => {
        // Sums over all rows have more roundings.
        const tolerance = k < 2 ? CLOSE : { rtol: 2e-5, atol: 2e-4 };
        same(`part ${k} of ${length}`, x, both[1]![k]!, tolerance);
      });
    }
  });
}

float64Test("layerNorm() of float64, with its gradients, is the CPU's", () => {
  manualSeed(5);
  for (const length of [1, 4, 33, 100, 2050, 8196]) {
    const inputs = inputsOf([37, length], [true, true]).map((x) => x.to({ dtype: "float64" }));
    const both = [inputs.map(moved), inputs].map((all) =>
      run(all.slice(0, -1), all.at(-1)!, [true, true])
    );
    both[0]!.forEach((x, k) => {
      same(`part ${k} of ${length}`, x, both[1]![k]!, { rtol: 1e-12, atol: 1e-12 });
    });
  }
});

/** The largest difference from what it is of float64 on the CPU, of the largest number there. */
function distances(of: (x: Tensor, g: Tensor) => readonly Tensor[], x: Tensor, g: Tensor) {
  const exact = of(...[x, g].map((t) => t.to({ dtype: "float64" })) as [Tensor, Tensor]);
  return of(moved(x), moved(g)).map((y, k) => {
    const near = y.to({ device: "cpu", dtype: "float64" });
    return near.sub(exact[k]!).abs().max().item() / exact[k]!.abs().max().item();
  });
}

gpuTest("norms far from 0 keep the digits that the CPU keeps, and their gradients too", () => {
  manualSeed(6);
  const norms: Readonly<Record<string, (x: Tensor) => Tensor>> = {
    layerNorm: (x) => layerNorm(x, x.shape.slice(1)),
    batchNorm: (x) => nn.functional.batchNorm(x, null, null, { training: true }),
    groupNorm: (x) => nn.functional.groupNorm(x, 1),
    variance: (x) => x.var(1),
    softmax: (x) => x.softmax(1),
    logsumexp: (x) => x.logsumexp(1),
  };
  for (const shape of [[40, 30], [20, 600], [10, 10_000]]) {
    const x = randn(shape).add(1e4);
    for (const [name, norm] of Object.entries(norms)) {
      const both = (x: Tensor, g: Tensor) => {
        const leaf = x.detach().requiresGrad_();
        const y = norm(leaf);
        return [
          y.detach(),
          grad(y, [leaf], { gradOutputs: g.narrow(1, 0, y.shape[1] ?? 1).reshape(y.shape) })[0]!,
        ];
      };
      for (const distance of distances(both, x, randn(shape))) {
        assert(distance < 2e-6, `${name} of ${shape}: ${distance}`);
      }
    }
  }
  const weighted = (x: Tensor, g: Tensor) => {
    const weight = ones([30], { device: x.device, dtype: x.dtype, requiresGrad: true });
    return grad(layerNorm(x, [30], { weight }), [weight], { gradOutputs: g });
  };
  const [distance] = distances(weighted, randn([40, 30]).add(1e4), randn([40, 30]));
  assert(distance! < 2e-6, `of the weights: ${distance}`);
});

gpuTest("layerNorm() of operands that do not lie in order is the CPU's", () => {
  manualSeed(1);
  const form = [true, true] as const;
  const turned = (x: Tensor) => x.transpose(0, x.ndim - 1).contiguous().transpose(0, x.ndim - 1);
  const cut = (x: Tensor) => x.narrow(x.ndim - 1, 1, x.shape.at(-1)! - 1);
  for (const view of [turned, cut]) {
    for (const shape of [[6, 5], [4, 3, 41], [3, 2, 600]]) {
      const inputs = inputsOf(shape, form);
      const both = [inputs.map(moved), inputs].map((all) => {
        const viewed = all.map(view);
        const leaves = all.slice(0, -1).map((x) => x.detach().requiresGrad_());
        const [x, weight, bias] = leaves.map(view);
        const y = layerNorm(x!, x!.shape.slice(1), { weight: weight!, bias: bias! });
        return [y.detach(), ...grad(y, leaves, { gradOutputs: viewed.at(-1)! })];
      });
      both[0]!.forEach((x, k) => same(`part ${k} of a view of ${shape}`, x, both[1]![k]!));
    }
  }
});

gpuTest("layerNorm() gives the gradients that are wanted, each alone", () => {
  manualSeed(2);
  const inputs = inputsOf([40, 12], [true, true]);
  const all = run(inputs.slice(0, -1).map(moved), moved(inputs.at(-1)!), [true, true]).slice(1);
  for (const wanted of [0, 1, 2]) {
    const leaves = inputs.slice(0, -1).map((x, i) => moved(x).requiresGrad_(i === wanted));
    const [x, weight, bias] = leaves;
    const y = layerNorm(x!, [12], { weight: weight!, bias: bias! });
    const [own] = grad(y, [leaves[wanted]!], { gradOutputs: moved(inputs.at(-1)!) });
    assertEquals(own!.toArray(), all[wanted]!.toArray());
  }
});

gpuTest("layerNorm() of extreme rows is the CPU's", () => {
  const rows: number[][] = [
    [1e30, -1e30, 2e30, 0],
    [3e38, 3e38, 2.9e38, 3e38],
    [1e-20, -2e-20, 0, 3e-20],
    [5, 5, 5, 5],
    [0, 0, 0, 0],
    [NaN, 1, 2, 3],
    [Infinity, 1, 2, 3],
    [-1e20, 1, 1e20, 2],
  ];
  for (const eps of [1e-5, 1e-30]) {
    const x = tensor(rows);
    same(`extreme rows, ${eps}`, layerNorm(moved(x), [4], { eps }), layerNorm(x, [4], { eps }));
  }
  const constant = tensor([[2, 2]]);
  assertEquals(layerNorm(moved(constant), [2], { eps: 0 }).toArray(), [[NaN, NaN]]);
});

gpuTest("layerNorm() launches one kernel each way, with the same bits in every run", () => {
  manualSeed(3);
  const inputs = inputsOf([100, 640], [true, true]).map(moved);
  const launches: string[] = [];
  const end = listen({ allocated: () => {}, launched: (name) => launches.push(name) });
  let first: Tensor[];
  try {
    first = run(inputs.slice(0, -1), inputs.at(-1)!, [true, true]);
  } finally {
    end();
  }
  assertEquals(launches.filter((name) => name !== "copy"), ["layer_norm", "layer_norm_grad"]);
  const again = run(inputs.slice(0, -1), inputs.at(-1)!, [true, true]);
  assertEquals(again.map((x) => x.toArray()), first.map((x) => x.toArray()));
});

gpuTest("a layer norm of many rows, and of one, has all of them", () => {
  manualSeed(4);
  const x = randn([70_000, 4]);
  same("many rows", layerNorm(moved(x), [4]), layerNorm(x, [4]));
  const [ours, cpu] = [moved(x), x].map((x) => {
    const weight = ones([4], { device: x.device, requiresGrad: true });
    const g = x.mul(0).add(1);
    return grad(layerNorm(x, [4], { weight }), [weight], { gradOutputs: g.mul(x) })[0]!;
  });
  same("a gradient of many rows", ours!, cpu!, { rtol: 1e-4, atol: 1e-4 });
  assert(cpu!.min().item() > 1000);
});
