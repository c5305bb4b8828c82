/** CRC-32 and deflate, which Deno provides as Node's module; loaded on first use. */

/** The module. A static import would slow down the start of every program by a third. */
function zlib(): typeof import("node:zlib") {
  return globalThis.process.getBuiltinModule("node:zlib");
}

/** CRC-32 of bytes, or continued over more: it detects every change within 32 consecutive bits. */
export function crc32(bytes: Uint8Array, before = 0): number {
  return zlib().crc32(bytes, before);
}

/** Inflates bytes; throws if there are more than a given number. */
export function inflate(bytes: Uint8Array, most: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(zlib().inflateRawSync(bytes, { maxOutputLength: Math.max(1, most) }));
}
