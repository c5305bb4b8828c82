/**
 * What training steps ask of the GPU, by formulas from their shapes: how many dispatches, and how many
 * bytes these move, where each reads and writes every element of its operands once. `gpu_work_test.ts`
 * compares what is counted.
 */

/** What some dispatches ask of the device. */
export interface Work {
  readonly dispatches: number;
  readonly bytes: number;
}

/** Bytes of an element of any type. */
const BYTES = 4;

/** One dispatch that reads or writes so many elements. */
function pass(...elements: number[]): Work {
  return { dispatches: 1, bytes: BYTES * elements.reduce((sum, count) => sum + count, 0) };
}

function together(...all: readonly Work[]): Work {
  return {
    dispatches: all.reduce((sum, { dispatches }) => sum + dispatches, 0),
    bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** Results that are made at once, or in parts that a second dispatch adds up. */
function inParts(parts: number, inputs: number, results: number): Work {
  if (parts === 1) return pass(inputs, results);
  return together(pass(inputs, parts * results), pass(parts * results, results));
}

const between = (low: number, value: number, high: number) => Math.min(Math.max(value, low), high);
const upTo = (step: number, value: number) => Math.ceil(value / step) * step;

/** The side of a product's tiles, and how many there are. */
function tiling(rows: number, inner: number, columns: number): { side: number; tiles: number } {
  const count = (side: number) => Math.ceil(rows / side) * Math.ceil(columns / side);
  const least = Math.min(rows, columns);
  const large = count(128) >= 256 || (count(128) >= 64 && inner >= 1024);
  const side = least >= 64 && large ? 128 : least >= 32 && count(64) >= 64 ? 64 : 32;
  return { side, tiles: count(side) };
}

/** In how many parts the inner elements of a product are shared out: so that 132 processors are busy. */
function productParts(inner: number, { side, tiles }: ReturnType<typeof tiling>): number {
  const filling = { 32: 1056, 64: 792, 128: 264 }[side]!;
  const parts = between(1, Math.floor(filling / tiles), Math.max(1, Math.floor(inner / 64)));
  return Math.ceil(inner / upTo(16, Math.ceil(inner / parts)));
}

/** [rows, inner] · [inner, columns]. */
function product(rows: number, inner: number, columns: number): Work {
  const parts = productParts(inner, tiling(rows, inner, columns));
  return inParts(parts, rows * inner + inner * columns, rows * columns);
}

/** Sums of so many elements each: along rows, or of columns, whose neighbours are read at once. */
function sums(results: number, count: number, along: "rows" | "columns"): Work {
  const lanes = along === "columns" || count < 32 ? 1 : count < 1024 ? 32 : 256;
  const most = Math.max(1, Math.floor(count / (lanes * 16)));
  const parts = between(1, Math.floor(1056 * 256 / (results * lanes)), most);
  const chunk = upTo(4 * lanes, Math.ceil(count / parts));
  return inParts(Math.ceil(count / chunk), results * count, results);
}

/** x·wᵀ + b, the bias by a pass of its own. */
function linear(batch: number, inputs: number, outputs: number): Work {
  return together(
    product(batch, inputs, outputs),
    pass(2 * batch * outputs, outputs),
  );
}

/** From the outputs' gradient to those of the parameters, and of the inputs where these have one. */
function linearBackward(batch: number, inputs: number, outputs: number, toInputs: boolean): Work {
  return together(
    sums(outputs, batch, "columns"),
    product(outputs, batch, inputs),
    ...toInputs ? [product(batch, outputs, inputs)] : [],
  );
}

/** max(x, 0), and back: a comparison, whose result is a number for each element, and a choice. */
const relu = (size: number): Work => pass(2 * size);
const reluBackward = (size: number): Work => together(pass(2 * size, 1), pass(3 * size, 1));

/** The mean cross-entropy of labels. */
function crossEntropy(batch: number, classes: number): Work {
  return together(pass(batch * classes, 2 * batch), sums(1, batch, "rows"));
}

/** Back: 1, divided by the batch, and the gradient of the logits. */
function crossEntropyBackward(batch: number, classes: number): Work {
  return together(pass(1, 1), pass(3), pass(2 * batch * classes, batch, 1));
}

/** A perceptron with one hidden layer, of rectified units. */
export interface Perceptron {
  readonly batch: number;
  readonly inputs: number;
  readonly hidden: number;
  readonly classes: number;
}

/** Its step with cross-entropy and plain SGD, which reads and writes parameters and reads gradients. */
export function perceptronStep({ batch, inputs, hidden, classes }: Perceptron): Work {
  const parameters = [inputs * hidden, hidden, hidden * classes, classes];
  return together(
    linear(batch, inputs, hidden),
    relu(batch * hidden),
    linear(batch, hidden, classes),
    crossEntropy(batch, classes),
    crossEntropyBackward(batch, classes),
    linearBackward(batch, hidden, classes, true),
    reluBackward(batch * hidden),
    linearBackward(batch, inputs, hidden, false),
    ...parameters.map((size) => pass(3 * size)),
  );
}

/** A net of convolutions by 3 x 3 with padding, rectified and pooled by 2 x 2, and a linear layer. */
export interface ConvolutionalNet {
  readonly batch: number;
  /** Channels of the input and of each layer. */
  readonly channels: readonly number[];
  /** Height and width of the input. */
  readonly extent: number;
  readonly classes: number;
}

/** Windows of a convolution. */
const TAPS = 9;

interface Layer {
  readonly batch: number;
  readonly from: number;
  readonly to: number;
  /** Elements of a channel. */
  readonly space: number;
}

function layersOf({ batch, channels, extent }: ConvolutionalNet): Layer[] {
  return channels.slice(1).map((to, i) => ({
    batch,
    from: channels[i]!,
    to,
    space: (extent / 2 ** i) ** 2,
  }));
}

/** The convolution adds its bias itself; the pool gives values and their places. */
function layerForward({ batch, from, to, space }: Layer): Work {
  const [x, y] = [batch * from * space, batch * to * space];
  return together(pass(x, to * from * TAPS, to, y), relu(y), pass(y, y / 4, y / 4));
}

function layerBackward({ batch, from, to, space }: Layer, toInputs: boolean): Work {
  const [x, y, w] = [batch * from * space, batch * to * space, to * from * TAPS];
  return together(
    // Zeros, to which the gradients of the windows are added at their places.
    pass(y, 1),
    pass(2 * y, y / 4, y / 4),
    reluBackward(y),
    sums(to, batch * space, "rows"),
    inParts(productParts(batch * space, tiling(to, 0, from * TAPS)), x + y, w),
    ...toInputs ? [pass(y, w, x)] : [],
  );
}

/** Its step with cross-entropy and Adam, which also reads and writes two means of each parameter. */
export function convolutionalStep(net: ConvolutionalNet): Work {
  const { batch, classes } = net;
  const layers = layersOf(net);
  const { to, space } = layers.at(-1)!;
  const features = to * space / 4;
  const parameters = [
    ...layers.flatMap(({ from, to }) => [to * from * TAPS, to]),
    features * classes,
    classes,
  ];
  return together(
    ...layers.map(layerForward),
    linear(batch, features, classes),
    crossEntropy(batch, classes),
    crossEntropyBackward(batch, classes),
    linearBackward(batch, features, classes, true),
    ...layers.map((layer, i) => layerBackward(layer, i > 0)),
    ...parameters.map((size) => pass(7 * size)),
  );
}
