/** Folders of runs: what stands in them, how they go on, and the command that shows them. */

import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { diffRuns, listRuns, readRun, RunFolder } from "../../lib/runs/mod.ts";
import { data, losses, manualSeed, nn, ones, optim, tensor, train } from "../../mod.ts";

/** Runs a test in a folder of its own. */
async function inFolder(fn: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await fn(folder);
  } finally {
    await Deno.chmod(folder, 0o755);
    await Deno.remove(folder, { recursive: true });
  }
}

const points = () =>
  new data.DataLoader(new data.TensorDataset(ones([8, 2]), ones([8, 1])), { batchSize: 2 });

/** Trains a line; a run has 4 steps an epoch. */
function fitted(callbacks: train.Callback[], more: Partial<train.FitOptions<unknown>> = {}) {
  manualSeed(2n ** 63n);
  const model = new nn.Sequential(new nn.Linear(2, 3), new nn.Linear(3, 1));
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.5 });
  const options = { model, optimizer, loss: losses.mse, epochs: 2, progress: false };
  return train.fit<unknown>({ ...options, train: points(), callbacks, ...more });
}

Deno.test("RunFolder keeps settings, seed, versions and numbers", () =>
  inFolder(async (folder) => {
    const settings = {
      lr: 0.1,
      seed: 5n,
      big: Infinity,
      layers: [1, { deep: null }],
      not: undefined,
    };
    const runFolder = new RunFolder(`${folder}/deep/a`, { settings, every: 2 });
    assertThrows(() => runFolder.path, TypeError, "no run has begun");
    const history = await fitted([runFolder], {
      loss: (p, t) => ({ data: losses.mse(p, t), size: p.square().mean().mul(0.1) }),
      clipGradNorm: 1,
    });
    const { info, history: read, steps, layers, notes, path } = readRun(`${folder}/deep/a`);
    assertEquals([path, runFolder.path], [`${folder}/deep/a`, `${folder}/deep/a`]);
    const kept = { lr: 0.1, seed: "5", big: "Infinity", layers: [1, { deep: null }] };
    assertEquals(info.settings, kept);
    assertEquals(info.seed, String(2n ** 63n));
    const { groups, ...training } = info.training;
    const named = { epochs: 2, parameters: 13, model: "Sequential", optimizer: "SGD" };
    assertEquals(training, named);
    const [group] = groups as Record<string, unknown>[];
    assertEquals([group?.parameters, group?.lr, group?.momentum], [4, 0.1, 0.5]);
    assertEquals(info.environment.deno, Deno.version.deno);
    assertEquals(info.environment.device, "cpu");
    assertEquals([info.outcome, info.stopped, info.resumed], ["finished", null, []]);
    assert(info.began <= info.ended! && info.seconds > 0);
    assertEquals(read.records, history.records);
    assertEquals(await Deno.readTextFile(`${path}/metrics.csv`), history.toCsv());
    assertEquals(steps.map(({ step, epoch }) => [step, epoch]), [[2, 1], [4, 1], [6, 2], [8, 2]]);
    const names = ["epoch", "step", "seconds", "lr", "loss", "data", "size", "gradNorm"];
    assertEquals(Object.keys(steps[0] ?? {}), names);
    assertEquals(layers.map(({ epoch, step }) => [epoch, step]), [[1, 4], [2, 8]]);
    assertEquals(Object.keys(layers[0]?.weights ?? {}), ["0", "1"]);
    assertEquals(notes, {});
    assertEquals([...Deno.readDirSync(path)].map(({ name }) => name.slice(0, 10)).sort(), [
      ...["events.out", "layers.jso", "metrics.cs", "metrics.js", "run.json", "steps.json"],
    ]);
  }));

Deno.test("RunFolder has the norms of each layer, after the last step", () =>
  inFolder(async (folder) => {
    const layer = new nn.Linear(1, 1);
    const model = new nn.Sequential(layer);
    nn.init.constant_(layer.weight, 3);
    nn.init.constant_(layer.bias!, 4);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0 });
    const batches = [[ones([1, 1]), ones([1, 1])]] as const;
    const callbacks = [new RunFolder(`${folder}/a`)];
    await train.fit({
      model,
      optimizer,
      loss: losses.mse,
      train: batches,
      callbacks,
      progress: false,
    });
    // The output is 7, and the gradient of (7 − 1)² is 12 for both.
    const { layers: [norms] } = readRun(`${folder}/a`);
    assertEquals(norms, {
      epoch: 1,
      step: 1,
      weights: { 0: 5 },
      gradients: { 0: Math.hypot(12, 12) },
    });
  }));

Deno.test("a run in a folder that has one gets a folder of its own", () =>
  inFolder(async (folder) => {
    const callback = new RunFolder(`${folder}/a`);
    await fitted([callback]);
    await fitted([callback]);
    await fitted([new RunFolder(`${folder}/a/`)]);
    assertEquals(listRuns(folder), ["a", "a-2", "a-3"].map((name) => `${folder}/${name}`));
    assertEquals(callback.path, `${folder}/a-2`);
    // A folder with other things in it is taken.
    await Deno.mkdir(`${folder}/b`);
    await Deno.writeTextFile(`${folder}/b/notes.txt`, "mine");
    await fitted([new RunFolder(`${folder}/b`)]);
    assertEquals(readRun(`${folder}/b`).history.records.length, 2);
  }));

Deno.test("resume: a run that was broken off goes on in its folder, with each step once", () =>
  inFolder(async (folder) => {
    const file = `${folder}/checkpoint`;
    const parts = (more: train.Callback[] = []) => [
      new RunFolder(`${folder}/a`, { every: 1 }),
      new train.Checkpoint(file, { everySteps: 3 }),
      ...more,
    ];
    const killed = { onBatchEnd: ({ step }: train.Run) => void (step === 5 && fail()) };
    await assertRejects(() => fitted(parts([killed]), { resume: file }), Error, "planted");
    const before = readRun(`${folder}/a`);
    assertEquals([before.info.outcome, before.steps.length], ["failed", 5]);
    // What was written when the program was killed in the middle of it.
    await Deno.writeTextFile(`${folder}/a/steps.jsonl`, '{"epoch":2,"st', { append: true });
    await Deno.writeTextFile(`${folder}/a/layers.jsonl`, '{"epoch":', { append: true });
    assertEquals(readRun(`${folder}/a`).steps.length, 5);
    const history = await fitted(parts([{ onFitEnd() {} }]), { resume: file });
    assertEquals(listRuns(folder), [`${folder}/a`]);
    const { info, steps, layers, history: read } = readRun(`${folder}/a`);
    assertEquals(steps.map(({ step }) => step), [1, 2, 3, 4, 5, 6, 7, 8]);
    assertEquals(layers.map(({ epoch }) => epoch), [1, 2]);
    assertEquals(read.records, history.records);
    assertEquals([info.began, info.outcome], [before.info.began, "finished"]);
    assertEquals(info.resumed.length, 1);
    assert(info.seconds > before.info.seconds);
    // Where the folder has been taken away, the run begins a new one.
    await Deno.rename(`${folder}/a`, `${folder}/b`);
    await fitted(parts([{ onFitEnd() {} }]), { resume: file, epochs: 3 });
    assertEquals(readRun(`${folder}/a`).history.records.length, 3);
  }));

function fail(): never {
  throw new Error("planted");
}

Deno.test("a run that is stopped says why; one that runs has its numbers already", () =>
  inFolder(async (folder) => {
    let seen: string[] = [];
    const looking = {
      onEpochEnd: (run: train.Run) => {
        const { info, history } = readRun(`${folder}/a`);
        seen = [info.outcome, String(info.ended), String(history.records.length)];
        run.stop("enough");
      },
    };
    await fitted([new RunFolder(`${folder}/a`), looking]);
    assertEquals(seen, ["running", "null", "1"]);
    const { info, history } = readRun(`${folder}/a`);
    assertEquals([info.outcome, info.stopped, history.stopped], ["stopped", "enough", "enough"]);
  }));

Deno.test("notes hold what JSON can, and tensors as arrays", () =>
  inFolder(async (folder) => {
    const runFolder = new RunFolder(`${folder}/a`);
    assertThrows(() => runFolder.note("x", 1), TypeError, "no run has begun");
    await fitted([runFolder]);
    runFolder.note("test", { accuracy: 0.5 });
    runFolder.note("norms", tensor([[1, 2]]));
    runFolder.note("test", { accuracy: 0.75 });
    assertEquals(readRun(`${folder}/a`).notes, { test: { accuracy: 0.75 }, norms: [[1, 2]] });
    const message =
      "Cannot note something of a run: x.deep[1] must be a text, a number, a flag, null";
    assertThrows(() => runFolder.note("x", { deep: [1, () => {}] }), TypeError, message);
  }));

Deno.test("bad settings, folders and files are refused by name", () =>
  inFolder(async (folder) => {
    const model = new nn.Linear(1, 1);
    const message = "Cannot make RunFolder: settings.model must be a text";
    assertThrows(() => new RunFolder("a", { settings: { model } }), TypeError, message);
    assertThrows(() => readRun(folder), Deno.errors.NotFound, `there is no run in ${folder}`);
    assertThrows(() => readRun(`${folder}/x`), Deno.errors.NotFound, "there is no run");
    assertThrows(() => listRuns(`${folder}/x`), Deno.errors.NotFound, "there is no such file");
    await Deno.writeTextFile(`${folder}/file`, "");
    await assertRejects(
      () => fitted([new RunFolder(`${folder}/file/a`)]),
      Error,
      `Cannot keep a run in ${folder}/file/a: `,
    );
    await fitted([new RunFolder(`${folder}/a`)]);
    const damaged: [file: string, text: string, message: RegExp][] = [
      ["run.json", "", /run\.json is damaged: Unexpected end of JSON/],
      ["run.json", "[]", /it holds no object/],
      ["run.json", '{"format":2}', /its format is 2, known is 1/],
      ["run.json", '{"format":1,"began":"","seed":"1"}', /it has no outcome, settings, training/],
      ["metrics.jsonl", "{}\n7\n", /record 2 is no object/],
      ["metrics.jsonl", "{\n", /line 1 is not JSON/],
      ["notes.json", "1", /it holds no object/],
    ];
    for (const [file, text, message] of damaged) {
      const path = `${folder}/a/${file}`;
      const before = await Deno.readTextFile(path).catch(() => null);
      await Deno.writeTextFile(path, text);
      const error = assertThrows(() => readRun(`${folder}/a`), Deno.errors.InvalidData);
      assertMatch(error.message, message);
      await (before === null ? Deno.remove(path) : Deno.writeTextFile(path, before));
    }
    assertEquals(readRun(`${folder}/a`).history.records.length, 2);
  }));

Deno.test("numbers that JSON lacks come back as NaN", () =>
  inFolder(async (folder) => {
    await fitted([new RunFolder(`${folder}/a`, { every: 1 })], {
      loss: (p) => p.sum().mul(NaN),
      terminateOnNaN: false,
      epochs: 1,
    });
    const { history, steps } = readRun(`${folder}/a`);
    assertEquals([history.records[0]?.loss, steps[0]?.loss], [NaN, NaN]);
  }));

Deno.test("diffRuns() has the settings that differ and all last numbers", () =>
  inFolder(async (folder) => {
    const settings = { lr: 1, layers: [1, 2], same: "x" };
    await fitted([new RunFolder(`${folder}/a`, { settings })]);
    await fitted([
      new RunFolder(`${folder}/b`, { settings: { ...settings, layers: [1], extra: true } }),
    ], {
      epochs: 3,
      metrics: { mae: losses.l1 },
    });
    const [a, b] = [`${folder}/a`, `${folder}/b`];
    const { settings: changed, metrics } = diffRuns(a, b);
    assertEquals(changed, [
      { name: "settings.layers[1]", a: 2, b: undefined },
      { name: "training.epochs", a: 2, b: 3 },
      { name: "settings.extra", a: undefined, b: true },
    ]);
    const last = readRun(b).history.records.at(-1);
    assertEquals(metrics.find(({ name }) => name === "mae"), {
      name: "mae",
      a: undefined,
      b: last?.mae,
    });
    assertEquals(diffRuns(a, a).settings, []);
  }));

/** What the command prints, run with nothing but the permission to read. */
async function printed(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const script = new URL("../../lib/runs/mod.ts", import.meta.url).pathname;
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-check", "--allow-read", script, ...args],
    env: { NO_COLOR: "1" },
  });
  const { code, stdout, stderr } = await command.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

Deno.test("the command lists, shows and compares runs, and needs no permission but to read", () =>
  inFolder(async (folder) => {
    const [a, b] = [`${folder}/a`, `${folder}/b`];
    await fitted([new RunFolder(a, { settings: { lr: 1 } })]);
    const runFolder = new RunFolder(b, { settings: { lr: 2 } });
    await fitted([runFolder]);
    runFolder.note("test", { accuracy: 0.75 });
    await Deno.mkdir(`${folder}/c`);
    await Deno.writeTextFile(`${folder}/c/run.json`, "{");
    const [list, show, diff, missing, usage] = await Promise.all([
      printed("list", folder),
      printed("show", b),
      printed("diff", a, b),
      printed("show", `${folder}/none`),
      printed("show"),
    ]);
    const lines = list.out.trimEnd().split("\n");
    assertMatch(lines[0]!, /^run +began \(UTC\) +outcome +epochs +seconds +loss +valLoss$/);
    assertMatch(lines[1]!, /\/c +- +damaged/);
    assertMatch(lines[2]!, /\/a +\d{4}-\d\d-\d\d \d\d:\d\d +finished +2 /);
    assertEquals([lines.length, list.code, list.err], [4, 0, ""]);
    for (
      const line of [/^outcome +finished$/m, /^settings.lr +2$/m, /^seed +9223372036854775808$/m]
    ) {
      assertMatch(show.out, line);
    }
    assertMatch(show.out, /epoch +step +lr +seconds +loss\n +1 +4 /);
    assertMatch(show.out, /note test: \{"accuracy":0.75\}/);
    assertMatch(diff.out, /^settings.lr +1 +2$/m);
    assertMatch(diff.out, /^step +8 +8$/m);
    assertEquals([missing.code, missing.out], [1, ""]);
    assertMatch(missing.err, /Cannot run readRun: there is no run in/);
    assertEquals(usage.code, 1);
    assertMatch(usage.err, /list \[FOLDER\]/);
  }));
