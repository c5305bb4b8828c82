/** The rows of nets on pictures, in training. `torch/picture_rows.py` has the same rows. */

import { cat, losses, nn, optim, type Tensor } from "@adjoint/ml";
import { labels, setParameters, wave } from "./inputs.ts";
import { computing, type Instance, type Row } from "./row.ts";

/** A training step with Adam. With a rate of 0, all steps are the same. */
function step(net: nn.Module, x: Tensor, lossOf: (output: Tensor) => Tensor): Instance {
  const parameters = setParameters(net).parameters();
  const optimizer = new optim.Adam(parameters, { lr: 0 });
  return computing(() => {
    optimizer.zeroGrad();
    const loss = lossOf(net.forward(x));
    loss.backward();
    optimizer.step();
    return loss;
  }, () => parameters.map(({ grad }) => grad));
}

const conv = (from: number, to: number) => new nn.Conv2d(from, to, 3, { padding: 1 });

function cnn(): Instance {
  const net = new nn.Sequential(
    conv(1, 16),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    conv(16, 32),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Linear(32 * 49, 10),
  );
  const y = labels(64);
  return step(net, wave([64, 1, 28, 28]), (logits) => losses.crossEntropy(logits, y));
}

const PICTURES = [16, 3, 32, 32];

/** A net with two outputs for each place. */
function places(net: nn.Module): Instance {
  const wanted = wave([16, 2, 32, 32], { phase: 1.3 });
  return step(net, wave(PICTURES), (found) => losses.mse(found, wanted));
}

const twice = (from: number, to: number) =>
  new nn.Sequential(conv(from, to), new nn.ReLU(), conv(to, to), new nn.ReLU());

/** Two Swin blocks on pictures with channels first. */
class Windows extends nn.Module {
  first: nn.SwinBlock;
  second: nn.SwinBlock;
  constructor(channels: number) {
    super();
    this.first = new nn.SwinBlock(channels, 2, 4, 0, { mlpRatio: 2 });
    this.second = new nn.SwinBlock(channels, 2, 4, 2, { mlpRatio: 2 });
  }
  override forward(x: Tensor): Tensor {
    const y = this.second.forward(this.first.forward(x.permute([0, 2, 3, 1])));
    return y.permute([0, 3, 1, 2]);
  }
}

/** The net of `examples/slabs.ts`, but for the number of heads; importing a script would run it. */
class SwinUNet extends nn.Module {
  near = twice(3, 16);
  down1 = new nn.Conv2d(16, 32, 2, { stride: 2 });
  middle = new Windows(32);
  down2 = new nn.Conv2d(32, 64, 2, { stride: 2 });
  far = new Windows(64);
  up2 = new nn.ConvTranspose2d(64, 32, 2, { stride: 2 });
  join2 = twice(64, 32);
  up1 = new nn.ConvTranspose2d(32, 16, 2, { stride: 2 });
  join1 = twice(32, 16);
  head = new nn.Conv2d(16, 2, 1);
  override forward(x: Tensor): Tensor {
    const near = this.near.forward(x);
    const middle = this.middle.forward(this.down1.forward(near));
    const far = this.far.forward(this.down2.forward(middle));
    const back = this.join2.forward(cat([this.up2.forward(far), middle], 1));
    return this.head.forward(this.join1.forward(cat([this.up1.forward(back), near], 1)));
  }
}

/** All rows of nets on pictures. */
export const pictureRows: readonly Row[] = [
  { name: "CNN step, 64 of 28x28, 16-32 channels", target: 1, large: true, make: cnn },
  {
    name: "U-Net step, 16 of 32x32, 16-32-64 channels",
    target: 1,
    large: true,
    make: () => places(new nn.UNet(3, 2, { channels: [16, 32, 64], norm: false })),
  },
  {
    name: "Swin-U-Net step, 16 of 32x32, 16-32-64 channels",
    target: 1,
    large: true,
    // The gradients of the windows' biases cancel except for the last digits.
    tolerance: 1e-3,
    make: () => places(new SwinUNet()),
  },
];
