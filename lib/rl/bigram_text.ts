/** Sentences in which some letters may follow others. */

import type { TypedArray } from "../core/dtype.ts";
import { DTypeError, ShapeError, showShape } from "../core/errors.ts";
import {
  checkCount,
  checkKind,
  COUNT,
  countTo,
  FLAG,
  optionReader,
  TENSOR,
} from "../core/options.ts";
import { fromTypedArray } from "../tensor/create.ts";
import { elementsOf } from "../tensor/examples.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  Environment,
  ENVIRONMENT_OPTIONS,
  type EnvironmentOptions,
  type Outcome,
} from "./environment.ts";

/** Options of `BigramText`. */
export interface BigramTextOptions extends EnvironmentOptions {
  /** How many letters there are. Default: 8. */
  vocabulary?: number;
  /** How many letters a sentence has, at least 2. Default: 8. */
  length?: number;
  /** How many letters may follow each. Default: 2. */
  followers?: number;
  /** Whether each letter is judged at once, and not all of them at the end. Default: false. */
  dense?: boolean;
}

/** The most letters: each pair of them has a place in the rule. */
const MOST_LETTERS = 4096;

const readOptions = optionReader<BigramTextOptions>({
  ...ENVIRONMENT_OPTIONS,
  vocabulary: countTo(MOST_LETTERS),
  length: COUNT,
  followers: COUNT,
  dense: FLAG,
});

/**
 * Synthetic sentences, letter by letter: an action is a letter, and the reward of a sentence the
 * share of its pairs of neighbours of which the second may follow the first, by a rule that is
 * drawn when the environment is made. It comes at the end, or, with `dense`, in parts as the pairs
 * are made. What is seen is the letter before, int32, and `vocabulary` in front of the first.
 *
 * @example A sentence by the rule
 * ```ts
 * import { rl, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const text = new rl.BigramText({ length: 3 });
 * const follower = (letter: number) => text.allowed.at(letter).to("int32").argmax().item();
 * const second = follower(0);
 * const sentence = tensor([[0, second, follower(second)]], { dtype: "int32" });
 * assertEquals(text.score(sentence).toArray(), [1]);
 * ```
 */
export class BigramText extends Environment {
  /** Which letter (column) may follow which (row): bool of shape [vocabulary, vocabulary]. */
  readonly allowed: Tensor;
  readonly #rule: Uint8Array;
  readonly #vocabulary: number;
  readonly #length: number;
  readonly #dense: boolean;
  /** The letter before, the number of letters, and that of pairs by the rule, of each. */
  readonly #states: Int32Array;

  /**
   * Creates the environments.
   *
   * @throws {RangeError} If there are more followers than letters, or a sentence has no pairs.
   */
  constructor(options?: BigramTextOptions) {
    const call = "make rl.BigramText";
    checkCount(call, arguments.length, 1);
    const { vocabulary = 8, length = 8, followers = 2, dense = false, ...own } = readOptions(
      call,
      options,
    );
    if (length < 2) {
      throw new RangeError(`Cannot ${call}: length must be at least 2, got ${length}`);
    }
    if (followers > vocabulary) {
      throw new RangeError(
        `Cannot ${call}: followers must be at most vocabulary, ${vocabulary}, got ${followers}`,
      );
    }
    super(
      { name: "BigramText", observationShape: [], observed: "int32", actionSize: vocabulary },
      own,
    );
    this.#rule = new Uint8Array(vocabulary * vocabulary);
    for (let letter = 0; letter < vocabulary; letter++) {
      for (const next of this.generator.permutation(vocabulary).subarray(0, followers)) {
        this.#rule[letter * vocabulary + next] = 1;
      }
    }
    this.allowed = fromTypedArray(this.#rule.slice(), [vocabulary, vocabulary]);
    this.#vocabulary = vocabulary;
    this.#length = length;
    this.#dense = dense;
    this.#states = new Int32Array(3 * this.count);
  }

  /** The share of pairs by the rule, of each sentence. */
  score(sentences: Tensor): Tensor {
    const call = "run BigramText.score";
    checkCount(call, arguments.length, 1);
    checkKind(call, "sentences", sentences, TENSOR);
    const { shape, dtype } = sentences;
    const [count = 0, length = 0] = shape;
    if (dtype !== "int32") {
      throw new DTypeError(`Cannot ${call}: sentences must be int32, got ${dtype}`);
    }
    if (shape.length !== 2 || length < 2) {
      throw new ShapeError(
        `Cannot ${call}: sentences must have shape [count, length] with a length of at least 2, got ` +
          showShape(shape),
        [shape],
      );
    }
    const letters = elementsOf(sentences, "BigramText.score");
    for (const letter of letters) {
      if (letter >= 0 && letter < this.#vocabulary) continue;
      throw new RangeError(
        `Cannot ${call}: letters must lie in 0 to ${this.#vocabulary - 1}, got ${letter}`,
      );
    }
    const shares = Float32Array.from({ length: count }, (_, i) => {
      let right = 0;
      for (let t = 1; t < length; t++) {
        right += this.#follows(letters[i * length + t - 1] ?? 0, letters[i * length + t] ?? 0);
      }
      return right / (length - 1);
    });
    return fromTypedArray(shares, [count]);
  }

  #follows(letter: number, next: number): number {
    return this.#rule[letter * this.#vocabulary + next] ?? 0;
  }

  /** Begins a sentence. */
  protected begin(i: number): void {
    this.#states.set([this.#vocabulary, 0, 0], 3 * i);
  }

  /** Writes a letter. */
  protected move(i: number, actions: TypedArray, offset: number): Outcome {
    const [before = 0, written = 0, right = 0] = this.#states.subarray(3 * i);
    const letter = actions[offset] ?? 0;
    const found = written === 0 ? 0 : this.#follows(before, letter);
    this.#states.set([letter, written + 1, right + found], 3 * i);
    const terminated = written + 1 === this.#length;
    const pairs = this.#length - 1;
    const judged = this.#dense ? found : terminated ? right + found : 0;
    return { reward: judged / pairs, terminated };
  }

  /** Writes the letter before. */
  protected observe(i: number, out: TypedArray): void {
    out[0] = this.#states[3 * i] ?? 0;
  }
}
