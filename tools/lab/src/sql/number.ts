import { ora } from '../engine/ora-error.ts'

/**
 * A NUMBER. Whole numbers are bigints and exact; numbers with a fraction are doubles rounded to 15 significant digits
 * (Oracle has 38), so that 0.1 + 0.2 = 0.3 holds.
 */
export type OraNumber = bigint | number

/**
 * A NUMBER inside SQLite: INTEGER, REAL, or (beyond 64 bits signed) a text of 40 digits, which sorts after every INTEGER
 * and in the right order among its like.
 */
export type StoredNumber = bigint | number | string

const storedDigits = 40
const largestStored = 2n ** 63n - 1n
const plain = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/

/** @throws OraError 01426 numeric overflow */
export function normalise(value: OraNumber): OraNumber {
  if (typeof value === 'bigint') return value
  if (!Number.isFinite(value)) throw ora(1426, 'numeric overflow')
  if (Number.isInteger(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER) return BigInt(value)
  const rounded = Number(value.toPrecision(15))
  return Number.isInteger(rounded) && Math.abs(rounded) < 1e39 ? BigInt(rounded) : rounded
}

export function storeNumber(value: OraNumber): StoredNumber {
  const number = normalise(value)
  if (typeof number !== 'bigint' || (number <= largestStored && number >= -largestStored)) return number
  return number > 0n ? number.toString().padStart(storedDigits, '0') : Number(number)
}

export function loadNumber(stored: StoredNumber): OraNumber {
  return typeof stored === 'string' ? BigInt(stored) : normalise(stored)
}

/** @throws OraError 01722 */
export function parseNumber(text: string): OraNumber {
  const trimmed = text.trim()
  if (!plain.test(trimmed)) throw ora(1722, 'invalid number')
  return /^[+-]?\d+$/.test(trimmed) ? BigInt(trimmed.replace('+', '')) : normalise(Number(trimmed))
}

/** Decimal digits without an exponent: `[sign, whole, fraction]`. */
export function digitsOf(value: OraNumber): { negative: boolean; whole: string; fraction: string } {
  const negative = value < 0
  if (typeof value === 'bigint') return { negative, whole: (negative ? -value : value).toString(), fraction: '' }
  const [mantissa = '0', exponent = '0'] = Math.abs(value).toExponential(14).split('e')
  const digits = mantissa.replace('.', '').replace(/0+$/, '')
  const point = Number(exponent) + 1
  if (point <= 0) return { negative, whole: '0', fraction: '0'.repeat(-point) + digits }
  return { negative, whole: digits.slice(0, point).padEnd(point, '0'), fraction: digits.slice(point) }
}

/** As TO_CHAR without a format and TM9 write it: no leading zero before the point, an exponent beyond 40 digits. */
export function numberText(value: OraNumber): string {
  const { negative, whole, fraction } = digitsOf(value)
  const sign = negative ? '-' : ''
  if (whole.length > 40) return `${sign}${scientific(whole)}`
  const body = whole === '0' && fraction !== '' ? `.${fraction}` : fraction === '' ? whole : `${whole}.${fraction}`
  return sign + body
}

function scientific(whole: string): string {
  const fraction = whole.slice(1, 34).replace(/0+$/, '')
  return `${whole.slice(0, 1)}${fraction === '' ? '' : `.${fraction}`}E+${String(whole.length - 1).padStart(2, '0')}`
}

function both(left: OraNumber, right: OraNumber, exact: (a: bigint, b: bigint) => bigint, rough: (a: number, b: number) => number): OraNumber {
  return normalise(typeof left === 'bigint' && typeof right === 'bigint' ? exact(left, right) : rough(Number(left), Number(right)))
}

/** @throws OraError 01476 divisor is equal to zero, 01426 */
export function arithmetic(operator: '+' | '-' | '*' | '/', left: OraNumber, right: OraNumber): OraNumber {
  switch (operator) {
    case '+':
      return both(left, right, (a, b) => a + b, (a, b) => a + b)
    case '-':
      return both(left, right, (a, b) => a - b, (a, b) => a - b)
    case '*':
      return both(left, right, (a, b) => a * b, (a, b) => a * b)
    case '/':
      if (Number(right) === 0) throw ora(1476, 'divisor is equal to zero')
      if (typeof left === 'bigint' && typeof right === 'bigint' && left % right === 0n) return left / right
      return normalise(Number(left) / Number(right))
  }
}

/** Half away from zero, at `digits` places after the point (before it when negative). */
export function roundNumber(value: OraNumber, digits: number): OraNumber {
  return atPlaces(value, digits, (scaled) => Math.sign(scaled) * Math.round(Math.abs(scaled)))
}

export function truncateNumber(value: OraNumber, digits: number): OraNumber {
  return atPlaces(value, digits, Math.trunc)
}

function atPlaces(value: OraNumber, digits: number, whole: (scaled: number) => number): OraNumber {
  if (typeof value === 'bigint') {
    if (digits >= 0) return value
    const unit = 10n ** BigInt(-digits)
    const remainder = value % unit
    const base = value - remainder
    const up = whole(Number(remainder) / Number(unit))
    return base + BigInt(up) * unit
  }
  const scale = 10 ** digits
  return normalise(whole(Number((value * scale).toPrecision(15))) / scale)
}

/** MOD with the sign of the dividend; MOD(n, 0) is n. */
export function modulo(left: OraNumber, right: OraNumber): OraNumber {
  if (Number(right) === 0) return left
  return both(left, right, (a, b) => a % b, (a, b) => a % b)
}

function invalidModel(): never {
  throw ora(1481, 'invalid number format model')
}

interface NumberModel {
  readonly fill: boolean
  readonly sign: 'none' | 'S' | 'S-end' | 'MI' | 'PR'
  readonly dollar: boolean
  /** L: ten places for the currency. */
  readonly local: boolean
  /** Digits and group marks before the point, as written. */
  readonly whole: string
  readonly fraction: string
  readonly point: string
  readonly blankZero: boolean
  readonly exponent: boolean
}

function parseModel(format: string): NumberModel {
  let rest = format.toUpperCase()
  const take = (pattern: RegExp): boolean => {
    const found = pattern.test(rest)
    if (found) rest = rest.replace(pattern, '')
    return found
  }
  const fill = !take(/^FM/)
  const exponent = take(/EEEE$/)
  const sign = take(/^S/) ? 'S' : take(/S$/) ? 'S-end' : take(/MI$/) ? 'MI' : take(/PR$/) ? 'PR' : 'none'
  // The local currency of this database is the dollar too.
  const local = take(/^L|L$/)
  const dollar = take(/^\$/) || local
  const blankZero = take(/^B/)
  const parts = /^([09,G]*)(?:([.D])([09]*))?$/.exec(rest)
  if (parts === null || rest === '') invalidModel()
  return { fill, sign, dollar, local, blankZero, exponent, whole: parts[1] ?? '', point: parts[2] === undefined ? '' : '.', fraction: parts[3] ?? '' }
}

/**
 * TO_CHAR(number, format): 9 0 , G . D $ B S MI PR FM EEEE X and TM, TM9, TME. A number too wide is all `#`.
 * @throws OraError 01481
 */
export function formatNumber(value: OraNumber, format: string): string {
  if (/^(fm)?tm9?$/i.test(format)) return numberText(value)
  if (/^(fm)?tme$/i.test(format)) return Number(value).toExponential().replace(/e([+-])(\d)$/, 'E$10$2').replace('e', 'E')
  if (/^(fm)?rn$/i.test(format)) return roman(value, format)
  const hex = /^(fm)?(0*)(x+)$/i.exec(format)
  if (hex !== null) return formatHex(value, hex)
  const model = parseModel(format)
  if (model.exponent) return formatExponent(value, model)
  const rounded = roundNumber(value, model.fraction.length)
  const { negative, whole, fraction } = digitsOf(rounded)
  const places = model.whole.replace(/[,G]/g, '')
  const digits = whole === '0' && (places.length === 0 || model.fraction !== '') && !places.includes('0') ? '' : whole
  const width = model.whole.length + model.point.length + model.fraction.length + (model.local ? 10 : model.dollar ? 1 : 0) + (model.sign === 'PR' ? 2 : 1)
  if (digits.length > places.length) return '#'.repeat(width)
  const body = placeWhole(digits, model.whole) + model.point + placeFraction(fraction, model)
  const signed = applySign(model.blankZero && rounded === 0n ? '' : `${model.dollar ? '$' : ''}${body}`, negative && rounded !== 0n, model.sign, model.fill)
  return model.fill ? signed.padStart(width) : signed
}

/** RN: 15 places, `#` beyond 3999. */
function roman(value: OraNumber, format: string): string {
  let rest = Number(value)
  if (!Number.isInteger(rest) || rest < 1 || rest > 3999) return '#'.repeat(15)
  let text = ''
  for (const [size, letters] of [[1000, 'M'], [900, 'CM'], [500, 'D'], [400, 'CD'], [100, 'C'], [90, 'XC'], [50, 'L'], [40, 'XL'], [10, 'X'], [9, 'IX'], [5, 'V'], [4, 'IV'], [1, 'I']] as const) {
    for (; rest >= size; rest -= size) text += letters
  }
  const cased = format.endsWith('n') ? text.toLowerCase() : text
  return /^fm/i.test(format) ? cased : cased.padStart(15)
}

function formatHex(value: OraNumber, parts: RegExpExecArray): string {
  const zeros = parts[2] ?? ''
  const xs = parts[3] ?? ''
  const whole = typeof value === 'bigint' ? value : BigInt(Math.round(value))
  const digits = whole < 0n ? '' : whole.toString(16)
  const width = zeros.length + xs.length
  if (digits === '' || digits.length > width) return '#'.repeat(width + 1)
  const padded = zeros === '' ? digits : digits.padStart(width, '0')
  const cased = xs.startsWith('X') ? padded.toUpperCase() : padded
  return parts[1] === undefined ? cased.padStart(width + 1) : cased
}

function formatExponent(value: OraNumber, model: NumberModel): string {
  const [mantissa = '', exponent = '+0'] = Number(value).toExponential(model.fraction.length).split('e')
  const text = `${mantissa}E${exponent.slice(0, 1)}${exponent.slice(1).padStart(2, '0')}`
  return model.fill ? text.padStart(text.startsWith('-') ? 0 : text.length + 1) : text
}

/** Digits from the right; a group mark only between digits; zeros from the leftmost 0 of the model on. */
function placeWhole(digits: string, model: string): string {
  const firstZero = model.indexOf('0')
  let left = digits
  let placed = ''
  for (let index = model.length - 1; index >= 0; index--) {
    const mark = model[index]
    const forced = firstZero >= 0 && index >= firstZero
    if (mark === ',' || mark === 'G') {
      if (left !== '' || (forced && firstZero < index)) placed = `,${placed}`
    } else if (left !== '') {
      placed = `${left.slice(-1)}${placed}`
      left = left.slice(0, -1)
    } else if (forced) placed = `0${placed}`
  }
  return placed
}

function placeFraction(fraction: string, model: NumberModel): string {
  const padded = fraction.padEnd(model.fraction.length, '0')
  if (model.fill) return padded
  const kept = model.fraction.lastIndexOf('0') + 1
  return padded.slice(0, kept) + padded.slice(kept).replace(/0+$/, '')
}

function applySign(body: string, negative: boolean, sign: NumberModel['sign'], fill: boolean): string {
  switch (sign) {
    case 'S':
      return (negative ? '-' : '+') + body
    case 'S-end':
      return body + (negative ? '-' : '+')
    case 'MI':
      return body + (negative ? '-' : fill ? ' ' : '')
    case 'PR':
      return negative ? `<${body}>` : fill ? ` ${body} ` : body
    case 'none':
      return negative ? `-${body}` : body
  }
}

/** TO_NUMBER(text, format). @throws OraError 01722, 01481 */
export function parseNumberWith(text: string, format: string): OraNumber {
  if (/^(fm)?0*x+$/i.test(format)) {
    if (!/^\s*[0-9a-f]+\s*$/i.test(text)) throw ora(1722, 'invalid number')
    return BigInt(`0x${text.trim()}`)
  }
  if (!/^(fm)?tm[9e]?$/i.test(format)) parseModel(format)
  const negative = /^\s*<.*>\s*$|-\s*$/.test(text)
  return parseNumber(`${negative ? '-' : ''}${text.replace(/[,$<>\s]|[-+]\s*$/g, '')}`)
}
