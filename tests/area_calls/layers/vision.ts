/** Good calls of blocks for pictures. */

import { nn, ones } from "../../../mod.ts";
import { of, options } from "../../common/calls.ts";
import { dtype, flag } from "./row.ts";

const channels = of(() => 2);
const chance = of(() => 0.5, "number");

export const VISION = {
  PatchEmbed: {
    make: { args: [channels, channels, of(() => 2), options({ bias: flag, norm: flag, dtype })] },
    methods: {
      forward: {
        on: () => new nn.PatchEmbed(2, 3, 2),
        args: [of(() => ones([1, 2, 4, 4]))],
        named: "PatchEmbed",
      },
    },
  },
  PatchMerging: {
    make: { args: [channels, options({ eps: of(() => 1e-5, "number"), dtype })] },
    methods: {
      forward: {
        on: () => new nn.PatchMerging(2),
        args: [of(() => ones([1, 4, 4, 2]))],
        named: "PatchMerging",
      },
    },
  },
  SwinBlock: {
    make: {
      args: [
        channels,
        channels,
        of(() => 2),
        of(() => [1, 1]),
        options({
          mlpRatio: of(() => 2, "number"),
          dropout: chance,
          attentionDropout: chance,
          stochasticDepthProb: chance,
          dtype,
        }),
      ],
    },
    methods: {
      forward: {
        on: () => new nn.SwinBlock(2, 1, 2, 1),
        args: [of(() => ones([1, 4, 4, 2]))],
        named: "SwinBlock",
      },
    },
  },
  UNet: {
    make: {
      args: [channels, channels, options({ channels: of(() => [2, 3]), norm: flag, dtype })],
    },
    methods: {
      forward: {
        on: () => new nn.UNet(2, 1, { channels: [2, 3] }),
        args: [of(() => ones([1, 2, 4, 4]))],
        named: "UNet",
      },
    },
  },
} as const;
