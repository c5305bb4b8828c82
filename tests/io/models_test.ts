/**
 * Trained models of PyTorch: what ours compute with their weights, and all gradients, beside what
 * PyTorch computed in float64. Differences are measured by the largest magnitude.
 */

import { assert, assertEquals } from "@std/assert";
import { io, type nn, type Tensor } from "../../mod.ts";
import { valuesOf } from "../common/samples.ts";
import { Cnn, Encoder, Recurrent, ResNet18 } from "./models.ts";

/** The largest difference that is let pass, relative to the largest magnitude. */
const TOLERANCE = 1e-5;

/** Elements that `models.py` keeps of a gradient. */
const MOST = 512;

/** A model, and what it is made of. */
interface Model {
  readonly make: () => nn.Module;
  /** Where the state stands in the `.pt` file, if it holds more. */
  readonly key?: string;
}

const MODELS: Readonly<Record<string, Model>> = {
  cnn: { make: () => new Cnn(), key: "model" },
  lstm: { make: () => new Recurrent() },
  encoder: { make: () => new Encoder() },
  resnet18: { make: () => new ResNet18() },
};

function file(name: string): URL {
  return new URL(`../fixtures/models/${name}`, import.meta.url);
}

/** How far values are from others, relative to the largest of these. */
function distance(values: readonly number[], wanted: readonly number[]): number {
  assertEquals(values.length, wanted.length);
  const largest = Math.max(...wanted.map(Math.abs));
  const apart = Math.max(...wanted.map((value, i) => Math.abs(value - values[i]!)));
  return apart === 0 ? 0 : apart / largest;
}

/** The elements that `models.py` keeps. */
function sampled(x: Tensor): number[] {
  const values = valuesOf(x);
  const step = Math.ceil(values.length / MOST) || 1;
  return values.filter((_, i) => i % step === 0);
}

/** How far each of the results of a model is from what is expected, by its name there. */
function distances(
  model: nn.Module,
  expected: nn.StateDict,
  mode: "train" | "eval",
): Map<string, number> {
  model.train(mode === "train");
  const input = expected.input!.clone().requiresGrad_(expected.input!.dtype === "float32");
  const output = model.forward(input);
  output.backward(expected.cotangent!);
  const results: [string, number[]][] = [["output", valuesOf(output)]];
  if (input.grad !== null) results.push(["gradient", sampled(input.grad)]);
  for (const [name, { grad }] of model.namedParameters()) {
    results.push([`gradient.${name}`, sampled(grad!)]);
  }
  if (mode === "train") {
    for (const [name, buffer] of model.namedBuffers()) {
      if (buffer.dtype === "float32") results.push([`buffer.${name}`, valuesOf(buffer)]);
    }
  }
  const wanted = Object.keys(expected).filter((key) => key.startsWith(`${mode}.`));
  assertEquals(results.map(([name]) => `${mode}.${name}`).toSorted(), wanted.toSorted());
  return new Map(
    results.map(([name, values]) => [
      name,
      distance(values, valuesOf(expected[`${mode}.${name}`]!)),
    ]),
  );
}

function tooFar(found: ReadonlyMap<string, number>): string[] {
  return [...found].filter(([, apart]) => !(apart <= TOLERANCE))
    .map(([name, apart]) => `${name} ${apart.toExponential(1)}`);
}

for (const [name, { make, key }] of Object.entries(MODELS)) {
  const expected = () => io.loadSafetensors(file(`${name}.expected.safetensors`));
  const load = {
    pt: () => {
      const loaded = io.loadTorch<Record<string, io.TorchValue>>(file(`${name}.pt`));
      return key === undefined ? loaded : loaded[key];
    },
    safetensors: () => io.loadSafetensors(file(`${name}.safetensors`)),
  };
  for (const [format, read] of Object.entries(load)) {
    Deno.test(`${name}.${format} gives PyTorch's outputs and gradients`, () => {
      const model = make();
      assertEquals(model.loadStateDict(read() as nn.StateDict), { missing: [], unexpected: [] });
      assertEquals(tooFar(distances(model, expected(), "eval")), []);
      model.zeroGrad();
      assertEquals(tooFar(distances(model, expected(), "train")), []);
    });
  }

  Deno.test(`${name} with a weight that is wrong in one element is found`, () => {
    const model = make();
    const weights = load.safetensors();
    const [key, first] = Object.entries(weights).find(([, x]) => x.ndim > 1)!;
    const wrong = first.clone();
    wrong.data[0]! += 0.1;
    model.loadStateDict({ ...weights, [key]: wrong });
    assert(tooFar(distances(model, expected(), "eval")).length > 1);
  });
}

Deno.test("distances are relative to the largest magnitude", () => {
  assertEquals(distance([1, 2], [1, 2]), 0);
  assertEquals(distance([1, 200], [0, 100]), 1);
  assertEquals(tooFar(new Map([["a", 1e-5], ["b", 2e-5], ["c", NaN]])), ["b 2.0e-5", "c NaN"]);
});
