/** The stubs of a new loss, layer, optimizer or schedule, each in its own file. */

import { filesOf, find } from "../places.ts";
import { Draft, type Step } from "./draft.ts";
import { checkFree, checkName, exportOf, snakeCase } from "./names.ts";

/** The differences between the areas. */
interface Area {
  readonly folder: string;
  /** The file that exports it. Default: `mod.ts` in the folder. */
  readonly mod?: string;
  readonly pascal: boolean;
  /** All exports of that file. */
  readonly names: (name: string) => readonly string[];
  readonly text: (name: string) => string;
  /** What remains to be written in the new file. */
  readonly left: (name: string) => readonly (readonly [at: RegExp, what: string])[];
  /** Lines where tables of the tests need a row, and whose. */
  readonly tables: (name: string) => readonly (readonly [at: RegExp, row: string])[];
  /** Where the cases for PyTorch are, and how they are written. */
  readonly maker: string;
  /** The script that writes the fixtures. Default: the maker. */
  readonly script?: string;
  readonly fixture: (name: string) => string;
}

function lossClass(name: string): string {
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}Loss`;
}

function ruleOf(name: string): string {
  return `${snakeCase(name).toUpperCase()}_RULE`;
}

/** The areas, by what is made for them. */
export const AREAS = {
  loss: {
    folder: "lib/loss",
    pascal: false,
    names: (name) => [name, lossClass(name)],
    text: (name) =>
      `import { checkCount } from "../core/options.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { elementLoss, type ElementLossOptions, elementLossOptions, type FunctionLoss,
  type LossModule, lossModule } from "./loss.ts";

/** The loss of each element. */
function ${name}Error(prediction: Tensor, target: Tensor): Tensor {
}

export function ${name}(prediction: Tensor, target: Tensor, options?: ElementLossOptions): Tensor {
  checkCount("compute losses.${name}", arguments.length, 3);
  const read = elementLossOptions("compute losses.${name}", options);
  return elementLoss("losses.${name}", prediction, target, read, ${name}Error);
}

/** {@linkcode ${name}} as a module. */
export const ${lossClass(name)}: LossModule<ElementLossOptions> =
  lossModule("${lossClass(name)}", ${name}, elementLossOptions);
/** A module of {@linkcode ${name}}. */
export type ${lossClass(name)} = FunctionLoss<ElementLossOptions>;
`,
    left: (name) => [
      [new RegExp(`^function ${name}Error\\b`), "the loss of each element, in ops"],
      [
        new RegExp(`^export function ${name}\\b`),
        "its own options, if any, and a docstring",
      ],
    ],
    tables: (name) => [
      [/^export const (LOSSES|CLAIMS)\b/, name],
      [/^\} as const satisfies Record<ModuleName\b/, lossClass(name)],
    ],
    maker: "tests/fixtures/losses.py",
    fixture: (name) =>
      `save("losses/${name}", [case(F.${
        snakeCase(name)
      }_loss, pair, reduction=r) for r in REDUCTIONS])\n`,
  },
  layer: {
    folder: "lib/nn",
    pascal: true,
    names: (name) => [name],
    text: (name) =>
      `import { checkCount } from "../core/options.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Module } from "./module.ts";

export class ${name} extends Module {
  /** Creates the layer. */
  constructor() {
    super();
    checkCount("make ${name}", arguments.length, 0);
  }
  override forward(x: Tensor): Tensor {
  }
}
`,
    left: (name) => [
      [
        new RegExp(`^export class ${name}\\b`),
        "its parameters and options, and a docstring",
      ],
      [/^ {2}override forward\(/, "the output"],
    ],
    tables: (name) => [[/^export const LAYERS\b/, name]],
    maker: "tests/fixtures/layer_makers/activation.py",
    script: "tests/fixtures/layers.py",
    fixture: (name) => `layer(nn.${name}, case("by default", [], {}, wave(3, 4)))\n`,
  },
  optimizer: {
    folder: "lib/optim",
    pascal: true,
    names: (name) => [name, `type ${name}Group`, `type ${name}Options`],
    text: (name) =>
      `import { checkRange } from "./optimizer.ts";
import { type OptimizerClass, optimizerClass, type OptimizerRule, type RuleOptimizer,
  type RuleState } from "./rule.ts";

/** Options of \`${name}\`. */
export interface ${name}Options {
  /** Learning rate. */
  lr?: number;
}

/** Options of a group of parameters. */
export type ${name}Group = Required<${name}Options>;

/** The rule of ${name}. */
export const ${ruleOf(name)}: OptimizerRule<${name}Group> = {
  check: (op, { lr }) => checkRange(op, "lr", lr, "[0, ∞)"),
};

export const ${name}: OptimizerClass<${name}Group, RuleState> =
  optimizerClass("${name}", ${ruleOf(name)});
/** An {@linkcode ${name}} optimizer. */
export type ${name} = RuleOptimizer<${name}Group, RuleState>;
`,
    left: (name) => [
      [new RegExp(`^export interface ${name}Options\\b`), "its other options, and their defaults"],
      [
        new RegExp(`^export const ${ruleOf(name)}\\b`),
        "the default options (`defaults`), the tensors kept from step to step " +
        "(`keeps`), and the step in ops (`step`)",
      ],
      [new RegExp(`^export const ${name}:`), "a docstring"],
    ],
    tables: (name) => [
      [/^export const OPTIMIZERS: (Rows|\{)/, name],
      [/^} as const satisfies Record<OptimizerName\b/, name],
      [/^export const STEPS: Rows/, `the functional step of ${name}`],
    ],
    maker: "tests/fixtures/optimizers.py",
    fixture: (name) => `optimizer(torch.optim.${name}, {})\n`,
  },
  schedule: {
    folder: "lib/optim/schedules",
    mod: "lib/optim/mod.ts",
    pascal: true,
    names: (name) => [name, `type ${name}Options`],
    text: (name) =>
      `import { FINITE } from "../../core/options.ts";
import { type ScheduleClass, scheduleClass, type ScheduleRule } from "./rule.ts";
import type { LRScheduler } from "./schedule.ts";

/** Options of \`${name}\`. */
export interface ${name}Options {
  /** Factor of the rate. Default: 0.1. */
  gamma?: number;
}

/** The rule of ${name}. */
export const ${ruleOf(name)}: ScheduleRule<${name}Options> = {
  kinds: { gamma: FINITE },
};

export const ${name}: ScheduleClass<${name}Options> = scheduleClass("${name}", ${ruleOf(name)});
/** A {@linkcode ${name}} schedule. */
export type ${name} = LRScheduler;
`,
    left: (name) => [
      [new RegExp(`^export interface ${name}Options\\b`), "its own options, and their defaults"],
      [
        new RegExp(`^export const ${ruleOf(name)}\\b`),
        "the kinds of the options, their defaults (`defaults`), and the rate (`lr`)",
      ],
      [new RegExp(`^export const ${name}:`), "a docstring"],
    ],
    tables: (name) => [[/^export const SCHEDULES:/, name]],
    maker: "tests/fixtures/schedules.py",
    fixture: (name) => `schedule("${name}", {})\n`,
  },
} as const satisfies Record<string, Area>;

/** Drafts the files of something new in an area, and lists what remains to be written in them. */
export function newInArea(root: URL, thing: keyof typeof AREAS, name: string): [Draft, Step[]] {
  const area: Area = AREAS[thing];
  checkName(thing, name, area.pascal);
  for (const own of area.names(name)) {
    checkFree(thing, name, exportOf(root, [area.folder], own.replace("type ", "")));
  }
  const draft = new Draft(root);
  const file = `${area.folder}/${snakeCase(name)}.ts`;
  draft.create(file, `/** ${area.names(name)[0]}. */\n\n${area.text(name)}`);
  const { mod = `${area.folder}/mod.ts` } = area;
  const path = `./${file.slice(mod.lastIndexOf("/") + 1)}`;
  draft.append(mod, `export { ${area.names(name).join(", ")} } from "${path}";\n`);
  draft.append(area.maker, area.fixture(name));
  const steps = area.left(name).map(([at, what]): Step => ({ file, at, what }));
  const [first] = area.fixture(name).split(name);
  steps.push({
    file: area.maker,
    at: new RegExp(`^${first!.replace(/[.(/]/g, "\\$&")}${name}\\b`),
    what: `the cases, in PyTorch's words; then \`python ${
      area.script ?? area.maker
    }\` writes their file`,
  });
  if (thing === "optimizer") {
    const what = "its functional step, in the form of this one";
    steps.push({ file: "lib/optim/functional.ts", at: /\bfunctionalStep\(/, what });
  }
  if (thing === "loss") {
    const what = `a row for ${name}, and one in torch/loss_rows.py`;
    steps.push({ file: "bench/loss_rows.ts", at: /^const LOSSES:/, what });
  }
  for (const path of filesOf(root, "tests", ".ts")) {
    for (const [at, row] of area.tables(name)) {
      if (find(root, [path], at) !== undefined) {
        steps.push({ file: path, at, what: `a row for ${row}` });
      }
    }
  }
  return [draft, steps];
}
