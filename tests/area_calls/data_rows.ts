/** Good calls of data sets, samplers and loaders. */

import * as images from "../../lib/data/images.ts";
import { arange, data, ones, RandomGenerator, type Tensor, tensor } from "../../mod.ts";
import { type Call, of, options, type Rows } from "../common/calls.ts";

const x = () => ones([2, 3]);
const set = () => new data.TensorDataset(x(), arange(2));
const flag = of(() => false, "flag");
const generator = of(() => new RandomGenerator(1));
/** What a data set is handed by a loader, and may leave unread. */
const unread = of(
  () => new RandomGenerator(1),
  ...["undefined", "null", "text", "number", "NaN", "bigint", "flag", "tensor"] as const,
  ...[
    "array",
    "digits",
    "holes",
    "object",
    "circle",
    "symbol",
    "function",
    "class",
    "instance",
  ] as const,
);
const count = of(() => 2);
const source = of(set, "array", "digits", "holes");

/** The method of a sampler. */
function indices(on: () => data.Sampler, named: string) {
  return { indices: { on, args: [generator], named } } as const;
}

const loader = () => new data.DataLoader(set());

const vocabulary = () => new data.Vocabulary([["a", "b"]]);
const table = () => new data.Table({ a: [1, 2], b: ["x", "y"] });
const csv = {
  header: of(() => true, "flag"),
  delimiter: of(() => ","),
  types: of(() => ({ a: "number" })),
} as const;

/** A PNG of one pixel. */
const DOT =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4XmP4DwABAQEAJwnd2gAAAABJRU5ErkJggg==";

/** A file that a reader can read. */
function file(kind: "idx" | "csv" | "jsonl" | "png"): URL {
  return new URL(`../fixtures/readers/good.${kind}`, import.meta.url);
}

/** Data. */
export const DATA: Rows<Omit<typeof data, "transforms" | "synthetic">> = {
  TensorDataset: {
    make: { args: [of(x, "tensor"), of(() => arange(2))], rest: true },
    methods: {
      get: { on: set, args: [of(() => 1), unread], named: "TensorDataset" },
      getBatch: { on: set, args: [of(() => arange(2), "tensor"), unread], named: "TensorDataset" },
    },
  },
  Subset: {
    make: { args: [of(set), of(() => [1, 0])] },
    methods: {
      get: { on: () => new data.Subset(set(), [1]), args: [of(() => 0), unread], named: "Subset" },
    },
  },
  ConcatDataset: {
    make: { args: [of(() => [set(), set()])] },
    methods: {
      get: {
        on: () => new data.ConcatDataset([set()]),
        args: [of(() => 0), unread],
        named: "ConcatDataset",
      },
    },
  },
  randomSplit: { args: [of(set), of(() => [1, 1]), options({ generator })] },
  kFold: { args: [of(set), count, options({ generator, shuffle: flag })] },
  SequentialSampler: {
    make: { args: [source] },
    methods: indices(() => new data.SequentialSampler(set()), "SequentialSampler"),
  },
  RandomSampler: {
    make: { args: [source, options({ replacement: flag, numSamples: count })] },
    methods: indices(() => new data.RandomSampler(set()), "RandomSampler"),
  },
  WeightedRandomSampler: {
    make: {
      args: [of(() => tensor([1, 2]), "tensor"), count, options({ replacement: flag })],
    },
    methods: indices(
      () => new data.WeightedRandomSampler(tensor([1, 2]), 2),
      "WeightedRandomSampler",
    ),
  },
  MPerClassSampler: {
    make: { args: [of(() => [0, 1, 0]), count] },
    methods: indices(() => new data.MPerClassSampler([0, 1], 1), "MPerClassSampler"),
  },
  SubsetRandomSampler: {
    make: { args: [of(() => [1, 0])] },
    methods: indices(() => new data.SubsetRandomSampler([0]), "SubsetRandomSampler"),
  },
  DistributedSampler: {
    make: {
      args: [
        source,
        options({ rank: of(() => 1), worldSize: count, shuffle: flag, dropLast: flag }),
      ],
    },
    methods: indices(
      () => new data.DistributedSampler(set(), { rank: 0, worldSize: 1 }),
      "DistributedSampler",
    ),
  },
  BatchSampler: {
    make: {
      args: [of(() => new data.RandomSampler(set())), count, options({ dropLast: flag })],
    },
    methods: {
      batches: {
        on: () => new data.BatchSampler(new data.RandomSampler(set()), 2),
        args: [generator],
        named: "BatchSampler",
      },
    },
  },
  collate: { args: [of(() => [1, 2])] },
  padSequences: {
    args: [
      of(() => [ones([2]), ones([1])]),
      options({ value: of(() => 1, "number", "NaN"), length: count }),
    ],
  },
  padCollate: { args: [options({ value: of(() => 1, "number", "NaN"), length: count })] },
  splitCharacters: { args: [of(() => "ab", "text")] },
  splitWords: { args: [of(() => "ab", "text")] },
  Vocabulary: {
    make: {
      args: [
        of(() => [["a", "b"]]),
        options({
          minCount: of(() => 1),
          maxSize: of(() => 9),
          specials: of(() => ["<unk>"], "array", "digits"),
          unknown: of(() => "<unk>", "null"),
        }),
      ],
    },
    methods: {
      encode: {
        on: vocabulary,
        args: [of(() => ["a"], "array", "digits")],
        named: "encode by a Vocabulary",
      },
      decode: { on: vocabulary, args: [of(() => [0])], named: "decode by a Vocabulary" },
    },
  },
  BytePairEncoding: {
    make: { args: [of(() => ["ab", "ab"], "array", "digits"), count] },
    methods: {
      split: {
        on: () => new data.BytePairEncoding(["ab"], 1),
        args: [of(() => "ab", "text")],
        named: "BytePairEncoding",
      },
    },
  },
  parseIdx: { args: [of(() => Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 7))] },
  readIdx: { args: [of(() => file("idx"))] },
  parseCsv: { args: [of(() => "a,b\n1,2", "text"), options(csv)] },
  readCsv: { args: [of(() => file("csv")), options(csv)] },
  parseJsonl: { args: [of(() => "1\n2")] },
  readJsonl: { args: [of(() => file("jsonl"))] },
  Table: {
    make: { args: [of(() => ({ a: [1, 2], b: ["x", "y"] }))] },
    methods: {
      column: { on: table, args: [of(() => "a")], named: "read a column" },
      get: { on: table, args: [of(() => 0), unread], named: "read a row" },
      tensor: {
        on: table,
        args: [of(() => ["a"]), options({ dtype: of(() => "float64") })],
        named: "",
      },
    },
  },
  DataLoader: {
    make: {
      args: [
        of(set, "array", "digits", "holes", "instance"),
        options({
          batchSize: count,
          shuffle: flag,
          dropLast: flag,
          collate: of(() => (examples: unknown[]) => examples, "function"),
          generator,
          prefetch: count,
          // What goes with no other option stands below.
          sampler: of(() => undefined),
          batchSampler: of(() => undefined),
        }),
      ],
    },
    methods: {
      stateDict: { on: loader, args: [], named: "read the state of DataLoader" },
      loadStateDict: {
        on: loader,
        args: [of(() => loader().stateDict())],
        named: "load the state of DataLoader",
      },
    },
  },
};

const image = options({ channels: of(() => 3) });

/** A folder with an image of one class. */
const IMAGE_ROOT = Deno.makeTempDirSync();
Deno.mkdirSync(`${IMAGE_ROOT}/dot`);
Deno.writeFileSync(`${IMAGE_ROOT}/dot/1.png`, Uint8Array.fromBase64(DOT));

/** Images from files. */
export const IMAGES: Rows<typeof images> = {
  decodeImage: { args: [of(() => Uint8Array.fromBase64(DOT)), image] },
  readImage: { args: [of(() => file("png")), image] },
  ImageFolder: {
    make: {
      args: [
        of(() => IMAGE_ROOT),
        options({ channels: of(() => 3), transform: of(() => (x: Tensor) => x, "function") }),
      ],
    },
    methods: {
      get: {
        on: () => new images.ImageFolder(IMAGE_ROOT),
        args: [of(() => 0), unread],
        named: "ImageFolder",
      },
      readAhead: {
        on: () => ({
          readAhead: (...args: []) => {
            using reader = new images.ImageFolder(IMAGE_ROOT).readAhead(...args);
            return reader;
          },
        }),
        args: [],
        named: "ImageFolder",
      },
    },
  },
};

/** Calls with options that go with few others. */
export const INSIDE_DATA: Readonly<Record<string, Call>> = {
  "new DataLoader(set, { sampler })": {
    run: (...args) => new data.DataLoader(set(), ...args as [never]),
    args: [options({ sampler: of(() => new data.RandomSampler(set())) })],
    named: "DataLoader",
  },
  "new DataLoader(set, { batchSampler })": {
    run: (...args) => new data.DataLoader(set(), ...args as [never]),
    args: [
      options({ batchSampler: of(() => new data.BatchSampler(new data.RandomSampler(set()), 2)) }),
    ],
    named: "DataLoader",
  },
  "padCollate()(examples)": {
    run: (...args) => data.padCollate()(...args as [never]),
    args: [of(() => [[ones([2]), 1], [ones([1]), 2]])],
    rest: true,
    named: "collate",
  },
};
