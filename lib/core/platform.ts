/** The names of the native library on this platform. */

const { os, arch, env } = Deno.build;

const FILES: Partial<Record<typeof os, string>> = {
  darwin: "libadjoint.dylib",
  windows: "adjoint.dll",
};

/** Its file. */
export const LIBRARY_FILE: string = FILES[os] ?? "libadjoint.so";

// What is built for glibc, the usual C library of Linux, does not run on musl.
const platform = env === "musl" ? `${os}-${arch}-musl` : `${os}-${arch}`;

/** The npm package with the file, named by `Deno.build`. */
export const LIBRARY_PACKAGE: string = `@adjoint/native-${platform}`;
