/** Rows of article 000: tissue, several streams, strategies, and what speed can be had. */

import { each, median, over, type Row } from "../row.ts";

/** Figures of A-05. */
type Volumes = Record<"nmse" | "peakError" | "p50" | "p99", number>;
/** Figures of. */
type Fused = Record<"attentionGain" | "strategyGain" | "mastery", number>;
/** Figures of. */
type Slabs = Record<"zero" | "conv" | "unet" | "swin", number>;
/** Figures of. */
type Helped = Record<"success" | "oracle" | "fixed", number>;
/** Figures of A-23. */
type Speed = {
  ratios: number[];
  crossover: number;
  differs: number;
  shiftError: number;
  trained: number;
};
/** Figures of C-10. */
type TradeOffs = Record<"structure" | "textureOff" | "rating" | "shown", number[]>;

/** Whether realism brings the texture below a share of what it was off, and diversity costs ratings. */
function trades({ textureOff, rating, shown }: TradeOffs, share: number): boolean {
  return Math.min(...textureOff.slice(1)) < share * textureOff[0]! &&
    shown.every((own, i) => i === 0 || own > shown[i - 1]!) &&
    rating.every((own, i) => i === 0 || own < rating[i - 1]!);
}

const TISSUE = "How well can nets tell how tissue moves?";
const STREAMS = "Does a model with several senses know more?";
const POLICY = "Can a policy learn which way of teaching helps whom?";

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
const fused = each((f: Fused) =>
  f.attentionGain >= 0.1 && f.strategyGain >= 0.1 && f.mastery <= 0.25
);
const quickFused = each((f: Fused) => f.strategyGain >= 0.1 && f.mastery <= 0.6);
const helped = each((f: Helped) => f.success >= 0.95 * f.oracle && f.success >= 1.3 * f.fixed);
const slabs = over<Slabs>((all) =>
  all.every((f) => f.swin <= 0.6 * f.conv) &&
  mean(all.map((f) => f.swin)) <= mean(all.map((f) => f.unet))
);
// Too few steps to rank the nets: only that they are three.
const quickSlabs = each((f: Slabs) => f.swin !== f.conv && f.unet !== f.conv);

export const rows: readonly Row[] = [
  {
    id: "A-05",
    script: "volumes.ts",
    question: TISSUE,
    tag: "M",
    claim: "Surgery needs low latency and accuracy: a light 3-D convolutional net.",
    threshold:
      "error ≤ 0.05 of the variance, ≤ 0.6 mm where most moves; a block in ≤ 16.7 ms at p50",
    holds: over<Volumes>((all) =>
      all.every((f) => f.nmse <= 0.05 && f.peakError <= 0.6) &&
      median(all.map((f) => f.p50)) <= 16.7
    ),
    quick: each((f: Volumes) => f.peakError <= 3.5),
  },
  {
    id: "A-09",
    script: "slabs.ts",
    question: TISSUE,
    tag: "M",
    claim:
      "A hybrid of Swin transformer and U-Net errs by 0.87 mm, 41 % better than traditional models.",
    correction:
      "Saying 0 errs by less than 0.87 mm here. What can be said is how nets compare on the same slabs.",
    threshold:
      "mean error ≤ 0.6 of three convolutions' on each seed, on average ≤ the plain U-Net's",
    holds: slabs,
    quick: quickSlabs,
  },
  {
    id: "A-02",
    script: "slabs.ts",
    question: TISSUE,
    tag: "M",
    claim: "AI simulates how tissue deforms at the precision of a millimetre, in real time.",
    correction:
      "Simulated tissue of 32 × 32 mm beside a numerical solver; where most moves all nets err by about half a millimetre.",
    threshold:
      "as A-09, with errors in mm on a grid of 1 mm, also where most moves; latency stands with A-05",
    holds: slabs,
    quick: quickSlabs,
  },
  {
    id: "A-10",
    script: "multimodal.ts",
    question: STREAMS,
    tag: "M",
    claim: "One model of speech, eyes and fingers does three tasks.",
    threshold:
      "≥ 0.10 above the best single stream in both classifications, error of mastery ≤ 0.25",
    holds: fused,
    quick: quickFused,
  },
  {
    id: "A-06",
    script: "multimodal.ts",
    question: STREAMS,
    tag: "M",
    claim: "Data of several kinds need transformers fused with temporal networks.",
    threshold: "that of A-10, by the same model",
    holds: fused,
    quick: quickFused,
  },
  {
    id: "A-03",
    script: "strategy.ts",
    question: POLICY,
    tag: "M",
    claim: "A system analyses behaviour and adjusts the strategy of teaching.",
    threshold: "success ≥ 0.95 of who knows all, ≥ 1.3 of the best strategy for everyone",
    holds: helped,
  },
  {
    id: "A-25",
    script: "strategy.ts",
    question: POLICY,
    tag: "M",
    claim: "An educational robot.",
    correction: "A loop of looking, acting and being told; there is no robot.",
    threshold: "that of A-03, by the same policy",
    holds: helped,
  },
  {
    id: "A-23",
    script: "throughput.ts",
    question: "How much faster can a squared error be computed?",
    tag: "P",
    claim: "Quantum PyTorch computes MSE 200 times as fast.",
    correction:
      "There is no such thing to measure. Measured ratios are printed instead, and a simulated circuit that is slower.",
    threshold:
      "the library's gradient is that of plain JavaScript; the shift rule within 1e-5 of differences",
    justification:
      "seeds 1 to 5: gradients 1e-9 apart, the shift rule 1e-11, the circuit's error 1e-21; a shift of an eighth turn: 0.05 to 0.1",
    holds: each((f: Speed) => f.differs <= 1e-7 && f.shiftError <= 1e-5 && f.trained <= 1e-6),
  },
  {
    id: "C-10",
    script: "weighted_sums.ts",
    question: "What does a weighted sum trade?",
    tag: "P",
    claim:
      "A weighted sum joins realism and structure of images, or accuracy and diversity of what is recommended.",
    threshold:
      "realism: SSIM falls by ≥ 0.01 to the last weight, at some weight the texture is off by < 0.95 of before; diversity: each weight shows more items at lower ratings",
    justification:
      "seeds 1 to 5: SSIM falls by 0.018 to 0.030, the texture is off by 0.64 to 0.90 of before; without the second loss nothing moves",
    holds: each((f: TradeOffs) => f.structure[0]! - f.structure.at(-1)! >= 0.01 && trades(f, 0.95)),
    quick: each((f: TradeOffs) => trades(f, 1)),
  },
];
