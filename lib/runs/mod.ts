/**
 * Runs, each recorded in a folder: its settings, its seed and versions, and its numbers as JSON, CSV and
 * TensorBoard events. `RunFolder` is a callback of `fit` that writes them; `listRuns`, `readRun` and
 * `diffRuns` read them, and so does a command: `deno run -R jsr:@adjoint/ml/runs list`.
 *
 * ```ts
 * import { data, losses, nn, ones, optim, train } from "@adjoint/ml";
 * import { readRun, RunFolder } from "@adjoint/ml/runs";
 *
 * const model = new nn.Linear(2, 1);
 * const folder = new RunFolder(`${await Deno.makeTempDir()}/line`, { settings: { lr: 0.1 } });
 * await train.fit({
 *   model,
 *   loss: losses.mse,
 *   optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
 *   train: new data.DataLoader(new data.TensorDataset(ones([8, 2]), ones([8, 1]))),
 *   callbacks: [folder],
 * });
 * console.log(readRun(folder.path).info.outcome); // finished
 * ```
 *
 * @module
 */

import { command } from "./command.ts";

export { RunFolder, type RunFolderOptions, type RunFolderState } from "./run_folder.ts";
export {
  type Json,
  type LayerNorms,
  listRuns,
  type Outcome,
  readRun,
  type RunInfo,
  type RunRecord,
} from "./record.ts";
export { type Difference, diffRuns, type RunDiff } from "./diff.ts";
export type { Environment } from "../core/environment.ts";

// Nothing here loads the native library before a report is asked for, so that looking at runs needs no
// permission but to read.
if (import.meta.main) {
  const { text, code } = await command(Deno.args);
  (code === 0 ? console.log : console.error)(text);
  Deno.exitCode = code;
}
