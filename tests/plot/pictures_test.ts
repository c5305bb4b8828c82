/** Pictures: what stands in their SVG, and what they refuse. */

import { assert, assertAlmostEquals, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { countsOf, edgesOf } from "../../lib/plot/bins.ts";
import { contrast } from "../../lib/plot/colors.ts";
import * as plot from "../../lib/plot/mod.ts";
import { GROUNDS, PALETTE } from "../../lib/plot/palette.ts";
import {
  gpu,
  losses,
  noGrad,
  ones,
  ShapeError,
  study,
  type Tensor,
  tensor,
  vmap,
  zeros,
} from "../../mod.ts";
import { linspace, randn } from "../../mod.ts";
import { all, panelsOf, parsed } from "./read_svg.ts";

/** Predictions and targets of which one is an outlier, and the gradients of two losses there. */
function outlier(): { pred: Tensor; mse: study.GradientProfile; huber: study.GradientProfile } {
  const pred = linspace(-5, 5, 100);
  const target = zeros([100]);
  noGrad(() => target.setAt([50], 20));
  const mse = study.gradientProfile((p, t) => losses.mse(p, t).mul(0.5), pred, target);
  const huber = study.gradientProfile((p, t) => losses.huber(p, t, { delta: 2 }), pred, target);
  return { pred, mse, huber };
}

/** The two panels of the gradients of ½·MSE and of Huber's loss, `scale` times. */
function twoPanels(scale: number): plot.Picture {
  const { pred, mse, huber } = outlier();
  const common = { xLabel: "Prediction", yLabel: "Gradient", radius: 2, opacity: 0.6 };
  const delta = { line: "dotted", color: "red" } as const;
  return plot.figure([
    plot.scatter(pred, mse.gradient.mul(scale), {
      ...common,
      label: "MSE Gradient",
      title: "MSE Gradient w.r.t Prediction",
      references: [{ y: 0 }],
    }),
    plot.scatter(pred, huber.gradient.mul(scale), {
      ...common,
      color: "orange",
      label: "Huber Gradient",
      title: "Huber Gradient (delta=2.0) w.r.t Prediction",
      references: [{ y: 0 }, { y: 2, label: "delta", ...delta }, {
        y: -2,
        label: "-delta",
        ...delta,
      }],
    }),
  ], { width: 1000, height: 400 });
}

Deno.test("figure() draws the two panels of gradients with all that belongs to them", () => {
  for (const scale of [1, 100]) {
    const picture = twoPanels(scale);
    const [left, right] = panelsOf(picture.svg);
    assertEquals([left!.points.length, right!.points.length], [100, 100]);
    assertEquals(all(parsed(picture.svg), "circle").length, 200);
    assertEquals(left!.title, "MSE Gradient w.r.t Prediction");
    assertEquals(right!.title, "Huber Gradient (delta=2.0) w.r.t Prediction");
    assertEquals(left!.legend, ["MSE Gradient"]);
    assertEquals(right!.legend, ["Huber Gradient", "delta", "-delta"]);
    assertEquals(Object.entries(left!.rules).map(([dash, at]) => [dash, at.length]), [["6 4", 1]]);
    assertEquals(
      Object.entries(right!.rules).map(([dash, at]) => [dash, at.length]),
      [["6 4", 1], ["2 3", 2]],
    );
    for (const { axes } of [left!, right!]) {
      assert(axes.includes("Prediction") && axes.includes("Gradient"), axes.join());
    }
  }
});

Deno.test("figure() shows where gradients are cut only on the scale of one sample", () => {
  // How far the highest point is from the line of delta, in shares of the way from delta to -delta.
  const away = (scale: number) => {
    const { points, rules } = panelsOf(twoPanels(scale).svg)[1]!;
    const [upper, lower] = rules["2 3"]!;
    return (Math.min(...points.map(([, y]) => y)) - upper!) / (lower! - upper!);
  };
  assertAlmostEquals(away(100), 0, 1e-3);
  assertAlmostEquals(away(1), 0.495, 1e-3);
});

Deno.test("gradients() tells the outlier's share, and multiplies by the number of samples", () => {
  const { pred, mse, huber } = outlier();
  const { legend, points } = panelsOf(plot.gradients({ mse, huber }, { x: pred }).svg)[0]!;
  assertEquals(legend, ["mse, 7.32 % by one sample", "huber, 1.23 % by one sample"]);
  assertEquals(points.length, 200);
  const ticks = (perSample: boolean) =>
    panelsOf(plot.gradients({ huber }, { x: pred, perSample }).svg)[0]!.axes;
  assert(ticks(true).includes("1.5") && ticks(false).includes("0.015"));
  const rows = study.gradientProfile(losses.mse, ones([3, 2]), zeros([3, 2]));
  assert(panelsOf(plot.gradients(rows).svg)[0]!.axes.includes("length of the gradient"));
});

Deno.test("lines() draws each series through its numbers, whatever they are given in", () => {
  const path = (picture: plot.Picture) =>
    all(parsed(picture.svg), "g", (own) => own.getAttribute("aria-label") === "line")
      .flatMap((own) => all(own, "path")).map((own) => own.getAttribute("d"));
  const x = [0, 1, 4];
  const y = [1, 3, 2];
  const expected = path(plot.lines(y, { x }));
  assertEquals(path(plot.lines(tensor(y), { x: tensor(x, { dtype: "int32" }) })), expected);
  assertEquals(path(plot.lines(new Float64Array(y), { x: Float32Array.from(x) })), expected);
  assertEquals(path(plot.lines(tensor([y]).mT, { x: tensor(x).requiresGrad_() })), expected);
  if (gpu.available()) assertEquals(path(plot.lines(tensor(y).to("gpu"), { x })), expected);
  assert(path(plot.lines(y))[0] !== expected[0]);
  const gone = tensor(y);
  gone.dispose();
  assertThrows(() => plot.lines(gone), Error, "Cannot ");
  const both = panelsOf(plot.lines({ a: [1, 2], b: [1, 2, 3] }).svg)[0]!;
  assertEquals(both.legend, ["a", "b"]);
  assertEquals(panelsOf(plot.lines([5]).svg)[0]!.points.length, 1);
  const powers = panelsOf(plot.lines([1e-3, 1, 1e3], { yScale: "log" }).svg)[0]!.axes;
  assertEquals(["0.001", "1", "1000"].filter((tick) => !powers.includes(tick)), []);
});

Deno.test("scatter() gives each group a colour and a shape", () => {
  const groups = tensor([1, 0, 1, 2], { dtype: "int32" });
  const picture = plot.scatter([1, 2, 3, 4], [1, 2, 3, 4], { groups });
  const dots = all(parsed(picture.svg), "g", (own) => own.getAttribute("aria-label") === "dot");
  assertEquals(panelsOf(picture.svg)[0]!.legend, ["0", "1", "2"]);
  assertEquals(dots.map((own) => own.getAttribute("fill")), PALETTE.slice(0, 3));
  assertEquals(dots.map((own) => all(own, "circle").length), [1, 0, 0]);
  assertEquals(dots.map((own) => all(own, "path").length), [0, 2, 1]);
});

Deno.test("histogram() counts as NumPy does, with each number in one bin", () => {
  // numpy.histogram([1, 2, 2, 3, 5], bins=4) and its edges.
  assertEquals(edgesOf([1, 2, 2, 3, 5], 4), [1, 2, 3, 4, 5]);
  assertEquals(countsOf([1, 2, 2, 3, 5], [1, 2, 3, 4, 5]), [1, 2, 1, 1]);
  const numbers = Array.from({ length: 1000 }, (_, i) => (i * 37 % 100) / 10);
  for (const bins of [1, 3, 7, 10, 33]) {
    const edges = edgesOf(numbers, bins);
    const expected = Array.from(
      { length: bins },
      (_, i) =>
        numbers.filter((value) =>
          value >= edges[i]! && (value < edges[i + 1]! || (i === bins - 1 && value === edges[bins]))
        ).length,
    );
    assertEquals(countsOf(numbers, edges), expected);
  }
  // len(numpy.histogram_bin_edges(numpy.arange(1000), bins="auto")) - 1
  assertEquals(edgesOf(Array.from({ length: 1000 }, (_, i) => i), undefined).length - 1, 11);
  assertEquals(edgesOf([3, 3], undefined), [2.5, 3.5]);
  const bars = all(parsed(plot.histogram([1, 2, 2, 3, 5], { bins: 4 }).svg), "rect").length;
  assertEquals(bars, 1 + 4);
});

Deno.test("heatmap() colours each number, names rows and columns, and writes what can be read", () => {
  const picture = plot.heatmap([[-1, 0], [0, 3]], {
    rows: ["a", "b"],
    columns: ["c", "d"],
    center: 0,
  });
  const cells = all(parsed(picture.svg), "g", (own) => own.getAttribute("aria-label") === "cell");
  const fills = all(cells[0]!, "rect").map((own) => own.getAttribute("fill"));
  assertEquals(fills[1], fills[2]);
  assertEquals(new Set(fills).size, 3);
  const { axes } = panelsOf(picture.svg)[0]!;
  assertEquals(axes.toSorted(), ["a", "b", "c", "d"]);
  const texts = all(parsed(picture.svg), "text").map((own) => own.textContent);
  assertEquals(["-1", "0", "3", "-3"].filter((text) => !texts.includes(text)), []);
  const silent = plot.heatmap(randn([11, 10]));
  assertEquals(
    all(parsed(silent.svg), "g", (own) => own.getAttribute("aria-label") === "text"),
    [],
  );
  assert(plot.heatmap([[2, 2]]).svg.length > 0);
});

Deno.test("figure() lays panels out in a grid and over each other", () => {
  const small = () => plot.lines([1, 2], { width: 200, height: 150 });
  const grid = plot.figure([small(), small(), small()], { columns: 2, title: "All" });
  assertEquals([grid.width, grid.height, panelsOf(grid.svg).length], [400, 300, 3]);
  assertEquals(plot.figure([grid, small()]).width, 800);
  const over = plot.figure([[
    plot.scatter([0, 1], [0, 1], { label: "data", title: "first" }),
    plot.lines([0, 1], { label: "fit", title: "second", yLabel: "y" }),
  ]]);
  const [panel, ...others] = panelsOf(over.svg);
  assertEquals(others, []);
  assertEquals([panel!.title, panel!.legend], ["first", ["data", "fit"]]);
  assert(panel!.axes.includes("y"));
  assertThrows(() => plot.figure([]), RangeError, "at least one picture");
  assertThrows(() => plot.figure([[grid, small()]]), RangeError, "several panels");
  assertThrows(() => plot.figure([[small(), plot.heatmap([[1]])]]), RangeError, "heat map");
});

Deno.test("pictures refuse what cannot be drawn, and say where it is", () => {
  assertThrows(() => plot.lines([]), RangeError, "y must have at least one number");
  assertThrows(() => plot.lines({}), RangeError, "at least one series");
  assertThrows(
    () => plot.lines({ a: [1, NaN] }),
    RangeError,
    "y.a must be finite, got NaN at index 1",
  );
  assertThrows(
    () => plot.scatter([1, 2], tensor([1, Infinity])),
    RangeError,
    "Infinity at index 1",
  );
  const far = [1e308, -1e308];
  const [one, other] = far.map((value) => [value]);
  const distant: (() => unknown)[] = [
    () => plot.lines(far),
    () => plot.lines({ one: one!, other: other! }),
    () => plot.scatter([1, 2], far),
    () => plot.histogram(far),
    () => plot.heatmap([one!, other!]),
    () => plot.heatmap(tensor([far], { dtype: "float64" })),
  ];
  for (const draw of distant) {
    assertThrows(draw, RangeError, "of each other, got -1e+308 and 1e+308");
  }
  assertThrows(() => plot.lines([1, 2], { x: [1] }), ShapeError, "the length of x, got 2 and 1");
  assertThrows(() => plot.scatter([1, 2], [1, 2, 3]), ShapeError, "the length of x, got 3 and 2");
  assertThrows(() => plot.scatter([1], [1], { groups: [] }), ShapeError, "groups");
  assertThrows(
    () => plot.lines([0, 1], { yScale: "log" }),
    RangeError,
    "above 0, got 0 at index 0",
  );
  assertThrows(() => plot.lines([2, 1], { xScale: "log" }), RangeError, "log scale x");
  assertThrows(
    () => plot.lines([1], { yScale: "log", references: [{ y: 0 }] }),
    RangeError,
    "references must be above 0",
  );
  assertThrows(() => plot.lines([1], { references: [{}] }), TypeError, "either x or y");
  assertThrows(() => plot.lines([1], { references: [{ x: 1, y: 1 }] }), TypeError, "either x or y");
  assertThrows(() => plot.lines([1], { xRange: [2, 1] }), TypeError, "the lower one first");
  assertThrows(() => plot.histogram(zeros([0])), RangeError, "at least one number");
  assertThrows(() => plot.histogram([1], { yScale: "log" }), RangeError, "begin at 0");
  assertThrows(() => plot.heatmap(ones([3])), ShapeError, "[rows, columns], got [3]");
  assertThrows(() => plot.heatmap([]), RangeError, "at least one row");
  assertThrows(() => plot.heatmap(zeros([0, 3])), RangeError, "at least one number");
  assertThrows(() => plot.heatmap([[1, 2], [3]]), ShapeError, "row 1 of matrix");
  assertThrows(() => plot.heatmap(zeros([300, 300])), RangeError, "40000 cells");
  assertThrows(() => plot.heatmap([[1]], { rows: ["a", "b"] }), ShapeError, "rows");
  assertThrows(
    () => vmap((x: Tensor) => (plot.lines(x), x))(ones([2, 3])),
    TypeError,
    "Cannot run lines under vmap",
  );
});

Deno.test("Picture is well-formed whatever stands in its texts, and tells what it shows", () => {
  const odd = `a < b & "c" 'd' ]]> é`;
  const picture = plot.lines([1, 2], { title: odd, xLabel: odd, label: odd });
  const root = parsed(picture.svg);
  assertEquals(root.getAttribute("role"), "img");
  assertEquals(panelsOf(picture.svg)[0]!.title, odd);
  assert(root.getAttribute("aria-label")!.includes(odd));
  assertEquals(plot.lines([1], { alt: "one point" }).alt, "one point");
  const shown = Reflect.get(picture, Symbol.for("Jupyter.display")).call(picture);
  assertEquals(Object.keys(shown), ["image/svg+xml", "text/plain"]);
  assertMatch(Deno.inspect(picture), /^Picture 480 × 320: /);
  assertEquals(plot.lines([1, 2]).svg, plot.lines([1, 2]).svg);
});

Deno.test("Picture.save() writes the whole picture or leaves the old one", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const picture = plot.lines([1, 2]);
    picture.save(`${folder}/a.svg`);
    assertEquals(Deno.readTextFileSync(`${folder}/a.svg`), picture.svg);
    plot.lines([2, 1]).save(new URL(`file://${folder}/a.svg`));
    assert(Deno.readTextFileSync(`${folder}/a.svg`) !== picture.svg);
    assertThrows(() => picture.save(`${folder}/a.png`), RangeError, "must end in .svg");
    assertThrows(() => picture.save(`${folder}/no/a.svg`), Deno.errors.NotFound, "Picture.save");
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["a.svg"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the colours of series can be seen on light and on dark grounds", () => {
  const pale = (colors: readonly string[]) =>
    colors.filter((color) =>
      Object.values(GROUNDS).some(({ ground }) => contrast(color, ground) < 3)
    );
  assertEquals(pale(PALETTE), []);
  assertEquals(pale(["#efb118", "#222222"]), ["#efb118", "#222222"]);
  assertEquals(Number(contrast("#000000", "#ffffff").toFixed(6)), 21);
});
