/** What the native library is called on this platform. */

const { os, arch, env } = Deno.build;

const FILES: Partial<Record<typeof os, string>> = {
  darwin: "libadjoint.dylib",
  windows: "adjoint.dll",
};

/** The file that holds it. */
export const LIBRARY_FILE: string = FILES[os] ?? "libadjoint.so";

// What is built for glibc, the usual C library of Linux, does not run on musl.
const platform = env === "musl" ? `${os}-${arch}-musl` : `${os}-${arch}`;

/** The npm package that holds the file, in `Deno.build`'s words. */
export const LIBRARY_PACKAGE: string = `@adjoint/native-${platform}`;
