/**
 * Wrong calls of everything public in the areas: each argument and each option in turn is replaced by
 * what people give by mistake, each key is misspelt, an argument is added. The library must refuse all
 * of it in its own words. The tables do not compile if something public has no row.
 */

import { assertEquals } from "@std/assert";
import { assertType, type IsExact } from "@std/testing/types";
import { checkCount, checkKind, kind, optionReader, TENSOR } from "../../lib/core/options.ts";
import * as classic from "../../lib/classic/mod.ts";
import * as images from "../../lib/data/images.ts";
import * as runs from "../../lib/runs/mod.ts";
import * as plot from "../../lib/plot/mod.ts";
import * as adjoint from "../../mod.ts";
import { type Arg, type Call, of, options, type Rows } from "../common/calls.ts";
import { CLASSIC } from "./classic_rows.ts";
import { DISTRIBUTIONS } from "./distribution_rows.ts";
import { DATA, IMAGES, INSIDE_DATA } from "./data_rows.ts";
import { IO } from "./io_rows.ts";
import { LOSS_METHODS, LOSSES, REGULARIZATION } from "./loss_rows.ts";
import { FUNCTIONAL, LAYERS } from "./layer_rows.ts";
import { AVERAGES, INIT, MODULE_METHODS, UTILS } from "./module_rows.ts";
import { META } from "./meta_rows.ts";
import { METRICS, STREAMS } from "./metric_rows.ts";
import { RL } from "./rl_rows.ts";
import { SCHEDULE_METHODS, SCHEDULES } from "./schedule_rows.ts";
import {
  INSIDE,
  OPTIMIZER_METHODS,
  OPTIMIZERS,
  STEPS,
  TESTING,
  TRANSFORMED,
  TRANSFORMS,
} from "./tool_rows.ts";
import { RUNS } from "./run_rows.ts";
import { SYNTHETIC } from "./synthetic_rows.ts";
import { DATA_TRANSFORMS, INSIDE_TRANSFORMS } from "./transform_rows.ts";
import { TRAIN } from "./train_rows.ts";
import { PICTURE_METHODS, PLOT } from "./plot_rows.ts";
import { STUDY } from "./study_rows.ts";
import { faultsOf, faultsOfAny, faultsOfElements, misspelt } from "../common/refusals.ts";

type Loose = (...args: unknown[]) => unknown;
type Constructor = new (...args: unknown[]) => unknown;

function testCall(name: string, title: string, call: Call, run: Loose): void {
  Deno.test(`${title} refuses wrong arguments in words of its own`, async () => {
    assertEquals(await faultsOfAny(name, call, call.run ?? run), []);
  });
  Deno.test(`${title} takes other elements, or refuses them by its own name`, async () => {
    assertEquals(await faultsOfElements(name, call, call.run ?? run), []);
  });
}

function testMethods(owner: string, rows: Readonly<Record<string, Call>>): void {
  for (const [name, call] of Object.entries(rows)) {
    const run: Loose = (...args) => {
      const object = call.on!();
      return (Reflect.get(object, name) as Loose).apply(object, args);
    };
    testCall(name, `${owner}.${name}()`, call, run);
  }
}

interface ClassRows {
  readonly make: Call;
  readonly methods: object;
}

/** Tests everything that a table has rows for. */
function testAll(space: string, module: object, rows: object): void {
  for (const [name, row] of Object.entries(rows) as [string, Call | ClassRows][]) {
    const found: unknown = Reflect.get(module, name);
    if ("make" in row) {
      testCall(
        name,
        `new ${space}${name}()`,
        row.make,
        (...args) => new (found as Constructor)(...args),
      );
      testMethods(`${space}${name}`, row.methods as Record<string, Call>);
    } else {
      testCall(name, `${space}${name}()`, row, found as Loose);
    }
  }
}

const { data, distributions, io, losses, meta, metrics, nn, optim, rl, study, testing, train } =
  adjoint;
testAll("losses.", losses, LOSSES);
testAll("losses.regularization.", losses.regularization, REGULARIZATION);
testAll("nn.", nn, LAYERS);
testAll("nn.utils.", nn.utils, UTILS);
testAll("nn.init.", nn.init, INIT);
testAll("nn.functional.", nn.functional, FUNCTIONAL);
testAll("optim.", optim, OPTIMIZERS);
testAll("optim.", optim, SCHEDULES);
testAll("optim.", optim, AVERAGES);
testAll("optim.functional.", optim.functional, STEPS);
testAll("data.", data, DATA);
testAll("data/images ", images, IMAGES);
testAll("data.synthetic.", data.synthetic, SYNTHETIC);
testAll("data.transforms.", data.transforms, DATA_TRANSFORMS);
testAll("meta.", meta, META);
testAll("metrics.", metrics, METRICS);
testAll("train.", train, TRAIN);
testAll("runs ", runs, RUNS);
testAll("io.", io, IO);
testAll("study.", study, STUDY);
testAll("distributions.", distributions, DISTRIBUTIONS);
testAll("plot.", plot, PLOT);
testAll("classic ", classic, CLASSIC);
testAll("rl.", rl, RL);
testAll("testing.", testing, TESTING);
testAll("", adjoint, TRANSFORMS);
testMethods("Picture", PICTURE_METHODS);
testMethods("Module", MODULE_METHODS);
testMethods("Loss", LOSS_METHODS);
testMethods("Optimizer", OPTIMIZER_METHODS);
testMethods("LRScheduler", SCHEDULE_METHODS);
for (
  const [name, call] of Object.entries({
    ...TRANSFORMED,
    ...INSIDE,
    ...INSIDE_DATA,
    ...INSIDE_TRANSFORMS,
    ...STREAMS,
  })
) {
  testCall(name, name, call, call.run!);
}

const planted: Call = {
  args: [of(() => adjoint.ones([2]), "tensor"), options({ delta: of(() => 2, "number") })],
};

const readPlanted = optionReader<{ delta?: number }>({ delta: kind("finite", Number.isFinite) });

function scaled(x: unknown, given: unknown): adjoint.Tensor {
  return (x as adjoint.Tensor).mul((given as { delta?: number } | undefined)?.delta ?? 1);
}

/** A function with a fault, and the complaint that must be among those on it. */
const CARELESS: readonly [fault: string, run: Loose, complaint: RegExp][] = [
  ["reads no key", scaled, /argument 1: "Delta": was accepted/],
  ["takes anything as options", scaled, /argument 1: text as options: was accepted/],
  ["takes any value", scaled, /argument 1: delta: NaN: was accepted/],
  ["takes any number of arguments", scaled, /an argument too many: was accepted/],
  ["leaves it to JavaScript", scaled, /argument 0: null: ended in "TypeError: Cannot read prop/],
  [
    "leaves it to a kernel",
    () => {
      throw new adjoint.NativeError("Cannot run planted: the kernel refused it");
    },
    /argument 0: null: ended in "NativeError/,
  ],
  [
    "does not name itself",
    () => {
      throw new TypeError("Cannot compute this: it must be a tensor, got that");
    },
    /argument 0: null: does not say planted/,
  ],
  [
    "names no right key",
    () => {
      throw new TypeError("Cannot compute planted: there is no such option");
    },
    /argument 1: "Delta": does not say did you mean "delta"/,
  ],
  [
    "refuses what is right",
    () => {
      throw new TypeError("Cannot compute planted: it cannot");
    },
    /the good call failed/,
  ],
  [
    "speaks in two lines",
    () => {
      throw new TypeError("Cannot compute planted: no\nwhy not");
    },
    /argument 0: null: ended in/,
  ],
];

for (const [fault, run, needed] of CARELESS) {
  Deno.test(`a function that ${fault} is found`, async () => {
    const faults = faultsOf("planted", planted, run);
    assertEquals(faults.filter((line) => needed.test(line)).length, 1, faults.join("\n"));
    assertEquals(await faultsOfAny("planted", planted, (...args) => run(...args)), faults);
  });
}

Deno.test("a function that refuses other elements in another's words is found", async () => {
  const inner: Loose = (x) => adjoint.logSigmoid(x as adjoint.Tensor);
  assertEquals(await faultsOfElements("planted", planted, inner), [
    "planted, argument 0 of truth values: does not say planted: " +
    '"Cannot compute logSigmoid: the input is bool; cast it first"',
  ]);
});

Deno.test("a function without a fault is let pass", () => {
  const run: Loose = (x, given, ...more) => {
    const call = "compute planted";
    checkCount(call, 2 + more.length, 2);
    checkKind(call, "x", x, TENSOR);
    const { delta = 1 } = readPlanted(call, given as { delta?: number });
    return scaled(x, { delta });
  };
  assertEquals(faultsOf("planted", planted, run), []);
});

Deno.test("keys are misspelt as Python spells them, or by their first letter", () => {
  assertEquals(["labelSmoothing", "lr"].map(misspelt), ["label_smoothing", "Lr"]);
});

Deno.test("a table that lacks a name, an argument or an option does not compile", () => {
  type Space = { f: (x: number, options?: { a?: number; b?: number }) => void };
  type Row = { args: readonly [Arg, { readonly keys: { a: Arg; b: Arg } }] };
  type Fits<T> = T extends Rows<Space> ? true : false;
  assertType<IsExact<Fits<{ f: Row }>, true>>(true);
  assertType<IsExact<Fits<Record<never, never>>, false>>(true);
  assertType<IsExact<Fits<{ f: { args: readonly [Arg] } }>, false>>(true);
  type Short = { args: readonly [Arg, { readonly keys: { a: Arg } }] };
  assertType<IsExact<Fits<{ f: Short }>, false>>(true);
});
