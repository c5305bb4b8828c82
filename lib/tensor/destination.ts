/** The arguments of `to`. */

import { type DType, DTYPES } from "../core/dtype.ts";
import { checkCount, DEVICE, DTYPE, hint, optionReader, shown } from "../core/options.ts";
import type { Device } from "../device/backend.ts";

/** What `to` changes. */
export interface ToOptions {
  /** Element type. */
  dtype?: DType;
  /** Device. */
  device?: Device;
}

const readTo = optionReader<ToOptions>({ dtype: DTYPE, device: DEVICE });

/** The first argument of `to`. */
export type Destination = DType | Device | ToOptions;

/** Reads the arguments of `to`: options, a type, a device, or a device and a type. */
export function destination(
  target: Destination,
  dtype: DType | undefined,
): ToOptions {
  const alone = dtype === undefined;
  if (typeof target === "object" && target !== null) {
    checkCount("run to", alone ? 1 : 2, 1);
    return readTo("run to", target);
  }
  if (alone && DTYPE.accepts(target)) return { dtype: target as DType };
  if (DEVICE.accepts(target)) {
    const device = target as Device;
    return alone ? { device } : readTo("run to", { device, dtype });
  }
  throw new TypeError(
    `Cannot run to: it needs a type (${DTYPES.join(", ")}) or a device (cpu, gpu), as in ` +
      `to("float64"), to("gpu") or to({ dtype, device }), got ${shown(target)}` +
      hint(DEVICE.meant?.(target)),
  );
}
