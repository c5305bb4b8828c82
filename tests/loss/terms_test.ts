/** Terms of one input alone: of images, and of parameters. */

import { assertEquals, assertThrows } from "@std/assert";
import { assertClose, gradcheck } from "../../lib/testing/mod.ts";
import { grad, losses, ones, type Tensor, tensor } from "../../mod.ts";
import { casesOf, optionsOf, type Stored, unstored } from "../fixtures/stored.ts";
import { leaf } from "./plain.ts";

const { regularization, totalVariation } = losses;

/** A term and its gradient in Kornia. */
interface TermCase {
  readonly options: Readonly<Record<string, unknown>>;
  readonly inputs: readonly [Stored];
  readonly value: Stored;
  readonly gradients: readonly [Stored];
}

Deno.test("losses.totalVariation() has the values and gradients of Kornia", () => {
  for (const { options, inputs, value, gradients } of casesOf<TermCase>("losses/totalVariation")) {
    const given = optionsOf<losses.LossOptions>(options);
    const x = unstored(inputs[0]).requiresGrad_();
    const loss = totalVariation(x, given);
    assertClose(loss, unstored(value), { rtol: 1e-12, atol: 1e-12 });
    assertClose(grad(loss.sum(), [x])[0], unstored(gradients[0]), { rtol: 1e-12, atol: 1e-12 });
    assertEquals(new losses.TotalVariationLoss(given).forward(x).toArray(), loss.toArray());
  }
});

Deno.test("losses.totalVariation() has the gradient of its composite beside a pixel of NaN", () => {
  const x = leaf([[1, NaN, 2], [0, 3, 1]]);
  const [plain] = grad(totalVariation(x), [x]);
  // A recorded gradient is that of the composite.
  const [recorded] = grad(totalVariation(x), [x], { createGraph: true });
  assertEquals(plain.toArray(), recorded.toArray());
});

Deno.test("regularization sums over several parameters", () => {
  const [a, b] = [leaf([[1, -2], [0, 3]]), leaf([[2, 0]])];
  const both = (term: (x: Tensor | readonly Tensor[]) => Tensor) => term([a, b]).item();
  assertEquals(both(regularization.l1), 8);
  assertEquals(both(regularization.l2), 18);
  // W·Wᵀ − I of the first is [[4, −6], [−6, 8]], of the second [[3]].
  assertEquals(both(regularization.orthogonal), 16 + 72 + 64 + 9);
  assertEquals(
    regularization.orthogonal(a.detach().transpose(0, 1)).item(),
    // Of the columns: [[0, −2], [−2, 12]].
    4 + 4 + 144,
  );
  assertEquals(regularization.l2(new Set([a]).values().toArray()).item(), 14);
});

Deno.test("terms of one input refuse what does not fit", () => {
  const refused: [run: () => unknown, message: string][] = [
    [
      () => totalVariation(ones([3])),
      "Cannot compute losses.totalVariation: image must have shape [..., H, W], got [3]",
    ],
    [
      () => totalVariation(ones([2, 2], { dtype: "int32" })),
      "Cannot compute losses.totalVariation: image must be float32 or float64, got int32",
    ],
    [
      () => regularization.orthogonal([ones([2, 2]), ones([2])]),
      "Cannot compute losses.regularization.orthogonal: parameters must have shape [out, ...], " +
      "got [2]",
    ],
    [
      () => regularization.l1(tensor([1], { dtype: "int32" })),
      "Cannot compute losses.regularization.l1: parameters must be float32 or float64, got int32",
    ],
    [
      () => regularization.l2([]),
      "Cannot compute losses.regularization.l2: parameters must be a tensor or an array of tensors",
    ],
  ];
  for (const [run, message] of refused) {
    assertEquals(assertThrows(run, Error).message.slice(0, message.length), message);
  }
});

Deno.test("a term whose gradient is 1 % off is found", () => {
  const steep = (x: Tensor) => {
    const value = regularization.l2(x);
    return value.add(value.sub(value.detach()).mul(0.01));
  };
  assertThrows(() => gradcheck(steep, [[3]]), Error, "Gradient of");
});
