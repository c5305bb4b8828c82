/**
 * Stand-ins for the functions of `@std/testing/mock` that this project uses, for tests without JSR.
 *
 * @module
 */

import { assertEquals, AssertionError, assertIsError, equal } from "./assert.ts";

/** The error of a spy that is used in a wrong way. */
export class MockError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "MockError";
  }
}

/** A function that a spy calls or stands for. */
type Method<Self, Args extends unknown[], Return> = (this: Self, ...args: Args) => Return;

/** One call of a spy. */
export interface SpyCall<Self = unknown, Args extends unknown[] = unknown[], Return = unknown> {
  /** The arguments of the call. */
  args: Args;
  /** What the call returned. */
  returned?: Return;
  /** What the call threw. */
  error?: Error;
  /** The object whose method was called. */
  self?: Self;
}

/** A function that records its calls. */
export interface Spy<Self = unknown, Args extends unknown[] = unknown[], Return = unknown> {
  (this: Self, ...args: Args): Return;
  /** The function that the spy stands for. */
  readonly original: Method<Self, Args, Return>;
  /** The calls so far. */
  readonly calls: SpyCall<Self, Args, Return>[];
  /** Whether the original method is back in its place. */
  readonly restored: boolean;
  /** Puts the original method back. */
  restore(): void;
}

/** A spy in place of a method. */
export interface MethodSpy<Self = unknown, Args extends unknown[] = unknown[], Return = unknown>
  extends Spy<Self, Args, Return>, Disposable {}

/** A spy in place of a method that runs another function. */
export interface Stub<Self = unknown, Args extends unknown[] = unknown[], Return = unknown>
  extends MethodSpy<Self, Args, Return> {
  /** The function that runs in place of the method. */
  readonly fake: Method<Self, Args, Return>;
}

/** The type of the arguments of a method. */
export type GetParametersFromProp<Self, Prop extends keyof Self> = Self[Prop] extends
  (...args: infer Args) => unknown ? Args : unknown[];

/** The type of what a method returns. */
export type GetReturnFromProp<Self, Prop extends keyof Self> = Self[Prop] extends
  (...args: never[]) => infer Return ? Return : unknown;

/** The type of a stub of a method. */
type StubOf<Self, Prop extends keyof Self> = Stub<
  Self,
  GetParametersFromProp<Self, Prop>,
  GetReturnFromProp<Self, Prop>
>;

/** Every spy that was made, to refuse a spy on a spy. */
const spies = new WeakSet<object>();

/** Makes a function that records its calls; `undo` puts the original one back. */
function newSpy<Self, Args extends unknown[], Return>(
  original: Method<Self, Args, Return>,
  fake: Method<Self, Args, Return>,
  undo: () => void,
): Stub<Self, Args, Return> {
  const calls: SpyCall<Self, Args, Return>[] = [];
  let restored = false;

  function spy(this: Self, ...args: Args): Return {
    const call: SpyCall<Self, Args, Return> = { args };
    if (this) call.self = this;
    try {
      return call.returned = fake.apply(this, args);
    } catch (error) {
      call.error = error as Error;
      throw error;
    } finally {
      calls.push(call);
    }
  }

  function restore(): void {
    if (restored) throw new MockError("Cannot restore: instance method already restored");
    undo();
    restored = true;
  }

  spies.add(spy);
  return Object.defineProperties(spy, {
    original: { enumerable: true, value: original },
    fake: { enumerable: true, value: fake },
    calls: { enumerable: true, value: calls },
    restored: { enumerable: true, get: () => restored },
    restore: { enumerable: true, value: restore },
    [Symbol.dispose]: { value: restore },
  }) as Stub<Self, Args, Return>;
}

/** Puts a spy in place of a method; without a function of its own it calls the method. */
function replaceMethod<Self, Prop extends keyof Self>(
  self: Self,
  property: Prop,
  fake: StubOf<Self, Prop>["fake"] | undefined,
  action: "spy" | "stub",
): StubOf<Self, Prop> {
  const original: unknown = self[property];
  if (typeof original !== "function" && !(action === "stub" && original === undefined)) {
    throw new MockError(`Cannot ${action}: property is not an instance method`);
  }
  if (typeof original === "function" && spies.has(original)) {
    throw new MockError(`Cannot ${action}: already spying on instance method`);
  }
  const descriptor = Object.getOwnPropertyDescriptor(self, property);
  if (descriptor && !descriptor.configurable) {
    throw new MockError(`Cannot ${action}: non-configurable instance method`);
  }

  const method = original as StubOf<Self, Prop>["original"];
  const spy: StubOf<Self, Prop> = newSpy(method, fake ?? method, () => {
    // A method that was inherited comes to light again when the own one is gone.
    if (descriptor) Object.defineProperty(self, property, descriptor);
    else delete self[property];
  });
  Object.defineProperty(self, property, {
    configurable: true,
    enumerable: descriptor?.enumerable ?? false,
    writable: descriptor?.writable ?? false,
    value: spy,
  });
  return spy;
}

/** Makes a function that does nothing but record its calls. */
export function spy<
  Self = unknown,
  Args extends unknown[] = unknown[],
  Return = undefined,
>(): Spy<Self, Args, Return>;
/** Makes a function that records its calls and calls the given one. */
export function spy<Self, Args extends unknown[], Return>(
  func: (this: Self, ...args: Args) => Return,
): Spy<Self, Args, Return>;
/** Records the calls of a method, which works as before. */
export function spy<Self, Prop extends keyof Self>(
  self: Self,
  property: Prop,
): MethodSpy<Self, GetParametersFromProp<Self, Prop>, GetReturnFromProp<Self, Prop>>;
export function spy(target?: unknown, property?: PropertyKey): unknown {
  if (property !== undefined) {
    return replaceMethod(target as Record<PropertyKey, unknown>, property, undefined, "spy");
  }
  const func = (target ?? (() => {})) as Method<unknown, unknown[], unknown>;
  return newSpy(func, func, () => {
    throw new MockError("Cannot restore: function cannot be restored");
  });
}

/** Puts a function that records its calls in place of a method; it does nothing by default. */
export function stub<Self, Prop extends keyof Self>(
  self: Self,
  property: Prop,
  func?: (
    this: Self,
    ...args: GetParametersFromProp<Self, Prop>
  ) => GetReturnFromProp<Self, Prop>,
): Stub<Self, GetParametersFromProp<Self, Prop>, GetReturnFromProp<Self, Prop>> {
  const doNothing = () => undefined as GetReturnFromProp<Self, Prop>;
  return replaceMethod(self, property, func ?? doNothing, "stub");
}

function assertSame(actual: unknown, expected: unknown, text: string): void {
  if (equal(actual, expected)) return;
  const [a, b] = [Deno.inspect(actual), Deno.inspect(expected)];
  throw new AssertionError(`${text}:\n  actual:   ${a}\n  expected: ${b}`);
}

function callAt<Self, Args extends unknown[], Return>(
  spy: Spy<Self, Args, Return>,
  index: number,
): SpyCall<Self, Args, Return> {
  const call = spy.calls[index];
  if (!call) {
    throw new AssertionError(
      `Spy not called as much as expected: there is no call ${index} in ${spy.calls.length}`,
    );
  }
  return call;
}

/** Asserts how often a spy was called. */
export function assertSpyCalls<Self, Args extends unknown[], Return>(
  spy: Spy<Self, Args, Return>,
  expectedCalls: number,
): void {
  const { length } = spy.calls;
  const text = length < expectedCalls
    ? "Spy not called as much as expected"
    : "Spy called more than expected";
  assertSame(length, expectedCalls, text);
}

/** What `assertSpyCall()` compares; what is left out is not compared. */
export interface ExpectedSpyCall<
  Self = unknown,
  Args extends unknown[] = unknown[],
  Return = unknown,
> {
  /** The arguments of the call. */
  args?: [...Args, ...unknown[]];
  /** The object whose method was called. */
  self?: Self;
  /** What the call returned. */
  returned?: Return;
  /** What the call threw. */
  error?: {
    /** The class of the error. */
    Class?: new (...args: never[]) => Error;
    /** A part of its message. */
    msgIncludes?: string;
  };
}

/** Asserts that a spy was called, and how. */
export function assertSpyCall<Self, Args extends unknown[], Return>(
  spy: Spy<Self, Args, Return>,
  callIndex: number,
  expected: ExpectedSpyCall<Self, Args, Return> = {},
): void {
  const call = callAt(spy, callIndex);
  if (expected.args) assertSame(call.args, expected.args, "Spy not called with expected args");
  if ("self" in expected) {
    assertSame(call.self, expected.self, "Spy not called as method on expected self");
  }
  if ("returned" in expected) {
    if ("error" in expected) {
      throw new TypeError("Do not expect error and return, only one should be expected");
    }
    const text = "Spy call did not return expected value";
    if ("error" in call) throw new AssertionError(`${text}, an error was thrown.`);
    assertSame(call.returned, expected.returned, text);
  }
  if ("error" in expected) {
    if ("returned" in call) {
      throw new AssertionError("Spy call did not throw an error, a value was returned.");
    }
    assertIsError(call.error, expected.error?.Class, expected.error?.msgIncludes);
  }
}

/** Asserts that a spy was called with an argument, and returns the argument. */
export function assertSpyCallArg<Self, Args extends unknown[], Return, ExpectedArg>(
  spy: Spy<Self, Args, Return>,
  callIndex: number,
  argIndex: number,
  expected: ExpectedArg,
): ExpectedArg {
  const argument: unknown = callAt(spy, callIndex).args[argIndex];
  assertEquals(argument, expected);
  return argument as ExpectedArg;
}

/** Makes a function that returns or throws the given values one after the other. */
export function returnsNext<Return, Self = unknown, Args extends unknown[] = unknown[]>(
  values: Iterable<Return | Error>,
): (this: Self, ...args: Args) => Return {
  const iterator = values[Symbol.iterator]();
  let calls = 0;
  return () => {
    const { done, value } = iterator.next();
    if (done) throw new MockError(`Not expected to be called more than ${calls} time(s)`);
    calls++;
    if (value instanceof Error) throw value;
    return value;
  };
}
