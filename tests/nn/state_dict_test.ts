/** What `loadStateDict` says of a state that does not fit: all of it at once, with what was meant. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { nn, ones, ShapeError, type Tensor, vmap, zeros } from "../../mod.ts";

class Net extends nn.Module {
  fc1 = new nn.Linear(3, 2);
  fc2 = new nn.Linear(2, 1);
  override forward(x: Tensor): Tensor {
    return this.fc2.forward(this.fc1.forward(x));
  }
}

/** What is said of the state of another net after a change of its keys and values. */
function said(
  change: (state: nn.StateDict) => nn.StateDict,
  options: nn.LoadOptions = {},
): Error {
  const net = new Net();
  const before = Deno.inspect(net.stateDict());
  const state = change(new Net().stateDict());
  const error = assertThrows(() => net.loadStateDict(state, options), Error);
  assertEquals(Deno.inspect(net.stateDict()), before);
  return error;
}

function renamed(state: nn.StateDict, rename: (key: string) => string): nn.StateDict {
  return Object.fromEntries(Object.entries(state).map(([key, x]) => [rename(key), x]));
}

Deno.test("loadStateDict() lists keys and shapes that do not fit, all at once", () => {
  const error = said(({ "fc1.weight": _, "fc2.bias": bias, ...rest }) => ({
    ...rest,
    "fc1.wieght": ones([3, 2]),
    "head.extra": ones([1]),
    "fc2.bias": bias!.reshape([1, 1]),
    "fc1.bias": ones([3]),
  }));
  assert(error instanceof TypeError);
  assertEquals(
    error.message,
    'Cannot load the state: missing keys fc1.weight (near "fc1.wieght"), unexpected keys ' +
      'fc1.wieght (near "fc1.weight"), head.extra; "fc1.bias" has shape [2], the state [3]; ' +
      '"fc2.bias" has shape [1], the state [1, 1]',
  );
});

Deno.test("loadStateDict() lists all shapes that differ, strict or not", () => {
  const change = (state: nn.StateDict) => ({
    ...state,
    "fc1.weight": zeros([2, 4]),
    "fc2.weight": zeros([]),
  });
  for (const strict of [true, false]) {
    const error = said(change, { strict });
    assert(error instanceof ShapeError);
    assertEquals(
      error.message,
      'Cannot load the state: "fc1.weight" has shape [2, 3], the state [2, 4]; "fc2.weight" has ' +
        "shape [1, 2], the state []",
    );
    assertEquals(error.shapes, [[2, 3], [2, 4], [1, 2], []]);
  }
});

Deno.test("loadStateDict() changes nothing where a value differs from example to example", () => {
  const net = new Net();
  const before = Deno.inspect(net.stateDict());
  const state = { ...new Net().stateDict() };
  const each = (x: Tensor) => (net.loadStateDict({ ...state, "fc2.bias": x }), x);
  assertThrows(
    () => vmap(each)(ones([3, 1])),
    TypeError,
    'Cannot load the state under vmap: "fc2.bias" stands for a tensor in each example',
  );
  assertEquals(Deno.inspect(net.stateDict()), before);
});

Deno.test("loadStateDict() says what a key that is too many is near to", () => {
  const error = said((state) => ({ ...state, "fc1.biases": ones([2]) }));
  assertEquals(
    error.message,
    'Cannot load the state: missing keys none, unexpected keys fc1.biases (near "fc1.bias")',
  );
});

Deno.test("loadStateDict() sees a prefix that stands before each key, and says how to mend it", () => {
  const keys = ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"];
  const wrapped = said((state) => renamed(state, (key) => `module.${key}`));
  assertEquals(
    wrapped.message,
    `Cannot load the state: missing keys ${keys.join(", ")}, unexpected keys ${
      keys.map((key) => `module.${key}`).join(", ")
    }; the state has "module." before each: { rename: (key) => "module." + key }`,
  );
  const inner = said((state) => {
    const { "fc1.weight": w, "fc1.bias": b, ...rest } = state;
    return { ...rest, weight: w!, bias: b! };
  });
  assertEquals(
    inner.message,
    "Cannot load the state: missing keys fc1.weight, fc1.bias, unexpected keys weight, bias; the " +
      'state lacks "fc1." before each: { rename: (key) => key.slice(4) }',
  );
  // What it says helps.
  const [net, other] = [new Net(), new Net()];
  const state = renamed(other.stateDict(), (key) => `module.${key}`);
  assertEquals(net.loadStateDict(state, { rename: (key) => "module." + key }), {
    missing: [],
    unexpected: [],
  });
  assertEquals(net.fc2.weight.toArray(), other.fc2.weight.toArray());
  const twice = said(() => state, { rename: (key) => `net.${key}` });
  assert(!twice.message.includes("stands before"), twice.message);
});

Deno.test("loadStateDict() compares no names where that would take long", () => {
  const error = said((state) => ({ ...state, ["fc1.weight".repeat(1e6)]: ones([1]) }));
  assert(!error.message.includes("near"), error.message.slice(0, 200));
});

Deno.test("the page on weights shows what loadStateDict() says", () => {
  const model = new nn.Linear(2, 2);
  const state = { wieght: ones([2, 2]), bias: ones([3]) };
  const { message } = assertThrows(() => model.loadStateDict(state), TypeError);
  const page = Deno.readTextFileSync(new URL("../../docs/weights.md", import.meta.url));
  assert(page.includes(`\`\`\`\n${message}\n\`\`\``), message);
});
