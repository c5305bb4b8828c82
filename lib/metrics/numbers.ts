/** Numbers collected batch by batch. */

/** A list of numbers in one array that doubles when full. */
export class Numbers {
  #array = new Float64Array(16);
  #length = 0;

  /** How many there are. */
  get length(): number {
    return this.#length;
  }

  /** Adds one. */
  push(value: number): void {
    if (this.#length === this.#array.length) {
      const larger = new Float64Array(2 * this.#length);
      larger.set(this.#array);
      this.#array = larger;
    }
    this.#array[this.#length++] = value;
  }

  /** The numbers, to be read only. */
  get all(): Float64Array {
    return this.#array.subarray(0, this.#length);
  }
}
