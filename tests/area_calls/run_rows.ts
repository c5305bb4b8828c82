/** Good calls of what keeps and reads runs. */

import { RunFolder } from "../../lib/runs/mod.ts";
import type * as runs from "../../lib/runs/mod.ts";
import { losses, nn, ones, optim, train } from "../../mod.ts";
import { of, options, type Rows } from "../common/calls.ts";

const around = await Deno.makeTempDir();
const kept = new RunFolder(`${around}/run`);
const model = new nn.Linear(1, 1);
await train.fit({
  model,
  loss: losses.mse,
  optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
  train: [[ones([1, 1]), ones([1, 1])]],
  callbacks: [kept],
  progress: false,
});
const path = of(() => kept.path);

/** Folders of runs; methods of callbacks are called by `fit` alone. */
export const RUNS: Rows<typeof runs, keyof train.Callback> = {
  RunFolder: {
    make: {
      args: [
        of(() => "folder", "text"),
        options({ settings: of(() => ({ lr: 1 }), "object"), every: of(() => 2) }),
      ],
    },
    methods: {
      note: {
        on: () => kept,
        args: [
          of(() => "name", "text"),
          of(
            () => 1,
            "null",
            "text",
            "number",
            "NaN",
            "bigint",
            "flag",
            "tensor",
            "array",
            "digits",
            "object",
          ),
        ],
        named: "note",
      },
    },
  },
  listRuns: { args: [of(() => around, "undefined")] },
  readRun: { args: [path] },
  diffRuns: { args: [path, path] },
};
