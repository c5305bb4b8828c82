/**
 * Stand-ins for the functions of `@std/assert` that this project uses, for tests without JSR.
 *
 * @module
 */

/** A class of objects of type `T`. */
type ClassOf<T> = abstract new (...args: never[]) => T;

/** The values that count as false. */
export type Falsy = false | 0 | 0n | "" | null | undefined;

/** Anything with a length and numbered elements, except strings. */
export type ArrayLikeArg<T> = ArrayLike<T> & object;

/** The error of every failed assertion. */
export class AssertionError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "AssertionError";
  }
}

/** Pairs of objects that are taken to be equal; they end the walk through circular references. */
type Pairs = Map<object, Set<object>>;

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** The prototype of a value, where objects without one count as plain objects. */
function kindOf(value: object): object {
  return Object.getPrototypeOf(value) ?? Object.prototype;
}

/** The elements of a typed array or the bytes of a buffer; undefined for all else. */
function elementsOf(value: object): ArrayLike<number | bigint> | undefined {
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
    return new Uint8Array(value);
  }
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return value as unknown as ArrayLike<number | bigint>;
  }
  return undefined;
}

function sameElements(a: ArrayLike<number | bigint>, b: ArrayLike<number | bigint>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i] && !Object.is(a[i], b[i])) return false;
  }
  return true;
}

/** The properties that make up the value of an object. */
function comparedKeys(value: object): Set<PropertyKey> {
  const own = Reflect.ownKeys(value);
  const kind = kindOf(value);
  if (kind === Object.prototype || kind === Array.prototype) {
    return new Set(own.filter((key) => Object.prototype.propertyIsEnumerable.call(value, key)));
  }
  // Private state of class instances shows only through the getters of their prototypes.
  const keys = new Set<PropertyKey>(own);
  for (
    let proto: object | null = kind;
    proto !== null && proto !== Object.prototype && proto !== Array.prototype;
    proto = Object.getPrototypeOf(proto)
  ) {
    for (const key of Reflect.ownKeys(proto)) {
      if (Object.getOwnPropertyDescriptor(proto, key)?.get) keys.add(key);
    }
  }
  return keys;
}

function sameProperties(a: object, b: object, pairs: Pairs): boolean {
  const keys = comparedKeys(a);
  const others = comparedKeys(b);
  if (keys.size !== others.size) return false;
  for (const key of keys) {
    if (!others.has(key) || !same(Reflect.get(a, key), Reflect.get(b, key), pairs)) return false;
  }
  return true;
}

type Entries = Map<unknown, unknown>;

/** Sets are compared as maps from their elements to nothing. */
function entriesOf(value: object): Entries | undefined {
  if (value instanceof Map) return new Map(value);
  if (value instanceof Set) return new Map([...value].map((element) => [element, undefined]));
  return undefined;
}

/** Compares maps regardless of order, first by identity of the keys and then by their structure. */
function sameEntries(a: Entries, b: Entries, pairs: Pairs): boolean {
  if (a.size !== b.size) return false;
  const rest = new Map(b);
  const unmatched = [...a].filter(([key, value]) => {
    const found = rest.has(key) && same(value, rest.get(key), pairs);
    if (found) rest.delete(key);
    return !found;
  });
  return unmatched.every(([key, value]) => {
    if (!isObject(key)) return false;
    for (const [otherKey, otherValue] of rest) {
      if (same(key, otherKey, pairs) && same(value, otherValue, pairs)) {
        return rest.delete(otherKey);
      }
    }
    return false;
  });
}

function same(a: unknown, b: unknown, pairs: Pairs): boolean {
  if (a === b || Object.is(a, b)) return true;
  if (!isObject(a) || !isObject(b)) return false;
  if (a instanceof Date && b instanceof Date) return Object.is(a.getTime(), b.getTime());
  if (kindOf(a) !== kindOf(b)) return false;
  if (a instanceof WeakMap || a instanceof WeakSet) {
    throw new TypeError(`Cannot compare ${a.constructor.name} instances`);
  }
  if (a instanceof WeakRef && b instanceof WeakRef) return same(a.deref(), b.deref(), pairs);
  if (a instanceof RegExp || a instanceof URL || a instanceof URLSearchParams) {
    return String(a) === String(b);
  }
  const [elements, otherElements] = [elementsOf(a), elementsOf(b)];
  if (elements && otherElements) return sameElements(elements, otherElements);

  const partners = pairs.get(a) ?? new Set();
  if (partners.has(b)) return true;
  pairs.set(a, partners.add(b));
  const [entries, otherEntries] = [entriesOf(a), entriesOf(b)];
  const result = entries && otherEntries
    ? sameEntries(entries, otherEntries, pairs)
    : sameProperties(a, b, pairs);
  // Elements of sets are tried against each other more than once: a refuted pair must not stay.
  if (!result) partners.delete(b);
  return result;
}

/** Whether two values are deeply equal; 0 equals -0 and NaN equals NaN. */
export function equal(a: unknown, b: unknown): boolean {
  return same(a, b, new Map());
}

function show(value: unknown): string {
  return Deno.inspect(value, { depth: 20, sorted: true, strAbbreviateSize: 10_000 });
}

/** Ends a message with the caller's own one, or with a full stop. */
function withNote(text: string, msg?: string): string {
  return msg ? `${text}: ${msg}` : `${text}.`;
}

/** Throws unless the condition holds. */
function ensure(condition: boolean, text: string, msg?: string): asserts condition {
  if (!condition) throw new AssertionError(withNote(text, msg));
}

/** Where two sequences part; inspecting long ones shows only their beginnings. */
function firstDifference(a: unknown, b: unknown): string {
  const isSequence = (value: unknown): value is ArrayLike<unknown> =>
    Array.isArray(value) || (isObject(value) && elementsOf(value) === value);
  if (!isSequence(a) || !isSequence(b)) return "";
  if (a.length !== b.length) return `\n  lengths:  ${a.length} and ${b.length}`;
  for (let i = 0; i < a.length; i++) {
    if (!equal(a[i], b[i])) return `\n  at index: ${i}`;
  }
  return "";
}

function comparison(headline: string, actual: unknown, expected: unknown): string {
  return `${headline}\n  actual:   ${show(actual)}\n  expected: ${show(expected)}` +
    firstDifference(actual, expected);
}

/** Asserts that a value is truthy. */
export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) throw new AssertionError(msg);
}

/** Asserts that a value is falsy. */
export function assertFalse(expr: unknown, msg = ""): asserts expr is Falsy {
  if (expr) throw new AssertionError(msg);
}

/** Asserts that two values are deeply equal. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  if (equal(actual, expected)) return;
  throw new AssertionError(
    comparison(withNote("Values are not equal", msg), actual, expected),
  );
}

/** Asserts that two values are not deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  if (!equal(actual, expected)) return;
  throw new AssertionError(withNote(`Expected actual not to be: ${show(expected)}`, msg));
}

/** Asserts that two values are the same one, as `Object.is()` tells. */
export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  msg?: string,
): asserts actual is T {
  if (Object.is(actual, expected)) return;
  const headline = equal(actual, expected)
    ? "Values have the same structure but are not the same reference"
    : "Values are not strictly equal";
  throw new AssertionError(comparison(withNote(headline, msg), actual, expected));
}

/** Asserts that two values are not the same one, as `Object.is()` tells. */
export function assertNotStrictEquals<T>(actual: T, expected: T, msg?: string): void {
  if (!Object.is(actual, expected)) return;
  throw new AssertionError(withNote(`Expected actual not to be the same: ${show(expected)}`, msg));
}

/** Asserts that two numbers differ by no more than a tolerance. */
export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance: number = Number.isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7,
  msg?: string,
): void {
  if (Object.is(actual, expected)) return;
  const delta = Math.abs(expected - actual);
  ensure(
    delta <= tolerance,
    `Expected ${actual} to be close to ${expected}: ${delta} is greater than ${tolerance}`,
    msg,
  );
}

/** Asserts that `actual > expected`. */
export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  if (actual > expected) return;
  throw new AssertionError(msg ?? `Expected ${show(actual)} > ${show(expected)}`);
}

/** Asserts that `actual >= expected`. */
export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (actual >= expected) return;
  throw new AssertionError(msg ?? `Expected ${show(actual)} >= ${show(expected)}`);
}

/** Asserts that `actual < expected`. */
export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  if (actual < expected) return;
  throw new AssertionError(msg ?? `Expected ${show(actual)} < ${show(expected)}`);
}

/** Asserts that `actual <= expected`. */
export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (actual <= expected) return;
  throw new AssertionError(msg ?? `Expected ${show(actual)} <= ${show(expected)}`);
}

/** Asserts that a value is neither null nor undefined. */
export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T> {
  const exists = actual !== null && actual !== undefined;
  ensure(exists, "Expected actual to not be null or undefined", msg);
}

/** The class or type of a value, for messages. */
function typeName(value: unknown): string {
  if (!isObject(value)) return value === null ? "null" : typeof value;
  return value.constructor?.name ?? "Object";
}

/** Asserts that a value is an instance of a class. */
export function assertInstanceOf<T extends ClassOf<unknown>>(
  actual: unknown,
  expectedType: T,
  msg = "",
): asserts actual is T extends ClassOf<infer Instance> ? Instance : never {
  const text = `Expected an instance of "${expectedType.name}" but was "${typeName(actual)}"`;
  ensure(actual instanceof expectedType, text, msg);
}

/** Asserts that a value is not an instance of a class. */
export function assertNotInstanceOf<A, T>(
  actual: A,
  unexpectedType: ClassOf<T>,
  msg?: string,
): asserts actual is Exclude<A, T> {
  const text = `Expected the object not to be an instance of "${unexpectedType.name}"`;
  ensure(!(actual instanceof unexpectedType), text, msg);
}

/** Asserts that a text contains another one. */
export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  ensure(
    actual.includes(expected),
    `Expected actual: "${actual}" to contain: "${expected}"`,
    msg,
  );
}

/** Asserts that a text matches a regular expression. */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  ensure(
    expected.test(actual),
    `Expected actual: "${actual}" to match: "${expected}"`,
    msg,
  );
}

/** Asserts that a text does not match a regular expression. */
export function assertNotMatch(actual: string, expected: RegExp, msg?: string): void {
  ensure(
    !expected.test(actual),
    `Expected actual: "${actual}" to not match: "${expected}"`,
    msg,
  );
}

/** Asserts that every element of `expected` has an equal one in `actual`. */
export function assertArrayIncludes<T>(
  actual: ArrayLikeArg<T>,
  expected: ArrayLikeArg<T>,
  msg?: string,
): void {
  const present = Array.from(actual);
  const missing = Array.from(expected).filter((wanted) =>
    !present.some((element) => equal(element, wanted))
  );
  if (missing.length === 0) return;
  throw new AssertionError(
    withNote(`Expected actual: ${show(actual)} to include, but missing: ${show(missing)}`, msg),
  );
}

/** Whether `actual` has all that `expected` has. */
function contains(actual: unknown, expected: unknown, pairs: Pairs): boolean {
  const isLeaf = (value: unknown) =>
    !isObject(value) || value instanceof Date || value instanceof RegExp;
  if (isLeaf(actual) || isLeaf(expected)) return equal(actual, expected);
  const [whole, part] = [actual as object, expected as object];
  if (Array.isArray(whole) !== Array.isArray(part)) return false;

  const partners = pairs.get(whole) ?? new Set();
  if (partners.has(part)) return true;
  pairs.set(whole, partners.add(part));
  const [entries, wanted] = [entriesOf(whole), entriesOf(part)];
  if (entries && wanted) {
    return [...wanted].every(([key, value]) =>
      entries.has(key) && contains(entries.get(key), value, pairs)
    );
  }
  return Reflect.ownKeys(part).every((key) => {
    if (key === "length" && Array.isArray(part)) return whole instanceof Array;
    return Object.hasOwn(whole, key) &&
      contains(Reflect.get(whole, key), Reflect.get(part, key), pairs);
  });
}

/** Asserts that an object has all properties of another one, with equal values. */
export function assertObjectMatch(
  actual: Record<PropertyKey, unknown>,
  expected: Record<PropertyKey, unknown>,
  msg?: string,
): void {
  if (contains(actual, expected, new Map())) return;
  throw new AssertionError(
    comparison(withNote("Values are not equal", msg), actual, expected),
  );
}

/** Asserts that a value is an error of a class whose message has or matches a text. */
export function assertIsError<E extends Error = Error>(
  error: unknown,
  ErrorClass?: ClassOf<E>,
  msgMatches?: string | RegExp,
  msg?: string,
): asserts error is E {
  ensure(error instanceof Error, `Expected "error" to be an Error object`, msg);
  const { message } = error;
  if (ErrorClass && !(error instanceof ErrorClass)) {
    const text = `Expected error to be instance of "${ErrorClass.name}", but was "${
      typeName(error)
    }"`;
    throw new AssertionError(withNote(`${text} with the message ${show(message)}`, msg));
  }
  const found = typeof msgMatches === "string"
    ? message.includes(msgMatches)
    : msgMatches?.test(message) ?? true;
  const text = `Expected error message to include ${show(msgMatches)}, but got ${show(message)}`;
  ensure(found, text, msg);
}

/** What `assertThrows()` and `assertRejects()` ask of an error. */
interface ErrorExpectation {
  ErrorClass?: ClassOf<Error> | undefined;
  msgIncludes?: string | undefined;
  msg?: string | undefined;
}

/** The second argument of both functions is a class or, if a text, the caller's message. */
function expectation(
  classOrMsg: ClassOf<Error> | string | undefined,
  msgIncludes?: string,
  msg?: string,
): ErrorExpectation {
  if (typeof classOrMsg === "string") return { msg: classOrMsg };
  return { ErrorClass: classOrMsg, msgIncludes, msg };
}

function checkThrown(error: unknown, expected: ErrorExpectation, verb: string): void {
  const { ErrorClass, msgIncludes, msg } = expected;
  if (!ErrorClass) return;
  ensure(error instanceof Error, `A non-Error object was ${verb}`, msg);
  assertIsError(error, ErrorClass, msgIncludes, msg);
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return isObject(value) && "then" in value && typeof value.then === "function";
}

/** Asserts that a function throws, and returns what it threw. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/** Asserts that a function throws an error of a class, and returns the error. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: ClassOf<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows(
  fn: () => unknown,
  classOrMsg?: ClassOf<Error> | string,
  msgIncludes?: string,
  msg?: string,
): unknown {
  const expected = expectation(classOrMsg, msgIncludes, msg);
  let returned: unknown;
  try {
    returned = fn();
  } catch (error) {
    checkThrown(error, expected, "thrown");
    return error;
  }
  // A rejection that nobody awaits would end the whole run instead of failing this test.
  if (isPromiseLike(returned)) returned.then(undefined, () => {});
  throw new AssertionError(withNote("Expected function to throw", expected.msg));
}

/** Asserts that the promise of a function is rejected, and returns the reason. */
export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
/** Asserts that the promise of a function is rejected with an error of a class; returns it. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: ClassOf<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects(
  fn: () => PromiseLike<unknown>,
  classOrMsg?: ClassOf<Error> | string,
  msgIncludes?: string,
  msg?: string,
): Promise<unknown> {
  const expected = expectation(classOrMsg, msgIncludes, msg);
  let promise: unknown;
  try {
    promise = fn();
  } catch (cause) {
    const text = withNote("Function throws when expected to reject", expected.msg);
    throw new AssertionError(text, { cause });
  }
  ensure(
    isPromiseLike(promise),
    "Function throws when expected to reject: it returned no promise",
    expected.msg,
  );
  try {
    await promise;
  } catch (error) {
    checkThrown(error, expected, "rejected");
    return error;
  }
  throw new AssertionError(withNote("Expected function to reject", expected.msg));
}

/** Fails always. */
export function fail(msg?: string): never {
  throw new AssertionError(withNote("Failed assertion", msg));
}

/** Fails always, where the code must not get to. */
export function unreachable(msg?: string): never {
  throw new AssertionError(withNote("Unreachable", msg));
}
