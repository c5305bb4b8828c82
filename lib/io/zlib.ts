/** CRC-32 and deflate, which Deno has inside as Node's module; loaded when they are first needed. */

/** The module. Imported, it would slow down the start of every program by a third. */
function zlib(): typeof import("node:zlib") {
  return globalThis.process.getBuiltinModule("node:zlib");
}

/** CRC-32 of bytes, or of what came before and bytes: every change of up to 32 bits in a row shows. */
export function crc32(bytes: Uint8Array, before = 0): number {
  return zlib().crc32(bytes, before);
}

/** The bytes that were deflated; an error if they are more than a number. */
export function inflate(bytes: Uint8Array, most: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(zlib().inflateRawSync(bytes, { maxOutputLength: Math.max(1, most) }));
}
