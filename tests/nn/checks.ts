/** What is checked of every layer, by its row of the table and the values of PyTorch. */

import { assert, assertEquals } from "@std/assert";
import { assertClose, gradcheck, gradgradcheck } from "../../lib/testing/mod.ts";
import {
  type DType,
  functionalCall,
  grad,
  manualSeed,
  nn,
  Tensor,
  type testing,
} from "../../mod.ts";
import { optionsOf, type Stored, unstored } from "../fixtures/stored.ts";
import type { Differentiable } from "../common/gradients.ts";
import { checkMapped } from "../common/mapped.ts";
import { assertMoments, momentsOf } from "./moments.ts";
import type { Layer, LayerRow, TorchClass, TorchLayer } from "./rows/row.ts";

/** A layer with all that is known of it. */
export interface Subject {
  readonly name: string;
  readonly row: LayerRow;
  readonly torchClass: TorchClass;
  readonly torch: TorchLayer;
}

/** The layer as it is made. */
function make({ name, row, torchClass, torch }: Subject, dtype: DType = "float64"): Layer {
  if (row.make !== undefined) return row.make(torch, dtype) as Layer;
  const made = Reflect.get(nn, name) as new (...args: unknown[]) => Layer;
  const options = { ...optionsOf(torch.options), ...torchClass.dtype && { dtype } };
  return Object.keys(options).length === 0
    ? new made(...torch.args)
    : new made(...torch.args, options);
}

/** Gives a layer PyTorch's state. */
function load<L extends Layer>(layer: L, { torch }: Subject): L {
  const state = Object.entries(torch.state).map(([key, stored]) => [key, unstored(stored)]);
  layer.loadStateDict(Object.fromEntries(state));
  return layer;
}

function loaded(subject: Subject, dtype: DType = "float64"): Layer {
  return load(make(subject, dtype), subject);
}

/** Inputs, of which those that are floating are leaves. */
function inputsOf({ torch }: Subject, dtype: DType = "float64"): Tensor[] {
  return torch.inputs.map((stored) => {
    const x = unstored(stored);
    return x.dtype === "float64" ? x.to({ dtype }).requiresGrad_() : x;
  });
}

/** The tensors of an output, in order: those of arrays and of records too. */
function tensorsOf(output: unknown): Tensor[] {
  if (output instanceof Tensor) return [output];
  return typeof output === "object" && output !== null
    ? Object.values(output).flatMap(tensorsOf)
    : [];
}

/** The outputs of a layer. */
function run({ row, torch }: Subject, layer: Layer, inputs: readonly Tensor[]): Tensor[] {
  return tensorsOf(row.run?.(layer, inputs, torch) ?? forward(layer, inputs, torch));
}

/** Calls a layer with its inputs, those that have names in the options. */
function forward(layer: Layer, inputs: readonly Tensor[], { named, called }: TorchLayer): unknown {
  if (named === undefined) return layer.forward(...inputs);
  const count = inputs.length - named.length;
  const options = named.map((name, i): [string, Tensor] => [name, inputs[count + i]!]);
  const { forward } = layer as { forward(...inputs: unknown[]): unknown };
  return forward.call(layer, ...inputs.slice(0, count), {
    ...called,
    ...Object.fromEntries(options),
  });
}

function compare(x: Tensor, stored: Stored, message: string): void {
  assertClose(x.detach(), unstored(stored), { rtol: 1e-12, atol: 1e-13, message });
}

/** Whether PyTorch has its values in training, which chance plays no part in then. */
function trains({ torch }: Subject): boolean {
  return torch.modes.some(({ training }) => training);
}

/** Whether training changes its buffers. */
function hasStatistics({ torch }: Subject): boolean {
  return torch.modes.some(({ buffers }) => buffers !== undefined);
}

/** The layer as a function of its inputs and its parameters, and the tensors that these are. */
function pure(
  subject: Subject,
  training: boolean,
): [fn: Differentiable, inputs: Tensor[]] {
  const layer = loaded(subject).train(training);
  const named = layer.namedParameters();
  const inputs = inputsOf(subject);
  const module = {
    modules: () => layer.modules(),
    namedParameters: (options: nn.NamedOptions) => layer.namedParameters(options),
    namedBuffers: (options: nn.NamedOptions) => layer.namedBuffers(options),
    forward: (...own: Tensor[]) => run(subject, layer, own),
  };
  const fn = (...all: Tensor[]) => {
    const parameters = named.map(([name], i) => [name, all[inputs.length + i]!]);
    const outputs = functionalCall(
      module,
      Object.fromEntries(parameters),
      ...all.slice(0, inputs.length),
    );
    return outputs.length === 1 ? outputs[0]! : outputs;
  };
  const own = named.map(([, p]) => p.detach().clone().requiresGrad_());
  return [fn as Differentiable, [...inputs, ...own]];
}

/** The checks, by what they say of a layer. */
export const CHECKS = {
  "has the state dict of PyTorch": (subject: Subject) => {
    const shapes = (state: object) =>
      Object.entries(state).map(([key, { shape }]) => [key, [...shape]]);
    assertEquals(shapes(make(subject, "float32").stateDict()), shapes(subject.torch.state));
  },
  "starts with the parameters with which it starts in PyTorch": (subject: Subject) => {
    manualSeed(5);
    const made = Array.from({ length: 200 }, () => make(subject).namedParameters());
    assertEquals(made[0]!.map(([name]) => name), Object.keys(subject.torch.start));
    made[0]!.forEach(([name], i) => {
      const values = made.flatMap((parameters) => Array.from(parameters[i]![1].data));
      assertMoments(momentsOf(values), subject.torch.start[name]!, name);
    });
  },
  "has the values of PyTorch, in training and in evaluation": (subject: Subject) => {
    for (const wanted of subject.torch.modes) {
      const layer = loaded(subject).train(wanted.training);
      const inputs = inputsOf(subject);
      const mode = wanted.training ? "in training" : "in evaluation";
      const outputs = run(subject, layer, inputs);
      assertEquals(outputs.length, wanted.outputs.length, `the number of outputs ${mode}`);
      outputs.forEach((y, i) => compare(y, wanted.outputs[i]!, `output ${i} ${mode}`));
      const parameters = layer.namedParameters();
      const leaves = [...inputs, ...parameters.map(([, p]) => p)];
      const names = [...inputs.keys(), ...parameters.map(([name]) => name)];
      const stored = [...wanted.gradients, ...Object.values(wanted.parameters)];
      assertEquals(names, [...inputs.keys(), ...Object.keys(wanted.parameters)]);
      const learned = leaves.flatMap((x, i) => x.requiresGrad ? [i] : []);
      const tracked = outputs.flatMap((y, i) => y.requiresGrad ? [i] : []);
      const gradients = grad(tracked.map((i) => outputs[i]!), learned.map((i) => leaves[i]!), {
        gradOutputs: tracked.map((i) => unstored(wanted.cotangents[i]!)),
        allowUnused: true,
      });
      learned.forEach((i, k) => {
        const g = gradients[k] ?? leaves[i]!.detach().mul(0);
        compare(g, stored[i]!, `the gradient of ${names[i]} ${mode}`);
      });
      if (wanted.buffers === undefined) continue;
      run(
        subject,
        layer,
        inputs.map((x) => x.dtype === "float64" ? x.detach().mul(0.5) : x),
      );
      const buffers = layer.namedBuffers();
      assertEquals(buffers.map(([name]) => name), Object.keys(wanted.buffers));
      for (const [name, x] of buffers) compare(x, wanted.buffers[name]!, `${name} ${mode}`);
    }
  },
  "has the gradients that differences have, of first and second order": (subject: Subject) => {
    const [fn, inputs] = pure(subject, trains(subject));
    gradcheck(fn, inputs as [testing.GradcheckInput, ...Tensor[]]);
    gradgradcheck(fn, inputs as [testing.GradcheckInput, ...Tensor[]]);
  },
  "is the loop over examples under vmap, with its gradients": (subject: Subject) => {
    // Examples cannot each change what all of them share: in PyTorch neither.
    const [fn, inputs] = pure(subject, trains(subject) && !hasStatistics(subject));
    checkMapped("the layer", fn, inputs.map((x) => x.detach()));
  },
  "computes in float32 as in float64": (subject: Subject) => {
    const [narrow, wide] = (["float32", "float64"] as const).map((dtype) =>
      run(subject, loaded(subject, dtype).eval(), inputsOf(subject, dtype))
    );
    narrow!.forEach((y, i) => {
      const other = wide![i]!;
      if (other.dtype !== "float64") return assertEquals(y.toArray(), other.toArray());
      assertEquals(y.dtype, "float32");
      assertClose(y.to({ dtype: "float64" }), other, { rtol: 1e-5, atol: 1e-5 });
    });
  },
  "is all in its state": (subject: Subject) => {
    const [one, other] = [make(subject).eval(), make(subject).eval()];
    other.loadStateDict(one.stateDict());
    const [wanted, found] = [one, other].map((layer) =>
      run(subject, layer, inputsOf(subject)).map((y) => y.toArray())
    );
    assertEquals(found, wanted);
  },
  "takes a batch of nothing": (subject: Subject) => {
    const layer = loaded(subject).train(!hasStatistics(subject));
    const { single, batch } = subject.torch;
    const dims = subject.torch.inputs.map((_, i) => batch === undefined ? 0 : batch[i]!);
    if (dims.every((dim) => dim === null)) return;
    const batches = inputsOf(subject).map((x, i) => {
      const one = x.detach();
      return single && dims[i] !== null ? one.unsqueeze(dims[i]!) : one;
    });
    const empty = batches.map((x, i) => {
      const none = dims[i] === null ? x.clone() : x.narrow(dims[i]!, 0, 0).clone();
      return none.dtype === "float64" ? none.requiresGrad_() : none;
    });
    const outputs = run(subject, layer, empty);
    run(subject, layer, batches).forEach((y, i) => {
      assertEquals([outputs[i]!.size, outputs[i]!.ndim], [0, y.ndim]);
    });
    const inputs = empty.filter((x) => x.requiresGrad);
    const found = grad(outputs[0]!.sum(), [...inputs, ...layer.parameters()]);
    inputs.forEach((x, i) => assertEquals(found[i]!.shape, x.shape));
    for (const g of found.slice(inputs.length)) assert(g.eq(0).all().item() === 1);
  },
  "leaves its input as it was": (subject: Subject) => {
    const inputs = inputsOf(subject).map((x) => x.detach());
    const before = inputs.map((x) => x.toArray());
    run(subject, make(subject), inputs);
    assertEquals(inputs.map((x) => x.toArray()), before);
  },
  "is made for training, and told otherwise with all in it": (subject: Subject) => {
    const layer = make(subject, "float32");
    const modes = () => new Set(layer.modules().map(({ training }) => training));
    assertEquals([...modes()], [true]);
    layer.eval();
    assertEquals([...modes()], [false]);
  },
  "prints the call that makes it": (subject: Subject) => {
    const layer = make(subject, "float32");
    const text = layer.toString();
    assertEquals(Deno.inspect(layer), text);
    assertEquals(text.startsWith(`${layer.constructor.name}(`), true, text);
    if (layer.children().length > 0) {
      const inner = text.replaceAll("\n", "\n  ");
      const around = new nn.Sequential(layer as nn.Module);
      return assertEquals(around.toString(), `Sequential(\n  (0): ${inner}\n)`);
    }
    const again: Layer = new Function("nn", `return new nn.${text}`)(nn);
    assertEquals([again.constructor, again.toString()], [Reflect.get(nn, subject.name), text]);
    const [wanted, found] = [layer, again].map((one) =>
      run(subject, load(one, subject).eval(), inputsOf(subject, "float32"))
        .map((y) => y.toArray())
    );
    assertEquals(found, wanted);
  },
} as const satisfies Readonly<Record<string, (subject: Subject) => void>>;
