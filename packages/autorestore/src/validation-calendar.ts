import { createHash, randomInt } from 'node:crypto'

export interface ValidationRule {
  /** Validate with probability 1/n; 0: off, 1: always. */
  readonly validateChance: number
  /** Validate every n days, on a day of the database's own; wins over chance when above 0. */
  readonly validateModulus: number
  /** Hashed to find the database's day. */
  readonly validationKey: string
}

const dayMs = 86_400_000

/** First 32 bits of SHA-256: the same on every platform and release. */
function stableHash(key: string): number {
  return createHash('sha256').update(key).digest().readUInt32BE(0)
}

/** Days from today (UTC) until the next validation by modulus; 0: today. */
export function daysUntilValidation(rule: ValidationRule, now: number): number | undefined {
  const { validateModulus: modulus } = rule
  if (modulus <= 0) return undefined
  const today = Math.floor(now / dayMs) % modulus
  return ((stableHash(rule.validationKey) % modulus) - today + modulus) % modulus
}

/**
 * Whether all blocks are validated today. A database whose last validation is older than the modulus is overdue and
 * validated at once, so that a missed day does not wait a whole cycle.
 */
export function isValidationDue(rule: ValidationRule, options: { readonly now: number; readonly lastValidatedAt?: number; readonly random?: (n: number) => number }): boolean {
  if (rule.validateModulus > 0) {
    if (daysUntilValidation(rule, options.now) === 0) return true
    return options.lastValidatedAt !== undefined && Math.floor(options.now / dayMs) - Math.floor(options.lastValidatedAt / dayMs) >= rule.validateModulus
  }
  if (rule.validateChance <= 0) return false
  return (options.random ?? ((n) => randomInt(n)))(rule.validateChance) === 0
}
