/** What is checked of every layer, by its row of the table and the values of PyTorch. */

import { assert, assertEquals } from "@std/assert";
import { assertClose, gradcheck, gradgradcheck } from "../../lib/testing/mod.ts";
import { type DType, functionalCall, grad, nn, type Tensor, type testing } from "../../mod.ts";
import { type Stored, unstored } from "../fixtures/stored.ts";
import type { Differentiable } from "../common/gradients.ts";
import { checkMapped } from "../common/mapped.ts";
import type { LayerCase } from "./table.ts";

/** What a layer gives in PyTorch, in training or in evaluation. */
interface TorchMode {
  readonly training: boolean;
  readonly output: Stored;
  readonly cotangent: Stored;
  readonly gradient: Stored;
  readonly gradients: Readonly<Record<string, Stored>>;
}

/** A layer in PyTorch. */
export interface TorchLayer {
  readonly title: string;
  readonly state: Readonly<Record<string, Stored>>;
  readonly input: Stored;
  readonly modes: readonly TorchMode[];
}

/** A layer with all that is known of it. */
export interface Subject extends LayerCase {
  readonly torch: TorchLayer;
}

/** The layer with PyTorch's state. */
function loaded({ make, torch }: Subject, dtype: DType = "float64"): nn.Module {
  const layer = make(dtype);
  const state = Object.entries(torch.state).map(([key, stored]) => [key, unstored(stored)]);
  layer.loadStateDict(Object.fromEntries(state));
  return layer;
}

function inputOf({ torch }: Subject, dtype: DType = "float64"): Tensor {
  return unstored(torch.input).to({ dtype }).requiresGrad_();
}

function compare(x: Tensor, stored: Stored, message: string): void {
  assertClose(x.detach(), unstored(stored), { rtol: 1e-12, atol: 1e-13, message });
}

/** The checks, by what they say of a layer. */
export const CHECKS = {
  "has the state dict of PyTorch": ({ make, torch }: Subject) => {
    const shapes = (state: object) =>
      Object.entries(state).map(([key, { shape }]) => [key, [...shape]]);
    assertEquals(shapes(make("float32").stateDict()), shapes(torch.state));
  },
  "has the outputs and gradients of PyTorch, in training and in evaluation": (subject: Subject) => {
    const { torch: { modes }, random = false } = subject;
    assertEquals(modes.map(({ training }) => training), random ? [false] : [true, false]);
    for (const { training, output, cotangent, gradient, gradients } of modes) {
      const layer = loaded(subject).train(training);
      const x = inputOf(subject);
      const y = layer.forward(x);
      const mode = training ? "in training" : "in evaluation";
      compare(y, output, `the output ${mode}`);
      const parameters = layer.namedParameters();
      const wanted = [x, ...parameters.map(([, p]) => p)];
      const [first, ...others] = grad(y, wanted, { gradOutputs: unstored(cotangent) });
      compare(first!, gradient, `the gradient of the input ${mode}`);
      assertEquals(parameters.map(([name]) => name), Object.keys(gradients));
      parameters.forEach(([name], i) =>
        compare(others[i]!, gradients[name]!, `the gradient of ${name} ${mode}`)
      );
    }
  },
  "has the gradients that differences have, of first and second order": (subject: Subject) => {
    const layer = loaded(subject).train(!subject.random);
    const names = layer.namedParameters().map(([name]) => name);
    const fn = (x: Tensor, ...parameters: Tensor[]) =>
      functionalCall(
        layer,
        Object.fromEntries(names.map((name, i) => [name, parameters[i]!])),
        x,
      );
    const inputs = [
      subject.torch.input.shape,
      ...layer.parameters().map((p) => p.detach().clone().requiresGrad_()),
    ] as [testing.GradcheckInput, ...Tensor[]];
    gradcheck(fn, inputs);
    gradgradcheck(fn, inputs);
  },
  "is the loop over examples under vmap, with its gradients": (subject: Subject) => {
    const layer = loaded(subject).train(!subject.random);
    const names = layer.namedParameters().map(([name]) => name);
    const fn = (x: Tensor, ...parameters: Tensor[]) =>
      functionalCall(layer, Object.fromEntries(names.map((name, i) => [name, parameters[i]!])), x);
    const inputs = [inputOf(subject), ...layer.parameters()].map((x) => x.detach());
    checkMapped("the layer", fn as Differentiable, inputs);
  },
  "computes in float32 as in float64": (subject: Subject) => {
    const [narrow, wide] = (["float32", "float64"] as const).map((dtype) =>
      loaded(subject, dtype).eval().forward(inputOf(subject, dtype))
    );
    assertEquals([narrow!.dtype, wide!.dtype], ["float32", "float64"]);
    assertClose(narrow!.to({ dtype: "float64" }), wide!, { rtol: 1e-5, atol: 1e-6 });
  },
  "is all in its state": (subject: Subject) => {
    const [one, other] = [subject.make("float64").eval(), subject.make("float64").eval()];
    other.loadStateDict(one.stateDict());
    const x = inputOf(subject);
    assertEquals(other.forward(x).toArray(), one.forward(x).toArray());
  },
  "takes a batch of nothing": (subject: Subject) => {
    const one = inputOf(subject).detach();
    const batch = one.ndim < 2 ? one.unsqueeze(0) : one;
    const layer = loaded(subject);
    const x = batch.narrow(0, 0, 0).clone().requiresGrad_();
    const y = layer.forward(x);
    assertEquals([y.size, y.ndim], [0, layer.forward(batch).ndim]);
    const [g, ...others] = grad(y.sum(), [x, ...layer.parameters()]);
    assertEquals(g?.shape, x.shape);
    for (const other of others) assert(other.eq(0).all().item() === 1);
  },
  "leaves its input as it was": (subject: Subject) => {
    const x = inputOf(subject).detach();
    const before = x.toArray();
    subject.make("float64").forward(x);
    assertEquals(x.toArray(), before);
  },
  "is made for training, and told otherwise with all in it": ({ make }: Subject) => {
    const layer = make("float32");
    const modes = () => new Set(layer.modules().map(({ training }) => training));
    assertEquals([...modes()], [true]);
    layer.eval();
    assertEquals([...modes()], [false]);
  },
  "prints its arguments": ({ make, prints }: Subject) => {
    const layer = make("float32");
    assertEquals([layer.toString(), Deno.inspect(layer)], [prints, prints]);
    const inner = prints.replaceAll("\n", "\n  ");
    assertEquals(new nn.Sequential(layer).toString(), `Sequential(\n  (0): ${inner}\n)`);
  },
} as const satisfies Readonly<Record<string, (subject: Subject) => void>>;
