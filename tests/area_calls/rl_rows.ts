/** Good calls of what learns from rewards. */

import { ones, RandomGenerator, rl, type Tensor, tensor, zeros } from "../../mod.ts";
import { type Arg, of, options, type Rows } from "../common/calls.ts";

const numbers = of(() => ones([3, 2]));
const marks = of(() => tensor([[false, true], [true, false], [false, false]]));
const returned = {
  terminated: marks,
  truncated: marks,
  gamma: of(() => 0.9, "number"),
  dim: of(() => 0),
};
const buffer = () => {
  const made = new rl.RolloutBuffer<"reward">();
  made.add({ reward: ones([2]) });
  return made;
};
const none = { args: [] } as const;
const two = of(() => 2);
const generator = of(() => new RandomGenerator(1));
const own = { count: two, generator };
const choice = of(() => tensor([0], { dtype: "int32" }));

/** The two methods of an environment. */
function methods<E extends { reset(): Tensor }>(make: () => E, actions: Arg) {
  const begun = () => {
    const env = make();
    env.reset();
    return env;
  };
  return {
    reset: { on: make, ...none },
    step: { on: begun, args: [actions] },
  } as const;
}

/** What learns from rewards. */
export const RL: Rows<typeof rl> = {
  discountedReturns: { args: [numbers, options({ ...returned, nextValues: numbers })] },
  gae: {
    args: [
      numbers,
      numbers,
      numbers,
      options({ ...returned, lambda: of(() => 0.9, "number") }),
    ],
  },
  RolloutBuffer: {
    make: none,
    methods: {
      add: { on: buffer, args: [of(() => ({ reward: ones([2]) }))] },
      stacked: { on: buffer, ...none },
      batches: {
        on: buffer,
        args: [two, options({ more: of(() => ({ gain: ones([1, 2]) })), generator })],
      },
      clear: { on: buffer, ...none },
    },
  },
  CartPole: {
    make: { args: [options({ ...own, maxSteps: two })] },
    methods: methods(() => new rl.CartPole(), choice),
  },
  Chain: {
    make: { args: [options({ ...own, length: two, needed: of(() => 0.5, "number") })] },
    methods: methods(() => new rl.Chain(), choice),
  },
  Reacher: {
    make: { args: [options({ ...own, maxSteps: two })] },
    methods: methods(() => new rl.Reacher(), of(() => zeros([1, 2]))),
  },
  BigramText: {
    make: {
      args: [
        options({
          ...own,
          vocabulary: of(() => 4),
          length: two,
          followers: two,
          dense: of(() => true, "flag"),
        }),
      ],
    },
    methods: {
      ...methods(() => new rl.BigramText(), choice),
      score: {
        on: () => new rl.BigramText(),
        args: [of(() => tensor([[0, 1]], { dtype: "int32" }))],
      },
    },
  },
  StrategyBandit: {
    make: { args: [options({ ...own, features: two, strategies: two })] },
    methods: {
      ...methods(() => new rl.StrategyBandit(), choice),
      success: { on: () => new rl.StrategyBandit(), args: [of(() => ones([2, 6]))] },
    },
  },
  LaneKeeping: {
    make: {
      args: [
        options({
          ...own,
          view: of(() => "state"),
          limit: of(() => 1, "number"),
          maxSteps: two,
        }),
      ],
    },
    methods: {
      ...methods(() => new rl.LaneKeeping(), of(() => zeros([1, 1]))),
      render: {
        on: () => new rl.LaneKeeping(),
        args: [of(() => [0.1]), of(() => [0.2])],
      },
    },
  },
};
