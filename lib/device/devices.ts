/** Devices by name. */

import { DeviceError } from "../core/errors.ts";
import type { Backend, Device } from "./backend.ts";
import { cpu } from "./cpu.ts";
import { openBackend } from "./gpu.ts";

/** The device with the given name. */
export function backendOf(op: string, device: Device): Backend {
  if (device === "cpu") return cpu;
  if (device === "gpu") return openBackend();
  throw new DeviceError(
    `Cannot run ${op}: device must be "cpu" or "gpu", got ${Deno.inspect(device)}`,
  );
}
