/** What notebooks show, and what an interrupted cell leaves. They run in Deno's own kernel. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { type Cell, Kernel, type Output } from "./kernel.ts";

const EXAMPLES = new URL("../../examples/", import.meta.url).pathname;

/** The code of the cells of a notebook, which keeps no outputs. */
async function cellsOf(file: string): Promise<string[]> {
  const { cells } = JSON.parse(await Deno.readTextFile(`${EXAMPLES}${file}`));
  const code = cells.filter((cell: { cell_type: string }) => cell.cell_type === "code");
  assertEquals(code.flatMap((cell: { outputs: unknown[] }) => cell.outputs), []);
  return code.map((cell: { source: string[] }) => cell.source.join(""));
}

/** What a cell failed of; null if it did not. */
function failureOf({ status, outputs }: Cell): string | null {
  if (status === "ok") return null;
  const { ename, evalue } = outputs.find(({ type }) => type === "error")?.content ?? {};
  return `${ename}: ${evalue}`;
}

/** The kinds of data that the outputs of some type have. */
function shownIn(outputs: readonly Output[], type: string): Record<string, string>[] {
  return outputs.filter((output) => output.type === type)
    .map(({ content }) => content.data as Record<string, string>);
}

Deno.test("examples/outlier.ipynb runs, shows pictures, and changes a chart while fit runs", async () => {
  await using kernel = await Kernel.start(EXAMPLES);
  const cells: Cell[] = [];
  for (const code of await cellsOf("outlier.ipynb")) {
    const cell = await kernel.run(code);
    assertEquals(failureOf(cell), null, code);
    cells.push(cell);
  }
  const results = cells.map(({ outputs }) => shownIn(outputs, "execute_result")[0]!);
  assertMatch(results[0]!["text/plain"]!, /^tensor\(/);
  assertMatch(results[0]!["text/html"]!, /<caption>float32, shape \[5, 1\]<\/caption>/);
  assertMatch(
    results[1]!["text/html"]!,
    /role="img"\s+aria-label="loss: from epoch 1 to 60/,
  );
  for (const at of [2, 3]) {
    assertMatch(results[at]!["image/svg+xml"]!, /^<svg class="adjoint-picture"/);
  }
  assertMatch(results[4]!["text/plain"]!, /2\.0/);
  assertEquals(failureOf(await kernel.run("mse.model.forward(y.mT)"))?.split(":")[0], "ShapeError");
});

Deno.test("a chart has more epochs each time while fit runs in a notebook", async () => {
  await using kernel = await Kernel.start(EXAMPLES);
  const cell = await kernel.run(`
    import { data, losses, nn, ones, optim, train } from "@adjoint/ml";
    const model = new nn.Linear(2, 1);
    const history = await train.fit({
      model,
      loss: losses.mse,
      optimizer: new optim.SGD(model.parameters(), { lr: 0.01 }),
      train: new data.DataLoader(new data.TensorDataset(ones([4, 2]), ones([4, 1]))),
      epochs: 4,
      callbacks: [{ onEpochEnd: () => new Promise((resolve) => setTimeout(resolve, 300)) }],
    });
    history`);
  assertEquals(failureOf(cell), null);
  const [first, ...others] = shownIn(cell.outputs, "display_data");
  assertMatch(first!["text/html"]!, /No epoch is over yet/);
  assertEquals(others, []);
  const epochs = shownIn(cell.outputs, "update_display_data")
    .map((data) => Number(/Numbers of (\d+) epochs/.exec(data["text/html"]!)?.[1] ?? 0));
  assertEquals(epochs, epochs.toSorted((a, b) => a - b));
  assert(new Set(epochs).size >= 3, epochs.join());
  assertEquals(epochs.at(-1), 4);
  const ids = cell.outputs.map(({ content }) => content.transient as { display_id?: string })
    .flatMap((transient) => transient?.display_id ?? []);
  assertEquals(new Set(ids).size, 1);
});

/** Interrupts a cell when it has written something. */
async function interrupted(kernel: Kernel, code: string, how: () => unknown): Promise<Cell> {
  let begun = false;
  return await kernel.run(`console.log("begun"); ${code}`, async ({ type }) => {
    if (type !== "stream" || begun) return;
    begun = true;
    // So that the cell is where it stays.
    await new Promise((resolve) => setTimeout(resolve, 200));
    await how();
  });
}

Deno.test("a cell that is interrupted leaves the kernel usable, with the modes of before", async () => {
  await using kernel = await Kernel.start(EXAMPLES);
  const names = "data, losses, noGrad, nn, ones, optim, scope, train";
  assertEquals(failureOf(await kernel.run(`import { ${names} } from "@adjoint/ml"`)), null);
  const usable = async () => {
    let failure: string | null = "";
    // The modes come back when the event loop turns, which a cell that is sent at once may precede.
    for (let attempt = 0; attempt < 20 && failure !== null; attempt++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      failure = failureOf(
        await kernel.run(`
        var w = ones([2]).requiresGrad_();
        w.square().sum().backward();
        if (w.grad.toArray().join() !== "2,2") throw new Error(w.grad.toString())`),
      );
    }
    assertEquals(failure, null);
  };
  const message = () => kernel.interrupt();
  const signal = () => Deno.kill(kernel.pid, "SIGINT");
  const endless = "while (true) ones([100]).requiresGrad_().square().sum().backward();";
  for (
    const code of [
      endless,
      `noGrad(() => { while (true) ones([100]).sum() })`,
      `scope(() => { ${endless} })`,
    ]
  ) {
    const cell = await interrupted(kernel, code, message);
    assertEquals(cell.status, "error");
    await usable();
  }
  const long = "for (const end = Date.now() + 500; Date.now() < end;) ones([100]).sum();";
  assertEquals((await interrupted(kernel, long, signal)).status, "ok");
  await usable();
  const fit = (loss: string, more = "") => `
    var model = new nn.Linear(2, 1);
    await train.fit({
      model,
      loss: ${loss},
      optimizer: new optim.SGD(model.parameters(), { lr: 0.01 }),
      train: new data.DataLoader(new data.TensorDataset(ones([4, 2]), ones([4, 1]))),
      epochs: 1e7,
      ${more}
    })`;
  const ended = await interrupted(kernel, fit("losses.mse"), signal);
  assertMatch(failureOf(ended)!, /FitError: .*interrupted/);
  await usable();
  const slow = `(p, t) => { console.log("batch"); ${endless} }`;
  const cutOff = await interrupted(kernel, fit(slow), message);
  assertMatch(failureOf(cutOff)!, /FitError: .*interrupted in a batch/);
  await usable();
  for (
    const more of [
      `train: new data.DataLoader([1, 2], { collate: () => { ${endless} } }),`,
      `callbacks: [{ onBatchEnd: async () => { await null; ${endless} } }],`,
    ]
  ) {
    const lost = await interrupted(kernel, fit("losses.mse", more), message);
    assertMatch(failureOf(lost)!, /FitError: .*interrupted between two batches/, more);
    await usable();
  }
  // The same in code of one's own, whose promise the kernel awaits.
  const own = `await (async () => { await null; ${endless} })()`;
  assertEquals((await interrupted(kernel, own, message)).status, "error");
  await usable();
  // A run that only waits, for longer than it takes to look, is not taken for one that was cut off.
  const patient = "callbacks: [{ onEpochEnd: () => new Promise((r) => setTimeout(r, 3000)) }]";
  assertEquals(failureOf(await kernel.run(fit("losses.mse", `epochs: 1, ${patient}`))), null);
});
