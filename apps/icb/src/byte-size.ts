import { usageErrors } from './errors.ts'

const exponents: Readonly<Record<string, bigint>> = { '': 0n, K: 1n, M: 2n, G: 3n, T: 4n }

/** Bytes of `500G`, `5T` or a plain number; powers of 1024. @throws ICB_USAGE_ARGUMENT */
export function readByteSize(text: string): bigint {
  const match = /^(\d+)([KMGT]?)$/i.exec(text)
  const exponent = exponents[(match?.[2] ?? '').toUpperCase()]
  if (match?.[1] === undefined || exponent === undefined || BigInt(match[1]) === 0n) throw usageErrors.ARGUMENT(`"${text}" is no size`, { hint: 'Write bytes, or a number with K, M, G or T: 500G.' })
  return BigInt(match[1]) * 1024n ** exponent
}
