/** Rows of what is learned from rewards: policies, their losses, and what they were praised for. */

import { each, type Row } from "../row.ts";

const question = "How is something learned from rewards?";

interface Late {
  chain: number;
  best: number;
  reach: number;
}

interface Golden {
  difference: number;
}

interface Written {
  liveGradientAsWritten: number;
  liveGradientError: number;
  wrongShapeRefused: boolean;
  gapAsWritten: number;
  gapFinite: boolean;
  paddingAsWritten: number;
  paddingError: number;
}

interface Estimate {
  difference: number;
  apart: number;
  apartWithBaseline: number;
  text: number;
}

interface Tuned {
  worth: number;
  drift: number;
  driftHeld: number;
}

const golden = each((f: Golden) => f.difference <= 1e-6);
const unbiased = (f: Estimate) =>
  f.difference <= 1e-12 && Math.max(f.apart, f.apartWithBaseline) <= 4;

export const rows: readonly Row[] = [
  {
    id: "C-17",
    script: "ppo_control.ts",
    question,
    claim: "Rewards that are sparse and late make credit hard to assign; PPO learns from them.",
    correction: "Plain REINFORCE learns the chain as well, and CartPole's last is not its best.",
    tag: "P",
    threshold:
      "chain: success ≥ 0.95; CartPole: best mean of 20 episodes ≥ 400; arm: ≤ 10 % of random's distance",
    justification:
      "The arm's share was 3.8 to 4.8 % on seeds 1 to 5; the other two thresholds are the catalogue's.",
    holds: each((f: Late) => f.chain >= 0.95 && f.best >= 400 && f.reach <= 0.1),
    quick: each((f: Late) => f.chain >= 0.2 && f.best >= 80),
  },
  {
    id: "C-18",
    script: "reinforce.ts",
    question,
    claim: "REINFORCE's estimate follows the gradient of the expected reward.",
    tag: "M",
    threshold:
      "enumerated mean = exact gradient within 1e-12, drawn mean within 4 standard errors; text ≥ 0.9",
    holds: each((f: Estimate) => unbiased(f) && f.text >= 0.9),
    quick: each((f: Estimate) => unbiased(f) && f.text >= 0.8),
  },
  {
    id: "C-19",
    script: "ppo_loss.ts",
    question,
    claim: "PPO compares the policy with the last one, and clips what a step may change.",
    tag: "X",
    threshold: "loss, terms and gradients are the golden values within 1e-6",
    holds: golden,
  },
  {
    id: "C-20",
    script: "text_rl.ts",
    question,
    claim: "A text model can be tuned for another model's score and stay near the one it was.",
    correction: "The loss as given keeps it near the last policy only; a divergence is needed.",
    tag: "M",
    threshold: "without the divergence reward ≥ 0.95; with factor 0.5 the divergence ≤ 0.5",
    holds: each((f: Tuned) => f.worth >= 0.95 && f.driftHeld <= 0.5 && f.drift > 1),
    quick: each((f: Tuned) => f.worth >= 0.35 && f.driftHeld <= 0.5),
  },
  {
    id: "C-21",
    script: "ppo_loss.ts",
    question,
    claim: "The article's PPOSequenceLoss: total, policy, value and entropy loss.",
    tag: "X",
    threshold: "(0.265, 0.15, 0.25, −1) and both gradients within 1e-6",
    holds: golden,
  },
  {
    id: "S6",
    script: "ppo_loss.ts",
    question,
    claim: "The article's class computes the loss of a policy for tokens.",
    correction:
      "As written it learns nothing from one live tensor, counts padding, broadcasts and overflows.",
    tag: "X",
    threshold: "each defect is there as written (0, ∞, > 0), and none in the corrected form",
    holds: each((f: Written) =>
      f.liveGradientAsWritten === 0 && f.liveGradientError <= 1e-6 && f.wrongShapeRefused &&
      f.gapAsWritten === Infinity && f.gapFinite && f.paddingAsWritten > 1 && f.paddingError <= 1e-5
    ),
  },
  {
    id: "C-22",
    script: "advantages.ts",
    question,
    claim: "Advantages come from a critic, by GAE or from Monte-Carlo returns.",
    tag: "X",
    threshold:
      "λ = 0: the error in one step; λ = 1: return less value; a cut counts the critic: 10",
    holds: each((f: { oneStep: number; monteCarlo: number; worth: number; worthAsEnds: number }) =>
      f.oneStep <= 1e-5 && f.monteCarlo <= 1e-4 && Math.abs(f.worth - 10) <= 1e-3 &&
      f.worthAsEnds < 5
    ),
  },
  {
    id: "C-23",
    script: "text_rl.ts",
    question,
    claim: "Draw with the old policy, keep its log-probabilities, compute again, and descend.",
    tag: "M",
    threshold: "as C-20, reward ≥ 0.95; the log-probabilities that were kept have no gradient",
    holds: each((f: { worth: number; detached: boolean }) => f.worth >= 0.95 && f.detached),
    quick: each((f: { worth: number; detached: boolean }) => f.worth >= 0.35 && f.detached),
  },
  {
    id: "C-31",
    script: "text_rl.ts",
    question,
    claim: "The model learns which choices of letters lead to sentences that are praised.",
    tag: "P",
    threshold: "letters that make a pair by the rule have the larger mean advantage, by > 2 errors",
    justification:
      "On seeds 1 to 5 the margin was 6.5 to 14.6 standard errors with one reward at the end and GAE.",
    holds: each((f: { errors: number }) => f.errors > 2),
  },
];
