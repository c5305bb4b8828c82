/** Initial values of parameters, written in place. Follows `torch.nn.init`. */

export {
  calculateGain,
  constant_,
  type InitOptions,
  kaimingNormal_,
  type KaimingOptions,
  kaimingUniform_,
  type Nonlinearity,
  normal_,
  ones_,
  truncNormal_,
  uniform_,
  xavierNormal_,
  xavierUniform_,
  zeros_,
} from "./init_random.ts";
export { dirac_, eye_, orthogonal_, sparse_ } from "./init_matrix.ts";
