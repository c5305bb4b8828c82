/** Work for every kernel, from which tests record launches. */

import { kernelTable } from "../../lib/ffi/library.ts";
import * as adjoint from "../../mod.ts";

const { linalg, losses, nn, noGrad, optim, randn, rand, tensor } = adjoint;
const F = nn.functional;

const leaf = (...shape: number[]) => randn(shape, { requiresGrad: true });

/** Steps a parameter twice. */
function step(n: number, make: (p: adjoint.Tensor[]) => { step(): void }): void {
  const p = leaf(n, n);
  const optimizer = make([p]);
  for (let turn = 0; turn < 2; turn++) {
    p.grad = randn([n, n]);
    optimizer.step();
  }
}

/**
 * Scenes that together launch all kernels, with operands that are not contiguous where a kernel may
 * copy them.
 *
 * @param n Maps a large extent to the one to use.
 */
export function kernelScenes(n: (large: number) => number): Record<string, () => unknown> {
  const [few, some, many] = [n(300), n(600), n(3000)];
  const labels = tensor(Int32Array.from({ length: some }, (_, i) => i % few));
  const places = tensor(Int32Array.from({ length: few * many }, (_, i) => i % few))
    .reshape([few, many]);
  return {
    matmul: () => leaf(n(700), n(700)).matmul(leaf(n(700), n(700))).sum().backward(),
    "matmul of other types": () => {
      for (const dtype of ["float64", "int32"] as const) {
        const x = randn([few, few]).to({ dtype });
        x.matmul(x.mT);
      }
    },
    linear: () => {
      for (const activation of ["relu", "tanh", "sigmoid", undefined] as const) {
        const options = { bias: leaf(few), ...activation === undefined ? {} : { activation } };
        const y = F.linear(leaf(n(500), some), leaf(few, some), options);
        y.mul(randn([few, n(500)]).mT).sum().backward();
      }
    },
    sort: () => {
      const x = randn([n(20), n(20000)]);
      return [adjoint.sort(x, 1), adjoint.topk(x, n(5000), 1), x.to({ dtype: "int32" }).sort(0)];
    },
    scans: () => {
      for (const scan of [adjoint.cumsum, adjoint.cumprod]) {
        scan(leaf(n(1200), few), 0).sum().backward();
        scan(adjoint.ones([n(1200), few], { dtype: "int32" }), 1);
      }
    },
    products: () => {
      for (const dim of [0, 1]) leaf(n(1200), few).prod(dim).sum().backward();
      leaf(n(1200), few).mT.norm().backward();
      adjoint.ones([n(1200), few], { dtype: "int32" }).prod();
    },
    variances: () => {
      const x = leaf(n(1200), few);
      for (const dim of [0, 1]) adjoint.variance(x, dim).sum().backward();
      adjoint.std(x.mT).backward();
    },
    gelu: () => {
      for (const approximate of ["none", "tanh"] as const) {
        leaf(n(1200), few).mT.gelu({ approximate }).sum().backward();
      }
    },
    bounds: () => leaf(many, n(1000)).mT.clamp(-1, 0.5).sum().backward(),
    sums: () => {
      const x = randn([many, n(1000)]);
      return [x.sum(), x.sum(0), x.mean(1), x.gt(0).sum(0), x.to({ dtype: "int32" }).sum(1)];
    },
    extremes: () => {
      leaf(n(1000), many).max(0).values.sum().backward();
      return [
        randn([many, n(1000)]).mT.min(0),
        randn([many, n(1000)]).to({ dtype: "bool" }).max(1),
      ];
    },
    crossEntropy: () => losses.crossEntropy(leaf(some, few), labels).backward(),
    residuals: () => {
      const ofNumbers = [
        ...[losses.mse, losses.huber, losses.smoothL1, losses.logCosh],
        ...[losses.charbonnier, losses.cauchy, losses.tukeyBiweight],
      ];
      for (const reduction of ["mean", "none"] as const) {
        for (const loss of ofNumbers) {
          loss(leaf(n(1000), many), leaf(many, n(1000)).mT, { reduction }).sum().backward();
        }
        const shares = rand([many, n(1000)], { requiresGrad: true });
        const logits = leaf(n(1000), many);
        losses.bceWithLogits(logits, shares.mT, { reduction }).sum().backward();
        losses.bce(logits.sigmoid(), shares.mT, { reduction }).sum().backward();
      }
    },
    divergences: () => {
      const [logs, shares] = [leaf(n(1000), many), rand([many, n(1000)], { requiresGrad: true })];
      for (const loss of [losses.klDiv, losses.jsDiv, losses.generalRobust]) {
        for (const reduction of ["mean", "none"] as const) {
          loss(logs, shares.mT, { reduction }).sum().backward();
        }
      }
      for (const reduction of ["mean", "none"] as const) {
        losses.generalRobust(logs, shares.mT, { alpha: -2, reduction }).sum().backward();
      }
      losses.generalRobust(logs, shares.mT, { alpha: 0 }).backward();
    },
    rows: () => {
      losses.multiMargin(leaf(few, some).mT, labels).backward();
      const lists = tensor(Int32Array.from({ length: some * few }, (_, i) => i % few - 1))
        .reshape([some, few]).flip(1);
      losses.multiLabelMargin(leaf(few, some).mT, lists).backward();
      losses.pairwiseLogistic(leaf(few, some).mT, randn([few, some]).mT).backward();
      const relevance = rand([few, some], { requiresGrad: true }).mT;
      losses.listwiseSoftmax(leaf(few, some).mT, relevance).backward();
    },
    alignments: () => {
      const [times, count, longest] = [n(60), n(40), n(12)];
      const all = (length: number) => tensor(Int32Array.from({ length: count }, () => length));
      const targets = tensor(Int32Array.from({ length: count * longest }, (_, i) => 1 + i % 7))
        .reshape([longest, count]).mT;
      const logs = leaf(times, 9, count).logSoftmax(1).transpose(1, 2);
      losses.ctc(logs, targets, all(times), all(longest), { zeroInfinity: true }).backward();
    },
    images: () => {
      const [p, t] = [leaf(n(4), 3, n(60), n(60)), rand([n(4), 3, n(60), n(60)])];
      losses.ssim(p, t, { windowSize: 3 }).backward();
      losses.totalVariation(p.mT).backward();
      const masks = rand([n(4), many, 3], { requiresGrad: true }).mT;
      losses.dice(leaf(n(4), many, 3).mT, masks).backward();
    },
    recurrent: () => {
      const lstm = new nn.LSTM(n(40), n(100), { bidirectional: true });
      lstm.forward(leaf(n(30), n(20), n(40))).output.sum().backward();
    },
    convolutions: () => {
      for (const stride of [1, 2]) {
        for (const channels of [3, 16]) {
          const x = leaf(n(4), channels, n(40), n(40));
          const options = { bias: leaf(n(32)), padding: 1, stride };
          F.conv2d(x, leaf(n(32), channels, 3, 3), options).square().sum().backward();
        }
      }
    },
    pools: () => {
      const x = leaf(n(4), n(16), n(64), n(64));
      F.avgPool2d(x.transpose(2, 3), 3).sum().backward();
      F.maxPool2d(x.transpose(2, 3), 3, { padding: 1 }).sum().backward();
    },
    factors: () => {
      const a = leaf(few, few);
      linalg.solve(a, randn([few, few])).sum().backward();
      linalg.cholesky(a.matmul(a.mT).add(adjoint.eye(few))).sum().backward();
    },
    spectra: () => {
      const a = leaf(few, few);
      linalg.qr(a.mT).r.sum().backward();
      linalg.eigh(a.mT).eigenvalues.sum().backward();
    },
    distances: () => {
      for (const p of [1, 2, 3]) {
        adjoint.cdist(leaf(few, 9).mT.contiguous().mT, leaf(some, 9), { p }).sum().backward();
      }
      const signs = randn([some]).sign();
      losses.cosineEmbedding(leaf(many, some).mT, leaf(some, many), signs).backward();
      losses.contrastive(leaf(n(1500), some).mT, labels).backward();
    },
    normalisations: () => {
      for (const axis of [0, 1]) {
        for (const f of [adjoint.softmax, adjoint.logSoftmax, adjoint.logsumexp]) {
          f(leaf(n(400), few).mT, axis).square().sum().backward();
        }
      }
      adjoint.normalize(leaf(many, some).mT).square().sum().backward();
      const options = { weight: leaf(many), bias: leaf(many) };
      F.layerNorm(leaf(many, some).mT, [many], options).square().sum().backward();
    },
    indices: () => {
      const x = leaf(many, few);
      x.mT.gather(0, places).sum().backward();
      noGrad(() => x.mT.scatter(0, places, randn([many, few]).mT));
      const whole = x.detach().to({ dtype: "int32" });
      return whole.mT.scatterAdd(0, places, whole.mT);
    },
    copies: () => {
      const x = randn([n(2000), n(2000)]).mT;
      for (const dtype of ["float64", "int32", "bool"] as const) x.to({ dtype });
      x.gt(0).to({ dtype: "float32" });
      adjoint.cat([x, x], 1);
      adjoint.zeros([n(60_000)]).flip([0]);
      return x.contiguous();
    },
    random: () => [
      rand([n(2000), n(1000)]),
      randn([n(2000), n(1000)], { dtype: "float64" }),
      adjoint.randint(few, [n(2000), n(1000)]),
    ],
    steps: () => {
      step(few, (p) => new optim.SGD(p, { lr: 0.1 }));
      step(few, (p) => new optim.SGD(p, { lr: 0.1, momentum: 0.9 }));
      step(few, (p) => new optim.Adam(p));
    },
    elementwise: () => {
      const [x, y] = [rand([few, n(1000)]), rand([n(1000), few]).mT];
      for (const { name, wgsl = "" } of kernelTable()) {
        const f: unknown = Reflect.get(adjoint, name);
        if (name === "where") adjoint.where(x.gt(y), x, y);
        else if (name === "polygamma") adjoint.polygamma(1, rand([10]));
        else if (typeof f !== "function" || /\bfn /.test(wgsl)) continue;
        else if (/\ba\b/.test(wgsl)) f(x, y);
        else if (/\bx\b/.test(wgsl)) f(y);
      }
    },
  };
}
