/** Traces: what they hold, that their spans nest, and that nothing is left of them. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  detectAnomaly,
  gpu,
  GradError,
  losses,
  nn,
  noGrad,
  ones,
  randn,
  tensor,
  train,
} from "../../mod.ts";
import { problem, weights } from "./problem.ts";

interface Event {
  readonly name: string;
  readonly cat: string;
  readonly ph: string;
  readonly ts: number;
  readonly dur: number;
  readonly args: Readonly<Record<string, string | number>>;
}

/** What stands in a trace of what a function does. */
async function traced(fn: (path: string) => unknown): Promise<{ events: Event[]; other: object }> {
  const path = await Deno.makeTempFile();
  try {
    await fn(path);
    const { traceEvents, otherData } = JSON.parse(await Deno.readTextFile(path));
    const events = (traceEvents as Event[]).filter(({ ph }) => ph === "X");
    assertEquals(crossings(events), []);
    return { events, other: otherData };
  } finally {
    await Deno.remove(path);
  }
}

/** Pairs of events of which neither holds the other, though they overlap; times are exact to 1 ns. */
function crossings(events: readonly Event[]): string[] {
  const order = events.toSorted((a, b) => a.ts - b.ts || b.dur - a.dur);
  const open: Event[] = [];
  const found: string[] = [];
  for (const event of order) {
    while (open.length > 0 && open.at(-1)!.ts + open.at(-1)!.dur <= event.ts + 0.0015) open.pop();
    const around = open.at(-1);
    if (around !== undefined && event.ts + event.dur > around.ts + around.dur + 0.0015) {
      found.push(`${event.name} crosses ${around.name}`);
    }
    open.push(event);
  }
  return found;
}

Deno.test("events that cross are found", () => {
  const event = (name: string, ts: number, dur: number) => ({
    name,
    cat: "op",
    ph: "X",
    ts,
    dur,
    args: {},
  });
  const apart = [event("a", 0, 10), event("b", 1, 2), event("c", 3, 7), event("d", 10, 1)];
  assertEquals(crossings(apart), []);
  assertEquals(crossings([...apart, event("e", 4, 7)]), ["e crosses c"]);
});

const named = (events: readonly Event[], kind: string) =>
  events.filter(({ cat }) => cat === kind).map(({ name }) => name);

Deno.test("a trace has ops, launches with their bytes, and backward passes", async () => {
  const x = ones([8, 16]);
  const w = randn([16, 4], { requiresGrad: true });
  const { events } = await traced((path) => {
    const y = train.trace(path, () => {
      const y = x.matmul(w).transpose(0, 1).exp();
      y.sum().backward();
      return y;
    });
    assertEquals(y.shape, [4, 8]);
  });
  assertEquals(named(events, "op").slice(0, 4), ["matmul", "transpose", "exp", "sum"]);
  assertEquals(named(events, "phase"), ["backward"]);
  const [product] = events.filter(({ name, cat }) => cat === "op" && name === "matmul");
  assertEquals(product?.args, { bytes: 4 * 8 * 4, shape: "[8, 4]", dtype: "float32" });
  const [launch] = events.filter(({ name, cat }) => cat === "launch" && name === "matmul");
  assertEquals(launch?.args, { bytes: 4 * (8 * 4 + 8 * 16 + 16 * 4), device: "cpu" });
  // The launch lies in its op, and the ops of the gradient in the pass.
  assert(
    launch!.ts >= product!.ts && launch!.ts + launch!.dur <= product!.ts + product!.dur + 0.002,
  );
  const [pass] = events.filter(({ cat }) => cat === "phase");
  const inside = events.filter(({ ts, cat }) => cat === "op" && ts >= pass!.ts - 0.002);
  assert(inside.some(({ name }) => name === "matmul"), named(inside, "op").join());
});

Deno.test("a broadcast operand counts once", async () => {
  const x = ones([1000]).expand([1000, 1000]);
  const { events } = await traced((path) => train.trace(path, () => void x.sum(0)));
  const [launch] = events.filter(({ cat }) => cat === "launch");
  assertEquals(launch?.args.bytes, 4 * 2000);
});

Deno.test("a trace spans fit, with its phases, and changes nothing of it", async () => {
  const plain = problem();
  const options = { epochs: 2, clipGradNorm: 1 };
  await train.fit({ ...plain, validation: plain.train, ...options });
  const settings = problem();
  const { events } = await traced(async (path) => {
    using trace = train.trace(path);
    const fit = () => train.fit({ ...settings, validation: settings.train, ...options });
    assertEquals((await trace.phase("all", fit)).records.length, 2);
  });
  assertEquals(weights(settings.model), weights(plain.model));
  const counts = Object.groupBy(named(events, "phase"), (name) => name);
  assertEquals(
    Object.fromEntries(Object.entries(counts).map(([name, all]) => [name, all!.length])),
    // Two epochs of five batches, each with its end, twice for the validation.
    { callbacks: 16, data: 24, forward: 10, backward: 10, step: 10, validation: 2, all: 1 },
  );
  const [step] = events.filter(({ name }) => name === "step");
  const launches = events.filter(({ cat, ts }) =>
    cat === "launch" && ts >= step!.ts && ts <= step!.ts + step!.dur
  );
  assert(launches.some(({ name }) => name.startsWith("adam")), named(launches, "launch").join());
});

Deno.test("nothing is left of a trace when it is over, also where the function throws", async () => {
  const work = () => void randn([4]).mul(2).sum();
  const names = async () =>
    named((await traced((path) => train.trace(path, work))).events, "launch");
  const before = await names();
  const { events } = await traced((path) => {
    assertThrows(
      () =>
        train.trace(path, () => {
          work();
          throw new RangeError("planted");
        }),
      RangeError,
      "planted",
    );
    work();
  });
  assertEquals(named(events, "launch"), before);
  assertEquals(await names(), before);
  // Traces in each other both see what is inside of both.
  const outer = await traced(async (path) => {
    using _ = train.trace(path);
    assertEquals(await names(), before);
    work();
  });
  assertEquals(named(outer.events, "launch"), [...before, ...before]);
});

Deno.test("traces that are ended in the wrong order say so, and go on until it is right", async () => {
  const outer = await traced(async (path) => {
    const first = train.trace(path);
    const { events } = await traced((inner) => {
      const second = train.trace(inner);
      assertThrows(() => first[Symbol.dispose](), GradError, "Cannot end trace: a guard that was");
      void ones([2]).exp();
      second[Symbol.dispose]();
      second[Symbol.dispose]();
    });
    assertEquals(named(events, "op"), ["exp"]);
    void ones([2]).log();
    first[Symbol.dispose]();
    void ones([2]).sin();
  });
  assertEquals(named(outer.events, "op"), ["exp", "log"]);
});

Deno.test({
  name: "launches on the GPU are in a trace, too",
  ignore: !gpu.available(),
  fn: async () => {
    const x = ones([4], { device: "gpu" });
    const { events } = await traced((path) => train.trace(path, () => void x.exp()));
    const [launch] = events.filter(({ cat }) => cat === "launch");
    assertEquals([launch?.name, launch?.args], ["exp", { bytes: 32, device: "gpu" }]);
    assertEquals(named(events, "op"), ["exp"]);
  },
});

Deno.test("a trace inside detectAnomaly leaves the search on", async () => {
  await traced((path) => {
    const zero = tensor([0]);
    assertThrows(
      () => detectAnomaly(() => train.trace(path, () => zero.log())),
      GradError,
      "log made an infinity",
    );
  });
});

Deno.test("what is over the limit is counted", async () => {
  const x = ones([2]);
  const { events, other } = await traced((path) =>
    train.trace(path, () => noGrad(() => x.exp().exp().exp()), { limit: 4 })
  );
  assertEquals(events.length, 4);
  assertEquals(Reflect.get(other, "dropped"), 2);
});

Deno.test("wrong uses of a trace are refused", async () => {
  await traced((path) => {
    assertThrows(
      () => train.trace(path, async () => await 1),
      TypeError,
      "Cannot run trace: the function returned a promise, and the trace would end before it",
    );
  });
  assertThrows(
    () => train.trace("/no/such/folder/x.json", () => 1),
    Deno.errors.NotFound,
    "Cannot run trace on /no/such/folder/x.json",
  );
  const model = new nn.Linear(1, 1);
  // It was ended nonetheless.
  losses.mse(model.forward(ones([1, 1])), ones([1, 1])).backward();
});
