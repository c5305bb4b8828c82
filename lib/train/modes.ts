/** Temporary evaluation mode. */

import type { AnyModule } from "../nn/module.ts";

/** Runs a function with modules in evaluation mode, and restores their modes afterwards. */
export async function evaluating<T>(
  modules: readonly AnyModule[],
  run: () => Promise<T>,
): Promise<T> {
  const training = modules.map((module) => module.training);
  for (const module of modules) module.training = false;
  try {
    return await run();
  } finally {
    modules.forEach((module, i) => module.training = training[i] ?? true);
  }
}
