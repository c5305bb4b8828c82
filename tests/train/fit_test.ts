/** The training loop against the same written by hand, and its options. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { assertClose } from "../../lib/testing/mod.ts";
import {
  data,
  detectAnomaly,
  GradError,
  keep,
  losses,
  memoryStats,
  nn,
  noGrad,
  ones,
  optim,
  type Tensor,
  tensor,
  train,
  zeros,
} from "../../mod.ts";
import { noting, pointsOf, problem, weights } from "./problem.ts";

const { fit } = train;

Deno.test("fit() does what a loop by hand does, bit for bit", async () => {
  const settings = problem();
  const set = pointsOf(settings);
  const validation = new data.DataLoader(set, { batchSize: 8 });
  const history = await fit({ ...settings, validation, epochs: 3, clipGradNorm: 0.5 });

  const { model, optimizer, train: loader, loss } = problem();
  const rows = [];
  for (let epoch = 1; epoch <= 3; epoch++) {
    let sum = 0;
    for (const [x, y] of loader) {
      optimizer.zeroGrad();
      const found = loss(model.forward(x), y);
      found.backward();
      nn.utils.clipGradNorm_(model.parameters(), 0.5);
      optimizer.step();
      sum += found.item() * (x.shape[0] ?? 0);
    }
    const [x, y] = set.tensors;
    rows.push([epoch, sum / 20, noGrad(() => loss(model.forward(x), y).item())]);
  }
  assertEquals(weights(settings.model), weights(model));
  assertEquals(
    history.records.map(({ epoch, loss }) => [epoch, loss]),
    rows.map((r) => r.slice(0, 2)),
  );
  assertClose(tensor(history.column("valLoss")), tensor(rows.map((row) => row[2] ?? NaN)));
  assertEquals(history.column("step"), [5, 10, 15]);
  assertEquals(history.stopped, null);
});

Deno.test("fit() notes each term of a loss, and metrics of both kinds", async () => {
  const settings = problem();
  let [sum, count] = [0, 0];
  const streaming = {
    reset: () => void ([sum, count] = [0, 0]),
    update: (p: Tensor, t: Tensor) => {
      sum += p.sub(t).abs().sum().item();
      count += p.size;
    },
    compute: () => sum / count,
  };
  const history = await fit({
    ...settings,
    loss: (p, t) => ({ fit: losses.mse(p, t), size: p.square().mean().mul(0.1) }),
    metrics: { mae: (p, t) => losses.l1(p, t), streamed: streaming },
    validation: settings.train,
  });
  const [record = {}] = history.records;
  assertEquals(history.columns.slice(4), [
    ...["loss", "fit", "size", "mae", "streamed"],
    ...["valLoss", "valFit", "valSize", "valMae", "valStreamed"],
  ]);
  assertClose(tensor((record.fit ?? NaN) + (record.size ?? NaN)), tensor(record.loss ?? NaN));
  assertClose(tensor(record.valMae ?? NaN), tensor(record.valStreamed ?? NaN));
  assert(record.valMae !== record.mae);
});

Deno.test("fit() notes the terms of a loss that is composed, and those of equal names apart", async () => {
  const loss = new losses.MSELoss().plus(
    new losses.HuberLoss().plus(new losses.MSELoss()).times(0.5),
  );
  const { records } = await fit({ ...problem(), loss });
  const { MSELoss: mse = NaN, HuberLoss: huber = NaN, "MSELoss 2": half = NaN } = records[0] ?? {};
  assertClose(tensor(half * 2), tensor(mse));
  assertClose(tensor(mse + huber + half), tensor(records[0]?.loss ?? NaN), { rtol: 1e-5 });
  const single = await fit({ ...problem(), loss: new losses.MSELoss() });
  assertEquals(single.columns, ["epoch", "step", "lr", "seconds", "loss"]);
});

Deno.test("accumulated batches make the step of one large batch, also where some are left over", async () => {
  // 20 examples in batches of 3: a step of 6, of 6, of 6, and one of the last 2.
  const small = problem(1, 3);
  const set = pointsOf(small);
  const ordered = (batchSize: number) => new data.DataLoader(set, { batchSize });
  const turns: string[] = [];
  await fit({ ...small, train: ordered(3), accumulate: 2, callbacks: [noting(turns)] });
  const large = problem(1, 3);
  await fit({ ...large, train: ordered(6) });
  for (const [name, value] of Object.entries(small.model.stateDict())) {
    assertClose(value, large.model.stateDict()[name] ?? zeros([]), { rtol: 1e-5 });
  }
  assertEquals(turns.slice(2, 6), [
    "batch 1 false 0",
    "batch 2 true 1",
    "batch 3 false 1",
    "batch 4 true 2",
  ]);
  assertEquals(turns.slice(-3), ["batch 7 false 3", "epoch end 1", "fit end"]);
  assertEquals(small.optimizer.stateDict().state[0]?.step, 4);
});

Deno.test("fit() calls callbacks at their turns and waits for them", async () => {
  const turns: string[] = [];
  const slow: train.Callback = {
    async onEpochEnd() {
      await new Promise((resolve) => setTimeout(resolve, 5));
      turns.push("waited");
    },
    onFitEnd: () => void turns.push("slow end"),
  };
  await fit({ ...problem(1, 10), epochs: 2, callbacks: [slow, noting(turns)] });
  const epoch = (n: number) => [
    ...[`epoch ${n}`, `batch 1 true ${2 * n - 1}`, `batch 2 true ${2 * n}`],
    ...["waited", `epoch end ${n}`],
  ];
  assertEquals(turns, ["fit start", ...epoch(1), ...epoch(2), "fit end", "slow end"]);
});

Deno.test("all callbacks learn of the end, also where one fails at it", async () => {
  const turns: string[] = [];
  const failing: train.Callback = {
    onFitEnd() {
      throw new Error("planted");
    },
  };
  const callbacks = [noting(turns), failing];
  await assertRejects(() => fit({ ...problem(), callbacks }), Error, "planted");
  assertEquals(turns.at(-1), "fit end");
});

Deno.test("fit() steps schedules by step or by epoch, and plateaus by what they watch", async () => {
  const rates = async (make: (optimizer: optim.Adam) => train.FitScheduler, more = {}) => {
    const settings = problem(1, 10);
    const scheduler = make(settings.optimizer);
    const seen: number[] = [];
    const callbacks = [{
      onBatchEnd: (_: train.Run, { lr }: train.BatchReport) => void seen.push(lr),
    }];
    await fit({ ...settings, epochs: 2, scheduler: { scheduler, ...more }, callbacks });
    return seen.map((lr) => Number(lr.toPrecision(4)));
  };
  const halves = (optimizer: optim.Adam) => new optim.ExponentialLR(optimizer, { gamma: 0.5 });
  assertEquals(await rates(halves), [0.05, 0.05, 0.025, 0.025]);
  assertEquals(await rates(halves, { interval: "step" }), [0.025, 0.0125, 0.00625, 0.003125]);
  const cycle = (optimizer: optim.Adam) =>
    new optim.OneCycleLR(optimizer, { maxLr: 0.1, totalSteps: 5 });
  const cycled = await rates(cycle);
  assertEquals(new Set(cycled).size, 4);
  const plateau = (optimizer: optim.Adam) =>
    new optim.ReduceLROnPlateau(optimizer, { patience: 0, factor: 0.1, mode: "max" });
  assertEquals(await rates(plateau, { monitor: "loss" }), [0.05, 0.05, 0.05, 0.05]);
  await assertRejects(
    () => rates(plateau, { monitor: "valLoss" }),
    RangeError,
    'Cannot step the schedule: there is no "valLoss" to monitor among epoch, step, lr, seconds, loss',
  );
});

Deno.test("fit() ends early by signal, by time, by a callback, and says why", async () => {
  const controller = new AbortController();
  const aborting: train.Callback = {
    onBatchEnd: ({ step }) => step === 3 ? controller.abort() : undefined,
  };
  const stopping: train.Callback = { onEpochEnd: (run) => run.stop("enough") };
  const aborted = await fit({
    ...problem(),
    epochs: 9,
    signal: controller.signal,
    callbacks: [aborting],
  });
  assertEquals([aborted.stopped, aborted.column("step")], ["aborted", [3]]);
  // Before there is a batch, none is learned.
  const early: [options: object, reason: string][] = [
    [{ signal: AbortSignal.abort() }, "aborted"],
    [{ callbacks: [{ onFitStart: (run: train.Run) => run.stop("enough") }] }, "enough"],
    [{ callbacks: [{ onEpochStart: (run: train.Run) => run.stop("enough") }] }, "enough"],
  ];
  for (const [options, reason] of early) {
    const settings = problem();
    const before = weights(settings.model);
    const none = await fit({ ...settings, ...options });
    assertEquals([none.stopped, none.records, weights(settings.model)], [reason, [], before]);
  }
  const stopped = await fit({ ...problem(), epochs: 9, callbacks: [stopping] });
  assertEquals([stopped.stopped, stopped.column("epoch")], ["enough", [1]]);
  const late = await fit({ ...problem(), epochs: 9, maxTime: 1e-9 });
  assertEquals([late.stopped, late.column("step")], ["maxTime of 1e-9 s", [1]]);
});

Deno.test("fit() takes few batches where it is asked to", async () => {
  const steps = async (more: Partial<train.FitOptions<readonly Tensor[]>>) =>
    (await fit({ ...problem(), epochs: 2, ...more })).column("step");
  assertEquals(await steps({ limitBatches: 2 }), [2, 4]);
  assertEquals(await steps({ fastDevRun: true }), [1]);
  assertEquals(await steps({ fastDevRun: 3 }), [3]);
  const seen: unknown[] = [];
  const { model, loss, ...rest } = problem();
  await fit({
    ...rest,
    model,
    step: ([x, y]: readonly [Tensor, Tensor]) => {
      seen.push(x.toArray());
      return loss(model.forward(x), y);
    },
    overfitBatches: 2,
    epochs: 2,
  });
  assertEquals(seen.length, 4);
  assertEquals(seen.slice(0, 2), seen.slice(2));
});

Deno.test("a loss that is no number ends fit() with where it happened, and nothing is lost", async () => {
  const { model, optimizer, ...rest } = problem();
  let step = 0;
  const broken = (p: Tensor, t: Tensor) => ({
    good: losses.mse(p, t),
    bad: step++ === 7 ? p.sum().mul(0).log().mul(0) : p.sum().mul(0),
  });
  const error = await assertRejects(
    () => fit({ ...rest, model, optimizer, loss: broken, epochs: 3 }),
    train.FitError,
    "Cannot continue fit: the term bad of the loss is NaN in batch 3 of epoch 2, after 7 steps",
  );
  assertEquals(error.history.column("epoch"), [1, 2]);
  assert(model.parameters().every((p) => p.isfinite().all().item()));
  step = 0;
  const history = await fit({ ...rest, model, optimizer, loss: broken, terminateOnNaN: false });
  assertEquals(history.records.length, 1);
});

/** What a function warns of. */
async function warnings(fn: () => Promise<unknown>): Promise<string[]> {
  const { warn } = console;
  const said: string[] = [];
  console.warn = (text: string) => void said.push(text);
  try {
    await fn();
  } finally {
    console.warn = warn;
  }
  return said;
}

Deno.test("a metric that turns NaN is told once, with the step, and anomaly detection tells the op", async () => {
  let epoch = 0;
  const shrinking = (p: Tensor) => p.mul(0).add(2 - epoch).log().mean();
  const settings = () => ({
    ...problem(),
    metrics: { shrinking },
    epochs: 5,
    callbacks: [{ onEpochStart: (run: train.Run) => void (epoch = run.epoch) }],
  });
  let history = new train.History();
  const said = await warnings(async () => history = await fit(settings()));
  assertEquals(history.column("shrinking").map(Number.isNaN), [false, false, true, true, true]);
  assertEquals(said, [
    "fit: shrinking turned NaN in epoch 3, after 15 steps; put `using _ = detectAnomaly()` before " +
    "fit to see which op made it",
  ]);
  assertEquals(await warnings(() => fit({ ...settings(), epochs: 2 })), []);
  const search = async () => {
    using _ = detectAnomaly();
    // An infinity, of log 0, comes before the first NaN.
    await fit(settings());
  };
  const error = await assertRejects(search, GradError, "log made an infinity (shape [4, 1])");
  assert(error.message.includes("fit_test.ts"), error.message);
  // The search is over.
  assertEquals(zeros([]).log().item(), -Infinity);
});

Deno.test("data without batches, and an iterator that is used up, are refused by name", async () => {
  const settings = problem();
  const again = "an iterator gives them only once";
  const batches = [...settings.train];
  const refused: [options: object, message: string][] = [
    [{ train: [] }, `Cannot continue fit: train gave no batches in epoch 1; ${again}`],
    [
      { train: batches.values() },
      `Cannot continue fit: train gave no batches in epoch 2; ${again}`,
    ],
    [{ validation: [] }, `Cannot evaluate: validation gave no batches; ${again}`],
    [{ validation: batches.values() }, `Cannot evaluate: validation gave no batches; ${again}`],
  ];
  for (const [options, message] of refused) {
    await assertRejects(() => fit({ ...settings, epochs: 2, ...options }), Error, message);
  }
  const { model, loss } = settings;
  await assertRejects(
    () => train.evaluate({ model, loss, data: [] }),
    RangeError,
    "Cannot evaluate: data gave no batches",
  );
});

/** A model that carries a state from batch to batch. */
class Recurrent extends nn.Module {
  cell = new nn.Linear(4, 4);
  out = new nn.Linear(4, 1);
  state: Tensor | null = null;
  override forward(x: Tensor): Tensor {
    const before = this.state ?? zeros([x.shape[0] ?? 0, 4]);
    const h = this.cell.forward(before.add(x.sum(1, { keepdim: true }))).tanh();
    this.state = h.detach();
    return this.out.forward(h);
  }
}

Deno.test("what a model holds and what is given to keep() outlives a step", async () => {
  const set = pointsOf(problem());
  const model = new Recurrent();
  const held: Tensor[] = [];
  const lost: Tensor[] = [];
  await fit({
    model,
    loss: (p, t) => {
      held.push(keep(p.detach().clone()));
      lost.push(p.detach().clone());
      return losses.mse(p, t);
    },
    optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
    train: new data.DataLoader(set, { batchSize: 5 }),
    epochs: 2,
    progress: false,
  });
  assert((model.state?.abs().max().item() ?? 2) <= 1);
  assertEquals(held.map((x) => x.isfinite().all().item()).length, 8);
  assertThrows(() => lost[0]?.data, Error, "scope");
});

Deno.test("fit() leaves frozen parts in evaluation mode, and what validation finds as it was", async () => {
  const modes: boolean[][] = [];
  const set = pointsOf(problem());
  const frozen = new nn.Dropout();
  const model = new nn.Sequential(new nn.Linear(3, 1), frozen);
  const note = (p: Tensor, t: Tensor) => {
    modes.push([model.training, frozen.training]);
    return losses.mse(p, t);
  };
  const loader = new data.DataLoader(set, { batchSize: 20 });
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.01 });
  const settings = {
    model,
    optimizer,
    train: loader,
    validation: loader,
    loss: note,
    progress: false,
  };
  frozen.eval();
  await fit(settings);
  assertEquals(modes, [[true, false], [false, false]]);
  model.eval();
  await fit(settings);
  assertEquals(modes.slice(2), [[true, true], [false, false]]);
  assertEquals([model.training, frozen.training], [true, true]);
});

Deno.test("fit() reports parameters of the loss and of the model that nobody steps", async () => {
  const { warn } = console;
  const said: string[] = [];
  console.warn = (text: string) => void said.push(text);
  try {
    const settings = problem();
    const loss = new losses.AdaptiveRobustLoss();
    await fit({ ...settings, loss });
    assert(said[0]?.includes("will not be learned"), said[0]);
    const optimizer = new optim.Adam([...settings.model.parameters(), ...loss.parameters()]);
    await fit({ ...settings, optimizer, loss });
    assertEquals(said.length, 1);
    const part = new optim.Adam(settings.model.parameters().slice(1));
    await fit({ ...settings, optimizer: part });
    assert(said[1]?.includes("the model has parameters that are in no group"), said[1]);
    settings.model.parameters()[0]!.requiresGrad_(false);
    await fit({ ...settings, optimizer: part });
    assertEquals(said.length, 2);
  } finally {
    console.warn = warn;
  }
});

Deno.test("evaluate() gives means over all examples and leaves nothing behind", async () => {
  const { model, loss, train: loader } = problem();
  const set = pointsOf({ train: loader });
  const [x, y] = set.tensors;
  const found = await train.evaluate({
    model,
    loss,
    data: new data.DataLoader(set, { batchSize: 8 }),
  });
  assertClose(tensor(found.loss ?? NaN), loss(model.forward(x), y));
  assertEquals(model.parameters().map(({ grad }) => grad), [null, null, null, null]);
});

Deno.test("fit() keeps memory flat", async () => {
  const model = new nn.Linear(1000, 1000);
  const optimizer = new optim.SGD(model.parameters(), { lr: 1e-6 });
  const batch = [ones([64, 1000]), ones([64, 1000])];
  const bytes: number[] = [];
  await fit({
    model,
    optimizer,
    loss: losses.mse,
    train: Array.from({ length: 30 }, () => batch),
    progress: false,
    callbacks: [{ onBatchEnd: () => void bytes.push(memoryStats().freeBytes) }],
  });
  assertEquals(new Set(bytes.slice(2)).size, 1, `${bytes}`);
});

Deno.test("fit() of many steps is flat in memory, and a leak would be noticed", async () => {
  const script = new URL("long_fit.ts", import.meta.url).pathname;
  const args = ["run", "-A", "--no-check", "--v8-flags=--expose-gc", script, "1000"];
  const run = (...more: string[]) =>
    new Deno.Command(Deno.execPath(), { args: [...args, ...more] }).output();
  const [flat, leaking] = await Promise.all([run(), run("--leak")]);
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assertEquals([flat.code, text(flat.stderr)], [0, ""], text(flat.stdout));
  assertEquals([leaking.code, text(leaking.stderr)], [
    1,
    "Memory has grown by more than is allowed\n",
  ]);
});
