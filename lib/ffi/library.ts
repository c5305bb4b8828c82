/** Finds and opens the native library when the module is loaded: the only `Deno.dlopen`. */

import meta from "../../deno.json" with { type: "json" };
import { NativeError } from "../core/errors.ts";
import { LIBRARY_FILE, LIBRARY_PACKAGE } from "../core/platform.ts";
import { ABI_VERSION, SYMBOLS } from "./symbols.ts";

type Library = Deno.DynamicLibrary<typeof SYMBOLS>;

/** Where the library lies, and how a fault in it is mended. */
interface Place {
  readonly path: string | URL;
  readonly remedy: string;
  /** What its bytes must sum up to, where that is known. */
  readonly sha256?: string;
}

/** `ADJOINT_LIBRARY_PATH`, read only where that asks the user nothing. */
function givenPath(): string | undefined {
  const variable = "ADJOINT_LIBRARY_PATH";
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) || undefined : undefined;
}

/** The library of the npm package for this platform, which Deno downloads and keeps. */
async function fromPackage(): Promise<Place> {
  const specifier = `npm:${LIBRARY_PACKAGE}@${meta.version}`;
  try {
    const found: { readonly default: URL; readonly sha256: string } = await import(specifier);
    return {
      path: found.default,
      sha256: found.sha256,
      remedy: `run \`deno cache --reload ${specifier}\``,
    };
  } catch (cause) {
    throw new NativeError(
      `Cannot find the native library: tried ${specifier}; where a platform has no ` +
        `package, \`deno run -A jsr:${meta.name}@${meta.version}/install\` builds it`,
      { cause },
    );
  }
}

async function locate(): Promise<Place> {
  const given = givenPath();
  if (given !== undefined) {
    return { path: given, remedy: "set ADJOINT_LIBRARY_PATH to the library, or unset it" };
  }
  if (!import.meta.url.startsWith("file:")) return await fromPackage();
  return {
    path: new URL(`../../target/release/${LIBRARY_FILE}`, import.meta.url),
    remedy: "run `deno task build` in the checkout",
  };
}

/** Refuses a library that was damaged where it lies, if reading it asks the user nothing. */
async function checkBytes({ path, remedy, sha256 }: Place): Promise<void> {
  if (sha256 === undefined) return;
  if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return;
  const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(path));
  if (new Uint8Array(digest).toHex() !== sha256) {
    throw new NativeError(`Cannot use the native library: ${path} was damaged; ${remedy}`);
  }
}

function open({ path, remedy }: Place): Library {
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

const place = await locate();
await checkBytes(place);
const library = open(place);

/** The native functions. */
export const native: Library["symbols"] = library.symbols;

if (native.adjoint_abi_version() !== ABI_VERSION) {
  throw new NativeError(
    `Cannot use the native library: ${place.path} has interface version ` +
      `${native.adjoint_abi_version()}, this code needs ${ABI_VERSION}; ${place.remedy}`,
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
      `Cannot use the native library: it has no kernel "${name}"; ${place.remedy}`,
    );
  }
  asked.add(name);
  return number;
}

/**
 * The names on both sides, each kernel's WGSL expression where it has one, and the names of the element
 * types that it takes on the GPU that is open.
 */
export function kernelTable(): {
  name: string;
  asked: boolean;
  wgsl: string | undefined;
  types: readonly string[];
}[] {
  return [...numbers].map(([name, number]) => ({
    name,
    asked: asked.has(name),
    wgsl: kernelText(number, 1) || undefined,
    types: kernelText(number, 2).split(" "),
  }));
}

/** Refuses a library with kernels that no op uses: it is of another version. */
export function checkKernels(): void {
  const unknown = kernelTable().filter((kernel) => !kernel.asked).map((kernel) => kernel.name);
  if (unknown.length > 0) {
    throw new NativeError(
      `Cannot use the native library: no op asks for its kernels ${unknown.join(", ")}; ` +
        place.remedy,
    );
  }
}
