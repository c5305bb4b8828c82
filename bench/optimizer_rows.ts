/**
 * Steps of optimizers over many parameters and over one. `torch/optimizer_rows.py` has the same
 * rows.
 */

import { optim } from "@adjoint/ml";
import { samples, wave } from "./inputs.ts";
import type { Instance, Row } from "./row.ts";

type Name = "SGD" | "Adam" | "RMSprop" | "Adagrad";

/** An optimizer of tensors with fixed gradients. */
function made(name: Name, count: number, size: number) {
  const params = Array.from({ length: count }, (_, i) => {
    const p = wave([size], { phase: 0.3 + i }).requiresGrad_();
    p.grad = wave([size], { phase: 1.3 + i });
    return p;
  });
  return { params, optimizer: new optim[name](params, { lr: 1e-3 }) };
}

/** Steps; the result is that of the first two, as each step changes the parameters. */
function steps(name: Name, count: number, size: number): Instance {
  const { optimizer } = made(name, count, size);
  return {
    run: (within) => within(() => void optimizer.step()),
    result: (within) => {
      const { optimizer, params } = made(name, count, size);
      for (let i = 0; i < 2; i++) within(() => void optimizer.step());
      return [params[0]!, params.at(-1)!].map(samples);
    },
  };
}

/** How many tensors of what size, and the target of a step of Adam. */
const CROWDS = {
  "1000 tensors of 100": [1000, 100, 0.5],
  "100 tensors of 1000": [100, 1000, 0.5],
  "a tensor of 10^7": [1, 1e7, 0.8],
} as const;

/** The rows, in the order of the table. */
export const optimizerRows: readonly Row[] = (["Adam", "SGD", "RMSprop", "Adagrad"] as const)
  .flatMap((name) =>
    Object.entries(CROWDS).map(([crowd, [count, size, target]]) => ({
      name: `${name} over ${crowd}`,
      target,
      large: size > 1000,
      make: () => steps(name, count, size),
    }))
  );
