/** Weights that are computed from others, vectors of parameters, and states of many modules. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { assertClose } from "../../lib/testing/mod.ts";
import {
  type DType,
  functionalCall,
  gradOf,
  nn,
  ones,
  rand,
  ShapeError,
  stackModuleState,
  type Tensor,
  tensor,
  vmap,
  zeros,
} from "../../mod.ts";
import { casesOf } from "../fixtures/stored.ts";
import { CHECKS, type Subject } from "./checks.ts";
import type { Given, TorchLayer } from "./rows/row.ts";

interface NormCase extends TorchLayer {
  readonly norm: "weightNorm" | "spectralNorm";
}

const LAYERS: Readonly<Record<string, (dtype: DType) => nn.AnyModule>> = {
  linear: (dtype) => new nn.Linear(3, 2, { dtype }),
  convolution: (dtype) => new nn.Conv1d(2, 3, 2, { dtype }),
  transposed: (dtype) => new nn.ConvTranspose1d(2, 3, 2, { dtype }),
  recurrent: (dtype) => new nn.LSTM(2, 2, { bidirectional: true, dtype }),
  gated: (dtype) => new nn.GRU(2, 3, { dtype }),
};

function subjectOf(torch: NormCase): Subject {
  const make = ({ args, options }: Given, dtype: DType) =>
    nn.utils[torch.norm](LAYERS[args[0] as string]!(dtype), options);
  const torchClass = { options: [], dtype: true, departures: {} };
  return { name: torch.norm, row: { make }, torchClass, torch };
}

/** Computing the weight in training moves the vectors of a spectral norm. */
function deterministic({ torch }: Subject): Subject["torch"] {
  return { ...torch, modes: torch.modes.filter(({ training }) => !training) };
}

const cases = casesOf<NormCase>("reparametrized");

for (const torch of cases) {
  const subject = subjectOf(torch);
  const spectral = torch.norm === "spectralNorm";
  for (
    const says of [
      "has the state dict of PyTorch",
      "has the values of PyTorch, in training and in evaluation",
      "has the gradients that differences have, of first and second order",
      "is the loop over examples under vmap, with its gradients",
      "computes in float32 as in float64",
      "is all in its state",
    ] as const
  ) {
    Deno.test(`nn.utils.${torch.title} ${says}`, () => {
      const moves = spectral && says.includes("differences");
      CHECKS[says](moves ? { ...subject, torch: deterministic(subject) } : subject);
    });
  }
}

Deno.test("norms of weights try all of PyTorch's options", () => {
  const tried = (norm: string) =>
    new Set(cases.filter((one) => one.norm === norm).flatMap((one) => one.tried));
  assertEquals(tried("weightNorm"), new Set(["layer", "dim", "name"]));
  assertEquals(tried("spectralNorm"), new Set(["layer", "name", "nPowerIterations", "eps", "dim"]));
});

Deno.test("a normed weight is computed in a copy, and behind an activation, too", () => {
  const layer = nn.utils.weightNorm(new nn.Linear(3, 2));
  const copy = layer.copy();
  nn.init.zeros_(copy.bias);
  const x = rand([4, 3]);
  const { weightG } = copy as unknown as Record<string, Tensor>;
  nn.init.zeros_(weightG!);
  assertEquals(copy.forward(x).toArray(), zeros([4, 2]).toArray());
  assertClose(
    new nn.Sequential(layer, new nn.Tanh()).forward(x),
    layer.forward(x).tanh(),
    { atol: 1e-6 },
  );
  assertEquals(layer.parameters().length, 3);
});

Deno.test("norms of weights refuse what is no parameter, and a second norm", () => {
  const cases: [module: nn.AnyModule, name: string, says: string][] = [
    [
      nn.utils.weightNorm(new nn.Linear(3, 2)),
      "weight",
      'Linear (bias, weightG, weightV), got "weight"',
    ],
    [new nn.ReLU(), "bias", "ReLU (it has none)"],
    [new nn.GRU(2, 3, { bias: false }), "weight_hh_l0", "GRU (weightIhL0, weightHhL0)"],
  ];
  for (const [module, name, says] of cases) {
    for (const norm of [nn.utils.weightNorm, nn.utils.spectralNorm]) {
      const { message } = assertThrows(() => norm(module, { name }), TypeError);
      assert(message.includes(`name must be that of a parameter of ${says}`), message);
    }
  }
});

Deno.test("a normed weight cannot be set, and what can be is said", () => {
  const cases = [
    [nn.utils.weightNorm(new nn.Linear(3, 2)), "weightG, weightV"],
    [nn.utils.spectralNorm(new nn.Linear(3, 2)), "weightOrig, weightU, weightV"],
    [nn.utils.weightNorm(new nn.Linear(3, 2)).copy(), "weightG, weightV"],
  ] as const;
  for (const [layer, sources] of cases) {
    assertThrows(
      () => Reflect.set(layer, "weight", ones([2, 3])),
      TypeError,
      `Cannot set weight: it is computed from ${sources}, whose values can be changed`,
    );
  }
});

Deno.test("norms of weights take vectors, and weights without elements", () => {
  const norms = { weightNorm: nn.utils.weightNorm, spectralNorm: nn.utils.spectralNorm };
  const layers: readonly (readonly [layer: nn.Linear, name: string])[] = [
    [new nn.Linear(2, 3), "bias"],
    [new nn.Linear(2, 0), "weight"],
    [new nn.Linear(0, 3), "weight"],
  ];
  for (const norm of Object.values(norms)) {
    for (const [layer, name] of layers) {
      const normed = norm(layer.copy(), { name });
      const x = ones([4, layer.inFeatures]);
      assertEquals(normed.forward(x).shape, [4, layer.outFeatures]);
    }
  }
});

Deno.test("nn.utils.spectralNorm() brings the largest singular value to 1", () => {
  const layer = nn.utils.spectralNorm(new nn.Linear(4, 3, { dtype: "float64" }));
  for (let i = 0; i < 200; i++) void layer.weight.size;
  const weight = layer.eval().weight.detach();
  const start = rand([4], { dtype: "float64" });
  let v = start;
  for (let i = 0; i < 200; i++) v = weight.mT.matmul(weight.matmul(v)).div(v.norm());
  assertClose(weight.matmul(v).norm().div(v.norm()), 1, { rtol: 1e-6 });
});

Deno.test("parameters as one vector and back, with gradients", () => {
  const model = new nn.Linear(2, 1);
  model.loadStateDict({ weight: tensor([[1, 2]]), bias: tensor([3]) });
  const vector = nn.utils.parametersToVector(model.parameters());
  assertEquals(vector.toArray(), [1, 2, 3]);
  vector.mul(tensor([1, 10, 100])).sum().backward();
  assertEquals(model.weight.grad!.toArray(), [[1, 10]]);
  const twin = new nn.Linear(2, 1);
  nn.utils.vectorToParameters(vector, twin.parameters());
  assertEquals(twin.weight.toArray(), [[1, 2]]);
  const { weight } = twin;
  nn.utils.vectorToParameters(ones([2]), [weight]);
  assertEquals(weight.requiresGrad, true);
  assertThrows(
    () => nn.utils.vectorToParameters(ones([2]), twin.parameters()),
    ShapeError,
    "must have shape [3]",
  );
  assertEquals(twin.weight.toArray(), [[1, 1]]);
  assertEquals(nn.utils.parametersToVector([]).shape, [0]);
});

Deno.test("stackModuleState() makes an ensemble that computes as its members, with their gradients", () => {
  const models = [1, 2, 3].map(() =>
    new nn.Sequential(new nn.Linear(3, 4), new nn.BatchNorm1d(4), new nn.Linear(4, 1)).eval()
  );
  const [params, buffers] = stackModuleState(models);
  assertEquals(params["0.weight"]!.shape, [3, 4, 3]);
  assertEquals(buffers["1.running_mean"]!.shape, [3, 4]);
  const x = rand([5, 3]);
  type Named = Record<string, Tensor>;
  const run = (own: Named, state: Named, x: Tensor) =>
    functionalCall(models[0]!, { ...own, ...state }, x);
  const all = vmap(run, { inDims: [0, 0, null] })(params, buffers, x);
  models.forEach((model, i) => assertClose(all.at(i), model.forward(x), { atol: 1e-6 }));
  const loss = (own: Named) => vmap(run, { inDims: [0, 0, null] })(own, buffers, x).square().sum();
  const gradients = gradOf(loss)(params);
  models[1]!.forward(x).square().sum().backward();
  const { grad } = models[1]!.parameters()[0]!;
  assertClose(gradients["0.weight"]!.at(1), grad!, { atol: 1e-5 });
});

Deno.test("stackModuleState() copies, keeps what is frozen frozen, and refuses modules that differ", () => {
  const models = [new nn.Linear(2, 1), new nn.Linear(2, 1)];
  models.forEach((model) => model.bias.requiresGrad_(false));
  const [params] = stackModuleState(models);
  assertEquals([params["weight"]!.requiresGrad, params["bias"]!.requiresGrad], [true, false]);
  assertEquals(params["weight"]!.isLeaf, true);
  const other = new nn.Linear(3, 1);
  assertThrows(() => stackModuleState([models[0]!, other]), ShapeError, '"weight" must have one');
  assertThrows(
    () => stackModuleState([models[0]!, new nn.ReLU()]),
    TypeError,
    "the same parameters and buffers, got weight,bias and none",
  );
  assertThrows(() => stackModuleState([]), TypeError, "an array of modules");
});
