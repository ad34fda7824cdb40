/**
 * Records as JSON. Bigints are written as decimal strings; every key that ends with `scn` is read back as a bigint, which
 * holds for all records of the control file and of file headers.
 */
export function encodeJson(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value, (_key, v: unknown) => (typeof v === 'bigint' ? v.toString() : v)), 'utf8')
}

export function decodeJson(bytes: Buffer): unknown {
  return JSON.parse(bytes.toString('utf8'), (key, v: unknown) => (typeof v === 'string' && /scn$/i.test(key) ? BigInt(v) : v)) as unknown
}
