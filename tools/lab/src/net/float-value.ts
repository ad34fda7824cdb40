/** BINARY_DOUBLE (eight bytes) and BINARY_FLOAT (four) in the order in which they sort as bytes. */
export function encodeFloat(value: number, size: 4 | 8): Buffer {
  const bytes = Buffer.alloc(size)
  if (size === 8) bytes.writeDoubleBE(value)
  else bytes.writeFloatBE(value)
  return flip(bytes, ((bytes[0] ?? 0) & 0x80) !== 0)
}

export function decodeFloat(given: Buffer): number {
  const bytes = flip(Buffer.from(given), ((given[0] ?? 0) & 0x80) === 0)
  return bytes.length === 4 ? bytes.readFloatBE() : bytes.readDoubleBE()
}

/** Negative: all bits change; positive: only the sign. */
function flip(bytes: Buffer, negative: boolean): Buffer {
  if (negative) for (let at = 0; at < bytes.length; at++) bytes[at] = ~(bytes[at] ?? 0) & 0xff
  else bytes[0] = (bytes[0] ?? 0) ^ 0x80
  return bytes
}
