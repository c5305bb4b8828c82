/** Every layer of the table goes through every check, and every check finds a fault that is planted. */

import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { assertType, type IsExact } from "@std/testing/types";
import { type DType, nn, ones, rand, type Tensor } from "../../mod.ts";
import { casesOf } from "../fixtures/stored.ts";
import { CHECKS, type Subject, type TorchLayer } from "./checks.ts";
import { type LayerName, LAYERS } from "./table.ts";

type Check = keyof typeof CHECKS;
const checks = Object.entries(CHECKS);
const names = Object.keys(LAYERS) as LayerName[];

/** The cases of a layer in PyTorch, by their titles. */
function torchOf(name: LayerName): ReadonlyMap<string, TorchLayer> {
  return new Map(casesOf<TorchLayer>(`layers/${name}`).map((torch) => [torch.title, torch]));
}

for (const name of names) {
  const torch = torchOf(name);

  Deno.test(`nn.${name} has the cases that the fixture has, all of its class`, () => {
    assertEquals(Object.keys(LAYERS[name]), [...torch.keys()]);
    for (const { make } of Object.values(LAYERS[name])) {
      assertEquals([make("float32").constructor, nn[name].name], [nn[name], name]);
    }
  });

  for (const [title, one] of Object.entries(LAYERS[name])) {
    for (const [says, check] of checks) {
      Deno.test(`nn.${name} ${title} ${says}`, () => check({ ...one, torch: torch.get(title)! }));
    }
  }
}

Deno.test("a table of layers that lacks one does not compile", () => {
  type Fits<Rows> = Rows extends typeof LAYERS ? true : false;
  assertType<IsExact<Fits<typeof LAYERS>, true>>(true);
  assertType<IsExact<Fits<Omit<typeof LAYERS, "Linear">>, false>>(true);
});

Deno.test("an op as a layer is a class to extend, and a type", () => {
  class Doubled extends nn.ReLU {
    override forward(x: Tensor): Tensor {
      return super.forward(x).mul(2);
    }
  }
  const layers: nn.ReLU[] = [new nn.ReLU(), new Doubled()];
  assertEquals(layers.map((layer) => layer.forward(ones([1])).item()), [1, 2]);
  assertEquals(layers.map(String), ["ReLU()", "Doubled()"]);
  // A linear layer in front computes the op in its own pass, but not what a class adds to it.
  const nets = layers.map((layer) => new nn.Sequential(new nn.Linear(1, 1), layer));
  nets[1]!.loadStateDict(nets[0]!.stateDict());
  const [one, two] = nets.map((net) => net.forward(ones([8, 1]).mul(3)));
  assertEquals(two!.toArray(), one!.mul(2).toArray());
});

/** A linear layer that does something else as well. */
function linear(forward: (y: Tensor, x: Tensor, layer: nn.Linear) => Tensor): Subject["make"] {
  return (dtype: DType) => {
    class Linear extends nn.Linear {
      override forward(x: Tensor): Tensor {
        return forward(super.forward(x), x, this);
      }
    }
    return new Linear(3, 2, { dtype });
  };
}

/** The same output, and gradients that are 1 % too large. */
const steep = linear((y) => y.add(y.sub(y.detach()).mul(0.01)));

const good: Subject = {
  ...LAYERS.Linear["with a bias"]!,
  torch: torchOf("Linear").get("with a bias")!,
};

class Forgetful extends nn.Linear {
  #scale = rand([1], { dtype: "float64" });
  override forward(x: Tensor): Tensor {
    return super.forward(x).mul(this.#scale);
  }
}

class Own extends nn.Linear {
  scale = new nn.Parameter(ones([1]));
}

/** Faults that each check must not let pass, and what it then says. */
const FAULTS: Readonly<Record<Check, readonly [make: Subject["make"], says: string]>> = {
  "has the state dict of PyTorch": [() => new Own(3, 2), "scale"],
  "has the outputs and gradients of PyTorch, in training and in evaluation": [
    steep,
    "the gradient of the input in training",
  ],
  "has the gradients that differences have, of first and second order": [
    steep,
    "Gradient of fn is wrong",
  ],
  "is the loop over examples under vmap, with its gradients": [
    linear((y) => y.mul(y.detach().max().item())),
    "item under vmap",
  ],
  "computes in float32 as in float64": [linear((y) => y.to({ dtype: "float64" })), "float32"],
  "is all in its state": [() => new Forgetful(3, 2, { dtype: "float64" }), "not equal"],
  "takes a batch of nothing": [linear((y) => y.mean(0)), "not equal"],
  "leaves its input as it was": [
    linear((y, x) => {
      x.detach().zero_();
      return y;
    }),
    "not equal",
  ],
  "is made for training, and told otherwise with all in it": [
    () => new nn.Linear(3, 2).eval(),
    "not equal",
  ],
  "prints its arguments": [() => new nn.Linear(2, 3), "Linear\\(2, 3"],
};

for (const [title, [make, says]] of Object.entries(FAULTS)) {
  Deno.test(`a layer of which it is not true that it ${title} is found`, () => {
    const { message } = assertThrows(() => CHECKS[title as Check]({ ...good, make }), Error);
    assertMatch(message, new RegExp(says));
  });
}

Deno.test("a layer that differs in evaluation alone is found", () => {
  const make = linear((y, _, { training }) => training ? y : y.mul(1 + 1e-9));
  const check = CHECKS["has the outputs and gradients of PyTorch, in training and in evaluation"];
  const { message } = assertThrows(() => check({ ...good, make }), Error);
  assertMatch(message, /the output in evaluation/);
});
