/** The elementwise ops of the registry, as the tests know them. */

import { kernelTable } from "../../lib/ffi/library.ts";
import { type OpEntry, registeredOps, type Sampling } from "../../lib/ops/registry.ts";
import * as adjoint from "../../mod.ts";
import type { DType, Tensor } from "../../mod.ts";

/** A call with tensors and numbers in any places. */
export type Call = (...inputs: (Tensor | number)[]) => Tensor;

/** An elementwise op. */
export interface Elementwise {
  readonly name: string;
  readonly arity: number;
  /** The function as users have it. */
  readonly call: Call;
  /** The function that was registered, which a public one may wrap. */
  readonly registered: Call;
  readonly sampling: Sampling;
  /** Range of its inputs. */
  readonly domain: readonly [number, number];
  /** Whether it gives bool and has no gradient. */
  readonly compares: boolean;
  /** Whether int32 gives int32. */
  readonly integers: boolean;
  /** Whether all its gradients are zeros. */
  readonly flat: boolean;
  /** Whether its kernel has a program for the GPU. */
  readonly program: boolean;
}

const PROGRAMS = new Set(
  kernelTable().filter(({ wgsl }) => wgsl !== undefined).map(({ name }) => name),
);

function elementwise(entry: OpEntry): Elementwise[] {
  const { name, arity, sampling } = entry;
  if (arity === undefined || sampling === undefined) return [];
  return [{
    name,
    arity,
    call: (adjoint as unknown as Record<string, Call>)[name]!,
    registered: entry.run as Call,
    sampling,
    domain: sampling.domain ?? [-3, 3],
    compares: entry.compares ?? false,
    integers: entry.integers,
    flat: entry.rule?.vjp.every((vjp) => vjp === "zero") ?? false,
    program: PROGRAMS.has(name),
  }];
}

/** All elementwise ops. */
export const ELEMENTWISE: readonly Elementwise[] = registeredOps().flatMap(elementwise);

/** Those of one input. */
export const UNARY: readonly Elementwise[] = ELEMENTWISE.filter((op) => op.arity === 1);

/** Those of two inputs. */
export const BINARY: readonly Elementwise[] = ELEMENTWISE.filter((op) => op.arity === 2);

/** Type of the result for inputs of one type; null where the op refuses them. */
export function resultType(op: Elementwise, dtype: DType): DType | null {
  if (op.compares) return "bool";
  if (dtype === "float32" || dtype === "float64") return dtype;
  if (!op.integers) return "float32";
  if (dtype === "int32") return "int32";
  return takesBool(op) ? "bool" : null;
}

/** Whether an integer op takes two bool inputs: those that PyTorch gives a logical meaning. */
export function takesBool({ name }: Elementwise): boolean {
  return ["add", "mul", "maximum", "minimum"].includes(name);
}
