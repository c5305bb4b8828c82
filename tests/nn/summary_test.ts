/** What a model is made of: shapes, parameters and operations. */

import { assertEquals, assertThrows } from "@std/assert";
import { nn, ones, rand, ShapeError, type Tensor, tensor, zeros } from "../../mod.ts";

Deno.test("nn.summary() prints a table of a small network", () => {
  const net = new nn.Sequential(
    new nn.Conv2d(1, 4, 3, { padding: 1 }),
    new nn.BatchNorm2d(4),
    new nn.ReLU(),
    new nn.Flatten(),
    new nn.Linear(64, 2, { bias: false }),
  );
  net.layers[0]!.requiresGrad_(false);
  assertEquals(
    String(nn.summary(net, zeros([2, 1, 4, 4]))),
    [
      "module   class        output        parameters  operations",
      "(model)  Sequential   [2, 2]                 0           0",
      "0        Conv2d       [2, 4, 4, 4]          40        1152",
      "1        BatchNorm2d  [2, 4, 4, 4]           8           0",
      "2        ReLU         [2, 4, 4, 4]           0           0",
      "3        Flatten      [2, 64]                0           0",
      "4        Linear       [2, 2]               128         256",
      "176 parameters, 136 of them learned, 1408 operations",
    ].join("\n"),
  );
});

Deno.test("nn.summary() counts products of weights: for each row of a matrix, each place of a filter", () => {
  const operations = (layer: nn.Module, x: Tensor) => nn.summary(layer, x).operations;
  assertEquals(operations(new nn.Linear(3, 5), zeros([2, 7, 3])), 2 * 7 * 3 * 5);
  assertEquals(operations(new nn.Conv1d(4, 6, 3, { groups: 2 }), zeros([1, 4, 9])), 7 * 6 * 2 * 3);
  assertEquals(
    operations(new nn.ConvTranspose1d(2, 3, 4, { stride: 2 }), zeros([1, 2, 5])),
    5 * 2 * 3 * 4,
  );
  assertEquals(operations(new nn.Embedding(9, 4), tensor([[1, 2]], { dtype: "int32" })), 0);
  assertEquals(nn.summary(new nn.Bilinear(2, 3, 4), ones([5, 2]), ones([5, 3])).operations, 120);
});

Deno.test("nn.summary() counts what is tied once, and each call of what is called twice", () => {
  class Tied extends nn.Module<[Tensor], { y: Tensor; pair: Tensor[] }> {
    first = new nn.Linear(3, 3);
    again = this.first;
    second = new nn.Linear(3, 3, { bias: false });
    idle = new nn.Linear(2, 2);
    own = new nn.Parameter(zeros([3]));
    constructor() {
      super();
      Reflect.set(this.second, "weight", this.first.weight);
    }
    override forward(x: Tensor): { y: Tensor; pair: Tensor[] } {
      const y = this.second.forward(this.again.forward(this.first.forward(x))).add(this.own);
      return { y, pair: [y.sum(), x] };
    }
  }
  const { rows, parameters, operations } = nn.summary(new Tied(), rand([4, 3]));
  const lines = rows.map((row) => [row.name, row.parameters, row.operations, row.outputs.length]);
  assertEquals(lines, [
    ["", 3, 0, 3],
    ["first", 12, 72, 1],
    ["second", 0, 36, 1],
    ["idle", 6, 0, 0],
  ]);
  assertEquals([parameters, operations], [21, 108]);
});

Deno.test("nn.summary() leaves the model as it was, also if it fails", () => {
  const net = new nn.Sequential(new nn.BatchNorm1d(3), new nn.Dropout(), new nn.Linear(3, 2));
  net.layers[1]!.eval();
  const state = () => Object.values(net.stateDict()).map((x) => x.toArray());
  const before = state();
  nn.summary(net, rand([4, 3]));
  assertThrows(() => nn.summary(net, rand([4, 2])), ShapeError);
  assertEquals(state(), before);
  assertEquals(net.modules().map(({ training }) => training), [true, true, false, true]);
  assertEquals(net.modules().map((module) => Object.hasOwn(module, "forward")), [
    false,
    false,
    false,
    false,
  ]);
});
