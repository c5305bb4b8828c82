/** What the gallery asks of its scripts: a claim, a threshold, and whether figures hold it. */

import type { train } from "@adjoint/ml";

/** What a script told of a row with one seed. */
export type Figures = Readonly<Record<string, train.Figure>>;

/** Whether the figures of all seeds that were run hold a threshold. */
export type Judge = (seeds: readonly Figures[]) => boolean;

/** A claim that a script proves, corrects, or shows to be wrong. */
export interface ShownRow {
  /** As the catalogue of the articles' claims has it, such as "C-09"; else the name of the script. */
  readonly id: string;
  /** The file in `examples/`. */
  readonly script: string;
  /** What the script answers; scripts of one question stand together on the page. */
  readonly question: string;
  /** What the article says, or who had the idea, in a sentence. */
  readonly claim: string;
  /** What is true instead, where the article errs. */
  readonly correction?: string;
  /** Exact, measured with PyTorch, or proposed and calibrated here. */
  readonly tag: "X" | "M" | "P";
  /** The threshold in words. */
  readonly threshold: string;
  /** For a proposed threshold: the figures of seeds 1 to 5 that it was chosen by. */
  readonly justification?: string;
  /** Whether the figures of full runs hold the threshold. */
  readonly holds: Judge;
  /** The same for `--quick`; default: `holds`. Figures of the negative control must fail it. */
  readonly quick?: Judge;
}

/** A row that asks for nothing. */
export interface SilentRow {
  readonly id: string;
  /** Why there is nothing to show. */
  readonly reason: string;
}

/** A row of the articles. */
export type Row = ShownRow | SilentRow;

const WORDS: Readonly<Record<string, number>> = {
  NaN,
  Infinity,
  "-Infinity": -Infinity,
};

function revived(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revived);
  return typeof value === "string" ? WORDS[value] ?? value : value;
}

/** Figures as a script's last line has them; to read one that is not there is an error. */
export function figuresOf(values: Readonly<Record<string, unknown>>): Figures {
  const entries = Object.entries(values).map(([name, value]) => [name, revived(value)]);
  return new Proxy(Object.fromEntries(entries), {
    get(figures, name) {
      if (typeof name === "string" && !Object.hasOwn(figures, name) && name !== "toJSON") {
        const known = Object.keys(figures).join(", ");
        throw new Error(`There is no figure "${name}" among ${known}`);
      }
      return Reflect.get(figures, name);
    },
  });
}

/** Asks something of all seeds together, such as a median. */
export function over<F extends object>(judge: (seeds: readonly F[]) => boolean): Judge {
  return (seeds) => seeds.length > 0 && judge(seeds as unknown as readonly F[]);
}

/** Asks the same of every seed: `each((f: { huber: number }) => f.huber <= 0.2)`. */
export function each<F extends object>(judge: (figures: F) => boolean): Judge {
  return over<F>((seeds) => seeds.every(judge));
}

/** The middle of some numbers, or the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/** Whether numbers are as many as expected, and each as near as a share of what is expected allows. */
export function near(
  found: readonly number[],
  expected: readonly number[],
  share = 1e-6,
): boolean {
  return found.length === expected.length &&
    found.every((value, i) => Math.abs(value - expected[i]!) <= share * Math.abs(expected[i]!));
}
