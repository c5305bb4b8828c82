/** The form of a case of a fused op, and how cases are made from a row. */

import type { Tensor } from "../../mod.ts";
import { sample, show } from "../common/samples.ts";
import type { CaseInput } from "./cases.ts";

/** A function of tensors. */
export type Function = (...inputs: Tensor[]) => Tensor;

/** A call of a fused op and of its composite. */
export interface FusedCase {
  /** Its inputs and options in words. */
  readonly name: string;
  readonly inputs: readonly CaseInput[];
  readonly fused: Function;
  readonly composite: Function;
}

/** An op: its options by name, the inputs for each, and the two functions that must agree. */
export interface FusedRow<A> {
  readonly attributes: Readonly<Record<string, A>>;
  readonly inputs: (attributes: A) => readonly (readonly CaseInput[])[];
  readonly fused: (inputs: readonly Tensor[], attributes: A) => Tensor;
  readonly composite: (inputs: readonly Tensor[], attributes: A) => Tensor;
}

export function casesOf<A>({ attributes, inputs, fused, composite }: FusedRow<A>): FusedCase[] {
  return Object.entries(attributes).flatMap(([name, given]) =>
    inputs(given).map((list): FusedCase => ({
      name: `${list.map(({ shape }) => show(shape)).join(" and ")} ${name}`.trimEnd(),
      inputs: list,
      fused: (...tensors) => fused(tensors, given),
      composite: (...tensors) => composite(tensors, given),
    }))
  );
}

/** No options. */
export const NONE = { "": null };

/** Random elements from a larger range. */
export function wide(...shape: number[]): CaseInput {
  return { shape, data: sample(`wide ${shape}`, shape, "float32", [-15, 15]).data };
}
