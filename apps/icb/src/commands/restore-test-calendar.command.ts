import { daysUntilValidation } from '@icb/autorestore'
import type { PlannedValidation } from '@icb/autorestore'
import type { CommandAction } from '../command.ts'
import { text } from '../command.ts'
import { usageErrors } from '../errors.ts'
import { renderTable } from '../table.ts'
import { ledgerRows, plannedValidations } from './restore-test.command.ts'

const dayMs = 86_400_000
const words: Readonly<Record<PlannedValidation['decision'], string>> = {
  'today': 'today', 'catch-up': 'today (missed its day)', 'waiting': 'missed its day, waits', 'not-today': '', 'by-chance': 'by chance', 'off': 'off',
}

function dateOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}

/** `icb restore-test calendar`: the next validation of each database, and how many fall on each day. */
export const restoreTestCalendar: CommandAction = async (app, _args, options) => {
  const days = Number(text(options, 'days') ?? '30')
  if (!Number.isInteger(days) || days < 1 || days > 3660) throw usageErrors.ARGUMENT('--days takes a whole number from 1 to 3660')
  const now = app.clock.now()
  const plan = await plannedValidations(app, await ledgerRows(app), now)
  const { databases } = await app.config()
  const rules = new Map(databases.map((database) => [database.name, database.restoreTest]))
  const entries = plan.map(({ lastValidatedAt, ...entry }) => ({
    ...entry,
    ...(entry.daysUntilOwnDay === undefined ? {} : { nextOwnDay: dateOf(now + entry.daysUntilOwnDay * dayMs) }),
    ...(lastValidatedAt === undefined ? {} : { lastValidatedAt: new Date(lastValidatedAt).toISOString() }),
  }))
  const load = Array.from({ length: days }, (_, offset) => {
    const at = now + offset * dayMs
    return { day: dateOf(at), databases: plan.filter(({ database }) => { const rule = rules.get(database); return rule !== undefined && daysUntilValidation(rule, at) === 0 }).map(({ database }) => database) }
  })
  const rows = entries.map((entry) => [entry.database, entry.nextOwnDay ?? '', entry.lastValidatedAt?.slice(0, 10) ?? 'never', entry.overdueDays === 0 ? '' : String(entry.overdueDays), words[entry.decision]])
  for (const line of renderTable(['DATABASE', 'OWN DAY (UTC)', 'LAST VALIDATED', 'OVERDUE', 'VALIDATED'], rows)) app.print(line)
  app.print()
  for (const { day, databases: due } of load) if (due.length > 0) app.print(`${day}  ${String(due.length).padStart(4)}  ${due.slice(0, 8).join(' ')}${due.length > 8 ? ' …' : ''}`)
  return { schema: 'restore-test-calendar/1', result: { databases: entries, load } }
}
