/** The report of a run: what stands in it, and that everybody can read it. */

import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { report } from "../../lib/plot/mod.ts";
import { readRun, RunFolder } from "../../lib/runs/mod.ts";
import { data, losses, manualSeed, nn, optim, randn, study, train } from "../../mod.ts";
import { pageFaults } from "./page_faults.ts";

/** Runs a test in a folder of its own. */
async function inFolder(fn: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await fn(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Trains a small net and keeps the run. */
async function kept(path: string, epochs = 3) {
  manualSeed(5);
  const x = randn([24, 2]);
  const y = x.sum(1, { keepdim: true });
  const model = new nn.Sequential(new nn.Linear(2, 3), new nn.Tanh(), new nn.Linear(3, 1));
  const folder = new RunFolder(path, { settings: { odd: `<b> & "x"`, lr: 0.1 }, every: 1 });
  const terms = (p: typeof y, t: typeof y) => ({ fit: losses.mse(p, t), size: p.square().mean() });
  await train.fit({
    model,
    loss: terms,
    optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
    train: new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 8 }),
    validation: new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 8 }),
    clipGradNorm: 1,
    epochs,
    callbacks: [folder],
    progress: false,
  });
  return { folder, model, x, y, terms };
}

Deno.test("report() writes a page of a run that everybody can read", () =>
  inFolder(async (path) => {
    const { folder, model, x, y, terms } = await kept(`${path}/net`);
    const profile = study.gradientProfile(losses.mse, model.forward(x).detach(), y);
    folder.note("gradientProfile", profile);
    folder.note("gradientNorms", study.gradientNorms((m) => terms(m.forward(x), y), model));
    folder.note("test", { accuracy: 0.75, odd: "</pre><script>" });
    const out = report(folder.path);
    assertEquals(out, `${folder.path}/report.html`);
    const page = await Deno.readTextFile(out);
    assertEquals(pageFaults(page), []);
    const { info, history, layers } = readRun(folder.path);
    const last = history.records.at(-1)!;
    const text = page.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");
    for (
      const shown of [
        "Run net",
        "finished after 3 epochs, 9 steps",
        `settings.odd &lt;b&gt; &amp; &quot;x&quot;`,
        "settings.lr 0.1",
        `seed ${info.seed}`,
        `environment.deno ${Deno.version.deno}`,
        "training.optimizer SGD",
        `loss ${Number(last.loss!.toPrecision(5))} `,
        `valFit ${Number(last.valFit!.toPrecision(5))} `,
        "loss and valLoss, epoch by epoch",
        "gradNorm, step by step",
        `2 ${Number(layers.at(-1)!.weights["2"]!.toPrecision(5))} `,
        "Lengths of gradients by layer and term",
        `The 10 of 24 samples that pull most`,
        `${(100 * profile.shares.max().item()).toPrecision(3)} %`,
        "&lt;/pre&gt;&lt;script&gt;",
      ]
    ) assert(text.includes(shown), `${shown} is not in the page`);
    assertEquals(report(folder.path, { out: `${path}/other.html` }), `${path}/other.html`);
    assertEquals(await Deno.readTextFile(`${path}/other.html`), page);
    assertThrows(() => report(`${path}/none`), Deno.errors.NotFound, "there is no run");
    await Deno.writeTextFile(`${folder.path}/metrics.jsonl`, "{\n");
    assertThrows(() => report(folder.path), Deno.errors.InvalidData, "metrics.jsonl is damaged");
  }));

Deno.test("report() has a page for a run that came to nothing, and for notes of another form", () =>
  inFolder(async (path) => {
    const { folder } = await kept(`${path}/none`, 1);
    await Deno.writeTextFile(`${folder.path}/metrics.jsonl`, "");
    await Deno.writeTextFile(`${folder.path}/layers.jsonl`, "");
    await Deno.remove(`${folder.path}/steps.jsonl`);
    for (const odd of [null, 3, [], { norms: ["NaN"], shares: [1] }, { norms: [1], shares: [] }]) {
      folder.note("gradientProfile", odd);
      folder.note("gradientNorms", odd === null ? { layers: { a: { b: "NaN" } } } : odd);
      const page = await Deno.readTextFile(report(folder.path));
      assertEquals(pageFaults(page), []);
      assert(page.includes("No epoch is over yet") && page.includes("None was noted"));
    }
    const gone = { epoch: 1, step: 3, lr: 0.1, seconds: 1, loss: null, valLoss: null };
    await Deno.writeTextFile(`${folder.path}/metrics.jsonl`, `${JSON.stringify(gone)}\n`);
    const page = await Deno.readTextFile(report(folder.path));
    assertEquals(pageFaults(page), []);
    assert(page.includes("no finite numbers to draw") && page.includes("NaN"));
  }));

Deno.test("the check of pages would notice each fault", () =>
  inFolder(async (path) => {
    const { folder } = await kept(`${path}/net`, 1);
    const page = await Deno.readTextFile(report(folder.path));
    const spoilt: readonly (readonly [string, string | RegExp, string])[] = [
      ["no language", ` lang="en"`, ""],
      ["no viewport", `name="viewport"`, ""],
      ["not dark", /prefers-color-scheme/g, "x"],
      ["not one <h1>", /h1>/g, "h2>"],
      ["not one <main", "<main", "<main></main><main"],
      ["skips a level", /<h2/g, "<h3"],
      ["there twice", `id="curves"`, `id="result"`],
      ["leads nowhere", `id="settings"`, `id="setting"`],
      ["without words", /aria-label="[^"]*" fill/, "fill"],
      ["picture without a caption", /<figcaption>[^<]*</, "<figcaption><"],
      ["table without a caption", "<caption>", "<b>"],
      ["keys cannot scroll", `role="region"`, ""],
      ["without a scope", `scope="row"`, ""],
      ["from elsewhere", "</body>", `<img src="https://example.com/a.png"></body>`],
      ["not closed", "</figure>", ""],
    ];
    for (const [what, from, to] of spoilt) {
      const changed = page.replace(from, to);
      assert(changed !== page, what);
      assert(pageFaults(changed).some((fault) => fault.includes(what)), what);
    }
  }));

Deno.test("the command of runs writes the report, with the permissions that it names", () =>
  inFolder(async (path) => {
    const { folder } = await kept(`${path}/net`, 1);
    const script = new URL("../../lib/runs/mod.ts", import.meta.url).pathname;
    const run = async (...flags: string[]) => {
      const args = ["run", "--no-check", "--no-prompt", ...flags, script, "report", folder.path];
      const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
      return [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("");
    };
    const out = `${folder.path}/report.html`;
    assertMatch(await run("--allow-read"), /Cannot .*--allow-ffi/);
    assertEquals(await run("--allow-read", "--allow-write", "--allow-ffi"), `${out}\n`);
    assertEquals(pageFaults(await Deno.readTextFile(out)), []);
  }));
