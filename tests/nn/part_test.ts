/** Errors that leave modules say in which part they arose. */

import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { DTypeError, functionalCall, nn, ones, ShapeError, type Tensor } from "../../mod.ts";

/** Takes four features, and gives as many as it is told. */
class Block extends nn.Module {
  selfAttn = new nn.Linear(4, 4);
  out: nn.Linear;
  constructor(features: number) {
    super();
    this.out = new nn.Linear(4, features);
  }
  override forward(x: Tensor): Tensor {
    return this.out.forward(this.selfAttn.forward(x));
  }
}

class Encoder extends nn.Module {
  layers = [new Block(4), new Block(3), new Block(4)];
  override forward(x: Tensor): Tensor {
    return this.layers.reduce((y, layer) => layer.forward(y), x);
  }
}

class Net extends nn.Module {
  encoder = new Encoder();
  override forward(x: Tensor): Tensor {
    return this.encoder.forward(x);
  }
}

const WRONG = "the last dimension must be 4, got shape [2, 3]";

/** What a module of one part says when the part is run. */
function told<M extends nn.AnyModule>(part: M, run: (part: M) => unknown): string {
  class Whole extends nn.Module<[], unknown> {
    theOnly = part;
    override forward(): unknown {
      return run(this.theOnly);
    }
  }
  return assertThrows(() => new Whole().forward(), Error).message;
}

Deno.test("an error of shapes says where in a module of one's own it arose", () => {
  const net = new Net();
  for (let time = 0; time < 2; time++) {
    const error = assertThrows(() => net.forward(ones([2, 4])), ShapeError);
    assertEquals(error.message, `Cannot compute Linear in encoder.layers.2.selfAttn: ${WRONG}`);
    assertStringIncludes(Deno.inspect(error), "Linear in encoder.layers.2.selfAttn: the last");
  }
  const { message } = assertThrows(
    () => net.encoder.layers[0]!.selfAttn.forward(ones([2, 3])),
    ShapeError,
  );
  assertEquals(message, `Cannot compute Linear: ${WRONG}`);
});

Deno.test("an error of an op says in which module it was called", () => {
  class Product extends nn.Module {
    override forward(x: Tensor): Tensor {
      return x.matmul(ones([5, 5]));
    }
  }
  class Derived extends Product {
    override forward(x: Tensor): Tensor {
      return super.forward(x);
    }
  }
  const x = ones([2, 4]);
  const { message } = assertThrows(() => new Product().forward(x), ShapeError);
  for (const part of [new Product(), new Derived()]) {
    const placed = message.replace(": ", " in theOnly: ");
    assertEquals(told(part, (part) => part.forward(x)), placed);
  }
  assertStringIncludes(
    told(new nn.Sequential(new nn.Tanh(), new Product()), (part) => part.forward(x)),
    "Cannot multiply matrices in theOnly.1: ",
  );
});

Deno.test("errors say where they arose in whatever holds modules", () => {
  const [x, wide] = [ones([2, 3]), () => new nn.Linear(4, 2)];
  const fused = new nn.Sequential(new nn.Dropout(0), wide(), new nn.ReLU());
  const cases: [string, string][] = [
    ["theOnly.1", told(fused, (part) => part.forward(x))],
    ["theOnly.0", told(new nn.ModuleList([wide()]), (list) => list.at(0).forward(x))],
    [
      "theOnly.class_head",
      told(new nn.ModuleDict({ class_head: wide() }), (dict) => dict.get("class_head")?.forward(x)),
    ],
    [
      "theOnly.selfAttn",
      told(new Block(1), (part) => functionalCall(part, part.stateDict(), x)),
    ],
  ];
  for (const [path, message] of cases) {
    assertEquals(message, `Cannot compute Linear in ${path}: ${WRONG}`);
  }
});

Deno.test("errors of types say where they arose, and those of others stay as they are", () => {
  const whole = ones([1]).to("bool");
  const message = told(new nn.LayerNorm(1), (part) => part.forward(whole));
  assertStringIncludes(message, " in theOnly: ");
  assertThrows(() => new nn.LayerNorm(1).forward(whole), DTypeError);
  const own = new RangeError("Cannot go on: it is late");
  class Late extends nn.Module {
    override forward(): Tensor {
      throw own;
    }
  }
  assertEquals(told(new Late(), (part) => part.forward()), "Cannot go on: it is late");
});

Deno.test("a part that is not seen is told as the one that holds it", () => {
  class Closed extends nn.Module {
    readonly #inner = new nn.Sequential(new nn.Linear(4, 2));
    override forward(x: Tensor): Tensor {
      return this.#inner.forward(x);
    }
  }
  const message = told(new Closed(), (part) => part.forward(ones([2, 3])));
  assertEquals(message, `Cannot compute Linear in 0 in theOnly: ${WRONG}`);
});

Deno.test("hooks run around a forward that names its parts", () => {
  const net = new Net();
  const seen: number[] = [];
  net.encoder.registerForwardHook(() => void seen.push(0));
  net.encoder.layers[0]!.registerForwardHook(() => void seen.push(1));
  const { message } = assertThrows(() => net.forward(ones([2, 4])), ShapeError);
  assertEquals([message.includes("in encoder.layers.2.selfAttn: "), seen], [true, [1]]);
});
