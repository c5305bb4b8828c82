/** The metric of object detectors. */

import { ShapeError, showShape } from "../core/errors.ts";
import {
  arrayOf,
  checkKind,
  COUNT,
  isListOf,
  isPlainObject,
  kind,
  optionReader,
  SHARE,
  TENSOR,
} from "../core/options.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkBoxes, overlapOf } from "./boxes.ts";
import { checkLabel, elements } from "./inputs.ts";
import { type Metric, metric, nothing, type Sums } from "./metric.ts";

/** The true boxes of an image. */
export interface TrueBoxes {
  /** Shape [N, 4]: left, top, right, bottom. */
  readonly boxes: Tensor;
  /** int32, of shape [N]. */
  readonly labels: Tensor;
}

/** The boxes detected in an image. */
export interface FoundBoxes extends TrueBoxes {
  /** Shape [N]. */
  readonly scores: Tensor;
}

/** The detections in each image, and its true boxes. */
export type Detections = [pred: readonly FoundBoxes[], target: readonly TrueBoxes[]];

/** Options of `meanAveragePrecision`. */
export interface MeanAveragePrecisionOptions {
  /** The overlaps from which a box is a hit. Default: 0.5, 0.55 … 0.95. */
  iouThresholds?: readonly number[];
  /** How many boxes count per image and class, those with the largest scores. Default: 100. */
  maxDetections?: number;
}

/** The result of `meanAveragePrecision`. What is undefined is NaN. */
export interface MeanAveragePrecision {
  /** The mean over thresholds and classes. */
  readonly map: number;
  /** At the threshold 0.5. */
  readonly map50: number;
  /** At the threshold 0.75. */
  readonly map75: number;
  /** The share of true boxes that are detected, averaged over thresholds and classes. */
  readonly mar: number;
  /** The mean over thresholds, by label. */
  readonly perClass: Readonly<Record<string, number>>;
}

const IMAGES = kind(
  "an array of { boxes, scores, labels }, one for each image",
  (value) => isListOf(value, isPlainObject),
);

/** The detections of one class: their scores, and at which thresholds they are hits. */
interface Found {
  readonly score: number;
  readonly hits: readonly boolean[];
}

/** One image as numbers. */
interface Image {
  readonly boxes: ArrayLike<number>;
  readonly labels: ArrayLike<number>;
  readonly scores: ArrayLike<number>;
}

/** Whether each detected box is a hit on the true box, not yet taken, that it overlaps most. */
function hitsAt(
  threshold: number,
  overlaps: readonly (readonly number[])[],
): boolean[] {
  const taken = new Set<number>();
  return overlaps.map((row) => {
    let [best, value] = [-1, Math.min(threshold, 1 - 1e-10)];
    for (const [j, overlap] of row.entries()) {
      if (!taken.has(j) && overlap >= value) [best, value] = [j, overlap];
    }
    if (best !== -1) taken.add(best);
    return best !== -1;
  });
}

/** The precision at 101 recalls, each the best at that recall or above, and the final recall. */
function precisionOf(hits: readonly boolean[], positives: number): { ap: number; recall: number } {
  let found = 0;
  const recalls: number[] = [];
  const precisions = hits.map((hit, i) => {
    found += Number(hit);
    recalls.push(found / positives);
    return found / (i + 1);
  });
  for (let i = precisions.length - 2; i >= 0; i--) {
    precisions[i] = Math.max(precisions[i] ?? 0, precisions[i + 1] ?? 0);
  }
  let [sum, at] = [0, 0];
  for (let step = 0; step <= 100; step++) {
    while (at < recalls.length && (recalls[at] ?? 0) < step * 0.01) at++;
    sum += precisions[at] ?? 0;
  }
  return { ap: sum / 101, recall: found / positives };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The detections of each class, and the number of true boxes. */
class FoundClasses implements Sums<Detections, MeanAveragePrecision> {
  readonly #call: string;
  readonly #thresholds: readonly number[];
  readonly #most: number;
  readonly state = {
    found: {} as Record<string, Found[]>,
    positives: {} as Record<string, number>,
    images: 0,
  };

  constructor(call: string, { iouThresholds, maxDetections = 100 }: MeanAveragePrecisionOptions) {
    this.#call = call;
    this.#thresholds = iouThresholds ?? Array.from({ length: 10 }, (_, i) => (50 + 5 * i) / 100);
    this.#most = maxDetections;
  }

  /** The numbers of an image, checked. */
  #read(role: string, image: TrueBoxes, scored: boolean): Image {
    const call = this.#call;
    checkBoxes(call, `boxes of ${role}`, image.boxes);
    const n = image.boxes.shape[0] ?? 0;
    const listed = (name: "labels" | "scores") => {
      const x: unknown = Reflect.get(image, name);
      checkKind(call, `${name} of ${role}`, x, TENSOR);
      const { ndim, shape } = x as Tensor;
      if (ndim === 1 && shape[0] === n) return elements(call, x as Tensor);
      throw new ShapeError(
        `Cannot ${call}: ${name} of ${role} must have shape [${n}], got ${showShape(shape)}`,
        [shape],
      );
    };
    const labels = listed("labels");
    labels.forEach((label, i) => checkLabel(call, `labels of ${role}`, label, i, undefined));
    return {
      boxes: elements(call, image.boxes),
      labels,
      scores: scored ? listed("scores") : [],
    };
  }

  add(pred: readonly FoundBoxes[], target: readonly TrueBoxes[]): void {
    const call = this.#call;
    checkKind(call, "pred", pred, IMAGES);
    checkKind(call, "target", target, IMAGES);
    if (pred.length !== target.length) {
      throw new RangeError(
        `Cannot ${call}: pred and target must have equally many images, got ${pred.length} and ` +
          `${target.length}`,
      );
    }
    const images = target.map((there, i): [found: Image, there: Image] => [
      this.#read(`pred ${i}`, pred[i] ?? { ...there }, true),
      this.#read(`target ${i}`, there, false),
    ]);
    for (const [found, there] of images) this.#image(found, there);
    this.state.images += images.length;
  }

  #image(found: Image, there: Image): void {
    const foundOf = Map.groupBy(Array.from(found.labels).keys(), (i) => found.labels[i] ?? -1);
    const thereOf = Map.groupBy(Array.from(there.labels).keys(), (i) => there.labels[i] ?? -1);
    for (const label of new Set([...foundOf.keys(), ...thereOf.keys()])) {
      const truth = thereOf.get(label) ?? [];
      const score = (i: number) => found.scores[i] ?? NaN;
      const own = (foundOf.get(label) ?? []).sort((a, b) => score(b) - score(a))
        .slice(0, this.#most);
      const overlaps = own.map((i) => truth.map((j) => overlapOf(found.boxes, i, there.boxes, j)));
      const hits = this.#thresholds.map((threshold) => hitsAt(threshold, overlaps));
      const { found: lists, positives } = this.state;
      const list = lists[label] ??= [];
      own.forEach((i, place) =>
        list.push({ score: score(i), hits: hits.map((own) => own[place] ?? false) })
      );
      positives[label] = (positives[label] ?? 0) + truth.length;
    }
  }

  result(): MeanAveragePrecision {
    const { found, positives, images } = this.state;
    if (images === 0) throw nothing(this.#call);
    // Keys that are integers are in order.
    const classes = Object.entries(positives).filter(([, count]) => count > 0);
    const values = classes.map(([label, positives]) => {
      const list = (found[label] ?? []).toSorted((a, b) => b.score - a.score);
      return this.#thresholds.map((_, t) =>
        precisionOf(list.map(({ hits }) => hits[t] ?? false), positives)
      );
    });
    const at = (threshold: number) => {
      const t = this.#thresholds.indexOf(threshold);
      return mean(values.map((own) => own[t]?.ap ?? NaN));
    };
    return {
      map: mean(values.flatMap((own) => own.map(({ ap }) => ap))),
      map50: at(0.5),
      map75: at(0.75),
      mar: mean(values.flatMap((own) => own.map(({ recall }) => recall))),
      perClass: Object.fromEntries(
        classes.map(([label], i) => [label, mean((values[i] ?? []).map(({ ap }) => ap))]),
      ),
    };
  }
}

/**
 * The mean over classes and thresholds of the precision of detections, each at 101 recalls: how well
 * boxes and their classes are detected. A box is a hit if its overlap with a true box of its class
 * exceeds the threshold and no box with a larger score has taken that one. Lin et al., "Microsoft COCO:
 * common objects in context", 2014; follows `pycocotools`, for boxes of all sizes and without crowds.
 *
 * @throws {ShapeError} If the shapes of boxes, scores and labels do not match.
 * @throws {RangeError} If there are no images, or not equally many in both.
 *
 * @example One of two found
 * ```ts
 * import { metrics, tensor } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const labels = (values: number[]) => tensor(values, { dtype: "int32" });
 * const box = [0, 0, 4, 4];
 * const found = { boxes: tensor([box]), scores: tensor([0.9]), labels: labels([0]) };
 * const there = { boxes: tensor([box, [6, 6, 9, 9]]), labels: labels([0, 0]) };
 * const { map, mar } = metrics.meanAveragePrecision([found], [there]);
 * assertAlmostEquals(map, 51 / 101, 1e-12);
 * assertAlmostEquals(mar, 0.5, 1e-12);
 * ```
 */
export const meanAveragePrecision: Metric<
  Detections,
  MeanAveragePrecisionOptions,
  MeanAveragePrecision
> = metric(
  "meanAveragePrecision",
  2,
  optionReader<MeanAveragePrecisionOptions>({
    iouThresholds: arrayOf(SHARE, "numbers from 0 to 1"),
    maxDetections: COUNT,
  }),
  (call, options) => new FoundClasses(call, options),
);
