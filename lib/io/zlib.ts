/** CRC-32, deflate and gzip, which Deno provides as Node's module; loaded on first use. */

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

/** Whether bytes begin as gzipped ones do. */
export function isGzipped(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** Unpacks gzipped bytes; null if there are more than a given number. Throws if they are damaged. */
export function gunzip(bytes: Uint8Array, most: number): Uint8Array | null {
  try {
    return zlib().gunzipSync(bytes, { maxOutputLength: Math.max(1, most) });
  } catch (error) {
    if (Reflect.get(error as Error, "code") === "ERR_BUFFER_TOO_LARGE") return null;
    throw error;
  }
}

/** Packed bytes that surely hold the first kilobyte of what gzip has packed. */
const FIRST = 1 << 13;

/** What gzipped bytes unpack into, at least the first kilobyte of it. Throws if they are damaged. */
export function gunzipBeginning(bytes: Uint8Array): Uint8Array {
  const { gunzipSync, constants } = zlib();
  return gunzipSync(bytes.subarray(0, FIRST), { finishFlush: constants.Z_SYNC_FLUSH });
}
