/** Wrong calls of the training loop: each says what it got and what it needs. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { losses, metrics, nn, ones, optim, type Tensor, tensor, train } from "../../mod.ts";
import { pointsOf, problem, weights } from "./problem.ts";

/** The warnings that a function gives. */
async function warnings(fn: () => Promise<void>): Promise<string[]> {
  const told: string[] = [];
  const { warn } = console;
  console.warn = (text: string) => told.push(text);
  try {
    await fn();
  } finally {
    console.warn = warn;
  }
  return told;
}

Deno.test("fit() refuses what does not fit, by name", async () => {
  const good = problem();
  const { model, optimizer, train: loader } = good;
  const [x] = pointsOf(good).tensors;
  const refused: [options: object, message: string][] = [
    [{ model }, "Cannot fit: it needs optimizer, train"],
    [{ ...good, loss: undefined }, "Cannot fit: it needs either loss or step"],
    [{ ...good, step: () => ones([]) }, "Cannot fit: it needs either loss or step"],
    [{ ...good, optimiser: optimizer }, 'there is no option "optimiser"'],
    [{ ...good, epochs: 0 }, "Cannot fit: epochs must be a positive integer, got 0"],
    [{ ...good, model: () => x }, "Cannot fit: model must be a module"],
    [{ ...good, optimizer: {} }, "Cannot fit: optimizer must be an optimizer, got {}"],
    [{ ...good, train: x }, "Cannot fit: train must be batches"],
    [{ ...good, train: [ones([2, 3])] }, "a batch of train must be a pair of tensors"],
    [{ ...good, train: [[x, x, x]] }, "pass { step } for batches of another form"],
    [
      { ...good, loss: losses.HuberLoss },
      "must be a function or a module, got the class HuberLoss",
    ],
    [{ ...good, loss: { forward: losses.mse } }, "Cannot fit: loss must be a function or a module"],
    [{ ...good, loss: () => 1 }, "Cannot fit: the loss must be a tensor with one element"],
    [{ ...good, loss: () => ({ a: ones([2]) }) }, "Cannot fit: the term a of the loss must be"],
    [{ ...good, loss: () => ({}) }, "Cannot fit: the loss must be a tensor with one element"],
    [{ ...good, loss: () => tensor(1) }, "Cannot run backward"],
    [{ ...good, loss: () => ones([], { requiresGrad: true }) }, "must depend on its output"],
    [
      { ...good, optimizer: new optim.SGD(new nn.Linear(1, 1).parameters(), { lr: 1 }) },
      "none of the optimizer's parameters a gradient; they must be those of the model",
    ],
    [{ ...good, resume: "" }, 'Cannot fit: resume must be a path, got ""'],
    [{ ...good, resume: "." }, "Cannot run load on .: it is not a file"],
    [{ ...good, metrics: { acc: 1 } }, "Cannot fit: metrics.acc must be a metric"],
    [{ ...good, metrics: { acc: () => "no" } }, "the metric acc: it must give a number"],
    [{ ...good, loss: undefined, step: () => ones([]), metrics: { a: () => 1 } }, "pass loss"],
    [
      { ...good, callbacks: [() => {}] },
      "Cannot fit: each of callbacks must be an object with some of",
    ],
    [{ ...good, callbacks: [{}] }, "Cannot fit: each of callbacks must be an object with some of"],
    [{ ...good, callbacks: [{ onEpochend() {} }] }, 'did you mean "onEpochEnd"'],
    [{ ...good, scheduler: 1 }, "Cannot fit: scheduler must be a schedule of optim"],
    [{ ...good, scheduler: { interval: "step" } }, "Cannot fit: it needs scheduler"],
    [{ ...good, clipGradNorm: 0 }, "Cannot fit: clipGradNorm must be a positive number"],
    [{ ...good, signal: true }, "Cannot fit: signal must be an AbortSignal"],
    [
      {
        ...good,
        scheduler: {
          scheduler: new optim.ReduceLROnPlateau(optimizer),
          interval: "step",
        },
      },
      'has the interval "epoch"',
    ],
    ...[optim.ReduceLROnPlateau, optim.ExponentialLR].map((Schedule) => {
      const other = new optim.SGD(model.parameters(), { lr: 1 });
      const scheduler = Schedule === optim.ExponentialLR
        ? new optim.ExponentialLR(other, { gamma: 0.5 })
        : new optim.ReduceLROnPlateau(other);
      return [{ ...good, scheduler }, "sets the rates of another optimizer"] as [object, string];
    }),
    ...["epoch", "step", "lr", "seconds", "loss"].flatMap((name): [object, string][] => [
      [
        { ...good, loss: (p: Tensor) => ({ [name]: p.mean() }) },
        `a term of the loss must have a name of its own, got "${name}"`,
      ],
      [
        { ...good, metrics: { [name]: metrics.mse } },
        `a metric must have a name of its own, got "${name}"`,
      ],
    ]),
    [
      { ...good, loss: (p: Tensor) => ({ a: p.mean() }), metrics: { a: metrics.mse } },
      "Cannot compute the metric a: a term of the loss has its name",
    ],
    [
      { ...good, loss: (p: Tensor) => ({ valLoss: p.mean() }), validation: loader },
      '"valLoss" is the name of a number of training and of one of the validation',
    ],
    [
      { ...good, callbacks: [new train.EarlyStopping()] },
      'Cannot stop early: there is no "valLoss" to monitor among epoch, step, lr, seconds, loss',
    ],
  ];
  for (const [options, message] of refused) {
    const error = await assertRejects(() => train.fit(options as train.FitOptions<unknown>), Error);
    assert(error.message.includes(message), `${error.message}\ninstead of\n${message}`);
  }
  const evaluated: [options: object, message: string][] = [
    [{ model, loss: losses.mse }, "Cannot evaluate: it needs data"],
    [{ model, loss: losses.mse, data: loader, validation: loader }, 'no option "validation"'],
  ];
  for (const [options, message] of evaluated) {
    const error = await assertRejects(
      () => train.evaluate(options as train.EvaluateOptions<unknown>),
      Error,
    );
    assert(error.message.includes(message), `${error.message}\ninstead of\n${message}`);
  }
});

Deno.test("files that cannot be written are refused before anything is learned", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const makers: readonly ((path: string) => train.Callback)[] = [
      (path) => new train.Checkpoint(path),
      (path) => new train.CsvLogger(path),
      (path) => new train.JsonlLogger(path),
      (path) => new train.TensorBoardLogger(`${path}/taken/folder`),
    ];
    await Deno.writeTextFile(`${folder}/taken`, "");
    for (const make of makers) {
      for (const path of [folder, `${folder}/taken/file`]) {
        const settings = problem();
        const before = weights(settings.model);
        const callbacks = [make(path)];
        const told = await warnings(async () => {
          const error = await assertRejects(() => train.fit({ ...settings, callbacks }), Error);
          assert(error.message.startsWith("Cannot run "), error.message);
        });
        assertEquals(told, []);
        assertEquals(weights(settings.model), before);
      }
    }
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["taken"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("what fails first is thrown, and what fails at the end is told beside it", async () => {
  const failing = (what: string) => () => {
    throw new Error(what);
  };
  const callbacks = [
    { onFitEnd: failing("disk") },
    { onBatchEnd: failing("mine"), onFitEnd: failing("wire") },
  ];
  const told = await warnings(async () => {
    await assertRejects(() => train.fit({ ...problem(), callbacks }), Error, "mine");
  });
  assertEquals(told, ["fit: at the end, too: Error: wire", "fit: at the end, too: Error: disk"]);
});
