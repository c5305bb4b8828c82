/** What is different between two runs. */

import { checkCount, checkKind, isPlainObject, TEXT } from "../core/options.ts";
import { type Json, runIn, type RunRecord } from "./record.ts";

/** A value that two runs have; undefined where one has none. */
export interface Difference<T> {
  /** What it is, as "settings.lr" or "valLoss". */
  readonly name: string;
  /** The first run's. */
  readonly a: T | undefined;
  /** The second run's. */
  readonly b: T | undefined;
}

/** What `diffRuns` gives. */
export interface RunDiff {
  /** Settings, what `fit` was given, seed and environment, where they differ. */
  readonly settings: readonly Difference<Json>[];
  /** The numbers of the last epochs, all of them. */
  readonly metrics: readonly Difference<number>[];
}

/** The parts of a value by their ways, as "settings.layers[0]". */
function parts(name: string, value: Json): [string, Json][] {
  if (Array.isArray(value)) return value.flatMap((own, i) => parts(`${name}[${i}]`, own));
  if (!isPlainObject(value)) return [[name, value]];
  return Object.entries(value as Record<string, Json>).flatMap(([key, own]) =>
    parts(`${name}.${key}`, own)
  );
}

/** Values of both, by name, those of the first run first. */
function beside<T>(a: readonly [string, T][], b: readonly [string, T][]): Difference<T>[] {
  const [first, second] = [new Map(a), new Map(b)];
  return [...new Set([...first.keys(), ...second.keys()])].map((name) => ({
    name,
    a: first.get(name),
    b: second.get(name),
  }));
}

/** All that tells how a run was made, by name. */
export function settingsOf({ info }: RunRecord): [string, Json][] {
  const { settings, training, seed, environment } = info;
  return Object.entries<Json>({ settings, training, seed, environment }).flatMap(([name, value]) =>
    parts(name, value)
  );
}

/**
 * What two runs were set to where that differs, and the numbers of their last epochs.
 *
 * @param a The folder of the first run; it needs `--allow-read`.
 * @param b The folder of the second.
 * @throws {Deno.errors.NotFound} If one is no folder of a run.
 * @throws {Deno.errors.InvalidData} If a file in one is damaged.
 */
export function diffRuns(a: string, b: string): RunDiff {
  const call = "run diffRuns";
  checkCount(call, arguments.length, 2);
  checkKind(call, "the first path", a, TEXT);
  checkKind(call, "the second path", b, TEXT);
  const [first, second] = [runIn(call, a), runIn(call, b)];
  const last = ({ history }: RunRecord) => Object.entries(history.records.at(-1) ?? {});
  return {
    settings: beside(settingsOf(first), settingsOf(second)).filter(({ a, b }) => a !== b),
    metrics: beside(last(first), last(second)),
  };
}
