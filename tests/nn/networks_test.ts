/** Nets made of layers: where in them an error arose, copies, what takes the place of their parts. */

import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { assertClose, gradcheck } from "../../lib/testing/mod.ts";
import { nn, ones, rand, ShapeError, type Tensor, tensor } from "../../mod.ts";

const small = { dimFeedforward: 8, batchFirst: true, dropout: 0 };
const one = { ...small, numEncoderLayers: 3, numDecoderLayers: 2 };

/** What an error about shapes says. */
function refusal(call: () => unknown): string {
  return assertThrows(call, ShapeError).message;
}

Deno.test("errors about shapes say in which part of a transformer they arose", () => {
  const net = new nn.Transformer(4, 2, one);
  const x = ones([2, 3, 4]);
  const cases: [options: nn.TransformerCall, path: string][] = [
    [{ srcMask: ones([2, 2]) }, "encoder.layers.0.selfAttn: attnMask must have"],
    [{ tgtMask: ones([2, 2]) }, "decoder.layers.0.selfAttn: attnMask must have"],
    [{ memoryMask: ones([2, 2]) }, "decoder.layers.0.multiheadAttn: attnMask must have"],
    [{ memoryKeyPaddingMask: ones([2, 2]) }, "multiheadAttn: keyPaddingMask must have"],
  ];
  for (const [options, path] of cases) {
    const message = refusal(() => net.forward(x, x, options));
    assert(message.startsWith("Cannot compute MultiheadAttention in "), message);
    assert(message.includes(path), message);
  }
});

Deno.test("errors about shapes say in which layer of a stack they arose", () => {
  class Odd extends nn.Module<[src: Tensor, options?: nn.EncoderLayerCall]> {
    linear = new nn.Linear(4, 4);
    override forward(x: Tensor): Tensor {
      return this.linear.forward(x).narrow(-1, 0, 3);
    }
  }
  const encoder = new nn.TransformerEncoder(new Odd(), 3);
  const message = refusal(() => encoder.forward(ones([2, 4])));
  assertEquals(
    message,
    "Cannot compute Linear in layers.1.linear: the last dimension must be 4, got shape [2, 3]",
  );
  const net = new nn.UNet(1, 1, { channels: [2, 4] });
  Reflect.set(net.decoder, 0, new nn.Sequential(new nn.Conv2d(1, 1, 1)));
  const { message: second } = assertThrows(() => net.forward(ones([1, 1, 4, 4])), Error);
  assert(second.includes(" in decoder.0.0: "), second);
});

Deno.test("layers of a stack start alike and learn apart", () => {
  const layer = new nn.TransformerEncoderLayer(4, 2, small);
  layer.linear1.weight.requiresGrad_(false);
  const encoder = new nn.TransformerEncoder(layer, 2);
  const state = encoder.stateDict();
  assertEquals(
    state["layers.0.linear1.weight"]!.toArray(),
    state["layers.1.linear1.weight"]!.toArray(),
  );
  assertEquals(encoder.parameters().length, 2 * layer.parameters().length);
  assertEquals(encoder.parameters().filter((p) => !p.requiresGrad).length, 2);
  state["layers.0.linear1.weight"]!.zero_();
  assertNotEquals(layer.linear1.weight.toArray(), state["layers.0.linear1.weight"]!.toArray());
  assertEquals(layer.linear1.weight.toArray(), state["layers.1.linear1.weight"]!.toArray());
});

Deno.test("copies of nets compute the same with parameters of their own", () => {
  const x = rand([2, 4, 4]);
  const edges = tensor([[0, 1], [1, 0]], { dtype: "int32" });
  const nets: [nn.AnyModule, (net: nn.AnyModule) => Tensor][] = [
    [new nn.LSTM(4, 3, { bidirectional: true }), (net) => (net as nn.LSTM).forward(x).output],
    [new nn.GRUCell(4, 3), (net) => (net as nn.GRUCell).forward(x.at(0))],
    [
      new nn.MultiheadAttention(4, 2, { addBiasKv: true }),
      (net) => (net as nn.MultiheadAttention).forward(x, x, x).output,
    ],
    [new nn.GATConv(4, 2), (net) => (net as nn.GATConv).forward(x.at(0), edges)],
    [new nn.GCNConv(4, 2), (net) => (net as nn.GCNConv).forward(x.at(0), edges)],
    [new nn.SwinBlock(4, 2, 2, 1), (net) => (net as nn.SwinBlock).forward(x.unsqueeze(0))],
    [
      new nn.UNet(2, 1, { channels: [1, 2] }),
      (net) => (net as nn.UNet).forward(x.unsqueeze(0)),
    ],
  ];
  for (const [net, run] of nets) {
    const copy = net.copy();
    assertEquals(run(copy).toArray(), run(net).toArray());
    assert(copy.parameters().every((p) => !net.parameters().includes(p)));
  }
});

Deno.test("Transformer() takes another encoder and another decoder", () => {
  class Twice extends nn.Module<[src: Tensor, options?: nn.TransformerEncoderCall]> {
    override forward(x: Tensor): Tensor {
      return x.mul(2);
    }
  }
  class Sum extends nn.Module<[tgt: Tensor, memory: Tensor, options?: nn.DecoderLayerCall]> {
    override forward(x: Tensor, memory: Tensor): Tensor {
      return x.add(memory);
    }
  }
  const net = new nn.Transformer(4, 2, { customEncoder: new Twice(), customDecoder: new Sum() });
  const x = ones([3, 2, 4]);
  assertEquals(net.forward(x, x).toArray(), x.mul(3).toArray());
  assertEquals(net.parameters(), []);
});

Deno.test("generateSquareSubsequentMask() lets each entry see those up to its own place", () => {
  const mask = nn.Transformer.generateSquareSubsequentMask(3);
  assertEquals(mask.toArray(), [[0, -Infinity, -Infinity], [0, 0, -Infinity], [0, 0, 0]]);
  const layer = new nn.TransformerEncoderLayer(4, 2, small);
  const x = rand([2, 3, 4]);
  assertClose(
    layer.forward(x, { srcMask: mask }).detach(),
    layer.forward(x, { isCausal: true }).detach(),
    { rtol: 1e-6, atol: 1e-6 },
  );
});

Deno.test("a state that a recurrent net gives is one that it takes", () => {
  const lstm = new nn.LSTM(2, 3, { numLayers: 2, batchFirst: true, dtype: "float64" });
  const x = rand([4, 6, 2], { dtype: "float64" });
  const whole = lstm.forward(x);
  const { h, c, output } = lstm.forward(x.narrow(1, 0, 2));
  const rest = lstm.forward(x.narrow(1, 2, 4), { h, c });
  assertClose(output.detach(), whole.output.narrow(1, 0, 2).detach(), { rtol: 1e-13 });
  assertClose(rest.output.detach(), whole.output.narrow(1, 2, 4).detach(), { rtol: 1e-13 });
  assertClose(rest.c.detach(), whole.c.detach(), { rtol: 1e-13 });
});

Deno.test("each of what an LSTM gives leads back alone", () => {
  const lstm = new nn.LSTM(2, 3, { bidirectional: true, dtype: "float64" });
  for (const part of ["output", "h", "c"] as const) {
    gradcheck((x) => (lstm.forward(x)[part] as Tensor).square().sum(), [[4, 2, 2]]);
  }
});

Deno.test("a cell, step by step, is the layer", () => {
  const layer = new nn.GRU(2, 3, { dtype: "float64" });
  const cell = new nn.GRUCell(2, 3, { dtype: "float64" });
  const state = Object.entries(layer.stateDict()).map(([key, x]) => [key.replace("_l0", ""), x]);
  cell.loadStateDict(Object.fromEntries(state));
  const x = rand([4, 5, 2], { dtype: "float64" });
  let h: Tensor | undefined;
  for (let t = 0; t < 4; t++) h = cell.forward(x.at(t), h);
  assertClose(h!.detach(), layer.forward(x).h.at(0).detach(), { rtol: 1e-13 });
});

Deno.test("dropout between recurrent layers plays a part in training alone", () => {
  const gru = new nn.GRU(2, 8, { numLayers: 2, dropout: 0.5 });
  const x = rand([3, 2, 2]);
  assertNotEquals(gru.forward(x).output.toArray(), gru.forward(x).output.toArray());
  gru.eval();
  assertEquals(gru.forward(x).output.toArray(), gru.forward(x).output.toArray());
});

Deno.test("stochastic depth drops what a block adds to an example, or scales it", () => {
  const block = new nn.SwinBlock(2, 1, 2, 0, { stochasticDepthProb: 0.5 });
  const x = rand([200, 2, 2, 2]);
  const added = block.forward(x).sub(x).abs().sum([1, 2, 3]).toArray() as number[];
  const kept = added.filter((sum) => sum > 0).length;
  // Both branches of 200 examples are dropped with probability 1/4.
  assert(kept > 110 && kept < 185, `${kept}`);
  block.eval();
  assertEquals((block.forward(x).sub(x).abs().sum([1, 2, 3]).gt(0).all()).item(), 1);
});

Deno.test("recurrent nets say what does not fit", () => {
  const lstm = new nn.LSTM(3, 4);
  const x = ones([2, 5, 3]);
  const [h, c] = [ones([1, 5, 4]), ones([1, 4, 4])];
  const calls: [() => unknown, string][] = [
    [() => lstm.forward(ones([2, 5, 4])), "[steps, batch, 3] or [steps, 3], got shape [2, 5, 4]"],
    [() => lstm.forward(ones([0, 5, 3])), "at least one step"],
    [() => lstm.forward(x, { h, c }), "c must have shape [1, 5, 4], got shape [1, 4, 4]"],
    [() => lstm.forward(nn.utils.packSequence([ones([2, 2])])), "must have shape [3]"],
    [() => new nn.LSTM(3, 4, { projSize: 4 }), "projSize must be less than hiddenSize"],
    [() => new nn.GRUCell(3, 4).forward(x), "[batch, 3] or [3], got [2, 5, 3]"],
  ];
  for (const [call, says] of calls) {
    const { message } = assertThrows(call, RangeError);
    assert(message.includes(says), message);
  }
});

Deno.test("blocks for pictures say what does not fit, before they take memory", () => {
  const embed = new nn.PatchEmbed(2, 3, [4, 2]);
  const calls: [() => unknown, string][] = [
    [
      () => new nn.SwinBlock(2, 1, 200, 0),
      "make SwinBlock: a window must have at most 32767 places",
    ],
    [() => new nn.SwinBlock(2, 1, [1, 32768], 0), "got windowSize [1,32768]"],
    [() => embed.forward(ones([1, 2, 3, 8])), "compute PatchEmbed: the input must have shape"],
    [() => embed.forward(ones([1, 2, 8, 1])), "at least a patch of [4, 2], got [1, 2, 8, 1]"],
    [() => embed.forward(ones([1, 1, 4, 2])), "[batch, 2, height, width]"],
  ];
  for (const [call, says] of calls) {
    const { message } = assertThrows(call, RangeError);
    assert(message.includes(says), message);
  }
  assertEquals(embed.forward(ones([1, 2, 4, 2])).shape, [1, 1, 1, 3]);
});
