/** Ready pictures: that they show what they are given. */

import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import * as plot from "../../lib/plot/mod.ts";
import { losses, metrics, ones, ShapeError, study, tensor, train, zeros } from "../../mod.ts";
import { all, panelsOf, parsed } from "./read_svg.ts";

/** Where the lines of a picture go, each as its points in pixels. */
function pathsOf(picture: plot.Picture, label = "line"): number[][][] {
  return all(parsed(picture.svg), "g", (own) => own.getAttribute("aria-label") === label)
    .flatMap((own) => all(own, "path"))
    .map((own) =>
      [...own.getAttribute("d")!.matchAll(/([-\d.]+),([-\d.]+)/g)]
        .map(([, x, y]) => [Number(x), Number(y)])
    );
}

const RECORDS = [
  { epoch: 1, step: 4, lr: 0.1, seconds: 1, loss: 3, valLoss: 4, accuracy: 0.5 },
  { epoch: 2, step: 8, lr: 0.1, seconds: 2, loss: 2, accuracy: NaN },
  { epoch: 3, step: 12, lr: 0.1, seconds: 3, loss: 1, valLoss: 2, accuracy: 0.9 },
];

Deno.test("history() has a panel for each number, with its validation, and passes over what is missing", () => {
  const history = new train.History();
  history.records.push(...RECORDS);
  const picture = plot.history(history, { title: "Run" });
  assertEquals(panelsOf(picture.svg).map(({ legend }) => legend), [["loss", "valLoss"], [
    "accuracy",
  ]]);
  assertEquals(picture.svg, plot.history(RECORDS, { title: "Run" }).svg);
  assertEquals(pathsOf(picture).map((path) => path.length), [3, 2, 2]);
  const [loss, validation] = pathsOf(picture);
  assertEquals([loss![0]![0], loss![2]![0]], [validation![0]![0], validation![1]![0]]);
  const chosen = panelsOf(plot.history(RECORDS, { names: ["accuracy", "lr"] }).svg);
  assertEquals(chosen.map(({ legend }) => legend), [["accuracy", "lr"]]);
  assertThrows(() => plot.history([]), RangeError, "at least one finite number");
  assertThrows(
    () => plot.history(RECORDS, { names: [] }),
    RangeError,
    "at least one finite number",
  );
  assertThrows(
    () => plot.history(RECORDS, { names: ["los"] }),
    RangeError,
    'lr, seconds, loss, valLoss, accuracy, got "los"',
  );
  assertThrows(() => plot.history([{ loss: 0 }], { yScale: "log" }), RangeError, "above 0");
});

Deno.test("landscape() has the first direction across and the second upwards", () => {
  // Along the first direction nothing changes: all lines of one height are level.
  const level = study.lossLandscape(
    (x) => x.at(1).square(),
    tensor([0, 0.5]),
    [tensor([1, 0]), tensor([0, 1])],
    { points: 9 },
  );
  const edges = pathsOf(plot.landscape(level, { levels: 4 }), "contour").filter(({ length }) =>
    length > 0
  );
  assert(edges.length > 2);
  // Where an area goes from side to side, its inner edges are level.
  const steep = edges.slice(1).flatMap((path) =>
    path.slice(1).filter(([x, y], i) => {
      const [before, height] = path[i]!;
      const inside = [x!, before!].every((at) => at > 60 && at < 390);
      return inside && Math.abs(y! - height!) > 0.5;
    })
  );
  assertEquals(steep, []);
  const turned = { ...level, values: level.values.mT };
  assert(
    pathsOf(plot.landscape(turned, { levels: 4 }), "contour").slice(1).flat()
      .some(([x], i, all) => i > 0 && Math.abs(x! - all[i - 1]![0]!) < 0.5 && x! > 60 && x! < 390),
  );
  const line = plot.landscape(study.lossLandscape((x) => x.square().sum(), ones([2])));
  assertEquals(pathsOf(line)[0]!.length, 21);
  const open = { ...level, values: level.values.div(0) };
  assertThrows(() => plot.landscape(open), RangeError, "must be finite");
});

Deno.test("pareto() has the front that losses.paretoFilter finds, as steps", () => {
  const points = [[1, 4], [2, 2], [4, 1], [3, 3]];
  const picture = plot.pareto(points, { names: ["a", "b", "c", "d"] });
  const texts = all(parsed(picture.svg), "text").map((own) => own.textContent);
  assertEquals(["a", "b", "c", "d"].map((name) => texts.includes(name)), [true, true, true, false]);
  assertEquals(panelsOf(picture.svg)[0]!.points.length, 4);
  assertEquals(plot.pareto(points).alt, "4 choices, 3 of them on the front");
  assertEquals(
    plot.pareto(points, { maximize: [true, true] }).alt,
    "4 choices, 3 of them on the front",
  );
  assertEquals(
    plot.pareto(points, { maximize: [false, true] }).alt,
    "4 choices, 1 of them on the front",
  );
  assertThrows(() => plot.pareto([[1, 2, 3]]), ShapeError, "[N, 2], got [1, 3]");
  assertThrows(() => plot.pareto(points, { names: ["a"] }), ShapeError, "names");
  assertThrows(() => plot.pareto([[0, 1]], { xScale: "log" }), RangeError, "above 0");
});

Deno.test("confusion() names true and predicted classes", () => {
  const labels = (values: number[]) => tensor(values, { dtype: "int32" });
  const matrix = metrics.confusionMatrix(labels([0, 0, 1]), labels([0, 1, 1]));
  const picture = plot.confusion(matrix, { classes: ["cat", "dog"] });
  const { axes } = panelsOf(picture.svg)[0]!;
  assertEquals(axes.toSorted(), ["cat", "cat", "dog", "dog", "predicted", "true"]);
  assert(plot.confusion([[0, 0], [0, 0]]).svg.length > 0);
  assertThrows(() => plot.confusion([[1, 2]]), ShapeError, "square, got [1, 2]");
  assertThrows(() => plot.confusion(matrix, { classes: ["a"] }), ShapeError, "classes");
});

Deno.test("spectrum() marks the least and the largest eigenvalue", () => {
  const weights = tensor([1, 2, 5]);
  const found = study.hessianSpectrum(
    (x) => losses.mse(x.mul(weights), x.mul(0)).mul(1.5),
    ones([3]),
  );
  for (const yScale of ["linear", "log"] as const) {
    const { legend } = panelsOf(plot.spectrum(found, { yScale }).svg)[0]!;
    assertEquals(legend, ["least 1", "largest 25"]);
  }
});

Deno.test("pictures take more numbers than a call takes arguments", () => {
  const many = zeros([200_000]);
  const profile = { value: 0, gradient: many, norms: many, shares: many };
  assertMatch(plot.gradients(profile).alt, /200000 points/);
  const plane = {
    at: Array.from({ length: 400 }, (_, i) => i),
    values: zeros([400, 400]),
    center: 0,
  };
  const rest = { directions: [], scale: { by: "none", directions: [], point: 0 } as const };
  assertMatch(plot.landscape({ ...plane, ...rest }).alt, /loss on a plane from 0 to 0/);
  assertMatch(plot.pareto(zeros([10, 2])).alt, /10 choices, 10 of them/);
});
