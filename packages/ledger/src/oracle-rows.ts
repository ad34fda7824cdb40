import type { BindValue, SqlSession } from '@icb/oracle'
import { entrySchema } from './schema.ts'
import type { LedgerProblem } from './ledger-files.ts'
import type { LedgerEntry, LedgerFilter, Verdict } from './verdict.ts'

/** `yyyy-mm-dd hh:mm:ss` in UTC of an ISO time. */
export function utcText(iso: string): string {
  return new Date(Date.parse(iso)).toISOString().slice(0, 19).replace('T', ' ')
}

const dateFormat = "'yyyy-mm-dd hh24:mi:ss'"

/** A condition for each part of the filter that is given, with its values. */
function conditions(filter: LedgerFilter & { readonly runId?: string }, columns: { readonly since: string; readonly table: string }): { readonly where: string; readonly binds: Record<string, BindValue> } {
  const parts: string[] = []
  const binds: Record<string, BindValue> = {}
  const add = (condition: string, name: string, value: string | undefined): void => {
    if (value === undefined) return
    parts.push(condition)
    binds[name] = value
  }
  add(`${columns.table}.db_unique_name = :db`, 'db', filter.database)
  add(`${columns.table}.snapid = :snapid`, 'snapid', filter.snapshot)
  add(`${columns.table}.run_id = :runid`, 'runid', filter.runId)
  add(`${columns.since} >= to_date(:since, ${dateFormat})`, 'since', filter.since === undefined ? undefined : utcText(filter.since))
  return { where: parts.length === 0 ? '' : ` and ${parts.join(' and ')}`, binds }
}

/** Rows of this tool, each from its pieces. Those that cannot be read are problems. */
export async function readOwnRows(session: SqlSession, filter: LedgerFilter & { readonly runId?: string }): Promise<{ readonly entries: readonly LedgerEntry[]; readonly problems: readonly LedgerProblem[] }> {
  const { where, binds } = conditions(filter, { since: 't.started_utc', table: 't' })
  const pieces = await session.query(
    { name: 'icb_restore_test_row', sql: `select t.run_id, r.text from icb_restore_test t join icb_restore_test_row r on r.run_id = t.run_id where 1 = 1${where} order by t.run_id, r.piece`, columns: { runId: 'text!', text: 'text!' } },
    { binds },
  )
  const texts = new Map<string, string>()
  for (const { runId, text } of pieces) texts.set(runId, (texts.get(runId) ?? '') + text)
  const entries: LedgerEntry[] = []
  const problems: LedgerProblem[] = []
  for (const [runId, text] of texts) {
    const problem = (what: string): void => { problems.push({ path: `ICB_RESTORE_TEST, run ${runId}`, text: what }) }
    try {
      const result = entrySchema.safeParse(JSON.parse(text))
      if (result.success && result.data.runId === runId) entries.push(result.data)
      else problem(result.success ? `it says that it is of run ${result.data.runId}` : `it is no ledger row: ${result.error.issues[0]?.path.join('.') ?? ''} ${result.error.issues[0]?.message ?? ''}`)
    } catch (error) {
      problem(`it is no JSON (${(error as Error).message})`)
    }
  }
  return { entries, problems }
}

const originalRun = /^restoreaction-(\d{1,20})$/

/** The id of a row of the original tool from the run id under which it is shown. */
export function originalId(runId: string): string | undefined {
  return originalRun.exec(runId)?.[1]
}

/**
 * Rows that the original tool wrote. Their times are those of the host that tested, taken as if it had the offset that the ledger's database has now;
 * which rows are ours is known by their ids.
 */
export async function readOriginalRows(session: SqlSession, filter: LedgerFilter & { readonly id?: string }): Promise<readonly LedgerEntry[]> {
  const { id, since, ...rest } = filter
  // Local times of hosts: two days more than could be meant, the rest is told apart below.
  const { where, binds } = conditions({ ...rest, ...(since === undefined ? {} : { since: new Date(Date.parse(since) - 2 * 86_400_000).toISOString() }) }, { since: 'a.start_time', table: 'a' })
  const byId = id === undefined ? '' : ' and a.id = to_number(:id)'
  const rows = await session.query(
    {
      name: 'restoreaction',
      sql: `select a.id, a.db_unique_name, a.start_time, a.finish_time, a.success, a.snapid, a.verificationtimediffseconds, a.validated_corruption, a.logfile, to_char(systimestamp, 'tzh:tzm')
              from restoreaction a where not exists (select 1 from icb_restore_test t where t.restoreaction_id = a.id)${where}${byId}`,
      columns: { id: 'scn!', database: 'text!', started: 'date!', finished: 'date!', success: 'number!', snapshot: 'text', difference: 'number', validated: 'number', logFile: 'text', offset: 'text!' },
    },
    { binds: { ...binds, ...(id === undefined ? {} : { id }) } },
  )
  const instant = (local: string, offset: string): string => new Date(Date.parse(`${local.replace(' ', 'T')}${offset}`)).toISOString()
  return rows
    .map((row): LedgerEntry => {
      const passed = row.success === 1
      const startedAt = instant(row.started, row.offset)
      const common = { runId: `restoreaction-${row.id.toString()}`, database: row.database, ...(row.snapshot === null ? {} : { snapshot: row.snapshot }), startedAt, host: 'not recorded' }
      const verdict: Verdict = {
        schema: 1, ...common, outcome: passed ? 'passed' : 'failed',
        reasons: passed ? [] : [{ code: 'INTERNAL', text: `recorded as failed by the original tool; its log is in RESTOREACTION.LOGFILECONTENTS where id = ${row.id.toString()}` }],
        warnings: passed && row.validated === 1 ? ['recorded by the original tool, whose tests did not fail for corrupt blocks'] : [],
        finishedAt: instant(row.finished, row.offset),
        // It set the mark when a validation was planned; one that failed before it did not read the blocks.
        validation: { ran: passed && row.validated === 1, blocksExamined: 0, corruptBlocks: 0 },
        // -1: not reached.
        ...(row.difference === null || row.difference === -1 ? {} : { timeDifferenceSeconds: row.difference }),
        ...(row.logFile === null ? {} : { logFile: row.logFile }),
      }
      return { ...common, state: 'closed', verdict }
    })
    .filter((entry) => since === undefined || Date.parse(entry.startedAt) >= Date.parse(since))
}
