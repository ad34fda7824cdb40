/** Decimal text with an optional sign, point and exponent. */
const decimal = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/
const mostDigits = 20

/**
 * Oracle's NUMBER: base-100 digits behind one byte of sign and exponent.
 * @param value decimal text, as `-123.456` or `1.5e30`
 */
export function encodeNumber(value: string): Buffer {
  const parts = decimal.exec(value)
  if (parts === null) throw new RangeError(`${value} is no number`)
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = parts
  let digits = (whole + fraction).replace(/^0+/, '')
  let point = whole.length + Number(exponent) - (whole.length + fraction.length - digits.length)
  digits = digits.replace(/0+$/, '')
  if (digits === '') return Buffer.of(0x80)
  // Digits stand in pairs on both sides of the point.
  if (point % 2 !== 0) {
    digits = `0${digits}`
    point += 1
  }
  if (digits.length % 2 !== 0) digits += '0'
  const pairs = Math.min(digits.length / 2, mostDigits)
  const power = point / 2 - 1
  if (power > 62) throw new RangeError(`${value} is too large`)
  if (power < -65) return Buffer.of(0x80)
  const negative = sign === '-'
  const bytes = Buffer.alloc(1 + pairs + (negative && pairs < mostDigits ? 1 : 0))
  bytes[0] = negative ? 62 - power : 193 + power
  for (let pair = 0; pair < pairs; pair++) {
    const digit = Number(digits.slice(pair * 2, pair * 2 + 2))
    bytes[1 + pair] = negative ? 101 - digit : digit + 1
  }
  if (negative && pairs < mostDigits) bytes[1 + pairs] = 102
  return bytes
}

/** Decimal text of a NUMBER, without an exponent. */
export function decodeNumber(bytes: Buffer): string {
  const first = bytes[0] ?? 0
  if (first === 0x80) return '0'
  const negative = first < 0x80
  const power = negative ? 62 - first : first - 193
  let digits = ''
  for (let at = 1; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    if (negative && byte === 102) break
    digits += String(negative ? 101 - byte : byte - 1).padStart(2, '0')
  }
  const point = (power + 1) * 2
  const whole = (point <= 0 ? '' : digits.slice(0, point).padEnd(point, '0')).replace(/^0+(?=\d)/, '')
  const fraction = (point <= 0 ? '0'.repeat(-point) + digits : digits.slice(point)).replace(/0+$/, '')
  return `${negative ? '-' : ''}${whole === '' ? '0' : whole}${fraction === '' ? '' : `.${fraction}`}`
}

/** NUMBERs of small whole values, which most values are. */
const small: Buffer[] = []

/** {@link encodeNumber} of a whole number. */
export function encodeWhole(value: bigint): Buffer {
  if (value < 0n || value > 9999n) return encodeNumber(value.toString())
  const index = Number(value)
  return (small[index] ??= encodeNumber(value.toString()))
}
