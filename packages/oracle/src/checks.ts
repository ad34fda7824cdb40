import { isIcbError } from '@icb/runtime'
import type { Check, CheckResult } from '@icb/runtime'
import { readIdentity, readInstance } from './dictionary/identity.ts'
import { readRecoveryArea } from './dictionary/database-files.ts'
import type { SqlSession } from './sql-session.ts'

export interface OracleCheckDeps {
  readonly session: SqlSession
  /** Expected identity, from the configuration. */
  readonly dbid: string
  readonly uniqueName: string
}

/** What `doctor` asks about one database. */
export function checks(deps: OracleCheckDeps): Check[] {
  const check = (id: string, title: string, ask: (signal: AbortSignal) => Promise<CheckResult>): Check => ({
    id,
    title,
    run: async ({ signal }) => {
      try {
        return await ask(signal)
      } catch (error) {
        if (!isIcbError(error)) throw error
        return { status: 'failed', summary: error.message, remedy: error.remedy, ...(error.hint === undefined ? { advice: 'Read the message.' } : { advice: error.hint }), details: error.details }
      }
    },
  })
  return [
    check('oracle.connect', 'The database answers', async (signal) => {
      const instance = await readInstance(deps.session, { signal })
      return { status: 'ok', summary: `${instance.name} on ${instance.host}, release ${instance.release}, ${instance.status}` }
    }),
    check('oracle.identity', 'It is the database that is meant', async (signal) => {
      const found = await readIdentity(deps.session, { signal })
      const same = found.dbid.toString() === deps.dbid && found.uniqueName.toLowerCase() === deps.uniqueName.toLowerCase()
      const summary = `${found.uniqueName}, DBID ${found.dbid.toString()}`
      return same ? { status: 'ok', summary } : { status: 'failed', summary: `found ${summary}, expected ${deps.uniqueName}, DBID ${deps.dbid}`, advice: 'Correct the dbid, the section name or the alias.', remedy: 'fix' }
    }),
    check('oracle.archivelog', 'Redo is archived', async (signal) => {
      const found = await readIdentity(deps.session, { signal })
      return found.logMode === 'ARCHIVELOG'
        ? { status: 'ok', summary: found.logMode }
        : { status: 'failed', summary: `log mode is ${found.logMode}`, advice: 'Mount the database and run ALTER DATABASE ARCHIVELOG.', remedy: 'operator' }
    }),
    check('oracle.recovery-area', 'The recovery area has room', async (signal) => {
      const area = await readRecoveryArea(deps.session, { signal })
      if (area === undefined) return { status: 'warning', summary: 'no recovery area is set', advice: 'Set db_recovery_file_dest, or keep another mandatory local archive destination.', remedy: 'operator' }
      const used = area.limitBytes === 0n ? 100n : ((area.usedBytes - area.reclaimableBytes) * 100n) / area.limitBytes
      const summary = `${used.toString()} % of ${String(area.name)} is used and not reclaimable`
      return used < 80n ? { status: 'ok', summary } : { status: 'warning', summary, advice: 'Find out why archived logs are kept (standby, deletion policy), or raise the limit.', remedy: 'operator' }
    }),
  ]
}
