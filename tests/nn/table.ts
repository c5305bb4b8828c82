/**
 * The layers, as the generated tests know them. A public layer without a row does not compile; how
 * each case is called is how `fixtures/layers/` calls it, which has PyTorch's state and values.
 */

import { type DType, nn } from "../../mod.ts";

type Layers = typeof nn;

/** Names of the public classes of layers. */
export type LayerName = Exclude<
  {
    [K in keyof Layers]: Layers[K] extends abstract new (...args: never) => nn.AnyModule ? K
      : never;
  }[keyof Layers],
  "AnyModule" | "Module"
>;

/** A layer with some arguments. */
export interface LayerCase {
  /** Makes it, its parameters of a type. */
  readonly make: (dtype: DType) => nn.Module;
  readonly prints: string;
  /** Whether chance plays a part in training. */
  readonly random?: true;
}

/** What an op as a layer is. */
function opLayer(
  name: "ReLU" | "Sigmoid" | "Softplus" | "Tanh",
): Readonly<Record<string, LayerCase>> {
  const one = { make: () => new nn[name](), prints: `${name}()` };
  return { "any numbers": one, "far out": one };
}

/** The cases of each layer. */
export const LAYERS: { readonly [Name in LayerName]: Readonly<Record<string, LayerCase>> } = {
  Linear: {
    "with a bias": {
      make: (dtype) => new nn.Linear(3, 2, { dtype }),
      prints: "Linear(3, 2, { bias: true })",
    },
    "without a bias": {
      make: (dtype) => new nn.Linear(3, 2, { dtype, bias: false }),
      prints: "Linear(3, 2, { bias: false })",
    },
    "on more dimensions": {
      make: (dtype) => new nn.Linear(3, 4, { dtype, bias: true }),
      prints: "Linear(3, 4, { bias: true })",
    },
    "on a vector": {
      make: (dtype) => new nn.Linear(3, 4, { dtype }),
      prints: "Linear(3, 4, { bias: true })",
    },
  },
  Flatten: {
    "by default": { make: () => new nn.Flatten(), prints: "Flatten(1, -1)" },
    "from 0": { make: () => new nn.Flatten(0), prints: "Flatten(0, -1)" },
    "from 1 to 2": { make: () => new nn.Flatten(1, 2), prints: "Flatten(1, 2)" },
  },
  ReLU: opLayer("ReLU"),
  Sigmoid: opLayer("Sigmoid"),
  Softplus: opLayer("Softplus"),
  Tanh: opLayer("Tanh"),
  LayerNorm: {
    "over the last dimension": {
      make: (dtype) => new nn.LayerNorm(4, { dtype }),
      prints: "LayerNorm([4], { eps: 0.00001, elementwiseAffine: true, bias: true })",
    },
    "over two dimensions": {
      make: (dtype) => new nn.LayerNorm([2, 3], { dtype, eps: 0.1 }),
      prints: "LayerNorm([2, 3], { eps: 0.1, elementwiseAffine: true, bias: true })",
    },
    "without a bias": {
      make: (dtype) => new nn.LayerNorm(4, { dtype, bias: false }),
      prints: "LayerNorm([4], { eps: 0.00001, elementwiseAffine: true, bias: false })",
    },
    "with nothing learned": {
      make: (dtype) => new nn.LayerNorm(4, { dtype, elementwiseAffine: false }),
      prints: "LayerNorm([4], { eps: 0.00001, elementwiseAffine: false, bias: false })",
    },
  },
  Dropout: {
    "by default": { make: () => new nn.Dropout(), prints: "Dropout(0.5)", random: true },
    "of nothing": { make: () => new nn.Dropout(0), prints: "Dropout(0)" },
    "of all": { make: () => new nn.Dropout(1), prints: "Dropout(1)" },
  },
  Sequential: {
    "of nothing": { make: () => new nn.Sequential(), prints: "Sequential()" },
    "of a linear layer and relu": {
      make: (dtype) =>
        new nn.Sequential(
          new nn.Linear(3, 4, { dtype }),
          new nn.ReLU(),
          new nn.Linear(4, 2, { dtype }),
        ),
      prints: "Sequential(\n  (0): Linear(3, 4, { bias: true })\n  (1): ReLU()\n" +
        "  (2): Linear(4, 2, { bias: true })\n)",
    },
    "of a linear layer and tanh": {
      make: (dtype) =>
        new nn.Sequential(new nn.Linear(3, 4, { dtype }), new nn.Tanh(), new nn.Tanh()),
      prints: "Sequential(\n  (0): Linear(3, 4, { bias: true })\n  (1): Tanh()\n  (2): Tanh()\n)",
    },
    "of a linear layer and sigmoid": {
      make: (dtype) =>
        new nn.Sequential(new nn.Linear(3, 2, { dtype, bias: false }), new nn.Sigmoid()),
      prints: "Sequential(\n  (0): Linear(3, 2, { bias: false })\n  (1): Sigmoid()\n)",
    },
    "of others": {
      make: (dtype) =>
        new nn.Sequential(
          new nn.Flatten(),
          new nn.Sequential(new nn.Linear(6, 2, { dtype })),
          new nn.Softplus(),
        ),
      prints: "Sequential(\n  (0): Flatten(1, -1)\n  (1): Sequential(\n" +
        "    (0): Linear(6, 2, { bias: true })\n  )\n  (2): Softplus()\n)",
    },
  },
};
