import { oracleErrors } from './errors.ts'
import { readInstance } from './dictionary/identity.ts'
import type { InstanceRow } from './dictionary/identity.ts'
import { createSqlPlusSession } from './sqlplus-session.ts'
import { runSqlPlus } from './sqlplus-run.ts'
import type { SqlPlusTarget } from './sqlplus-run.ts'
import type { InstanceControl, StartupOptions } from './sql-session.ts'
import { hasErrorCode } from '@icb/runtime'

export interface InstanceControlOptions extends Pick<SqlPlusTarget, 'oracleHome' | 'runProcess' | 'logger'> {
  /** The instance; must equal `env.ORACLE_SID`. */
  readonly sid: string
  readonly env: Readonly<Record<string, string>>
  /** Default 600000. */
  readonly deadlineMs?: number
}

/** What `startup <mode>` leads to in V$INSTANCE.STATUS. */
const statusAfter: Readonly<Record<StartupOptions['mode'], string>> = { nomount: 'STARTED', mount: 'MOUNTED', open: 'OPEN' }

/**
 * Starts and stops one local instance as SYSDBA. What V$INSTANCE says afterwards counts, not the messages; before a shutdown the
 * name of the instance that answers is compared, so that a wrong ORACLE_SID cannot stop somebody else's.
 */
export function createInstanceControl(options: InstanceControlOptions): InstanceControl {
  if (!/^[A-Za-z]\w{0,11}$/.test(options.sid)) throw oracleErrors.STATEMENT(`${JSON.stringify(options.sid)} cannot be an instance name`)
  if (options.env.ORACLE_SID !== options.sid) throw oracleErrors.STATEMENT('ORACLE_SID of the environment is not the instance', { details: { sid: options.sid, env: options.env.ORACLE_SID ?? null } })
  const target: SqlPlusTarget = { oracleHome: options.oracleHome, runProcess: options.runProcess, logger: options.logger, env: options.env, connect: '/', privilege: 'sysdba' }
  const deadlineMs = options.deadlineMs ?? 600_000
  const ask = async (signal?: AbortSignal): Promise<InstanceRow | undefined> => {
    try {
      return await readInstance(createSqlPlusSession(target), { signal })
    } catch (error) {
      if (hasErrorCode(error, 'ICB_ORACLE_CONNECT')) return undefined
      throw error
    }
  }
  return {
    sid: options.sid,
    async startup({ mode, pfile, signal }: StartupOptions): Promise<void> {
      const command = `startup ${mode}${pfile === undefined ? '' : ` pfile=${filePath(pfile)}`}`
      await runSqlPlus(target, { what: command, body: [command], deadlineMs, signal })
      const instance = await ask(signal)
      if (instance === undefined || instance.status !== statusAfter[mode] || !sameName(instance.name, options.sid)) {
        throw oracleErrors.WRONG_INSTANCE(`after ${command} the instance is ${instance === undefined ? 'not running' : `${instance.name} (${instance.status})`}, expected ${options.sid} (${statusAfter[mode]})`, {
          details: { sid: options.sid, found: instance?.name ?? null, status: instance?.status ?? null },
        })
      }
    },
    async shutdown({ mode, signal }): Promise<void> {
      const instance = await ask(signal)
      if (instance === undefined) return
      if (!sameName(instance.name, options.sid)) {
        throw oracleErrors.WRONG_INSTANCE(`the instance that answers is ${instance.name}, not ${options.sid}; it was not stopped`, { details: { sid: options.sid, found: instance.name, host: instance.host } })
      }
      // A clean shutdown says ORA-01109 or ORA-01507 when the database was not open or not mounted, and goes on.
      const body = ['whenever sqlerror continue', `shutdown ${mode}`]
      await runSqlPlus(target, { what: `shutdown ${mode}`, body, deadlineMs, signal, expected: new Set(['ORA-01109', 'ORA-01507']) })
      const left = await ask(signal)
      if (left !== undefined) throw oracleErrors.WRONG_INSTANCE(`${options.sid} still answers after shutdown ${mode} (${left.status})`, { details: { sid: options.sid, status: left.status } })
    },
  }
}

function sameName(found: string, sid: string): boolean {
  return found.toLowerCase() === sid.toLowerCase()
}

function filePath(path: string): string {
  if (/[\u0000-\u001f']/.test(path)) throw oracleErrors.STATEMENT('a path with quotes or control characters cannot be given to STARTUP', { details: { path } })
  return `'${path}'`
}
