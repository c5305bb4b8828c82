/** Numbers in the form that TensorBoard reads: records of serialized `Event` messages. */

/** Remainders of CRC-32C (Castagnoli) for each byte, in its reversed form. */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** The checksum of TFRecord files: CRC-32C, rotated and shifted. */
function maskedCrc(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0);
  crc = (crc ^ 0xffffffff) >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** An unsigned number as a varint: groups of seven bits, the lowest first. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value % 0x80) | 0x80);
  return [...bytes, value];
}

/** A length-delimited field of a message: text, or another message. */
function field(number: number, bytes: ArrayLike<number>): number[] {
  return [number << 3 | 2, ...varint(bytes.length), ...Array.from(bytes)];
}

function fixed(number: number, value: number, bits: 32 | 64): number[] {
  const view = new DataView(new ArrayBuffer(bits / 8));
  if (bits === 64) view.setFloat64(0, value, true);
  else view.setFloat32(0, value, true);
  return [number << 3 | (bits === 64 ? 1 : 5), ...new Uint8Array(view.buffer)];
}

/** A message with its length and checksums. */
function record(message: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(12 + message.length + 4);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, message.length, true);
  view.setUint32(8, maskedCrc(bytes.subarray(0, 8)), true);
  bytes.set(message, 12);
  view.setUint32(12 + message.length, maskedCrc(bytes.subarray(12, 12 + message.length)), true);
  return bytes;
}

const text = new TextEncoder();

/** The first record of a file. @param time Seconds since 1970. */
export function versionRecord(time: number): Uint8Array {
  return record([...fixed(1, time, 64), ...field(3, text.encode("brain.Event:2"))]);
}

/** A record of numbers at a step. @param time Seconds since 1970. */
export function scalarsRecord(
  time: number,
  step: number,
  values: Readonly<Record<string, number>>,
): Uint8Array {
  const summary = Object.entries(values).flatMap(([tag, value]) =>
    field(1, [...field(1, text.encode(tag)), ...fixed(2, value, 32)])
  );
  return record([...fixed(1, time, 64), 2 << 3, ...varint(step), ...field(5, summary)]);
}
