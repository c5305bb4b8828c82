/**
 * A net finds what is in a picture, and where. Article 001 lists object detection. Each synthetic
 * picture has a filled square or a ring on noise. A small convolutional net predicts its box,
 * trained by the smooth L1 loss, and its class, trained by cross-entropy. The baseline is the mean
 * box. Then four pictures are joined: the same net finds several shapes at once on a grid of
 * windows, non-maximum suppression removes duplicates, and the mean average precision measures the
 * result.
 *
 *   deno run --allow-ffi examples/detection.ts --seed 1
 *
 * The control trains on the boxes and classes of other pictures.
 */

import { cat, data, losses, metrics, nn, noGrad, optim, randint, randperm } from "@adjoint/ml";
import { type Tensor, tensor, train } from "@adjoint/ml";
import * as plot from "@adjoint/ml/plot";

const run = train.experiment("A net finds what is in a picture and where.");
const known = data.synthetic.shapes(run.quick ? 400 : 800);
const unknown = data.synthetic.shapes(200);
const mixed = run.control ? randperm(known.y.size) : null;
const shuffled = (x: Tensor) => mixed === null ? x : x.indexSelect(0, mixed);
const [boxes, labels] = [shuffled(known.boxes), shuffled(known.y)];

const model = new nn.Sequential(
  new nn.Conv2d(1, 8, 3, { stride: 2, padding: 1 }),
  new nn.ReLU(),
  new nn.Conv2d(8, 16, 3, { stride: 2, padding: 1 }),
  new nn.ReLU(),
  new nn.Conv2d(16, 32, 3, { stride: 2, padding: 1 }),
  new nn.ReLU(),
  new nn.Flatten(),
  new nn.Linear(512, 64),
  new nn.ReLU(),
  new nn.Linear(64, 6),
);
const optimizer = new optim.Adam(model.parameters(), { lr: 2e-3 });
for (let step = 0; step < (run.quick ? 250 : 500); step++) {
  const batch = randint(0, labels.size, [32]);
  const output = model.forward(known.x.indexSelect(0, batch));
  const box = losses.smoothL1(output.at(":", [0, 4]), boxes.indexSelect(0, batch), { beta: 0.1 });
  const kind = losses.crossEntropy(output.at(":", [4, null]), labels.indexSelect(0, batch));
  optimizer.zeroGrad();
  box.mul(10).add(kind).backward();
  optimizer.step();
}

/** How well each box covers its true box. */
const cover = (found: Tensor, wanted: Tensor) =>
  metrics.boxIou(found, wanted).diagonal().mean().item();
const output = noGrad(() => model.forward(unknown.x));
const found = output.at(":", [0, 4]);
console.log("Synthetic pictures of one shape:");
const one = {
  iou: cover(found, unknown.boxes),
  meanBox: cover(known.boxes.mean(0).expand([200, 4]), unknown.boxes),
  accuracy: metrics.accuracy(output.at(":", [4, null]), unknown.y),
};

// Four pictures as the quarters of one of 64 × 64; the net sees windows of 32, every 16 pixels.
const detections = Array.from({ length: 50 }, (_, i) => {
  const places = [0, 1, 2, 3].map((k) => 4 * i + k);
  const quarters = places.map((place) => unknown.x.at(place).squeeze(0));
  const row = (k: number) => cat([quarters[k]!, quarters[k + 1]!], 1);
  const picture = cat([row(0), row(2)], 0);
  const corners = [0, 16, 32].flatMap((y) => [0, 16, 32].map((x) => [x, y, x, y]));
  const windows = cat(
    corners.map(([x, y]) => picture.narrow(0, y!, 32).narrow(1, x!, 32).reshape([1, 1, 32, 32])),
    0,
  );
  const looks = noGrad(() => model.forward(windows));
  const chances = looks.at(":", [4, null]).softmax(1).max(1);
  const all = looks.at(":", [0, 4]).mul(32).add(tensor(corners));
  const kept = metrics.nms(all, chances.values, 0.3);
  return {
    picture,
    found: {
      boxes: all.indexSelect(0, kept),
      scores: chances.values.indexSelect(0, kept),
      labels: chances.indices.indexSelect(0, kept),
    },
    truth: {
      boxes: cat(
        places.map((place, k) => {
          const [x, y] = [32 * (k % 2), 32 * Math.floor(k / 2)];
          return unknown.boxes.narrow(0, place, 1).mul(32).add(tensor([[x, y, x, y]]));
        }),
        0,
      ),
      labels: cat(places.map((place) => unknown.y.narrow(0, place, 1)), 0),
    },
  };
});
const { map50 } = metrics.meanAveragePrecision(
  detections.map(({ found }) => found),
  detections.map(({ truth }) => truth),
  { iouThresholds: [0.5] },
);

/** The first picture with frames around boxes. */
function framed(title: string, boxes: Tensor) {
  const image = detections[0]!.picture.clone();
  for (const [x, y, right, bottom] of boxes.clamp(0, 63).round().toArray() as number[][]) {
    const [width, height] = [Math.max(right! - x!, 0) + 1, Math.max(bottom! - y!, 0) + 1];
    for (const row of [y!, y! + height - 1]) image.narrow(0, row, 1).narrow(1, x!, width).fill_(2);
    for (const at of [x!, x! + width - 1]) image.narrow(0, y!, height).narrow(1, at, 1).fill_(2);
  }
  return plot.heatmap(image, { title, values: false, width: 400, height: 400 });
}
const { truth, found: seen } = detections[0]!;
run.picture(
  "four_at_once",
  plot.figure([framed("True shapes", truth.boxes), framed("Found shapes", seen.boxes)]),
);
run.figures("B-18", { ...one, map50 });
run.end();
