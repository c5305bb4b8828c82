/** What computes: the versions and the machine's kind, for reports and runs. */

import meta from "../../deno.json" with { type: "json" };

/** What computed something. */
export type Environment = Readonly<Record<"adjoint" | "deno" | "platform" | "device", string>>;

/** The environment of now. @param device Where it was computed. */
export function environmentOf(device: string): Environment {
  return {
    adjoint: meta.version,
    deno: Deno.version.deno,
    platform: `${Deno.build.os}-${Deno.build.arch}`,
    device,
  };
}
