// Tests of gradients.ts. Run with: deno test --allow-ffi examples/gradients_test.ts
import { assert } from "@std/assert";
import { losses } from "@adjoint/ml";
import { examine } from "./gradients.ts";

Deno.test("outliers dominate the gradient of mse, but not that of robust losses", () => {
  const [mse, cauchy] = [losses.mse, losses.cauchy].map((loss) => examine(loss, 300));
  assert(mse!.outliers > 0.45 && cauchy!.outliers < 0.2, `${mse!.outliers} ${cauchy!.outliers}`);
  assert(cauchy!.error < mse!.error / 4, `${mse!.error} ${cauchy!.error}`);
});
