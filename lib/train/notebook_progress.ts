/** The display of a run in a notebook. */

import { html } from "../core/html.ts";
import type { Notebook } from "../core/notebook.ts";
import type { BatchReport, Callback, Run } from "./callback.ts";
import { ProgressBar } from "./progress.ts";
import { historyHtml } from "./shown.ts";

/** Milliseconds between two updates. */
const PAUSE = 250;

/** Shows the charts of a history, updated while training goes on, with a line of progress above. */
export class NotebookProgress implements Callback {
  readonly #notebook: Notebook;
  readonly #id: string = crypto.randomUUID();
  /** The line of progress. */
  #line = "";
  readonly #bar = new ProgressBar({ moving: true, write: (text) => this.#take(text) });
  #shown = -Infinity;

  /** Starts the display. */
  constructor(notebook: Notebook) {
    this.#notebook = notebook;
  }

  /** Shows the start of training. */
  async onFitStart(run: Run): Promise<void> {
    await this.#show("display_data", run);
  }

  /** Starts an epoch. */
  onEpochStart(run: Run): void {
    this.#bar.onEpochStart(run);
  }

  /** Shows a batch, if an update is due. */
  async onBatchEnd(run: Run, report: BatchReport): Promise<void> {
    this.#bar.onBatchEnd(run, report);
    await this.#refresh(run);
  }

  /** Shows an epoch, if an update is due. */
  async onEpochEnd(run: Run): Promise<void> {
    await this.#refresh(run);
  }

  /** Shows all epochs. */
  async onFitEnd(run: Run): Promise<void> {
    this.#line = "";
    await this.#show("update_display_data", run);
  }

  /** Takes over a line, without the control characters of a terminal. */
  #take(text: string): void {
    this.#line = text.split("\x1b[K").at(-1) ?? "";
  }

  async #refresh(run: Run): Promise<void> {
    if (performance.now() - this.#shown >= PAUSE) await this.#show("update_display_data", run);
  }

  async #show(type: "display_data" | "update_display_data", { history }: Run): Promise<void> {
    this.#shown = performance.now();
    const line = this.#line === "" ? null : html`<pre>${this.#line}</pre>`;
    await this.#notebook.broadcast(type, {
      data: {
        "text/html": historyHtml(history, line),
        "text/plain": [this.#line, history.toString()].join("\n"),
      },
      metadata: {},
      transient: { display_id: this.#id },
    });
  }
}
