/** Error classes: a built-in class where one fits, a subclass where data is carried. */

/** Shapes that do not fit an operation. */
export class ShapeError extends RangeError {
  /** The shapes that were given. */
  readonly shapes: readonly (readonly number[])[];

  /**
   * Makes the error.
   *
   * @param message What was asked, what was given and what is needed.
   */
  constructor(message: string, shapes: readonly (readonly number[])[] = []) {
    super(message);
    this.name = "ShapeError";
    this.shapes = shapes;
  }
}

/** An element type that an operation does not take. */
export class DTypeError extends TypeError {
  /**
   * Makes the error.
   *
   * @param message What was asked, what was given and what is needed.
   */
  constructor(message: string) {
    super(message);
    this.name = "DTypeError";
  }
}

/** A device that is missing, or tensors on different devices. */
export class DeviceError extends Error {
  /**
   * Makes the error.
   *
   * @param message What was asked, what was given and what is needed.
   */
  constructor(message: string) {
    super(message);
    this.name = "DeviceError";
  }
}

/** A gradient that cannot be computed. */
export class GradError extends Error {
  /**
   * Makes the error.
   *
   * @param message What was asked and why it has no answer.
   */
  constructor(message: string) {
    super(message);
    this.name = "GradError";
  }
}

/** A failure inside the native library, or in finding it: a bug of ours or a broken installation. */
export class NativeError extends Error {
  /**
   * Makes the error.
   *
   * @param message What the library said.
   */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "NativeError";
  }
}

/**
 * Writes a shape the way messages show it: `[2, 3]`.
 *
 * @example As in messages
 * ```ts
 * import { showShape } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(showShape([2, 3]), "[2, 3]");
 * ```
 */
export function showShape(shape: readonly number[]): string {
  return `[${shape.join(", ")}]`;
}
