/**
 * Good calls of what makes tensors, of layers and of initialisers, on the GPU and on the CPU: the same
 * results, where they belong. The calls are those of which wrong ones are made elsewhere.
 */

import { assert, assertEquals, AssertionError, assertThrows } from "@std/assert";
import { type Device, manualSeed, memoryStats, nn, ones, Tensor } from "../../mod.ts";
import * as adjoint from "../../mod.ts";
import { CREATE, OTHER_FORMS, RANGES, SAMPLE } from "../area_calls/creation_rows.ts";
import { FUNCTIONAL, LAYERS } from "../area_calls/layer_rows.ts";
import { INIT } from "../area_calls/module_rows.ts";
import type { Arg, Call, Options } from "../common/calls.ts";
import { assertTensor } from "../common/compare.ts";
import { plainOf } from "../common/samples.ts";
import { gpuTest } from "../tools/gpu.ts";

const CLOSE = { rtol: 2e-5, atol: 2e-5 };

/** A value with its tensors and modules on a device; there is no float64 there. */
function placed(value: unknown, device: Device): unknown {
  if (value instanceof Tensor) return value.to({ device });
  if (value instanceof nn.AnyModule) return value.to({ device });
  if (value === "float64") return "float32";
  if (Array.isArray(value)) return value.map((part) => placed(part, device));
  if (typeof value !== "object" || value === null) return value;
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value as object).map(([key, part]) => [key, placed(part, device)]),
  );
}

/** The arguments of a call, made anew. With a device option they lie on the CPU, without on the device. */
function argsFor({ args }: Call, device: Device, option: boolean): unknown[] {
  const where = option ? "cpu" : device;
  const one = (arg: Arg | Options): unknown => {
    if (!("keys" in arg)) return placed(arg.make(), where);
    const keys = Object.entries(arg.keys).filter(([key]) => key !== "device" && key !== "dtype");
    const made = Object.fromEntries(keys.map(([key, own]) => [key, placed(own.make(), where)]));
    return option && "device" in arg.keys ? { ...made, device } : made;
  };
  return args.map(one);
}

/** The tensors of a result, in order. */
function tensorsOf(value: unknown): Tensor[] {
  if (value instanceof Tensor) return [value];
  if (value instanceof nn.AnyModule) return value.parameters();
  if (Array.isArray(value)) return value.flatMap(tensorsOf);
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(tensorsOf);
}

/** Fails unless what a function gives on the GPU is there, and what it gives on the CPU. */
function compare(name: string, run: (device: Device) => unknown): void {
  const [ours, cpu] = (["gpu", "cpu"] as const).map((device) => {
    manualSeed(3);
    return tensorsOf(run(device));
  });
  assertEquals(ours!.length, cpu!.length);
  ours!.forEach((x, i) => {
    const wanted = cpu![i]!;
    assertEquals([x.device, x.requiresGrad], ["gpu", wanted.requiresGrad], name);
    // What is still to be written is anything.
    if (name.startsWith("empty")) assertEquals(x.shape, wanted.shape);
    else assertTensor(name, x, plainOf(wanted), wanted.dtype, CLOSE);
  });
}

const hasDevice = ({ args }: Call) => args.some((arg) => "keys" in arg && "device" in arg.keys);
const takesTensor = ({ args }: Call) =>
  args.some((arg) => !("keys" in arg) && tensorsOf(arg.make()).length > 0);

const makers: readonly (readonly [title: string, name: string, call: Call])[] = [
  ...Object.entries<Call>({ ...CREATE, ...RANGES, ...SAMPLE })
    .map(([name, call]) => [`${name}()`, name, call] as const),
  ...OTHER_FORMS,
];

for (const [title, name, call] of makers) {
  const make = Reflect.get(adjoint, name) as (...args: unknown[]) => unknown;
  const ways = [
    ...hasDevice(call) ? [["makes its tensor on the GPU", true] as const] : [],
    ...takesTensor(call) ? [["follows its tensors to the GPU", false] as const] : [],
  ];
  for (const [what, option] of ways) {
    gpuTest(`${title} ${what}`, () => {
      compare(title, (device) => make(...argsFor(call, device, option)));
    });
  }
}

Deno.test("every maker of tensors takes a device or a tensor", () => {
  assertEquals(makers.filter(([, , call]) => !hasDevice(call) && !takesTensor(call)), []);
});

gpuTest("constants, and tensors like others, are made there and not written", () => {
  const like = ones([3], { device: "gpu" });
  const make = () => [
    adjoint.zeros([4], { device: "gpu" }),
    adjoint.full([4], 7, { device: "gpu" }),
    adjoint.zerosLike(like),
    adjoint.onesLike(like),
    adjoint.randLike(like),
    adjoint.randintLike(like, 4),
    adjoint.emptyLike(like),
  ];
  make();
  const before = memoryStats().gpuWrites;
  make();
  assertEquals(memoryStats().gpuWrites, before);
});

gpuTest("a tensor that is made elsewhere, or is another one, is noticed", () => {
  assertThrows(() => compare("ones()", () => ones([2])), AssertionError, "cpu");
  const other = (device: Device) => ones([2], { device }).mul(device === "gpu" ? 1.01 : 1);
  assertThrows(() => compare("other()", other), AssertionError, "at element 0");
});

for (const [name, call] of Object.entries<Call>(INIT)) {
  if (!takesTensor(call)) continue;
  gpuTest(`init.${name}() writes a parameter on the GPU`, () => {
    const run = Reflect.get(nn.init, name) as (...args: unknown[]) => unknown;
    compare(name, (device) => run(...argsFor(call, device, false)));
  });
}

for (const [name, row] of Object.entries(LAYERS)) {
  const call = "methods" in row ? (row.methods as { forward?: Call }).forward : undefined;
  if (call?.on === undefined) continue;
  const { on } = call;
  gpuTest(`nn.${name} computes on the GPU what it computes on the CPU`, () => {
    compare(name, (device) => {
      const layer = placed(on(), device) as { forward(...args: unknown[]): unknown };
      return layer.forward(...argsFor(call, device, false));
    });
  });
}

for (const [name, call] of Object.entries<Call>(FUNCTIONAL)) {
  gpuTest(`nn.functional.${name}() computes on the GPU what it computes on the CPU`, () => {
    const run = Reflect.get(nn.functional, name) as (...args: unknown[]) => unknown;
    compare(name, (device) => run(...argsFor(call, device, false)));
  });
}

Deno.test("the tables have calls of layers and of functions", () => {
  assert(Object.keys(LAYERS).length > 50 && Object.keys(FUNCTIONAL).length > 20);
});
