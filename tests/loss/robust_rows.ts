/** Losses that grow slower than the square. */

import type { losses } from "../../mod.ts";
import { elementRow } from "./element_row.ts";
import { residuals } from "./regression_rows.ts";

/** ln cosh, in the form 1 + 2·sinh²(r/2) of cosh, and without what is lost in it for large residuals. */
export const LOG_COSH = elementRow<losses.ElementLossOptions>({
  each: (p, t) => {
    const r = Math.abs(p - t);
    return r > 20 ? r - Math.LN2 : Math.log1p(2 * Math.sinh(r / 2) ** 2);
  },
  options: {},
  points: [
    {
      title: "0, small, and far beyond",
      inputs: residuals(0, 1e-9, 1e4, -1e4),
      options: { reduction: "sum" },
      value: 2 * (1e4 - Math.LN2),
      gradient: [0, 1e-9, 1, -1],
    },
    {
      title: "where the form changes",
      inputs: residuals(1, -1),
      options: { reduction: "sum" },
      value: 2 * Math.log(Math.cosh(1)),
      gradient: [Math.tanh(1), -Math.tanh(1)],
    },
  ],
  extremes: [1e-18, 1e4, 1e30],
});
