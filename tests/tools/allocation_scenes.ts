/**
 * Run by `tests/allocation_test.ts` with a preloaded library that lets requests for memory fail. Each
 * scene is tried with one failure after the other until it meets none; the last line tells as JSON
 * how many tries each had, and which ended in anything but the library's own error.
 */

import {
  arange,
  cat,
  conv2d,
  crossEntropy,
  cumsum,
  layerNorm,
  linalg,
  linear,
  logsumexp,
  losses,
  manualSeed,
  matmul,
  max,
  maxPool2d,
  avgPool2d,
  nn,
  noGrad,
  optim,
  randn,
  scatterAdd,
  setThreads,
  sort,
  tensor,
} from "../../mod.ts";
