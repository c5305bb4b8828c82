/** Early stopping, progress, and files of what training notes. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { train } from "../../mod.ts";
import { problem, weights } from "./problem.ts";

const { fit } = train;

/** A metric that has the given values, epoch after epoch. */
function planned(values: readonly number[]): train.Metrics {
  let epoch = 0;
  return {
    planned: { reset: () => {}, update: () => {}, compute: () => values[epoch++] ?? NaN },
  };
}

Deno.test("EarlyStopping ends training after its patience and restores the best weights", async () => {
  const run = async (values: number[], options: train.EarlyStoppingOptions) => {
    const settings = problem();
    const states: unknown[] = [];
    const stopping = new train.EarlyStopping({ monitor: "planned", ...options });
    const note = { onEpochEnd: ({ model }: train.Run) => void states.push(weights(model)) };
    const callbacks = [stopping, note];
    const history = await fit({ ...settings, epochs: 6, metrics: planned(values), callbacks });
    const restored =
      states.findIndex((state) =>
        JSON.stringify(state) === JSON.stringify(weights(settings.model))
      ) + 1;
    return [history.records.length, stopping.bestEpoch, restored, history.stopped];
  };
  const values = [3, 2, 2.5, 2.4, 1, 9];
  assertEquals(await run(values, { patience: 2 }), [4, 2, 2, "planned was best in epoch 2"]);
  assertEquals(await run(values, { patience: 3 }), [6, 5, 5, null]);
  assertEquals(await run(values, { patience: 2, restoreBest: false }), [
    4,
    2,
    4,
    "planned was best in epoch 2",
  ]);
  assertEquals(await run(values, { patience: 1, mode: "max" }), [
    2,
    1,
    1,
    "planned was best in epoch 1",
  ]);
  assertEquals((await run(values, { patience: 2, minDelta: 1.5 })).slice(0, 3), [3, 1, 1]);
  assertEquals((await run([NaN, NaN], { patience: 2 })).slice(0, 2), [2, null]);
  assertThrows(() => new train.EarlyStopping({ minDelta: -1 }), RangeError, "at least 0");
  assertThrows(() => new train.EarlyStopping({ patience: 0 }), TypeError, "a positive integer");
});

Deno.test("EarlyStopping begins anew in another call of fit()", async () => {
  const settings = problem();
  const stopping = new train.EarlyStopping({ monitor: "planned", patience: 1 });
  const again = (values: number[]) =>
    fit({ ...settings, epochs: 3, metrics: planned(values), callbacks: [stopping] });
  assertEquals((await again([1, 2])).records.length, 2);
  assertEquals((await again([5, 4, 3])).records.length, 3);
  assertEquals(stopping.bestEpoch, 3);
});

Deno.test("ProgressBar shows terms as columns, on a terminal and elsewhere", async () => {
  const shown = async (moving: boolean) => {
    let text = "";
    const bar = new train.ProgressBar({ write: (part) => void (text += part), moving });
    const { loss, ...settings } = problem(1, 5);
    const terms = (p: Parameters<typeof loss>[0], t: Parameters<typeof loss>[1]) => ({
      fit: loss(p, t),
      size: p.square().mean(),
    });
    await fit({ ...settings, loss: terms, epochs: 2, callbacks: [bar] });
    return text;
  };
  const lines = (await shown(false)).trimEnd().split("\n");
  assertEquals(lines.length, 2);
  assert(
    /^epoch 2\/2 {2}0:00 {2}loss [\d.]+ {2}fit [\d.]+ {2}size [\d.]+ {2}lr 0.05000$/.test(
      lines[1] ?? "",
    ),
  );
  const moved = (await shown(true)).split("\r\x1b[K");
  assert(
    moved.some((line) =>
      /^epoch 1\/2 {2}\d\/4 {2}\d+ examples\/s {2}0:00 left {2}loss [\d.]+ {2}fit [\d.]+ {2}size/
        .test(line)
    ),
    moved.join("\n"),
  );
});

Deno.test("History finds the best epoch, writes tables, and refuses names it does not have", () => {
  const history = new train.History();
  assertEquals([history.best("loss"), history.column("loss")], [null, []]);
  history.records.push({ epoch: 1, loss: NaN }, { epoch: 2, loss: 0.25 }, {
    epoch: 3,
    loss: 12,
    acc: 1,
  });
  assertEquals(history.best("loss")?.epoch, 2);
  const endless = new train.History();
  endless.records.push({ loss: NaN }, { loss: Infinity, epoch: 2 }, { loss: Infinity });
  assertEquals(endless.best("loss")?.epoch, 2);
  assertEquals(history.best("loss", { mode: "max" })?.epoch, 3);
  assertEquals(history.column("acc"), [NaN, NaN, 1]);
  assertEquals(history.toCsv(), "epoch,loss,acc\n1,NaN,\n2,0.25,\n3,12,1\n");
  assertEquals(
    history.toString(),
    "epoch    loss  acc\n    1     NaN\n    2  0.2500\n    3      12    1",
  );
  assertThrows(() => history.column("los"), RangeError, 'no "los" among epoch, loss, acc');
  const odd = new train.History();
  odd.records.push({ 'a,"b"': 1 });
  assertEquals(odd.toCsv(), '"a,""b"""\n1\n');
  const other = new train.History();
  other.loadStateDict(history.stateDict());
  assertEquals(other.records, history.records);
});

Deno.test("CsvLogger and JsonlLogger write the history after each epoch", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const [csv, jsonl] = [`${folder}/a.csv`, `${folder}/a.jsonl`];
    const callbacks = [new train.CsvLogger(csv), new train.JsonlLogger(jsonl)];
    const history = await fit({ ...problem(), epochs: 2, callbacks });
    assertEquals(await Deno.readTextFile(csv), history.toCsv());
    const lines = (await Deno.readTextFile(jsonl)).trimEnd().split("\n");
    assertEquals(lines.map((line) => JSON.parse(line)), history.records);
    const nowhere = new train.CsvLogger(`${folder}/none/a.csv`);
    let said = "";
    await fit({ ...problem(), callbacks: [nowhere] }).catch((error) => said = error.message);
    assert(said.startsWith("Cannot run CsvLogger on "), said);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
