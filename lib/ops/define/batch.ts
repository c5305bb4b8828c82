/**
 * Single examples of a batch, as functions under `vmap` see them. Behind each is the tensor of all
 * examples, with the batch as its first dimension, and ops run on that: the tape is the same as without a
 * batch, so gradients of any order need nothing more. With nested batches, the innermost is removed
 * first.
 */

import { largest } from "../../core/lists.ts";
import { type Batch, makeBatched } from "../../core/tensor.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** What a batching rule knows beside its inputs, of which those in the batch have it in front. */
export interface BatchedInputs {
  /** Number of examples. */
  readonly size: number;
  /** Which inputs are in the batch; the others are the same for all examples. */
  readonly mapped: readonly boolean[];
  /** An input with the batch in front, stretched over it where it is not in it. */
  readonly front: (input: number) => Tensor;
  /** The inputs so that examples broadcast: those in the batch have examples of one rank. */
  readonly aligned: () => readonly Tensor[];
}

/** How an op runs on a batch: on inputs, of which those in the batch have it in front. */
export type BatchRule<A> = (
  inputs: readonly (Tensor | null)[],
  attrs: A,
  batched: BatchedInputs,
) => Tensor | readonly Tensor[];

/** Whether any of the inputs is in a batch. */
export function anyBatched(inputs: readonly (Tensor | null)[]): boolean {
  for (let i = 0; i < inputs.length; i++) if (inputs[i]?.batched != null) return true;
  return false;
}

/** The innermost batch that an input is in. */
function innermostBatch(inputs: readonly (Tensor | null)[]): Batch {
  let found: Batch | null = null;
  for (const x of inputs) {
    const batch = x?.batched?.batch;
    if (batch !== undefined && (found === null || batch.level > found.level)) found = batch;
  }
  return found!;
}

/** The tensor with a batch in front; itself where it is not in the batch. */
function wholeOf(x: Tensor, batch: Batch): Tensor {
  return x.batched?.batch === batch ? x.batched.whole : x;
}

/** Dimensions of examples, as the whole has them. */
export function behindBatch(dims: readonly number[]): number[] {
  return dims.map((dim) => dim + 1);
}

/** An example's dimensions of extent 1 in front, so that it has so many. */
function ranked(whole: Tensor, rank: number): Tensor {
  const missing = rank + 1 - whole.ndim;
  if (missing === 0) return whole;
  const ones = new Array<number>(missing).fill(1);
  return whole.reshape([whole.shape[0]!, ...ones, ...whole.shape.slice(1)]);
}

/** A tensor that is the same for all examples, stretched over the batch. */
function stretched(x: Tensor, size: number): Tensor {
  return x.reshape([1, ...x.shape]).expand([size, ...x.shape]);
}

/** Runs an op of one input, given for the whole. */
export function inBatchOf(x: Tensor, run: (whole: Tensor) => Tensor): Tensor {
  const { batch, whole } = x.batched!;
  return makeBatched(batch, run(whole));
}

/** Runs an op whose inputs broadcast; those that are not in the batch stay as they are. */
export function broadcastInBatch(
  inputs: readonly Tensor[],
  run: (wholes: readonly Tensor[]) => Tensor,
): Tensor {
  return inBatch((_, __, { aligned }) => run(aligned()), inputs, null)[0]!;
}

/** Runs an op by its batching rule. */
export function inBatch<A>(
  rule: BatchRule<A>,
  inputs: readonly (Tensor | null)[],
  attrs: A,
): readonly Tensor[] {
  const batch = innermostBatch(inputs);
  const { size } = batch;
  const mapped = inputs.map((x) => x?.batched?.batch === batch);
  const wholes = inputs.map((x) => x && wholeOf(x, batch));
  const front = (i: number) => mapped[i] ? wholes[i]! : stretched(wholes[i]!, size);
  const aligned = () => {
    const rank = largest(inputs.map((x) => x!.ndim));
    return wholes.map((x, i) => mapped[i] ? ranked(x!, rank) : x!);
  };
  const found = rule(wholes, attrs, { size, mapped, front, aligned });
  const outputs: readonly Tensor[] = Array.isArray(found) ? found : [found as Tensor];
  return outputs.map((whole) => makeBatched(batch, whole));
}

/** A tensor beneath all batches: the one that lies on the tape. */
export function bare(x: Tensor): Tensor {
  while (x.batched !== null) x = x.batched.whole;
  return x;
}

/** A tensor with a batch as its first dimension, stretched over it where it is not in it. */
export function unbatch(x: Tensor, batch: Batch): Tensor {
  const { batched } = x;
  if (batched === null || batched.batch.level < batch.level) return stretched(x, batch.size);
  if (batched.batch === batch) return batched.whole;
  // A batch inside of this one stays where it is.
  return makeBatched(batched.batch, unbatch(batched.whole, batch).transpose(0, 1));
}

/** Single examples of a tensor whose first dimension is a batch. */
export function rebatch(x: Tensor, batch: Batch): Tensor {
  const { batched } = x;
  if (batched === null || batched.batch.level < batch.level) return makeBatched(batch, x);
  return makeBatched(batched.batch, rebatch(batched.whole.transpose(0, 1), batch));
}

/** What belongs to a tensor, as its gradient, in the form that belongs to the bare tensor. */
export function bareAs(g: Tensor, x: Tensor): Tensor {
  return x.batched === null ? g : bareAs(unbatch(g, x.batched.batch), x.batched.whole);
}

/** What belongs to a bare tensor, as its gradient, in the form that belongs to the tensor. */
export function batchedAs(g: Tensor, x: Tensor): Tensor {
  return x.batched === null ? g : rebatch(batchedAs(g, x.batched.whole), x.batched.batch);
}

/** A tensor stretched over all batches around that it is not in, so that each example has its own. */
export function ownOfEach(x: Tensor, batch: Batch | null): Tensor {
  if (batch === null) return x;
  const outer = ownOfEach(x, batch.outer);
  return isInBatch(outer, batch) ? outer : rebatch(unbatch(outer, batch), batch);
}

/** Whether a tensor is in a batch, perhaps beneath others. */
export function isInBatch(x: Tensor, batch: Batch): boolean {
  for (let { batched } = x; batched !== null; { batched } = batched.whole) {
    if (batched.batch === batch) return true;
  }
  return false;
}
