/** Classical methods beside scikit-learn, and at what people hand in. */

import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  DecisionTreeClassifier,
  KMeans,
  PCA,
  RandomForestClassifier,
  SVC,
} from "../../lib/classic/mod.ts";
import {
  cat,
  noGrad,
  randn,
  RandomGenerator,
  scope,
  ShapeError,
  type Tensor,
  tensor,
  testing,
  zeros,
} from "../../mod.ts";
import { unstored } from "../fixtures/stored.ts";

const { assertClose, gradcheck } = testing;

const file = new URL("../fixtures/classic.json", import.meta.url);
const [clusters, components, machines, trees] = JSON.parse(Deno.readTextFileSync(file));
const EXACT = { rtol: 1e-10, atol: 1e-10 };
const labelled = (...labels: number[]) => tensor(labels, { dtype: "int32" });

Deno.test("KMeans finds the groups of scikit-learn", () => {
  const x = unstored(clusters.x);
  const groups = new KMeans(3, { generator: new RandomGenerator(1) }).fit(x);
  const sorted = (means: Tensor) => {
    const place = means.matmul(tensor([1e-3, 1, 1e3], { dtype: "float64" }));
    return means.indexSelect(0, place.argsort());
  };
  assertClose(sorted(groups.centroids), sorted(unstored(clusters.centroids)), EXACT);
  assertClose(tensor(groups.inertia), tensor(clusters.inertia), { rtol: 1e-6, atol: 0 });
  assertEquals(groups.predict(x).toArray(), groups.labels.toArray());
  // Each mean is nearest to itself.
  assertEquals(groups.predict(groups.centroids).toArray(), [0, 1, 2]);
});

Deno.test("KMeans puts each example to its nearest mean, the first of equally near ones", () => {
  const generator = new RandomGenerator(2);
  for (const [rows, columns, clusters] of [[1, 1, 1], [50, 3, 4], [3000, 2, 7]] as const) {
    // Of few numbers, so that there are ties.
    const dtype = "float64";
    const x = randn([rows, columns], { generator, dtype }).mul(2).round();
    const groups = new KMeans(clusters, { nInit: 1, generator }).fit(x);
    const [lists, means] = [x.toArray(), groups.centroids.toArray()] as number[][][];
    const expected = lists!.map((own) => {
      const squares = means!.map((mean) =>
        mean.reduce((sum, value, i) => sum + ((own[i] ?? 0) - value) ** 2, 0)
      );
      return squares.indexOf(Math.min(...squares));
    });
    assertEquals(groups.predict(x).toArray(), expected);
    for (const odd of [NaN, Infinity, -Infinity]) {
      const wrong = cat([x, zeros([1, columns], { dtype }).add(odd)]);
      assertThrows(() => groups.predict(wrong), RangeError, `got ${odd} at [${rows}, 0]`);
    }
    assertThrows(() => groups.predict(x.add(9).mul(1e101)), RangeError, "the largest magnitude");
  }
});

Deno.test("KMeans gives as many groups as it was asked for, also of equal examples", () => {
  const x = tensor([[1, 1], [1, 1], [1, 1], [5, 5]]);
  const groups = new KMeans(3, { nInit: 2 }).fit(x);
  assertEquals(groups.centroids.shape, [3, 2]);
  assertEquals(groups.inertia, 0);
  assertEquals(new KMeans(1).fit(x).centroids.toArray(), [[2, 2]]);
  assertThrows(() => new KMeans(5).fit(x), RangeError, "5 groups need as many examples, got 4");
});

for (
  const [kind, draw] of Object.entries({
    spread: (generator: RandomGenerator) => randn([300, 3], { generator }),
    "of few numbers": (generator: RandomGenerator) => randn([300, 2], { generator }).round(),
    small: (generator: RandomGenerator) => randn([300, 2], { generator }).mul(1e-20),
    "in one column": (generator: RandomGenerator) => randn([300, 1], { generator }),
  })
) {
  Deno.test(`KMeans ends where each example is nearest to the mean of its group: ${kind}`, () => {
    for (let seed = 0; seed < 10; seed++) {
      const generator = new RandomGenerator(seed);
      const x = draw(generator).to("float64");
      const groups = new KMeans(1 + seed, { nInit: 1, tol: 0, generator }).fit(x);
      const { labels, centroids } = groups;
      // It remembers what is nearest from round to round; predict looks anew.
      assertEquals(labels.toArray(), groups.predict(x).toArray());
      for (let cluster = 0; cluster <= seed; cluster++) {
        const own = x.at(labels.eq(cluster));
        if (own.size > 0) {
          assertClose(centroids.at(cluster), own.mean(0), { rtol: 1e-9, atol: 1e-29 });
        }
      }
    }
  });
}

Deno.test("KMeans draws from its own stream", () => {
  const x = randn([50, 3], { generator: new RandomGenerator(2) });
  const fit = (seed: number) =>
    new KMeans(6, { nInit: 1, maxIter: 1, generator: new RandomGenerator(seed) }).fit(x).inertia;
  assertEquals(fit(1), fit(1));
  assert(new Set([1, 2, 3, 4].map(fit)).size > 1);
});

Deno.test("PCA finds the components of scikit-learn", () => {
  const x = unstored(components.x);
  const pca = new PCA(3).fit(x);
  assertClose(pca.components, unstored(components.components), EXACT);
  assertClose(pca.explainedVariance, unstored(components.variance), EXACT);
  assertClose(pca.explainedVarianceRatio, unstored(components.ratio), EXACT);
  assertClose(pca.transform(x), unstored(components.transformed), EXACT);
  const whole = new PCA(4).fit(x);
  assertClose(whole.inverseTransform(whole.transform(x)), x, EXACT);
  gradcheck((x: Tensor) => pca.inverseTransform(pca.transform(x)), [[3, 4]]);
});

Deno.test("SVC decides as scikit-learn's does", () => {
  const [x, y, other] = [machines.x, machines.y, machines.other].map(unstored);
  for (const { options, decision, support } of machines.cases) {
    const machine = new SVC({ ...options, tol: 1e-9 }).fit(x!, y!);
    // The reference keeps its kernel in float32.
    assertClose(machine.decisionFunction(other!), unstored(decision), { rtol: 1e-4, atol: 1e-4 });
    assertEquals(machine.supportIndices.toArray(), unstored(support).toArray());
    assertEquals(machine.predict(other!).toArray(), unstored(decision).gt(0).to("int32").toArray());
  }
});

Deno.test("SVC ends where examples are equal, of other labels, and where nothing varies", () => {
  const x = cat([zeros([4, 2]), zeros([4, 2])], 0);
  const y = labelled(0, 1, 0, 1, 1, 1, 0, 0);
  for (const kernel of ["linear", "rbf"] as const) {
    const machine = new SVC({ kernel }).fit(x, y);
    assertEquals(machine.decisionFunction(x).shape, [8]);
  }
  const both = "the labels 0 and 1, both of them, got";
  assertThrows(() => new SVC().fit(x, y.mul(0)), RangeError, `${both} 0`);
  assertThrows(() => new SVC().fit(x, y.add(1)), RangeError, `${both} 1, 2`);
});

Deno.test("trees divide as scikit-learn's do", () => {
  const [x, y, other] = [trees.x, trees.y, trees.other].map(unstored);
  for (const { options, shares } of trees.cases) {
    const tree = new DecisionTreeClassifier(options).fit(x!, y!);
    assertClose(tree.predictProba(other!), unstored(shares), EXACT);
    assert(tree.depth <= options.maxDepth);
  }
  const whole = new DecisionTreeClassifier().fit(x!, y!);
  assertEquals(whole.predict(x!).toArray(), y!.toArray());
});

Deno.test("a tree of what cannot be divided is one answer, and neighbours are told apart", () => {
  const same = new DecisionTreeClassifier().fit(zeros([4, 2]), labelled(0, 1, 1, 1));
  assertEquals([same.depth, same.predictProba(zeros([1, 2])).toArray()], [0, [[0.25, 0.75]]]);
  const near = tensor([[1], [1 + Number.EPSILON]], { dtype: "float64" });
  const tree = new DecisionTreeClassifier().fit(near, labelled(0, 1));
  assertEquals(tree.predict(near).toArray(), [0, 1]);
  const far = tensor([[-1.7e308], [1.7e308]], { dtype: "float64" });
  assertEquals(new DecisionTreeClassifier().fit(far, labelled(0, 1)).predict(far).toArray(), [
    0,
    1,
  ]);
});

Deno.test("a forest knows new examples better than one tree, and its own score tells", () => {
  const generator = new RandomGenerator(3);
  const data = (n: number): [Tensor, Tensor] => {
    const x = randn([n, 6], { generator });
    const noise = randn([n], { generator }).mul(0.7);
    return [x, x.square().sum(1).add(noise).gt(5.3).to("int32")];
  };
  const [x, y] = data(300);
  const [other, wanted] = data(300);
  const accuracy = (pred: Tensor) => pred.eq(wanted).to("float32").mean().item();
  const tree = new DecisionTreeClassifier().fit(x, y);
  const forest = new RandomForestClassifier({ nEstimators: 60, generator }).fit(x, y);
  const [one, many] = [tree, forest].map((method) => accuracy(method.predict(other)));
  assert(many! > one! + 0.03, `${one} ${many}`);
  assert(Math.abs(forest.oobScore - many!) < 0.08, `${forest.oobScore} ${many}`);
  assertClose(forest.predictProba(other).sum(1), zeros([300]).add(1), { rtol: 0, atol: 1e-6 });
  const again = () =>
    new RandomForestClassifier({ nEstimators: 3, generator: new RandomGenerator(1) }).fit(x, y)
      .predictProba(other).toArray();
  assertEquals(again(), again());
  // The one tree has seen the one example.
  const single = new RandomForestClassifier({ nEstimators: 1 }).fit(zeros([1, 1]), labelled(0));
  assertEquals(single.oobScore, NaN);
});

Deno.test("SVC ends where examples cannot be parted at any cost", () => {
  const x = randn([30, 2], { generator: new RandomGenerator(0) });
  const y = labelled(...Array.from({ length: 30 }, (_, i) => i % 2));
  const machine = new SVC({ c: 1e10, kernel: "linear" });
  let said = "";
  try {
    machine.fit(x, y);
  } catch (error) {
    said = (error as Error).message;
  }
  assert(said === "" || said.startsWith("Cannot fit SVC: 1000000 steps do not lead to the margin"));
});

Deno.test("labels are any whole numbers from 0 on, also where few of them occur", () => {
  const x = tensor([[0], [1], [2], [3]]);
  const far = labelled(7, 7, 2 ** 31 - 1, 3);
  for (
    const method of [new DecisionTreeClassifier(), new RandomForestClassifier({ nEstimators: 3 })]
  ) {
    method.fit(x, far);
    assert(
      (method.predict(x).toArray() as number[]).every((label) =>
        [3, 7, 2 ** 31 - 1].includes(label)
      ),
    );
    assertThrows(() => method.predictProba(x), ShapeError, "over 2^31 elements");
  }
  const tree = new DecisionTreeClassifier().fit(x, labelled(1, 1, 3, 3));
  assertEquals(tree.predict(x).toArray(), [1, 1, 3, 3]);
  assertEquals(tree.predictProba(x.narrow(0, 1, 2)).toArray(), [[0, 1, 0, 0], [0, 0, 0, 1]]);
});

Deno.test("classical methods say what they need", () => {
  const x = zeros([3, 2]);
  const y = labelled(0, 1, 0);
  const cases: [() => unknown, string][] = [
    [() => new KMeans(2).centroids, "Cannot read the centroids of KMeans: call fit first"],
    [() => new SVC().predict(x), "Cannot run SVC.predict: call fit first"],
    [
      () => new PCA(3).fit(x),
      "3 components need as many columns and 2 rows, got x of shape [3, 2]",
    ],
    [
      () => new KMeans(2).fit(zeros([3])),
      "x must have the shape [N, D], neither of them 0, got [3]",
    ],
    [() => new KMeans(1).fit(x).predict(zeros([1, 3])), "the shape [N, 2] as in fit, got [1, 3]"],
    ...[1e200, 1e-200].flatMap((scale): [() => unknown, string][] => {
      const far = tensor([[scale, 0], [-scale, 1 / 8 * scale], [0, 0]], { dtype: "float64" });
      const says = `must lie between 1e-100 and 1e+100, got ${scale}; scale x first`;
      return [
        [() => new KMeans(2).fit(far), says],
        [() => new PCA(1).fit(far), says],
        [() => new SVC().fit(far, y), says],
      ];
    }),
    [() => new KMeans(1).fit(x.div(0)), "x must be finite, got NaN at [0, 0]"],
    [() => new SVC().fit(x, y.to("float32")), "y must hold int32 labels, got float32"],
    [() => new SVC().fit(x, labelled(0, 1)), "y must have the shape [3] as x has rows, got [2]"],
    [() => new DecisionTreeClassifier().fit(x, labelled(0, -1, 0)), "got -1 at [1]"],
    [
      () => new DecisionTreeClassifier({ maxFeatures: 3 }).fit(x, y),
      "at most the 2 columns, got 3",
    ],
  ];
  for (const [call, message] of cases) assertThrows(call, Error, message);
  assertThrows(() => new KMeans(2).fit(zeros([3])), ShapeError);
});

Deno.test("what is handed out is a copy, and fitting again forgets", () => {
  const x = tensor([[0, 0], [4, 4]]);
  const groups = new KMeans(1).fit(x);
  noGrad(() => {
    groups.centroids.zero_();
    groups.labels.fill_(7);
  });
  assertEquals([groups.centroids.toArray(), groups.labels.toArray()], [[[2, 2]], [0, 0]]);
  assertStrictEquals(groups.fit(tensor([[1, 1], [1, 1]])), groups);
  assertEquals(groups.centroids.toArray(), [[1, 1]]);
});

Deno.test("PCA of numbers whose squares float32 does not hold is that of the same in float64", () => {
  const x = tensor([[1, 2], [3, 5], [-1, 4], [0, 1]]);
  for (const scale of [1e-30, 1e-22, 1, 1e22, 1e30]) {
    const [narrow, wide] = (["float32", "float64"] as const).map((dtype) =>
      new PCA(2).fit(x.mul(scale).to(dtype))
    );
    assertClose(narrow!.explainedVarianceRatio.to("float64"), wide!.explainedVarianceRatio, {
      rtol: 1e-6,
    });
    assertClose(narrow!.components.to("float64"), wide!.components, { rtol: 1e-6 });
  }
  const far = randn([100, 2], { generator: new RandomGenerator(4) }).add(1e6);
  assertClose(
    new PCA(2).fit(far).explainedVariance,
    new PCA(2).fit(far.to("float64")).explainedVariance.to("float32"),
  );
});

Deno.test("KMeans refuses examples whose distances leave the range, in predict as in fit", () => {
  const groups = new KMeans(2).fit(tensor([[0], [1e10]], { dtype: "float64" }));
  const far = tensor([[1e200]], { dtype: "float64" });
  assertThrows(
    () => groups.predict(far),
    RangeError,
    "Cannot run KMeans.predict: the largest magnitude of x must lie between",
  );
});

Deno.test("a tree tells as many classes as examples apart", () => {
  const x = randn([64, 2], { dtype: "float64", generator: new RandomGenerator(3) });
  const y = tensor(Int32Array.from({ length: 64 }, (_, i) => i));
  const tree = new DecisionTreeClassifier().fit(x, y);
  assertEquals(tree.predict(x).toArray(), y.toArray());
});

Deno.test("methods outlive the scope in which they were fitted, and what they hand out is the user's", () => {
  const x = randn([40, 200], { generator: new RandomGenerator(5) });
  const y = labelled(...Array.from({ length: 40 }, (_, i) => i % 2));
  const answers: Readonly<
    Record<string, readonly [made: () => object, read: (of: never) => Tensor[]]>
  > = {
    KMeans: [() => new KMeans(2).fit(x), (m: KMeans) => [m.centroids, m.labels, m.predict(x)]],
    PCA: [
      () => new PCA(2).fit(x),
      (
        m: PCA,
      ) => [m.components, m.mean, m.explainedVariance, m.explainedVarianceRatio, m.transform(x)],
    ],
    SVC: [() => new SVC().fit(x, y), (m: SVC) => [m.supportIndices, m.decisionFunction(x)]],
    tree: [
      () => new DecisionTreeClassifier().fit(x, y),
      (m: DecisionTreeClassifier) => [m.predictProba(x)],
    ],
    forest: [
      () => new RandomForestClassifier({ nEstimators: 3 }).fit(x, y),
      (m: RandomForestClassifier) => [m.predictProba(x)],
    ],
  };
  for (const [name, [make, read]] of Object.entries(answers)) {
    let made: unknown;
    scope(() => void (made = make()));
    const before = read(made as never).map((given) => given.toArray());
    noGrad(() => read(made as never).forEach((given) => given.fill_(7)));
    assertEquals(read(made as never).map((given) => given.toArray()), before, name);
  }
});

Deno.test("options that are changed after a method was made change nothing", () => {
  const x = randn([20, 2], { generator: new RandomGenerator(6) });
  const y = labelled(...Array.from({ length: 20 }, (_, i) => i % 2));
  const clusters = { nInit: 1 };
  const machine = { c: 1 };
  const tree = { maxDepth: 1 };
  const forest = { nEstimators: 1 };
  const made = [
    new KMeans(2, clusters),
    new SVC(machine),
    new DecisionTreeClassifier(tree),
    new RandomForestClassifier(forest),
  ] as const;
  [clusters.nInit, machine.c, tree.maxDepth, forest.nEstimators] = [0, -1, 9, 0];
  made[0].fit(x);
  assert(made[0].inertia > 0);
  assert(made[1].fit(x, y).supportIndices.size > 0);
  assertEquals(made[2].fit(x, y).depth, 1);
  assert(made[3].fit(x, y).predictProba(x).isfinite().all().item());
});
