/**
 * Good calls of public functions, classes and methods, described so that wrong ones can be made of
 * them: for each argument what it is, and which other sorts of value it takes.
 */

import { type nn, tensor } from "../../mod.ts";

/** Values that people give by mistake. */
export const WRONG = {
  undefined: () => undefined,
  null: () => null,
  text: () => "text",
  number: () => 0.5,
  NaN: () => NaN,
  bigint: () => 5n,
  flag: () => true,
  tensor: () => tensor([1, 2, 3, 4, 5, 6, 7], { dtype: "int32" }),
  array: () => ["text"],
  digits: () => ["1", "2"],
  holes: () => Object.assign(new Array<number>(2), { 1: 1 }),
  object: () => ({ odd: 1 }),
  circle: () => {
    const record: Record<string, unknown> = { odd: tensor([1]) };
    return Object.assign(record, { itself: record });
  },
  symbol: () => Symbol("odd"),
  function: () => () => "text",
  class: () => class Odd {},
  instance: () => new Map([["odd", 1]]),
} as const satisfies Record<string, () => unknown>;

/** Sorts of value. */
export type Sort = keyof typeof WRONG;

/** An argument: a right value, made anew for each call, and the sorts of value that it takes. */
export interface Arg {
  readonly make: () => unknown;
  readonly takes: readonly Sort[];
}

/** Options: an argument for each key. Undefined is taken in place of each, and of all. */
export interface Options {
  readonly keys: Readonly<Record<string, Arg>>;
}

/** An argument that takes the given sorts. */
export function of(make: () => unknown, ...takes: Sort[]): Arg {
  return { make, takes };
}

/** The options of a call, all of them. */
export function options<const Keys extends Readonly<Record<string, Arg>>>(
  keys: Keys,
): { readonly keys: Keys } {
  return { keys };
}

/** A good call. */
export interface Call<Args = readonly (Arg | Options)[]> {
  /** The arguments, all that there are. */
  readonly args: Args;
  /** What the method is called on. */
  readonly on?: () => object;
  /** What does the call, where that is not the public name itself. */
  readonly run?: (...args: unknown[]) => unknown;
  /** Whether any number of arguments is taken. */
  readonly rest?: true;
  /** What the messages call it. Default: its name. */
  readonly named?: string;
  /** The arguments and options that an immense number only lets take longer, as it was asked to. */
  readonly patient?: readonly (number | string)[];
}

// Of a union each part is looked at alone.
type IsOptions<P> = P extends unknown ? Record<never, never> extends P ? P extends
      | { readonly size: number }
      | readonly unknown[]
      | nn.AnyModule
      | ((...args: never[]) => unknown) ? false
    : P extends object ? string extends keyof P ? false : true
    : false
  : false
  : never;

/** An entry for each key of an object. */
type KeysOf<P> = { readonly keys: { readonly [K in keyof Required<P>]: Arg } };

/**
 * What stands in a row for a parameter: an entry for each key, if it is an object of options, and in
 * either way for an object of which something must be given.
 */
type ArgFor<P> = unknown extends P ? Arg
  : true extends IsOptions<NonNullable<P>> ? KeysOf<NonNullable<P>>
  : P extends readonly unknown[] | ArrayBufferView ? Arg
  : P extends object ? Arg | KeysOf<P>
  : Arg;

type ArgsFor<P extends readonly unknown[]> = {
  readonly [I in keyof P]-?: ArgFor<P[I]>;
};

type Method = (...args: never[]) => unknown;

/** The names of the methods of an object, without those of a base. */
export type MethodsOf<I, Base = never> = {
  [K in keyof I & string]: I[K] extends Method ? K : never;
}[Exclude<keyof I & string, Base>];

/** A row for each method. */
export type MethodRows<I, Base = never> = {
  readonly [K in MethodsOf<I, Base>]: I[K] extends (...args: infer P) => unknown
    ? Call<ArgsFor<P>> & { readonly on: () => object }
    : never;
};

/** The rows of a class: its constructor and its methods, without those of a base. */
export interface ClassRow<P extends readonly unknown[], I, Base> {
  readonly make: Call<ArgsFor<P>>;
  readonly methods: MethodRows<I, Base>;
}

/** The row of something public; of a class whose arguments are generic any arguments are a row. */
type RowFor<T, Base> = T extends abstract new (...args: infer P) => infer I ? ClassRow<P, I, Base>
  : T extends abstract new (...args: never) => infer I ? ClassRow<readonly unknown[], I, Base>
  : T extends (...args: infer P) => unknown ? Call<ArgsFor<P>>
  : never;

/** A row for each public function and class of a module; one that is missing does not compile. */
export type Rows<M, Base = never> = { readonly [K in keyof M]: RowFor<M[K], Base> };
