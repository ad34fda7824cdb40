import fc from 'fast-check'
import { expect, it } from 'vitest'
import { daysUntilValidation, isValidationDue } from './validation-calendar.ts'

const day = 86_400_000
const rule = (validateModulus: number, validateChance = 0, validationKey = 'orcl') => ({ validateModulus, validateChance, validationKey })

it('[H39] [M:block-validation] [K:autorestoremodulus] [K:stringforvalidationmod] validates exactly one day of each cycle, always the same one', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 90 }), fc.integer({ min: 0, max: 40_000 }), (key, modulus, first) => {
      const due = Array.from({ length: modulus }, (_, offset) => isValidationDue(rule(modulus, 0, key), { now: (first + offset) * day })).filter(Boolean)
      expect(due).toHaveLength(1)
      const until = daysUntilValidation(rule(modulus, 0, key), first * day) ?? -1
      expect(isValidationDue(rule(modulus, 0, key), { now: (first + until) * day })).toBe(true)
    }),
  )
})

it('[H39] catches up at once when the own day was missed, once a day at most', () => {
  const now = 20_000 * day + (1 + (daysUntilValidation(rule(30), 20_000 * day) ?? 0)) * day
  expect(isValidationDue(rule(30), { now })).toBe(false)
  expect(isValidationDue(rule(30), { now, lastValidatedAt: now - day })).toBe(false)
  expect(isValidationDue(rule(30), { now, lastValidatedAt: now - 2 * day })).toBe(true)
  expect(isValidationDue(rule(30), { now, firstTestedAt: now - 2 * day })).toBe(true)
  expect(isValidationDue(rule(30), { now, firstTestedAt: now })).toBe(false)
  expect(isValidationDue(rule(30), { now: now - day, lastValidatedAt: now - day })).toBe(false)
})

it('[M:block-validation] [K:autorestorevalidatechance] chance: 0 is never, 1 is always, n asks for one of n', () => {
  expect(isValidationDue(rule(0, 0), { now: 0 })).toBe(false)
  expect(isValidationDue(rule(0, 1), { now: 0 })).toBe(true)
  expect(isValidationDue(rule(0, 7), { now: 0, random: (n) => n - 1 })).toBe(false)
  expect(isValidationDue(rule(0, 7), { now: 0, random: () => 0 })).toBe(true)
})
