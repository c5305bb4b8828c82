/**
 * Stand-ins for the type checks of `@std/testing/types` that this project uses, for tests without
 * JSR.
 *
 * @module
 */

/** Fails the type check unless the result of a type test is the given one. */
export function assertType<T extends boolean>(_expected: T): void {}

/** Fails the type check unless both types are the same `true` or `false`. */
export type Assert<T extends boolean, Expected extends T> = [T, Expected] extends never ? never
  : never;

/** Fails the type check unless the type is `true`. */
export type AssertTrue<T extends true> = Assert<T, T>;

/** Fails the type check unless the type is `false`. */
export type AssertFalse<T extends false> = Assert<T, T>;

/** Whether the type is `any`, the only one that is below and above all others. */
export type IsAny<T> = 0 extends (T & 1) ? true : false;

/** Whether the type is `never`. */
export type IsNever<T> = [T] extends [never] ? true : false;

/** Whether the type is `unknown`. */
export type IsUnknown<T> = IsAny<T> extends true ? false : unknown extends T ? true : false;

/** Whether the type includes `null` or `undefined`. */
export type IsNullable<T> = IsNever<Extract<T, null | undefined>> extends true ? false : true;

/** Whether the type `T` includes the type `U`. */
export type Has<T, U> = IsAny<T> extends true ? true
  : IsAny<U> extends true ? false
  : IsNever<Extract<T, U>> extends true ? false
  : true;

/** Whether the type `T` does not include the type `U`. */
export type NotHas<T, U> = Has<T, U> extends true ? false : true;

/** Writes intersections of plain objects as one object, so that both forms are the same type. */
type Merged<T> = IsAny<T> extends true ? T
  : T extends Record<PropertyKey, unknown> ? { [K in keyof T]: Merged<T[K]> }
  : T;

/**
 * Whether two types are identical: only then the compiler takes two conditional types that are still
 * open for the same. Both are written out, because it would compare uses of an alias in another way.
 */
export type IsExact<T, U> = (<X>() => X extends Merged<T> ? 1 : 2) extends
  (<X>() => X extends Merged<U> ? 1 : 2) ? true : false;
