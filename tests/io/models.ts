/** The models of `fixtures/models.py`, with the library's layers. */

import { maxPool2d, nn, type Tensor, zeros } from "../../mod.ts";

/** Two convolutions and two linear layers for digits. */
export class Cnn extends nn.Module {
  conv1 = new nn.Conv2d(1, 8, 3, { padding: 1 });
  conv2 = new nn.Conv2d(8, 16, 3, { padding: 1 });
  fc1 = new nn.Linear(16 * 7 * 7, 32);
  fc2 = new nn.Linear(32, 10);

  override forward(x: Tensor): Tensor {
    const first = maxPool2d(this.conv1.forward(x).relu(), 2);
    const second = maxPool2d(this.conv2.forward(first).relu(), 2);
    return this.fc2.forward(this.fc1.forward(second.flatten(1)).relu());
  }
}

/** Two convolutions beside a way around them. */
class Block extends nn.Module {
  conv1: nn.Conv2d;
  bn1: nn.BatchNorm2d;
  conv2: nn.Conv2d;
  bn2: nn.BatchNorm2d;
  downsample: nn.Sequential | null = null;

  constructor(inputs: number, outputs: number, stride: number) {
    super();
    this.conv1 = new nn.Conv2d(inputs, outputs, 3, { stride, padding: 1, bias: false });
    this.bn1 = new nn.BatchNorm2d(outputs);
    this.conv2 = new nn.Conv2d(outputs, outputs, 3, { padding: 1, bias: false });
    this.bn2 = new nn.BatchNorm2d(outputs);
    if (stride === 1 && inputs === outputs) return;
    this.downsample = new nn.Sequential(
      new nn.Conv2d(inputs, outputs, 1, { stride, bias: false }),
      new nn.BatchNorm2d(outputs),
    );
  }

  override forward(x: Tensor): Tensor {
    const inner = this.bn1.forward(this.conv1.forward(x)).relu();
    const short = this.downsample?.forward(x) ?? x;
    return this.bn2.forward(this.conv2.forward(inner)).add(short).relu();
  }
}

/** Two blocks, of which the first may halve the image. */
function stage(inputs: number, outputs: number, stride: number): nn.Sequential {
  return new nn.Sequential(new Block(inputs, outputs, stride), new Block(outputs, outputs, 1));
}

/** The layers of torchvision's resnet18, eight times as narrow. */
export class ResNet18 extends nn.Module {
  conv1 = new nn.Conv2d(3, 8, 7, { stride: 2, padding: 3, bias: false });
  bn1 = new nn.BatchNorm2d(8);
  layer1 = stage(8, 8, 1);
  layer2 = stage(8, 16, 2);
  layer3 = stage(16, 32, 2);
  layer4 = stage(32, 64, 2);
  fc = new nn.Linear(64, 10);

  override forward(x: Tensor): Tensor {
    const start = this.bn1.forward(this.conv1.forward(x)).relu();
    const pooled = maxPool2d(start, 3, { stride: 2, padding: 1 });
    const last = [this.layer1, this.layer2, this.layer3, this.layer4]
      .reduce((y, layer) => layer.forward(y), pooled);
    return this.fc.forward(last.mean([2, 3]));
  }
}

/** Reads numbers in order and says whether their sum is positive. */
export class Recurrent extends nn.Module {
  lstm = new nn.LSTM(4, 16, { numLayers: 2, batchFirst: true, bidirectional: true });
  head = new nn.Linear(32, 2);

  override forward(x: Tensor): Tensor {
    return this.head.forward(this.lstm.forward(x).output.at([null, null], -1));
  }
}

/** Reads symbols in order and says at each place whether the one before was the same. */
export class Encoder extends nn.Module {
  embed = new nn.Embedding(6, 16);
  position = new nn.Parameter(zeros([12, 16]));
  encoder = new nn.TransformerEncoder(
    new nn.TransformerEncoderLayer(16, 4, { dimFeedforward: 32, dropout: 0, batchFirst: true }),
    2,
  );
  head = new nn.Linear(16, 2);

  override forward(x: Tensor): Tensor {
    return this.head.forward(this.encoder.forward(this.embed.forward(x).add(this.position)));
  }
}
