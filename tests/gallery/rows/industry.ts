/** Rows of what article 001 says that nets do in industry, each on synthetic data. */

import { each, type Row } from "../row.ts";

const sequences = "What do nets read off sequences?";
const groups = "What do nets find without being told?";
const people = "What is recommended?";
const safety = "Is a model safe?";

export const rows: readonly Row[] = [
  {
    id: "B-21",
    script: "sentiment.ts",
    question: sequences,
    claim: "Nets analyse sentiment.",
    correction:
      "Those that read words in order do; a bag of words does not know what a “not” turns.",
    tag: "M",
    threshold: "accuracy: LSTM ≥ 0.95, bag of embeddings ≤ 0.60",
    holds: each((f: { reader: number; bag: number }) => f.reader >= 0.95 && f.bag <= 0.6),
  },
  {
    id: "B-25",
    script: "sequence_labels.ts",
    question: sequences,
    claim: "Nets analyse genomes.",
    correction: "Shown is the search for a planted motif in synthetic strands.",
    tag: "P",
    threshold: "ROC AUC ≥ 0.93, and the strongest filter spells ≥ 5 of the motif's 7 letters",
    justification:
      "Seeds 1 to 5: AUC 0.962 to 0.972 and 7 letters; windows of one letter: 0.5 and 0.",
    holds: each((f: { auc: number; letters: number }) => f.auc >= 0.93 && f.letters >= 5),
    quick: each((f: { auc: number; letters: number }) => f.auc >= 0.9 && f.letters >= 5),
  },
  {
    id: "B-26",
    script: "sequence_labels.ts",
    question: sequences,
    claim: "Nets predict the structure of proteins.",
    correction: "Shown is 3-state sequence labelling on synthetic chains, which is no folding.",
    tag: "M",
    threshold: "Q3 of a window ≥ Q3 of single residues + 0.05",
    holds: each((f: { window: number; single: number }) => f.window >= f.single + 0.05),
  },
  {
    id: "B-04",
    script: "clusters.ts",
    question: groups,
    claim: "Nets cluster data.",
    tag: "P",
    threshold: "adjusted Rand index ≥ 0.9, and above that of two random directions",
    justification: "Seeds 1 to 5: 0.95 to 1.00, two random directions 0.24 to 0.56.",
    holds: each((f: { ari: number; random: number }) => f.ari >= 0.9 && f.ari > f.random),
  },
  {
    id: "B-33",
    script: "anomalies.ts",
    question: groups,
    claim: "Nets watch machines in smart manufacturing.",
    correction: "Three principal components find these faults as well; the task needs no net.",
    tag: "M",
    threshold: "ROC AUC ≥ 0.9 at the amplitude 0.5",
    holds: each((f: { auc: number }) => f.auc >= 0.9),
  },
  {
    id: "B-22",
    script: "recommend.ts",
    question: people,
    claim: "Nets recommend what a person likes.",
    tag: "P",
    threshold: "NDCG@10 and recall@10 ≥ 1.2 × those of the item means",
    justification: "Seeds 1 to 5: 1.47 to 2.28 times; without factors 1.0 times.",
    holds: each((
      f: { ndcg: number; recall: number; popularNdcg: number; popularRecall: number },
    ) => f.ndcg >= 1.2 * f.popularNdcg && f.recall >= 1.2 * f.popularRecall),
  },
  {
    id: "B-23",
    script: "recommend.ts",
    question: people,
    claim: "Collaborative filtering learns from the ratings of others.",
    tag: "M",
    threshold: "RMSE ≤ 0.5 and ≤ 0.5 × that of the item means",
    holds: each((f: { factors: number; itemMean: number }) =>
      f.factors <= 0.5 && f.factors <= 0.5 * f.itemMean
    ),
  },
  {
    id: "B-24",
    script: "recommend.ts",
    question: people,
    claim: "Content filtering learns from what items are.",
    tag: "P",
    threshold:
      "of items that nobody rated: RMSE ≤ 0.7 × that of the mean, which factors do not beat by 5 %",
    justification: "Seeds 1 to 5: 0.31 to 0.49 times, factors 0.98 to 1.06 times.",
    holds: each((f: { content: number; factors: number; mean: number }) =>
      f.content <= 0.7 * f.mean && f.factors >= 0.95 * f.mean
    ),
  },
  {
    id: "B-34",
    script: "attacks.ts",
    question: safety,
    claim: "Models can be made to resist attacks.",
    correction: "Against the attack they were trained on, and on these data against a harder one.",
    tag: "M",
    threshold: "FGSM accuracy + 0.03 by training on attacks, clean accuracy − 0.02 at most",
    holds: each((f: { plain: number[]; hardened: number[] }) =>
      f.hardened[2]! >= f.plain[2]! + 0.03 && f.hardened[0]! >= f.plain[0]! - 0.02
    ),
  },
  {
    id: "B-35",
    script: "private_training.ts",
    question: safety,
    claim: "Privacy can be protected.",
    correction: "By clipping each example and noise, at a price; clipping alone promises nothing.",
    tag: "M",
    threshold: "accuracy at noise 8 ≥ 0.85, each clipped norm ≤ 1",
    holds: each((f: { accuracy: number; largestNorm: number }) =>
      f.accuracy >= 0.85 && f.largestNorm <= 1
    ),
  },
  {
    id: "B-27",
    script: "molecules.ts",
    question: "What does a graph tell?",
    claim: "Nets design drug molecules.",
    correction:
      "Shown are synthetic trees with a number that depends on bonds; no claim about drugs.",
    tag: "P",
    threshold:
      "NMSE of the graph net ≤ 0.05, of atoms alone ≥ 0.3; a valid tree above the best known",
    justification:
      "Seeds 1 to 5: 0.002 to 0.005, 0.36 to 0.52; found 6 to 20 above the best known.",
    holds: each((
      f: { graph: number; atoms: number; best: number; found: number; valid: boolean },
    ) => f.graph <= 0.05 && f.atoms >= 0.3 && f.valid && f.found > f.best),
  },
  {
    id: "B-31",
    script: "lane_keeping.ts",
    question: "What does a picture tell?",
    claim: "Nets drive cars.",
    correction: "Shown is toy lane keeping in synthetic views, and nothing about roads.",
    tag: "M",
    threshold: "offset ≤ 0.15 after 20 of 200 steps, where a car without steering drifts off",
    holds: each((f: { steered: number; free: number }) => f.steered <= 0.15 && f.free > 1.5),
  },
  {
    id: "B-18",
    script: "detection.ts",
    question: "What does a picture tell?",
    claim: "Nets detect objects.",
    tag: "P",
    threshold: "one shape: mean IoU ≥ 0.6, accuracy ≥ 0.95; four shapes: mAP@0.5 ≥ 0.5",
    justification: "Seeds 1 to 5: mAP 0.59 to 0.75; trained on other pictures' boxes 0.00.",
    holds: each((f: { iou: number; accuracy: number; map50: number }) =>
      f.iou >= 0.6 && f.accuracy >= 0.95 && f.map50 >= 0.5
    ),
    quick: each((f: { iou: number; accuracy: number; map50: number; meanBox: number }) =>
      f.iou >= 2 * f.meanBox && f.accuracy >= 0.8 && f.map50 >= 0.3
    ),
  },
  {
    id: "B-32",
    script: "rare_findings.ts",
    question: "What does a picture tell?",
    claim: "Nets diagnose.",
    correction:
      "Shown are synthetic images; not a diagnostic. Accuracy says nothing of rare findings.",
    tag: "P",
    threshold: "ROC AUC ≥ 0.9, sensitivity ≥ 0.7 at a specificity of 0.95, calibration error ≤ 0.1",
    justification:
      "Seeds 1 to 5: 0.920 to 0.952, 0.76 to 0.81, 0.02 to 0.03; shuffled labels: 0.5.",
    holds: each((f: { auc: number; sensitivity: number; calibration: number }) =>
      f.auc >= 0.9 && f.sensitivity >= 0.7 && f.calibration <= 0.1
    ),
    quick: each((f: { auc: number; sensitivity: number }) => f.auc >= 0.8 && f.sensitivity >= 0.3),
  },
  {
    id: "B-42",
    script: "margins_and_trees.ts",
    question: "Which other models are there?",
    claim: "A support vector machine is an answer to overfitting.",
    correction: "It is another model: with a kernel that is too narrow it overfits as well.",
    tag: "P",
    threshold:
      "margins by subgradient and by the dual within 1 %; moons: RBF ≥ 0.95, linear ≤ 0.9; a narrow kernel knows all and predicts ≤ 0.9",
    justification:
      "Seeds 1 to 5: within 0.03 %; 0.982 to 0.992, 0.855 to 0.882; 1 and 0.84 to 0.87.",
    holds: each((
      f: {
        margin: number;
        marginOfDual: number;
        rbf: number;
        linear: number;
        narrowOnKnown: number;
        narrow: number;
      },
    ) =>
      Math.abs(f.margin - f.marginOfDual) <= 0.01 * f.marginOfDual && f.rbf >= 0.95 &&
      f.linear <= 0.9 && f.narrowOnKnown === 1 && f.narrow <= 0.9
    ),
  },
  {
    id: "B-43",
    script: "margins_and_trees.ts",
    question: "Which other models are there?",
    claim: "A random forest is an answer to overfitting.",
    correction:
      "On a small noisy table it is at least as good as a perceptron; elsewhere it is not.",
    tag: "P",
    threshold: "accuracy ≥ that of a perceptron on 60 noisy examples; out-of-bag score within 0.16",
    justification:
      "Seeds 1 to 5: 0.78 to 0.87 against 0.72 to 0.75; out of bag 0.71 to 0.74, noisy.",
    holds: each((f: { forest: number; net: number; outOfBag: number }) =>
      f.forest >= f.net && Math.abs(f.outOfBag - f.forest) <= 0.16
    ),
  },
];
