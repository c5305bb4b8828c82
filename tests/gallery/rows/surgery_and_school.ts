/** Rows of article 000: small systems of simulated surgery and of simulated learners. */

import { each, type Row } from "../row.ts";

/** Figures of A-07. */
interface Depths {
  forward: number[];
  backward: number[];
  right: boolean;
}
/** Figures of A-08. */
interface Adapted {
  better: number;
  encoderSame: boolean;
}
/** Figures of A-18. */
type Placed = Record<"graph" | "alone" | "nothing", number>;
/** Figures of A-19. */
type Aligned = Record<"top1" | "chance" | "variance" | "aloneVariance", number>;
/** Figures of A-20. */
type Watched = Record<"episodes" | "missed" | "falseAlarms" | "latency", number>;
/** Figures of A-21. */
interface Planned {
  accuracy: number;
  plans: number;
  deterministic: boolean;
}

export const rows: readonly Row[] = [
  {
    id: "A-07",
    script: "adaptive_depth.ts",
    question: "Can a net be as deep as its input needs?",
    tag: "X",
    claim: "The dynamic graph supports complex spatial modelling.",
    threshold: "inputs that take 1, 3 and 10 runs of a block: as many on the tape, gradients right",
    holds: each((f: Depths) =>
      `${f.forward}` === "1,3,10" && `${f.backward}` === "1,3,10" && f.right
    ),
  },
  {
    id: "A-08",
    script: "adapters.ts",
    question: "Can one model fit different learners?",
    tag: "P",
    claim: "Modularity adapts a model to the traits of learners.",
    threshold: "encoder the same bit by bit, error below the shared head's for ≥ 80 % of learners",
    justification:
      "seeds 1 to 5: better for 95 to 100 % of learners; an adapter that does not learn: 0 %",
    holds: each((f: Adapted) => f.encoderSame && f.better >= 0.8),
  },
  {
    id: "A-18",
    script: "vessels.ts",
    question: "Do neighbours help to place the nodes of a vessel tree?",
    tag: "M",
    claim: "A graph network on vascular trees, MSE on node positions; complications −33 %.",
    correction:
      "Node positions only: the article's clinical figure has no source, and nothing clinical is shown.",
    threshold: "test error ≤ 0.65 of a net that sees each node alone, ≤ 0.55 of doing nothing",
    holds: each((f: Placed) => f.graph <= 0.65 * f.alone && f.graph <= 0.55 * f.nothing),
    quick: each((f: Placed) => f.graph <= 0.95 * f.alone && f.graph <= 0.85 * f.nothing),
  },
  {
    id: "A-19",
    script: "alignment.ts",
    question: "Does a squared error align what several streams show?",
    tag: "P",
    claim: "MSE is the criterion of multimodal alignment.",
    correction:
      "Alone it is least where all embeddings are one point; a term that keeps variance is needed.",
    threshold: "top-1 ≥ 5 times chance and variance ≥ 0.5; by MSE alone variance ≤ 0.01",
    justification:
      "seeds 1 to 5: top-1 0.75 to 0.86, variance 1.0 to 1.1; by MSE alone 4e-6 to 5e-6",
    holds: each((f: Aligned) =>
      f.top1 >= 5 * f.chance && f.variance >= 0.5 && f.aloneVariance <= 0.01
    ),
  },
  {
    id: "A-20",
    script: "lapses.ts",
    question: "Does a jump of the error show that attention lapses?",
    tag: "M",
    claim: "A spike of the error tells that attention lapses, and triggers another strategy.",
    threshold: "none of 40 lapses missed, ≤ 5 false alarms, at most 3 windows late",
    holds: each((f: Watched) =>
      f.episodes === 40 && f.missed === 0 && f.falseAlarms <= 5 && f.latency <= 3
    ),
    quick: each((f: Watched) => f.missed === 0 && f.falseAlarms <= 2 && f.latency <= 3),
  },
  {
    id: "A-21",
    script: "curriculum.ts",
    question: "What does the course of an error tell about a learner?",
    tag: "M",
    claim: "The long-run curve of the error shows how someone learns, and makes a curriculum.",
    threshold: "type right for ≥ 0.9; a curriculum for each type, the same for the same curve",
    holds: each((f: Planned) => f.accuracy >= 0.9 && f.plans === 3 && f.deterministic),
  },
  {
    id: "A-01",
    reason: "The article's thesis as a whole; what of it can be shown stands in A-02 to A-25.",
  },
];
