/** The benchmark itself: its rows run, and its command line says what it refuses. */

import { assert, assertAlmostEquals, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { bench, compare } from "../../bench/bench.ts";
import { opRows } from "../../bench/op_rows.ts";
import { parseOptions } from "../../bench/options.ts";
import { makeInputsOn } from "../../bench/inputs.ts";
import { BenchError } from "../../bench/program.ts";
import { gpuRows } from "../../bench/gpu_rows.ts";
import { cpuRows as rows } from "../../bench/rows.ts";
import {
  agree,
  compareTwins,
  type FigurePair,
  parseTwinOptions,
  type Report,
  twinNames,
} from "../../bench/twins.ts";
import { scope } from "../../mod.ts";
import { gpuTest } from "../tools/gpu.ts";

const root = new URL("../../", import.meta.url);

Deno.test("bench: counts that are none are refused, and so are options that do not go together", () => {
  for (const name of ["threads", "rounds"]) {
    for (const text of ["0", "-1", "1.5", "two"]) {
      assertThrows(
        () => parseOptions([`--${name}=${text}`]),
        BenchError,
        `--${name} must be an integer of at least 1, got ${text}`,
      );
    }
  }
  assertThrows(() => parseOptions(["--with-torch", "--python=python3"]), BenchError, "--python");
  assertThrows(() => parseOptions(["--no-such-option"]), BenchError, "--no-such-option");
  assertThrows(() => parseOptions(["--device=tpu"]), BenchError, "--device must be cpu or gpu");
  assertThrows(() => parseOptions(["--proto"]), BenchError, "--proto needs --device gpu");
});

Deno.test("bench: a filter that matches nothing is refused with the names of the rows", () => {
  const error = assertThrows(() => parseOptions(["--filter", "no such row"]), BenchError);
  for (const { name } of rows) assert(error.message.includes(name));
  assertThrows(() => parseOptions(["--filter", "matmul", "--filter", "no such row"]), BenchError);
});

Deno.test("bench: filters choose the rows with one of the texts, and none chooses all", () => {
  const chosen = (...texts: string[]) =>
    parseOptions(texts.map((text) => `--filter=${text}`)).selected.map(({ name }) => name);
  assertEquals(chosen("MATMUL").length, 4);
  assertEquals(chosen("topk", "matmul 64", "matmul 6"), ["matmul 64", "topk 10 over 1 of 512x512"]);
  assertEquals(chosen(), rows.map(({ name }) => name));
});

Deno.test("bench: a mistake is told in a sentence, with status 1", () => {
  const { code, stdout, stderr } = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "bench/bench.ts", "--threads", "0"],
    cwd: root,
    env: { NO_COLOR: "1" },
  }).outputSync();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const message = "--threads must be an integer of at least 1, got 0\n";
  assertEquals([code, text(stdout), text(stderr)], [1, "", message]);
});

Deno.test("bench: both sides have the same rows", () => {
  const torch = (file: string) => Deno.readTextFileSync(new URL(`bench/torch/${file}`, root));
  const named = (text = "") => [...text.matchAll(/^ {4}"(.+)": /gm)].map(([, name]) => name!);
  const [ofCpu, ofGpu] = [torch("rows.py"), torch("gpu_rows.py")];
  const made = [
    ...named(torch("loss_rows.py")).flatMap((loss) =>
      ["256", "2^20"].map((size) => `${loss} of ${size}, backward`)
    ),
    ...["Adam", "SGD", "RMSprop", "Adagrad"].flatMap((optimizer) =>
      named(torch("optimizer_rows.py")).map((crowd) => `${optimizer} over ${crowd}`)
    ),
  ];
  const names = [
    ...[ofCpu, torch("op_rows.py"), torch("transform_rows.py")].flatMap((text) => named(text)),
    ...made,
    ...["net_rows.py", "picture_rows.py"].flatMap((file) => named(torch(file))),
  ];
  assertEquals(names, rows.map(({ name }) => name));
  assertEquals(named(ofGpu), gpuRows.map(({ name }) => name));
  for (const names of [rows, gpuRows]) {
    assertEquals(new Set(names.map(({ name }) => name)).size, names.length);
  }
});

// Of the large rows only the single ops are quick.
for (const row of rows.filter((row) => !row.large || opRows.includes(row))) {
  Deno.test(`bench: ${row.name} computes finite numbers`, () => {
    const instance = row.make();
    for (const within of [scope, <T>(work: () => T) => work()]) {
      instance.run(within);
      const numbers = instance.result(within).flat();
      assert(numbers.length > 0 && numbers.every(Number.isFinite));
    }
  });
}

Deno.test("bench: results that differ too much are refused by the name of the row", () => {
  const row = { name: "planted", target: 1, make: () => ({ run() {}, result: () => [] }) };
  compare(row, [[1, 1e-7], [0]], [[1, 0], [0]]);
  const refused = [[[1.001, 0]], [[NaN, 0]], [[1]], [[1, 0], [1]]];
  for (const result of refused) {
    assertThrows(() => compare(row, result, [[1, 0]]), BenchError, 'Row "planted"');
  }
});

Deno.test("bench: without PyTorch our column is measured, and the last line is JSON", async () => {
  const printed: string[] = [];
  const options = parseOptions(["--filter", "not recording", "--rounds", "1", "--json"]);
  await bench(options, null, (line) => printed.push(line));
  assertEquals(printed.length, 4);
  const figures = JSON.parse(printed.at(-1) ?? "").rows;
  for (const { ours_us } of figures) assert(ours_us > 0);
  const expected = [
    { name: "add of 16 floats, not recording", target: 0.3 },
    { name: "4 views of 64 floats, not recording", target: null },
  ];
  assertEquals(
    figures,
    expected.map((row, i) => ({
      ...row,
      ours_us: figures[i].ours_us,
      torch_us: null,
      ratio: null,
    })),
  );
  assertMatch(printed[1] ?? "", /^add of 16 floats, not recording +[\d.]+ +≤ 0\.3$/);
  assertMatch(printed[2] ?? "", /^4 views of 64 floats, not recording +[\d.]+$/);
});

gpuTest("bench: the device's own time stands beside ours, and what it moves", async () => {
  const printed: string[] = [];
  const given = ["--device=gpu", "--proto", "--filter", "add of 2^20", "--rounds=1", "--json"];
  try {
    await bench(parseOptions(given), null, (line) => printed.push(line));
  } finally {
    makeInputsOn("cpu");
  }
  assertMatch(printed[0] ?? "", / target +GPU µs +GB\/s +of copy$/);
  const [row] = JSON.parse(printed.at(-1) ?? "").rows;
  if (row.gpu_us === null) return;
  assert(row.gpu_us > 0);
  // Each run moves three arrays of 4 MiB: both figures are of one run, and of the same one.
  assertAlmostEquals(row.bytes_per_s * row.gpu_us * 1e-6, 3 * 2 ** 22, 1);
  assertMatch(printed[1] ?? "", /^add of 2\^20 floats +[\d.]+ +≤ 1\.2 +[\d.]+ +[\d.]+ +\d+ %$/);
});

const report = (seconds: number, error: number | string, more = {}): Report => ({
  seconds,
  figures: { planted: { error, steps: [1, error], ...more } },
});

Deno.test("twins: means over seeds are compared in standard errors, times by their medians", () => {
  const ours = [report(1, 1, { own: "text" }), report(3, 3), report(9, 2)];
  const same = compareTwins("planted", ours, [report(6, 2), report(6, 3), report(1, 4)]);
  assertEquals(same.figures.map(({ name }) => name), [
    "planted error",
    "planted steps[0]",
    "planted steps[1]",
  ]);
  const [{ ours: own, torch, apart }] = same.figures as [FigurePair];
  assertEquals([own.mean, torch.mean], [2, 3]);
  assertAlmostEquals(own.error, Math.sqrt(1 / 3), 1e-12);
  assertAlmostEquals(apart, 1 / Math.sqrt(2 / 3), 1e-12);
  assertEquals([same.ours_s, same.torch_s, same.ratio], [3, 6, 0.5]);
  assert(agree(same));
  const far = [report(1, 4), report(1, 5), report(1, 6)];
  assert(!agree(compareTwins("planted", ours, far)));
  // Exactly the same on all seeds has no error, and neither has what is exactly something else.
  const fixed = (value: number) => [report(1, value), report(1, value)];
  assert(agree(compareTwins("planted", fixed(1), fixed(1))));
  assert(!agree(compareTwins("planted", fixed(1), fixed(1.001))));
});

Deno.test("twins: figures that one side lacks, or that are none, are refused by name", () => {
  const good = [report(1, 1), report(1, 2)];
  for (const error of ["NaN", Infinity]) {
    assertThrows(
      () => compareTwins("planted", [report(1, error), report(1, 1)], good),
      BenchError,
      '"planted error" of planted must be a finite number on either side, got',
    );
  }
  const more = [report(1, 1, { extra: 1 }), report(1, 1, { extra: 1 })];
  assertThrows(
    () => compareTwins("planted", good, more),
    BenchError,
    "got undefined from examples",
  );
  const none = [{ seconds: 1, figures: {} }];
  assertThrows(() => compareTwins("planted", good, none), BenchError, "reports no figures");
});

Deno.test("twins: each has a script of its name, and wrong options are refused", () => {
  const names = twinNames();
  assert(names.length > 0);
  for (const name of names) assert(Deno.statSync(new URL(`examples/${name}.ts`, root)).isFile);
  assertEquals(parseTwinOptions([]).names, names);
  assertEquals(parseTwinOptions(["--filter", names[0]!]).names[0], names[0]);
  assertThrows(() => parseTwinOptions(["--filter", "no such twin"]), BenchError, names[0]);
  assertThrows(
    () => parseTwinOptions(["--seeds", "1"]),
    BenchError,
    "integer of at least 2, got 1",
  );
  assertThrows(() => parseTwinOptions(["--seed", "1"]), BenchError, "--seed");
});
