/** Functions of nets beside their layers: each goes through the checks of layers that fit it. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { assertClose, checkGradients } from "../../lib/testing/mod.ts";
import { nn, ones, RandomGenerator, type Tensor, tensor, zeros } from "../../mod.ts";
import { casesOf } from "../fixtures/stored.ts";
import { CHECKS, type Subject } from "./checks.ts";
import type { TorchClass, TorchLayer } from "./rows/row.ts";

type Options = Record<string, unknown> | undefined;

/** A function as a layer: it takes tensors and perhaps options. */
class Stateless extends nn.Module<unknown[], unknown> {
  #run: (inputs: Tensor[], options: Options) => unknown;

  constructor(run: (inputs: Tensor[], options: Options) => unknown) {
    super();
    this.#run = run;
  }

  override forward(...given: unknown[]): unknown {
    const inputs = given.filter((x): x is Tensor => "shape" in (x as object));
    return this.#run(inputs, given[inputs.length] as Options);
  }
}

const { utils, functional } = nn;

function parts({ data, batchSizes, sortedIndices, unsortedIndices }: nn.PackedSequence) {
  return [data, tensor(Int32Array.from(batchSizes)), sortedIndices, unsortedIndices];
}

/** How each is called. */
const FUNCTIONS: Readonly<Record<string, (inputs: Tensor[], options: Options) => unknown>> = {
  scaledDotProductAttention: ([q, k, v, attnMask], options) => {
    const { attnMask: _, ...others } = options ?? {};
    return functional.scaledDotProductAttention(q!, k!, v!, {
      ...others,
      attnMask: attnMask ?? (options?.attnMask as Tensor | undefined) ?? null,
    });
  },
  padSequence: (inputs, options) => utils.padSequence(inputs, options),
  packPaddedSequence: ([x], options) => {
    const lengths = options?.enforceSorted === false ? [1, 3, 2] : [3, 2, 2];
    return parts(utils.packPaddedSequence(x!, lengths, options));
  },
  packSequence: ([a, b, c], options) => {
    const sorted = options?.enforceSorted !== false;
    return parts(utils.packSequence(sorted ? [b!, a!, c!] : [a!, b!, c!], options)).slice(0, 2);
  },
  padPackedSequence: (inputs, options) =>
    utils.padPackedSequence(utils.packSequence(inputs, { enforceSorted: false }), options),
  globalMeanPool: ([x, batch], options) => nn.globalMeanPool(x!, batch!, options),
  globalAddPool: ([x, batch], options) => nn.globalAddPool(x!, batch!, options),
  globalMaxPool: ([x, batch], options) => nn.globalMaxPool(x!, batch!, options),
};

/** The checks that say something of a function. */
const OF_FUNCTIONS = [
  "has the values of PyTorch, in training and in evaluation",
  "has the gradients that differences have, of first and second order",
  "computes in float32 as in float64",
  "takes a batch of nothing",
  "leaves its input as it was",
] as const satisfies (keyof typeof CHECKS)[];

function subjectsOf(name: string): readonly Subject[] {
  const [torchClass, ...cases] = casesOf<unknown>(`functions/${name}`) as [
    TorchClass,
    ...TorchLayer[],
  ];
  const row = { make: () => new Stateless(FUNCTIONS[name]!) };
  return cases.map((torch) => ({ name, row, torchClass, torch }));
}

for (const name of Object.keys(FUNCTIONS)) {
  const subjects = subjectsOf(name);

  Deno.test(`${name}() has a case for every option that it has in PyTorch`, () => {
    const { options, departures } = subjects[0]!.torchClass;
    const tried = subjects.flatMap(({ torch }) => torch.tried);
    assertEquals(
      options.filter((option) => !tried.includes(option) && !(option in departures)),
      [],
    );
  });

  for (const subject of subjects) {
    for (const says of OF_FUNCTIONS) {
      Deno.test(`${name}() ${subject.torch.title} ${says}`, () => CHECKS[says](subject));
    }
  }
}

Deno.test("scaledDotProductAttention() is the loop over examples under vmap", () => {
  for (const subject of subjectsOf("scaledDotProductAttention")) {
    CHECKS["is the loop over examples under vmap, with its gradients"](subject);
  }
});

Deno.test("scaledDotProductAttention() drops weights, and the others weigh more", () => {
  const x = ones([200, 50, 1]);
  const y = functional.scaledDotProductAttention(x, x, x, {
    dropoutP: 0.3,
    generator: new RandomGenerator(5),
  });
  // Each output is the mean of 50 draws of 0 or 1/0.7: 10,000 outputs.
  assertClose(y.mean().item(), 1, { atol: 5 * Math.sqrt(0.3 / 0.7 / 50 / 10_000), rtol: 0 });
  assertClose(y.var().item(), 0.3 / 0.7 / 50, { atol: 5e-4, rtol: 0 });
});

Deno.test("functions of nets say what does not fit", () => {
  const x = ones([2, 3]);
  const causal = { attnMask: ones([2, 2]), isCausal: true };
  const calls: [() => unknown, string][] = [
    [() => functional.scaledDotProductAttention(x, x, x, causal), "either attnMask or isCausal"],
    [() => functional.scaledDotProductAttention(x, x, ones([3, 3])), "[2, 3], [2, 3] and [3, 3]"],
    [
      () => functional.scaledDotProductAttention(x, x, x, { attnMask: ones([3, 2, 2]) }),
      "must stretch to [2, 2], got [3, 2, 2]",
    ],
    [() => utils.packPaddedSequence(ones([2, 2]), [1, 2]), "lengths must fall"],
    [
      () => utils.packPaddedSequence(ones([2, 2]), [3, 2]),
      "from 1 to the number of steps, 2, got 3",
    ],
    [() => utils.packPaddedSequence(ones([2, 2]), [2]), "got shape [2, 2] and 1 lengths"],
    [() => utils.packSequence([]), "at least one sequence"],
    [() => utils.padSequence([ones([2]), ones([2, 1])]), "equal but for their length"],
    [
      () => utils.padPackedSequence(utils.packSequence([ones([3])]), { totalLength: 2 }),
      "totalLength must be at least 3, got 2",
    ],
    [
      () => new nn.PackedSequence({ ...utils.packSequence([ones([3])]), batchSizes: [1, 2] }),
      "batchSizes must fall",
    ],
    [() => nn.globalMeanPool(x, tensor([0], { dtype: "int32" })), "the graph of each [nodes]"],
    [() => nn.globalMeanPool(x, tensor([0, 4], { dtype: "int32" }), { size: 2 }), "from 0 to 1"],
  ];
  for (const [call, says] of calls) {
    const { message } = assertThrows(call, Error);
    assert(message.includes(says), message);
  }
});

Deno.test("packPaddedSequence() takes lengths as a tensor", () => {
  const x = ones([2, 2, 1]);
  const lengths = tensor([2, 1], { dtype: "int32" });
  assertEquals(
    utils.packPaddedSequence(x, lengths).batchSizes,
    utils.packPaddedSequence(x, [2, 1]).batchSizes,
  );
});

Deno.test("batchGraphs() joins all that graphs have, and counts edges on", () => {
  const graph = (nodes: number, edges: [number[], number[]], label: number) => ({
    x: ones([nodes, 2]).mul(label),
    edgeIndex: tensor(edges, { dtype: "int32" }),
    edgeWeight: ones([edges[0].length]).mul(label),
    y: tensor([label], { dtype: "int32" }),
  });
  const all = nn.batchGraphs([graph(2, [[0], [1]], 7), graph(3, [[2, 0], [1, 1]], 8)]);
  assertEquals(all.edgeIndex.toArray(), [[0, 4, 2], [1, 3, 3]]);
  assertEquals(all.batch.toArray(), [0, 0, 1, 1, 1]);
  assertEquals(all.edgeWeight.toArray(), [7, 8, 8]);
  assertEquals(all.y.toArray(), [7, 8]);
  assertEquals(nn.globalMeanPool(all.x, all.batch).toArray(), [[7, 7], [8, 8]]);
  const { message } = assertThrows(
    () => nn.batchGraphs([graph(1, [[0], [0]], 1), { x: ones([1]), edgeIndex: all.edgeIndex }]),
    TypeError,
  );
  assert(message.includes("all graphs must have x, edgeIndex, edgeWeight, y"), message);
});

Deno.test("batchGraphs() refuses what would join graphs, or be lost", () => {
  const int32 = { dtype: "int32" } as const;
  const good = { x: ones([2, 3]), edgeIndex: tensor([[0], [1]], int32), y: ones([1]) };
  const refused: readonly (readonly [change: Partial<nn.Graph>, says: string])[] = [
    [
      { edgeIndex: tensor([[0], [2]], int32) },
      "edgeIndex of graph 1 must be from 0 to 1, as there",
    ],
    [{ edgeIndex: tensor([[-1], [0]], int32) }, "got -1"],
    [{ edgeIndex: ones([2, 1]) }, "edgeIndex of graph 1 must be int32 of shape [2, edges]"],
    [{ edgeIndex: zeros([3, 1], int32) }, "got int32 of shape [3, 1]"],
    [{ x: ones([]) }, "x must be rows of one shape in all graphs, got [] in graph 1"],
    [{ x: ones([2, 4]) }, "x must be rows of one shape in all graphs, got [2, 4] in graph 1"],
    [{ y: ones([]) }, "y must be rows of one shape in all graphs, got [] in graph 1"],
  ];
  for (const [change, says] of refused) {
    const { message } = assertThrows(() => nn.batchGraphs([good, { ...good, ...change }]), Error);
    assert(message.startsWith("Cannot run batchGraphs: ") && message.includes(says), message);
  }
  const batched = nn.batchGraphs([good, good]);
  const { message } = assertThrows(() => nn.batchGraphs([batched]), TypeError);
  assert(message.includes("the result has a batch of its own"), message);
});

Deno.test("message passing refuses messages that are not one for each edge", () => {
  class Own extends nn.MessagePassing {
    constructor(readonly made: (edges: nn.Edges) => unknown, aggr: nn.Aggregation) {
      super({ aggr });
    }
    override forward(x: Tensor, edgeIndex: Tensor): Tensor {
      return this.propagate(edgeIndex, x);
    }
    protected override message(edges: nn.Edges): Tensor {
      return this.made(edges) as Tensor;
    }
  }
  const edges = tensor([[0, 1], [1, 0]], { dtype: "int32" });
  const refused: readonly (readonly [made: (edges: nn.Edges) => unknown, says: string])[] = [
    [() => undefined, "what it gives must be a tensor, got undefined"],
    [() => 5, "what it gives must be a tensor, got 5"],
    [({ xJ }) => xJ.sum(), "a row for each of 2 edges, got shape []"],
    [({ xJ }) => xJ.narrow(0, 0, 1), "a row for each of 2 edges, got shape [1, 3]"],
    [({ xJ }) => xJ.gt(0), "what it gives must be numbers, got bool"],
  ];
  for (const aggr of ["sum", "mean", "max"] as const) {
    for (const [made, says] of refused) {
      const run = () => new Own(made, aggr).forward(ones([2, 3]), edges);
      const { message } = assertThrows(run, Error);
      assert(message.startsWith("Cannot run Own.message: ") && message.includes(says), message);
    }
  }
});

Deno.test("a convolution on graphs at once is that on each", () => {
  const one = { x: ones([2, 3]), edgeIndex: tensor([[0], [1]], { dtype: "int32" }) };
  const other = { x: ones([3, 3]).mul(2), edgeIndex: tensor([[2, 0], [1, 1]], { dtype: "int32" }) };
  const both = nn.batchGraphs([one, other]);
  for (const layer of [new nn.GCNConv(3, 2), new nn.GATConv(3, 2), new nn.SAGEConv(3, 2)]) {
    const together = layer.forward(both.x, both.edgeIndex);
    assertClose(together.narrow(0, 0, 2), layer.forward(one.x, one.edgeIndex));
    assertClose(together.narrow(0, 2, 3), layer.forward(other.x, other.edgeIndex));
  }
});

Deno.test("embeddingBag() takes one long bag among many without entries", () => {
  const [bags, entries] = [20_000, 20_000];
  const ids = zeros([entries], { dtype: "int32" });
  const offsets = tensor(Int32Array.from({ length: bags }, (_, i) => i < 3 ? 0 : entries));
  const table = ones([1, 1], { requiresGrad: true });
  const y = functional.embeddingBag(ids, table, { offsets, mode: "sum" });
  assertEquals([y.shape, y.at([1, 4], 0).toArray()], [[bags, 1], [0, entries, 0]]);
  y.sum().backward();
  assertEquals(table.grad?.toArray(), [[entries]]);
});

Deno.test("pad() removes what negative amounts say, in every mode as PyTorch does", () => {
  const { pad } = functional;
  const x = tensor([1, 2, 3, 4], { dtype: "float64", requiresGrad: true });
  const cases: readonly (readonly [
    mode: nn.functional.PadMode,
    amounts: readonly number[],
    result: number[],
  ])[] = [
    ["constant", [-1, 2], [2, 3, 4, 0, 0]],
    ["reflect", [3, -1], [4, 3, 2, 1, 2, 3]],
    ["reflect", [-2, 3], [3, 4, 3, 2, 1]],
    ["reflect", [-1, -1], [2, 3]],
    ["reflect", [1, -4], [2]],
    ["replicate", [3, -3], [1, 1, 1, 1]],
    ["replicate", [-1, 3], [2, 3, 4, 4, 4, 4]],
    ["replicate", [-5, 5], [4, 4, 4, 4]],
    ["circular", [3, -1], [1, 2, 3, 1, 2, 3]],
    ["circular", [-3, 1], [4, 4]],
    ["circular", [2, -2], [1, 2, 1, 2]],
  ];
  for (const [mode, amounts, result] of cases) {
    assertEquals(pad(x, amounts, { mode }).toArray(), result, `${mode} ${amounts}`);
    checkGradients((x: Tensor) => pad(x, amounts, { mode }).pow(3), [x]);
    // In the other dimension of a batch, and both at once.
    const grid = x.detach().expand([3, 4]).mT;
    assertEquals(pad(grid, [0, 0, ...amounts], { mode }).mT.at(0).toArray(), result);
  }
});
