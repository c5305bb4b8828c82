/** Decision trees, and forests of them. */

import { CODES } from "../core/dtype.ts";
import { largest } from "../core/lists.ts";
import {
  checkCount,
  COUNT,
  integerFrom,
  kept,
  kind,
  optionReader,
  orNull,
} from "../core/options.ts";
import { defaultGenerator, GENERATOR, type RandomGenerator } from "../core/random.ts";
import { checkRoom, checkShape } from "../core/shape.ts";
import { below } from "../data/draws.ts";
import { fromTypedArray } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { argmin, fitted, labelsOf, type Table, tableOf } from "./inputs.ts";

/** Options of {@linkcode DecisionTreeClassifier}. */
export interface TreeOptions {
  /** Most questions in a row; null for as many as it takes. Default: null. */
  maxDepth?: number | null;
  /** Fewest examples that are divided, from 2 on. Default: 2. */
  minSamplesSplit?: number;
  /** Fewest examples on either side. Default: 1. */
  minSamplesLeaf?: number;
  /** Columns tried at each question, drawn anew: a number, "sqrt" of all, or null for all. Default: null. */
  maxFeatures?: number | "sqrt" | null;
  /** Stream of random numbers. Default: the library's own. */
  generator?: RandomGenerator;
}

/** Options of {@linkcode RandomForestClassifier}. */
export interface ForestOptions extends TreeOptions {
  /** How many trees. Default: 100. */
  nEstimators?: number;
  /** As of a tree. Default: "sqrt". */
  maxFeatures?: number | "sqrt" | null;
}

const TREE_OPTIONS = {
  maxDepth: orNull(COUNT),
  minSamplesSplit: integerFrom(2),
  minSamplesLeaf: COUNT,
  maxFeatures: kind(
    'a positive integer, "sqrt" or null',
    (value) => value === "sqrt" || value === null || COUNT.accepts(value),
  ),
  generator: GENERATOR,
};
const readTree = optionReader<TreeOptions>(TREE_OPTIONS);
const readForest = optionReader<ForestOptions>({ ...TREE_OPTIONS, nEstimators: COUNT });

/** A question about a column, with what follows from both answers. */
interface Question {
  readonly column: number;
  readonly most: number;
  yes: Node;
  no: Node;
}

/** A question, or the shares of the classes where there is none. */
type Node = { readonly shares: Float64Array } | Question;

/** What stands where a tree still grows. */
const BUD: Node = { shares: new Float64Array() };

interface Split {
  readonly column: number;
  readonly most: number;
  readonly impurity: number;
}

/** What a tree grows from. */
interface Ground {
  readonly x: Table;
  /** The place of each label among those that occur. */
  readonly labels: Int32Array;
  /** The labels that occur, in order. */
  readonly kinds: Int32Array;
  readonly classes: number;
  readonly options: TreeOptions;
  readonly generator: RandomGenerator;
}

function countsOf({ labels, classes }: Ground, rows: Int32Array): Float64Array {
  const counts = new Float64Array(classes);
  for (const row of rows) counts[labels[row] ?? 0] = (counts[labels[row] ?? 0] ?? 0) + 1;
  return counts;
}

/** The sum of the squares of counts. */
function squares(counts: Float64Array): number {
  return counts.reduce((sum, count) => sum + count * count, 0);
}

/** The best question about one column: the least Gini impurity of both sides, by their sizes. */
function splitOn(ground: Ground, rows: Int32Array, column: number): Split | null {
  const { x, labels, classes, options: { minSamplesLeaf = 1 } } = ground;
  const at = (row: number | undefined) => x.values[(row ?? 0) * x.columns + column] ?? 0;
  const order = rows.toSorted((a, b) => at(a) - at(b));
  const left = new Float64Array(classes);
  const right = countsOf(ground, rows);
  // Of each side, kept up to date, as there may be as many classes as rows.
  let [squaresBefore, squaresAfter] = [0, squares(right)];
  let best: Split | null = null;
  for (let i = 0; i < order.length - 1; i++) {
    const label = labels[order[i] ?? 0] ?? 0;
    const [own, others] = [left[label] ?? 0, right[label] ?? 0];
    squaresBefore += 2 * own + 1;
    squaresAfter -= 2 * others - 1;
    left[label] = own + 1;
    right[label] = others - 1;
    const [before, after] = [i + 1, order.length - i - 1];
    const [here, next] = [at(order[i]), at(order[i + 1])];
    if (here === next || Math.min(before, after) < minSamplesLeaf) continue;
    const impurity = order.length - squaresBefore / before - squaresAfter / after;
    if (best === null || impurity < best.impurity) {
      const middle = here / 2 + next / 2;
      // Between neighbouring numbers there is none.
      best = { column, most: middle < next ? middle : here, impurity };
    }
  }
  return best;
}

/** The best question about some columns; more are tried where those divide nothing. */
function bestSplit(ground: Ground, rows: Int32Array): Split | null {
  const { x: { columns }, options: { maxFeatures = null }, generator } = ground;
  const tried = maxFeatures === null
    ? columns
    : maxFeatures === "sqrt"
    ? Math.max(1, Math.floor(Math.sqrt(columns)))
    : maxFeatures;
  const order = maxFeatures === null
    ? Int32Array.from({ length: columns }, (_, column) => column)
    : generator.permutation(columns);
  let best: Split | null = null;
  for (const [i, column] of order.entries()) {
    if (i >= tried && best !== null) break;
    const split = splitOn(ground, rows, column);
    if (split !== null && (best === null || split.impurity < best.impurity)) best = split;
  }
  return best;
}

/** Grows a tree, without recursion: it may be as deep as there are examples. */
function grow(ground: Ground, all: Int32Array): Node {
  const { x, options: { maxDepth = null, minSamplesSplit = 2 } } = ground;
  let root = BUD;
  const open = [{ rows: all, depth: 0, put: (node: Node) => void (root = node) }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { rows, depth, put } = next;
    const counts = countsOf(ground, rows);
    const pure = counts.some((count) => count === rows.length);
    const split = pure || rows.length < minSamplesSplit || depth === maxDepth
      ? null
      : bestSplit(ground, rows);
    if (split === null) {
      put({ shares: counts.map((count) => count / rows.length) });
      continue;
    }
    const { column, most } = split;
    const says = (row: number) => (x.values[row * x.columns + column] ?? 0) <= most;
    const question: Question = { column, most, yes: BUD, no: BUD };
    put(question);
    const no = rows.filter((row) => !says(row));
    open.push({ rows: no, depth: depth + 1, put: (node) => void (question.no = node) });
    // What is pushed last grows first, as drawn numbers have it.
    const yes = rows.filter(says);
    open.push({ rows: yes, depth: depth + 1, put: (node) => void (question.yes = node) });
  }
  return root;
}

/** The shares of the classes where a row of a table ends. */
function follow(node: Node, x: Table, row: number): Float64Array {
  while (!("shares" in node)) {
    node = (x.values[row * x.columns + node.column] ?? 0) <= node.most ? node.yes : node.no;
  }
  return node.shares;
}

/** Questions in a row, at most. */
function depthOf(root: Node): number {
  let deepest = 0;
  const open: [node: Node, depth: number][] = [[root, 0]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [node, depth] = next;
    deepest = Math.max(deepest, depth);
    if (!("shares" in node)) open.push([node.yes, depth + 1], [node.no, depth + 1]);
  }
  return deepest;
}

interface Grown {
  readonly trees: readonly Node[];
  readonly columns: number;
  /** The labels that occur, in order; trees count them by their places here. */
  readonly kinds: Int32Array;
}

/** Reads what to learn from. */
function groundOf(call: string, x: Tensor, y: Tensor, options: TreeOptions): Ground {
  const table = tableOf(call, x);
  const labels = labelsOf(call, y, table);
  const { maxFeatures, generator = defaultGenerator } = options;
  if (typeof maxFeatures === "number" && maxFeatures > table.columns) {
    throw new RangeError(
      `Cannot ${call}: maxFeatures must be at most the ${table.columns} columns, got ${maxFeatures}`,
    );
  }
  const kinds = Int32Array.from(new Set(labels)).sort();
  const places = new Map([...kinds].map((label, place) => [label, place]));
  return {
    x: table,
    labels: labels.map((label) => places.get(label) ?? 0),
    kinds,
    classes: kinds.length,
    options,
    generator,
  };
}

/** The mean of the shares that some trees give to each row, [N, kinds]. */
function sharesOf(call: string, x: Tensor, { trees, columns, kinds }: Grown): Float64Array {
  const table = tableOf(call, x, columns);
  const classes = kinds.length;
  const shares = new Float64Array(table.rows * classes);
  for (let row = 0; row < table.rows; row++) {
    for (const tree of trees) {
      for (const [label, share] of follow(tree, table, row).entries()) {
        const at = row * classes + label;
        shares[at] = (shares[at] ?? 0) + share / trees.length;
      }
    }
  }
  return shares;
}

/** Those shares by label, 0 for labels that do not occur: [N, largest label + 1]. */
function probabilities(call: string, x: Tensor, grown: Grown): Tensor {
  const { kinds } = grown;
  const shares = sharesOf(call, x, grown);
  const shape = [shares.length / kinds.length, (kinds.at(-1) ?? 0) + 1] as const;
  const size = shape[0] * shape[1];
  checkShape(call.replace("run ", ""), shape);
  checkRoom(shape, size, CODES.float64, "the shares of all labels");
  const all = new Float64Array(size);
  for (const [at, share] of shares.entries()) {
    const label = kinds[at % kinds.length] ?? 0;
    all[Math.floor(at / kinds.length) * shape[1] + label] = share;
  }
  return fromTypedArray(all, shape).to(x.dtype);
}

/** The label with the largest share in each row, the first of equal ones. */
function likeliest(call: string, x: Tensor, grown: Grown): Tensor {
  const { kinds } = grown;
  const shares = sharesOf(call, x, grown);
  const labels = Int32Array.from({ length: shares.length / kinds.length }, (_, row) => {
    const own = shares.subarray(row * kinds.length, (row + 1) * kinds.length);
    return kinds[argmin(kinds.length, (i) => -(own[i] ?? 0))] ?? 0;
  });
  return fromTypedArray(labels, [labels.length]);
}

/**
 * A decision tree (CART): questions about single columns, each chosen for the least Gini impurity of
 * what it divides. Follows scikit-learn's `DecisionTreeClassifier`.
 *
 * @example Two questions
 * ```ts
 * import { tensor } from "@adjoint/ml";
 * import { DecisionTreeClassifier } from "@adjoint/ml/classic";
 * import { assertEquals } from "@std/assert";
 *
 * const x = tensor([[0, 0], [0, 1], [1, 0], [1, 1]]);
 * const y = tensor([0, 1, 1, 2], { dtype: "int32" });
 * const tree = new DecisionTreeClassifier().fit(x, y);
 * assertEquals(tree.predict(x).toArray(), [0, 1, 1, 2]);
 * ```
 */
export class DecisionTreeClassifier {
  readonly #options: TreeOptions;
  #state: Grown | null = null;

  /**
   * Creates the method.
   *
   * @param options How far it grows.
   */
  constructor(options?: TreeOptions) {
    checkCount("make DecisionTreeClassifier", arguments.length, 1);
    this.#options = kept(readTree("make DecisionTreeClassifier", options));
  }

  /**
   * Grows the tree.
   *
   * @param x Examples [N, D].
   * @param y Their labels, non-negative int32 [N].
   */
  fit(x: Tensor, y: Tensor): this {
    checkCount("fit DecisionTreeClassifier", arguments.length, 2);
    const ground = groundOf("fit DecisionTreeClassifier", x, y, this.#options);
    const rows = Int32Array.from({ length: ground.x.rows }, (_, row) => row);
    const { kinds, x: { columns } } = ground;
    this.#state = { trees: [grow(ground, rows)], columns, kinds };
    return this;
  }

  /** Questions in a row, at most. */
  get depth(): number {
    const { trees } = fitted("read the depth of DecisionTreeClassifier", this.#state);
    return largest(trees.map(depthOf));
  }

  /** The share of each class among the examples that answered alike, [N, classes]. */
  predictProba(x: Tensor): Tensor {
    const call = "run DecisionTreeClassifier.predictProba";
    checkCount(call, arguments.length, 1);
    return probabilities(call, x, fitted(call, this.#state));
  }

  /** The likeliest class of each of some examples [N, D], int32 [N]. */
  predict(x: Tensor): Tensor {
    const call = "run DecisionTreeClassifier.predict";
    checkCount(call, arguments.length, 1);
    return likeliest(call, x, fitted(call, this.#state));
  }
}

/**
 * A random forest: the mean of trees, each grown from examples drawn with replacement, each question
 * chosen among a few columns (Breiman, 2001). Follows scikit-learn's `RandomForestClassifier`.
 *
 * @example Trees together
 * ```ts
 * import { rand, RandomGenerator } from "@adjoint/ml";
 * import { RandomForestClassifier } from "@adjoint/ml/classic";
 *
 * const generator = new RandomGenerator(1);
 * const x = rand([60, 3], { generator });
 * const y = x.narrow(1, 0, 1).squeeze(1).gt(0.5).to("int32");
 * const forest = new RandomForestClassifier({ nEstimators: 20, generator }).fit(x, y);
 * console.log(forest.oobScore);
 * ```
 */
export class RandomForestClassifier {
  readonly #options: ForestOptions;
  #state: (Grown & { readonly oobScore: number }) | null = null;

  /**
   * Creates the method.
   *
   * @param options How many trees, and how far each grows.
   */
  constructor(options?: ForestOptions) {
    checkCount("make RandomForestClassifier", arguments.length, 1);
    this.#options = kept(readForest("make RandomForestClassifier", options));
  }

  /**
   * Grows the trees.
   *
   * @param x Examples [N, D].
   * @param y Their labels, non-negative int32 [N].
   */
  fit(x: Tensor, y: Tensor): this {
    checkCount("fit RandomForestClassifier", arguments.length, 2);
    const { nEstimators = 100, maxFeatures = "sqrt", ...rest } = this.#options;
    const options = { ...rest, maxFeatures };
    const ground = groundOf("fit RandomForestClassifier", x, y, options);
    const { x: table, labels, kinds, classes, generator } = ground;
    const votes = Array.from({ length: table.rows }, () => new Float64Array(classes));
    const trees = Array.from({ length: nEstimators }, () => {
      const rows = Int32Array.from({ length: table.rows }, () => below(generator, table.rows));
      const tree = grow(ground, rows);
      const drawn = new Set(rows);
      for (const [row, vote] of votes.entries()) {
        if (drawn.has(row)) continue;
        for (const [label, share] of follow(tree, table, row).entries()) {
          vote[label] = (vote[label] ?? 0) + share;
        }
      }
      return tree;
    });
    const judged = [...votes.entries()].filter(([, vote]) => vote.some((share) => share > 0));
    const right = judged.filter(([row, vote]) => vote.indexOf(largest(vote)) === labels[row]);
    this.#state = {
      trees,
      columns: table.columns,
      kinds,
      oobScore: right.length / judged.length,
    };
    return this;
  }

  /** Accuracy on the examples that a tree has not seen, by the trees that have not; NaN without any. */
  get oobScore(): number {
    return fitted("read the score of RandomForestClassifier", this.#state).oobScore;
  }

  /** The mean of the shares that the trees give to each class, [N, classes]. */
  predictProba(x: Tensor): Tensor {
    const call = "run RandomForestClassifier.predictProba";
    checkCount(call, arguments.length, 1);
    return probabilities(call, x, fitted(call, this.#state));
  }

  /** The likeliest class of each of some examples [N, D], int32 [N]. */
  predict(x: Tensor): Tensor {
    const call = "run RandomForestClassifier.predict";
    checkCount(call, arguments.length, 1);
    return likeliest(call, x, fitted(call, this.#state));
  }
}
