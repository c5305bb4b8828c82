/** The report of a run. */

import { checkCount, checkKind, optionReader, TEXT } from "../../core/options.ts";
import { writeText } from "../../io/sink.ts";
import { inside, runIn, type RunRecord } from "../../runs/record.ts";
import { html } from "../../core/html.ts";
import { page } from "./page.ts";
import {
  curvesSection,
  normsSection,
  profileSection,
  resultSection,
  settingsSection,
} from "./sections.ts";

/** Options of `report`. */
export interface ReportOptions {
  /** Where the page is written. Default: "report.html" in the folder of the run. */
  out?: string;
}

const readReport = optionReader<ReportOptions>({ out: TEXT });

/** The text of the page of a run. */
function pageOf(run: RunRecord): string {
  const { path, info } = run;
  const name = path.replace(/[/\\]+$/, "").split(/[/\\]/).at(-1) ?? path;
  const outcome = info.stopped === null ? info.outcome : `${info.outcome}: ${info.stopped}`;
  const resumed = info.resumed.length === 0 ? "" : `, resumed ${info.resumed.length} times`;
  const { epoch = 0, step = 0 } = run.history.records.at(-1) ?? {};
  const ended = `${outcome} after ${epoch} epochs, ${step} steps and ${
    info.seconds.toFixed(1)
  } seconds`;
  const lead = html`
    <p>${ended} of training${resumed}. <span class="faint">Began ${info.began}.</span></p>
  `;
  return page(`Run ${name}`, lead, [
    resultSection(run),
    curvesSection(run),
    profileSection(run),
    normsSection(run),
    settingsSection(run),
  ]);
}

/**
 * Writes the report of a run as one page of HTML that needs nothing but itself: final numbers, curves, how
 * the gradient is divided among samples, norms by layer and by term of the loss, settings, environment and
 * seed. What `RunFolder.note` has added stands there too; the notes `gradientProfile` and `gradientNorms`,
 * which are what the instruments of `study` give, are drawn. The page follows the screen in being light or
 * dark. It needs `--allow-read` and `--allow-write` for the folder.
 *
 * @param path The folder of the run, as `RunFolder.path`.
 * @returns Where the page is.
 * @throws {Deno.errors.NotFound} If there is no run.
 * @throws {Deno.errors.InvalidData} If a file of it is damaged.
 *
 * @example Of a run that has just ended
 * ```ts
 * import { data, losses, nn, ones, optim, train } from "@adjoint/ml";
 * import { report } from "@adjoint/ml/plot";
 * import { RunFolder } from "@adjoint/ml/runs";
 *
 * const model = new nn.Linear(2, 1);
 * const folder = new RunFolder(`${await Deno.makeTempDir()}/line`);
 * await train.fit({
 *   model,
 *   loss: losses.mse,
 *   optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
 *   train: new data.DataLoader(new data.TensorDataset(ones([8, 2]), ones([8, 1]))),
 *   callbacks: [folder],
 *   progress: false,
 * });
 * console.log(report(folder.path)); // …/line/report.html
 * ```
 */
export function report(path: string, options?: ReportOptions): string {
  const call = "write report";
  checkCount(call, arguments.length, 2);
  checkKind(call, "the path", path, TEXT);
  const run = runIn(call, path);
  const { out = inside(path, "report.html") } = readReport(call, options);
  writeText("report", out, pageOf(run));
  return out;
}
