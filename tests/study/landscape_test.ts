/** Values of losses along lines and planes. */

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { assertClose } from "../../lib/testing/mod.ts";
import { losses, nn, study, type Tensor, tensor } from "../../mod.ts";
import { lossOf, network } from "./network.ts";

const float64 = { dtype: "float64" } as const;

Deno.test("lossLandscape() has the values of a quadratic along given directions", () => {
  const at = tensor([1, -2], float64);
  const ways = [tensor([1, 0], float64), tensor([0.5, 2], float64)];
  const fn = (x: Tensor) => x.square().mul(tensor([1, 3], float64)).sum();
  const found = study.lossLandscape(fn, at, ways, { points: 5, range: 2 });
  assertEquals(found.at, [-2, -1, 0, 1, 2]);
  assertEquals([found.center, found.scale.by], [13, "none"]);
  found.at.forEach((a, i) =>
    found.at.forEach((b, j) => {
      const wanted = (1 + a + 0.5 * b) ** 2 + 3 * (-2 + 2 * b) ** 2;
      assertAlmostEquals(found.values.at(i).at(j).item(), wanted, 1e-12);
    })
  );
  assertEquals(found.directions.map((way) => way.toArray()), ways.map((way) => way.toArray()));
  assertClose(tensor([...found.scale.directions]), tensor([1, Math.sqrt(4.25)]));
  assertAlmostEquals(found.scale.point, Math.sqrt(5), 1e-12);
});

Deno.test("random directions are scaled by filter or by layer, and are the same each time", () => {
  const { model, x, y } = network();
  const fn = (model: nn.Module) => lossOf(model, x, y);
  const draw = (scale: study.Scale, seed = 0) =>
    study.lossLandscape(fn, model, 2, { points: 3, scale, seed });
  const byFilter = draw("filter");
  for (const way of byFilter.directions) {
    for (const [name, p] of model.namedParameters()) {
      const [own, other] = [way[name]!, p.detach()];
      const norms = (x: Tensor) => x.ndim < 2 ? x.norm() : x.norm({ dim: 1 });
      assertClose(norms(own), norms(other), { rtol: 1e-12 });
    }
  }
  const whole = model.parameters().reduce((sum, p) => sum + p.square().sum().item(), 0);
  for (const length of [...byFilter.scale.directions, ...draw("layer").scale.directions]) {
    assertAlmostEquals(length, Math.sqrt(whole), 1e-12);
  }
  assertAlmostEquals(byFilter.scale.point, Math.sqrt(whole), 1e-12);
  // Each layer is as long as its own, but not each row.
  const [way] = draw("layer").directions;
  const [weight] = model.parameters();
  assertAlmostEquals(way!["0.weight"]!.norm().item(), weight!.norm().item(), 1e-12);
  const rows = (x: Tensor) => x.norm({ dim: 1 });
  assert(rows(way!["0.weight"]!).sub(rows(weight!.detach())).abs().max().item() > 0.01);
  assertEquals(byFilter.values.toArray(), draw("filter").values.toArray());
  assert(`${draw("filter", 1).values.toArray()}` !== `${byFilter.values.toArray()}`);
  // Rescaling a layer and the next changes the landscape of unscaled directions, not that of filters.
  assertEquals([byFilter.values.at(1).at(1).item(), byFilter.values.shape], [byFilter.center, [
    3,
    3,
  ]]);
});

Deno.test("filters keep the landscape where a rectified layer is scaled up and the next one down", () => {
  const { x, y } = network();
  const make = (scale: number) => {
    const model = new nn.Sequential(
      new nn.Linear(3, 4, { bias: false, ...float64 }),
      new nn.ReLU(),
      new nn.Linear(4, 2, { bias: false, ...float64 }),
    );
    const data = (shape: number[]) =>
      tensor(Float64Array.from({ length: shape[0]! * shape[1]! }, (_, i) => Math.sin(i + 1)))
        .reshape(shape);
    model.parameters()[0]!.detach().copy_(data([4, 3]).mul(scale));
    model.parameters()[1]!.detach().copy_(data([2, 4]).div(scale));
    return model;
  };
  const values = (scale: number, by: study.Scale) =>
    study.lossLandscape((m) => lossOf(m, x, y), make(scale), 1, { scale: by }).values;
  assertClose(values(10, "filter"), values(1, "filter"), { rtol: 1e-10 });
  assert(values(10, "none").sub(values(1, "none")).abs().max().item() > 1);
});

Deno.test("an eigenvector is a direction, and the curve along it bends as its eigenvalue says", () => {
  const { model, x, y } = network();
  const fn = (model: nn.Module) => lossOf(model, x, y);
  const { eigenvalues, eigenvectors } = study.topEigenvectors(fn, model, { tol: 1e-9 });
  const range = 1e-3;
  const { values } = study.lossLandscape(fn, model, eigenvectors, { points: 3, range });
  const [a, b, c] = values.toArray() as [number, number, number];
  assertAlmostEquals((a - 2 * b + c) / range ** 2, eigenvalues[0]!, 1e-4);
});

Deno.test("compareLosses() has values and derivatives, at kinks those that the losses declare", () => {
  const { mse, l1, huber, logCosh } = losses;
  const residuals = [-2, 0, 0.5, 3];
  const { curves } = study.compareLosses(
    { mse, l1, huber: new losses.HuberLoss(), logCosh, none: (_, t) => t.sum() },
    { residuals, target: 10 },
  );
  assertEquals(curves.mse, { value: [4, 0, 0.25, 9], first: [-4, 0, 1, 6], second: [2, 2, 2, 2] });
  assertEquals(curves.l1, { value: [2, 0, 0.5, 3], first: [-1, 0, 1, 1], second: [0, 0, 0, 0] });
  assertEquals(curves.huber.first, [-1, 0, 0.5, 1]);
  assertEquals(curves.none, { value: [10, 10, 10, 10], first: [0, 0, 0, 0], second: [0, 0, 0, 0] });
  residuals.forEach((r, i) => {
    assertAlmostEquals(curves.logCosh.value[i]!, Math.log(Math.cosh(r)), 1e-12);
    assertAlmostEquals(curves.logCosh.first[i]!, Math.tanh(r), 1e-12);
    assertAlmostEquals(curves.logCosh.second[i]!, 1 / Math.cosh(r) ** 2, 1e-12);
  });
  assertEquals(study.compareLosses({ huber, logCosh }).residuals.length, 21);
  assertEquals(study.compareLosses({}, { residuals: [] }), { residuals: [], curves: {} });
});

Deno.test("landscapes refuse what they cannot work on", () => {
  const square = (x: Tensor) => x.square().sum();
  const at = tensor([1, 2]);
  const model = new nn.Linear(2, 1);
  const given = { weight: tensor([[1, 2]]) };
  const form = "must have the form of the point";
  const wrong: [run: () => unknown, says: string][] = [
    [
      () => study.lossLandscape(square, at, 3 as 1),
      "directions must be 1, 2, or an array of one or two",
    ],
    [
      () => study.lossLandscape(square, at, []),
      "directions must be 1, 2, or an array of one or two",
    ],
    [() => study.lossLandscape(square, at, [tensor([1])]), form],
    [() => study.lossLandscape(square, at, [null as unknown as Tensor]), form],
    ...[given, null].map((way): [() => unknown, string] => [
      () => study.lossLandscape((m) => square(m.weight), model, [way as never]),
      form,
    ]),
    [() => study.lossLandscape(square, at, 1, { points: 1 }), "points must be at least 2, got 1"],
    [() => study.lossLandscape(square, at, 1, { range: -1 }), "range must be positive and finite"],
    [() => study.lossLandscape((x) => x, at), "must return one floating number as a tensor"],
    [
      () => study.compareLosses({ a: 1 as unknown as () => Tensor }),
      "a must be a function of prediction",
    ],
    [() => study.compareLosses({ a: (p) => p.expand([2]) }), "must return one floating number"],
  ];
  for (const [run, says] of wrong) {
    const { message } = assertThrows(run, Error);
    assert(message.includes(says), message);
    assert(message.startsWith("Cannot compute study."), message);
  }
});
