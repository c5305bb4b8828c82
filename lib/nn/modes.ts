/** Modes of modules that are changed for a while. */

import type { AnyModule } from "./module.ts";

/** What sets modules back to the modes that they have now, each to its own. */
export function keptModes(modules: readonly AnyModule[]): () => void {
  const modes = modules.map((module) => [module, module.training] as const);
  return () => {
    for (const [module, training] of modes) module.training = training;
  };
}

/** Runs a function with modules in evaluation mode, and restores their modes afterwards. */
export async function evaluating<T>(
  modules: readonly AnyModule[],
  run: () => Promise<T>,
): Promise<T> {
  const restore = keptModes(modules);
  for (const module of modules) module.training = false;
  try {
    return await run();
  } finally {
    restore();
  }
}
