/** Composites: sums of products over named dimensions. */

import { wrongKind } from "../../core/arguments.ts";
import { promote } from "../../core/dtype.ts";
import { DTypeError, ShapeError, showShape } from "../../core/errors.ts";
import { checkShape, MAX_RANK } from "../../core/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { castTo } from "../copy/copy.ts";
import { checkDevices, checkTensor } from "../define/checks.ts";
import { sum } from "../reduce/primitives.ts";
import { composites } from "../registry.ts";
import { squeeze } from "../shape/composites.ts";
import { permute, reshape } from "../shape/primitives.ts";
import { diagonal } from "../shape/views.ts";
import { matmul } from "./matmul.ts";

/** A tensor and the label of each of its dimensions; those of "..." are "0" for the last, and so on. */
interface Operand {
  readonly x: Tensor;
  readonly labels: readonly string[];
}

/** The labels of a term, with `gap` dimensions in place of "...". */
function labelsOf(term: string, gap: number): string[] {
  const named = Array.from({ length: gap }, (_, i) => String(gap - 1 - i));
  const [before, after] = term.split("...");
  return after === undefined ? [...term] : [...before!, ...named, ...after];
}

function isTerm(term: string): boolean {
  return /^[a-zA-Z]*(\.\.\.)?[a-zA-Z]*$/.test(term);
}

/** The labels of the inputs and of the output. */
function parse(equation: string, tensors: readonly Tensor[]) {
  const [left, right, ...more] = equation.replaceAll(" ", "").split("->");
  const terms = left!.split(",");
  const wrong = [...terms, right ?? ""].find((term) => !isTerm(term));
  if (wrong !== undefined || more.length > 0) {
    throw new RangeError(
      `Cannot compute einsum: "${equation}" must be letters or ... for each tensor, with commas ` +
        'between them and at most one "->"',
    );
  }
  if (terms.length !== tensors.length) {
    throw new RangeError(
      `Cannot compute einsum: "${equation}" needs a tensor for each of ${terms.length} terms, got ` +
        tensors.length,
    );
  }
  const inputs = terms.map((term, i) => {
    const { shape } = tensors[i]!;
    const gap = shape.length - term.replace("...", "").length;
    if (gap < 0 || (gap > 0 && !term.includes("..."))) {
      throw new ShapeError(
        `Cannot compute einsum: "${term}" does not name the dimensions of shape ${
          showShape(shape)
        } of operand ${i}`,
        [shape],
      );
    }
    return labelsOf(term, gap);
  });
  const all = inputs.flat();
  const gap = new Set(all.filter((label) => /\d/.test(label))).size;
  // Without an output: the dimensions of "...", then the labels that occur once.
  const once = all.filter((label, i) => all.indexOf(label) === i && all.lastIndexOf(label) === i);
  const implicit = `...${once.filter((label) => /\D/.test(label)).toSorted().join("")}`;
  const output = labelsOf(right ?? implicit, gap);
  output.forEach((label, i) => {
    if (!all.includes(label) || output.indexOf(label) !== i) {
      throw new RangeError(
        `Cannot compute einsum: the output of "${equation}" names "${label}"` +
          (all.includes(label) ? " twice" : ", which no tensor has"),
      );
    }
  });
  return { inputs, output };
}

/** The extent of each label, of which those of 1 stretch to any other. */
function extentsOf(operands: readonly Operand[]): Map<string, number> {
  const extents = new Map<string, number>();
  for (const { x, labels } of operands) {
    labels.forEach((label, i) => {
      const [known, extent] = [extents.get(label) ?? 1, x.shape[i]!];
      if (known !== 1 && extent !== 1 && known !== extent) {
        throw new ShapeError(
          `Cannot compute einsum: "${label}" must have one extent, got ${known} and, in shape ${
            showShape(x.shape)
          }, ${extent}`,
          [x.shape],
        );
      }
      extents.set(label, known === 1 ? extent : known);
    });
  }
  return extents;
}

/** Each label once: the diagonal where it occurs again. */
function withoutRepeats({ x, labels }: Operand): Operand {
  const second = labels.findIndex((label, i) => labels.indexOf(label) !== i);
  if (second < 0) return { x, labels };
  const label = labels[second]!;
  const first = labels.indexOf(label);
  if (x.shape[first] !== x.shape[second]) {
    throw new ShapeError(
      `Cannot compute einsum: "${label}" must have one extent, got ${x.shape[first]} and ${
        x.shape[second]
      } in shape ${showShape(x.shape)}`,
      [x.shape],
    );
  }
  const others = labels.filter((_, i) => i !== first && i !== second);
  return withoutRepeats({
    x: diagonal(x, { dim1: first, dim2: second }),
    labels: [...others, label],
  });
}

/** Without the dimensions whose extent of 1 stretches beside another tensor's. */
function withoutStretched({ x, labels }: Operand, extents: Map<string, number>): Operand {
  const away = labels.map((label, i) => x.shape[i] === 1 && extents.get(label) !== 1);
  return {
    x: squeeze(x, labels.flatMap((_, i) => away[i] ? [i] : [])),
    labels: labels.filter((_, i) => !away[i]),
  };
}

/** Summed over the labels that are not to be kept. */
function keeping({ x, labels }: Operand, kept: ReadonlySet<string>): Operand {
  const dims = labels.flatMap((label, i) => kept.has(label) ? [] : [i]);
  if (dims.length === 0) return { x, labels };
  return { x: sum(x, dims), labels: labels.filter((label) => kept.has(label)) };
}

/** Extents multiplied, and dimensions in the order of groups of labels, each group as one. */
function grouped({ x, labels }: Operand, groups: readonly (readonly string[])[]): Tensor {
  const sorted = permute(x, groups.flat().map((label) => labels.indexOf(label)));
  const shape = groups.map((group) =>
    group.reduce((size, label) => size * x.shape[labels.indexOf(label)]!, 1)
  );
  return reshape(sorted, shape);
}

/** The product of two operands, summed over what they share and what is not to be kept. */
function contract(a: Operand, b: Operand, kept: ReadonlySet<string>): Operand {
  a = keeping(a, new Set([...kept, ...b.labels]));
  b = keeping(b, new Set([...kept, ...a.labels]));
  const shared = a.labels.filter((label) => b.labels.includes(label));
  const batch = shared.filter((label) => kept.has(label));
  const inner = shared.filter((label) => !kept.has(label));
  const rows = a.labels.filter((label) => !shared.includes(label));
  const columns = b.labels.filter((label) => !shared.includes(label));
  const labels = [...batch, ...rows, ...columns];
  if (labels.length > MAX_RANK) {
    throw new ShapeError(
      `Cannot compute einsum: the product of shapes ${showShape(a.x.shape)} and ${
        showShape(b.x.shape)
      } has over ${MAX_RANK} dimensions`,
      [a.x.shape, b.x.shape],
    );
  }
  const extent = (label: string) =>
    a.labels.includes(label)
      ? a.x.shape[a.labels.indexOf(label)]!
      : b.x.shape[b.labels.indexOf(label)]!;
  const shape = labels.map(extent);
  checkShape("einsum", shape);
  const left = grouped(a, [batch, rows, inner]);
  const right = grouped(b, [batch, inner, columns]);
  const product = inner.length === 0 ? left.mul(right) : matmul(left, right);
  return { x: reshape(product, shape), labels };
}

/**
 * Sum of products over dimensions that letters name: those that the output lacks are summed, from
 * left to right and by matrix products where two tensors share them. A letter twice in one tensor
 * takes the diagonal, "..." stands for any dimensions, which broadcast; without "->" the output has
 * the letters that occur once, in alphabetical order. Follows `torch.einsum`.
 *
 * @param equation As `"bij,bjk->bik"`.
 * @throws {RangeError} If the equation cannot be read or does not fit the number of tensors.
 * @throws {ShapeError} If a letter has several extents.
 *
 * @example A bilinear form and a trace
 * ```ts
 * import { einsum, tensor } from "@adjoint/ml";
 * import { assertEquals } from "@std/assert";
 *
 * const [x, a] = [tensor([1, 2]), tensor([[1, 2], [3, 4]])];
 * assertEquals(einsum("i,ij,j->", x, a, x).item(), 27);
 * assertEquals(einsum("ii", a).item(), 5);
 * ```
 */
export function einsum(equation: string, ...tensors: Tensor[]): Tensor {
  if (typeof equation !== "string") {
    throw wrongKind("compute einsum", "the equation", "a string", equation);
  }
  tensors.forEach((x, i) => checkTensor("einsum", x, `operand ${i}`));
  const { inputs, output } = parse(equation, tensors);
  tensors.forEach((x) => checkDevices("einsum", tensors[0]!, x));
  const dtype = tensors.map((x) => x.dtype).reduce((a, b) => promote(a, 1, b, 1));
  if (dtype === "bool") {
    throw new DTypeError("Cannot compute einsum: all tensors are bool; cast one");
  }
  const given = tensors.map((x, i) => withoutRepeats({ x: castTo(x, dtype), labels: inputs[i]! }));
  const extents = extentsOf(given);
  const operands = given.map((operand) => withoutStretched(operand, extents));
  const product = operands.reduce((a, b, i) => {
    const later = operands.slice(i + 1).flatMap(({ labels }) => labels);
    return contract(a, b, new Set([...output, ...later]));
  });
  const { x, labels } = keeping(product, new Set(output));
  return permute(x, output.map((label) => labels.indexOf(label)));
}

composites({ einsum });
