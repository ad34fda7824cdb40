import fc from 'fast-check'
import type { FuzzSubject, HostileInput } from './subject.ts'

const noise = fc.oneof(
  fc.constantFrom('', ' ', '\0', '\n', '\r\n', '\t', '"', "'", '`', '\\', '/', '../', '%', '$(x)', ';', '--', '[', ']', '{', '}', ',', ':', '=', '~', '|', '\u2028', '\uFEFF', '\u{1F4A5}', 'é', '\u202E', '__proto__', 'constructor', 'null', 'true', 'NaN', '-1', '0', '1e308', '9007199254740993', '18446744073709551615', '18446744073709551616', '99999999999999999999999', '[]', '{}', '""'),
  fc.string({ unit: 'binary', maxLength: 8 }),
)

type Change = (text: string, original: string) => string

const place = fc.double({ min: 0, max: 1, noNaN: true })
const at = (where: number, text: string): number => Math.min(text.length, Math.floor(where * (text.length + 1)))

/** Overwrites a span. */
function splice(words: readonly string[]): fc.Arbitrary<Change> {
  const insert = words.length === 0 ? noise : fc.oneof({ weight: 2, arbitrary: noise }, { weight: 1, arbitrary: fc.constantFrom(...words) })
  return fc.tuple(place, fc.nat(12), insert).map(([where, length, piece]) => (text) => text.slice(0, at(where, text)) + piece + text.slice(at(where, text) + length))
}

/** Replaces one digit by another one: what a bad disk or a careless hand does. */
const otherDigit: fc.Arbitrary<Change> = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 9 })).map(([which, shift]) => (text) => {
  const digits = [...text.matchAll(/\d/g)]
  const found = digits[which % Math.max(1, digits.length)]
  return found === undefined ? text : text.slice(0, found.index) + String((Number(found[0]) + shift) % 10) + text.slice(found.index + 1)
})

const hugeNumber: fc.Arbitrary<Change> = fc.tuple(fc.nat(), fc.bigInt({ min: 2n ** 53n - 2n, max: 2n ** 66n })).map(([which, value]) => (text) => {
  const numbers = [...text.matchAll(/\d+/g)]
  const found = numbers[which % Math.max(1, numbers.length)]
  return found === undefined ? text : text.slice(0, found.index) + String(value) + text.slice(found.index + found[0].length)
})

const lines: fc.Arbitrary<Change> = fc.tuple(fc.constantFrom('repeat', 'remove', 'swap'), fc.nat(), fc.nat()).map(([what, a, b]) => (text) => {
  const list = text.split('\n')
  const [from, to] = [a % list.length, b % list.length]
  if (what === 'remove') list.splice(from, 1)
  else if (what === 'repeat') list.splice(to, 0, list[from] ?? '')
  else [list[from], list[to]] = [list[to] ?? '', list[from] ?? '']
  return list.join('\n')
})

const tail: fc.Arbitrary<Change> = place.map((where) => (text) => text.slice(at(where, text)))
const head: fc.Arbitrary<Change> = place.map((where) => (text) => text.slice(0, at(where, text)))

/** Damaged documents of a subject: a quarter of them only cut off, the rest with one to four changes; a few are nothing but noise. */
export function hostileInputs(subject: Pick<FuzzSubject, 'originals' | 'words'>): fc.Arbitrary<HostileInput> {
  const original = fc.constantFrom(...subject.originals)
  const change = fc.oneof({ weight: 4, arbitrary: splice(subject.words ?? []) }, { weight: 2, arbitrary: otherDigit }, { weight: 2, arbitrary: hugeNumber }, { weight: 2, arbitrary: lines }, { weight: 1, arbitrary: head }, { weight: 1, arbitrary: tail })
  const cut = fc.tuple(original, place).map(([text, where]): HostileInput => ({ text: text.slice(0, at(where, text)), original: text, truncatedAt: at(where, text) }))
  const changed = fc.tuple(original, fc.array(change, { minLength: 1, maxLength: 4 })).map(([text, changes]): HostileInput => ({ text: changes.reduce((result, each) => each(result, text), text), original: text }))
  const rubbish = fc.tuple(original, fc.array(noise, { maxLength: 30 })).map(([text, pieces]): HostileInput => ({ text: pieces.join(''), original: text }))
  return fc.oneof({ weight: 5, arbitrary: cut }, { weight: 14, arbitrary: changed }, { weight: 1, arbitrary: rubbish })
}
