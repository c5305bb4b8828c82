/** Everything public in the areas, beside the good calls of it. */

import * as classic from "../../lib/classic/mod.ts";
import * as images from "../../lib/data/images.ts";
import * as plot from "../../lib/plot/mod.ts";
import * as runs from "../../lib/runs/mod.ts";
import * as adjoint from "../../mod.ts";
import type { Call } from "../common/calls.ts";
import { CLASSIC } from "./classic_rows.ts";
import { DATA, IMAGES, INSIDE_DATA } from "./data_rows.ts";
import { DISTRIBUTIONS } from "./distribution_rows.ts";
import { IO } from "./io_rows.ts";
import { FUNCTIONAL, LAYERS } from "./layer_rows.ts";
import { LOSS_METHODS, LOSSES, REGULARIZATION } from "./loss_rows.ts";
import { META } from "./meta_rows.ts";
import { METRICS, STREAMS } from "./metric_rows.ts";
import { AVERAGES, INIT, MODULE_METHODS, UTILS } from "./module_rows.ts";
import { PICTURE_METHODS, PLOT } from "./plot_rows.ts";
import { RL } from "./rl_rows.ts";
import { RUNS } from "./run_rows.ts";
import { SCHEDULE_METHODS, SCHEDULES } from "./schedule_rows.ts";
import { STUDY } from "./study_rows.ts";
import { SYNTHETIC } from "./synthetic_rows.ts";
import {
  INSIDE,
  OPTIMIZER_METHODS,
  OPTIMIZERS,
  STEPS,
  TESTING,
  TRANSFORMED,
  TRANSFORMS,
} from "./tool_rows.ts";
import { TRAIN } from "./train_rows.ts";
import { DATA_TRANSFORMS, INSIDE_TRANSFORMS } from "./transform_rows.ts";

/** A function of any arguments. */
export type Loose = (...args: unknown[]) => unknown;
type Constructor = new (...args: unknown[]) => unknown;

const { data, distributions, io, losses, meta, metrics, nn, optim, rl, study, testing, train } =
  adjoint;

/** The modules and their rows, by what stands before a name. */
const AREAS: Readonly<Record<string, readonly (readonly [module: object, rows: object])[]>> = {
  "losses.": [[losses, LOSSES]],
  "losses.regularization.": [[losses.regularization, REGULARIZATION]],
  "nn.": [[nn, LAYERS]],
  "nn.utils.": [[nn.utils, UTILS]],
  "nn.init.": [[nn.init, INIT]],
  "nn.functional.": [[nn.functional, FUNCTIONAL]],
  "optim.": [[optim, OPTIMIZERS], [optim, SCHEDULES], [optim, AVERAGES]],
  "optim.functional.": [[optim.functional, STEPS]],
  "data.": [[data, DATA]],
  "data/images ": [[images, IMAGES]],
  "data.synthetic.": [[data.synthetic, SYNTHETIC]],
  "data.transforms.": [[data.transforms, DATA_TRANSFORMS]],
  "meta.": [[meta, META]],
  "metrics.": [[metrics, METRICS]],
  "train.": [[train, TRAIN]],
  "runs ": [[runs, RUNS]],
  "io.": [[io, IO]],
  "study.": [[study, STUDY]],
  "distributions.": [[distributions, DISTRIBUTIONS]],
  "plot.": [[plot, PLOT]],
  "classic ": [[classic, CLASSIC]],
  "rl.": [[rl, RL]],
  "testing.": [[testing, TESTING]],
  "": [[adjoint, TRANSFORMS]],
};

/** The methods of bases, which stand in no row of a class. */
const BASES = {
  Picture: PICTURE_METHODS,
  Module: MODULE_METHODS,
  Loss: LOSS_METHODS,
  Optimizer: OPTIMIZER_METHODS,
  LRScheduler: SCHEDULE_METHODS,
};

/** What is called by itself: what a public function gives, for example. */
const INNER = { ...TRANSFORMED, ...INSIDE, ...INSIDE_DATA, ...INSIDE_TRANSFORMS, ...STREAMS };

/** Something public that is called. */
export interface Entry {
  /** What stands before its name, such as "nn."; of a method nothing. */
  readonly space: string;
  /** Its own name. */
  readonly name: string;
  /** Its whole name, as it is called. */
  readonly title: string;
  readonly call: Call;
  /** Calls it; of a method on the object that is given, which `call.on` makes. */
  readonly run: (args: readonly unknown[], on?: object) => unknown;
}

interface ClassRows {
  readonly make: Call;
  readonly methods: Readonly<Record<string, Call>>;
}

function* methods(owner: string, rows: Readonly<Record<string, Call>>): Generator<Entry> {
  for (const [name, call] of Object.entries(rows)) {
    const run: Entry["run"] = (args, on = call.on!()) =>
      call.run ? call.run(...args) : (Reflect.get(on, name) as Loose).apply(on, [...args]);
    yield { space: "", name, title: `${owner}.${name}()`, call, run };
  }
}

function* everything(): Generator<Entry> {
  for (const [space, tables] of Object.entries(AREAS)) {
    for (const [module, rows] of tables) {
      for (const [name, row] of Object.entries(rows) as [string, Call | ClassRows][]) {
        const found: unknown = Reflect.get(module, name);
        const [call, run, title]: [Call, Loose, string] = "make" in row
          ? [row.make, (...args) => new (found as Constructor)(...args), `new ${space}${name}()`]
          : [row, found as Loose, `${space}${name}()`];
        yield { space, name, title, call, run: (args) => (call.run ?? run)(...args) };
        if ("make" in row) yield* methods(`${space}${name}`, row.methods);
      }
    }
  }
  for (const [owner, rows] of Object.entries(BASES)) yield* methods(owner, rows);
  for (const [name, call] of Object.entries<Call>(INNER)) {
    yield { space: "", name, title: name, call, run: (args) => call.run!(...args) };
  }
}

/** Everything public in the areas. */
export const EVERYTHING: readonly Entry[] = [...everything()];
