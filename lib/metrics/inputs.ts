/** How metrics read tensors: their elements, and classes in any of their forms. */

import { isFloat, type TypedArray } from "../core/dtype.ts";
import { DTypeError, ShapeError, showShape } from "../core/errors.ts";
import {
  checkKind,
  countTo,
  INTEGER,
  kind,
  NUMBER,
  oneOf,
  type OptionTable,
  TENSOR,
} from "../core/options.ts";
import { sameShape, sizeOf } from "../core/shape.ts";
import { elementsOf } from "../tensor/examples.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** The elements of an input. */
export function elements(call: string, x: Tensor): TypedArray {
  return elementsOf(x, call.replace("compute ", ""));
}

/** Refuses inputs that are not tensors. */
export function checkTensors(call: string, pred: Tensor, target: Tensor): void {
  checkKind(`${call}`, "pred", pred, TENSOR);
  checkKind(`${call}`, "target", target, TENSOR);
}

/** Refuses tensors of different shapes. */
export function checkSameShape(call: string, pred: Tensor, target: Tensor): void {
  checkTensors(call, pred, target);
  if (sameShape(pred.shape, target.shape)) return;
  throw new ShapeError(
    `Cannot ${call}: pred and target must have the same shape, got ${showShape(pred.shape)} and ${
      showShape(target.shape)
    }`,
    [pred.shape, target.shape],
  );
}

/** The kind of predictions: 0 or 1, one class of several, or several labels at once. */
export type ClassTask = "binary" | "multiclass" | "multilabel";

/** Options of metrics of classes. */
export interface ClassOptions {
  /** What is predicted. Default: inferred from shapes and types, except "multilabel", which must be given. */
  task?: ClassTask;
  /** The score above which a binary prediction is 1; use 0 for logits. Default: 0.5. */
  threshold?: number;
  /** Places with this label do not count. Default: null, for none. */
  ignoreIndex?: number | null;
  /** The number of classes, where labels are predicted. Default: up to the largest label seen. */
  numClasses?: number;
}

/** The most classes that are counted; larger numbers must be names. */
const MOST_CLASSES = 2 ** 20;

/** The kinds of those options. */
export const CLASS_OPTIONS: OptionTable<ClassOptions> = {
  task: oneOf("binary", "multiclass", "multilabel"),
  threshold: NUMBER,
  ignoreIndex: kind("an integer or null", (value) => value === null || INTEGER.accepts(value)),
  numClasses: countTo(MOST_CLASSES),
};

/** The task, as inferred from the shapes and types of the inputs. */
export function taskOf(
  call: string,
  pred: Tensor,
  target: Tensor,
  task?: ClassTask | null,
): ClassTask {
  checkTensors(call, pred, target);
  const same = sameShape(pred.shape, target.shape);
  const scores = isFloat(pred.dtype);
  const classDim = Math.min(1, pred.ndim - 1);
  const ofClasses = scores && pred.ndim > 0 &&
    sameShape(pred.shape.toSpliced(classDim, 1), target.shape);
  const fits = {
    binary: same,
    multiclass: ofClasses || same && !scores,
    multilabel: same && pred.ndim > 1,
  };
  const guessed = ofClasses
    ? "multiclass"
    : scores || pred.dtype === "bool" && target.dtype === "bool"
    ? "binary"
    : "multiclass";
  const told = task ?? guessed;
  if (told === "multiclass" && ofClasses && pred.shape[classDim] === 1) {
    throw new ShapeError(
      `Cannot ${call}: scores need two or more classes; for binary predictions they have the ` +
        `target's shape, as in pred.squeeze(${classDim}), got ${showShape(pred.shape)}`,
      [pred.shape, target.shape],
    );
  }
  if (fits[told]) return told;
  const needed = {
    binary: "scores of the target's shape",
    multiclass:
      "scores of shape [N, C, ...] for a target of shape [N, ...], or int32 labels of its shape",
    multilabel: "scores of the target's shape [N, C, ...]",
  }[told];
  throw new ShapeError(
    `Cannot ${call}: ${told} predictions must be ${needed}, got ${pred.dtype} of shape ${
      showShape(pred.shape)
    } for a target of shape ${showShape(target.shape)}`,
    [pred.shape, target.shape],
  );
}

/** Scores of classes, and their layout. */
export interface Grid {
  /** Number of classes. */
  readonly classes: number;
  /** Elements between neighbours along the dimension of classes. */
  readonly inner: number;
}

/** Where the scores of classes lie in a tensor. */
export function gridOf({ shape }: Tensor): Grid {
  const classDim = Math.min(1, shape.length - 1);
  return { classes: shape[classDim] ?? 1, inner: sizeOf(shape.slice(classDim + 1)) };
}

/** The index of the score of a class at a place. */
export function scoreAt({ classes, inner }: Grid, place: number, own: number): number {
  return (Math.floor(place / inner) * classes + own) * inner + place % inner;
}

/** Refuses anything but a label. */
export function checkLabel(
  call: string,
  role: string,
  label: number,
  index: number,
  classes: number | undefined,
): void {
  if (!Number.isInteger(label) || label < 0) {
    throw new RangeError(
      `Cannot ${call}: ${role} must hold labels, which are integers from 0, got ${label} ` +
        `at index ${index}`,
    );
  }
  if (label < (classes ?? MOST_CLASSES)) return;
  throw new RangeError(
    `Cannot ${call}: label ${label} of ${role} at index ${index} is out of range for ` +
      (classes === undefined ? `the ${MOST_CLASSES} classes there may be` : `${classes} classes`),
  );
}

/** Refuses predictions that are not scores. */
export function checkScores(call: string, { dtype }: Tensor): void {
  if (isFloat(dtype)) return;
  throw new DTypeError(`Cannot ${call}: pred must hold float scores, got ${dtype}`);
}

/** Predicted and true labels of the places that count, in pairs. */
export interface LabelPairs {
  readonly predicted: number[];
  readonly actual: number[];
  /** For a multilabel task, the label of each place. */
  readonly column: number[];
  /** The number of classes, or of labels predicted at once. */
  readonly classes: number;
}

/** The best class at a place, the first of equal ones; NaN counts as the largest, as in `argmax`. */
function bestClass(scores: TypedArray, grid: Grid, place: number): number {
  let [best, value] = [0, -Infinity];
  for (let own = 0; own < grid.classes; own++) {
    const score = scores[scoreAt(grid, place, own)] ?? NaN;
    if (Number.isNaN(score)) return own;
    if (score > value) [best, value] = [own, score];
  }
  return best;
}

/** Whether a class is among the best at a place; of equal ones the first win. */
function amongBest(
  scores: TypedArray,
  grid: Grid,
  place: number,
  actual: number,
  topK: number,
): boolean {
  const value = scores[scoreAt(grid, place, actual)] ?? NaN;
  let before = 0;
  for (let own = 0; own < grid.classes; own++) {
    const score = scores[scoreAt(grid, place, own)] ?? NaN;
    before += Number(!(score < value) && own !== actual && (score !== value || own < actual));
  }
  return before < topK;
}

/** Reads predictions and targets of any task. */
export function labelPairs(
  call: string,
  pred: Tensor,
  target: Tensor,
  task: ClassTask,
  { threshold = 0.5, ignoreIndex, numClasses, topK = 1 }: ClassOptions & { topK?: number },
): LabelPairs {
  const several = task === "multiclass";
  const scored = isFloat(pred.dtype);
  const grid = gridOf(pred);
  const scoredClasses = several && scored;
  const classes = several ? scored ? grid.classes : numClasses : 2;
  if (topK > 1 && !scoredClasses) {
    throw new DTypeError(`Cannot ${call}: topK needs scores of classes, got ${task} predictions`);
  }
  if (scoredClasses && numClasses !== undefined && numClasses !== grid.classes) {
    throw new RangeError(
      `Cannot ${call}: numClasses is ${numClasses}, but pred has scores of ${grid.classes} classes`,
    );
  }
  const [labels, given] = [elements(call, target), elements(call, pred)];
  const pairs = { predicted: [] as number[], actual: [] as number[], column: [] as number[] };
  let largest = -1;
  labels.forEach((actual, place) => {
    if (actual === ignoreIndex) return;
    checkLabel(call, "target", actual, place, classes);
    const own = given[place] ?? NaN;
    if (!scored) checkLabel(call, "pred", own, place, classes);
    const hit = topK > 1 && amongBest(given, grid, place, actual, topK);
    const predicted = hit
      ? actual
      : scoredClasses
      ? bestClass(given, grid, place)
      : scored
      ? Number(own > threshold)
      : own;
    pairs.predicted.push(predicted);
    pairs.actual.push(actual);
    pairs.column.push(task === "multilabel" ? Math.floor(place / grid.inner) % grid.classes : 0);
    largest = Math.max(largest, predicted, actual);
  });
  const seen = task === "multilabel" ? grid.classes : classes ?? largest + 1;
  return { ...pairs, classes: seen };
}
