/** Inner loops against steps by hand and differences, and training through them. */

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { assertClose, gradcheck } from "../../lib/testing/mod.ts";
import {
  functionalCall,
  grad,
  GradError,
  losses,
  manualSeed,
  meta,
  nn,
  noGrad,
  ones,
  optim,
  randn,
  RandomGenerator,
  ShapeError,
  type Tensor,
  tensor,
  vmap,
  zeros,
} from "../../mod.ts";

const float64 = { dtype: "float64" } as const;

Deno.test("innerLoop() takes the steps of SGD, in whatever form the parameters have", () => {
  const loss = (w: Tensor) => w.pow(4).sum();
  const w = new nn.Parameter(tensor([1, -2], float64));
  const last = meta.innerLoop({
    params: { deep: [w] },
    loss: ({ deep: [w] }) => loss(w!),
    steps: 3,
  });
  const optimizer = new optim.SGD([w], { lr: 0.01 });
  for (let step = 0; step < 3; step++) {
    optimizer.zeroGrad();
    loss(w).backward();
    optimizer.step();
  }
  assertClose(last.deep[0]!, w);
  // A tensor alone, of no dimension, and each step by its number.
  const numbers: number[] = [];
  const one = meta.innerLoop({
    params: tensor(1, float64),
    loss: (w, step) => (numbers.push(step), w.mul(step)),
    steps: 3,
    lr: 1,
  });
  assertEquals([one.item(), one.shape, numbers], [1 - 0 - 1 - 2, [], [0, 1, 2]]);
  // What the loss does not touch stays; an empty one is no trouble.
  const rest = meta.innerLoop({
    params: [tensor([1], float64), tensor([2], float64), zeros([0], float64)],
    loss: ([a]) => a!.sum(),
    lr: 1,
  });
  assertEquals(rest.map((x) => x.toArray()), [[0], [2], []]);
});

Deno.test("innerLoop() is differentiable in parameters, rate and what else the loss is made of", () => {
  const end = (w: Tensor, lr: Tensor, goal: Tensor) =>
    meta.innerLoop({
      params: w,
      loss: (w) => w.sub(goal).pow(4).sum().add(w.prod()),
      steps: 3,
      lr,
    }).sin().sum();
  const inputs = [
    tensor([0.5, 0.7], float64),
    tensor(0.1, float64),
    tensor([1.1, 0.2], float64),
  ];
  gradcheck(end, inputs.map((x) => x.clone().requiresGrad_()));
  const first = (w: Tensor, lr: Tensor, goal: Tensor) =>
    meta.innerLoop({ params: w, loss: (w) => w.sub(goal).pow(4).sum(), lr, firstOrder: true })
      .sum();
  const leaves = inputs.map((x) => x.clone().requiresGrad_());
  const [w, lr, goal] = leaves as [Tensor, Tensor, Tensor];
  const found = grad(first(w, lr, goal), [w, lr, goal], { allowUnused: true });
  // The gradient is a constant: the step is w − lr·g, of which the goal is no part.
  assertEquals(found[0]?.toArray(), [1, 1]);
  assertClose(found[1]!, w.sub(goal).pow(3).mul(-4).sum().detach());
  assertEquals(found[2], null);
});

Deno.test("innerLoop() leaves gradients and modules alone, and keeps no tape that nobody needs", () => {
  const model = new nn.Linear(2, 1, float64);
  const params: Record<string, Tensor> = Object.fromEntries(model.namedParameters());
  const before = model.parameters().map((p) => p.toArray());
  const x = ones([3, 2], float64);
  const options = {
    params,
    loss: (own: Record<string, Tensor>) => functionalCall(model, own, x).square().mean(),
    steps: 2,
  };
  const adapted = meta.innerLoop(options);
  assertEquals(model.parameters().map((p) => [p.grad, p.toArray()]), before.map((p) => [null, p]));
  assert(adapted["weight"]!.requiresGrad);
  assertEquals(noGrad(() => meta.innerLoop(options))["weight"]!.requiresGrad, false);
  const loose = { weight: model.weight.detach(), bias: model.bias.detach() };
  assertEquals(meta.innerLoop({ ...options, params: loose })["weight"]!.requiresGrad, false);
  assertClose(
    meta.innerLoop({ ...options, params: loose })["weight"]!,
    adapted["weight"]!.detach(),
  );
  // A part of the loss that is made once serves every step, in both orders.
  const shared = model.weight.square().sum();
  for (const firstOrder of [false, true]) {
    const w = meta.innerLoop({
      params: tensor(1, float64),
      loss: (w) => w.mul(shared),
      steps: 3,
      firstOrder,
    });
    assertAlmostEquals(w.item(), 1 - 0.03 * shared.item(), 1e-12);
  }
});

Deno.test("innerLoop() under vmap is that of each task, with its gradient", () => {
  const goals = randn([4, 3], float64);
  const start = zeros([3], { ...float64, requiresGrad: true });
  const end = (goal: Tensor) =>
    meta.innerLoop({
      params: { start },
      loss: ({ start }) => start.sub(goal).cosh().sum(),
      steps: 2,
    })
      .start.mul(goal).sum();
  const together = vmap(end)(goals);
  const each = goals.unbind().map(end);
  each.forEach((value, i) => assertClose(together.at(i), value));
  const sum = each.reduce((sum, value) => sum.add(value));
  assertClose(grad(together.sum(), [start])[0], grad(sum, [start])[0]);
});

Deno.test("innerLoop() refuses a loss that has nothing to do with its parameters", () => {
  const model = new nn.Linear(2, 1);
  const params: Record<string, Tensor> = Object.fromEntries(model.namedParameters());
  const own = () => model.forward(ones([3, 2])).mean();
  for (const loss of [own, () => ones([])]) {
    const { message } = assertThrows(() => meta.innerLoop({ params, loss }), GradError);
    assert(message.includes("must depend on the parameters that it is called with"), message);
  }
  assertThrows(() => meta.innerLoop({ params, loss: () => ones([2]) }), TypeError, "one element");
  assertThrows(
    () => meta.innerLoop({ params: {}, loss: own }),
    TypeError,
    "params must be a tensor",
  );
  const lr = -1;
  assertThrows(() => meta.innerLoop({ params: ones([]), loss: (w) => w, lr }), RangeError, "lr");
});

/** What a task is told by, and how far a point ends from it. */
const goals = new meta.TaskDistribution((generator) =>
  randn([2], { ...float64, generator }).add(3)
);
const distance = (point: Tensor, goal: Tensor) => point.sub(goal).square().sum();
const ended = (start: Tensor, lr: number | Tensor = 0.1, firstOrder = false) => (goal: Tensor) =>
  distance(
    meta.innerLoop({ params: start, loss: (point) => distance(point, goal), lr, firstOrder }),
    goal,
  );

Deno.test("metaTrain() learns an initial point and a rate, and gives the loss of each step", () => {
  manualSeed(3);
  const start = zeros([2], { ...float64, requiresGrad: true });
  const lr = tensor(0.1, { ...float64, requiresGrad: true });
  const optimizer = new optim.Adam([{ params: [start] }, { params: [lr], lr: 0.02 }], { lr: 0.05 });
  const history = meta.metaTrain({ tasks: goals, loss: ended(start, lr), optimizer, steps: 150 });
  assertEquals(history.length, 150);
  assert(history.at(-1)! < 1e-3 * history[0]!, `${history[0]} → ${history.at(-1)}`);
  assertAlmostEquals(lr.item(), 0.5, 0.02);
  // The first loss is the mean over the tasks of the first draw.
  manualSeed(3);
  const first = vmap(ended(zeros([2], float64)))(goals.sample(8));
  assertAlmostEquals(history[0]!, first.mean().item(), 1e-12);
});

Deno.test("metaTrain() gives gradients to meta parameters alone, once for each step", () => {
  manualSeed(4);
  const start = zeros([2], { ...float64, requiresGrad: true });
  const frozen = ones([2], { ...float64, requiresGrad: true });
  const other = ones([], { ...float64, requiresGrad: true });
  start.grad = ones([2], float64).mul(1e6);
  const optimizer = new optim.SGD([start, frozen], { lr: 1 });
  frozen.requiresGrad_(false);
  const loss = (goal: Tensor) => ended(start)(goal).mul(other);
  meta.metaTrain({ tasks: goals, loss, optimizer, steps: 1, tasksPerStep: 2 });
  assertEquals([other.grad, frozen.toArray()], [null, [1, 1]]);
  manualSeed(4);
  // d/dstart of (0.8·(start − goal))² at 0.
  const expected = goals.sample(2).mean(0).mul(2 * 0.64);
  assertClose(start.detach(), expected);
});

Deno.test("a meta loss that does not depend on the meta parameters raises", () => {
  const learned = new losses.MetaLossNetwork(4);
  const tasks = new meta.TaskDistribution((generator) => {
    const x = randn([5, 2], { generator });
    return { x, y: x.sum(1) };
  });
  type Task = { x: Tensor; y: Tensor };
  const optimizer = new optim.Adam(learned.parameters());
  const start = zeros([2], { requiresGrad: true });
  const adapted = ({ x, y }: Task, firstOrder: boolean) =>
    meta.innerLoop({
      params: start,
      loss: (w) => learned.forward(x, x.matmul(w), y),
      firstOrder,
    });
  const query = ({ x, y }: Task, w: Tensor) => losses.mse(x.matmul(w), y);
  const cases: Record<string, (task: Task) => Tensor> = {
    "an inner step of an optimizer": (task) => {
      const w = zeros([2], { requiresGrad: true });
      const inner = new optim.SGD([w], { lr: 0.1 });
      w.grad = ones([2]);
      inner.step();
      return query(task, w);
    },
    "first order": (task) => query(task, adapted(task, true)),
    "detached": (task) => query(task, adapted(task, false).detach()),
    "under noGrad": (task) => query(task, noGrad(() => adapted(task, false))),
  };
  const before = learned.parameters().map((p) => p.toArray());
  for (const [fault, loss] of Object.entries(cases)) {
    const run = () => meta.metaTrain({ tasks, loss, optimizer, steps: 1 });
    const { message } = assertThrows(run, GradError, undefined, fault);
    assert(message.includes("must depend on the meta parameters, got one"), `${fault}: ${message}`);
  }
  assertEquals(learned.parameters().map((p) => p.toArray()), before);
  const sound = (task: Task) => query(task, adapted(task, false));
  meta.metaTrain({ tasks, loss: sound, optimizer, steps: 1 });
  assert(learned.parameters().every((p) => p.grad !== null));
  // One group that is reached does not hide one that is not.
  const both = new optim.Adam([{ params: [start] }, { params: learned.parameters() }]);
  const half = (task: Task) => query(task, adapted(task, true));
  assertThrows(
    () => meta.metaTrain({ tasks, loss: half, optimizer: both, steps: 1 }),
    GradError,
    "of group 1",
  );
  meta.metaTrain({ tasks, loss: sound, optimizer: both, steps: 1 });
  const frozen = ones([2], { requiresGrad: true });
  const none = new optim.SGD([frozen], { lr: 1 });
  frozen.requiresGrad_(false);
  assertThrows(
    () => meta.metaTrain({ tasks, loss: sound, optimizer: none, steps: 1 }),
    GradError,
    "require gradients, got none",
  );
});

Deno.test("TaskDistribution draws by the generator that it is given, and stacks", () => {
  const generator = () => new RandomGenerator(7);
  const [a, b] = [
    goals.sample(3, { generator: generator() }),
    goals.sample(3, { generator: generator() }),
  ];
  assertEquals([a.toArray(), a.shape], [b.toArray(), [3, 2]]);
  manualSeed(1);
  const first = goals.sample(1).toArray();
  goals.sample(5, { generator: generator() });
  manualSeed(1);
  assertEquals(goals.sample(1).toArray(), first);
  // One tensor in two places is in both.
  const twice = new meta.TaskDistribution(() => {
    const x = ones([]);
    return { support: [x], query: x };
  });
  assertEquals(twice.sample(2).query.toArray(), [1, 1]);
});

Deno.test("tasks of different shapes or forms are refused, with the place", () => {
  let count = 0;
  const sizes = new meta.TaskDistribution(() => ({ x: ones([++count]) }));
  assertThrows(
    () => sizes.sample(2),
    ShapeError,
    "x must have the same shape in all tasks, got [1] and [2]",
  );
  const forms = new meta.TaskDistribution(() =>
    ++count % 2 === 0 ? { x: ones([1]) } : { y: ones([1]) } as never
  );
  assertThrows(() => forms.sample(2), TypeError, "in task 1");
  const none = new meta.TaskDistribution(() => 5 as never);
  assertThrows(
    () => none.sample(1),
    TypeError,
    "a task must consist of tensors in arrays or records, got 5",
  );
});
