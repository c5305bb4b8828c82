import { assertEquals, assertMatch, assertStrictEquals, assertThrows } from "@std/assert";
import { assertType, type IsExact } from "@std/testing/types";
import {
  enableGrad,
  functionalCall,
  grad,
  GradError,
  gradOf,
  hessian,
  hvp,
  jacfwd,
  jacobian,
  jvp,
  matmul,
  nn,
  noGrad,
  perSampleGrad,
  randn,
  RandomGenerator,
  ShapeError,
  type Tensor,
  tensor,
  testing,
  valueAndGrad,
  vjp,
  vmap,
  zeros,
} from "../../mod.ts";

const { assertClose, checkGradients } = testing;

function f64(data: number | number[] | number[][]): Tensor {
  return tensor(data, { dtype: "float64" });
}

function sample(shape: number[], seed: number): Tensor {
  return randn(shape, { dtype: "float64", generator: new RandomGenerator(seed) });
}

/** The matrix of derivatives of a function of a vector, by central differences. */
function differences(fn: (x: Tensor) => Tensor, x: Tensor, eps = 1e-5): Tensor {
  const columns = Array.from({ length: x.size }, (_, i) => {
    const step = zeros([x.size], { dtype: "float64" }).setAt([i], eps).reshape(x.shape);
    return fn(x.add(step)).sub(fn(x.sub(step))).div(2 * eps).reshape([-1]).toArray() as number[];
  });
  return f64(columns).transpose(0, 1);
}

Deno.test("gradOf() nests to any order", () => {
  const f = (x: Tensor) => x.tanh().exp();
  const at = 0.3;
  const third = gradOf(gradOf(gradOf(f)))(f64(at));
  const t = Math.tanh(at);
  const [t1, t2, t3] = [1 - t * t, -2 * t * (1 - t * t), (1 - t * t) * (6 * t * t - 2)];
  assertClose(third, f64(Math.exp(t) * (t1 ** 3 + 3 * t1 * t2 + t3)), { rtol: 1e-12 });
});

Deno.test("transforms do not confuse perturbations", () => {
  // d/dx (x · d/dy (x + y)) = 1; a confusion gives 2.
  const sum = gradOf((x: Tensor) => x.mul(gradOf((y: Tensor) => x.add(y))(f64(1))));
  assertEquals(sum(f64(1)).item(), 1);
  // The inner point is the outer variable itself: d/dx (x · d/dy (x·y) at y = x) = 2x.
  const same = gradOf((x: Tensor) => x.mul(gradOf((y: Tensor) => x.mul(y))(x)));
  assertEquals(same(f64(3)).item(), 6);
  // d/dx (x · d/dy x·y² at y = x) = d/dx 2x³
  const power = gradOf((x: Tensor) => x.mul(gradOf((y: Tensor) => x.mul(y.square()))(x)));
  assertEquals(power(f64(2)).item(), 24);
  // The same by the derivative in a direction.
  const forward = (x: Tensor) =>
    jvp((x) => x.mul(jvp((y) => x.add(y), f64(1), f64(1))[1]), x, f64(1))[1];
  assertEquals(forward(f64(1)).item(), 1);
});

Deno.test("valueAndGrad() gives gradients in the form of the arguments", () => {
  const fn = (a: Tensor, n: number, b: { w: Tensor; rest: Tensor[] }) =>
    a.mul(b.w).mul(n).sum().add(b.rest[0]!.sum());
  const b = { w: f64([3, 4]), rest: [f64(1), f64([5, 6])] };
  const [value, gradients] = valueAndGrad(fn, { argnums: [2, 0] })(f64([1, 2]), 10, b);
  assertType<IsExact<typeof gradients, [{ w: Tensor; rest: Tensor[] }, Tensor]>>(true);
  assertEquals(value.item(), 111);
  assertEquals(gradients[0].w.toArray(), [10, 20]);
  assertEquals(gradients[0].rest.map((g) => g.toArray()), [1, [0, 0]]);
  assertEquals(gradients[1].toArray(), [30, 40]);
  const first = gradOf(fn)(f64([1, 2]), 10, b);
  assertType<IsExact<typeof first, Tensor>>(true);
});

Deno.test("transforms leave nothing on the tape unless something around them is tracked", () => {
  const x = f64([1, 2]);
  const f = (x: Tensor) => x.pow(3).sum();
  const plain = [
    ...valueAndGrad(f)(x),
    ...vjp(f, x),
    ...jvp(f, x, x),
    ...hvp(f, x, x),
    jacobian(f, x),
    hessian(f, x),
  ];
  assertEquals(plain.map((y) => y.requiresGrad), plain.map(() => false));
  assertEquals(x.requiresGrad, false);
  const w = f64(2).requiresGrad_();
  const scaled = (x: Tensor) => f(x).mul(w);
  const tracked = [
    ...valueAndGrad(scaled)(x),
    ...vjp(scaled, x),
    ...jvp(scaled, x, x),
    ...hvp(scaled, x, x),
    jacobian(scaled, x),
    hessian(scaled, x),
  ];
  for (const [i, y] of tracked.entries()) {
    // Everything is linear in w.
    assertClose(grad(y.sum(), [w])[0], plain[i]!.sum(), { rtol: 1e-12 });
  }
  assertEquals(noGrad(() => gradOf(scaled)(x)).requiresGrad, false);
  assertEquals(noGrad(() => gradOf(scaled)(x)).toArray(), [6, 24]);
  assertEquals(noGrad(() => enableGrad(() => gradOf(scaled)(x))).requiresGrad, true);
});

Deno.test("transforms leave the gradients of leaves alone", () => {
  const x = f64([1, 2]).requiresGrad_();
  hessian((x) => x.pow(3).sum(), x);
  gradOf((x: Tensor) => x.sum())(x);
  assertStrictEquals(x.grad, null);
});

const curve = (x: Tensor, y: Tensor) => [x.mul(y.sum()).tanh(), matmul(x, y).exp().sum()];

Deno.test("vjp() and jvp() are products with the Jacobian", () => {
  const [x, y] = [sample([2, 3], 1).mul(0.3), sample([3, 2], 2).mul(0.3)];
  const [v, w] = [sample([2, 3], 3), sample([], 4)];
  const [s, t] = [sample([2, 3], 5), sample([3, 2], 6)];
  const [outputs, products] = vjp(curve, [x, y], [v, w]);
  const [values, derivatives] = jvp(curve, [x, y], [s, t]);
  curve(x, y).forEach((expected, i) => {
    assertEquals(outputs[i]!.toArray(), expected.toArray());
    assertEquals(values[i]!.toArray(), expected.toArray());
    const along = (h: number) => curve(x.add(s.mul(h)), y.add(t.mul(h)))[i]!;
    assertClose(derivatives[i]!, along(1e-5).sub(along(-1e-5)).div(2e-5), { rtol: 1e-8 });
  });
  const left = products[0]!.mul(s).sum().add(products[1]!.mul(t).sum());
  const right = derivatives[0]!.mul(v).sum().add(derivatives[1]!.mul(w));
  assertClose(left, right, { rtol: 1e-12 });
  assertEquals(vjp((x) => x.square(), f64(3))[1].item(), 6);
});

Deno.test("jvp() can be differentiated twice, also by jvp()", () => {
  const second = (x: Tensor) => jvp((x) => jvp((x) => x.pow(4), x, f64(1))[1], x, f64(1))[1];
  assertEquals(second(f64(2)).item(), 48);
  const along = (x: Tensor, t: Tensor) => jvp((x) => x.tanh().mul(x.sum()), x, t)[1];
  checkGradients(along, [[3], [3]]);
});

Deno.test("jvp() gives zeros where an output does not depend on the inputs", () => {
  const [, [constant, flat, linear]] = jvp(
    (x) => [f64([1, 2]), x.sign(), x.mul(3)],
    f64([1, 2]),
    f64([1, 10]),
  ) as [Tensor[], [Tensor, Tensor, Tensor]];
  assertEquals(constant.toArray(), [0, 0]);
  assertEquals(flat.toArray(), [0, 0]);
  assertEquals(linear.toArray(), [3, 30]);
});

const rosenbrock = (x: Tensor) => {
  const [head, tail] = [x.slice(0, 0, -1), x.slice(0, 1)];
  return tail.sub(head.square()).square().mul(100).add(head.neg().add(1).square()).sum();
};

Deno.test("hessian() and hvp() equal differences of gradients", () => {
  const x = sample([4], 7);
  const h = hessian(rosenbrock, x);
  assertEquals(h.shape, [4, 4]);
  assertClose(h, differences(gradOf(rosenbrock), x), { rtol: 1e-6, atol: 1e-5 });
  const v = sample([4], 8);
  const [value, product] = hvp(rosenbrock, x, v);
  assertClose(value, rosenbrock(x), { rtol: 1e-12 });
  assertClose(product, matmul(h, v.unsqueeze(1)).squeeze(1), { rtol: 1e-10, atol: 1e-10 });
});

Deno.test("hessian() of a composition through a network layer", () => {
  const w = sample([3, 4], 9);
  const f = (x: Tensor) => matmul(w, x.unsqueeze(1)).tanh().square().sum().exp();
  const x = sample([4], 10).mul(0.3);
  const h = hessian(f, x);
  assertClose(h, differences(gradOf(f), x), { rtol: 1e-6, atol: 1e-7 });
  assertClose(h, h.transpose(0, 1), { rtol: 1e-10, atol: 1e-12 });
  assertClose(h, jacobian(gradOf(f), x), { rtol: 1e-12 });
});

Deno.test("jacobian() has the shape of outputs and inputs", () => {
  const [x, y] = [sample([2, 3], 11).mul(0.3), sample([3, 2], 12).mul(0.3)];
  const blocks = jacobian(curve, [x, y]);
  assertEquals(blocks.map((row) => row.map((block) => block.shape)), [
    [[2, 3, 2, 3], [2, 3, 3, 2]],
    [[2, 3], [3, 2]],
  ]);
  const numeric = differences((x) => curve(x, y)[0]!, x);
  assertClose(blocks[0]![0]!.reshape([6, 6]), numeric, { rtol: 1e-7, atol: 1e-9 });
  const one = jacobian((x) => x.mul(2), f64([1, 2]));
  assertType<IsExact<typeof one, Tensor>>(true);
  const empty = jacobian((x) => x.slice(0, 0, 0), f64([1, 2]));
  assertEquals(empty.shape, [0, 2]);
  // Second derivatives of two inputs, each with each.
  const [[xx, xy], [yx]] = hessian((x, y) => x!.square().mul(y!).sum(), [f64([1, 2]), f64([3, 4])]);
  assertEquals(xx.toArray(), [[6, 0], [0, 8]]);
  assertEquals(xy.toArray(), [[2, 0], [0, 4]]);
  assertEquals(yx.toArray(), [[2, 0], [0, 4]]);
});

Deno.test("jacobian() and hessian() can be differentiated", () => {
  checkGradients((x) => jacobian((x) => x.tanh().mul(x.sum()), x), [[3]]);
  checkGradients((x) => hessian((x) => x.pow(3).sum().mul(x.sum()), x), [[2]]);
});

Deno.test("vmap() loops and stacks", () => {
  const [a, b] = [sample([3, 4], 13), sample([4, 5], 14)];
  const columns = vmap((x, y) => matmul(x, y.unsqueeze(1)).squeeze(1), { inDims: [null, 1] });
  assertClose(columns(a, b), matmul(a, b).transpose(0, 1), { rtol: 1e-12 });
  const same = vmap((y: Tensor) => matmul(a, y.unsqueeze(1)).squeeze(1), {
    inDims: -1,
    outDims: -1,
  });
  assertClose(same(b), matmul(a, b), { rtol: 1e-12 });
  const trees = vmap((x: { u: Tensor; v: Tensor[] }) => ({ s: x.u.add(x.v[0]!) }));
  assertEquals(trees({ u: f64([1, 2]), v: [f64([3, 4])] }).s.toArray(), [4, 6]);
  checkGradients((x, y) => columns(x, y), [[2, 3], [3, 2]]);
  const nested = vmap(vmap((x: Tensor) => x.mul(2)));
  assertEquals(nested(f64([[1, 2], [3, 4]])).toArray(), [[2, 4], [6, 8]]);
  const diagonal = vmap(gradOf((x: Tensor) => x.pow(3)))(f64([1, 2]));
  assertEquals(diagonal.toArray(), [3, 12]);
});

Deno.test("perSampleGrad() gives what a loop of backward passes gives", () => {
  const model = new nn.Sequential(new nn.Linear(3, 4), new nn.Tanh(), new nn.Linear(4, 1));
  const params: Record<string, Tensor> = Object.fromEntries(model.namedParameters());
  const [x, y] = [randn([5, 3]), randn([5, 1])];
  const loss = (params: Record<string, Tensor>, x: Tensor, y: Tensor) =>
    functionalCall(model, params, x.unsqueeze(0)).sub(y).square().sum();
  const gradients = perSampleGrad(loss)(params, x, y);
  for (let i = 0; i < 5; i++) {
    model.zeroGrad();
    model.forward(x.at([i, i + 1])).sub(y.at([i, i + 1])).square().sum().backward();
    for (const [name, parameter] of model.namedParameters()) {
      assertClose(gradients[name]!.at(i), parameter.grad!, { rtol: 1e-5, atol: 1e-6 });
    }
  }
});

Deno.test("functionalCall() puts the module's own tensors back, also after an error", () => {
  class Net extends nn.Module {
    scales = [new nn.Parameter(f64(2)), new nn.Parameter(f64(3))];
    tied = this.scales[0]!;
    shift = new nn.Buffer(f64(1));
    override forward(x: Tensor): Tensor {
      if (x.size === 0) throw new RangeError("empty");
      return x.mul(this.scales[0]!).mul(this.scales[1]!).add(this.tied).add(this.shift);
    }
  }
  const net = new Net();
  const before = [...net.scales, net.tied, net.shift];
  const other = { "scales.0": f64(5).requiresGrad_(), shift: f64(7) };
  assertEquals(functionalCall(net, other, f64(10)).item(), 10 * 5 * 3 + 5 + 7);
  // d/ds (10·s·3 + s)
  assertEquals(grad(functionalCall(net, other, f64(10)), [other["scales.0"]])[0].item(), 31);
  assertThrows(() => functionalCall(net, other, zeros([0])), RangeError, "empty");
  [...net.scales, net.tied, net.shift].forEach((now, i) => assertStrictEquals(now, before[i]));
  assertEquals(net.forward(f64(10)).item(), 63);
  assertThrows(
    () => functionalCall(net, { "scales.2": f64(1) }, f64(1)),
    TypeError,
    'Cannot run functionalCall: the module has no parameter or buffer "scales.2", it has scales.0',
  );
  assertThrows(
    () => functionalCall(net, { shift: f64([1]) }, f64(1)),
    ShapeError,
    'Cannot run functionalCall: "shift" has shape [], got [1]',
  );
});

Deno.test("functionalCall() takes more parameters than a square has time for", () => {
  class Many extends nn.Module<[], number> {
    numbers = Array.from({ length: 100_000 }, (_, i) => new nn.Parameter(f64(i)));
    override forward(): number {
      return this.numbers.filter((own) => own.item() === 1).length;
    }
  }
  const model = new Many();
  const one = f64(1);
  const ones = Object.fromEntries(model.namedParameters().map(([name]) => [name, one]));
  assertEquals([functionalCall(model, ones), model.forward()], [100_000, 1]);
});

Deno.test("functionalCall() shows the module the others as its parameters and buffers", () => {
  class Decayed extends nn.Module {
    layer = new nn.Linear(2, 1, { dtype: "float64" });
    tied = this.layer.weight;
    count = new nn.Buffer(f64([1]));
    override forward(x: Tensor): Tensor {
      const sizes = this.parameters().map((p) => p.square().sum());
      const [buffer] = this.buffers();
      return this.layer.forward(x).sum().add(sizes.reduce((a, b) => a.add(b))).mul(buffer!);
    }
  }
  const model = new Decayed();
  const [weight, bias] = model.parameters();
  const other = { "layer.weight": f64([[3, 4]]).requiresGrad_(), count: f64([10]) };
  const found = functionalCall(model, other, f64([[1, 1]]));
  const wanted = 10 * (7 + bias!.item() + 25 + bias!.item() ** 2);
  assertClose(found.item(), wanted, { rtol: 1e-14 });
  assertEquals(grad(found, [other["layer.weight"]])[0].toArray(), [[70, 90]]);
  assertEquals([model.parameters(), model.tied === weight], [[weight!, bias!], true]);
  assertEquals(other["layer.weight"] instanceof nn.Parameter, false);
});

Deno.test("functionalCall() gives second derivatives of a training step", () => {
  const model = new nn.Linear(2, 1, { dtype: "float64" });
  const step = (weight: Tensor, x: Tensor) => {
    const loss = (weight: Tensor) => functionalCall(model, { weight }, x).square().sum();
    const next = weight.sub(gradOf(loss)(weight).mul(0.1));
    return functionalCall(model, { weight: next }, x).tanh();
  };
  checkGradients(step, [[1, 2], [3, 2]]);
});

Deno.test("transforms refuse what they cannot differentiate", () => {
  const x = f64([1, 2]);
  const message = (fn: () => unknown, kind: new (message: string) => Error, text: string) =>
    assertThrows(fn, kind, text);
  const single = "the function must return one tensor of one element, got shape [2]";
  message(() => gradOf((x: Tensor) => x)(x), GradError, `Cannot run gradOf: ${single}`);
  message(() => hessian((x) => x, x), GradError, `Cannot run hessian: ${single}`);
  message(() => hvp((x) => x, x, x), GradError, `Cannot run hvp: ${single}`);
  message(() => vjp((x) => x, x), GradError, `Cannot run vjp: ${single}`);
  message(
    () => vjp((x) => x, x, f64([1])),
    ShapeError,
    "Cannot run vjp: vector 0 has shape [1], needed is [2]",
  );
  message(
    () => jvp((x) => x, [x], [x, x]),
    GradError,
    "Cannot run jvp: 1 tangents are needed, got 2",
  );
  message(
    () => gradOf((n: number) => f64(n))(2),
    TypeError,
    "Cannot run gradOf: argument 0 must be a tensor, or an array or record of tensors, got 2",
  );
  message(
    () => vmap((a, b) => a.add(b))(f64([1, 2]), f64([1, 2, 3])),
    ShapeError,
    "Cannot run vmap: the batch must have one size in all arguments, got 2, 3 in shapes [2], [3]",
  );
  message(() => vmap((a) => a)(f64([])), ShapeError, "Cannot run vmap: the batch is empty");
  message(
    () => vmap((a) => a, { inDims: null })(x),
    TypeError,
    "Cannot run vmap: no argument has a batch dimension",
  );
  message(
    () => vmap((a) => a, { inDims: [0, 0] })(x),
    TypeError,
    "Cannot run vmap: 1 arguments need as many inDims, got 2",
  );
});

Deno.test("derivatives that no tensor can hold are refused before the first is computed", () => {
  let steps = 0;
  const counted = (x: Tensor) => {
    x.registerHook(() => void steps++);
    return x.mul(2);
  };
  const tooLarge: [shape: number[], text: string][] = [
    [[2, 1, 2, 1, 2], "a tensor has at most 8 dimensions, got 10"],
    [[50_000], "shape [50000, 50000] has over 2^31 elements"],
    [[40_000], "shape [40000, 40000] and type float64: it would take 4 GiB or more"],
  ];
  for (const [shape, text] of tooLarge) {
    const x = zeros(shape, { dtype: "float64" });
    for (
      const [name, run] of Object.entries({
        jacobian: () => jacobian(counted, x),
        jacfwd: () => jacfwd(counted, x),
        hessian: () => hessian((x) => counted(x).square().sum(), x),
      })
    ) {
      const { message } = assertThrows(run, ShapeError, text);
      assertMatch(message, new RegExp(`^Cannot .*${name}`));
    }
  }
  assertEquals(steps, 0);
});

Deno.test("transforms refuse arguments that are named twice", () => {
  const product = (a: Tensor, b: Tensor) => a.mul(b).sum();
  for (const argnums of [[0, 0], [], [0.5], -0.5]) {
    const calls = [
      () => gradOf(product, { argnums }),
      () => valueAndGrad(product, { argnums }),
      () => perSampleGrad(product, { argnums }),
    ];
    for (const call of calls) {
      assertThrows(call, TypeError, "argnums must be an integer or an array of different integers");
    }
  }
});

Deno.test("functionalCall() replaces a tied weight under any of its names, and in nested arrays", () => {
  class Tied extends nn.Module {
    first = new nn.Linear(1, 1, { bias: false });
    rows = [[new nn.Linear(1, 1, { bias: false })]];
    last = this.first;
    override forward(x: Tensor): Tensor {
      return this.last.forward(this.rows[0]![0]!.forward(this.first.forward(x)));
    }
  }
  const model = new Tied();
  const [x, two, five] = [tensor([[1]]), tensor([[2]]), tensor([[5]])];
  for (const name of ["first.weight", "last.weight"]) {
    const params = { [name]: two, "rows.0.0.weight": five };
    assertEquals(functionalCall(model, params, x).item(), 20);
  }
  assertEquals(
    functionalCall(model, model.stateDict(), x).item(),
    model.forward(x).item(),
  );
  assertThrows(
    () => functionalCall(model, { "first.weight": two, "last.weight": five }, x),
    TypeError,
    '"last.weight" is another name of a tensor that is given already',
  );
});
