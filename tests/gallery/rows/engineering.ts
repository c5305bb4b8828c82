/** Rows of what engineers ask of a library: choices, reports, devices, ops of one's own. */

import { each, type Row } from "../row.ts";

const question = "Can one build with it?";

interface Choice {
  free: string;
  tight: string;
  parameters: number;
  tooFast: string;
}

export const rows: readonly Row[] = [
  {
    id: "A-04",
    script: "model_choice.ts",
    question,
    claim: "Choose the most suitable model, working back from the needs, and not the best one.",
    tag: "P",
    threshold:
      "a budget changes the choice, what is chosen keeps it, and where nothing does nothing is chosen",
    justification:
      "Seeds 1 to 5: without a budget the medium or the large net, within 200 parameters the small one.",
    holds: each((f: Choice) =>
      f.tight !== "none" && f.tight !== f.free && f.parameters <= 200 && f.tooFast === "none"
    ),
  },
  {
    id: "A-22",
    script: "error_report.ts",
    question,
    claim: "Regulators demand the squared error of software for simulated surgery.",
    correction:
      "No such rule is known here. The report is for engineers, and says that it is no evidence.",
    tag: "P",
    threshold: "exact on fixed numbers; 95 % intervals hold the truth in ≥ 90 % of 200 repeats",
    justification: "Seeds 1 to 5: 0.940 to 0.970; intervals of 30 %: 0.33.",
    holds: each((f: { exact: boolean; covered: number; says: boolean }) =>
      f.exact && f.covered >= 0.9 && f.says
    ),
    quick: each((f: { exact: boolean; covered: number }) => f.exact && f.covered >= 0.8),
  },
  {
    id: "B-29",
    script: "devices.ts",
    question,
    claim: "GPUs and TPUs make training and inference more efficient.",
    correction:
      "GPUs are reached through wgpu; TPUs are not, and small models are faster on the CPU.",
    tag: "P",
    threshold: "outputs and gradients agree to 1e-4 of the largest, or the error names the CPU",
    justification: "Seeds 1 to 5: 2e-7 to 4e-7; with other weights above 1.",
    holds: each((f: { available: boolean; difference: number; namesCpu?: boolean }) =>
      f.difference <= 1e-4 && (f.available || f.namesCpu === true)
    ),
  },
  {
    id: "B-30",
    script: "own_op.ts",
    question,
    claim: "New algorithms and architectures make models smarter.",
    correction: "What a library can do is to take new ops and to check them.",
    tag: "X",
    threshold: "gradcheck and gradgradcheck pass, a net trains with the op, vmap changes nothing",
    holds: each((
      f: { first: boolean; second: boolean; before: number; after: number; vmapOff: number },
    ) => f.first && f.second && f.after < 0.1 * f.before && f.vmapOff === 0),
  },
];
