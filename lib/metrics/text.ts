/** Metrics of generated texts against texts written by people. */

import {
  arrayOf,
  checkKind,
  countTo,
  FLAG,
  isListOf,
  kind,
  NUMBER,
  optionReader,
  TEXT,
} from "../core/options.ts";
import { type Metric, metric, nothing } from "./metric.ts";
import { type NoOptions, noOptions } from "./regression.ts";

/** A text, or several. */
export type Texts = string | readonly string[];

/** The references of a text, or of several texts: one or more for each. */
export type References = string | readonly (string | readonly string[])[];

/** Texts and their references. */
export type TextPair = [pred: Texts, target: References];

const LIST = arrayOf(TEXT, "strings");
const TEXTS = kind("a string or an array of strings", (x) => TEXT.accepts(x) || LIST.accepts(x));
const SOME = (value: unknown) => LIST.accepts(value) && (value as string[]).length > 0;
const REFERENCES = kind(
  "a string, or an array with a string or an array of strings for each text",
  (value) =>
    TEXT.accepts(value) ||
    isListOf(value, (own) => TEXT.accepts(own) || SOME(own)),
);

/** Each text with its references. */
function pairsOf(
  call: string,
  pred: Texts,
  target: References,
): (readonly [text: string, references: readonly string[]])[] {
  checkKind(call, "pred", pred, TEXTS);
  checkKind(call, "target", target, REFERENCES);
  const texts = typeof pred === "string" ? [pred] : pred;
  const references = typeof target === "string" ? [target] : target;
  if (texts.length !== references.length) {
    throw new RangeError(
      `Cannot ${call}: there must be as many texts as references, got ${texts.length} and ${references.length}`,
    );
  }
  return texts.map((text, i) => {
    const own = references[i] ?? [];
    return [text, typeof own === "string" ? [own] : own];
  });
}

/** How often each run of n words occurs. */
function ngrams(words: readonly string[], n: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i + n <= words.length; i++) {
    const key = words.slice(i, i + n).join(" ");
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** How many runs two texts share. */
function common(a: Map<string, number>, b: Map<string, number>): number {
  return a.entries().reduce((sum, [key, count]) => sum + Math.min(count, b.get(key) ?? 0), 0);
}

/** The length of the longest common subsequence of words. */
function longestCommon(a: readonly string[], b: readonly string[]): number {
  let row = new Uint32Array(b.length + 1);
  for (const word of a) {
    const next = new Uint32Array(b.length + 1);
    for (const [j, other] of b.entries()) {
      next[j + 1] = word === other ? (row[j] ?? 0) + 1 : Math.max(row[j + 1] ?? 0, next[j] ?? 0);
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

/** How much a text shares with another. */
export interface Overlap {
  /** The share of the text that is in the reference. */
  readonly precision: number;
  /** The share of the reference that is in the text. */
  readonly recall: number;
  /** Their harmonic mean. */
  readonly f1: number;
}

function overlap(both: number, text: number, reference: number): Overlap {
  const [precision, recall] = [
    text === 0 ? 0 : both / text,
    reference === 0 ? 0 : both / reference,
  ];
  const sum = precision + recall;
  return { precision, recall, f1: sum === 0 ? 0 : 2 * precision * recall / sum };
}

/** The result of `rouge`: overlap of words, of pairs of words, and of the longest common subsequence. */
export interface Rouge {
  /** Of words. */
  readonly rouge1: Overlap;
  /** Of pairs of words. */
  readonly rouge2: Overlap;
  /** Of the longest common subsequence of words. */
  readonly rougeL: Overlap;
}

type RougeKey = keyof Rouge;

const ROUGES: Readonly<Record<RougeKey, (a: readonly string[], b: readonly string[]) => Overlap>> =
  {
    rouge1: (a, b) => overlap(common(ngrams(a, 1), ngrams(b, 1)), a.length, b.length),
    rouge2: (a, b) =>
      overlap(
        common(ngrams(a, 2), ngrams(b, 2)),
        Math.max(0, a.length - 1),
        Math.max(0, b.length - 1),
      ),
    rougeL: (a, b) => overlap(longestCommon(a, b), a.length, b.length),
  };
const KEYS = Object.keys(ROUGES) as RougeKey[];

/** Words in lower case, of letters and digits only. */
function wordsOf(text: string): string[] {
  return text.toLowerCase().split(/[^\p{L}\p{N}]+/u).filter((word) => word !== "");
}

/**
 * How much a summary and its reference share: words, pairs of words, and the longest common
 * subsequence of words; the mean over texts. Of several references, the one with the best F1 counts, for
 * each of the three. Lin, "ROUGE: a package for automatic evaluation of summaries", 2004; follows
 * the package `rouge-score`, which knows only English letters, without stemming.
 *
 * @throws {RangeError} If there are no texts, or not as many references.
 *
 * @example Two of three words
 * ```ts
 * import { metrics } from "@adjoint/ml";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const { rouge1 } = metrics.rouge("the cat sat", "The cat slept.");
 * assertAlmostEquals(rouge1.f1, 2 / 3, 1e-12);
 * ```
 */
export const rouge: Metric<TextPair, NoOptions, Rouge> = metric<TextPair, NoOptions, Rouge>(
  "rouge",
  2,
  noOptions,
  (call) => {
    const zero = () => ({ precision: 0, recall: 0, f1: 0 });
    const state = { rouge1: zero(), rouge2: zero(), rougeL: zero(), n: 0 };
    return {
      state,
      add: (pred, target) => {
        for (const [text, references] of pairsOf(call, pred, target)) {
          const words = wordsOf(text);
          for (const key of KEYS) {
            const best = references.map((own) => ROUGES[key](words, wordsOf(own)))
              .reduce((best, own) => own.f1 > best.f1 ? own : best);
            for (const part of ["precision", "recall", "f1"] as const) {
              state[key][part] += best[part];
            }
          }
          state.n++;
        }
      },
      result: () => {
        const { n } = state;
        if (n === 0) throw nothing(call);
        const mean = ({ precision, recall, f1 }: Overlap) => ({
          precision: precision / n,
          recall: recall / n,
          f1: f1 / n,
        });
        return {
          rouge1: mean(state.rouge1),
          rouge2: mean(state.rouge2),
          rougeL: mean(state.rougeL),
        };
      },
    };
  },
);

/** Options of `bleu`. */
export interface BleuOptions {
  /** The number of words in the longest runs that are compared. Default: 4. */
  nGram?: number;
  /** Whether 1 is added to the counts of runs of two or more words. Default: false. */
  smooth?: boolean;
  /** A weight for each length of runs. Default: equal weights with sum 1. */
  weights?: readonly number[];
}

/** The most words of a run. */
const MOST_WORDS = 1000;

const bleuOptions = optionReader<BleuOptions>({
  nGram: countTo(MOST_WORDS),
  smooth: FLAG,
  weights: arrayOf(NUMBER, "numbers"),
});

/** The length nearest to another; the first of equally near ones. */
function nearestLength(lengths: readonly number[], length: number): number {
  return lengths.reduce((best, own) =>
    Math.abs(own - length) < Math.abs(best - length) ? own : best
  );
}

/**
 * How much translations share with their references: the geometric mean of the shares of runs
 * of 1 to 4 words that are in a reference, reduced if the translations are shorter, over all texts
 * together. Words are separated by white space. It is 0 if no run of some length is shared. Papineni et
 * al., "BLEU: a method for automatic evaluation of machine translation", 2002; follows
 * `torchmetrics.functional.bleu_score`.
 *
 * @throws {RangeError} If there are no texts, not as many references, or not a
 * weight for each length.
 *
 * @example The same words
 * ```ts
 * import { metrics } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(metrics.bleu("the cat sat down", ["the cat sat down"]), 1);
 * ```
 */
export const bleu: Metric<TextPair, BleuOptions, number> = metric<TextPair, BleuOptions, number>(
  "bleu",
  2,
  bleuOptions,
  (call, { nGram = 4, smooth = false, weights }) => {
    if (weights !== undefined && weights.length !== nGram) {
      throw new RangeError(
        `Cannot ${call}: there must be ${nGram} weights, one for each length, got ${weights.length}`,
      );
    }
    const zeros = (): number[] => Array(nGram).fill(0);
    const state = { hits: zeros(), all: zeros(), n: 0, length: 0, references: 0 };
    return {
      state,
      add: (pred, target) => {
        for (const [text, others] of pairsOf(call, pred, target)) {
          const parted = (own: string) => own.split(/\s+/).filter((word) => word !== "");
          const [words, lists] = [parted(text), others.map(parted)];
          state.n++;
          state.length += words.length;
          state.references += nearestLength(lists.map((list) => list.length), words.length);
          for (let i = 0; i < nGram; i++) {
            const most = new Map<string, number>();
            for (const list of lists) {
              for (const [key, count] of ngrams(list, i + 1)) {
                most.set(key, Math.max(count, most.get(key) ?? 0));
              }
            }
            state.hits[i] = (state.hits[i] ?? 0) + common(ngrams(words, i + 1), most);
            state.all[i] = (state.all[i] ?? 0) + Math.max(0, words.length - i);
          }
        }
      },
      result: () => {
        const { hits, all, n, length, references } = state;
        if (n === 0) throw nothing(call);
        if (hits.includes(0)) return 0;
        const logarithm = hits.reduce((sum, own, i) => {
          const more = smooth && i > 0 ? 1 : 0;
          return sum +
            (weights?.[i] ?? 1 / nGram) * Math.log((own + more) / ((all[i] ?? 0) + more));
        }, 0);
        return Math.exp(logarithm + Math.min(0, 1 - references / length));
      },
    };
  },
);
