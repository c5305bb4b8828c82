/** Wrong calls of the training loop: each says what it got and what it needs. */

import { assert, assertRejects } from "@std/assert";
import { losses, ones, optim, tensor, train } from "../../mod.ts";
import { pointsOf, problem } from "./problem.ts";

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
    [{ ...good, loss: () => 1 }, "Cannot fit: the loss must be a tensor with one element"],
    [{ ...good, loss: () => ({ a: ones([2]) }) }, "Cannot fit: the term a of the loss must be"],
    [{ ...good, loss: () => ({}) }, "Cannot fit: the loss must be a tensor with one element"],
    [{ ...good, loss: () => tensor(1) }, "Cannot run backward"],
    [{ ...good, metrics: { acc: 1 } }, "Cannot fit: metrics.acc must be a metric"],
    [{ ...good, metrics: { acc: () => "no" } }, "the metric acc: it must give a number"],
    [{ ...good, loss: undefined, step: () => ones([]), metrics: { a: () => 1 } }, "pass loss"],
    [
      { ...good, callbacks: [() => {}] },
      "Cannot fit: each of callbacks must be an object with some of",
    ],
    [{ ...good, callbacks: [{}] }, "Cannot fit: each of callbacks must have some of onFitStart"],
    [{ ...good, callbacks: [{ onEpochend() {} }] }, 'did you mean "onEpochEnd"'],
    [{ ...good, scheduler: 1 }, "Cannot fit: scheduler must be a schedule of optim"],
    [{ ...good, scheduler: { interval: "step" } }, "Cannot fit: it needs scheduler"],
    [{ ...good, clipGradNorm: 0 }, "Cannot fit: clipGradNorm must be a number above 0"],
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
    [
      { ...good, callbacks: [new train.EarlyStopping()] },
      'Cannot stop early: there is no "valLoss" to watch among epoch, step, lr, seconds, loss',
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
