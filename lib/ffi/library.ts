/** Finds and opens the native library when the module is loaded: the only `Deno.dlopen`. */

import meta from "../../deno.json" with { type: "json" };
import { NativeError } from "../core/errors.ts";
import { ABI_VERSION, SYMBOLS } from "./symbols.ts";

type Library = Deno.DynamicLibrary<typeof SYMBOLS>;

const NAMES: Partial<Record<typeof Deno.build.os, string>> = {
  darwin: "libadjoint.dylib",
  windows: "adjoint.dll",
};

/** `ADJOINT_LIBRARY_PATH`, read only where that asks the user nothing. */
function givenPath(): string | undefined {
  const variable = "ADJOINT_LIBRARY_PATH";
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) || undefined : undefined;
}

/** Where the library lies, and the command that puts it there. */
async function locate(): Promise<{ path: string | URL; remedy: string }> {
  const given = givenPath();
  if (given !== undefined) {
    return { path: given, remedy: "set ADJOINT_LIBRARY_PATH to the library, or unset it" };
  }
  if (import.meta.url.startsWith("file:")) {
    const name = NAMES[Deno.build.os] ?? "libadjoint.so";
    const path = new URL(`../../target/release/${name}`, import.meta.url);
    return { path, remedy: "run `deno task build` in the checkout" };
  }
  const specifier = `npm:@adjoint/native-${Deno.build.os}-${Deno.build.arch}@${meta.version}`;
  const remedy = `run \`deno cache ${specifier}\`, or set ADJOINT_LIBRARY_PATH to your own build`;
  try {
    const { default: path } = await import(specifier);
    return { path, remedy };
  } catch (cause) {
    throw new NativeError(`Cannot find the native library: tried ${specifier}; ${remedy}`, {
      cause,
    });
  }
}

async function open(): Promise<Library> {
  const { path, remedy } = await locate();
  try {
    return Deno.dlopen(path, SYMBOLS);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) {
      throw new Deno.errors.NotCapable(
        "Cannot open the native library without permission: run Deno with --allow-ffi",
        { cause },
      );
    }
    throw new NativeError(`Cannot open the native library: tried ${path}; ${remedy}`, { cause });
  }
}

const library = await open();

/** The native functions. */
export const native: Library["symbols"] = library.symbols;

if (native.adjoint_abi_version() !== ABI_VERSION) {
  throw new NativeError(
    `Cannot use the native library: it has interface version ${native.adjoint_abi_version()}, ` +
      `this code needs ${ABI_VERSION}; run \`deno task build\` in the checkout`,
  );
}

const text = new Uint8Array(1 << 14);

function kernelText(kernel: number, field: number): string {
  const length = native.adjoint_kernel_text(kernel, field, text, text.length);
  return new TextDecoder().decode(text.subarray(0, length));
}

const numbers = new Map<string, number>();
const asked = new Set<string>();
for (let i = 0; i < native.adjoint_kernel_count(); i++) numbers.set(kernelText(i, 0), i);

/** The number of the kernel with the given name; asked once, when an op is defined. */
export function kernelNumber(name: string): number {
  const number = numbers.get(name);
  if (number === undefined) {
    throw new NativeError(
      `Cannot use the native library: it has no kernel "${name}"; run \`deno task build\``,
    );
  }
  asked.add(name);
  return number;
}

/** The names on both sides, and each kernel's WGSL expression where it has one. */
export function kernelTable(): { name: string; asked: boolean; wgsl: string | undefined }[] {
  return [...numbers].map(([name, number]) => ({
    name,
    asked: asked.has(name),
    wgsl: kernelText(number, 1) || undefined,
  }));
}

/** Refuses a library with kernels that no op uses: it is of another version. */
export function checkKernels(): void {
  const unknown = kernelTable().filter((kernel) => !kernel.asked).map((kernel) => kernel.name);
  if (unknown.length > 0) {
    throw new NativeError(
      `Cannot use the native library: no op asks for its kernels ${unknown.join(", ")}; ` +
        "run `deno task build`",
    );
  }
}
