/** Every layer of the table goes through every check, and every check finds a fault that is planted. */

import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { assertType, type IsExact } from "@std/testing/types";
import { type DType, nn, noGrad, ones, rand, type Tensor } from "../../mod.ts";
import { casesOf } from "../fixtures/stored.ts";
import { CHECKS, type Subject } from "./checks.ts";
import type { Given, Layer, LayerRow, TorchClass, TorchLayer } from "./rows/row.ts";
import { type LayerName, LAYERS } from "./table.ts";

type Check = keyof typeof CHECKS;
const checks = Object.entries(CHECKS) as [Check, (subject: Subject) => void][];
const names = Object.keys(LAYERS) as LayerName[];

/** The cases of a layer with all that is known of them. */
function subjectsOf(name: LayerName): readonly Subject[] {
  const [torchClass, ...cases] = casesOf<unknown>(`layers/${name}`) as [
    TorchClass,
    ...TorchLayer[],
  ];
  return cases.map((torch) => ({ name, row: LAYERS[name], torchClass, torch }));
}

/** The options that nothing tries and nothing says why, and the departures that there are not. */
function unsettled(subjects: readonly Subject[]): string[] {
  const { options, departures } = subjects[0]!.torchClass;
  const tried = new Set(subjects.flatMap(({ torch }) => torch.tried));
  const missing = options.filter((option) => !tried.has(option) && !(option in departures));
  return [...missing, ...Object.keys(departures).filter((option) => tried.has(option))];
}

/** What the error of a check says that a layer does not pass, for a reason; undefined of others. */
function failing({ row, torch }: Subject, says: Check): RegExp | undefined {
  const differences = says === "has the gradients that differences have, of first and second order";
  return torch.kink && differences ? /may lie at a kink/ : row.fails?.[says]?.[torch.title];
}

for (const name of names) {
  const subjects = subjectsOf(name);

  Deno.test(`nn.${name} has a case for every option that it has in PyTorch`, () => {
    assertEquals(unsettled(subjects), []);
    assertEquals(nn[name].name, name);
  });

  for (const subject of subjects) {
    for (const [says, check] of checks) {
      const reason = failing(subject, says);
      const title = `nn.${name} ${subject.torch.title}`;
      if (reason === undefined) Deno.test(`${title} ${says}`, () => check(subject));
      else {
        Deno.test(`${title} says why it is not so that it ${says}`, () => {
          assertMatch(assertThrows(() => check(subject), Error).message, reason);
        });
      }
    }
  }
}

Deno.test("every fixture is that of a layer of the table", () => {
  const files = [...Deno.readDirSync(new URL("../fixtures/layers/", import.meta.url))];
  assertEquals(files.map((file) => file.name.replace(".json", "")).toSorted(), names.toSorted());
});

Deno.test("an option that no case tries is found, and a departure that is none", () => {
  const [one, ...others] = subjectsOf("Linear");
  const bare = [one!, ...others].map((subject): Subject => ({
    ...subject,
    torch: { ...subject.torch, tried: subject.torch.tried.filter((option) => option !== "bias") },
  }));
  assertEquals(unsettled(bare), ["bias"]);
  const torchClass = { ...one!.torchClass, departures: { bias: "is always there" } };
  assertEquals(unsettled([{ ...one!, torchClass }, ...others]), ["bias"]);
});

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

type Make = (given: Given, dtype: DType) => Layer;

/** A linear layer that does something else as well. */
function linear(forward: (y: Tensor, x: Tensor, layer: nn.Linear) => Tensor): Make {
  return (_, dtype) => {
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

/** A subject that is right but for how it is made. */
function faulty(make: Make): Subject {
  const row: LayerRow = { make };
  return { ...subjectsOf("Linear")[0]!, row };
}

class Forgetful extends nn.Linear {
  #scale = rand([1], { dtype: "float64" });
  override forward(x: Tensor): Tensor {
    return super.forward(x).mul(this.#scale);
  }
}

class Wide extends nn.Linear {
  constructor(inFeatures: number, outFeatures: number, options: nn.LinearOptions<true>) {
    super(inFeatures, outFeatures, options);
    nn.init.uniform_(this.weight, -0.7, 0.7);
  }
}

class Own extends nn.Linear {
  scale = new nn.Parameter(ones([1]));
}

/** Faults that each check must not let pass, and what it then says. */
const FAULTS: Readonly<Record<Check, readonly [make: Make, says: string]>> = {
  "has the state dict of PyTorch": [() => new Own(3, 2), "scale"],
  "starts with the parameters with which it starts in PyTorch": [
    (_, dtype) => new Wide(3, 2, { dtype }),
    "weight: std is",
  ],
  "has the values of PyTorch, in training and in evaluation": [
    steep,
    "the gradient of 0 in training",
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
  "prints the call that makes it": [linear((y) => y.mul(2)), "not equal"],
};

for (const [title, [make, says]] of Object.entries(FAULTS)) {
  Deno.test(`a layer of which it is not true that it ${title} is found`, () => {
    const { message } = assertThrows(() => CHECKS[title as Check](faulty(make)), Error);
    assertMatch(message, new RegExp(says));
  });
}

Deno.test("a layer whose statistics differ is found", () => {
  class Slow extends nn.BatchNorm1d {
    override forward(x: Tensor): Tensor {
      const y = super.forward(x);
      if (this.training) noGrad(() => this.runningVar!.copy_(this.runningVar!.mul(1 + 1e-9)));
      return y;
    }
  }
  const make: Make = (_, dtype) => new Slow(2, { dtype });
  const subject = { ...subjectsOf("BatchNorm1d")[0]!, row: { make } };
  const check = CHECKS["has the values of PyTorch, in training and in evaluation"];
  const { message } = assertThrows(() => check(subject), Error);
  assertMatch(message, /running_var in training/);
});

Deno.test("a layer that differs in evaluation alone is found", () => {
  const check = CHECKS["has the values of PyTorch, in training and in evaluation"];
  const make = linear((y, _, { training }) => training ? y : y.mul(1 + 1e-9));
  const { message } = assertThrows(() => check(faulty(make)), Error);
  assertMatch(message, /output 0 in evaluation/);
});
