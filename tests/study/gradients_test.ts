/** What gradients are made of: samples, terms and layers. */

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { assertClose } from "../../lib/testing/mod.ts";
import {
  cat,
  functionalCall,
  grad,
  losses,
  nn,
  ones,
  perSampleGrad,
  study,
  type Tensor,
  tensor,
  zeros,
} from "../../mod.ts";
import { network } from "./network.ts";

const float64 = { dtype: "float64" } as const;

Deno.test("gradientProfile() gives each sample's part of the gradient and its share", () => {
  const pred = tensor([[1, 2], [0, 0], [-4, 3]], float64);
  const found = study.gradientProfile(losses.mse, pred, zeros([3, 2], float64));
  assertAlmostEquals(found.value, 5, 1e-12);
  assertClose(found.gradient, pred.div(3));
  assertClose(found.norms, tensor([Math.sqrt(5) / 3, 0, 5 / 3], float64));
  assertClose(found.shares, tensor([Math.sqrt(5), 0, 5], float64).div(5 + Math.sqrt(5)));
  // At the target there is nothing to share, and in an empty batch nobody.
  const flat = study.gradientProfile(new losses.HuberLoss(), pred, pred);
  assertEquals([flat.value, flat.shares.toArray()], [0, [0, 0, 0]]);
  const empty = zeros([0, 2], float64);
  assertEquals(study.gradientProfile((p) => p.sum(), empty, empty).shares.shape, [0]);
  const constant = study.gradientProfile((_, t) => t.sum(), pred, pred);
  assertEquals(constant.gradient.toArray(), zeros([3, 2]).toArray());
});

Deno.test("gradientProfile() leaves tensors that are tracked alone, and takes labels", () => {
  const w = ones([3], { requiresGrad: true });
  const logits = tensor([[1, 2, 3], [3, 2, 1]]).mul(w);
  const labels = tensor([2, 2], { dtype: "int32" });
  const { shares, gradient } = study.gradientProfile(losses.crossEntropy, logits, labels);
  assert(shares.at(1).item() > 0.5);
  assertEquals([gradient.requiresGrad, w.grad], [false, null]);
  // Its own tape is there as before.
  assertEquals(
    grad(losses.crossEntropy(logits, labels), [logits])[0].toArray(),
    gradient.toArray(),
  );
});

const terms = (x: Tensor, y: Tensor) => (model: nn.Module) => ({
  mse: losses.mse(model.forward(x), y),
  twice: losses.mse(model.forward(x), y).mul(2),
  small: losses.regularization.l2(model.parameters()),
});

Deno.test("conflictMatrix() has the cosines between the gradients of terms", () => {
  const { model, x, y } = network();
  const found = study.conflictMatrix(terms(x, y), model);
  assertEquals(found.terms, ["mse", "twice", "small"]);
  const rows = Object.values(terms(x, y)(model)).map((term) =>
    cat(grad(term, model.parameters()).map((g) => g.flatten()))
  );
  rows.forEach((a, i) => {
    assertAlmostEquals(found.norms[i]!, a.norm().item(), 1e-12);
    rows.forEach((b, j) => {
      const cosine = a.dot(b).div(a.norm().mul(b.norm())).item();
      assertAlmostEquals(found.cosines.at(i).at(j).item(), cosine, 1e-12);
    });
  });
  const still = study.conflictMatrix((x) => [x.square().sum(), x.sum()], zeros([2]));
  assertEquals([still.terms, still.cosines.toArray()], [["0", "1"], [[0, 0], [
    0,
    still.cosines.at(1).at(1).item(),
  ]]]);
});

Deno.test("gradientNorms() has a length for each layer and term", () => {
  const { model, x, y } = network();
  const { layers, total } = study.gradientNorms(terms(x, y), model);
  assertEquals(Object.keys(layers), ["0", "2"]);
  for (const [term, value] of Object.entries(terms(x, y)(model))) {
    const found = grad(value, model.parameters()).map((g) => g.square().sum().item());
    assertAlmostEquals(layers["0"]![term]! ** 2, found[0]! + found[1]!, 1e-12);
    assertAlmostEquals(layers["2"]![term]! ** 2, found[2]! + found[3]!, 1e-12);
    assertAlmostEquals(total[term]! ** 2, found.reduce((a, b) => a + b), 1e-12);
  }
  const one = study.gradientNorms(
    (model) => model.forward(ones([1, 2])).sum(),
    new nn.Linear(2, 1),
  );
  assertEquals(Object.keys(one.layers), ["weight", "bias"]);
  assertAlmostEquals(one.total["loss"]!, Math.sqrt(3), 1e-6);
  const single = study.gradientNorms((x) => x.mul(3).sum(), tensor(1));
  assertEquals(single, { layers: { input: { loss: 3 } }, total: { loss: 3 } });
});

Deno.test("gradientSignalToNoise() is that of the gradients of single samples", () => {
  const { model, x, y } = network();
  const params = Object.fromEntries(model.namedParameters());
  const each = perSampleGrad((own: Record<string, Tensor>, x: Tensor, y: Tensor) =>
    functionalCall(model, own, x).sub(y).square().mean()
  )(params, x, y);
  const found = study.gradientSignalToNoise(
    (model) => model.forward(x).sub(y).square().mean(1),
    model,
  );
  const statistics = (names: string[]) => {
    const rows = cat(names.map((name) => each[name]!.flatten(1)), 1);
    const mean = rows.mean(0);
    const noise = rows.sub(mean).square().sum().div(5).item();
    return { signal: mean.norm().item(), noise: Math.sqrt(noise) };
  };
  const { signal, noise } = statistics(Object.keys(params));
  assertAlmostEquals(found.signal, signal, 1e-12);
  assertAlmostEquals(found.noise, noise, 1e-12);
  assertAlmostEquals(found.ratio, signal / noise, 1e-12);
  assertAlmostEquals(found.noiseScale, (noise / signal) ** 2, 1e-10);
  const first = statistics(["0.weight", "0.bias"]);
  assertAlmostEquals(found.layers["0"]!, first.signal / first.noise, 1e-12);
});

Deno.test("what looks at gradients refuses what it cannot work on", () => {
  const at = tensor([1, 2]);
  const none = "does not depend on its argument";
  const wrong: [run: () => unknown, says: string][] = [
    [
      () => study.gradientProfile(losses.mse, tensor(1), tensor(1)),
      "must have shape [N, ...], got []",
    ],
    [() => study.gradientProfile((p) => p, at, at), "one floating number as a tensor, got float32"],
    [
      () => study.gradientProfile(losses.mse, tensor([1], { dtype: "int32" }), at),
      "pred must be float32 or float64, got int32",
    ],
    [() => study.conflictMatrix(() => [], at), "must return at least one term, got none"],
    [
      () => study.conflictMatrix((x) => ({ a: x }), at),
      "one floating number as a tensor, got float32",
    ],
    [() => study.conflictMatrix((x) => [x.sum(), ones([])], at), none],
    [() => study.gradientNorms(() => at.sum(), at), none],
    [() => study.gradientSignalToNoise((x) => x.sum(), at), "[N] with N at least 2, got []"],
    [() => study.gradientSignalToNoise((x) => x.narrow(0, 0, 1), at), "N at least 2, got [1]"],
    [() => study.gradientSignalToNoise(() => at, at), none],
  ];
  for (const [run, says] of wrong) {
    const { message } = assertThrows(run, Error);
    assert(message.includes(says), message);
    assert(message.startsWith("Cannot compute study."), message);
  }
});
