import { expect, it } from 'vitest'
import { daysUntilValidation, planValidations } from '@icb/autorestore'

/** A fleet's year, day by day: what is planned is what the next day knows of. */

const day = 86_400_000
const modulus = 30
const databases = Array.from({ length: 300 }, (_, index) => `db${String(index).padStart(3, '0')}`)
const begin = Date.UTC(2026, 0, 1, 6)

/** Days on which each database was validated. `tests(d)`: whether anybody runs restore tests on day d. */
function simulate(days: number, tests: (day: number) => boolean): { readonly validated: Map<string, number[]>; readonly load: number[] } {
  const validated = new Map<string, number[]>(databases.map((name) => [name, []]))
  const load: number[] = []
  for (let today = 0; today < days; today += 1) {
    if (!tests(today)) {
      load.push(0)
      continue
    }
    const now = begin + today * day
    const plan = planValidations(
      databases.map((database) => {
        const last = validated.get(database)?.at(-1)
        return { database, validateChance: 0, validateModulus: modulus, validationKey: database, firstTestedAt: begin, ...(last === undefined ? {} : { lastValidatedAt: begin + last * day }) }
      }),
      now,
    )
    const due = plan.filter(({ decision }) => decision === 'today' || decision === 'catch-up')
    for (const { database } of due) validated.get(database)?.push(today)
    load.push(due.length)
  }
  return { validated, load }
}

/** How many days had how many validations, in steps of five. */
function spread(load: readonly number[]): string {
  const steps = [0, 5, 10, 15, 20, 25]
  return `a day has ${(load.reduce((sum, count) => sum + count, 0) / load.length).toFixed(1)} on average, ${String(Math.min(...load))} to ${String(Math.max(...load))}; ${steps.map((from) => `${String(from)}-${String(from + 4)}: ${String(load.filter((count) => count >= from && count < from + 5).length)} days`).join(', ')}`
}

/** The own days of each database within the year, by its hash alone. */
const ownDays = new Map(databases.map((database) => {
  const first = daysUntilValidation({ validateChance: 0, validateModulus: modulus, validationKey: database }, begin) ?? 0
  return [database, Array.from({ length: 13 }, (_, cycle) => first + cycle * modulus).filter((today) => today < 365)]
}))
const own = (database: string): readonly number[] => ownDays.get(database) ?? []

it('validates each of 300 databases on its own days, and only then, when nothing goes wrong', () => {
  const { validated, load } = simulate(365, () => true)
  for (const database of databases) expect(validated.get(database)).toEqual(own(database))
  expect(load.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(300 * 12)
  // 10 a day on average; a hash spreads, it does not deal out. Every day has work, no day has three times the average.
  expect(Math.min(...load)).toBeGreaterThanOrEqual(1)
  expect(Math.max(...load)).toBeLessThan(30)
  console.log(`a year of ${String(databases.length)} databases, modulus ${String(modulus)}: ${String(load.reduce((sum, count) => sum + count, 0))} validations; ${spread(load)}`)
})

it('catches up after a week without tests, without a day of twice the average load more than its own', () => {
  const away = (today: number): boolean => today >= 100 && today < 107
  const { validated, load } = simulate(365, (today) => !away(today))
  const missed = databases.filter((database) => own(database).some(away))
  expect(missed.length).toBeGreaterThan(40)
  const caughtUp = missed.map((database) => (validated.get(database) ?? []).find((today) => today >= 107) ?? Infinity)
  // Nobody waits for the next own day, which is up to 30 days away.
  expect(Math.max(...caughtUp)).toBeLessThanOrEqual(107 + 14)
  // Afterwards everybody is back on the own days.
  for (const database of databases) expect(validated.get(database)?.filter((today) => today > 140)).toEqual(own(database).filter((today) => today > 140))
  const ownLoad = Array.from({ length: 365 }, (_, today) => databases.filter((database) => own(database).includes(today)).length)
  for (let today = 107; today < 130; today += 1) expect(load[today]).toBeLessThanOrEqual(Math.max(20, ownLoad[today] ?? 0))
  // Longest overdue first: who missed the first day of the outage waits no longer than who missed the last.
  const firstMissed = missed.filter((database) => own(database).includes(100)).map((database) => caughtUp[missed.indexOf(database)] ?? 0)
  const lastMissed = missed.filter((database) => own(database).includes(106)).map((database) => caughtUp[missed.indexOf(database)] ?? 0)
  expect(Math.max(...firstMissed)).toBeLessThanOrEqual(Math.min(...lastMissed))
  console.log(`a week without tests: ${String(missed.length)} databases missed their day, all were caught up within ${String(Math.max(...caughtUp) - 107)} days; load of the two weeks after: ${load.slice(107, 121).join(' ')}`)
})

it('a database that joins late waits for its own day and is not overdue before', () => {
  const now = begin + 50 * day
  for (const database of databases.slice(0, 40)) {
    const [plan] = planValidations([{ database, validateChance: 0, validateModulus: modulus, validationKey: database, firstTestedAt: now }], now)
    expect(['today', 'not-today']).toContain(plan?.decision)
  }
})
