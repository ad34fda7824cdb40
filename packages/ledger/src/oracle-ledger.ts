import { open } from 'node:fs/promises'
import type { BindValue, SqlSession } from '@icb/oracle'
import { isIcbError, redact } from '@icb/runtime'
import type { Clock, Logger } from '@icb/runtime'
import { ledgerErrors } from './errors.ts'
import { neverEnded, neverEndedText } from './kept-ledger.ts'
import type { KeptLedger } from './kept-ledger.ts'
import { encodeEntry } from './ledger-files.ts'
import { missingObjects } from './oracle-schema.ts'
import type { LedgerObject } from './oracle-schema.ts'
import { originalId, readOriginalRows, readOwnRows, utcText } from './oracle-rows.ts'
import { createSpool } from './spool.ts'
import type { LedgerEntry, Verdict } from './verdict.ts'

export interface OracleLedgerOptions {
  /** A session of the schema's owner. Opened for each call and closed after it, so nothing is held between two tests. */
  readonly connect: () => SqlSession
  /** For people: `/@autorestore`. */
  readonly place: string
  /** Where rows go while the database is down; on this host. */
  readonly spoolDir?: string
  readonly clock: Clock
  readonly logger: Logger
}

export interface OracleLedger extends KeptLedger {
  /** What the schema lacks. @throws ICB_LEDGER_STORE */
  missing(): Promise<readonly LedgerObject[]>
  /** Makes what is missing and keeps what is there. Answers what it made. @throws ICB_LEDGER_STORE */
  create(): Promise<readonly LedgerObject[]>
}

/** Characters of one piece of a row; 7-bit, so as many bytes, and less than half of what the column takes. */
const pieceLength = 900
/** As much of a log's end as RESTOREACTION.LOGFILECONTENTS gets. */
const maxLogBytes = 131_072
/** How often a row is tried before it goes to the spool. */
const attempts = 3
const betweenAttemptsMs = 1_000

function cut(text: string, length: number): readonly string[] {
  return Array.from({ length: Math.ceil(text.length / length) }, (_, index) => text.slice(index * length, (index + 1) * length))
}

/** A row without line breaks and in 7-bit characters, whatever the character set of the ledger's database. */
function pieces(text: string): readonly string[] {
  const plain = JSON.stringify(JSON.parse(text)).replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return cut(plain, pieceLength)
}

/** The end of the test's log without secrets; nothing when it is not there. */
async function logText(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined
  try {
    await using handle = await open(path, 'r')
    const { size } = await handle.stat()
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.min(size, maxLogBytes)), { position: Math.max(0, size - maxLogBytes) })
    return redact(buffer.subarray(0, bytesRead).toString('utf8')).replaceAll('\0', '')
  } catch {
    return undefined
  }
}

/**
 * A proof ledger in an Oracle schema that is also the original tool's: its rows are read, and each test that ends leaves one for its
 * monitoring SQL. A row that the database does not take goes to the spool: a test can begin while it is down, and its verdict comes in later.
 */
export function createOracleLedger(options: OracleLedgerOptions): OracleLedger {
  const { place, clock, logger } = options

  const storeError = (what: string, error: unknown, details: Readonly<Record<string, unknown>>): Error => {
    const text = error instanceof Error ? error.message : String(error)
    const hint = /ORA-00942|ORA-02289/.test(text) ? 'Make the tables: icb ledger create' : 'Check that the database runs, the alias and the wallet (or ledger.user and ledger.password), and the privileges of the schema.'
    return ledgerErrors.errors.STORE(`${what}: ${text}`, { hint, details, cause: error })
  }
  const spool = createSpool({ directory: options.spoolDir, clock, logger, storeError })

  const using = async <T>(what: string, work: (session: SqlSession) => Promise<T>): Promise<T> => {
    const session = options.connect()
    try {
      return await work(session)
    } catch (error) {
      throw storeError(`the ledger ${place} ${what}`, error, { place })
    } finally {
      await session.close()
    }
  }

  /** The statement that stores one row as a whole, in one transaction. */
  const storeBlock = async (entry: LedgerEntry, text: string, known: LedgerEntry | undefined): Promise<{ readonly sql: string; readonly binds: Record<string, BindValue> }> => {
    const { verdict } = entry
    const binds: Record<string, BindValue> = { run_id: entry.runId, db: entry.database, action: verdict?.action ?? 'restore-test', snapid: entry.snapshot ?? null, host: entry.host, started: utcText(entry.startedAt) }
    const lines: string[] = []
    const declarations = ['l_id number;']
    if (verdict !== undefined && verdict.action !== 'restore') {
      const log = await logText(verdict.logFile)
      const parts = log === undefined ? [] : cut(log, 4000)
      declarations.push('l_log clob;')
      parts.forEach((part, index) => {
        binds[`log${String(index)}`] = part
        lines.push(`l_log := l_log || :log${String(index)};`)
      })
      // Seconds before now instead of times: RESTOREACTION speaks the local time of the database, as SYSDATE does in queries of it.
      Object.assign(binds, {
        begun: Math.round((clock.now() - Date.parse(verdict.startedAt)) / 1000), ended: Math.round((clock.now() - Date.parse(verdict.finishedAt)) / 1000), success: verdict.outcome === 'passed' ? 1 : 0,
        logfile: verdict.logFile?.slice(-500) ?? null, difference: verdict.timeDifferenceSeconds ?? -1, validated: verdict.outcome === 'passed' && verdict.validation?.ran === true ? 1 : 0,
        target_ago: verdict.target?.time === undefined ? null : Math.round((clock.now() - Date.parse(verdict.target.time)) / 1000),
      })
      lines.push(
        'select restoreaction_seq.nextval into l_id from dual;',
        'insert into restoreaction (id, db_unique_name, start_time, finish_time, success, logfile, logfilecontents, verificationtimediffseconds, snapid, restore_target, validated_corruption)'
        + ' values (l_id, :db, sysdate - :begun / 86400, sysdate - :ended / 86400, :success, :logfile, l_log, :difference, :snapid, sysdate - :target_ago / 86400, :validated);',
      )
    }
    const closing = verdict === undefined ? {} : { finished: utcText(verdict.finishedAt), outcome: verdict.outcome, reasons: verdict.reasons.map((reason) => reason.code).join(' ').slice(0, 1000), rto: verdict.restoreSeconds ?? null, corrupt: verdict.validation?.corruptBlocks ?? null }
    Object.assign(binds, closing, { state: entry.state })
    const finished = verdict === undefined ? 'null, null, null, null, null' : "to_date(:finished, 'yyyy-mm-dd hh24:mi:ss'), :outcome, :reasons, :rto, :corrupt"
    if (known !== undefined) lines.push('delete from icb_restore_test_row where run_id = :run_id;', 'delete from icb_restore_test where run_id = :run_id;')
    lines.push(
      'insert into icb_restore_test (run_id, db_unique_name, action, snapid, host, state, started_utc, finished_utc, outcome, reasons, restore_seconds, corrupt_blocks, restoreaction_id)'
      + ` values (:run_id, :db, :action, :snapid, :host, :state, to_date(:started, 'yyyy-mm-dd hh24:mi:ss'), ${finished}, l_id);`,
    )
    pieces(text).forEach((piece, index) => {
      binds[`t${String(index)}`] = piece
      lines.push(`insert into icb_restore_test_row (run_id, piece, text) values (:run_id, ${String(index + 1)}, :t${String(index)});`)
    })
    return { sql: `declare ${declarations.join(' ')} begin ${lines.join('\n')} end;`, binds }
  }

  /** Stores a row once; the same row again is fine, another one of the same run is not. */
  const storeOnce = async (entry: LedgerEntry): Promise<void> => {
    const text = encodeEntry(entry)
    await using(`did not take the row of run ${entry.runId}`, async (session) => {
      const [known] = (await readOwnRows(session, { runId: entry.runId })).entries
      if (known !== undefined) {
        const same = encodeEntry(known) === text
        // A verdict that is there already says all that an opening could.
        if (same || (known.state === 'closed' && entry.state === 'running')) return
        if (known.state === 'closed' || entry.state === 'running') throw new Error('it holds another row of this run')
      }
      const { sql, binds } = await storeBlock(entry, text, known)
      await session.execute([sql], { binds })
    })
  }

  /** As {@link storeOnce}, again while the database cannot be reached. */
  const store = async (entry: LedgerEntry): Promise<void> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await storeOnce(entry)
        return
      } catch (error) {
        const cause = error instanceof Error ? error.cause : undefined
        if (attempt === attempts || !isIcbError(cause) || cause.code !== 'ICB_ORACLE_CONNECT') throw error
        logger.warn({ runId: entry.runId, attempt, error: (error as Error).message }, 'the ledger cannot be reached; trying again')
        await clock.sleep(betweenAttemptsMs * attempt)
      }
    }
  }

  return {
    description: `Oracle schema ${place}`,
    shared: true,

    open: async (opening) => {
      const entry: LedgerEntry = { ...opening, state: 'running' }
      const text = encodeEntry(entry)
      try {
        await store(entry)
      } catch (error) {
        const cause = error instanceof Error ? error.cause : undefined
        // A database that is down may be back when the test ends; one that refuses the row will not take the verdict either.
        const away = isIcbError(cause) && (cause.code === 'ICB_ORACLE_CONNECT' || cause.code === 'ICB_ORACLE_TIMEOUT')
        if (!away || !(await spool.keep(entry, text))) throw error
        logger.warn({ runId: entry.runId, error: (error as Error).message }, 'the ledger cannot be reached; the beginning of the test waits in the spool')
      }
    },

    close: async (verdict: Verdict) => {
      const { runId, database, snapshot, startedAt, host } = verdict
      const entry: LedgerEntry = { runId, database, ...(snapshot === undefined ? {} : { snapshot }), startedAt, host, state: 'closed', verdict }
      const text = encodeEntry(entry)
      try {
        await store(entry)
      } catch (error) {
        const kept = await spool.keep(entry, text)
        logger.error({ runId, database, outcome: verdict.outcome, spooled: kept, error }, 'a verdict could not be stored')
        throw error
      }
    },

    list: (filter = {}) =>
      using('cannot be read', async (session) => {
        const { entries, problems } = await readOwnRows(session, filter)
        for (const problem of problems) logger.warn({ ...problem }, 'a row of the ledger cannot be used and is skipped')
        const since = filter.since === undefined ? undefined : Date.parse(filter.since)
        const rows = [...entries.filter((entry) => since === undefined || Date.parse(entry.startedAt) >= since), ...(await readOriginalRows(session, filter))]
        rows.sort((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt) || (a.runId < b.runId ? 1 : -1))
        return filter.limit === undefined ? rows : rows.slice(0, filter.limit)
      }),

    find: (runId) =>
      using('cannot be read', async (session) => {
        const id = originalId(runId)
        return id === undefined ? (await readOwnRows(session, { runId })).entries[0] : (await readOriginalRows(session, { id }))[0]
      }),

    flushSpool: () => spool.flush(storeOnce),

    problems: async () => {
      const { entries, problems } = await using('cannot be read', (session) => readOwnRows(session, {}))
      const stale = neverEnded(entries, clock.now()).map((entry) => ({ path: `ICB_RESTORE_TEST, run ${entry.runId}`, text: neverEndedText(entry) }))
      return [...problems, ...stale, ...(await spool.waiting())]
    },

    probe: () =>
      using('cannot be written', async (session) => {
        await session.execute(["begin insert into icb_restore_test (run_id, db_unique_name, action, host, state, started_utc) values (:run_id, '-', 'probe', '-', 'running', sysdate); rollback; end;"], { binds: { run_id: `probe-${clock.now().toString(36)}` } })
      }),

    missing: () => using('cannot be read', missingObjects),

    create: () =>
      using('could not be made', async (session) => {
        const missing = await missingObjects(session)
        for (const object of missing) await session.execute([object.ddl])
        const left = await missingObjects(session)
        if (left.length > 0) throw new Error(`still missing: ${left.map(({ name }) => name).join(', ')}`)
        return missing
      }),
  }
}
