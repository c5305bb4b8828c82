// Tests of that example. Run with: deno test --allow-ffi examples/gradients_test.ts
import { assert } from "@std/assert";
import { losses } from "@adjoint/ml";
import { examine } from "./gradients.ts";

Deno.test("outliers rule the gradient of mse, and not that of losses that let go of them", () => {
  const [mse, cauchy] = [losses.mse, losses.cauchy].map((loss) => examine(loss, 300));
  assert(mse!.outliers > 0.45 && cauchy!.outliers < 0.2, `${mse!.outliers} ${cauchy!.outliers}`);
  assert(cauchy!.error < mse!.error / 4, `${mse!.error} ${cauchy!.error}`);
});
