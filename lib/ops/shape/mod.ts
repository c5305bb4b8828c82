/** Ops that give the elements another shape or order. */

export {
  cat,
  expand,
  pad,
  type PadOptions,
  permute,
  reshape,
  slice,
  transpose,
} from "./primitives.ts";
export {
  contiguous,
  flatten,
  meshgrid,
  type MeshgridOptions,
  movedim,
  squeeze,
  stack,
  unsqueeze,
} from "./composites.ts";
export {
  broadcastTo,
  chunk,
  diagonal,
  type DiagonalOptions,
  mT,
  narrow,
  split,
  unbind,
  unflatten,
  view,
} from "./views.ts";
export { flip, repeat, roll, tile, type TriangleOptions, tril, triu, unfold } from "./rearrange.ts";
