/** The versions and the platform, for reports and runs. */

import meta from "../../deno.json" with { type: "json" };

/** The environment in which something was computed. */
export type Environment = Readonly<Record<"adjoint" | "deno" | "platform" | "device", string>>;

/** The current environment. @param device Where the computation ran. */
export function environmentOf(device: string): Environment {
  return {
    adjoint: meta.version,
    deno: Deno.version.deno,
    platform: `${Deno.build.os}-${Deno.build.arch}`,
    device,
  };
}
