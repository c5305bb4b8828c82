// These tests hold for the real packages as well as for the stand-ins in tests/offline.
import {
  assert,
  assertAlmostEquals,
  assertArrayIncludes,
  assertEquals,
  assertExists,
  assertFalse,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  AssertionError,
  assertIsError,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertNotInstanceOf,
  assertNotMatch,
  assertNotStrictEquals,
  assertObjectMatch,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  equal,
  fail,
  unreachable,
} from "@std/assert";
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from "@std/testing/bdd";
import {
  assertSpyCall,
  assertSpyCallArg,
  assertSpyCalls,
  MockError,
  returnsNext,
  spy,
  stub,
} from "@std/testing/mock";
import {
  type Assert,
  type AssertFalse,
  type AssertTrue,
  assertType,
  type Has,
  type IsAny,
  type IsExact,
  type IsNever,
  type IsNullable,
  type IsUnknown,
  type NotHas,
} from "@std/testing/types";

/** Asserts that an assertion fails, without the functions under test. */
function mustFail(assertion: () => unknown, text = ""): void {
  let error: unknown;
  try {
    assertion();
  } catch (thrown) {
    error = thrown;
  }
  if (!(error instanceof AssertionError)) throw new Error("The assertion did not fail");
  if (!error.message.includes(text)) {
    throw new Error(`The message lacks ${JSON.stringify(text)}: ${error.message}`);
  }
}

async function mustReject(assertion: () => Promise<unknown>, text = ""): Promise<void> {
  let error: unknown;
  try {
    await assertion();
  } catch (thrown) {
    error = thrown;
  }
  mustFail(() => {
    if (error) throw error;
  }, text);
}

function mustBeEqual(a: unknown, b: unknown): void {
  assertEquals(a, b);
  assertEquals(b, a);
  if (!equal(a, b)) throw new Error("equal() and assertEquals() differ");
  mustFail(() => assertNotEquals(a, b));
}

function mustDiffer(a: unknown, b: unknown): void {
  mustFail(() => assertEquals(a, b), "not equal");
  mustFail(() => assertEquals(b, a), "not equal");
  if (equal(a, b)) throw new Error("equal() and assertEquals() differ");
  assertNotEquals(a, b);
}

class Point {
  #secret: number;
  constructor(public x: number, secret = 0) {
    this.#secret = secret;
  }
  get secret(): number {
    return this.#secret;
  }
}

class Place {
  constructor(public x: number) {}
}

Deno.test("AssertionError is an error with a name of its own", () => {
  const cause = new Error("cause");
  const error = new AssertionError("text", { cause });
  if (!(error instanceof Error) || error.name !== "AssertionError") throw new Error("not so");
  if (error.message !== "text" || error.cause !== cause) throw new Error("not so");
});

Deno.test("assert() and assertFalse() tell truthy from falsy values", () => {
  for (const value of [true, 1, "a", [], {}]) {
    assert(value);
    mustFail(() => assertFalse(value, "my note"), "my note");
  }
  for (const value of [false, 0, "", null, undefined, NaN]) {
    assertFalse(value);
    mustFail(() => assert(value, "my note"), "my note");
  }
  mustFail(() => assert(false));
});

Deno.test("assert() narrows the type of its argument", () => {
  const value = "text" as string | undefined;
  assert(value !== undefined);
  assertType<IsExact<typeof value, string>>(true);
});

Deno.test("assertEquals() compares primitives by value and functions by identity", () => {
  mustBeEqual("a", "a");
  mustBeEqual(1n, 1n);
  mustBeEqual(undefined, undefined);
  mustDiffer("a", "b");
  mustDiffer(1, "1");
  mustDiffer(1, 1n);
  mustDiffer(null, undefined);
  mustDiffer(null, {});
  mustDiffer(Symbol("a"), Symbol("a"));
  mustBeEqual(mustFail, mustFail);
  mustDiffer(() => 1, () => 1);
});

Deno.test("assertEquals() treats 0 and -0 as equal", () => {
  mustBeEqual(0, -0);
  mustBeEqual({ a: [0] }, { a: [-0] });
  mustBeEqual(new Float32Array([0]), new Float32Array([-0]));
});

Deno.test("assertEquals() treats NaN as equal to itself", () => {
  mustBeEqual(NaN, NaN);
  mustBeEqual([NaN], [NaN]);
  mustBeEqual(new Float64Array([NaN]), new Float64Array([NaN]));
  mustDiffer(NaN, 0);
});

Deno.test("assertEquals() compares objects and arrays in depth", () => {
  mustBeEqual({ a: { b: [1, { c: 2 }] }, d: null }, { d: null, a: { b: [1, { c: 2 }] } });
  mustDiffer({ a: { b: [1, { c: 2 }] } }, { a: { b: [1, { c: 3 }] } });
  mustDiffer([1, 2], [1, 2, 3]);
  mustDiffer([1, 2], [2, 1]);
  mustDiffer([], {});
  const shared = { a: 1 };
  mustDiffer([shared, shared], [{ a: 1 }, { a: 2 }]);
  mustDiffer({ a: 1 }, { b: 1 });
  mustDiffer({ a: undefined }, {});
  mustDiffer({ a: undefined }, { b: undefined });
  const key = Symbol("key");
  mustBeEqual({ [key]: 1 }, { [key]: 1 });
  mustDiffer({ [key]: 1 }, { [key]: 2 });
  mustBeEqual(Object.create(null), {});
});

Deno.test("assertEquals() compares typed arrays and buffers by their elements", () => {
  mustBeEqual(new Float32Array([1, 2]), new Float32Array([1, 2]));
  mustBeEqual(new BigInt64Array([1n]), new BigInt64Array([1n]));
  mustDiffer(new Float32Array([1, 2]), new Float32Array([1, 3]));
  mustDiffer(new Float32Array([1, 2]), new Float32Array([1, 2, 3]));
  mustDiffer(new Float32Array([1, 2]), new Float64Array([1, 2]));
  mustDiffer(new Float32Array([1, 2]), [1, 2]);
  mustBeEqual(new Uint8Array([1, 2]).buffer, new Uint8Array([1, 2]).buffer);
  mustDiffer(new Uint8Array([1, 2]).buffer, new Uint8Array([1, 3]).buffer);
});

Deno.test("assertEquals() compares maps and sets regardless of order", () => {
  mustBeEqual(new Map([["a", 1], ["b", 2]]), new Map([["b", 2], ["a", 1]]));
  mustBeEqual(new Map([[{ k: 1 }, [1]]]), new Map([[{ k: 1 }, [1]]]));
  mustDiffer(new Map([["a", 1]]), new Map([["a", 2]]));
  mustDiffer(new Map([["a", 1]]), new Map([["b", 1]]));
  mustDiffer(new Map([[{ k: 1 }, 1]]), new Map([[{ k: 2 }, 1]]));
  mustBeEqual(new Set([1, "a"]), new Set(["a", 1]));
  mustBeEqual(new Set([{ a: 1 }, { a: 2 }]), new Set([{ a: 2 }, { a: 1 }]));
  mustDiffer(new Set([1]), new Set([2]));
  mustDiffer(new Set([1]), new Set([1, 2]));
  mustDiffer(new Set([{ a: 1 }, { a: 2 }]), new Set([{ a: 1 }, { a: 3 }]));
  mustDiffer(new Set(), new Map());
});

Deno.test("assertEquals() compares dates, regular expressions and addresses by value", () => {
  mustBeEqual(new Date(5), new Date(5));
  mustBeEqual(new Date(NaN), new Date(NaN));
  mustDiffer(new Date(5), new Date(6));
  mustBeEqual(/a/g, /a/g);
  mustDiffer(/a/g, /a/i);
  mustDiffer(/a/, /b/);
  mustBeEqual(new URL("file:///a"), new URL("file:///a"));
  mustDiffer(new URL("file:///a"), new URL("file:///b"));
});

Deno.test("assertEquals() compares instances by class and state", () => {
  mustBeEqual(new Point(1), new Point(1));
  mustDiffer(new Point(1), new Point(2));
  mustDiffer(new Point(1, 1), new Point(1, 2));
  mustDiffer(new Place(1), { x: 1 });
  mustDiffer(new Place(1), new (class Place2 extends Place {})(1));
  mustDiffer(new Error("a"), new Error("b"));
});

Deno.test("assertEquals() ends on circular references", () => {
  type Node = { value: number; self?: Node };
  const loop = (value: number) => {
    const node: Node = { value };
    node.self = node;
    return node;
  };
  mustBeEqual(loop(1), loop(1));
  mustDiffer(loop(1), loop(2));
});

Deno.test("equal() refuses weak collections", () => {
  assertThrows(() => equal(new WeakMap(), new WeakMap()), TypeError);
  assertThrows(() => equal(new WeakSet(), new WeakSet()), TypeError);
});

Deno.test("assertEquals() shows both values and the note", () => {
  mustFail(() => assertEquals({ left: 12 }, { left: 34 }, "my note"), "my note");
  mustFail(() => assertEquals({ left: 12 }, { left: 34 }), "12");
  mustFail(() => assertEquals({ left: 12 }, { left: 34 }), "34");
  mustFail(() => assertNotEquals(56, 56, "my note"), "my note");
  mustFail(() => assertNotEquals(56, 56), "56");
});

Deno.test("assertStrictEquals() compares by identity", () => {
  const object = { a: 1 };
  assertStrictEquals(object, object);
  assertStrictEquals(NaN, NaN);
  mustFail(() => assertStrictEquals(object, { a: 1 }), "same structure");
  mustFail(() => assertStrictEquals(0, -0));
  mustFail(() => assertStrictEquals(1, 2, "my note"), "my note");
  assertNotStrictEquals(object, { a: 1 });
  assertNotStrictEquals(0, -0);
  mustFail(() => assertNotStrictEquals(object, object, "my note"), "my note");
  mustFail(() => assertNotStrictEquals(NaN, NaN));
});

Deno.test("assertAlmostEquals() has a relative tolerance of 1e-7 by default", () => {
  assertAlmostEquals(1e6 + 0.09, 1e6);
  assertAlmostEquals(-1e6 - 0.09, -1e6);
  mustFail(() => assertAlmostEquals(1e6 + 0.11, 1e6));
  mustFail(() => assertAlmostEquals(1 + 1.1e-7, 1));
  assertAlmostEquals(0, -0);
  mustFail(() => assertAlmostEquals(1e-30, 0));
});

Deno.test("assertAlmostEquals() takes an absolute tolerance", () => {
  assertAlmostEquals(1, 1.5, 0.5);
  mustFail(() => assertAlmostEquals(1, 1.51, 0.5), "1");
  mustFail(() => assertAlmostEquals(1, 2, 0.5, "my note"), "my note");
});

Deno.test("assertAlmostEquals() accepts NaN and infinity only for themselves", () => {
  assertAlmostEquals(NaN, NaN);
  assertAlmostEquals(Infinity, Infinity);
  mustFail(() => assertAlmostEquals(NaN, 1));
  mustFail(() => assertAlmostEquals(1, NaN, 1e9));
  mustFail(() => assertAlmostEquals(Infinity, -Infinity));
  mustFail(() => assertAlmostEquals(1, Infinity));
});

Deno.test("assertGreater() and its kin compare numbers and strings", () => {
  assertGreater(2, 1);
  assertGreater("b", "a");
  assertGreaterOrEqual(2, 2);
  assertLess(1, 2);
  assertLessOrEqual(2, 2);
  mustFail(() => assertGreater(2, 2), "2");
  mustFail(() => assertGreaterOrEqual(1, 2), "1");
  mustFail(() => assertLess(2, 2), "2");
  mustFail(() => assertLessOrEqual(3, 2), "3");
  mustFail(() => assertGreater(NaN, 1, "my note"), "my note");
  mustFail(() => assertLessOrEqual(NaN, 1, "my note"), "my note");
});

Deno.test("assertExists() rejects null and undefined", () => {
  for (const value of [0, "", false, NaN, {}]) assertExists(value);
  mustFail(() => assertExists(null, "my note"), "my note");
  mustFail(() => assertExists(undefined));
});

Deno.test("assertInstanceOf() tells classes apart", () => {
  const value: unknown = new Point(1);
  assertInstanceOf(value, Point);
  assertType<IsExact<typeof value, Point>>(true);
  assertInstanceOf(new RangeError(), Error);
  mustFail(() => assertInstanceOf(new Place(1), Point), "Point");
  mustFail(() => assertInstanceOf(1, Number), "Number");
  mustFail(() => assertInstanceOf(null, Point, "my note"), "my note");
  assertNotInstanceOf(new Place(1), Point);
  mustFail(() => assertNotInstanceOf(new Point(1), Point));
});

Deno.test("assertStringIncludes() and assertMatch() look into texts", () => {
  assertStringIncludes("abc", "b");
  mustFail(() => assertStringIncludes("abc", "d", "my note"), "my note");
  assertMatch("abc", /b./);
  mustFail(() => assertMatch("abc", /b$/, "my note"), "my note");
  assertNotMatch("abc", /b$/);
  mustFail(() => assertNotMatch("abc", /b./, "my note"), "my note");
});

Deno.test("assertArrayIncludes() finds equal elements in any order", () => {
  assertArrayIncludes([1, { a: 1 }, NaN], [NaN, { a: 1 }]);
  assertArrayIncludes(new Float32Array([1, 2]), new Float32Array([2]));
  assertArrayIncludes([1], []);
  mustFail(() => assertArrayIncludes([1, 2], [1, 3]), "3");
  mustFail(() => assertArrayIncludes([{ a: 1 }], [{ a: 2 }], "my note"), "my note");
});

Deno.test("assertObjectMatch() compares only what is expected", () => {
  assertObjectMatch({ a: 1, b: { c: [1, 2], d: 3 } }, { b: { c: [1, 2] } });
  assertObjectMatch({ list: [{ a: 1, b: 2 }] }, { list: [{ a: 1 }] });
  assertObjectMatch({ point: new Place(1) }, { point: { x: 1 } });
  mustFail(() => assertObjectMatch({ a: 1 }, { a: 2 }));
  mustFail(() => assertObjectMatch({ a: 1 }, { b: 1 }));
  mustFail(() => assertObjectMatch({ a: { b: 1 } }, { a: { b: 1, c: 2 } }));
  mustFail(() => assertObjectMatch({ list: [1] }, { list: [1, 2] }, "my note"), "my note");
});

Deno.test("assertIsError() checks class and message", () => {
  assertIsError(new RangeError("a text"), Error, "text");
  assertIsError(new Error("a text"), Error, /^a/);
  mustFail(() => assertIsError("text"));
  mustFail(() => assertIsError(new Error(), RangeError));
  mustFail(() => assertIsError(new Error("a"), Error, "b"));
  mustFail(() => assertIsError(new Error("a"), Error, /b/, "my note"), "my note");
});

Deno.test("assertThrows() returns the error", () => {
  const error = new RangeError("a text");
  const throws = () => {
    throw error;
  };
  assertStrictEquals(assertThrows(throws), error);
  assertStrictEquals(assertThrows(throws, "my note"), error);
  const caught = assertThrows(throws, RangeError, "text");
  assertStrictEquals(caught, error);
  assertType<IsExact<typeof caught, RangeError>>(true);
  assertThrows(throws, Error);
  assertStrictEquals(assertThrows(() => JSON.parse("{")) instanceof SyntaxError, true);
});

Deno.test("assertThrows() fails without the expected error", () => {
  const throws = () => {
    throw new TypeError("a text");
  };
  mustFail(() => assertThrows(() => 1), "to throw");
  mustFail(() => assertThrows(() => 1, "my note"), "my note");
  mustFail(() => assertThrows(() => 1, Error, "", "my note"), "my note");
  mustFail(() => assertThrows(throws, RangeError), "RangeError");
  mustFail(() => assertThrows(throws, TypeError, "other"), "other");
  mustFail(() =>
    assertThrows(() => {
      throw "a text";
    }, Error), "non-Error");
  mustFail(() => assertThrows(() => Promise.resolve()), "to throw");
});

Deno.test("assertRejects() returns the error", async () => {
  const error = new RangeError("a text");
  const rejects = () => Promise.reject(error);
  assertStrictEquals(await assertRejects(rejects), error);
  const caught = await assertRejects(rejects, RangeError, "text");
  assertStrictEquals(caught, error);
  assertType<IsExact<typeof caught, RangeError>>(true);
});

Deno.test("assertRejects() fails without the expected error", async () => {
  const rejects = () => Promise.reject(new TypeError("a text"));
  await mustReject(() => assertRejects(() => Promise.resolve(1)), "to reject");
  await mustReject(() => assertRejects(() => Promise.resolve(1), "my note"), "my note");
  await mustReject(() => assertRejects(rejects, RangeError), "RangeError");
  await mustReject(() => assertRejects(rejects, TypeError, "other"), "other");
  await mustReject(() => assertRejects(() => Promise.reject("a"), Error), "non-Error");
  await mustReject(() =>
    assertRejects(() => {
      throw new Error("a text");
    }), "throws when expected to reject");
});

Deno.test("fail() and unreachable() fail always", () => {
  mustFail(() => fail("my note"), "my note");
  mustFail(() => unreachable("my note"), "my note");
  assertType<IsExact<ReturnType<typeof fail>, never>>(true);
});

Deno.test("assertType() checks types at compile time", () => {
  assertType<IsExact<string | number, number | string>>(true);
  assertType<IsExact<{ a: 1 } & { b: 2 }, { a: 1; b: 2 }>>(true);
  assertType<IsExact<{ a: 1 }, { a?: 1 }>>(false);
  assertType<IsExact<{ a: 1 }, { readonly a: 1 }>>(false);
  assertType<IsExact<string, string | number>>(false);
  assertType<IsExact<{ a: unknown[] }, { a: string[] }>>(false);
  assertType<IsExact<never, string>>(false);
  // A union of results is exactly `true` only if all of them are.
  type Yes = Has<1 | 2, 2> | NotHas<1, 2> | IsNullable<1 | null> | IsNullable<1 | undefined>;
  assertType<IsExact<Yes | IsNever<never> | IsUnknown<unknown>, true>>(true);
  type No = Has<1, 2> | NotHas<1 | 2, 2> | IsNullable<1> | IsAny<unknown>;
  assertType<IsExact<No | IsNever<1> | IsUnknown<1>, false>>(true);
  // @ts-expect-error: the types differ
  assertType<IsExact<string, number>>(true);
  assertType<IsNever<AssertTrue<IsExact<1, 1>> | AssertFalse<false> | Assert<true, true>>>(true);
  // @ts-expect-error: the types differ
  assertType<IsNever<AssertTrue<IsExact<1, 2>>>>(true);
});

Deno.test("spy() records the calls of a function", () => {
  const half = spy((x: number): number => {
    if (x % 2 !== 0) throw new RangeError("odd number");
    return x / 2;
  });
  assertSpyCalls(half, 0);
  mustFail(() => assertSpyCall(half, 0));
  assertStrictEquals(half(4), 2);
  assertThrows(() => half(3), RangeError);
  assertSpyCalls(half, 2);
  mustFail(() => assertSpyCalls(half, 1), "more");
  mustFail(() => assertSpyCalls(half, 3), "not called as much");
  assertEquals(half.calls[0], { args: [4], returned: 2 });
  assertSpyCall(half, 0, { args: [4], returned: 2 });
  assertStrictEquals(assertSpyCallArg(half, 0, 0, 4), 4);
  mustFail(() => assertSpyCallArg(half, 0, 0, 5));
  mustFail(() => assertSpyCall(half, 0, { args: [5] }), "args");
  mustFail(() => assertSpyCall(half, 0, { returned: 3 }), "return");
  mustFail(() => assertSpyCall(half, 0, { error: { Class: RangeError } }), "not throw");
  assertSpyCall(half, 1, { error: { Class: RangeError, msgIncludes: "odd" } });
  mustFail(() => assertSpyCall(half, 1, { error: { Class: TypeError } }), "TypeError");
  mustFail(() => assertSpyCall(half, 1, { returned: 1 }), "error");
  assertThrows(() => half.restore(), MockError);
});

Deno.test("spy() records the calls of a method until it is restored", () => {
  const point = new (class extends Place {
    shifted = (by: number) => this.x + by;
    double(): number {
      return 2 * this.x;
    }
  })(3);
  const double = spy(point, "double");
  assertStrictEquals(point.double(), 6);
  assertSpyCall(double, 0, { self: point, args: [], returned: 6 });
  mustFail(() => assertSpyCall(double, 0, { self: new Point(1) as never }), "self");
  assertThrows(() => spy(point, "double"), MockError, "already");
  assertThrows(() => spy(point, "x"), MockError, "not an instance method");
  double.restore();
  assert(double.restored && !Object.hasOwn(point, "double"));
  assertThrows(() => double.restore(), MockError, "already restored");
  {
    using shifted = stub(point, "shifted", (by) => -by);
    assertStrictEquals(point.shifted(5), -5);
    assertSpyCalls(shifted, 1);
  }
  assertStrictEquals(point.shifted(5), 8);
});

Deno.test("returnsNext() gives one value after the other", () => {
  const next = returnsNext([1, new RangeError("second")]);
  assertStrictEquals(next(), 1);
  assertThrows(next, RangeError, "second");
  assertThrows(next, MockError, "more than 2");
});

describe("describe() and it()", () => {
  const events: string[] = [];
  beforeAll(() => void events.push("all"));
  beforeEach(() => void events.push("before"));
  afterEach(() => void events.push("after"));
  afterAll(() => assertEquals(events, ["all", "before", "after", "before", "in", "out", "after"]));
  it("run tests between the hooks", () => assertEquals(events, ["all", "before"]));
  describe("in an inner suite", () => {
    beforeEach(() => void events.push("in"));
    afterEach(() => void events.push("out"));
    it("run tests between the hooks of both", () => assertStrictEquals(events.at(-1), "in"));
  });
});
