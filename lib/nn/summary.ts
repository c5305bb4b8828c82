/** Summaries of models: layers, shapes, parameters, operations. */

import { noGrad } from "../autograd/tape.ts";
import { inColumns } from "../core/columns.ts";
import { checkKind } from "../core/options.ts";
import { isTensor } from "../core/tensor.ts";
import { showShape } from "../core/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { MODULE } from "./checks.ts";
import { Embedding, EmbeddingBag } from "./embedding.ts";
import { keptModes } from "./modes.ts";
import { type AnyModule, Module, type Parameter } from "./module.ts";

/** A module of a model. */
export interface SummaryRow {
  /** Its name in the model; empty for the model itself. */
  readonly name: string;
  /** Its class. */
  readonly type: string;
  /** The shapes of its last outputs; none if it was not called. */
  readonly outputs: readonly (readonly number[])[];
  /** The elements of its own parameters, without those of its modules and those already counted. */
  readonly parameters: number;
  /** Multiplications of its own weights with inputs, in all its calls. */
  readonly operations: number;
}

/** A summary of a model. */
export interface Summary {
  /** A row for each module, each before what it contains. */
  readonly rows: readonly SummaryRow[];
  /** The elements of all parameters. */
  readonly parameters: number;
  /** The elements of the trained parameters. */
  readonly learned: number;
  /** Multiplications of weights with inputs. */
  readonly operations: number;
  /** The rows as a table. */
  toString(): string;
}

/** The tensors of an output, in order, including those in arrays and records. */
function tensorsOf(output: unknown): Tensor[] {
  if (isTensor(output)) return [output];
  return typeof output === "object" && output !== null
    ? Object.values(output).flatMap(tensorsOf)
    : [];
}

/** The parameters of a module itself. */
function ownParameters(module: AnyModule): Parameter[] {
  const below = new Set(module.children().flatMap((child) => child.parameters()));
  return module.parameters().filter((p) => !below.has(p));
}

/** How often a weight is applied: a matrix once for each row of the input, filters for each place. */
function operationsOf(module: AnyModule, input: Tensor | undefined, output: Tensor | undefined) {
  if (module instanceof Embedding || module instanceof EmbeddingBag) return 0;
  const transposed = module.constructor.name.startsWith("ConvTranspose");
  const counts = ownParameters(module).map(({ shape, size }) => {
    if (shape.length < 2 || input === undefined || output === undefined) return 0;
    const [x, channels] = shape.length === 2
      ? [input, input.shape.at(-1)]
      : [transposed ? input : output, shape[0]];
    return channels ? x.size / channels * size : 0;
  });
  return counts.reduce((a, b) => a + b, 0);
}

function sum(rows: readonly SummaryRow[], of: (row: SummaryRow) => number): number {
  return rows.reduce((total, row) => total + of(row), 0);
}

function shownTable({ rows, parameters, learned, operations }: Summary): string {
  const lines = rows.map((row) => [
    row.name === "" ? "(model)" : row.name,
    row.type,
    row.outputs.map(showShape).join(" "),
    String(row.parameters),
    String(row.operations),
  ]);
  const head = ["module", "class", "output", "parameters", "operations"];
  const total = `${parameters} parameters, ${learned} of them learned, ${operations} operations`;
  return [...inColumns([head, ...lines], 3), total].join("\n");
}

/**
 * A summary of a model: for each module the shapes of its outputs, its parameters, and how many
 * multiplications of weights with inputs it takes. The model is run once, in evaluation mode and without
 * being recorded.
 *
 * @param model A module.
 * @param inputs What its `forward` takes.
 * @throws {TypeError} If the model is not a module.
 *
 * @example A small network
 * ```ts
 * import { nn, zeros } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const net = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 2));
 * const { rows, parameters, operations } = nn.summary(net, zeros([3, 4]));
 * assertEquals([parameters, operations], [58, 144]);
 * assertEquals(rows[1], {
 *   name: "0",
 *   type: "Linear",
 *   outputs: [[3, 8]],
 *   parameters: 40,
 *   operations: 96,
 * });
 * ```
 */
export function summary<Inputs extends unknown[]>(
  model: Module<Inputs, unknown>,
  ...inputs: Inputs
): Summary {
  checkKind("run summary", "the model", model, MODULE);
  const modules = model.namedModules();
  const seen = new Map<AnyModule, { outputs: number[][]; operations: number }>();
  const restore = keptModes(modules.map(([, module]) => module));
  const hooks = [...new Set(modules.map(([, module]) => module))].flatMap((module) => {
    if (!(module instanceof Module)) return [];
    const remove = module.registerForwardHook((_, given: unknown, output: unknown) => {
      const [x, y] = [tensorsOf(given), tensorsOf(output)];
      const before = seen.get(module)?.operations ?? 0;
      seen.set(module, {
        outputs: y.map(({ shape }) => [...shape]),
        operations: before + operationsOf(module, x[0], y[0]),
      });
    });
    return [remove];
  });
  try {
    model.eval();
    noGrad(() => {
      model.forward(...inputs);
    });
  } finally {
    for (const remove of hooks) remove();
    restore();
  }
  const counted = new Set<Parameter>();
  const listed = new Set<AnyModule>();
  const rows = modules.flatMap(([name, module]): SummaryRow[] => {
    if (listed.has(module)) return [];
    listed.add(module);
    const own = ownParameters(module).filter((p) => !counted.has(p));
    own.forEach((p) => counted.add(p));
    const { outputs = [], operations = 0 } = seen.get(module) ?? {};
    const parameters = own.reduce((total, { size }) => total + size, 0);
    return [{ name, type: module.constructor.name, outputs, parameters, operations }];
  });
  const learned = model.parameters().filter((p) => p.requiresGrad)
    .reduce((total, { size }) => total + size, 0);
  const result: Summary = {
    rows,
    parameters: sum(rows, (row) => row.parameters),
    learned,
    operations: sum(rows, (row) => row.operations),
    toString: () => shownTable(result),
  };
  return result;
}
