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
];
