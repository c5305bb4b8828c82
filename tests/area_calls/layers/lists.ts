/** Good calls of lists and dictionaries of modules and parameters. */

import { nn, ones } from "../../../mod.ts";
import { type Arg, of } from "../../common/calls.ts";

const text = of(() => "a", "text");

/** Members by number. */
function list(on: () => object, given: Arg, item: Arg) {
  return {
    make: { args: [given] },
    methods: {
      at: { on, args: [of(() => 0)] },
      push: { on, args: [item], rest: true },
    },
  } as const;
}

/** Members by name. */
function dict(on: () => object, given: Arg, item: Arg) {
  return {
    make: { args: [given] },
    methods: {
      get: { on, args: [text] },
      has: { on, args: [text] },
      delete: { on, args: [text], named: "run" },
      set: { on, args: [text, item] },
    },
  } as const;
}

const module = of(() => new nn.ReLU());
const parameter = of(() => ones([1]), "tensor");

export const LISTS = {
  ModuleList: list(
    () => new nn.ModuleList([new nn.ReLU()]),
    of(() => [new nn.ReLU()], "undefined"),
    module,
  ),
  ModuleDict: dict(
    () => new nn.ModuleDict(),
    of(() => ({ a: new nn.ReLU() }), "undefined"),
    module,
  ),
  ParameterList: list(
    () => new nn.ParameterList([ones([1])]),
    of(() => [ones([1])], "undefined"),
    parameter,
  ),
  ParameterDict: dict(
    () => new nn.ParameterDict(),
    of(() => ({ a: ones([1]) }), "undefined"),
    parameter,
  ),
} as const;
