/** Runs that go on from a file end as if they had never been broken off, bit for bit. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { io, metrics, nn, optim, type Tensor, train } from "../../mod.ts";
import { killMany } from "./kill_resume.ts";
import { problem, weights } from "./problem.ts";
import { summary, trained } from "./resumable.ts";

async function inFolder(fn: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await fn(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A callback that breaks the run off after so many batches. */
function breaking(batches: number): train.Callback {
  let count = 0;
  return {
    onBatchEnd: () => {
      if (++count === batches) throw new Error("broken off");
    },
  };
}

Deno.test("a resumed run ends bit for bit like one that was not broken off, wherever it was", async () => {
  await inFolder(async (folder) => {
    const whole = summary(await trained(`${folder}/whole`));
    // Four epochs of six batches; the file is written after every second one, and at each epoch's end.
    for (const batches of [1, 2, 3, 6, 7, 12, 17, 23, 24]) {
      const path = `${folder}/${batches}`;
      const watched = (last: train.Callback) => [
        new train.EarlyStopping({ patience: 3, restoreBest: false }),
        new train.Checkpoint(path, { everySteps: 1 }),
        last,
      ];
      await assertRejects(
        () => trained(path, { callbacks: watched(breaking(batches)) }),
        Error,
        "broken off",
      );
      const resumed = await trained(path, { callbacks: watched({ onBatchEnd: () => {} }) });
      assertEquals(summary(resumed), whole, `broken off after ${batches} batches`);
    }
    // The control: another seed's numbers are others.
    const other = await trained(`${folder}/other`, { clipGradNorm: 0.1 });
    assert(summary(other) !== whole);
  });
});

type Settings = Partial<train.FitOptions<readonly Tensor[]>>;
/** What the batches, the numbers and the end of a run may depend on. */
const KINDS: Readonly<Record<string, Settings>> = {
  "all batches": {},
  "metrics that are averaged, and such that are not": {
    metrics: { mae: metrics.mae, own: (p, t) => p.sub(t).abs().mean() },
  },
  "some batches": { limitBatches: 4 },
  "the same batches": { overfitBatches: 4 },
};

for (const [kind, settings] of Object.entries(KINDS)) {
  Deno.test(`a run of ${kind} goes on from the file of any step or epoch`, async () => {
    await inFolder(async (folder) => {
      const path = `${folder}/run`;
      const files: string[] = [];
      const keep = ({ resumable }: train.Run) => {
        if (!resumable) return;
        files.push(`${folder}/${files.length}`);
        Deno.copyFileSync(path, files.at(-1)!);
      };
      const watched = (file: string, last: train.Callback) => ({
        ...settings,
        callbacks: [
          new train.EarlyStopping({ patience: 1, minDelta: 0.5 }),
          new train.Checkpoint(file, { everySteps: 1 }),
          last,
        ],
      });
      const ended = await trained(
        path,
        watched(path, { afterOthers: true, onBatchEnd: keep, onEpochEnd: keep }),
      );
      const whole = summary(ended);
      assert(ended.history.stopped !== null && ended.history.records.length > 1);
      for (const file of files) {
        const resumed = await trained(file, watched(file, { onBatchEnd: () => {} }));
        assertEquals(summary(resumed), whole, file);
      }
    });
  });
}

Deno.test("a Checkpoint of several runs writes and ranks those of each", async () => {
  await inFolder(async (folder) => {
    const options = { every: 2, monitor: "loss", saveTopK: 1 };
    const checkpoint = new train.Checkpoint(`${folder}/run`, options);
    for (const [seed, epochs] of [[1, 4], [2, 4], [3, 2]] as const) {
      const settings = problem(seed);
      await train.fit({ ...settings, epochs, callbacks: [checkpoint] });
      const kept = io.loadSafetensors(`${folder}/run`);
      assertEquals(kept["model.0.weight"]!.toArray(), weights(settings.model)["0.weight"]);
      const [{ path }] = checkpoint.stateDict().best as [train.KeptEpoch];
      assertEquals(path, `${folder}/run.epoch${epochs}`);
    }
  });
});

Deno.test("a run that is over is not trained again when it is resumed", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/run`;
    const whole = summary(await trained(path));
    let steps = 0;
    const counting = { onBatchEnd: () => void steps++ };
    const callbacks = [new train.EarlyStopping(), new train.Checkpoint(path), counting];
    await assertRejects(() => trained(path, { callbacks }), RangeError, "the run had 2");
    const stopping = new train.EarlyStopping({ patience: 3 });
    assertEquals(summary(await trained(path, { callbacks: [stopping, counting] })), whole);
    assertEquals(steps, 0);
    const { model, optimizer } = problem();
    const less = train.fit({ ...problem(), model, optimizer, resume: path });
    const { message } = await assertRejects(() => less, TypeError);
    assertEquals(
      message,
      `Cannot load ${path}: its parts are model, optimizer, scheduler, average, train, validation, history, ` +
        "callbacks, position, got model, optimizer, train, history, callbacks, position",
    );
  });
});

Deno.test("save() and load() keep names that other readers know, and all or nothing", async () => {
  await inFolder((folder) => {
    const path = `${folder}/state`;
    const { model, optimizer } = problem();
    train.save(path, { model, optimizer });
    const read = io.loadSafetensors(path);
    assertEquals(Object.keys(read).filter((name) => name.startsWith("model.")).sort(), [
      ...["model.0.bias", "model.0.weight", "model.2.bias", "model.2.weight"],
    ]);
    const other = problem(2);
    const before = JSON.stringify([weights(other.model), other.optimizer.stateDict()]);
    const wider = new optim.Adam([...other.model.parameters(), new nn.Linear(1, 1).weight]);
    assertThrows(
      () => train.load(path, { model: other.model, optimizer: wider }),
      RangeError,
      "groups have [5] parameters, the state [4]",
    );
    assertEquals(JSON.stringify([weights(other.model), other.optimizer.stateDict()]), before);
    assertThrows(() => train.load(path, { model }), TypeError, "its parts are model, optimizer");
    assertThrows(() => train.load(`${folder}/none`, { model }), Deno.errors.NotFound);
    io.saveSafetensors(path, model.stateDict());
    assertThrows(() => train.load(path, { model }), Deno.errors.InvalidData, "train.save");
    assertThrows(
      () => train.save(path, { odd: { stateDict: () => new Map(), loadStateDict: () => {} } }),
      TypeError,
      "Cannot save: odd must consist of tensors",
    );
    return Promise.resolve();
  });
});

Deno.test("states of any numbers come back as they were", async () => {
  await inFolder((folder) => {
    const path = `${folder}/state`;
    const state = { a: [NaN, -0, Infinity, 5n, null, "x", true, { b: [] }], $: { "": 1 } };
    let given: unknown;
    const part = {
      stateDict: () => state,
      loadStateDict: (found: unknown) => void (given = found),
    };
    train.save(path, { part });
    train.load(path, { part });
    assertEquals(given, state);
    return Promise.resolve();
  });
});

Deno.test("a checkpoint stays whole where the next one cannot be written", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/run`;
    const settings = problem();
    train.save(path, { model: settings.model });
    const before = await Deno.readFile(path);
    const odd = { stateDict: () => ({ f: () => {} }), loadStateDict: () => {} };
    assertThrows(() => train.save(path, { model: settings.model, odd }), TypeError);
    assertEquals(await Deno.readFile(path), before);
    assertEquals([...Deno.readDirSync(folder)].length, 1);
  });
});

Deno.test("Checkpoint keeps the best epochs beside the last", async () => {
  await inFolder(async (folder) => {
    const values = [3, 1, 2, 5, 0.5];
    let epoch = 0;
    const planned = { reset: () => {}, update: () => {}, compute: () => values[epoch++] ?? NaN };
    const callbacks = [
      new train.Checkpoint(`${folder}/run.safetensors`, { monitor: "planned", saveTopK: 2 }),
    ];
    await train.fit({ ...problem(), epochs: 5, metrics: { planned }, callbacks });
    const files = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    assertEquals(files, ["run.epoch2.safetensors", "run.epoch5.safetensors", "run.safetensors"]);
  });
});

Deno.test("a process that is killed at any moment resumes with the same bits", async () => {
  const { faults, runs } = await killMany(6, 7);
  assertEquals(faults, []);
  assert(runs > 0);
});
