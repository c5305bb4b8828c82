/** Averages of weights: PyTorch's values and keys, states, and what is refused. */

import { assertEquals, assertThrows } from "@std/assert";
import { assertClose, CheckError } from "../../lib/testing/mod.ts";
import { nn, ones, optim, type Tensor, zeros } from "../../mod.ts";
import { casesOf, type Stored, unstored } from "../fixtures/stored.ts";

type State = Readonly<Record<string, Stored>>;

interface Averaging {
  readonly kind: "ExponentialMovingAverage" | "SWA";
  readonly options: { readonly decay?: number; readonly useBuffers?: boolean };
  readonly models: readonly State[];
  readonly averages: readonly State[];
}

class Model extends nn.Module {
  weight = new nn.Parameter(zeros([2, 3], { dtype: "float64" }));
  mean = new nn.Buffer(zeros([3], { dtype: "float64" }));
  override forward(x: Tensor): Tensor {
    return x.sub(this.mean).matmul(this.weight.mT);
  }
}

function unstoredState(state: State): nn.StateDict {
  return Object.fromEntries(Object.entries(state).map(([key, x]) => [key, unstored(x)]));
}

function compare({ kind, options, models, averages }: Averaging, stop: number | null): void {
  const model = new Model();
  let average = new optim[kind](new Model(), options);
  models.forEach((state, i) => {
    model.loadStateDict(unstoredState(state));
    average.update(model);
    const own = average.stateDict();
    assertEquals(Object.keys(own).sort(), Object.keys(averages[i]!).sort());
    for (const [key, x] of Object.entries(averages[i]!)) {
      assertClose(own[key]!, unstored(x), { rtol: 1e-12, atol: 1e-15, message: `${key}, ${i}` });
    }
    if (i !== stop) return;
    average = new optim[kind](new Model(), options);
    average.loadStateDict(own);
  });
}

const CASES = casesOf<Averaging>("averaging");

for (const averaging of CASES) {
  const title = `optim.${averaging.kind} with ${JSON.stringify(averaging.options)}`;
  Deno.test(`${title} follows PyTorch`, () => compare(averaging, null));
  Deno.test(`${title} goes on from a state dict as if it had not stopped`, () => {
    for (const stop of [0, 2]) compare(averaging, stop);
  });
}

Deno.test("an average with another decay, and one that forgets how many there were, are found", () => {
  const [, ema, , swa] = CASES;
  const other = { ...ema!, options: { decay: 0.7 + 1e-9 } };
  assertThrows(() => compare(other, null), CheckError, "module.weight, 1");
  assertThrows(() => compare({ ...swa!, models: swa!.models.slice(1) }, null), CheckError);
});

Deno.test("an average is used as the model is, and leaves it alone", () => {
  const model = new nn.Linear(2, 1);
  const average = new optim.SWA(new nn.Linear(2, 1));
  average.update(model);
  const x = ones([3, 2]);
  assertEquals(average.forward(x).toArray(), model.forward(x).toArray());
  const before = model.weight.toArray();
  nn.init.constant_(average.parameters()[0]!, 9);
  assertEquals(model.weight.toArray(), before);
  assertEquals(average.eval().module.training, false);
});

Deno.test("averages refuse what is no module, the model itself, and models of another form", () => {
  const model = new nn.Linear(2, 1);
  const average = new optim.ExponentialMovingAverage(new nn.Linear(2, 1));
  average.update(model);
  const before = Deno.inspect(average.stateDict());
  const wrong: [call: () => unknown, says: string][] = [
    [() => average.update(average.module), "the model shares tensors with the average"],
    [() => average.update(new nn.Linear(3, 1)), '"weight" has shape [1, 2], the state [1, 3]'],
    [() => average.update(new nn.Linear(2, 1, { bias: false })), "missing keys bias"],
    [() => average.update({} as nn.Module), "the model must be a module"],
    [() => new optim.SWA({} as nn.Module), "the module must be a module"],
    [
      () => new optim.ExponentialMovingAverage(model, { decay: 1.5 }),
      "decay must lie in [0, 1], got 1.5",
    ],
  ];
  for (const [call, says] of wrong) assertThrows(call, Error, says);
  assertEquals(Deno.inspect(average.stateDict()), before);
});
