import { isIcbError } from '@icb/runtime'
import type { Check, CheckResult } from '@icb/runtime'
import { readDatabaseClock, readIdentity, readInstance } from './dictionary/identity.ts'
import { readParameters } from './dictionary/parameters.ts'
import { readDiskGroups } from './dictionary/disk-groups.ts'
import { readRecoveryArea } from './dictionary/database-files.ts'
import type { DriverChoice } from './driver-choice.ts'
import type { SqlSession } from './sql-session.ts'

export interface OracleCheckDeps {
  readonly session: SqlSession
  /** Expected identity, from the configuration. */
  readonly dbid: string
  readonly uniqueName: string
  /** This host's time, milliseconds since 1970. */
  readonly now?: () => number
  /** Which driver the session uses, and why. */
  readonly driver?: DriverChoice
}

/** Larger differences of clocks are told. */
const largestSkewSeconds = 120

/** What `doctor` asks about one database. */
export function checks(deps: OracleCheckDeps): Check[] {
  const check = (id: string, title: string, ask: (signal: AbortSignal) => Promise<CheckResult>): Check => ({
    id,
    title,
    ...(id === 'oracle.driver' ? {} : { needs: id === 'oracle.connect' ? ['oracle.driver'] : ['oracle.connect'] }),
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
    check('oracle.driver', 'What carries SQL', () => Promise.resolve(driverFinding(deps.driver, deps.session))),
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
    check('oracle.force-logging', 'Unlogged changes', async (signal) => {
      const found = await readIdentity(deps.session, { signal })
      return found.forceLogging === 'YES'
        ? { status: 'ok', summary: 'FORCE LOGGING is on' }
        : { status: 'warning', summary: 'FORCE LOGGING is off: blocks that are written without logging cannot be recovered', advice: 'Run ALTER DATABASE FORCE LOGGING.', remedy: 'operator' }
    }),
    check('oracle.archive-lag', 'How much redo is not archived', async (signal) => {
      const [row] = await readParameters(deps.session, { names: ['archive_lag_target'], signal })
      const seconds = Number(row?.value ?? '0')
      return seconds > 0
        ? { status: 'ok', summary: `a log is archived at the latest after ${String(seconds)} s (ARCHIVE_LAG_TARGET)` }
        : { status: 'warning', summary: 'ARCHIVE_LAG_TARGET is 0: a quiet database can keep hours of changes in its online logs alone', advice: "Run ALTER SYSTEM SET archive_lag_target = 1800 SCOPE=BOTH SID='*'.", remedy: 'operator' }
    }),
    check('oracle.clock', 'Clocks of host and database', async (signal) => {
      const before = deps.now?.()
      const { systimestamp } = await readDatabaseClock(deps.session, { signal })
      const after = deps.now?.()
      if (before === undefined || after === undefined) return { status: 'skipped', summary: 'no clock was given', advice: 'Compare SYSTIMESTAMP by hand.' }
      const there = Date.parse(systimestamp)
      const skew = Math.round((there < before ? there - before : there > after ? there - after : 0) / 1000)
      return Math.abs(skew) <= largestSkewSeconds
        ? { status: 'ok', summary: `the clocks differ by ${String(Math.abs(skew))} s`, details: { skewSeconds: skew } }
        : { status: 'warning', summary: `the clock of the database's host is ${String(Math.abs(skew))} s ${skew > 0 ? 'ahead of' : 'behind'} this host`, advice: 'Let both use NTP: targets given as a time are wrong by as much.', remedy: 'fix', details: { skewSeconds: skew } }
    }),
    check('oracle.recovery-area', 'The recovery area has room', async (signal) => {
      const area = await readRecoveryArea(deps.session, { signal })
      if (area === undefined) return { status: 'warning', summary: 'no recovery area is set', advice: 'Set db_recovery_file_dest, or keep another mandatory local archive destination.', remedy: 'operator' }
      const used = area.limitBytes === 0n ? 100n : ((area.usedBytes - area.reclaimableBytes) * 100n) / area.limitBytes
      const summary = `${used.toString()} % of ${String(area.name)} is used and not reclaimable`
      return used < 80n ? { status: 'ok', summary } : { status: 'warning', summary, advice: 'Find out why archived logs are kept (standby, deletion policy), or raise the limit.', remedy: 'operator' }
    }),
    check('oracle.disk-groups', 'The disk groups have room', async (signal) => {
      const groups = await readDiskGroups(deps.session, { signal })
      if (groups.length === 0) return { status: 'ok', summary: 'no ASM' }
      const summary = groups.map((group) => `${group.name} ${String(group.usableFileMb)} MB usable of ${String(group.totalMb)} MB`).join(', ')
      const tight = groups.find((group) => group.usableFileMb < 0) ?? groups.find((group) => group.freeMb * 20 < group.totalMb)
      return tight === undefined ? { status: 'ok', summary } : { status: 'warning', summary, advice: tight.usableFileMb < 0 ? `Add disks to ${tight.name}: after the loss of one not everything could be mirrored again.` : `${tight.name} is nearly full, whatever db_recovery_file_dest_size says. Add disks, or remove files.`, remedy: 'operator' }
    }),
  ]
}

const driverNames: Readonly<Record<DriverChoice['driver'], string>> = { thin: 'oracledb in Thin mode', thick: 'oracledb in Thick mode', sqlplus: 'SQL*Plus' }

function driverFinding(choice: DriverChoice | undefined, session: SqlSession): CheckResult {
  if (choice === undefined) return { status: 'ok', summary: driverNames[session.driver] }
  if (choice.problem !== undefined) return { status: 'failed', summary: `${driverNames[choice.driver]}: ${choice.reason}, but ${choice.problem}`, advice: 'Set driver = auto or sqlplus, or install what is missing (npm install oracledb).', remedy: 'fix' }
  return { status: 'ok', summary: `${driverNames[choice.driver]}: ${choice.reason}` }
}
